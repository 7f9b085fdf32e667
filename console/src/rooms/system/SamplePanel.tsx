import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import { JobCard } from "@/rooms/jobs/JobCard";
import { useJob } from "@/rooms/jobs/queries";
import { useBrand, useMay } from "@/shell/session";
import { Field } from "@/ui/Field";
import { Panel } from "@/ui/Panel";
import { useFail } from "@/ui/useFail";

/** Loads or clears the sample brand. Clearing takes the typed name of the brand, for it cannot be undone. */
export function SamplePanel() {
  const { t } = useTranslation();
  const brand = useBrand();
  const may = useMay();
  const client = useQueryClient();
  const fail = useFail();
  const [asking, setAsking] = useState(false);
  const [typed, setTyped] = useState("");
  const [jobId, setJobId] = useState<string | null>(null);
  const job = useJob(jobId, () => void client.invalidateQueries());
  const act = useMutation({
    mutationFn: (what: "load" | "remove") =>
      what === "load" ? must(api.POST("/api/v1/system/sample")) : must(api.DELETE("/api/v1/system/sample")),
    onSuccess: (ref) => {
      setAsking(false);
      setJobId(ref.job_id);
      void client.invalidateQueries({ queryKey: ["jobs"] });
    },
    onError: fail,
  });
  return (
    <Panel title={t("shell.sample")}>
      <div className="stack">
        <p>{t(brand.is_sample ? "system.sample_on" : "system.sample_off")}</p>
        {may("imports.write") && (
          <p>
            {brand.is_sample ? (
              <Button danger onClick={() => setAsking(true)}>
                {t("system.sample_remove")}
              </Button>
            ) : (
              <Button loading={act.isPending} onClick={() => act.mutate("load")}>
                {t("measurement.load_sample")}
              </Button>
            )}
          </p>
        )}
        {job.data && <JobCard job={job.data} />}
      </div>
      <Modal
        open={asking}
        title={t("system.sample_remove")}
        onCancel={() => setAsking(false)}
        onOk={() => act.mutate("remove")}
        okText={t("system.sample_remove")}
        okButtonProps={{ danger: true, disabled: typed.trim() !== brand.name, loading: act.isPending }}
      >
        <div className="form">
          <p>{t("system.sample_remove_sure")}</p>
          <Field label={t("ui.type_to_confirm", { word: brand.name })}>
            <Input value={typed} onChange={(e) => setTyped(e.target.value)} />
          </Field>
        </div>
      </Modal>
    </Panel>
  );
}
