import { PlusOutlined } from "@ant-design/icons";
import { Button, Popconfirm } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Place } from "@/api/types";
import { useMay } from "@/shell/session";
import { Chip, type Tone } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";
import { Panel } from "@/ui/Panel";
import { ProblemView } from "@/ui/ProblemView";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { FaultNote } from "./FaultNote";
import { PlaceForm } from "./PlaceForm";
import { SourceNav } from "./SourceNav";
import { usePlaceActions, usePlaceFiles, usePlaces } from "./shopQueries";

const TONE: Record<string, Tone> = { waiting: "plain", importing: "indigo", done: "pine", failed: "cinnabar" };

/** Folders and buckets whose files are imported as they come. */
export function PlacesPage() {
  const { t } = useTranslation();
  const may = useMay();
  const places = usePlaces();
  const [editing, edit] = useState<Place | "new" | null>(null);
  const add = may("imports.write") && (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => edit("new")}>
      {t("orders.place_add")}
    </Button>
  );
  return (
    <Page title={t("orders.places")} sub={t("orders.places_sub")} actions={add}>
      <SourceNav />
      <QueryView query={places} lines={6}>
        {(data) =>
          data.items.length === 0 ? (
            <div className="panel">
              <Empty title={t("orders.places_none")} hint={t("orders.places_none_hint")} action={add} />
            </div>
          ) : (
            <div className="stack">
              {data.items.map((place) => (
                <PlacePanel key={place.id} place={place} onEdit={() => edit(place)} />
              ))}
            </div>
          )
        }
      </QueryView>
      {editing && <PlaceForm place={editing === "new" ? null : editing} close={() => edit(null)} />}
    </Page>
  );
}

function PlacePanel({ place, onEdit }: { place: Place; onEdit: () => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const { look, check, again, remove } = usePlaceActions(place.id);
  const files = usePlaceFiles(place.id);
  const where =
    place.kind === "folder"
      ? place.settings.path
      : `${place.settings.endpoint}/${place.settings.bucket}/${place.settings.prefix ?? ""}`;
  const error = look.error ?? check.error ?? again.error ?? remove.error;
  return (
    <Panel
      title={place.name}
      extra={
        may("imports.write") && (
          <>
            <Button loading={check.isPending} onClick={() => check.mutate()}>
              {t("orders.place_check")}
            </Button>
            <Button loading={look.isPending} onClick={() => look.mutate()}>
              {t("orders.place_look")}
            </Button>
            <Button onClick={onEdit}>{t("orders.place_edit")}</Button>
            <Popconfirm title={t("orders.place_remove_sure")} onConfirm={() => remove.mutate()}>
              <Button danger>{t("orders.place_remove")}</Button>
            </Popconfirm>
          </>
        )
      }
    >
      <div className="stack">
        <p>
          <Chip tone={place.active ? "pine" : "plain"}>{t(place.active ? "orders.place_on" : "orders.place_off")}</Chip>{" "}
          <code>{where}</code>
        </p>
        <p className="muted small">
          {t(`orders.source_${place.source}`, place.source)} · {t("orders.place_every", { n: place.every_minutes })} ·{" "}
          {t("orders.place_looked", { at: place.looked_at ? f.time(place.looked_at) : t("orders.never") })}
        </p>
        <FaultNote fault={place.fault} />
        {error && <ProblemView error={error} compact />}
        {check.data && (
          <p className="notice pine">
            {t("orders.place_sees", { n: check.data.items.length, count: check.data.items.length })}{" "}
            {check.data.items
              .slice(0, 5)
              .map((file) => file.path)
              .join("、")}
          </p>
        )}
        <QueryView query={files}>
          {(data) =>
            data.items.length === 0 ? (
              <p className="muted">{t("orders.place_no_files")}</p>
            ) : (
              <DataTable
                caption={t("orders.place_files")}
                cards
                rows={data.items}
                rowKey={(row) => row.path}
                columns={[
                  { key: "path", title: t("orders.file"), wrap: true, render: (row) => row.path },
                  {
                    key: "status",
                    title: t("orders.status"),
                    render: (row) => <Chip tone={TONE[row.status] ?? "plain"}>{t(`orders.file_${row.status}`)}</Chip>,
                  },
                  { key: "bytes", title: t("orders.size"), align: "right", render: (row) => f.bytes(row.bytes) },
                  {
                    key: "import",
                    title: t("orders.report"),
                    render: (row) =>
                      row.import_id && <Link to={`/imports/${row.import_id}`}>{t("orders.open_report")}</Link>,
                  },
                  {
                    key: "fault",
                    title: t("orders.fault"),
                    wrap: true,
                    render: (row) =>
                      row.fault && (
                        <>
                          <FaultNote fault={row.fault} />
                          {may("imports.write") && (
                            <Button size="small" onClick={() => again.mutate(row.path)}>
                              {t("orders.file_again")}
                            </Button>
                          )}
                        </>
                      ),
                  },
                ]}
              />
            )
          }
        </QueryView>
      </div>
    </Panel>
  );
}
