import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { AccountHealth, CarrierAccount } from "@/api/types";
import { Chart } from "@/ui/Chart";
import { ChartPanel } from "@/ui/ChartPanel";
import { Chip } from "@/ui/Chip";
import type { ChartOption } from "@/ui/charts/EChart";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Figure, Figures } from "@/ui/Figure";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { QuotasPanel } from "./QuotasPanel";
import { useHealth } from "./queries";

/** Calls, callbacks and troubles of the last day, and what is used of the quotas. */
export function HealthPanels({ account }: { account: CarrierAccount }) {
  const { t } = useTranslation();
  const f = useFormat();
  const health = useHealth(account.id);
  return (
    <QueryView query={health} lines={6}>
      {(data) => (
        <div className="stack">
          <Figures count={5}>
            <Figure label={t("carriers.calls_24h")} value={f.count(data.call_count)} />
            <Figure
              label={t("carriers.error_rate")}
              hint={t("carriers.error_rate_hint")}
              value={f.rate(data.error_rate)}
            />
            <Figure
              label={t("carriers.budget")}
              hint={t("carriers.budget_hint")}
              value={f.rate(data.budget_left_rate, 0)}
            />
            <Figure
              label={t("carriers.average")}
              value={
                data.average_seconds == null
                  ? "–"
                  : t("carriers.ms", { n: f.count(Math.round(data.average_seconds * 1000)) })
              }
            />
            <Figure
              label={t("carriers.callbacks_24h")}
              hint={t("carriers.silence_hint")}
              value={f.count(data.hours.reduce((all, hour) => all + hour.heard, 0))}
              note={
                data.is_silent
                  ? t("carriers.silent_short")
                  : account.called_back_at
                    ? t("carriers.last_at", { at: f.time(account.called_back_at) })
                    : undefined
              }
            />
          </Figures>
          <div className="grid">
            <HoursPanel health={data} className="w7" />
            <TroublesPanel health={data} className="w5" />
          </div>
          <QuotasPanel account={account} />
        </div>
      )}
    </QueryView>
  );
}

function HoursPanel({ health, className }: { health: AccountHealth; className: string }) {
  const { t } = useTranslation();
  const f = useFormat();
  const hour = useMemo(() => (at: string) => f.time(at).slice(-5), [f]);
  const option = useMemo<ChartOption>(
    () => ({
      xAxis: { type: "category", data: health.hours.map((one) => hour(one.hour_at)) },
      yAxis: { type: "value", minInterval: 1, axisLabel: { formatter: (value: number) => f.short(value) } },
      tooltip: { valueFormatter: (value) => f.count(value as number) },
      series: [
        {
          type: "bar",
          name: t("carriers.calls_well"),
          stack: "calls",
          barMaxWidth: 16,
          data: health.hours.map((one) => one.calls - one.failed),
        },
        { type: "line", name: t("carriers.callbacks"), showSymbol: false, data: health.hours.map((one) => one.heard) },
        {
          type: "bar",
          name: t("carriers.failed"),
          stack: "calls",
          barMaxWidth: 16,
          data: health.hours.map((one) => one.failed),
          itemStyle: { color: "#b83a26" },
        },
      ],
    }),
    [health, f, t, hour],
  );
  return (
    <ChartPanel
      className={className}
      title={t("carriers.hours")}
      chart={<Chart option={option} height={230} label={t("carriers.hours")} />}
      table={
        <DataTable
          caption={t("carriers.hours")}
          rows={health.hours.toReversed()}
          rowKey={(row) => row.hour_at}
          columns={[
            { key: "at", title: t("carriers.hour"), render: (row) => f.time(row.hour_at) },
            { key: "calls", title: t("carriers.calls"), align: "right", render: (row) => f.count(row.calls) },
            { key: "failed", title: t("carriers.failed"), align: "right", render: (row) => f.count(row.failed) },
            { key: "heard", title: t("carriers.callbacks"), align: "right", render: (row) => f.count(row.heard) },
          ]}
        />
      }
    />
  );
}

function TroublesPanel({ health, className }: { health: AccountHealth; className: string }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <Panel
      title={t("carriers.troubles")}
      hint={t("carriers.troubles_hint")}
      className={className}
      flush={health.troubles.length > 0}
    >
      {health.troubles.length === 0 ? (
        <Empty
          title={t("carriers.troubles_none")}
          hint={health.call_count ? t("carriers.troubles_none_hint") : t("carriers.no_calls")}
        />
      ) : (
        <DataTable
          caption={t("carriers.troubles")}
          cards
          rows={health.troubles}
          rowKey={(row) => `${row.api} ${row.code}`}
          columns={[
            {
              key: "says",
              title: t("carriers.said"),
              wrap: true,
              render: (row) => (
                <>
                  {f.label(row.says)} <Chip tone={row.kind === "refused" ? "plain" : "ochre"}>{row.code}</Chip>
                  {row.fix && <p className="small">{f.label(row.fix)}</p>}
                  <p className="muted small">
                    <code>{row.api}</code>
                  </p>
                </>
              ),
            },
            { key: "count", title: t("carriers.times"), align: "right", render: (row) => f.count(row.count) },
            { key: "last", title: t("carriers.last"), render: (row) => f.time(row.last_at) },
          ]}
        />
      )}
    </Panel>
  );
}
