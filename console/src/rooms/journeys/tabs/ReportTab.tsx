import { useQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import type { Journey, JourneyEffect, JourneyReport } from "@/api/types";
import { useReasonWords } from "@/rooms/campaigns/reasons";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Figure, Figures } from "@/ui/Figure";
import { Interval, spanOf } from "@/ui/Interval";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { path, useVersions } from "../queries";

type Props = { journey: Journey; titleOf: (id: string) => string };

/** What a version did, and what it brought against those held out. */
export function ReportTab({ journey, titleOf }: Props) {
  const { t } = useTranslation();
  const versions = useVersions(journey.id);
  const [chosen, setChosen] = useState<number | null>(null);
  const version = chosen ?? journey.version;
  const report = useQuery({
    queryKey: ["journeys", "report", journey.id, version],
    queryFn: () =>
      must(
        api.GET("/api/v1/journeys/{journey_id}/report", {
          ...path(journey.id),
          params: { path: { journey_id: journey.id }, query: { version } },
        }),
      ),
    enabled: version !== null,
    refetchInterval: (query) => (query.state.data?.is_newest === false ? 2_000 : 30_000),
  });
  if (version === null)
    return (
      <main className="journey-page">
        <div className="panel">
          <Empty title={t("journeys.no_versions")} hint={t("journeys.report_none_hint")} />
        </div>
      </main>
    );
  return (
    <main className="journey-page">
      <div className="row">
        <Select
          aria-label={t("journeys.version")}
          value={version}
          onChange={setChosen}
          options={(versions.data ?? []).map((one) => ({
            value: one.number,
            label: t(one.is_live ? "journeys.version_live" : "journeys.version_n", { n: one.number }),
          }))}
          style={{ minWidth: 150 }}
        />
      </div>
      <QueryView query={report} lines={10}>
        {(data) => <Read report={data} titleOf={titleOf} />}
      </QueryView>
    </main>
  );
}

function Read({ report, titleOf }: { report: JourneyReport; titleOf: (id: string) => string }) {
  const { t } = useTranslation();
  const f = useFormat();
  const reasons = useReasonWords();
  const held = Object.entries(report.refused).sort(([, a], [, b]) => b - a);
  return (
    <>
      <p className="muted small">{t("journeys.computed_at", { at: f.time(report.computed_at) })}</p>
      <Figures count={7}>
        <Figure label={t("journeys.entered")} value={f.count(report.entered)} />
        <Figure label={t("journeys.holdout")} value={f.count(report.held_out)} />
        <Figure
          label={t("journeys.goal_rate")}
          value={report.goal_rate === null ? "–" : f.rate(report.goal_rate)}
          hint={t("journeys.goal_rate_hint", { days: f.count(report.window_days, 1) })}
        />
        <Figure label={t("journeys.messages")} value={f.count(report.messages)} />
        <Figure label={t("journeys.cost")} value={f.money(report.cost_fen)} />
        <Figure
          label={t("journeys.opted_out")}
          value={f.count(report.opted_out)}
          note={t("journeys.blocked_n", { n: f.count(report.blocked) })}
        />
        <Figure label={t("journeys.complained")} value={f.count(report.complained)} />
      </Figures>
      <LiftPanel lift={report.lift} />
      <Panel title={t("journeys.funnel")} hint={t("journeys.funnel_hint")}>
        <DataTable
          caption={t("journeys.funnel")}
          cards
          rows={report.nodes}
          rowKey={(row) => row.node}
          columns={[
            { key: "node", title: t("journeys.step"), wrap: true, render: (row) => titleOf(row.node) },
            { key: "passed", title: t("journeys.figure_passed"), align: "right", render: (row) => f.count(row.passed) },
            {
              key: "edges",
              title: t("journeys.set_ways"),
              wrap: true,
              render: (row) =>
                Object.entries(row.edges)
                  .map(
                    ([edge, people]) =>
                      `${t(`journeys.edge_${edge}`, { defaultValue: edge.toUpperCase() })} ${f.count(people)}`,
                  )
                  .join(" · "),
            },
            {
              key: "time",
              title: t("journeys.time_in"),
              align: "right",
              render: (row) =>
                row.median_ms === null
                  ? "–"
                  : `${f.seconds(row.median_ms / 1000)} / ${f.seconds((row.p90_ms ?? 0) / 1000)}`,
            },
            {
              key: "told",
              title: t("journeys.told"),
              align: "right",
              render: (row) => (row.messages ? f.count(row.messages.told) : ""),
            },
            {
              key: "clicked",
              title: t("journeys.edge_clicked"),
              align: "right",
              render: (row) => (row.messages ? f.count(row.messages.clicked) : ""),
            },
            {
              key: "refused",
              title: t("journeys.held_back"),
              wrap: true,
              render: (row) =>
                row.messages
                  ? Object.entries(row.messages.refused)
                      .map(([reason, people]) => `${reasons.name(reason)} ${f.count(people)}`)
                      .join(" · ")
                  : "",
            },
          ]}
        />
      </Panel>
      <Panel title={t("journeys.held_back")} hint={t("journeys.held_back_hint")}>
        {held.length === 0 ? (
          <p className="muted">{t("journeys.held_back_none")}</p>
        ) : (
          <DataTable
            caption={t("journeys.held_back")}
            rows={held}
            rowKey={([reason]) => reason}
            columns={[
              { key: "reason", title: t("journeys.why"), render: ([reason]) => reasons.name(reason) },
              { key: "people", title: t("journeys.people"), align: "right", render: ([, people]) => f.count(people) },
            ]}
          />
        )}
      </Panel>
    </>
  );
}

