import { useTranslation } from "react-i18next";
import type { CampaignReport } from "@/api/types";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Interval, spanOf } from "@/ui/Interval";
import { Panel } from "@/ui/Panel";
import { useFormat } from "@/ui/useFormat";
import type { Behind } from "../PeopleDrawer";

/** The variants side by side, each against the same control. */
export function VariantsPanel({ report, onOpen }: { report: CampaignReport; onOpen: (behind: Behind) => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const points = (value: number) => `${value > 0 ? "+" : ""}${f.count(value * 100, 2)}`;
  const span = spanOf(
    report.variants.flatMap(({ bought }) => (bought ? [bought.low ?? 0, bought.high ?? 0, bought.difference] : [])),
  );
  const note = report.winner
    ? t("campaigns.winner_chosen", { name: report.winner.toUpperCase() })
    : report.leader
      ? t(report.leader_is_clear ? "campaigns.leader_clear" : "campaigns.leader_unclear", {
          name: report.leader.toUpperCase(),
        })
      : t("campaigns.leader_none");
  return (
    <Panel title={t("campaigns.variants")} hint={t("campaigns.variants_report_hint")} flush>
      <p className="panel-note pad">{note}</p>
      <DataTable
        caption={t("campaigns.variants")}
        rows={report.variants}
        rowKey={(row) => row.name}
        columns={[
          {
            key: "name",
            title: t("campaigns.variant"),
            render: (row) => (
              <span className="row tight">
                <span className="variant-letter">{row.name.toUpperCase()}</span>
                {row.name === report.winner && <Chip tone="pine">{t("campaigns.winner")}</Chip>}
              </span>
            ),
          },
          {
            key: "people",
            title: t("campaigns.people"),
            align: "right",
            render: (row) => (
              <button
                type="button"
                className="plain link"
                onClick={() =>
                  onOpen({
                    title: t("campaigns.variant_people", { name: row.name.toUpperCase() }),
                    stage: "treated",
                    variant: row.name,
                  })
                }
              >
                {f.count(row.arm.people)}
              </button>
            ),
          },
          { key: "read", title: t("campaigns.read_rate"), align: "right", render: (row) => f.rate(row.read_rate) },
          { key: "click", title: t("campaigns.click_rate"), align: "right", render: (row) => f.rate(row.click_rate) },
          {
            key: "bought",
            title: t("campaigns.bought_rate"),
            align: "right",
            render: (row) => (row.arm.people ? f.rate(row.arm.bought / row.arm.people, 2) : "–"),
          },
          {
            key: "lift",
            title: t("campaigns.lift_points"),
            width: 260,
            render: ({ bought, name }) =>
              bought && bought.low !== null && bought.high !== null ? (
                <Interval
                  label={t("campaigns.lift_of", { name: name.toUpperCase() })}
                  low={bought.low}
                  high={bought.high}
                  point={bought.difference}
                  text={points}
                  span={span}
                />
              ) : (
                "–"
              ),
          },
        ]}
      />
    </Panel>
  );
}
