import { useTranslation } from "react-i18next";
import { Chip, type Tone } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { usePastAdvice } from "./queries";
import type { PastAdvice } from "./shapes";

const TONE: Record<PastAdvice["verdict"], Tone> = { open: "plain", true: "pine", false: "cinnabar", unknown: "ochre" };

/** Advice that was taken, and whether it came true. */
export function Past() {
  const { t } = useTranslation();
  const f = useFormat();
  const query = usePastAdvice();
  return (
    <Panel title={t("returns.past")} hint={t("returns.past_hint")} flush>
      <QueryView query={query} lines={4}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={t("returns.past_none")} hint={t("returns.past_none_hint")} />
          ) : (
            <DataTable
              caption={t("returns.past")}
              cards
              rows={items}
              rowKey={(one) => one.id}
              columns={[
                { key: "month", title: t("ui.month"), render: (one) => one.month },
                {
                  key: "taken",
                  title: t("returns.taken"),
                  render: (one) => t("returns.taken_by", { by: one.taken_by, at: f.time(one.taken_at) }),
                },
                {
                  key: "gain",
                  title: t("returns.gain_then"),
                  align: "right",
                  render: (one) => (
                    <>
                      {f.money(one.gain_fen)}{" "}
                      <span className="muted small">
                        {t("returns.between", { low: f.money(one.gain_low_fen), high: f.money(one.gain_high_fen) })}
                      </span>
                    </>
                  ),
                },
                {
                  key: "came",
                  title: t("returns.came"),
                  align: "right",
                  render: (one) =>
                    one.came_fen == null ? (
                      <span className="muted">{t("returns.not_yet")}</span>
                    ) : (
                      <>
                        {f.money(one.came_fen)}{" "}
                        {one.came_low_fen != null && (
                          <span className="muted small">
                            {t("returns.between", { low: f.money(one.came_low_fen), high: f.money(one.came_high_fen) })}
                          </span>
                        )}
                      </>
                    ),
                },
                {
                  key: "verdict",
                  title: t("returns.verdict"),
                  render: (one) => <Chip tone={TONE[one.verdict]}>{t(`returns.verdict_${one.verdict}`)}</Chip>,
                },
              ]}
            />
          )
        }
      </QueryView>
    </Panel>
  );
}