function LiftPanel({ lift }: { lift: JourneyReport["lift"] }) {
  const { t } = useTranslation();
  const f = useFormat();
  const points = (value: number) => `${value > 0 ? "+" : ""}${f.count(value * 100, 2)}`;
  const money = (value: number) => `${value > 0 ? "+" : ""}${f.money(value)}`;
  return (
    <Panel title={t("journeys.lift")} hint={t("journeys.lift_hint")}>
      <div className="stack">
        {lift.why_not ? (
          <div className="verdict blocked" role="status">
            <p className="big-say">{t(`journeys.why_not_${lift.why_not_code}`)}</p>
            <p className="muted">{f.label(lift.why_not)}</p>
          </div>
        ) : (
          lift.goal && (
            <div
              className={`verdict ${lift.goal.is_detected ? (lift.goal.difference > 0 ? "up" : "down") : ""}`}
              role="status"
            >
              <p className="big-say">{f.label(lift.goal.finding)}</p>
              {lift.extra_goals !== null && (
                <p className="num">
                  {t("journeys.extra_goals", {
                    n: f.count(lift.extra_goals),
                    low: f.count(lift.extra_goals_low),
                    high: f.count(lift.extra_goals_high),
                  })}
                </p>
              )}
            </div>
          )
        )}
        <DataTable
          caption={t("journeys.arms")}
          rows={[
            { key: "treated", arm: lift.treated },
            { key: "held_out", arm: lift.held_out },
          ]}
          rowKey={(row) => row.key}
          columns={[
            { key: "arm", title: t("journeys.arm"), render: (row) => t(`journeys.arm_${row.key}`) },
            { key: "people", title: t("journeys.people"), align: "right", render: (row) => f.count(row.arm.people) },
            { key: "goals", title: t("journeys.goals"), align: "right", render: (row) => f.count(row.arm.goals) },
            {
              key: "rate",
              title: t("journeys.goal_rate"),
              align: "right",
              render: (row) => (row.arm.people ? f.rate(row.arm.goals / row.arm.people, 2) : "–"),
            },
            { key: "buyers", title: t("journeys.buyers"), align: "right", render: (row) => f.count(row.arm.buyers) },
            { key: "spend", title: t("journeys.spend"), align: "right", render: (row) => f.money(row.arm.spend_fen) },
          ]}
        />
        <dl className="intervals">
          <Effect name={t("journeys.effect_goal")} effect={lift.goal} text={points} />
          <Effect name={t("journeys.effect_bought")} effect={lift.bought} text={points} />
          <Effect name={t("journeys.effect_spend")} effect={lift.spend} text={money} />
        </dl>
      </div>
    </Panel>
  );
}

function Effect({
  name,
  effect,
  text,
}: {
  name: string;
  effect: JourneyEffect | null;
  text: (value: number) => string;
}) {
  if (!effect || effect.low === null || effect.high === null) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd className="num effect-point">{text(effect.difference)}</dd>
      <dd>
        <Interval
          label={name}
          low={effect.low}
          high={effect.high}
          point={effect.difference}
          text={text}
          span={spanOf([effect.low, effect.high, effect.difference])}
        />
      </dd>
    </div>
  );
}
