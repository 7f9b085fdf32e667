import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, must } from "@/api/client";
import { By } from "@/ui/By";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { MoreButton } from "@/ui/MoreButton";
import { QueryView } from "@/ui/QueryView";
import { useCursorList } from "@/ui/useCursorList";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";

export function LooksTab() {
  const { t } = useTranslation();
  const f = useFormat();
  const [params, change] = useQueryState();
  const customer = Number(params.get("customer")) || undefined;
  const actor = params.get("actor") ?? "";
  const [typed, setTyped] = useState(actor);
  const { query, rows } = useCursorList(["rights", "looks", customer, actor], (cursor) =>
    must(
      api.GET("/api/v1/looks", {
        params: {
          query: { customer_id: customer, actor: actor || undefined, before: cursor ? Number(cursor) : undefined },
        },
      }),
    ),
  );
  return (
    <div className="stack">
      <div className="row">
        <Input.Search
          allowClear
          aria-label={t("rights.who")}
          placeholder={t("rights.who")}
          value={typed}
          onChange={(e) => setTyped(e.target.value)}
          onSearch={(text) => change({ actor: text.trim() }, true)}
          style={{ width: 200 }}
        />
        {customer && (
          <Button type="link" onClick={() => change({ customer: null })}>
            {t("rights.all_customers")}
          </Button>
        )}
      </div>
      <div className="panel">
        <QueryView query={query} lines={8}>
          {() =>
            rows.length === 0 ? (
              <Empty title={t("rights.no_looks")} />
            ) : (
              <DataTable
                caption={t("rights.looks")}
                cards
                rows={rows}
                rowKey={(row) => row.id}
                columns={[
                  { key: "at", title: t("rights.at"), render: (row) => f.time(row.at) },
                  { key: "who", title: t("rights.who"), render: (row) => <By who={row.actor} /> },
                  { key: "what", title: t("rights.what"), render: (row) => t(`rights.look_${row.what}`) },
                  {
                    key: "customer",
                    title: t("rights.customer"),
                    render: (row) =>
                      row.customer_id ? (
                        <Link to={`/customers/${row.customer_id}`}>#{row.customer_id}</Link>
                      ) : (
                        t("rights.people", { n: f.count(row.count) })
                      ),
                  },
                  { key: "detail", title: t("rights.detail"), wrap: true, render: (row) => row.detail },
                ]}
              />
            )
          }
        </QueryView>
        <MoreButton query={query} />
      </div>
    </div>
  );
}
