import { Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { RfmReport, Rule } from "@/api/types";
import { Bar } from "@/ui/Bar";
import { DataTable } from "@/ui/DataTable";
import { useHeat } from "@/ui/heat";
import { Panel } from "@/ui/Panel";
import { PeopleLink } from "@/ui/PeopleLink";
import { QueryView } from "@/ui/QueryView";
import { ReportPage, useAsOf } from "@/ui/ReportPage";
import { useFormat } from "@/ui/useFormat";
import { NoOrders } from "./NoOrders";
import { useRfm } from "./queries";
import { RfmCuts } from "./RfmCuts";

const SCORES = [1, 2, 3, 4, 5];
type Measure = "count" | "spend_fen" | "average_fen";
const MEASURES: Measure[] = ["count", "spend_fen", "average_fen"];

export function RfmPage() {
  const { t } = useTranslation();
  const [asOf] = useAsOf();
  const query = useRfm(asOf);
  return (
    <ReportPage
      title={t("shell.page_rfm")}
      sub={t("segments.rfm_sub")}
      asOfOn={query.data?.as_of_on}
      path="/segments/rfm"
    >
      <QueryView query={query} lines={8} height={480}>
        {(report) => (report.no_orders ? <NoOrders said={report.no_orders} /> : <Body report={report} />)}
      </QueryView>
    </ReportPage>
  );
}

function Body({ report }: { report: RfmReport }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <div className="grid">
      <Grid report={report} />
      <Panel title={t("segments.rfm_groups")} hint={t("segments.rfm_groups_hint")} className="w5" flush>
        <DataTable
          caption={t("segments.rfm_groups")}
          rows={report.groups}
          rowKey={(group) => group.key}
          columns={[
            {
              key: "name",
              title: t("segments.group"),
              wrap: true,
              render: (group) => (
                <>
                  <PeopleLink rule={group.rule as Rule}>{f.label(group.name)}</PeopleLink>
                  <p className="muted small">{f.label(group.definition)}</p>
                </>
              ),
            },
            {
              key: "count",
              title: t("ui.customers"),
              align: "right",
              render: (group) => (
                <>
                  <PeopleLink rule={group.rule as Rule}>{f.count(group.count)}</PeopleLink>
                  <Bar value={report.customer_count ? group.count / report.customer_count : 0} />
                </>
              ),
            },
            {
              key: "spend",
              title: t("segments.spend"),
              align: "right",
              render: (group) => f.moneyShort(group.spend_fen),
            },
          ]}
        />
      </Panel>
      <RfmCuts report={report} />
    </div>
  );
}

/** Recency down, frequency across: a cell is people, and a click shows them. */
function Grid({ report }: { report: RfmReport }) {
  const { t } = useTranslation();
  const f = useFormat();
  const heat = useHeat();
  const [measure, setMeasure] = useState<Measure>("count");
  const value = (cell: RfmReport["rf"][number] | undefined): number | null => (cell ? cell[measure] : null);
  const top = Math.max(...report.rf.map((cell) => value(cell) ?? 0), 1);
  const show = (n: number | null) => (measure === "count" ? f.short(n) : f.moneyShort(n));
  const cell = (r: number, freq: number) => report.rf.find((c) => c.r === r && c.f === freq);
  return (
    <Panel
      title={t("segments.rfm_grid")}
      hint={t("segments.rfm_grid_hint")}
      className="w7"
      extra={
        <Segmented
          size="small"
          value={measure}
          onChange={setMeasure}
          aria-label={t("segments.measure")}
          options={MEASURES.map((m) => ({ value: m, label: t(`segments.grid_${m}`) }))}
        />
      }
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
      <div className="table-scroll" role="group" tabIndex={0} aria-label={t("segments.rfm_grid")}>
        <table className="heat-table rfm-grid">
          <caption className="visually-hidden">{t("segments.rfm_grid_hint")}</caption>
          <thead>
            <tr>
              <td />
              {SCORES.map((freq) => (
                <th key={freq} scope="col">
                  F{freq}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {SCORES.toReversed().map((r) => (
              <tr key={r}>
                <th scope="row">R{r}</th>
                {SCORES.map((freq) => {
                  const found = cell(r, freq);
                  const label = t("segments.rfm_cell", {
                    r,
                    f: freq,
                    n: f.count(found?.count ?? 0),
                    money: f.money(found?.spend_fen ?? 0),
                  });
                  return (
                    <td key={freq} style={heat((value(found) ?? 0) / top)}>
                      <PeopleLink rule={{ kind: "rfm", r: [r], f: [freq] }} label={label}>
                        {found?.count ? show(value(found)) : "·"}
                      </PeopleLink>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="muted small rfm-axis">{t("segments.rfm_axes")}</p>
    </Panel>
  );
}
