import { InboxOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Button } from "antd";
import { type DragEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ImportFile } from "@/api/types";
import { Bar } from "@/ui/Bar";
import { ProblemView } from "@/ui/ProblemView";
import { useFormat } from "@/ui/useFormat";
import { uploadFile } from "./upload";

const ACCEPT = ".csv,.tsv,.txt,.xlsx,.parquet";

export function DropZone({ onFile }: { onFile: (file: ImportFile) => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const input = useRef<HTMLInputElement>(null);
  const abort = useRef<AbortController | null>(null);
  const [over, setOver] = useState(false);
  const [sent, setSent] = useState(0);
  const upload = useMutation({
    mutationFn: (file: File) => {
      abort.current = new AbortController();
      setSent(0);
      return uploadFile(file, setSent, abort.current.signal);
    },
    onSuccess: onFile,
  });
  const take = (files: FileList | null) => {
    const file = files?.[0];
    if (file) upload.mutate(file);
    if (input.current) input.current.value = "";
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files);
  };
  const aborted = upload.error instanceof DOMException;
  return (
    <section
      className={over ? "drop over" : "drop"}
      aria-label={t("orders.drop")}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <InboxOutlined className="drop-icon" aria-hidden="true" />
      {upload.isPending ? (
        <div className="drop-progress">
          <p>
            {t(sent < 1 ? "orders.uploading" : "orders.reading", {
              name: upload.variables.name,
              size: f.bytes(upload.variables.size),
            })}
          </p>
          <Bar value={sent < 1 ? sent : null} busy label={upload.variables.name} />
          <Button size="small" onClick={() => abort.current?.abort()}>
            {t("ui.cancel")}
          </Button>
        </div>
      ) : (
        <>
          <p className="drop-title">{t("orders.drop")}</p>
          <p className="muted">{t("orders.drop_hint")}</p>
          <Button type="primary" onClick={() => input.current?.click()}>
            {t("orders.choose_file")}
          </Button>
        </>
      )}
      <input
        ref={input}
        type="file"
        accept={ACCEPT}
        className="visually-hidden"
        tabIndex={-1}
        aria-label={t("orders.choose_file")}
        onChange={(e) => take(e.target.files)}
      />
      {upload.error && !aborted && <ProblemView error={upload.error} compact />}
    </section>
  );
}
