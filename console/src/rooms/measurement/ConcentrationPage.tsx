import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Concentration } from "@/api/types";
import { Bar } from "@/ui/Bar";
import { Chart } from "@/ui/Chart";
import { ChartPanel } from "@/ui/ChartPanel";
import type { ChartOption } from "@/ui/charts/EChart";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Figure } from "@/ui/Figure";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { ReportPage, useAsOf } from "@/ui/ReportPage";
import { useFormat } from "@/ui/useFormat";
import { useConcentration } from "./queries";

export function ConcentrationPage() {
  const { t } = useTranslation();
  const [asOf] = useAsOf();
  const query = useConcentration(asOf);
  return (
    <ReportPage
      title={t("shell.page_concentration")}
      sub={t("measurement.concentration_sub")}
      asOfOn={query.data?.as_of_on}
      path="/measurement/concentration"
    >
      <QueryView query={query} lines={8} height={460}>
        {(report) =>
          report.buyers === 0 ? (
            <Empty title={t("segments.no_buyers")} hint={t("segments.no_buyers_hint")} />
          ) : (
            <Body report={report} />
          )
        }
      </QueryView>
    </ReportPage>
  );
}

function Body({ report }: { report: Concentration }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <div className="stack">
      <div className="figures">
        <Figure
          label={t("measurement.top20")}
          hint={t("measurement.top20_hint")}
          value={f.rate(report.top20_share_rate)}
        />
        <Figure label={t("measurement.gini")} hint={t("measurement.gini_hint")} value={f.count(report.gini_rate, 3)} />
        <Figure label={t("measurement.buyers")} value={f.count(report.buyers)} />
        <Figure label={t("ui.revenue")} value={f.moneyShort(report.revenue_fen)} />
      </div>
      <div className="grid">
        <Lorenz report={report} />
        <Panel title={t("measurement.top_table")} className="w5" flush>
          <DataTable
            caption={t("measurement.top_table")}
            rows={report.top}
            rowKey={(row) => row.share_of_buyers_rate}
            columns={[
              {
                key: "share",
                title: t("measurement.top_share"),
                render: (row) => t("measurement.top_n", { rate: f.rate(row.share_of_buyers_rate) }),
              },
              { key: "buyers", title: t("measurement.buyers"), align: "right", render: (row) => f.count(row.buyers) },
              {
                key: "revenue",
                title: t("ui.revenue"),
                align: "right",
                render: (row) => f.moneyShort(row.revenue_fen),
              },
              {
                key: "rate",
                title: t("measurement.of_revenue"),
                align: "right",
                render: (row) => (
                  <>
                    {f.rate(row.share_rate)}
                    <Bar value={row.share_rate} />
                  </>
                ),
              },
            ]}
          />
        </Panel>
      </div>
    </div>
  );
}

function Lorenz({ report }: { report: Concentration }) {
  const { t } = useTranslation();
  const f = useFormat();
  const option = useMemo<ChartOption>(
    () => ({
      grid: { bottom: 24 },
      xAxis: {
        type: "value",
        min: 0,
        max: 1,
        name: t("measurement.curve_x"),
        nameLocation: "middle",
        nameGap: 26,
        axisLabel: { formatter: (value: number) => f.rate(value, 0) },
      },
      yAxis: { type: "value", min: 0, max: 1, axisLabel: { formatter: (value: number) => f.rate(value, 0) } },
      tooltip: {
        formatter: (items) => {
          const [first] = items as unknown as { value: [number, number] }[];
          return first
            ? t("measurement.curve_tip", { buyers: f.rate(first.value[0]), revenue: f.rate(first.value[1]) })
            : "";
        },
      },
      series: [
        {
          type: "line",
          name: t("measurement.curve_actual"),
          showSymbol: false,
          lineStyle: { width: 2.4 },
          areaStyle: { opacity: 0.08 },
          data: report.curve.map((p) => [p.buyers_rate, p.revenue_rate]),
        },
        {
          type: "line",
          name: t("measurement.curve_equal"),
          showSymbol: false,
          silent: true,
          lineStyle: { type: "dashed", width: 1.4 },
          data: [
            [0, 0],
            [1, 1],
          ],
        },
      ],
    }),
    [report, f, t],
  );
  return (
    <ChartPanel
      className="w7"
      title={t("measurement.curve")}
      hint={t("measurement.curve_hint")}
      chart={<Chart option={option} height={360} label={t("measurement.curve")} />}
      table={
        <DataTable
          caption={t("measurement.curve")}
          rows={report.curve.filter((_, index) => index % 5 === 0)}
          rowKey={(p) => p.buyers_rate}
          columns={[
            { key: "b", title: t("measurement.curve_x"), align: "right", render: (p) => f.rate(p.buyers_rate) },
            { key: "r", title: t("measurement.of_revenue"), align: "right", render: (p) => f.rate(p.revenue_rate) },
          ]}
        />
      }
    />
  );
}
