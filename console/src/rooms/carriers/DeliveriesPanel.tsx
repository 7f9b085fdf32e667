import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Modal, Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import type { CarrierAccount } from "@/api/types";
import { useMay } from "@/shell/session";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { MoreButton } from "@/ui/MoreButton";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useCursorList } from "@/ui/useCursorList";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";

const STATUSES = ["all", "waiting", "arrived", "given_up"] as const;
const TONE = { waiting: "ochre", arrived: "pine", given_up: "cinnabar" } as const;

/** What this webhook was told, and what came of each attempt. */
export function DeliveriesPanel({ account }: { account: CarrierAccount }) {
  const { t } = useTranslation();
  const f = useFormat();
  const [wanted, want] = useState<(typeof STATUSES)[number]>("all");
  const [opened, open] = useState<string | null>(null);
  const { query, rows } = useCursorList(["carriers", "deliveries", account.id, wanted], (cursor) =>
    must(
      api.GET("/api/v1/carriers/accounts/{account_id}/deliveries", {
        params: {
          path: { account_id: account.id },
          query: { status: wanted === "all" ? undefined : wanted, cursor, limit: 30 },
        },
      }),
    ),
  );
  const filter = (
    <Segmented
      size="small"
      aria-label={t("carriers.outcome")}
      value={wanted}
      onChange={want}
      options={STATUSES.map((one) => ({
        value: one,
        label: one === "all" ? t("ui.all") : t(`carriers.delivery_${one}`),
      }))}
    />
  );
  return (
    <Panel title={t("carriers.deliveries")} hint={t("carriers.deliveries_hint")} extra={filter} flush>
      <QueryView query={query} lines={5}>
        {() =>
          rows.length === 0 ? (
            <Empty title={t("carriers.deliveries_none")} hint={t("carriers.deliveries_none_hint")} />
          ) : (
            <DataTable
              caption={t("carriers.deliveries")}
              cards
              rows={rows}
              rowKey={(row) => row.id}
              columns={[
                { key: "at", title: t("carriers.delivery_made"), render: (row) => f.time(row.created_at) },
                { key: "event", title: t("carriers.delivery_event"), render: (row) => <code>{row.event}</code> },
                {
                  key: "status",
                  title: t("carriers.outcome"),
                  render: (row) => <Chip tone={TONE[row.status]}>{t(`carriers.delivery_${row.status}`)}</Chip>,
                },
                {
                  key: "attempts",
                  title: t("carriers.attempts"),
                  align: "right",
                  render: (row) => f.count(row.attempt_count),
                },
                {
                  key: "next",
                  title: t("carriers.next_attempt"),
                  render: (row) => (row.next_at ? f.time(row.next_at) : "–"),
                },
                {
                  key: "look",
                  title: "",
                  render: (row) => (
                    <Button type="link" size="small" onClick={() => open(row.id)}>
                      {t("carriers.look")}
                    </Button>
                  ),
                },
              ]}
            />
          )
        }
      </QueryView>
      <MoreButton query={query} />
      {opened && <OneDelivery account={account} id={opened} close={() => open(null)} />}
    </Panel>
  );
}

function OneDelivery({ account, id, close }: { account: CarrierAccount; id: string; close: () => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const fail = useFail();
  const client = useQueryClient();
  const path = { params: { path: { account_id: account.id, delivery_id: id } } };
  const query = useQuery({
    queryKey: ["carriers", "delivery", account.id, id],
    queryFn: () => must(api.GET("/api/v1/carriers/accounts/{account_id}/deliveries/{delivery_id}", path)),
  });
  const again = useMutation({
    mutationFn: () => must(api.POST("/api/v1/carriers/accounts/{account_id}/deliveries/{delivery_id}/retry", path)),
    onSuccess: () => client.invalidateQueries({ queryKey: ["carriers"] }),
    onError: fail,
  });
  const mayTry = may("carriers.write") && query.data && query.data.status !== "arrived";
  return (
    <Modal
      open
      title={id}
      onCancel={close}
      width={720}
      footer={
        mayTry ? (
          <Button type="primary" loading={again.isPending} onClick={() => again.mutate()}>
            {t("carriers.try_again")}
          </Button>
        ) : null
      }
    >
      <QueryView query={query} lines={4}>
        {(one) => (
          <div className="stack">
            {one.body ? (
              <pre className="small">{JSON.stringify(one.body, null, 2)}</pre>
            ) : (
              <p className="muted">{t("carriers.body_hidden")}</p>
            )}
            <DataTable
              caption={t("carriers.attempts")}
              cards
              rows={one.attempts}
              rowKey={(row) => String(row.attempt)}
              columns={[
                { key: "at", title: t("carriers.attempt_at"), render: (row) => f.time(row.at) },
                { key: "http", title: "HTTP", align: "right", render: (row) => row.http_status || "–" },
                {
                  key: "says",
                  title: t("carriers.outcome"),
                  wrap: true,
                  render: (row) => (row.says ? f.label(row.says) : t("carriers.delivery_arrived")),
                },
                {
                  key: "excerpt",
                  title: t("carriers.answer"),
                  wrap: true,
                  render: (row) => <code>{row.excerpt || "–"}</code>,
                },
              ]}
            />
          </div>
        )}
      </QueryView>
    </Modal>
  );
}
