import { Button, Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import type { components } from "@/api/schema";
import { useMay } from "@/shell/session";
import { Chip } from "@/ui/Chip";
import { Field } from "@/ui/Field";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { useAct, usePurposes } from "./queries";

type Purpose = components["schemas"]["PurposeInfo"];

export function PurposesTab() {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const query = usePurposes();
  const [edited, setEdited] = useState<Purpose | null>(null);
  return (
    <QueryView query={query} lines={8}>
      {(data) => (
        <div className="stack">
          {data.items.map((one) => {
            const said = (state: string) =>
              data.counts
                .filter((c) => c.purpose === one.purpose && c.carrier === "" && c.state === state)
                .reduce((sum, c) => sum + c.customer_count, 0);
            return (
              <Panel
                key={one.purpose}
                title={f.label(one.name)}
                extra={
                  <>
                    <Chip>{t("rights.version", { n: one.version })}</Chip>
                    <Chip tone={one.basis === "consent" ? "indigo" : "plain"}>{f.label(one.basis_name)}</Chip>
                    {may("consents.write") && (
                      <Button size="small" onClick={() => setEdited(one)}>
                        {t("rights.reword")}
                      </Button>
                    )}
                  </>
                }
              >
                <p>{f.label(one.wording)}</p>
                <p className="muted small">
                  {t("rights.said", {
                    granted: f.count(said("granted")),
                    against: f.count(said("withdrawn") + said("refused")),
                  })}
                </p>
              </Panel>
            );
          })}
          {edited && <Reword purpose={edited} onClose={() => setEdited(null)} />}
        </div>
      )}
    </QueryView>
  );
}

function Reword({ purpose, onClose }: { purpose: Purpose; onClose: () => void }) {
  const { t } = useTranslation();
  const [name, setName] = useState(purpose.name);
  const [wording, setWording] = useState(purpose.wording);
  const save = useAct(async () => {
    await must(
      api.PUT("/api/v1/consents/purposes/{purpose}", {
        params: { path: { purpose: purpose.purpose } },
        body: { name, wording, basis: purpose.basis },
      }),
    );
    onClose();
  });
  return (
    <Modal
      open
      title={t("rights.reword")}
      okText={t("rights.save_version", { n: purpose.version + 1 })}
      onOk={() => save.mutate(undefined)}
      confirmLoading={save.isPending}
      onCancel={onClose}
    >
      <div className="form">
        <p className="muted small">{t("rights.reword_help")}</p>
        <Field label={t("rights.name_zh")}>
          <Input value={name.zh} maxLength={40} onChange={(e) => setName({ ...name, zh: e.target.value })} />
        </Field>
        <Field label={t("rights.wording_zh")}>
          <Input.TextArea
            rows={3}
            value={wording.zh}
            maxLength={1000}
            onChange={(e) => setWording({ ...wording, zh: e.target.value })}
          />
        </Field>
        <Field label={t("rights.name_en")}>
          <Input value={name.en} maxLength={80} onChange={(e) => setName({ ...name, en: e.target.value })} />
        </Field>
        <Field label={t("rights.wording_en")}>
          <Input.TextArea
            rows={3}
            value={wording.en}
            maxLength={2000}
            onChange={(e) => setWording({ ...wording, en: e.target.value })}
          />
        </Field>
      </div>
    </Modal>
  );
}
