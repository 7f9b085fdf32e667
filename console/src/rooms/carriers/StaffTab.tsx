import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Input, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, must } from "@/api/client";
import type { StaffInfo } from "@/api/types";
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
import { useQueryState } from "@/ui/useQueryState";
import { useAccounts, useStores } from "./queries";
import { PRODUCTS_WITH_STAFF } from "./words";

const STATUSES = ["active", "disabled", "left"] as const;

/** Who serves customers, from the carriers themselves; only the store is ours to say. */
export function StaffTab() {
  const { t } = useTranslation();
  const f = useFormat();
  const [params, change] = useQueryState();
  const [typed, setTyped] = useState(params.get("q") ?? "");
  const stores = useStores();
  const wanted = {
    status: (params.get("status") as (typeof STATUSES)[number] | null) ?? undefined,
    store: params.get("store") ? Number(params.get("store")) : undefined,
    q: params.get("q") ?? undefined,
  };
  const { query, rows } = useCursorList(["carriers", "staff", wanted], (cursor) =>
    must(api.GET("/api/v1/team/staff", { params: { query: { ...wanted, cursor, limit: 50 } } })),
  );
  const filter = (
    <>
      <Select
        allowClear
        aria-label={t("carriers.store")}
        placeholder={t("carriers.store")}
        style={{ minWidth: 150 }}
        value={wanted.store}
        onChange={(value) => change({ store: value ? String(value) : null }, true)}
        options={(stores.data?.items ?? []).map((one) => ({ value: one.id, label: one.name }))}
      />
      <Select
        allowClear
        aria-label={t("team.state")}
        placeholder={t("team.state")}
        style={{ minWidth: 110 }}
        value={wanted.status}
        onChange={(value) => change({ status: value ?? null }, true)}
        options={STATUSES.map((one) => ({ value: one, label: t(`carriers.staff_${one}`) }))}
      />
      <Input.Search
        allowClear
        aria-label={t("carriers.find_staff")}
        placeholder={t("carriers.find_staff")}
        value={typed}
        onChange={(e) => setTyped(e.target.value)}
        onSearch={(text) => change({ q: text.trim() || null }, true)}
        style={{ width: 160 }}
      />
      <SyncButton />
    </>
  );
  return (
    <Panel title={t("carriers.staff")} hint={t("carriers.staff_hint")} extra={filter} flush>
      <QueryView query={query} lines={8}>
        {() =>
          rows.length === 0 ? (
            <Empty title={t("carriers.staff_none")} hint={t("carriers.staff_none_hint")} />
          ) : (
            <DataTable
              caption={t("carriers.staff")}
              cards
              rows={rows}
              rowKey={(row) => row.id}
              columns={[
                { key: "name", title: t("team.name"), render: (row) => row.name || row.userid },
                { key: "userid", title: t("carriers.userid"), render: (row) => <code>{row.userid}</code> },
                {
                  key: "departments",
                  title: t("carriers.departments"),
                  wrap: true,
                  render: (row) => row.departments.join("、"),
                },
                { key: "store", title: t("carriers.store"), render: (row) => <StorePick staff={row} /> },
                {
                  key: "status",
                  title: t("team.state"),
                  render: (row) => (
                    <Chip tone={row.status === "active" ? "pine" : row.status === "left" ? "ochre" : "plain"}>
                      {t(`carriers.staff_${row.status}`)}
                    </Chip>
                  ),
                },
                {
                  key: "open",
                  title: t("carriers.open_relations"),
                  align: "right",
                  render: (row) => (
                    <Link to={`/relations?staff=${encodeURIComponent(row.userid)}`}>
                      {f.count(row.open_relation_count)}
                    </Link>
                  ),
                },
                {
                  key: "people",
                  title: t("ui.customers"),
                  align: "right",
                  render: (row) => f.count(row.customer_count),
                },
              ]}
            />
          )
        }
      </QueryView>
      <MoreButton query={query} />
    </Panel>
  );
}

function StorePick({ staff }: { staff: StaffInfo }) {
  const { t } = useTranslation();
  const may = useMay();
  const fail = useFail();
  const client = useQueryClient();
  const stores = useStores();
  const save = useMutation({
    mutationFn: (store_id: number | null) =>
      must(api.PATCH("/api/v1/team/staff/{id}", { params: { path: { id: staff.id } }, body: { store_id } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["carriers"] }),
    onError: fail,
  });
  if (!may("carriers.write")) return staff.store_name;
  return (
    <Select
      allowClear
      size="small"
      variant="borderless"
      style={{ minWidth: 140 }}
      placeholder={t("carriers.no_store")}
      aria-label={t("carriers.store_of", { name: staff.name })}
      loading={save.isPending}
      value={staff.store_id ?? undefined}
      onChange={(value) => save.mutate(value ?? null)}
      options={(stores.data?.items ?? []).map((one) => ({ value: one.id, label: one.name }))}
    />
  );
}

function SyncButton() {
  const { t } = useTranslation();
  const may = useMay();
  const fail = useFail();
  const client = useQueryClient();
  const { message } = App.useApp();
  const accounts = useAccounts();
  const mine = (accounts.data?.items ?? []).filter((one) => PRODUCTS_WITH_STAFF.has(one.product));
  const sync = useMutation({
    mutationFn: () =>
      Promise.all(mine.map((one) => must(api.POST("/api/v1/team/staff/sync", { body: { account_id: one.id } })))),
    onSuccess: () => {
      void message.success(t("carriers.staff_sync_started"));
      void client.invalidateQueries({ queryKey: ["jobs"] });
      setTimeout(() => void client.invalidateQueries({ queryKey: ["carriers", "staff"] }), 3000);
    },
    onError: fail,
  });
  if (!may("carriers.write") || mine.length === 0) return null;
  return (
    <Button onClick={() => sync.mutate()} loading={sync.isPending}>
      {t("carriers.staff_sync")}
    </Button>
  );
}
