import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { QualityCounts, QualityReport, Rule } from "@/api/types";
import { useWords } from "@/rooms/customers/words";
import { Chart } from "@/ui/Chart";
import { ChartPanel } from "@/ui/ChartPanel";
import { CsvButton } from "@/ui/CsvButton";
import type { ChartOption } from "@/ui/charts/EChart";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Figure } from "@/ui/Figure";
import { Page } from "@/ui/Page";
import { Panel } from "@/ui/Panel";
import { PeopleLink } from "@/ui/PeopleLink";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { useQuality } from "./queries";

type What = "zombie" | "deal_hunter";

const judged = (of: What, is: ("yes" | "no" | "not_known")[], ...more: Rule[]): Rule =>
  more.length > 0 ? { kind: "all", of: [{ kind: "quality", of, is }, ...more] } : { kind: "quality", of, is };

const from = (source: string | null): Rule =>
  source === null
    ? { kind: "attribute", field: "source", op: "not_exists" }
    : { kind: "attribute", field: "source", op: "is", value: source };

/** Zombies and deal-hunters by source and by month of arrival; every number leads to its people. */
export function QualityPage() {
  const { t } = useTranslation();
  const query = useQuality();
  return (
    <Page
      title={t("shell.page_quality")}
      sub={t("segments.quality_sub")}
      actions={<CsvButton href="/api/v1/segments/quality?format=csv" />}
    >
      <QueryView query={query} lines={8} height={480}>
        {(report) =>
          report.as_of_on === null || report.total.customers === 0 ? (
            <Empty title={t("segments.quality_none")} hint={t("segments.quality_none_hint")} />
          ) : (
            <Body report={report} />
          )
        }
      </QueryView>
    </Page>
  );
}

function Body({ report }: { report: QualityReport }) {
  const { t } = useTranslation();
  const f = useFormat();
  const { total } = report;
  const share = (count: number) => f.rate(total.customers ? count / total.customers : null);
  return (
    <div className="stack">
      <p className="notice pine">{t("segments.quality_fair")}</p>
      <div className="figures">
        <Figure
          label={t("segments.quality_zombies")}
          value={<PeopleLink rule={judged("zombie", ["yes"])}>{f.count(total.zombies)}</PeopleLink>}
          note={share(total.zombies)}
        />
        <Figure
          label={t("segments.quality_hunters")}
          value={<PeopleLink rule={judged("deal_hunter", ["yes"])}>{f.count(total.hunters)}</PeopleLink>}
          note={share(total.hunters)}
        />
        <Figure
          label={t("segments.quality_not_known")}
          value={<PeopleLink rule={judged("zombie", ["not_known"])}>{f.count(total.zombies_not_known)}</PeopleLink>}
          note={t("segments.quality_not_known_note")}
        />
        <Figure
          label={t("segments.quality_cleared")}
          value={f.count(total.cleared)}
          note={t("segments.quality_as_of", { on: f.date(report.as_of_on) })}
        />
      </div>
      <div className="grid">
        <Sources report={report} />
        <Trend report={report} />
        <Reasons report={report} what="zombie" />
        <Reasons report={report} what="deal_hunter" />
        <Use />
      </div>
    </div>
  );
}

function Part({
  row,
  of,
  is,
  count,
  more,
}: {
  row: QualityCounts;
  of: What;
  is: "yes" | "not_known";
  count: number;
  more: Rule[];
}) {
  const f = useFormat();
  return (
    <PeopleLink rule={judged(of, [is], ...more)}>
      {f.count(count)}
      <span className="muted small num"> {f.rate(row.customers ? count / row.customers : null)}</span>
    </PeopleLink>
  );
}

