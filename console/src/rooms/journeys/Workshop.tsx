import { ArrowLeftOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { Input, Segmented } from "antd";
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { isProblem } from "@/api/problem";
import type { Journey, JourneyStep } from "@/api/types";
import { useAutosave } from "@/rooms/campaigns/wizard/useAutosave";
import { useBrand, useMay } from "@/shell/session";
import { Chip } from "@/ui/Chip";
import { Loading } from "@/ui/Loading";
import { useDebounced } from "@/ui/useDebounced";
import { useQueryState } from "@/ui/useQueryState";
import { Actions } from "./Actions";
import { asDefinition, type Definition } from "./model/definition";
import { placed, tidied } from "./model/graph";
import { laidOut } from "./model/layout";
import type { Behind } from "./PeopleDrawer";
import { MOVING, saveDraft, useCheck, useCounts, useJourney, useRefreshJourneys, useVersion } from "./queries";
import { SaveConflict, SaveState } from "./SaveState";
import { CanvasTab } from "./tabs/CanvasTab";
import { type Draft, useEditor } from "./useEditor";
import { useFaults, useSaid } from "./useSaid";
import { STATUS_TONE } from "./words";

const PublishDialog = lazy(() => import("./publish/PublishDialog").then((m) => ({ default: m.PublishDialog })));
const PeopleDrawer = lazy(() => import("./PeopleDrawer").then((m) => ({ default: m.PeopleDrawer })));
const HistoryTab = lazy(() => import("./tabs/HistoryTab").then((m) => ({ default: m.HistoryTab })));
const RehearsalTab = lazy(() => import("./tabs/RehearsalTab").then((m) => ({ default: m.RehearsalTab })));
const ReportTab = lazy(() => import("./tabs/ReportTab").then((m) => ({ default: m.ReportTab })));
const WalkTab = lazy(() => import("./tabs/WalkTab").then((m) => ({ default: m.WalkTab })));
type Props = { journey: Journey; steps: JourneyStep[]; onReload: () => void };

const TABS = ["canvas", "walk", "rehearsal", "report", "history"] as const;

/** A journey with nowhere to stand for some steps gets places for them; that is no change of anybody's. */
function draftOf(journey: Journey): Draft {
  return { name: journey.name, definition: withPlaces(asDefinition(journey.definition)) };
}

function withPlaces(definition: Definition): Definition {
  const known = definition.layout ?? {};
  const missing = Object.keys(definition.nodes).filter((id) => !known[id]);
  if (missing.length === 0) return definition;
  const all = laidOut(definition);
  return placed(
    definition,
    missing.length === Object.keys(definition.nodes).length
      ? all
      : Object.fromEntries(missing.map((id) => [id, all[id] ?? [0, 0]])),
  );
}

export function Workshop({ journey: first, steps, onReload }: Props) {
  const { t } = useTranslation();
  const may = useMay();
  const brand = useBrand();
  const client = useQueryClient();
  const refresh = useRefreshJourneys();
  const journey = useJourney(first.id).data ?? first;
  const start = useRef(draftOf(first));
  const editor = useEditor(start.current);
  const { draft } = editor;
  const [params, setParams] = useQueryState();
  const tab = TABS.find((one) => one === params.get("tab")) ?? "canvas";
  const viewed = Number(params.get("version")) || null;
  const [publishing, setPublishing] = useState(false);
  const [behind, setBehind] = useState<Behind | null>(null);

  const version = useRef(first.draft_version);
  const save = useCallback(
    async (wanted: Draft) => {
      const saved = await saveDraft(first.id, version.current, wanted);
      version.current = saved.draft_version;
      client.setQueryData(["journeys", "one", first.id], saved);
      refresh();
    },
    [first.id, client, refresh],
  );
  const saving = useAutosave(draft, save);
  const conflict = saving.state === "failed" && isProblem(saving.error, 409);
  const editing = may("journeys.write") && journey.status !== "stopped" && viewed === null && !conflict;

  const version_ = useVersion(first.id, viewed);
  const shown = useMemo(
    () =>
      viewed === null ? draft.definition : version_.data ? withPlaces(asDefinition(version_.data.definition)) : null,
    [viewed, draft.definition, version_.data],
  );
  const definition = shown ?? draft.definition;
  const rested = useDebounced(definition, 250);
  const check = useCheck(first.id, rested, true);
  const { change } = editor;
  const checked = check.isPlaceholderData || rested !== draft.definition ? undefined : check.data;
  // Ways that a step has lost by its settings go to those it has got instead; what is left over is dropped.
  useEffect(() => {
    if (checked && editing)
      change(
        (now) =>
          tidied(now, (node, id) =>
            checked.nodes[id]?.step === node.step ? checked.nodes[id].edges : Object.keys(node.to ?? {}),
          ),
        "tidied",
      );
  }, [checked, editing, change]);
  const faults = useFaults(check.data);
  const counted = viewed ?? journey.version;
  const counts = useCounts(first.id, counted, MOVING.includes(journey.status));
  const flow = counts.data?.nodes ?? null;
  const states = counts.data?.states;
  const entered = states ? Object.values(states).reduce((sum, people) => sum + people, 0) : null;
  const said = useSaid(definition, steps, check.data, faults, journey.version === null ? null : entered);
  const titleOf = useTitles(definition, said.stepLabel, steps);

  useEffect(() => {
    document.title = `${draft.name || t("shell.page_journeys")} · ${brand.name}`;
  }, [draft.name, brand.name, t]);

  const openPeople = useCallback<(node: string, state: Behind["state"]) => void>(
    (node, state) => counted !== null && setBehind({ node, state, version: counted }),
    [counted],
  );
  const rest = {
    walk: () => <WalkTab journey={journey} definition={draft.definition} said={said} titleOf={titleOf} />,
    rehearsal: () => (
      <RehearsalTab journey={journey} titleOf={titleOf} flush={saving.flush} faulty={faults.all.length > 0} />
    ),
    report: () => <ReportTab journey={journey} titleOf={titleOf} />,
    history: () => (
      <HistoryTab
        journey={journey}
        said={said}
        draft={draft.definition}
        titleOf={titleOf}
        onView={(number) => setParams({ tab: null, version: String(number) })}
      />
    ),
  };
  return (
    <div className="journey">
      <header className="journey-head">
        <Link to="/journeys" className="icon-button" aria-label={t("journeys.back")}>
          <ArrowLeftOutlined />
        </Link>
        <h1 className="visually-hidden">{t("journeys.title", { name: draft.name })}</h1>
        <Input
          className="journey-name"
          variant="borderless"
          aria-label={t("journeys.name")}
          value={draft.name}
          maxLength={80}
          disabled={!editing}
          onChange={(event) => event.target.value && editor.rename(event.target.value)}
        />
        <Chip tone={STATUS_TONE[journey.status]}>{t(`journeys.status_${journey.status}`)}</Chip>
        <Segmented
          className="journey-tabs"
          aria-label={t("journeys.tabs")}
          options={TABS.filter((one) => one !== "walk" || may("journeys.write")).map((one) => ({
            value: one,
            label: t(`journeys.tab_${one}`),
          }))}
          value={tab}
          onChange={(next) => setParams({ tab: next === "canvas" ? null : String(next) })}
        />
        <span className="journey-space" />
        {may("journeys.write") && viewed === null && <SaveState saving={saving} />}
        <Actions
          journey={journey}
          onPublish={() => void saving.flush().then((done) => done && setPublishing(true))}
          faulty={faults.all.length > 0}
        />
      </header>
      <SaveConflict saving={saving} journeyId={first.id} version={version} onReload={onReload} />
      {tab === "canvas" ? (
        <CanvasTab
          journey={journey}
          viewed={viewed}
          onView={(number) => setParams({ version: number === null ? null : String(number) })}
          loading={viewed !== null && !shown}
          definition={definition}
          editor={editor}
          editing={editing}
          steps={steps}
          said={said}
          faults={faults}
          checking={check.isFetching || rested !== definition}
          flow={flow}
          titleOf={titleOf}
          openPeople={openPeople}
        />
      ) : (
        <Suspense fallback={<Loading lines={8} />}>{rest[tab]()}</Suspense>
      )}
      <Suspense>
        {publishing && (
          <PublishDialog
            journey={journey}
            draft={draft.definition}
            said={said}
            faults={faults}
            flush={saving.flush}
            draftVersion={() => version.current}
            titleOf={titleOf}
            onClose={() => setPublishing(false)}
          />
        )}
        {behind && (
          <PeopleDrawer
            key={`${behind.node} ${behind.state}`}
            id={first.id}
            behind={behind}
            title={titleOf(behind.node)}
            onClose={() => setBehind(null)}
            onState={(state) => setBehind({ ...behind, state })}
          />
        )}
      </Suspense>
    </div>
  );
}

/** Names of steps; where several are of one kind, each has its number. */
function useTitles(
  definition: Definition,
  label: (step: JourneyStep | undefined, kind: string) => string,
  steps: JourneyStep[],
) {
  return useMemo(() => {
    const kinds = new Map(steps.map((step) => [step.kind, step]));
    const all = new Map<string, number>();
    const number = new Map<string, number>();
    for (const [id, node] of Object.entries(definition.nodes)) {
      const count = (all.get(node.step) ?? 0) + 1;
      all.set(node.step, count);
      number.set(id, count);
    }
    return (id: string): string => {
      const node = definition.nodes[id];
      if (!node) return id;
      const name = label(kinds.get(node.step), node.step);
      return (all.get(node.step) ?? 0) > 1 ? `${name} ${number.get(id)}` : name;
    };
  }, [definition.nodes, label, steps]);
}
