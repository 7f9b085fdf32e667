import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Customer } from "@/api/types";
import { useCustomer } from "@/rooms/customers/queries";
import { Loading } from "@/ui/Loading";
import { ProblemView } from "@/ui/ProblemView";
import { type Format, useFormat } from "@/ui/useFormat";

type Row = { label: string; values: [string, string] };

/** Two customers, line by line; what is equal is marked, and what only one has can be seen at once. */
export function SideBySide({ ids }: { ids: [number, number] }) {
  const { t } = useTranslation();
  const f = useFormat();
  const [left, right] = [useCustomer(ids[0]), useCustomer(ids[1])];
  const error = left.error ?? right.error;
  if (error) return <ProblemView error={error} compact />;
  if (!left.data || !right.data) return <Loading lines={6} />;
  const both: [Customer, Customer] = [left.data, right.data];
  const rows = lines(both, f, t).filter((row) => row.values.some(Boolean));
  return (
    <div className="table-scroll">
      <table className="table pair-table">
        <caption className="visually-hidden">{t("identity.side_by_side")}</caption>
        <thead>
          <tr>
            <th scope="col">
              <span className="visually-hidden">{t("identity.what")}</span>
            </th>
            {both.map((customer) => (
              <th scope="col" key={customer.id}>
                <Link to={`/customers/${customer.id}`}>
                  {customer.name || t("customers.nameless", { id: customer.id })}
                </Link>{" "}
                <span className="muted mono">#{customer.id}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ label, values }) => (
            <tr key={label} className={values[0] && values[0] === values[1] ? "same" : undefined}>
              <th scope="row">{label}</th>
              {values.map((value, side) => (
                <td key={`${label}${both[side]!.id}`} className="wrap">
                  {value || <span className="muted">–</span>}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function lines(both: [Customer, Customer], f: Format, t: (key: string) => string): Row[] {
  const row = (label: string, read: (customer: Customer) => string | null | undefined): Row => ({
    label,
    values: [read(both[0]) ?? "", read(both[1]) ?? ""],
  });
  const spaces = [...new Set(both.flatMap((customer) => customer.identifiers.map((each) => each.namespace)))];
  const named = (customer: Customer, space: string) => customer.identifiers.filter((each) => each.namespace === space);
  const identifierRows = spaces.map((space) => {
    const one = both.flatMap((customer) => named(customer, space))[0];
    return row(f.label(one?.namespace_name) || space, (customer) =>
      named(customer, space)
        .map((each) => each.value ?? each.value_masked)
        .join("、"),
    );
  });
  return [
    row(t("identity.field_name"), (customer) => customer.name),
    ...identifierRows,
    row(t("customers.birthday"), (customer) => customer.birthday),
    row(t("customers.place"), (customer) => [customer.province, customer.city].filter(Boolean).join(" ")),
    row(t("identity.field_address"), (customer) => attribute(customer, "address")),
    row(t("customers.orders"), (customer) => (customer.order_count ? f.count(customer.order_count) : null)),
    row(t("customers.spend"), (customer) => (customer.spend_fen ? f.money(customer.spend_fen) : null)),
    row(t("customers.last_order"), (customer) => (customer.last_order_on ? f.date(customer.last_order_on) : null)),
    row(t("customers.registered"), (customer) => customer.registered_on),
  ];
}

function attribute(customer: Customer, path: string): string | null {
  const value = customer.attributes.find((each) => each.path === path)?.value;
  return value == null ? null : String(value);
}
