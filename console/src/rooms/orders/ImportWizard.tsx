import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { api, must } from "@/api/client";
import type { ImportFile, Mapping } from "@/api/types";
import { JobCard } from "@/rooms/jobs/JobCard";
import { useJob } from "@/rooms/jobs/queries";
import { useBrand } from "@/shell/session";
import { Panel } from "@/ui/Panel";
import { ProblemView } from "@/ui/ProblemView";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { DropZone } from "./DropZone";
import { ImportReport } from "./ImportReport";
import { MappingTable } from "./MappingTable";
import { chosen, doubledColumns, missingFields } from "./mapping";
import { type ImportOptions, Options } from "./Options";
import { useImport } from "./queries";

/** File → mapping → dry run → report → import. Nothing is written until the last step. */
export function ImportWizard() {
  const [file, setFile] = useState<ImportFile | null>(null);
  return file ? (
    <MappingStep key={file.file_id} file={file} onAway={() => setFile(null)} />
  ) : (
    <DropZone onFile={setFile} />
  );
}

function MappingStep({ file, onAway }: { file: ImportFile; onAway: () => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const brand = useBrand();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [mapping, setMapping] = useState<Mapping>(file.mapping);
  const [options, setOptions] = useState<ImportOptions>({
    source: file.source_guess,
    keepSample: false,
  });
  const [tried, setTried] = useState<{ id: string; jobId: string; by: string } | null>(null);
  const job = useJob(tried?.jobId, () => void client.invalidateQueries({ queryKey: ["imports"] }));
  const report = useImport(tried && job.data?.status === "done" ? tried.id : null);
  const now = JSON.stringify([mapping, options]);
  const missing = missingFields(file.fields, mapping);
  const doubled = doubledColumns(mapping);
  const ready = missing.length === 0 && options.source.trim() !== "";

  const start = useMutation({
    mutationFn: (dry_run: boolean) =>
      must(
        api.POST("/api/v1/imports", {
          body: {
            file_id: file.file_id,
            source: options.source.trim(),
            mapping: chosen(mapping),
            dry_run,
            keep_sample: brand.is_sample && options.keepSample,
          },
        }),
      ),
    onSuccess: (made, dry) => {
      void client.invalidateQueries({ queryKey: ["jobs"] });
      void client.invalidateQueries({ queryKey: ["imports", "list"] });
      if (dry) setTried({ id: made.import_id, jobId: made.job_id, by: now });
      else navigate(`/imports/${made.import_id}`);
    },
  });
  const fresh = tried?.by === now && job.data?.status === "done";
  return (
    <>
      <Panel title={t("orders.check_mapping")} extra={<Button onClick={onAway}>{t("orders.other_file")}</Button>}>
        <MappingTable file={file} mapping={mapping} onChange={setMapping} />
        <Options file={file} value={options} onChange={setOptions} onMapping={setMapping} />
        {start.error && <ProblemView error={start.error} compact />}
        {missing.length > 0 && (
          <p className="notice">
            {t("orders.missing", { fields: missing.map((field) => f.label(field.name)).join("、") })}
          </p>
        )}
        {doubled.length > 0 && <p className="notice">{t("orders.doubled", { columns: doubled.join("、") })}</p>}
        <div className="row wizard-act">
          <Button
            type={fresh ? "default" : "primary"}
            disabled={!ready}
            loading={start.isPending && start.variables}
            onClick={() => start.mutate(true)}
          >
            {t("orders.dry_run")}
          </Button>
          <Button
            type={fresh ? "primary" : "default"}
            disabled={!ready || !fresh}
            loading={start.isPending && !start.variables}
            onClick={() => start.mutate(false)}
          >
            {t("orders.import_now")}
          </Button>
          <span className="muted small">{t(fresh ? "orders.dry_done" : "orders.dry_first")}</span>
        </div>
      </Panel>
      {tried && job.data && job.data.status !== "done" && <JobCard job={job.data} />}
      {tried && job.data?.status === "done" && (
        <QueryView query={report}>{(data) => <ImportReport report={data} />}</QueryView>
      )}
    </>
  );
}
