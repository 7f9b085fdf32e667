import { Segmented, Select } from "antd";
import { useTranslation } from "react-i18next";
import { CsvButton } from "@/ui/CsvButton";
import { reportCsv } from "@/ui/download";
import { Empty } from "@/ui/Empty";
import { useHeat } from "@/ui/heat";
import { Page } from "@/ui/Page";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";
import { useCohortValue, useSources } from "./queries";
import type { CohortCell, CohortValue, ValueCohort } from "./shapes";
import { useSourceName } from "./words";

const SHOWN = ["margin", "revenue", "payback"] as const;
type Shown = (typeof SHOWN)[number];

export function CohortValuePage() {
  const { t } = useTranslation();
  const name = useSourceName();
  const [params, change] = useQueryState();
  const sourceId = Number(params.get("source")) || undefined;
  const shown = SHOWN.find((one) => one === params.get("as")) ?? "margin";
  const query = useCohortValue(sourceId);
  const sources = useSources();
  const actions = (
    <>
      <Select
        allowClear
        showSearch={{ optionFilterProp: "label" }}
        aria-label={t("returns.source")}
        placeholder={t("returns.all_sources")}
        value={sourceId}
        onChange={(id) => change({ source: id ? String(id) : null })}
        options={(sources.data?.items ?? []).map((one) => ({ value: one.source_id, label: name(one) }))}
        style={{ minWidth: 132 }}
      />
      <Segmented
        value={shown}
        options={SHOWN.map((one) => ({ value: one, label: t(`returns.as_${one}`) }))}
        onChange={(one) => change({ as: one === "margin" ? null : one }, true)}
        aria-label={t("returns.as")}
      />
      <CsvButton
        href={reportCsv("/measurement/acquisition/cohorts", { source_id: sourceId ? String(sourceId) : null })}
      />
    </>
  );
  return (
    <Page
      title={t("shell.page_cohort_value")}
      sub={
        <>
          {t("returns.cohorts_sub")}
          {query.data && ` · ${t("ui.as_of", { on: query.data.as_of_on })}`}
        </>
      }
      actions={actions}
    >
      <QueryView query={query} lines={10} height={420}>
        {(report) =>
          report.cohorts.length === 0 ? (
            <Empty title={t("returns.no_cohorts")} hint={t("returns.no_cohorts_hint")} />
          ) : (
            <Panel title={t(`returns.heat_${shown}`)} hint={t(`returns.heat_${shown}_hint`)} flush>
              <Heat report={report} shown={shown} />
            </Panel>
          )
        }
      </QueryView>
    </Page>
  );
}

/** A table in which every cell is a number that can be read, copied and announced; the colour follows it. */
function Heat({ report, shown }: { report: CohortValue; shown: Shown }) {
  const { t } = useTranslation();
  const f = useFormat();
  const heat = useHeat();
  const ages = [...new Set(report.cohorts.flatMap((one) => one.cells.map((cell) => cell.age)))].toSorted(
    (a, b) => a - b,
  );
  const value = (cohort: ValueCohort, cell: CohortCell) => {
    if (shown === "payback") return cohort.spend_fen > 0 ? cell.margin_fen / cohort.spend_fen : null;
    const fen = shown === "margin" ? cell.margin_fen : cell.revenue_fen;
    return cohort.people > 0 ? fen / cohort.people : null;
  };
  const all = report.cohorts.flatMap((one) => one.cells.map((cell) => value(one, cell) ?? 0));
  const top = shown === "payback" ? 1 : Math.max(1, ...all);
  const text = (number: number | null) => (shown === "payback" ? f.rate(number, 0) : f.money(round(number)));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <div className="table-scroll" role="group" tabIndex={0} aria-label={t(`returns.heat_${shown}`)}>
      <table className="heat-table full">
        <caption className="visually-hidden">{t(`returns.heat_${shown}_hint`)}</caption>
        <thead>
          <tr>
            <th scope="col">{t("returns.cohort_month")}</th>
            <th scope="col">{t("returns.people")}</th>
            <th scope="col">{t("returns.spend")}</th>
            <th scope="col">{t("returns.each_cost")}</th>
            <th scope="col">{t("returns.paid_back_in")}</th>
            {ages.map((age) => (
              <th key={age} scope="col">
                {t("returns.age_n", { n: age })}
              </th>
            ))}
            <th scope="col">{t("returns.expected_each")}</th>
          </tr>
        </thead>
        <tbody>
          {report.cohorts.map((cohort) => (
            <tr key={cohort.month}>
              <th scope="row">{cohort.month}</th>
              <td>{f.count(cohort.people)}</td>
              <td>{f.moneyShort(cohort.spend_fen)}</td>
              <td>{f.money(round(cohort.people > 0 ? cohort.spend_fen / cohort.people : null))}</td>
              <td>
                {cohort.payback_age == null ? (
                  <span className="muted">{t("returns.not_yet")}</span>
                ) : (
                  t("returns.in_months", { n: cohort.payback_age })
                )}
              </td>
              {ages.map((age) => {
                const cell = cohort.cells.find((one) => one.age === age);
                const number = cell ? value(cohort, cell) : null;
                const said = cell
                  ? t("returns.cell_said", {
                      month: cohort.month,
                      n: age,
                      margin: f.money(cell.margin_fen),
                      revenue: f.money(cell.revenue_fen),
                      buyers: f.count(cell.buyers),
                    })
                  : undefined;
                const back = cohort.payback_age != null && age >= cohort.payback_age;
                return (
                  <td
                    key={age}
                    style={cell ? heat(Math.min(1, (number ?? 0) / top)) : undefined}
                    className={
                      [cell?.partial ? "partial" : "", cell && back ? "back" : ""].join(" ").trim() || undefined
                    }
                    title={cell?.partial ? `${said} · ${t("measurement.unfinished")}` : said}
                  >
                    {cell ? text(number) : ""}
                  </td>
                );
              })}
              <td
                title={t("returns.between", {
                  low: f.money(cohort.expected_low_fen),
                  high: f.money(cohort.expected_high_fen),
                })}
              >
                {f.money(round(cohort.people > 0 ? cohort.expected_fen / cohort.people : null))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="muted small panel-foot">{t("returns.heat_note")}</p>
    </div>
  );
}

const round = (fen: number | null) => (fen == null ? null : Math.round(fen));
