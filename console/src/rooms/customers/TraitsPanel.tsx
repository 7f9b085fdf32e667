import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Customer } from "@/api/types";
import { useTraitValue } from "@/rooms/segments/traits/value";
import { Panel } from "@/ui/Panel";

/** What was computed of this customer; traits without a value are left out. */
export function TraitsPanel({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  const value = useTraitValue();
  const known = customer.trait_values.filter((trait) => trait.value !== null);
  if (known.length === 0) return null;
  return (
    <Panel title={t("customers.traits")}>
      <ul className="people">
        {known.map((trait) => (
          <li key={trait.field}>
            <Link to={`/traits/${trait.field.split(":")[1]}`}>{trait.name}</Link>
            <span className="num">{value(trait.value, trait.type)}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
