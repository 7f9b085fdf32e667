import { Button, Drawer, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { DropZone } from "@/rooms/orders/DropZone";
import { DataTable } from "@/ui/DataTable";
import { save } from "@/ui/download";
import { ProblemView } from "@/ui/ProblemView";
import { QueryView } from "@/ui/QueryView";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { type SpendFile, type SpendImport, useImportSpend, useSpendFile, useSpendImport } from "./queries";

/** File → mapping → trial → report → entries. Nothing is entered before the last step. */
export function SpendImportDrawer({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const [fileId, setFileId] = useState<string | null>(null);
  return (
    <Drawer open size={720} title={t("acquire.import_spend")} onClose={onClose}>
      <p className="muted">{t("acquire.spend_columns")}</p>
      {fileId === null ? (
        <DropZone onFile={(file) => setFileId(file.file_id)} />
      ) : (
        <Mapping key={fileId} fileId={fileId} onAway={() => setFileId(null)} />
      )}
    </Drawer>
  );
}

function Mapping({ fileId, onAway }: { fileId: string; onAway: () => void }) {
  const file = useSpendFile(fileId);
  return <QueryView query={file}>{(data) => <Chosen file={data} onAway={onAway} />}</QueryView>;
}

function Chosen({ file, onAway }: { file: SpendFile; onAway: () => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const [mapping, setMapping] = useState(file.mapping);
  const [asked, setAsked] = useState<{ id: number; by: string } | null>(null);
  const act = useImportSpend();
  const report = useSpendImport(asked?.id ?? null);
  const now = JSON.stringify(mapping);
  const chosen = Object.fromEntries(
    Object.entries(mapping).filter((one): one is [string, string] => one[1] !== null && one[1] !== undefined),
  );
  const missing = file.fields.filter((field) => field.required && !mapping[field.field]);
  const placed = Boolean(mapping.source || mapping.platform);
  const ready = missing.length === 0 && placed;
  const data = asked && report.data?.id === asked.id ? report.data : undefined;
  const tried = asked?.by === now && data?.ended_at && data.dry_run;
  const start = (dry_run: boolean) =>
    act.mutate(
      { file_id: file.file_id, mapping: chosen, dry_run },
      { onSuccess: (made) => setAsked({ id: made.id, by: now }) },
    );
  const running = asked !== null && !data?.ended_at;
  return (
    <div className="stack">
      <div className="row">
        <strong>{file.name}</strong>
        <Button onClick={onAway}>{t("orders.other_file")}</Button>
      </div>
      <DataTable
        caption={t("acquire.mapping")}
        rows={file.fields}
        rowKey={(row) => row.field}
        columns={[
          {
            key: "field",
            title: t("acquire.field"),
            wrap: true,
            render: (row) => (
              <>
                {f.label(row.name)}
                {row.required && <span className="bad"> *</span>}
                {f.label(row.help) && <p className="muted small">{f.label(row.help)}</p>}
              </>
            ),
          },
          {
            key: "column",
            title: t("acquire.column"),
            render: (row) => (
              <Select
                allowClear
                aria-label={f.label(row.name)}
                style={{ minWidth: 150 }}
                value={mapping[row.field] ?? undefined}
                onChange={(column) => setMapping((before) => ({ ...before, [row.field]: column ?? null }))}
                options={file.columns.map((column) => ({ value: column.name, label: column.name }))}
              />
            ),
          },
          {
            key: "samples",
            title: t("acquire.samples"),
            wrap: true,
            render: (row) => (
              <span className="muted small">
                {file.columns
                  .find((column) => column.name === mapping[row.field])
                  ?.samples.slice(0, 3)
                  .join(" · ")}
              </span>
            ),
          },
        ]}
      />
      {!ready && (
        <p className="notice">
          {missing.length > 0
            ? t("orders.missing", { fields: missing.map((field) => f.label(field.name)).join("、") })
            : t("acquire.say_source")}
        </p>
      )}
      {act.error !== null && <ProblemView error={act.error} compact />}
      <div className="row">
        <Button
          type={tried ? "default" : "primary"}
          disabled={!ready || running}
          loading={running && report.data?.dry_run !== false}
          onClick={() => start(true)}
        >
          {t("orders.dry_run")}
        </Button>
        <Button type={tried ? "primary" : "default"} disabled={!tried} onClick={() => start(false)}>
          {t("acquire.import_now")}
        </Button>
      </div>
      {data?.ended_at && <Report data={data} />}
    </div>
  );
}

function Report({ data }: { data: SpendImport }) {
  const { t } = useTranslation();
  const f = useFormat();
  const fail = useFail();
  return (
    <section className="stack" role="status" aria-label={t("acquire.report")}>
      <p>
        <strong>{t(data.dry_run ? "acquire.would_post" : "acquire.did_post")}</strong>{" "}
        {t("acquire.report_line", {
          rows: f.count(data.row_count),
          posted: f.count(data.posted_count),
          money: f.money(data.amount_fen),
          again: f.count(data.again_count),
          rejected: f.count(data.rejected_count),
        })}
      </p>
      {data.reasons.length > 0 && (
        <>
          <ul>
            {data.reasons.map((one) => (
              <li key={one.reason}>
                {f.count(one.row_count)} × {f.label(one.name)}
              </li>
            ))}
          </ul>
          <Button onClick={() => void save(`/api/v1/acquisition/spend/imports/${data.id}/rejects.csv`).catch(fail)}>
            {t("acquire.rejects")}
          </Button>
        </>
      )}
    </section>
  );
}
