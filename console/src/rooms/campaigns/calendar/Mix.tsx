import { useTranslation } from "react-i18next";
import type { CalendarInfo } from "@/api/types";
import { Chip } from "@/ui/Chip";
import { Panel } from "@/ui/Panel";
import { useFormat } from "@/ui/useFormat";

/** Promotion against value by week: ochre and pine on one bar, with the figures beside it. */
export function Mix({ weeks }: { weeks: CalendarInfo["weeks"] }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <Panel title={t("campaigns.mix")} hint={t("campaigns.mix_hint")} className="w6">
      <ul className="progress-rows">
        {weeks.map((week) => {
          const all = week.promotion_campaigns + week.value_campaigns || 1;
          const staff = Object.values(week.load_per_staff);
          return (
            <li key={week.from_on} className="progress-row">
              <p className="row spread small">
                <span className="num">{t("campaigns.week_of", { on: week.from_on })}</span>
                <span className="row tight num">
                  {week.is_too_much && <Chip tone="cinnabar">{t("campaigns.mix_too_much")}</Chip>}
                  {week.ratio === null
                    ? week.promotion_campaigns
                      ? t("campaigns.mix_no_value")
                      : t("campaigns.mix_no_promotion")
                    : t("campaigns.mix_ratio", { n: f.count(week.ratio, 1) })}
                </span>
              </p>
              <div className="mix-bar" aria-hidden="true">
                <i className="promotion" style={{ width: `${(week.promotion_campaigns / all) * 100}%` }} />
                <i className="value" style={{ width: `${(week.value_campaigns / all) * 100}%` }} />
              </div>
              <p className="muted small num">
                {t("campaigns.mix_counts", {
                  promotion: week.promotion_campaigns,
                  value: week.value_campaigns,
                  reach: f.count(week.promotion + week.value),
                })}
                {staff.length > 0 && ` · ${t("campaigns.staff_load", { n: f.count(Math.max(...staff), 0) })}`}
              </p>
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}
