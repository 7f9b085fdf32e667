import { useTranslation } from "react-i18next";
import type { Customer } from "@/api/types";
import { useMay } from "@/shell/session";
import { Panel } from "@/ui/Panel";
import { useFormat } from "@/ui/useFormat";
import { useWords } from "./words";

/** Who this is: identifiers (masked unless the member may see them) and what is known. */
export function ProfilePanel({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const word = useWords();
  const facts: [string, string | null][] = [
    [t("customers.gender"), customer.gender && word("gender", customer.gender)],
    [t("customers.birthday"), customer.birthday],
    [t("customers.place"), [customer.province, customer.city].filter(Boolean).join(" ") || null],
    [t("customers.source"), customer.source && word("source", customer.source)],
    [t("customers.tier"), customer.tier],
    [t("customers.registered"), customer.registered_on],
  ];
  const known = facts.filter((fact): fact is [string, string] => Boolean(fact[1]));
  return (
    <Panel title={t("customers.profile")} hint={may("customers.identifiers") ? undefined : t("customers.masked_hint")}>
      <dl className="keyvals">
        {customer.identifiers.map((identifier) => (
          <div className="pair" key={`${identifier.namespace}${identifier.value_masked}`}>
            <dt>{f.label(identifier.namespace_name) || identifier.namespace}</dt>
            <dd className="mono" title={t("customers.first_seen", { at: f.time(identifier.first_seen_at) })}>
              {identifier.value ?? identifier.value_masked}
            </dd>
          </div>
        ))}
        {known.map(([label, value]) => (
          <div className="pair" key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        {customer.attributes.map((attribute) => (
          <div className="pair" key={attribute.path}>
            <dt className="mono">{attribute.path}</dt>
            <dd title={f.time(attribute.set_at)}>
              {typeof attribute.value === "object" ? JSON.stringify(attribute.value) : String(attribute.value)}
            </dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}
