import { Button, Dropdown, Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, must } from "@/api/client";
import { CopyLine } from "@/rooms/carriers/CopyLine";
import { useMay } from "@/shell/session";
import { Chip, type Tone } from "@/ui/Chip";
import { Field } from "@/ui/Field";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { useAct, useConsents, usePurposes } from "./queries";

const TONE: Record<string, Tone> = { granted: "pine", refused: "cinnabar", withdrawn: "cinnabar", unknown: "plain" };
const KINDS = ["access", "correct", "erase", "restrict", "withdraw"] as const;

/** What a customer allows, their own page, and what they ask for. */
export function ConsentPanel({ id }: { id: number }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const consents = useConsents(id);
  const purposes = usePurposes();
  const [asked, setAsked] = useState<(typeof KINDS)[number] | null>(null);
  const [url, setUrl] = useState("");
  const link = useAct(async () => {
    const made = await must(
      api.POST("/api/v1/rights/links", { body: { customer_ids: [id], purpose: "", carrier: "" } }),
    );
    setUrl(made.items[0]?.url ?? "");
  });
  const name = (purpose: string) =>
    f.label(purposes.data?.items.find((one) => one.purpose === purpose)?.name) || purpose;
  const carrier = (key: string) => (key ? f.label(purposes.data?.carriers[key]) || key : t("rights.every_carrier"));
  const extra = may("consents.write") && (
    <>
      <Button size="small" loading={link.isPending} onClick={() => link.mutate(undefined)}>
        {t("rights.make_link")}
      </Button>
      <Dropdown
        trigger={["click"]}
        menu={{
          items: KINDS.map((key) => ({ key, label: t(`rights.kind_${key}`) })),
          onClick: ({ key }) => setAsked(key as (typeof KINDS)[number]),
        }}
      >
        <Button size="small">{t("rights.take_request")}</Button>
      </Dropdown>
    </>
  );
  return (
    <Panel title={t("rights.consents")} extra={extra}>
      <QueryView query={consents} lines={3}>
        {(data) => (
          <div className="stack">
            {data.minor && <Chip tone="ochre">{t(data.minor.is_child ? "rights.child" : "rights.minor")}</Chip>}
            {data.restricted_since && (
              <Chip tone="cinnabar">{t("rights.restricted", { at: f.date(data.restricted_since) })}</Chip>
            )}
            {data.items.length === 0 ? (
              <p className="muted">{t("rights.no_consents")}</p>
            ) : (
              <ul className="plain-list">
                {data.items.map((one) => (
                  <li key={`${one.purpose}.${one.carrier}`} className="row">
                    {name(one.purpose)} <span className="muted">{carrier(one.carrier)}</span>
                    <Chip tone={TONE[one.state]}>{t(`rights.state_${one.state}`)}</Chip>
                    <span className="muted small">{f.date(one.at)}</span>
                  </li>
                ))}
              </ul>
            )}
            {data.history.length > 0 && (
              <details>
                <summary>{t("rights.proof", { n: data.history.length })}</summary>
                <ul className="plain-list">
                  {data.history.map((one) => (
                    <li key={one.id} className="small">
                      {f.time(one.at)} {name(one.purpose)} {carrier(one.carrier)} · {t(`rights.state_${one.state}`)} ·{" "}
                      {t(`rights.source_${one.source}`)} {one.place} · {t("rights.version", { n: one.wording_version })}{" "}
                      · {one.by}
                      {one.evidence && <span className="muted"> · {one.evidence}</span>}
                    </li>
                  ))}
                </ul>
              </details>
            )}
            {url && <CopyLine label={t("rights.link")} value={url} />}
            {may("audit.read") && <Link to={`/rights?tab=looks&customer=${id}`}>{t("rights.who_looked")}</Link>}
          </div>
        )}
      </QueryView>
      {asked && <Ask id={id} kind={asked} onClose={() => setAsked(null)} />}
    </Panel>
  );
}

/** A request that came by phone or letter is taken in the person's name. */
function Ask({ id, kind, onClose }: { id: number; kind: string; onClose: () => void }) {
  const { t } = useTranslation();
  const [said, setSaid] = useState("");
  const [field, setField] = useState("");
  const [value, setValue] = useState("");
  const ask = useAct(async () => {
    const wanted = kind === "correct" && field.trim() ? { [field.trim()]: value.trim() } : {};
    await must(api.POST("/api/v1/rights/requests", { body: { customer_id: id, kind, said, wanted } }));
    onClose();
  }, "rights.taken");
  return (
    <Modal
      open
      title={t(`rights.kind_${kind}`)}
      okText={t("rights.take")}
      onOk={() => ask.mutate(undefined)}
      confirmLoading={ask.isPending}
      onCancel={onClose}
    >
      <div className="form">
        {kind === "correct" && (
          <>
            <Field label={t("rights.wanted_field")} help={t("rights.wanted_field_help")}>
              <Input value={field} onChange={(e) => setField(e.target.value)} />
            </Field>
            <Field label={t("rights.wanted_value")}>
              <Input value={value} onChange={(e) => setValue(e.target.value)} />
            </Field>
          </>
        )}
        <Field label={t("rights.said_label")}>
          <Input.TextArea rows={3} maxLength={900} value={said} onChange={(e) => setSaid(e.target.value)} />
        </Field>
      </div>
    </Modal>
  );
}
