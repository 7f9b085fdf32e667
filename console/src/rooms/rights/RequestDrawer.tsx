import { Button, Drawer, Input, Popconfirm } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, must } from "@/api/client";
import { useMay } from "@/shell/session";
import { Field } from "@/ui/Field";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { type RequestDetail, useAct, useRequest } from "./queries";
import { ReceiptView } from "./ReceiptView";
import { StateChip } from "./RequestsTab";

export function RequestDrawer({ id, onClose }: { id: string | null; onClose: () => void }) {
  const { t } = useTranslation();
  const query = useRequest(id ?? "");
  return (
    <Drawer open={!!id} onClose={onClose} title={query.data?.number ?? t("rights.requests")} size={560}>
      {id && (
        <QueryView query={query} lines={8}>
          {(one) => <Detail one={one} />}
        </QueryView>
      )}
    </Drawer>
  );
}

function Detail({ one }: { one: RequestDetail }) {
  const { t } = useTranslation();
  const f = useFormat();
  const wanted = Object.entries(one.wanted);
  return (
    <div className="stack">
      <div className="row">
        <strong>{f.label(one.kind_name)}</strong>
        <StateChip one={one} />
        <Link to={`/customers/${one.customer_id}`}>{t("rights.open_customer", { id: one.customer_id })}</Link>
      </div>
      {one.said && <blockquote className="muted">{one.said}</blockquote>}
      {wanted.length > 0 && (
        <ul className="samples">
          {wanted.map(([name, value]) => (
            <li key={name}>
              <code>{name}</code> → {value}
            </li>
          ))}
        </ul>
      )}
      <Acts one={one} />
      {one.reason && <p>{t("rights.refused_because", { reason: one.reason })}</p>}
      {one.has_file && <Button href={`/api/v1/rights/requests/${one.id}/file`}>{t("rights.download")}</Button>}
      {one.receipt && <ReceiptView receipt={one.receipt} genuine={one.receipt_genuine} />}
      <section>
        <h3>{t("rights.steps")}</h3>
        <ol className="plain-list">
          {one.steps.map((step) => (
            <li key={`${step.at}${step.action}`}>
              <span className="muted">{f.time(step.at)}</span> {t(`rights.step_${step.action.replace("right.", "")}`)} ·{" "}
              {step.actor}
            </li>
          ))}
        </ol>
        {one.verified_how && <p className="muted small">{t("rights.verified_how", { how: one.verified_how })}</p>}
      </section>
    </div>
  );
}

/** What may be done next: first the identity, then the act itself; or a refusal with its reason. */
function Acts({ one }: { one: RequestDetail }) {
  const { t } = useTranslation();
  const may = useMay();
  const [how, setHow] = useState("");
  const [reason, setReason] = useState("");
  const at = { params: { path: { id: one.id } } };
  const verify = useAct(() => must(api.POST("/api/v1/rights/requests/{id}/verify", { ...at, body: { how } })));
  const carry = useAct(() => must(api.POST("/api/v1/rights/requests/{id}/carry-out", at)));
  const refuse = useAct(() => must(api.POST("/api/v1/rights/requests/{id}/refuse", { ...at, body: { reason } })));
  if (!may("rights.write") || !["received", "verified"].includes(one.state)) return null;
  return (
    <div className="form">
      {one.state === "received" ? (
        <>
          <Field label={t("rights.how")} help={t("rights.how_help")}>
            <Input value={how} onChange={(e) => setHow(e.target.value)} maxLength={400} />
          </Field>
          <Button
            type="primary"
            disabled={!how.trim()}
            loading={verify.isPending}
            onClick={() => verify.mutate(undefined)}
          >
            {t("rights.verify")}
          </Button>
        </>
      ) : (
        <Popconfirm
          title={t(`rights.sure_${one.kind}`)}
          okText={t("rights.do_it")}
          okButtonProps={{ danger: one.kind === "erase" }}
          onConfirm={() => carry.mutate(undefined)}
        >
          <Button type="primary" danger={one.kind === "erase"} loading={carry.isPending}>
            {t(`rights.carry_${one.kind}`)}
          </Button>
        </Popconfirm>
      )}
      <details>
        <summary>{t("rights.refuse")}</summary>
        <div className="form">
          <Field label={t("rights.reason")} help={t("rights.reason_help")}>
            <Input value={reason} onChange={(e) => setReason(e.target.value)} maxLength={400} />
          </Field>
          <Button danger disabled={!reason.trim()} loading={refuse.isPending} onClick={() => refuse.mutate(undefined)}>
            {t("rights.refuse")}
          </Button>
        </div>
      </details>
    </div>
  );
}
