import { PlusOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Input, Modal, Popconfirm } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, must } from "@/api/client";
import type { StoreInfo } from "@/api/types";
import { useMay } from "@/shell/session";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Field } from "@/ui/Field";
import { Panel } from "@/ui/Panel";
import { ProblemView } from "@/ui/ProblemView";
import { QueryView } from "@/ui/QueryView";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { useStores } from "./queries";

const FIELDS = ["name", "code", "province", "city", "address"] as const;
type Draft = Record<(typeof FIELDS)[number], string>;

/** Stores with their staff and the people whom these know; a person counts once a store. */
export function StoresTab() {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const fail = useFail();
  const client = useQueryClient();
  const stores = useStores();
  const [editing, setEditing] = useState<StoreInfo | "new" | null>(null);
  const refresh = () => client.invalidateQueries({ queryKey: ["carriers"] });
  const remove = useMutation({
    mutationFn: (store: StoreInfo) =>
      must(api.DELETE("/api/v1/team/stores/{id}", { params: { path: { id: store.id } } })),
    onSuccess: refresh,
    onError: fail,
  });
  const writable = may("carriers.write");
  const add = writable && (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setEditing("new")}>
      {t("carriers.add_store")}
    </Button>
  );
  return (
    <Panel title={t("carriers.stores")} hint={t("carriers.stores_hint")} extra={add} flush>
      <QueryView query={stores} lines={5}>
        {(data) =>
          data.items.length === 0 ? (
            <Empty title={t("carriers.stores_none")} hint={t("carriers.stores_none_hint")} />
          ) : (
            <DataTable
              caption={t("carriers.stores")}
              cards
              rows={data.items}
              rowKey={(row) => row.id}
              columns={[
                { key: "name", title: t("carriers.store"), render: (row) => row.name },
                { key: "code", title: t("carriers.store_code"), render: (row) => row.code && <code>{row.code}</code> },
                {
                  key: "place",
                  title: t("carriers.place"),
                  wrap: true,
                  render: (row) => [row.province, row.city, row.address].filter(Boolean).join(" "),
                },
                {
                  key: "staff",
                  title: t("carriers.staff"),
                  align: "right",
                  render: (row) => <Link to={`/staff?store=${row.id}`}>{f.count(row.staff_count)}</Link>,
                },
                {
                  key: "people",
                  title: t("ui.customers"),
                  align: "right",
                  render: (row) => f.count(row.customer_count),
                },
                ...(writable
                  ? [
                      {
                        key: "act",
                        title: <span className="visually-hidden">{t("ui.edit")}</span>,
                        render: (row: StoreInfo) => (
                          <span className="row">
                            <Button
                              size="small"
                              onClick={() => setEditing(row)}
                              aria-label={t("carriers.edit_of", { name: row.name })}
                            >
                              {t("ui.edit")}
                            </Button>
                            <Popconfirm
                              title={t("carriers.remove_store", { n: row.staff_count })}
                              okText={t("ui.delete")}
                              cancelText={t("ui.cancel")}
                              onConfirm={() => remove.mutate(row)}
                            >
                              <Button
                                size="small"
                                danger
                                aria-label={t("carriers.remove_store_of", { name: row.name })}
                              >
                                {t("ui.delete")}
                              </Button>
                            </Popconfirm>
                          </span>
                        ),
                      },
                    ]
                  : []),
              ]}
            />
          )
        }
      </QueryView>
      {editing && (
        <StoreEditor
          store={editing === "new" ? null : editing}
          onClose={() => setEditing(null)}
          onSaved={() => {
            setEditing(null);
            void refresh();
          }}
        />
      )}
    </Panel>
  );
}

function StoreEditor({
  store,
  onClose,
  onSaved,
}: {
  store: StoreInfo | null;
  onClose: () => void;
  onSaved: () => void;
}) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState<Draft>(
    () => Object.fromEntries(FIELDS.map((name) => [name, store?.[name] ?? ""])) as Draft,
  );
  const save = useMutation({
    mutationFn: () => {
      const body = {
        name: draft.name.trim(),
        code: draft.code.trim() || null,
        province: draft.province.trim() || null,
        city: draft.city.trim() || null,
        address: draft.address.trim() || null,
      };
      return store
        ? must(api.PATCH("/api/v1/team/stores/{id}", { params: { path: { id: store.id } }, body }))
        : must(api.POST("/api/v1/team/stores", { body }));
    },
    onSuccess: onSaved,
  });
  return (
    <Modal
      open
      title={t(store ? "carriers.edit_of" : "carriers.add_store", { name: store?.name })}
      onCancel={onClose}
      onOk={() => save.mutate()}
      okText={t("ui.save")}
      cancelText={t("ui.cancel")}
      okButtonProps={{ loading: save.isPending, disabled: !draft.name.trim() }}
    >
      <div className="form">
        {save.error && <ProblemView error={save.error} compact />}
        {FIELDS.map((name) => (
          <Field key={name} label={t(`carriers.store_${name}`)}>
            <Input value={draft[name]} onChange={(e) => setDraft({ ...draft, [name]: e.target.value })} />
          </Field>
        ))}
      </div>
    </Modal>
  );
}
