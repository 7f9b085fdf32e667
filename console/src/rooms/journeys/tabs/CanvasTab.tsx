import { App, Select } from "antd";
import { useCallback, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Journey, JourneyStep } from "@/api/types";
import { useMay } from "@/shell/session";
import { Loading } from "@/ui/Loading";
import { Canvas, type Picked } from "../canvas/Canvas";
import { ENTRY, type Flow, NOTE, type Said } from "../canvas/cards";
import { FaultList } from "../canvas/FaultList";
import type { FlowActs } from "../canvas/FlowContext";
import { Palette } from "../canvas/Palette";
import { Tools } from "../canvas/Tools";
import { useCanvasActs } from "../canvas/useCanvasActs";
import { useCanvasKeys } from "../canvas/useCanvasKeys";
import type { Definition, Point } from "../model/definition";
import { MOST_NODES } from "../model/definition";
import { useVersions } from "../queries";
import { JourneyPanel } from "../settings/JourneyPanel";
import { NodesContext } from "../settings/pickers";
import { ManyPanel, NotePanel, StepPanel } from "../settings/SidePanel";
import type { Editor } from "../useEditor";
import type { Faults } from "../useSaid";
import { StepList } from "./StepList";
import { useNarrow } from "./useNarrow";

type Props = {
  journey: Journey;
  viewed: number | null;
  onView: (version: number | null) => void;
  loading: boolean;
  definition: Definition;
  editor: Editor;
  editing: boolean;
  steps: JourneyStep[];
  said: Said;
  faults: Faults;
  checking: boolean;
  flow: Flow | null;
  titleOf: (id: string) => string;
  openPeople: FlowActs["openPeople"];
};

const NOTHING: Picked = { nodes: [], edges: [] };

/** The drawing with its palette and settings; on a phone, the same journey as a list. */
export function CanvasTab(props: Props) {
  const { t } = useTranslation();
  const narrow = useNarrow();
  const { definition, said, flow, titleOf, openPeople, faults } = props;
  if (props.loading) return <Loading lines={8} />;
  if (narrow)
    return (
      <main className="journey-narrow">
        <p className="muted small">{t("journeys.narrow")}</p>
        <ViewPicker {...props} />
        <StepList definition={definition} said={said} flow={flow} onPeople={openPeople} titleOf={titleOf} />
        <FaultList faults={faults} titleOf={titleOf} onShow={() => undefined} pending={props.checking} />
      </main>
    );
  return <Drawing {...props} />;
}

