import { PlusOutlined } from "@ant-design/icons";
import { Button, Input, Modal, Popconfirm, Segmented, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ProblemError } from "@/api/problem";
import { useMay } from "@/shell/session";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Field } from "@/ui/Field";
import { MoreButton } from "@/ui/MoreButton";
import { Panel } from "@/ui/Panel";
import { ProblemView } from "@/ui/ProblemView";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { type LinkDraft, type ShortLink, useCloseLink, useCodes, useLandings, useLinks, useSaveLink } from "./queries";
import { SourceSelect } from "./SourceSelect";

/** Short links: where each leads, for which source it counts, who opened it. */
export function LinksTab() {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const { query, rows } = useLinks();
  const codes = useCodes("open");
  const pages = useLandings();
  const close = useCloseLink();
  const [editing, setEditing] = useState<ShortLink | null | undefined>(undefined);
  const to = (row: ShortLink) =>
    row.code_id
      ? `${t("codes.to_code")}:${codes.data?.items.find((one) => one.id === row.code_id)?.name ?? `#${row.code_id}`}`
      : row.page_id
        ? `${t("codes.to_page")}:${pages.data?.items.find((one) => one.id === row.page_id)?.name ?? `#${row.page_id}`}`
        : row.url;
  const add = may("acquisition.write") && (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setEditing(null)}>
      {t("codes.new_link")}
    </Button>
  );
  return (
    <Panel title={t("codes.tab_links")} hint={t("codes.links_hint")} extra={add} flush>
      <QueryView query={query} lines={6}>
        {() =>
          rows.length === 0 ? (
            <Empty title={t("codes.no_links")} hint={t("codes.no_links_hint")} action={add} />
          ) : (
            <>
              <DataTable
                caption={t("codes.tab_links")}
                cards
                rows={rows}
                rowKey={(row) => row.id}
                columns={[
                  {
                    key: "address",
                    title: t("codes.link"),
                    render: (row) => (
                      <a href={row.address} target="_blank" rel="noreferrer">
                        /g/{row.code}
                      </a>
                    ),
                  },
                  { key: "name", title: t("codes.name"), wrap: true, render: (row) => row.name },
                  { key: "to", title: t("codes.leads_to"), wrap: true, render: to },
                  { key: "source", title: t("codes.source"), wrap: true, render: (row) => row.source_name },
                  { key: "region", title: t("codes.region"), render: (row) => row.region || "—" },
                  { key: "visits", title: t("codes.visits"), align: "right", render: (row) => f.count(row.visits) },
                  {
                    key: "programs",
                    title: t("codes.programs"),
                    align: "right",
                    render: (row) => f.count(row.programs),
                  },
                  {
                    key: "act",
                    title: <span className="visually-hidden">{t("codes.edit_link")}</span>,
                    render: (row) =>
                      row.closed_at ? (
                        <Chip>{t("codes.status_closed")}</Chip>
                      ) : may("acquisition.write") ? (
                        <span className="row">
                          <Button
                            size="small"
                            onClick={() => setEditing(row)}
                            aria-label={t("codes.edit_of", { name: row.name })}
                          >
                            {t("codes.edit_link")}
                          </Button>
                          <Popconfirm
                            title={t("codes.close_link_ask")}
                            okText={t("codes.close")}
                            cancelText={t("ui.cancel")}
                            onConfirm={() => close.mutate(row.id)}
                          >
                            <Button size="small" danger aria-label={t("codes.close_of", { name: row.name })}>
                              {t("codes.close")}
                            </Button>
                          </Popconfirm>
                        </span>
                      ) : (
                        " "
                      ),
                  },
                ]}
              />
              <MoreButton query={query} />
            </>
          )
        }
      </QueryView>
      {editing !== undefined && <LinkModal link={editing} onClose={() => setEditing(undefined)} />}
    </Panel>
  );
}

type Way = "code" | "page" | "url";

function LinkModal({ link, onClose }: { link: ShortLink | null; onClose: () => void }) {
  const { t } = useTranslation();
  const codes = useCodes("open");
  const pages = useLandings();
  const [way, setWay] = useState<Way>(link?.page_id ? "page" : link?.url ? "url" : "code");
  const [draft, setDraft] = useState<Partial<LinkDraft>>(link ?? { name: "", code: "", url: "", region: "" });
  const set = (change: Partial<LinkDraft>) => setDraft((before) => ({ ...before, ...change }));
  const save = useSaveLink(link, onClose);
  const faults = save.error instanceof ProblemError ? save.error.errors : [];
  const fault = (field: string) => faults.find((one) => one.field === field || one.field === `body.${field}`)?.message;
  const submit = () =>
    save.mutate({
      name: draft.name?.trim() ?? "",
      source_id: draft.source_id as number,
      code_id: way === "code" ? draft.code_id : null,
      page_id: way === "page" ? draft.page_id : null,
      url: way === "url" ? (draft.url ?? "") : "",
      region: draft.region ?? "",
      code: draft.code ?? "",
    });
  const led = way === "code" ? draft.code_id : way === "page" ? draft.page_id : draft.url;
  return (
    <Modal
      open
      title={t(link ? "codes.edit_link" : "codes.new_link")}
      onCancel={onClose}
      onOk={submit}
      okText={t("ui.save")}
      cancelText={t("ui.cancel")}
      okButtonProps={{ loading: save.isPending, disabled: !draft.name?.trim() || !draft.source_id || !led }}
    >
      <div className="form">
        {save.error !== null && faults.length === 0 && <ProblemView error={save.error} compact />}
        <Field label={t("codes.name")} error={fault("name")}>
          <Input value={draft.name} maxLength={80} onChange={(e) => set({ name: e.target.value })} />
        </Field>
        <Field label={t("codes.source")} error={fault("source_id")}>
          <SourceSelect value={draft.source_id} onChange={(source_id) => set({ source_id })} />
        </Field>
        <Segmented
          aria-label={t("codes.leads_to")}
          value={way}
          onChange={setWay}
          options={(["code", "page", "url"] as const).map((value) => ({ value, label: t(`codes.to_${value}`) }))}
        />
        {way === "code" && (
          <Select
            aria-label={t("codes.to_code")}
            showSearch={{ optionFilterProp: "label" }}
            value={draft.code_id ?? undefined}
            onChange={(code_id) => set({ code_id })}
            options={(codes.data?.items ?? []).map((one) => ({ value: one.id, label: one.name }))}
          />
        )}
        {way === "page" && (
          <Select
            aria-label={t("codes.to_page")}
            showSearch={{ optionFilterProp: "label" }}
            value={draft.page_id ?? undefined}
            onChange={(page_id) => set({ page_id })}
            options={(pages.data?.items ?? []).map((one) => ({ value: one.id, label: one.name }))}
          />
        )}
        {way === "url" && (
          <Field label={t("codes.to_url")} error={fault("url")}>
            <Input
              value={draft.url}
              maxLength={2000}
              placeholder="https://"
              onChange={(e) => set({ url: e.target.value })}
            />
          </Field>
        )}
        {!link && (
          <Field label={t("codes.link_code")} help={t("codes.link_code_help")} error={fault("code")}>
            <Input prefix="/g/" value={draft.code} maxLength={16} onChange={(e) => set({ code: e.target.value })} />
          </Field>
        )}
        <Field label={t("codes.region")} help={t("codes.region_help")} error={fault("region")}>
          <Input value={draft.region} maxLength={40} onChange={(e) => set({ region: e.target.value })} />
        </Field>
      </div>
    </Modal>
  );
}
