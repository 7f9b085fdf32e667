import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import type { Customer } from "@/api/types";
import { EndedChip } from "@/rooms/carriers/RelationsList";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";

/** Who holds this person, on every carrier, and how each relation began and ended. */
export function RelationsPanel({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  const f = useFormat();
  const query = useQuery({
    queryKey: ["customers", "relations", customer.id],
    queryFn: () => must(api.GET("/api/v1/customers/{id}/relations", { params: { path: { id: customer.id } } })),
  });
  return (
    <Panel title={t("carriers.relations_of")} hint={t("carriers.relations_of_hint")}>
      <QueryView query={query} lines={2}>
        {(data) =>
          data.items.length === 0 ? (
            <p className="muted small">{t("carriers.relations_of_none")}</p>
          ) : (
            <ul className="relation-list">
              {data.items.map((one) => (
                <li key={`${one.account_id} ${one.staff} ${one.began_at}`}>
                  <p className="row spread">
                    <strong>{one.staff_name || one.staff || one.account_name}</strong>
                    <EndedChip relation={one} />
                  </p>
                  <p className="muted small">
                    {one.account_name} ·{" "}
                    {t("carriers.from_to", {
                      from: f.date(one.began_at),
                      to: one.ended_at ? f.date(one.ended_at) : t("carriers.until_now"),
                    })}
                    {(one.contact_way_name || one.state) && ` · ${one.contact_way_name || one.state}`}
                    {one.add_way_name && ` · ${f.label(one.add_way_name)}`}
                  </p>
                </li>
              ))}
            </ul>
          )
        }
      </QueryView>
    </Panel>
  );
}
