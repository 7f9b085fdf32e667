import { useTranslation } from "react-i18next";
import type { CampaignReport, Effect } from "@/api/types";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { EffectRow } from "@/ui/EffectRow";
import { Panel } from "@/ui/Panel";
import { useFormat } from "@/ui/useFormat";

type Props = { lift: CampaignReport["lift"]; reading: CampaignReport["reading"]; windowAt: string | null };

/** Told against kept back. What is not shown by the data is not said. */
export function LiftPanel({ lift, reading, windowAt }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const points = (value: number) => `${value > 0 ? "+" : ""}${f.count(value * 100, 2)}`;
  const money = (value: number) => `${value > 0 ? "+" : ""}${f.money(value)}`;
  const { bought } = lift;
  const waits = lift.why_not_code === "hidden";
  const tone = lift.why_not
    ? waits
      ? ""
      : "blocked"
    : bought?.is_detected
      ? bought.difference > 0
        ? "up"
        : "down"
      : "";
  return (
    <Panel
      title={t("campaigns.lift")}
      hint={t("campaigns.lift_hint")}
      extra={<Chip tone="indigo">{t(`campaigns.reading_${reading}`)}</Chip>}
    >
      <div className="stack">
        <div className={`verdict ${tone}`} role="status">
          {lift.why_not ? (
            <>
              <p className="big-say">{t(`campaigns.why_not_${lift.why_not_code ?? "hidden"}`)}</p>
              <p className="muted">{f.label(lift.why_not)}</p>
              {waits && windowAt && <p className="muted small">{t("campaigns.shown_at", { at: f.time(windowAt) })}</p>}
            </>
          ) : (
            <>
              <p className="big-say">{t(bought?.is_detected ? sayOf(bought) : "campaigns.no_effect")}</p>
              {bought && <p className="muted">{f.label(bought.finding)}</p>}
              {lift.extra_buyers !== null && lift.extra_buyers_low !== null && lift.extra_buyers_high !== null && (
                <p className="num">
                  {t("campaigns.extra_say", {
                    buyers: f.count(Math.round(lift.extra_buyers)),
                    low: f.count(Math.round(lift.extra_buyers_low)),
                    high: f.count(Math.round(lift.extra_buyers_high)),
                  })}
                </p>
              )}
            </>
          )}
        </div>
        <DataTable
          caption={t("campaigns.arms")}
          rows={[
            { key: "treated", arm: lift.treated },
            { key: "control", arm: lift.control },
          ]}
          rowKey={(row) => row.key}
          columns={[
            { key: "arm", title: t("campaigns.arm"), render: (row) => t(`campaigns.arm_${row.key}`) },
            { key: "people", title: t("campaigns.people"), align: "right", render: (row) => f.count(row.arm.people) },
            {
              key: "bought",
              title: t("campaigns.stage_bought"),
              align: "right",
              render: (row) => f.count(row.arm.bought),
            },
            {
              key: "rate",
              title: t("campaigns.bought_rate"),
              align: "right",
              render: (row) => (row.arm.people ? f.rate(row.arm.bought / row.arm.people, 2) : "–"),
            },
            {
              key: "spend",
              title: t("campaigns.spend_each"),
              align: "right",
              render: (row) => (row.arm.people ? f.money(row.arm.spend_fen / row.arm.people) : "–"),
            },
          ]}
        />
        <dl className="intervals">
          <EffectRow
            name={t("campaigns.effect_bought")}
            unit={t("campaigns.unit_points")}
            effect={lift.bought}
            text={points}
          />
          <EffectRow
            name={t("campaigns.effect_spend")}
            effect={lift.spend}
            text={money}
            others={[lift.spend_adjusted]}
          />
          <EffectRow
            name={t("campaigns.effect_adjusted")}
            unit={lift.reduction ? t("campaigns.narrower", { rate: f.rate(lift.reduction, 0) }) : undefined}
            effect={lift.spend_adjusted}
            text={money}
            others={[lift.spend]}
          />
        </dl>
        {lift.mismatch_p !== null && (
          <p className="muted small num">
            {t("campaigns.split_check", {
              planned: f.rate(lift.planned_control_rate),
              seen: f.rate(lift.control.people / Math.max(1, lift.control.people + lift.treated.people)),
              p: lift.mismatch_p < 0.001 ? "< 0.001" : f.count(lift.mismatch_p, 3),
            })}
          </p>
        )}
      </div>
    </Panel>
  );
}

const sayOf = (effect: Effect): string => (effect.difference > 0 ? "campaigns.effect_up" : "campaigns.effect_down");