function Sources({ report }: { report: QualityReport }) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWords();
  return (
    <Panel title={t("segments.quality_by_source")} className="w12" flush>
      <DataTable
        caption={t("segments.quality_by_source")}
        cards
        rows={report.sources}
        rowKey={(row) => row.source ?? ""}
        columns={[
          {
            key: "source",
            title: t("segments.quality_source"),
            render: (row) => (row.source === null ? t("segments.quality_no_source") : word("source", row.source)),
          },
          {
            key: "customers",
            title: t("ui.customers"),
            align: "right",
            render: (row) => <PeopleLink rule={from(row.source)}>{f.count(row.customers)}</PeopleLink>,
          },
          {
            key: "zombies",
            title: t("segments.quality_zombies"),
            align: "right",
            render: (row) => <Part row={row} of="zombie" is="yes" count={row.zombies} more={[from(row.source)]} />,
          },
          {
            key: "hunters",
            title: t("segments.quality_hunters"),
            align: "right",
            render: (row) => <Part row={row} of="deal_hunter" is="yes" count={row.hunters} more={[from(row.source)]} />,
          },
          {
            key: "zombies_not_known",
            title: t("segments.quality_zombies_not_known"),
            align: "right",
            render: (row) => (
              <Part row={row} of="zombie" is="not_known" count={row.zombies_not_known} more={[from(row.source)]} />
            ),
          },
          {
            key: "hunters_not_known",
            title: t("segments.quality_hunters_not_known"),
            align: "right",
            render: (row) => (
              <Part row={row} of="deal_hunter" is="not_known" count={row.hunters_not_known} more={[from(row.source)]} />
            ),
          },
        ]}
      />
    </Panel>
  );
}

function Trend({ report }: { report: QualityReport }) {
  const { t } = useTranslation();
  const f = useFormat();
  const option = useMemo<ChartOption>(() => {
    const line = (name: string, count: (row: QualityCounts) => number) => ({
      type: "line" as const,
      name,
      data: report.months.map((row) => (row.customers ? count(row) / row.customers : null)),
    });
    return {
      xAxis: { type: "category", data: report.months.map((row) => row.month) },
      yAxis: { type: "value", axisLabel: { formatter: (value: number) => f.rate(value) } },
      tooltip: { valueFormatter: (value) => f.rate(value as number | null) },
      series: [
        line(t("segments.quality_zombies"), (row) => row.zombies),
        line(t("segments.quality_hunters"), (row) => row.hunters),
        line(t("segments.quality_zombies_not_known"), (row) => row.zombies_not_known),
      ],
    };
  }, [report, f, t]);
  return (
    <ChartPanel
      title={t("segments.quality_trend")}
      className="w12"
      chart={<Chart option={option} height={280} label={t("segments.quality_trend")} />}
      table={
        <DataTable
          caption={t("segments.quality_trend")}
          rows={report.months}
          rowKey={(row) => row.month}
          columns={[
            { key: "month", title: t("segments.quality_month"), render: (row) => row.month },
            { key: "customers", title: t("ui.customers"), align: "right", render: (row) => f.count(row.customers) },
            {
              key: "zombies",
              title: t("segments.quality_zombies"),
              align: "right",
              render: (row) => f.rate(row.customers ? row.zombies / row.customers : null),
            },
            {
              key: "hunters",
              title: t("segments.quality_hunters"),
              align: "right",
              render: (row) => f.rate(row.customers ? row.hunters / row.customers : null),
            },
          ]}
        />
      }
    />
  );
}

function Reasons({ report, what }: { report: QualityReport; what: What }) {
  const { t } = useTranslation();
  const f = useFormat();
  const zombie = what === "zombie";
  const rows = zombie ? report.zombie_reasons : report.hunter_reasons;
  const title = t(zombie ? "segments.quality_why_zombie" : "segments.quality_why_hunter");
  const all = zombie ? report.total.zombies : report.total.hunters;
  return (
    <Panel title={title} className="w6" flush>
      <DataTable
        caption={title}
        rows={rows}
        rowKey={(row) => row.reason}
        columns={[
          { key: "reason", title: t("segments.quality_reason"), wrap: true, render: (row) => f.label(row.name) },
          { key: "customers", title: t("ui.customers"), align: "right", render: (row) => f.count(row.customers) },
          {
            key: "share",
            title: t("ui.share"),
            align: "right",
            render: (row) => f.rate(all ? row.customers / all : null),
          },
        ]}
      />
    </Panel>
  );
}

function Use() {
  const { t } = useTranslation();
  return (
    <Panel title={t("segments.quality_use")} className="w12">
      <ul className="plain">
        <li>{t("segments.quality_use_price")}</li>
        <li>{t("segments.quality_use_hold")}</li>
        <li>{t("segments.quality_use_exclude")}</li>
      </ul>
    </Panel>
  );
}
