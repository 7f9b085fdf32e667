import { App, Input, Modal, Radio, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import type { Journey } from "@/api/types";
import { Field } from "@/ui/Field";
import { ProblemView } from "@/ui/ProblemView";
import { useFormat } from "@/ui/useFormat";
import type { Said } from "../canvas/cards";
import { asDefinition, type Definition } from "../model/definition";
import { path, useCounts, useKeepJourney, useVersion } from "../queries";
import type { Faults } from "../useSaid";
import { Compare } from "./Compare";

type Props = {
  journey: Journey;
  draft: Definition;
  said: Said;
  faults: Faults;
  /** Saves what is not yet saved; false: it could not be. */
  flush: () => Promise<boolean>;
  draftVersion: () => number;
  titleOf: (id: string) => string;
  onClose: () => void;
};

const LEAVE = "__leave";

/** Says what goes live, and asks what becomes of those who are on the way. */
export function PublishDialog({ journey, draft, said, faults, flush, draftVersion, titleOf, onClose }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const { message } = App.useApp();
  const keep = useKeepJourney();
  const live = useVersion(journey.id, journey.version);
  const counts = useCounts(journey.id, journey.version, false);
  const [note, setNote] = useState("");
  const [rule, setRule] = useState<"finish" | "move">("finish");
  const [chosen, setChosen] = useState<Record<string, string | null>>({});
  const [state, setState] = useState<{ busy: boolean; error: unknown }>({ busy: false, error: null });
  const before = live.data ? asDefinition(live.data.definition) : null;
  const here = Object.entries(counts.data?.nodes ?? {}).filter(([, one]) => one.here + one.failed > 0);
  const people = here.reduce((sum, [, one]) => sum + one.here + one.failed, 0);
  const target = (id: string): string | null | undefined =>
    id in chosen ? chosen[id] : id in draft.nodes ? id : undefined;
  const open = rule === "move" && here.some(([id]) => target(id) === undefined);
  const publish = async () => {
    setState({ busy: true, error: null });
    try {
      if (!(await flush())) throw new Error(t("journeys.not_saved"));
      const mapping = Object.fromEntries(here.map(([id]) => [id, target(id) ?? null]));
      const in_flight = rule === "move" ? { rule, mapping } : { rule, mapping: {} };
      const body = { draft_version: draftVersion(), note, in_flight };
      keep(await must(api.POST("/api/v1/journeys/{journey_id}/publish", { ...path(journey.id), body })));
      void message.success(t("journeys.published"));
      onClose();
    } catch (error) {
      setState({ busy: false, error });
    }
  };
  return (
    <Modal
      open
      width={before ? 940 : 620}
      title={t("journeys.publish_title", { n: (journey.version ?? 0) + 1 })}
      okText={t("journeys.publish")}
      okButtonProps={{
        disabled: faults.all.length > 0 || open || (!!journey.version && !live.data),
        loading: state.busy,
      }}
      onOk={() => void publish()}
      onCancel={onClose}
    >
      <div className="stack">
        {faults.all.length > 0 && (
          <ul className="faults">
            {faults.all.map((one) => (
              <li key={`${one.field}${one.message}`}>
                <b>{one.node ? titleOf(one.node) : t("journeys.whole")}</b> {one.message}
              </li>
            ))}
          </ul>
        )}
        {faults.warnings.length > 0 && (
          <ul className="faults">
            {faults.warnings.map((one) => (
              <li key={`${one.field}${one.message}`} className="warn">
                <b>{one.node ? titleOf(one.node) : t("journeys.whole")}</b> {one.message}
              </li>
            ))}
          </ul>
        )}
        <dl className="jpublish-facts">
          {said.entry.lines.map((line) => (
            <dd key={line}>{line}</dd>
          ))}
        </dl>
        {before && (
          <Compare
            before={before}
            after={draft}
            said={said}
            beforeName={t("journeys.version_n", { n: journey.version })}
            afterName={t("journeys.draft")}
            titleOf={titleOf}
          />
        )}
        {people > 0 && (
          <fieldset className="jset-group">
            <legend>{t("journeys.in_flight", { n: f.count(people) })}</legend>
            <Radio.Group value={rule} onChange={(e) => setRule(e.target.value)} className="jpublish-rule">
              <Radio value="finish">{t("journeys.in_flight_finish", { n: journey.version })}</Radio>
              <Radio value="move">{t("journeys.in_flight_move")}</Radio>
            </Radio.Group>
            {rule === "move" && (
              <ol className="jmoves">
                {here.map(([id, one]) => (
                  <li key={id}>
                    <span>
                      {before?.nodes[id]
                        ? said.stepLabel(said.steps.get(before.nodes[id].step), before.nodes[id].step)
                        : id}{" "}
                      <span className="muted small num">
                        {t("journeys.people_n", { n: f.count(one.here + one.failed) })}
                      </span>
                    </span>
                    <Select
                      aria-label={t("journeys.move_to_of", { name: id })}
                      placeholder={t("journeys.move_to")}
                      status={target(id) === undefined ? "error" : undefined}
                      value={target(id) === null ? LEAVE : (target(id) ?? undefined)}
                      onChange={(to: string) => setChosen({ ...chosen, [id]: to === LEAVE ? null : to })}
                      options={[
                        ...Object.keys(draft.nodes).map((to) => ({ value: to, label: titleOf(to) })),
                        { value: LEAVE, label: t("journeys.move_leave") },
                      ]}
                    />
                  </li>
                ))}
              </ol>
            )}
          </fieldset>
        )}
        <Field label={t("journeys.publish_note")}>
          <Input
            value={note}
            maxLength={200}
            placeholder={t("journeys.publish_note_hint")}
            onChange={(e) => setNote(e.target.value)}
          />
        </Field>
        {state.error ? <ProblemView error={state.error} compact /> : null}
      </div>
    </Modal>
  );
}
