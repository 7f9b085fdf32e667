import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useMay } from "@/shell/session";
import { Chip } from "@/ui/Chip";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { GivePoints } from "./GivePoints";
import { useCustomerLoyalty, useGiving } from "./queries";
import { CODE_TONE } from "./words";

/** A customer's points with the batches that end, what moved them, and their coupons. */
export function LoyaltyPanel({ id }: { id: number }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const query = useCustomerLoyalty(id);
  const giving = useGiving();
  const [open, setOpen] = useState(false);
  const extra = may("loyalty.write") && (
    <Button size="small" loading={giving.busy} onClick={() => setOpen(true)}>
      {t("loyalty.give_points")}
    </Button>
  );
  return (
    <Panel title={t("loyalty.card")} extra={extra}>
      <QueryView query={query} lines={3}>
        {(one) => (
          <div className="stack">
            <p>
              <strong className="num figure-value">{f.count(one.points)}</strong> {t("loyalty.points")}
            </p>
            {one.lots.some((lot) => lot.last_on) && (
              <ul className="plain-list small">
                {one.lots
                  .filter((lot) => lot.last_on)
                  .slice(0, 3)
                  .map((lot) => (
                    <li key={lot.id} className="muted">
                      {t("loyalty.lot_ends", { n: f.count(lot.remaining), day: lot.last_on })}
                    </li>
                  ))}
              </ul>
            )}
            {one.movements.length > 0 && (
              <details>
                <summary>{t("loyalty.movements", { n: f.count(one.movements.length) })}</summary>
                <ul className="plain-list small">
                  {one.movements.map((move) => (
                    <li key={move.posting_id}>
                      <span className="muted">{f.date(move.at)}</span> {move.reason}{" "}
                      <span className={move.points < 0 ? "loss num" : "num"}>
                        {move.points > 0 ? "+" : ""}
                        {f.count(move.points)}
                      </span>
                    </li>
                  ))}
                </ul>
              </details>
            )}
            {one.coupons.length === 0 ? (
              <p className="muted small">{t("loyalty.no_coupons_of")}</p>
            ) : (
              <ul className="plain-list">
                {one.coupons.map((code) => (
                  <li key={code.code_id}>
                    <span className="row">
                      <Link to={`/coupons/${code.coupon_id}`}>{code.name}</Link>
                      <Chip tone={CODE_TONE[code.state as keyof typeof CODE_TONE]}>
                        {t(`loyalty.state_${code.state}`)}
                      </Chip>
                    </span>
                    <p className="muted small">
                      <code>{code.code}</code> · {f.label(code.promise)} ·{" "}
                      {code.redeemed_at ? f.date(code.redeemed_at) : t("loyalty.until_day", { day: code.last_on })}
                    </p>
                  </li>
                ))}
              </ul>
            )}
          </div>
        )}
      </QueryView>
      {open && <GivePoints onClose={() => setOpen(false)} started={giving.start} to={{ customer_ids: [id] }} />}
    </Panel>
  );
}
