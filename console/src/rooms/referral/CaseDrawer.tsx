import { Button, Checkbox, Drawer, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useMay } from "@/shell/session";
import { Bar } from "@/ui/Bar";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Field } from "@/ui/Field";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { type CaseDetail, useCase, useDecide } from "./queries";

/** Why these people are suspicious, what can be seen of each side by side, and the decision. */
export function CaseDrawer({ id, onClose }: { id: number; onClose: () => void }) {
  const { t } = useTranslation();
  const query = useCase(id);
  return (
    <Drawer open size={980} title={`${t("referral.case")} #${id}`} onClose={onClose}>
      <QueryView query={query} lines={8}>
        {(found) => <Shown found={found} onClose={onClose} />}
      </QueryView>
    </Drawer>
  );
}

function Shown({ found, onClose }: { found: CaseDetail; onClose: () => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const name = (one: CaseDetail["members"][number]) =>
    one.customer?.name ?? one.customer?.phone_masked ?? `#${one.customer_id}`;
  const names = new Map(found.members.map((one) => [one.customer_id, name(one)]));
  const most = Math.max(...found.reasons.map((one) => Math.abs(one.weight)), 1);
  return (
    <div className="stack">
      <p>
        {t("referral.score")} <strong className="num">{f.rate(found.score, 0)}</strong> · {t("referral.people")}{" "}
        {f.count(found.size)}
        {found.status === "open" && <> · {t("referral.held_n", { n: found.held })}</>}
      </p>
      <DataTable
        caption={t("referral.reasons")}
        rows={found.reasons}
        rowKey={(row) => row.reason}
        columns={[
          { key: "name", title: t("referral.reasons"), wrap: true, render: (row) => f.label(row.name) },
          {
            key: "weight",
            title: t("referral.weight"),
            align: "right",
            render: (row) => (
              <>
                {row.weight > 0 ? "+" : "−"}
                {f.count(Math.abs(row.weight), 2)} <Bar value={Math.abs(row.weight) / most} />
              </>
            ),
          },
        ]}
      />
      <p className="muted small">{t("referral.same_letter")}</p>
      <DataTable
        caption={t("referral.case")}
        cards
        rows={found.members}
        rowKey={(row) => `${row.customer_id}-${row.inviter_id}-${row.programme_id}`}
        columns={[
          {
            key: "who",
            title: t("referral.customer"),
            render: (row) => (
              <>
                <Link to={`/customers/${row.customer_id}`}>{name(row)}</Link>
                <p className="muted small">
                  {row.inviter_id === null
                    ? t("referral.inviter")
                    : `← ${names.get(row.inviter_id) ?? `#${row.inviter_id}`}`}
                </p>
              </>
            ),
          },
          { key: "came", title: t("referral.came"), render: (row) => f.time(row.came_at) },
          { key: "left", title: t("referral.left"), render: (row) => f.time(row.left_at) },
          {
            key: "bought",
            title: t("referral.bought"),
            align: "right",
            render: (row) => (row.inviter_id === null ? null : f.money(row.net_fen)),
          },
          {
            key: "active",
            title: t("referral.active"),
            align: "right",
            render: (row) => (row.inviter_id === null ? null : f.count(row.active_days)),
          },
          {
            key: "staff",
            title: t("referral.staff_n"),
            align: "right",
            render: (row) => (row.inviter_id === null ? null : f.count(row.staff)),
          },
          ...(["device", "payer", "address"] as const).map((key) => ({
            key,
            title: t(`referral.${key}`),
            render: (row: CaseDetail["members"][number]) =>
              row[key] ? <Chip tone={key === "address" ? "plain" : "ochre"}>{row[key]}</Chip> : null,
          })),
        ]}
      />
      {found.status === "open" ? (
        <Decision id={found.id} onClose={onClose} />
      ) : (
        <p className="muted">
          {t("referral.decided")}: {t(`referral.filter_${found.status}`)} · {found.decided_by} ·{" "}
          {f.time(found.decided_at)} {found.note}
        </p>
      )}
    </div>
  );
}

function Decision({ id, onClose }: { id: number; onClose: () => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const decide = useDecide(id);
  const [note, setNote] = useState("");
  const [remember, setRemember] = useState(false);
  if (!may("referral.review")) return null;
  const act = (decision: "approved" | "rejected") =>
    decide.mutate({ decision, note, remember }, { onSuccess: () => onClose() });
  return (
    <div className="form">
      <Field label={t("referral.note")}>
        <Input value={note} maxLength={200} onChange={(e) => setNote(e.target.value)} />
      </Field>
      <Checkbox checked={remember} onChange={(e) => setRemember(e.target.checked)}>
        {t("referral.remember")}
      </Checkbox>
      <div className="row">
        <Button type="primary" loading={decide.isPending} onClick={() => act("approved")}>
          {t("referral.approve")}
        </Button>
        <Button danger loading={decide.isPending} onClick={() => act("rejected")}>
          {t("referral.reject")}
        </Button>
      </div>
    </div>
  );
}
