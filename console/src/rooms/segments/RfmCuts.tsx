import { useTranslation } from "react-i18next";
import type { RfmReport } from "@/api/types";
import { DataTable } from "@/ui/DataTable";
import { Panel } from "@/ui/Panel";
import { type Format, useFormat } from "@/ui/useFormat";

type Axis = "r" | "f" | "m";

type Unit = (n: string, count: number) => string;

function span(axis: Axis, low: number, high: number, f: Format, unit: Unit): string {
  const show = (n: number) => (axis === "m" ? f.money(n) : f.count(n, 1));
  const text = low === high ? show(low) : `${show(low)} – ${show(high)}`;
  return axis === "m" ? text : unit(text, high);
}

/** Where one score ends and the next begins. */
export function RfmCuts({ report }: { report: RfmReport }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <Panel title={t("segments.cuts")} hint={t("segments.cuts_hint", { version: report.version })} flush>
      <div className="three">
        {(["r", "f", "m"] as const).map((axis) => (
          <DataTable
            key={axis}
            caption={t(`segments.rfm_${axis}`)}
            rows={report.cuts[axis].toSorted((a, b) => b.score - a.score)}
            rowKey={(cut) => cut.score}
            columns={[
              { key: "score", title: t(`segments.rfm_${axis}`), render: (cut) => <strong>{cut.score}</strong> },
              {
                key: "span",
                title: t(`segments.cut_${axis}`),
                render: (cut) =>
                  span(axis, cut.low, cut.high, f, (n, count) =>
                    t(axis === "r" ? "ui.days" : "ui.orders", { n, count }),
                  ),
              },
              { key: "count", title: t("ui.customers"), align: "right", render: (cut) => f.count(cut.count) },
            ]}
          />
        ))}
      </div>
    </Panel>
  );
}
