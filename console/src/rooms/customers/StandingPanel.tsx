import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Customer } from "@/api/types";
import { StageChip } from "@/ui/Chip";
import { Panel } from "@/ui/Panel";
import { useFormat } from "@/ui/useFormat";

/** Where this person stands: RFM, lifecycle, and what they may still buy, with how sure that is. */
export function StandingPanel({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  return (
    <Panel title={t("customers.standing")}>
      <div className="standing">
        <Rfm customer={customer} />
        <Stage customer={customer} />
        <Value customer={customer} />
      </div>
      {!customer.rfm_detail && !customer.stage_detail && !customer.value && (
        <p className="muted small">{t("customers.standing_none")}</p>
      )}
    </Panel>
  );
}

function Rfm({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  const f = useFormat();
  const rfm = customer.rfm_detail;
  if (!rfm) return null;
  const rows = [
    ["r", rfm.r, t("ui.days", { n: f.count(rfm.recency_days), count: rfm.recency_days })],
    ["f", rfm.f, t("ui.orders", { n: f.count(rfm.frequency), count: rfm.frequency })],
    ["m", rfm.m, f.money(rfm.monetary_fen)],
  ] as const;
  return (
    <div>
      <h3>
        <Link to="/rfm">RFM</Link>
      </h3>
      {rows.map(([axis, score, text]) => (
        <p key={axis} className="rfm-line">
          <span>{t(`segments.rfm_${axis}`)}</span>
          <span className="dots" role="img" aria-label={t("customers.score", { score })}>
            {[1, 2, 3, 4, 5].map((n) => (
              <i key={n} className={n <= score ? "on" : ""} />
            ))}
          </span>
          <span className="num muted small">{text}</span>
        </p>
      ))}
    </div>
  );
}

function Stage({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  const f = useFormat();
  const stage = customer.stage_detail;
  if (!stage) return null;
  return (
    <div>
      <h3>
        <Link to="/lifecycle">{t("shell.page_lifecycle")}</Link>
      </h3>
      <p>
        <StageChip stage={stage.stage} />
        {stage.since_on && <span className="small muted"> {t("customers.since", { on: stage.since_on })}</span>}
      </p>
      {stage.gap_days != null && <p className="small">{t("customers.gap", { n: f.count(stage.gap_days) })}</p>}
      {stage.expected_gap_days != null && (
        <p className="small muted">
          {t(customer.order_count > 1 ? "customers.expected_gap" : "customers.usual_gap", {
            n: f.count(stage.expected_gap_days, 1),
          })}
        </p>
      )}
    </div>
  );
}

function Value({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  const f = useFormat();
  const value = customer.value;
  if (!value) return null;
  const { low_fen: low, high_fen: high } = value;
  const at = (fen: number) => `${Math.min(100, (fen / Math.max(high ?? 0, 1)) * 100)}%`;
  return (
    <div>
      <h3>
        <Link to="/value">{t("customers.predicted", { n: value.horizon_days })}</Link>
      </h3>
      <p className="figure-value num">{f.money(value.predicted_value_fen)}</p>
      {high === 0 && <p className="small muted">{t("customers.likely_nothing")}</p>}
      {low !== null && high !== null && high > 0 && (
        <>
          <div className="interval" aria-hidden="true">
            <i style={{ left: at(low), right: `calc(100% - ${at(high)})` }} />
            <b style={{ left: at(value.predicted_value_fen) }} />
          </div>
          <p className="small muted num">{t("customers.interval", { low: f.money(low), high: f.money(high) })}</p>
        </>
      )}
      <p className="small num">
        {t("customers.predicted_orders", { n: f.count(value.predicted_orders, 2) })}
        {value.p_alive != null && ` · ${t("customers.p_alive", { rate: f.rate(value.p_alive) })}`}
      </p>
      {value.flags.map((flag) => (
        <p key={flag} className="small flag">
          {flag}
        </p>
      ))}
    </div>
  );
}
