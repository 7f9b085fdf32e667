import type { ReactNode } from "react";
import { Link } from "react-router";
import type { Rule } from "@/api/types";
import { useAsOf } from "./ReportPage";

type Props = { rule: Rule; label?: string; children: ReactNode };

/** Leads to the people behind a number. The list knows people as they are now, so a number of an earlier day leads nowhere. */
export function PeopleLink({ rule, label, children }: Props) {
  const [asOf] = useAsOf();
  if (asOf) return <span title={label}>{children}</span>;
  return (
    <Link to={`/customers?filter=${encodeURIComponent(JSON.stringify(rule))}`} title={label} aria-label={label}>
      {children}
    </Link>
  );
}
