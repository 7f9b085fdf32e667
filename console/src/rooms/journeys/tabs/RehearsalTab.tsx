import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, InputNumber } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import { isProblem } from "@/api/problem";
import type { Journey, JourneyRange, Rehearsal } from "@/api/types";
import { useReasonWords } from "@/rooms/campaigns/reasons";
import { JobProgress } from "@/rooms/jobs/JobProgress";
import { useMay } from "@/shell/session";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Field } from "@/ui/Field";
import { Figure, Figures } from "@/ui/Figure";
import { Loading } from "@/ui/Loading";
import { Panel } from "@/ui/Panel";
import { ProblemView } from "@/ui/ProblemView";
import { useFormat } from "@/ui/useFormat";
import { path } from "../queries";
import { SegmentBox } from "../settings/pickers";

type Props = { journey: Journey; titleOf: (id: string) => string; flush: () => Promise<boolean>; faulty: boolean };

const OVER = ["done", "failed", "cancelled"];

/** The journey over its real audience before anybody is told: what would come of it, each number with its interval. */
export function RehearsalTab({ journey, titleOf, flush, faulty }: Props) {
  const { t } = useTranslation();
  const may = useMay();
  const client = useQueryClient();
  const [days, setDays] = useState(28);
  const [segment, setSegment] = useState<number | null>(null);
  const [job, setJob] = useState<string | null>(null);
  const last = useQuery({
    queryKey: ["journeys", "rehearsal", journey.id],
    queryFn: () => must(api.GET("/api/v1/journeys/{journey_id}/rehearsal", path(journey.id))),
    retry: false,
  });
  const running = useQuery({
    queryKey: ["jobs", "one", job],
    queryFn: async () => {
      const found = await must(api.GET("/api/v1/jobs/{job_id}", { params: { path: { job_id: job as string } } }));
      if (OVER.includes(found.status))
        void client.invalidateQueries({ queryKey: ["journeys", "rehearsal", journey.id] });
      return found;
    },
    enabled: job !== null,
    refetchInterval: (query) => (OVER.includes(query.state.data?.status ?? "") ? false : 1_000),
  });
  const ask = useMutation({
    mutationFn: async () => {
      await flush();
      return must(
        api.POST("/api/v1/journeys/{journey_id}/rehearse", {
          ...path(journey.id),
          body: { days, segment, follow_days: 30 },
        }),
      );
    },
    onSuccess: (made) => setJob(made.job_id),
  });
  const busy = ask.isPending || (job !== null && !OVER.includes(running.data?.status ?? "queued"));
  const none = isProblem(last.error, 404);
  return (
    <main className="journey-page">
      <Panel title={t("journeys.rehearse")} hint={t("journeys.rehearse_hint")}>
        <div className="row jrehearse">
          <Field label={t("journeys.rehearse_days")}>
            <InputNumber
              aria-label={t("journeys.rehearse_days")}
              min={0}
              max={90}
              precision={0}
              value={days}
              onChange={(value) => setDays(value ?? 28)}
            />
          </Field>
          {(journey.definition.entry as { kind?: string })?.kind &&
            ["api", "manual"].includes(String((journey.definition.entry as { kind?: string }).kind)) && (
              <Field label={t("journeys.rehearse_segment")}>
                <SegmentBox
                  label={t("journeys.rehearse_segment")}
                  value={segment ?? undefined}
                  onChange={setSegment}
                  disabled={false}
                />
              </Field>
            )}
          {may("journeys.write") && (
            <Button type="primary" loading={busy} disabled={faulty} onClick={() => ask.mutate()}>
              {t("journeys.rehearse_start")}
            </Button>
          )}
        </div>
        {faulty && <p className="muted small">{t("journeys.rehearse_faulty")}</p>}
        {ask.error ? <ProblemView compact error={ask.error} /> : null}
        {busy && running.data && <JobProgress job={running.data} />}
        {running.data?.status === "failed" && <p className="field-error">{t("journeys.rehearse_failed")}</p>}
      </Panel>
      {none ? (
        <div className="panel">
          <Empty title={t("journeys.rehearsal_none")} hint={t("journeys.rehearsal_none_hint")} />
        </div>
      ) : last.error ? (
        <ProblemView error={last.error} retry={() => void last.refetch()} />
      ) : last.data === undefined ? (
        <Loading lines={8} />
      ) : (
        <Result made={last.data} titleOf={titleOf} />
      )}
    </main>
  );
}

function useRange() {
  const { t } = useTranslation();
  const f = useFormat();
  return {
    people: (one: JourneyRange) => `${f.count(Math.round(one.mean))}`,
    span: (one: JourneyRange, text: (value: number) => string = (value) => f.count(Math.round(value))) =>
      t("journeys.between", { low: text(one.low), high: text(one.high) }),
  };
}

