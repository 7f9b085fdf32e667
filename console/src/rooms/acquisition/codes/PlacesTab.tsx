import { Button, Input, InputNumber, Modal, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { ProblemError } from "@/api/problem";
import { useMay } from "@/shell/session";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Field } from "@/ui/Field";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { type Spot, useCodes, useSaveSpot, useSpots } from "./queries";

/** Stores: where they are and which live code stands for each. */
export function PlacesTab() {
  const { t } = useTranslation();
  const may = useMay();
  const query = useSpots();
  const codes = useCodes("open");
  const [editing, setEditing] = useState<Spot | null>(null);
  return (
    <Panel title={t("codes.tab_places")} hint={t("codes.places_hint")} flush>
      <QueryView query={query} lines={6}>
        {(data) =>
          data.items.length === 0 ? (
            <Empty
              title={t("codes.no_stores")}
              hint={t("codes.no_stores_hint")}
              action={<Link to="/staff?tab=stores">{t("codes.to_stores")}</Link>}
            />
          ) : (
            <DataTable
              caption={t("codes.tab_places")}
              cards
              rows={data.items}
              rowKey={(row) => row.store_id}
              columns={[
                { key: "city", title: t("codes.city"), render: (row) => row.city ?? "—" },
                { key: "name", title: t("codes.store"), wrap: true, render: (row) => row.name },
                {
                  key: "code",
                  title: t("codes.to_code"),
                  wrap: true,
                  render: (row) => codes.data?.items.find((one) => one.id === row.code_id)?.name ?? "—",
                },
                {
                  key: "at",
                  title: t("codes.position"),
                  render: (row) =>
                    row.latitude == null ? (
                      "—"
                    ) : (
                      <span className="num">{`${row.latitude.toFixed(4)}, ${row.longitude?.toFixed(4)}`}</span>
                    ),
                },
                { key: "hours", title: t("codes.hours"), wrap: true, render: (row) => row.hours || "—" },
                {
                  key: "act",
                  title: <span className="visually-hidden">{t("codes.edit_link")}</span>,
                  render: (row) =>
                    may("acquisition.write") ? (
                      <Button
                        size="small"
                        onClick={() => setEditing(row)}
                        aria-label={t("codes.edit_of", { name: row.name })}
                      >
                        {t("codes.edit_link")}
                      </Button>
                    ) : (
                      " "
                    ),
                },
              ]}
            />
          )
        }
      </QueryView>
      {editing && <SpotModal spot={editing} onClose={() => setEditing(null)} />}
    </Panel>
  );
}

function SpotModal({ spot, onClose }: { spot: Spot; onClose: () => void }) {
  const { t } = useTranslation();
  const codes = useCodes("open");
  const [draft, setDraft] = useState(spot);
  const set = (change: Partial<Spot>) => setDraft((before) => ({ ...before, ...change }));
  const save = useSaveSpot(onClose);
  const faults = save.error instanceof ProblemError ? save.error.errors : [];
  const fault = (field: string) => faults.find((one) => one.field.endsWith(field))?.message;
  return (
    <Modal
      open
      title={spot.name}
      onCancel={onClose}
      onOk={() => save.mutate(draft)}
      okText={t("ui.save")}
      cancelText={t("ui.cancel")}
      okButtonProps={{ loading: save.isPending }}
    >
      <div className="form">
        <Field label={t("codes.to_code")} error={fault("code_id")}>
          <Select
            allowClear
            aria-label={t("codes.to_code")}
            showSearch={{ optionFilterProp: "label" }}
            value={draft.code_id ?? undefined}
            onChange={(code_id) => set({ code_id: code_id ?? null })}
            options={(codes.data?.items ?? []).map((one) => ({ value: one.id, label: one.name }))}
          />
        </Field>
        <div className="row">
          {(["latitude", "longitude"] as const).map((name) => (
            <Field key={name} label={t(`codes.${name}`)} error={fault(name)}>
              <InputNumber value={draft[name]} step={0.0001} onChange={(value) => set({ [name]: value })} />
            </Field>
          ))}
        </div>
        <p className="muted small">{t("codes.position_help")}</p>
        <Field label={t("codes.hours")} error={fault("hours")}>
          <Input value={draft.hours} maxLength={80} onChange={(e) => set({ hours: e.target.value })} />
        </Field>
      </div>
    </Modal>
  );
}
