import { Segmented } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { CohortMeasure, CohortReport } from "@/api/types";
import { Chart } from "@/ui/Chart";
import type { ChartOption } from "@/ui/charts/EChart";
import { Empty } from "@/ui/Empty";
import { useHeat } from "@/ui/heat";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { ReportPage, useAsOf } from "@/ui/ReportPage";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";
import { useCohorts } from "./queries";

const MEASURES: CohortMeasure[] = ["buyers", "orders", "revenue_fen"];

export function CohortsPage() {
  const { t } = useTranslation();
  const [params, change] = useQueryState();
  const [asOf] = useAsOf();
  const measure = MEASURES.find((m) => m === params.get("measure")) ?? "buyers";
  const as = params.get("as") === "value" ? "value" : "rate";
  const query = useCohorts(measure, asOf);
  const extra = (
    <>
      <Segmented
        options={MEASURES.map((m) => ({ value: m, label: t(`measurement.cohort_${m}`) }))}
        value={measure}
        onChange={(m) => change({ measure: m === "buyers" ? null : m })}
        aria-label={t("measurement.cohort_measure")}
      />
      <Segmented
        options={[
          { value: "rate", label: t("measurement.as_rate") },
          { value: "value", label: t("measurement.as_value") },
        ]}
        value={as}
        onChange={(value) => change({ as: value === "rate" ? null : value })}
        aria-label={t("measurement.cohort_as")}
      />
    </>
  );
  return (
    <ReportPage
      title={t("shell.page_cohorts")}
      sub={t("measurement.cohorts_sub")}
      asOfOn={query.data?.as_of_on}
      path="/measurement/cohorts"
      extra={extra}
      csvQuery={{ measure }}
    >
      <QueryView query={query} lines={10} height={480}>
        {(report) =>
          report.cohorts.length === 0 ? (
            <Empty title={t("measurement.cohorts_none")} hint={t("measurement.cohorts_none_hint")} />
          ) : (
            <div className="stack">
              <Panel title={t("measurement.cohorts")} hint={t("measurement.cohorts_hint")}>
                <Heat report={report} as={as} />
              </Panel>
              <Panel title={t("measurement.cohort_average")} hint={t("measurement.cohort_average_hint")}>
                <Average report={report} />
              </Panel>
            </div>
          )
        }
      </QueryView>
    </ReportPage>
  );
}

const SMALL_COHORT = 20;
const isBigEnough = (cohort: CohortReport["cohorts"][number], _: number, all: CohortReport["cohorts"]): boolean =>
  cohort.size >= SMALL_COHORT || all.every((other) => other.size < SMALL_COHORT);

/** The heat map is a real table: every cell is a number that can be read, copied and announced. */
function Heat({ report, as }: { report: CohortReport; as: "rate" | "value" }) {
  const { t } = useTranslation();
  const heat = useHeat();
  const f = useFormat();
  const offsets = report.average.map((a) => a.offset);
  // The first month is the whole cohort by definition; it would wash out the rest of the scale.
  // Nor may the two buyers of a first, short month set it.
  const later = report.cohorts
    .filter(isBigEnough)
    .flatMap((c) =>
      c.cells.filter((cell) => cell.offset > 0).map((cell) => (as === "rate" ? cell.rate : cell.value) ?? 0),
    );
  const top = Math.max(...later, as === "rate" ? 0.01 : 1);
  const show = (cell: CohortReport["cohorts"][number]["cells"][number] | undefined) => {
    if (!cell) return "";
    if (as === "rate") return f.rate(cell.rate);
    return report.measure === "revenue_fen" ? f.moneyShort(cell.value) : f.short(cell.value);
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <div className="table-scroll" role="group" tabIndex={0} aria-label={t("measurement.cohorts")}>
      <table className="heat-table full">
        <caption className="visually-hidden">{t("measurement.cohorts_hint")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("measurement.first_month")}</th>
            <th scope="col">{t("measurement.cohort_size")}</th>
            {offsets.map((offset) => (
              <th key={offset} scope="col">
                {offset === 0 ? t("measurement.same_month") : t("measurement.month_n", { n: offset })}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {report.cohorts.map((cohort) => (
            <tr key={cohort.month}>
              <th scope="row">{cohort.month}</th>
              <th>{f.count(cohort.size)}</th>
              {offsets.map((offset) => {
                const cell = cohort.cells.find((c) => c.offset === offset);
                const value = cell ? (as === "rate" ? cell.rate : cell.value) : null;
                const title = cell
                  ? t("measurement.cohort_cell", {
                      month: cohort.month,
                      n: offset,
                      value: report.measure === "revenue_fen" ? f.money(cell.value) : f.count(cell.value),
                      rate: f.rate(cell.rate),
                    })
                  : undefined;
                return (
                  <td
                    key={offset}
                    style={
                      cell
                        ? offset === 0
                          ? { background: "var(--sunken)" }
                          : heat(Math.min(1, (value ?? 0) / top))
                        : undefined
                    }
                    title={cell?.partial ? `${title} · ${t("measurement.unfinished")}` : title}
                    className={cell?.partial && offset > 0 ? "partial" : undefined}
                  >
                    {show(cell)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">{t("ui.average")}</th>
            <td />
            {report.average.map((a) => (
              <td key={a.offset}>
                <strong>{f.rate(a.rate)}</strong>
              </td>
            ))}
          </tr>
        </tfoot>
      </table>
    </div>
  );
}

function Average({ report }: { report: CohortReport }) {
  const { t } = useTranslation();
  const f = useFormat();
  const option = useMemo<ChartOption>(() => {
    const behind = (offset: number) =>
      report.cohorts.filter((c) => c.cells.some((cell) => cell.offset === offset)).reduce((sum, c) => sum + c.size, 0);
    const points = report.average.filter((a) => a.offset > 0 && behind(a.offset) >= SMALL_COHORT);
    return {
      grid: { top: 12 },
      legend: { show: false },
      xAxis: {
        type: "category",
        boundaryGap: false,
        data: points.map((a) => t("measurement.month_n", { n: a.offset })),
      },
      yAxis: { type: "value", min: 0, axisLabel: { formatter: (value: number) => f.rate(value) } },
      tooltip: { valueFormatter: (value) => f.rate(value as number) },
      series: [
        {
          type: "line",
          name: t("ui.average"),
          data: points.map((a) => a.rate),
          symbolSize: 5,
          areaStyle: { opacity: 0.08 },
        },
      ],
    };
  }, [report, f, t]);
  return <Chart option={option} height={200} label={t("measurement.cohort_average")} />;
}