function Result({ made, titleOf }: { made: Rehearsal; titleOf: (id: string) => string }) {
  const { t } = useTranslation();
  const f = useFormat();
  const r = useRange();
  const reasons = useReasonWords();
  const { outcome } = made;
  const rate = (value: number) => f.rate(value, 2);
  const nodes = Object.entries(made.nodes);
  return (
    <>
      {!made.is_current && <p className="notice">{t("journeys.rehearsal_old")}</p>}
      <p className="muted small">
        {t("journeys.rehearsed_at", {
          at: f.time(made.computed_at),
          until: made.until_on,
          n: f.count(made.sampled),
          futures: f.count(made.futures),
        })}
      </p>
      <Figures count={7}>
        <Figure label={t("journeys.entered")} value={r.people(made.entries)} note={r.span(made.entries)} />
        <Figure label={t("journeys.messages")} value={r.people(made.messages)} note={r.span(made.messages)} />
        <Figure label={t("journeys.cost")} value={f.money(made.cost_fen.mean)} note={r.span(made.cost_fen, f.money)} />
        {outcome.goal_rate && (
          <Figure
            label={t("journeys.goal_rate")}
            value={rate(outcome.goal_rate.mean)}
            note={r.span(outcome.goal_rate, rate)}
          />
        )}
        {outcome.goal_lift && (
          <Figure
            label={t("journeys.lift_expected")}
            hint={t("journeys.lift_expected_hint")}
            value={rate(outcome.goal_lift.mean)}
            note={r.span(outcome.goal_lift, rate)}
          />
        )}
        <Figure
          label={t("journeys.extra_orders")}
          value={r.people(outcome.extra_orders)}
          note={r.span(outcome.extra_orders)}
        />
        <Figure label={t("journeys.opted_out")} value={r.people(made.opted_out)} note={r.span(made.opted_out)} />
      </Figures>
      {made.no_lift && <p className="notice">{f.label(made.no_lift)}</p>}
      {outcome.detectable !== null && (
        <p className="muted small">{t("journeys.detectable", { rate: rate(outcome.detectable) })}</p>
      )}
      <Panel title={t("journeys.reach_by_step")}>
        <DataTable
          caption={t("journeys.reach_by_step")}
          cards
          rows={nodes}
          rowKey={([id]) => id}
          columns={[
            { key: "step", title: t("journeys.step"), wrap: true, render: ([id]) => titleOf(id) },
            { key: "came", title: t("journeys.come"), align: "right", render: ([, one]) => r.people(one.came) },
            { key: "span", title: t("journeys.interval"), align: "right", render: ([, one]) => r.span(one.came) },
            {
              key: "ways",
              title: t("journeys.set_ways"),
              wrap: true,
              render: ([, one]) =>
                Object.entries(one.edges)
                  .map(
                    ([edge, people]) =>
                      `${t(`journeys.edge_${edge}`, { defaultValue: edge.toUpperCase() })} ${r.people(people)}`,
                  )
                  .join(" · "),
            },
            {
              key: "told",
              title: t("journeys.told"),
              align: "right",
              render: ([, one]) => (one.message ? r.people(one.message.told) : ""),
            },
            {
              key: "clicked",
              title: t("journeys.edge_clicked"),
              align: "right",
              render: ([, one]) => (one.message ? r.people(one.message.clicked) : ""),
            },
          ]}
        />
      </Panel>
      <Panel title={t("journeys.held_back")}>
        {Object.keys(made.refused).length === 0 ? (
          <p className="muted">{t("journeys.held_back_none")}</p>
        ) : (
          <DataTable
            caption={t("journeys.held_back")}
            rows={Object.entries(made.refused)}
            rowKey={([reason]) => reason}
            columns={[
              { key: "reason", title: t("journeys.why"), render: ([reason]) => reasons.name(reason) },
              { key: "people", title: t("journeys.people"), align: "right", render: ([, one]) => r.people(one) },
              { key: "span", title: t("journeys.interval"), align: "right", render: ([, one]) => r.span(one) },
            ]}
          />
        )}
      </Panel>
      <Panel title={t("journeys.load")} hint={t("journeys.load_hint")}>
        <DataTable
          caption={t("journeys.load")}
          rows={made.load.filter((day) => day.entering + day.staff_messages > 0)}
          rowKey={(row) => row.on}
          columns={[
            { key: "on", title: t("journeys.set_on"), render: (row) => row.on },
            {
              key: "entering",
              title: t("journeys.entered"),
              align: "right",
              render: (row) => f.count(row.entering, 1),
            },
            {
              key: "staff",
              title: t("journeys.staff_messages"),
              align: "right",
              render: (row) => f.count(row.staff_messages, 1),
            },
            { key: "busiest", title: t("journeys.busiest"), align: "right", render: (row) => f.count(row.busiest, 1) },
          ]}
        />
      </Panel>
      {made.assumed.length + made.notes.length > 0 && (
        <Panel title={t("journeys.assumed")}>
          <ul className="jnotes">
            {[...made.assumed, ...made.notes].map((one) => (
              <li key={one.en}>{f.label(one)}</li>
            ))}
          </ul>
        </Panel>
      )}
    </>
  );
}
