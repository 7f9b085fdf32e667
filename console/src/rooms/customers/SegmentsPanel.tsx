import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Customer } from "@/api/types";
import { Panel } from "@/ui/Panel";
import { useFormat } from "@/ui/useFormat";

export function SegmentsPanel({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <Panel title={t("customers.in_segments")}>
      {customer.segments.length === 0 ? (
        <p className="muted">{t("customers.in_no_segment")}</p>
      ) : (
        <ul className="people">
          {customer.segments.map((segment) => (
            <li key={segment.id}>
              <Link to={`/segments/${segment.id}`}>{segment.name}</Link>
              <span className="small muted num">{t("customers.since", { on: f.date(segment.since_at) })}</span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
