import { DatePicker, Select } from "antd";
import dayjs from "dayjs";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { RelationReport } from "@/api/types";
import { Chart } from "@/ui/Chart";
import { ChartPanel } from "@/ui/ChartPanel";
import type { ChartOption } from "@/ui/charts/EChart";
import { DataTable } from "@/ui/DataTable";
import { Figure, Figures } from "@/ui/Figure";
import { Page } from "@/ui/Page";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";
import { useAccounts, useRelationReport, type RelationsWanted as Wanted } from "./queries";
import { RelationsByPanel } from "./RelationsByPanel";
import { RelationsList } from "./RelationsList";

/** Growth and loss of relations, by day, by staff, by live code; people and relations are two counts. */
export function RelationsPage() {
  const { t } = useTranslation();
  const [params, change] = useQueryState();
  const accounts = useAccounts();
  const wanted: Wanted = {
    account: params.get("account") ? Number(params.get("account")) : undefined,
    from_on: params.get("from") ?? undefined,
    to_on: params.get("to") ?? undefined,
  };
  const days = useRelationReport("day", wanted);
  const range: [dayjs.Dayjs, dayjs.Dayjs] | null = days.data
    ? [dayjs(days.data.from_on), dayjs(days.data.to_on)]
    : null;
  const actions = (
    <>
      <Select
        allowClear
        aria-label={t("carriers.accounts")}
        placeholder={t("carriers.all_accounts")}
        style={{ minWidth: 170 }}
        value={wanted.account}
        onChange={(value) => change({ account: value ? String(value) : null }, true)}
        options={(accounts.data?.items ?? []).map((one) => ({ value: one.id, label: one.name }))}
      />
      <DatePicker.RangePicker
        allowClear={false}
        aria-label={t("carriers.period")}
        value={range}
        onChange={(next) =>
          next?.[0] && next[1] && change({ from: next[0].format("YYYY-MM-DD"), to: next[1].format("YYYY-MM-DD") }, true)
        }
      />
    </>
  );
  return (
    <Page title={t("shell.page_relations")} sub={t("carriers.relations_sub")} actions={actions}>
      <div className="stack">
        <QueryView query={days} lines={6}>
          {(report) => (
            <>
              <Totals report={report} />
              <GrowthPanel report={report} wanted={wanted} />
            </>
          )}
        </QueryView>
        <div className="grid">
          <RelationsByPanel by="staff" wanted={wanted} className="w6" />
          <RelationsByPanel by="state" wanted={wanted} className="w6" />
        </div>
        <RelationsList account={wanted.account} />
      </div>
    </Page>
  );
}

function Totals({ report }: { report: RelationReport }) {
  const { t } = useTranslation();
  const f = useFormat();
  const { totals } = report;
  return (
    <Figures count={7}>
      <Figure
        label={t("carriers.open_relations")}
        hint={t("carriers.open_relations_hint")}
        value={f.count(totals.open_count)}
      />
      <Figure
        label={t("carriers.people_of_relations")}
        hint={t("carriers.people_of_relations_hint")}
        value={f.count(totals.person_count)}
      />
      <Figure label={t("carriers.began")} hint={t("carriers.began_hint")} value={f.count(totals.began_count)} />
      <Figure label={t("carriers.net")} hint={t("carriers.net_hint")} value={f.count(totals.net_count)} />
      <Figure
        label={t("carriers.ended_by_customer")}
        hint={t("carriers.ended_by_customer_hint")}
        value={f.count(totals.ended_by_customer_count)}
      />
      <Figure label={t("carriers.ended_by_staff")} value={f.count(totals.ended_by_staff_count)} />
      <Figure
        label={t("carriers.transferred_or_gone")}
        hint={t("carriers.transferred_or_gone_hint")}
        value={`${f.count(totals.transferred_count)} / ${f.count(totals.gone_count)}`}
      />
    </Figures>
  );
}

function GrowthPanel({ report, wanted }: { report: RelationReport; wanted: Wanted }) {
  const { t } = useTranslation();
  const f = useFormat();
  const option = useMemo<ChartOption>(() => {
    const lost = (row: RelationReport["items"][number]) =>
      row.ended_by_customer_count + row.ended_by_staff_count + row.transferred_count + row.gone_count;
    return {
      xAxis: { type: "category", data: report.items.map((row) => (row.on ?? "").slice(5)) },
      yAxis: [
        { type: "value", minInterval: 1, axisLabel: { formatter: (value: number) => f.short(value) } },
        {
          type: "value",
          minInterval: 1,
          splitLine: { show: false },
          axisLabel: { formatter: (value: number) => f.short(value) },
        },
      ],
      tooltip: { valueFormatter: (value) => f.count(value as number) },
      series: [
        {
          type: "bar",
          name: t("carriers.began"),
          barMaxWidth: 16,
          data: report.items.map((row) => row.began_count),
        },
        {
          type: "line",
          name: t("carriers.open_relations"),
          yAxisIndex: 1,
          showSymbol: false,
          data: report.items.map((row) => row.open_count),
        },
        {
          type: "bar",
          name: t("carriers.lost"),
          barMaxWidth: 16,
          itemStyle: { color: "#b83a26" },
          data: report.items.map((row) => lost(row)),
        },
      ],
    };
  }, [report, f, t]);
  const query = new URLSearchParams({ by: "day", format: "csv", from_on: report.from_on, to_on: report.to_on });
  if (wanted.account) query.set("account", String(wanted.account));
  return (
    <ChartPanel
      title={t("carriers.growth")}
      hint={t("carriers.growth_hint")}
      csv={`/api/v1/carriers/relations/report?${query}`}
      chart={<Chart option={option} height={270} label={t("carriers.growth")} />}
      table={
        <DataTable
          caption={t("carriers.growth")}
          rows={report.items.toReversed()}
          rowKey={(row) => row.on ?? ""}
          columns={[
            { key: "on", title: t("carriers.day"), render: (row) => row.on },
            { key: "began", title: t("carriers.began"), align: "right", render: (row) => f.count(row.began_count) },
            {
              key: "customer",
              title: t("carriers.ended_by_customer"),
              align: "right",
              render: (row) => f.count(row.ended_by_customer_count),
            },
            {
              key: "staff",
              title: t("carriers.ended_by_staff"),
              align: "right",
              render: (row) => f.count(row.ended_by_staff_count),
            },
            {
              key: "transfer",
              title: t("carriers.transferred"),
              align: "right",
              render: (row) => f.count(row.transferred_count),
            },
            { key: "gone", title: t("carriers.gone"), align: "right", render: (row) => f.count(row.gone_count) },
            {
              key: "open",
              title: t("carriers.open_relations"),
              align: "right",
              render: (row) => f.count(row.open_count),
            },
            {
              key: "people",
              title: t("carriers.people_of_relations"),
              align: "right",
              render: (row) => f.count(row.person_count),
            },
          ]}
        />
      }
    />
  );
}