function Drawing(props: Props) {
  const { definition, editor, editing, steps, said, faults, flow, titleOf, openPeople, viewed } = props;
  const { t } = useTranslation();
  const { message } = App.useApp();
  const [picked, setPicked] = useState<Picked>(NOTHING);
  const [figures, setFigures] = useState(true);
  const [asList, setAsList] = useState(false);
  const known = useMemo(() => Object.keys(flow ?? {}), [flow]);
  const onFull = useCallback(() => void message.warning(t("journeys.full", { n: MOST_NODES })), [message, t]);
  const acts = useCanvasActs({ editor, said, picked, pick: setPicked, known, onFull });
  useCanvasKeys(editor, acts, editing, !asList);
  // What is gone (undone, removed by somebody) is not chosen any more.
  useEffect(() => {
    setPicked((now) => {
      const nodes = now.nodes.filter((id) => id === ENTRY || id.startsWith(NOTE) || definition.nodes[id]);
      return nodes.length === now.nodes.length ? now : { ...now, nodes };
    });
  }, [definition.nodes]);
  const flowActs = useMemo<FlowActs>(() => ({ openPeople, editing }), [openPeople, editing]);
  const change = editor.change;
  const shownFlow = figures ? flow : null;
  const drop = useCallback((kind: string, at: Point, edge: string | null) => acts.add(kind, { at, edge }), [acts]);
  const show = (id: string | null) => (id ? acts.show(id) : setPicked({ nodes: [ENTRY], edges: [] }));
  const nodeNames = useMemo(
    () => Object.keys(definition.nodes).map((id) => ({ value: id, label: titleOf(id) })),
    [definition.nodes, titleOf],
  );
  return (
    <NodesContext.Provider value={nodeNames}>
      <div className={editing && !asList ? "jgrid" : "jgrid reading"}>
        {editing && !asList && (
          <Palette
            steps={steps}
            onAdd={(kind) => acts.add(kind, null)}
            where={whereWords(t, picked, definition, titleOf)}
          />
        )}
        <main className="jcanvas">
          <Tools
            editor={editor}
            acts={acts}
            editing={editing && !asList}
            chosen={picked.nodes.some((id) => id !== ENTRY) || picked.edges.length > 0}
            figures={flow ? figures : null}
            onFigures={setFigures}
          >
            <label className="jtools-switch">
              <input type="checkbox" checked={asList} onChange={(event) => setAsList(event.target.checked)} />{" "}
              {t("journeys.as_list")}
            </label>
            <ViewPicker {...props} />
          </Tools>
          {viewed !== null && <p className="jbanner">{t("journeys.viewing", { n: viewed })}</p>}
          {asList ? (
            <div className="jlist-scroll">
              <StepList
                definition={definition}
                said={said}
                flow={shownFlow}
                onPeople={openPeople}
                titleOf={titleOf}
                onShow={(id) => setPicked({ nodes: [id], edges: [] })}
              />
            </div>
          ) : (
            <div className="jdraw">
              <Canvas
                definition={definition}
                change={change}
                said={said}
                flow={shownFlow}
                acts={flowActs}
                picked={picked}
                onPick={setPicked}
                onDrop={drop}
              />
              {Object.keys(definition.nodes).length === 0 && editing && (
                <p className="jempty">{t("journeys.empty_canvas")}</p>
              )}
            </div>
          )}
          <FaultList faults={faults} titleOf={titleOf} onShow={show} pending={props.checking} />
        </main>
        <aside className="jside" aria-label={t("journeys.settings")}>
          <Side {...props} picked={picked} onCopy={acts.duplicate} onRemove={acts.remove} />
        </aside>
      </div>
    </NodesContext.Provider>
  );
}

function Side({
  picked,
  onCopy,
  onRemove,
  ...props
}: Props & { picked: Picked; onCopy: () => void; onRemove: () => void }) {
  const { definition, editor, said, faults, editing, steps, titleOf } = props;
  const shared = { definition, change: editor.change, said, faultOf: faults.faultOf, disabled: !editing, titleOf };
  const [only] = picked.nodes;
  if (picked.nodes.length > 1)
    return <ManyPanel count={picked.nodes.length} onCopy={onCopy} onRemove={onRemove} disabled={!editing} />;
  if (only?.startsWith(NOTE)) return <NotePanel key={only} place={Number(only.slice(NOTE.length))} {...shared} />;
  const node = only ? definition.nodes[only] : undefined;
  if (only && node)
    return <StepPanel key={only} id={only} step={steps.find((step) => step.kind === node.step)} {...shared} />;
  return <JourneyPanel {...shared} />;
}

function ViewPicker({ journey, viewed, onView }: Props) {
  const { t } = useTranslation();
  const may = useMay();
  const versions = useVersions(journey.id);
  if (!journey.version || !may("journeys.read")) return null;
  return (
    <Select
      size="small"
      aria-label={t("journeys.view")}
      value={viewed ?? 0}
      onChange={(number: number) => onView(number === 0 ? null : number)}
      options={[
        { value: 0, label: t("journeys.draft") },
        ...(versions.data ?? []).map((one) => ({
          value: one.number,
          label: t(one.is_live ? "journeys.version_live" : "journeys.version_n", { n: one.number }),
        })),
      ]}
      popupMatchSelectWidth={false}
      style={{ minWidth: 120 }}
    />
  );
}

type T = ReturnType<typeof useTranslation>["t"];

/** Where a step from the palette will go. */
function whereWords(t: T, picked: Picked, definition: Definition, titleOf: (id: string) => string): string {
  if (picked.edges.length) return t("journeys.add_into");
  const [id] = picked.nodes;
  if (picked.nodes.length === 1 && id && definition.nodes[id]) return t("journeys.add_behind", { name: titleOf(id) });
  return t("journeys.add_anywhere");
}
