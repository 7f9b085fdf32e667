import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, must } from "@/api/client";
import type { CustomerQuality, Judgement } from "@/api/types";
import { useMay } from "@/shell/session";
import { Chip, type Tone } from "@/ui/Chip";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";

const TONE: Record<Judgement["verdict"], Tone> = { yes: "cinnabar", no: "pine", not_known: "plain" };
const key = (id: number) => ["customers", "quality", id];

/** What this person is judged to be, why, and the word of somebody who knows better. */
export function QualityPanel({ id }: { id: number }) {
  const { t } = useTranslation();
  const f = useFormat();
  const query = useQuery({
    queryKey: key(id),
    queryFn: () => must(api.GET("/api/v1/customers/{id}/quality", { params: { path: { id } } })),
  });
  return (
    <Panel title={<Link to="/quality">{t("customers.quality")}</Link>}>
      <QueryView query={query} lines={3}>
        {(found) => (
          <div className="stack">
            {found.judgements.map((one) => (
              <One key={one.what} id={id} one={one} />
            ))}
            {found.seen.length > 0 && (
              <details>
                <summary>{t("customers.quality_seen", { on: f.date(found.as_of_on) })}</summary>
                <ul className="people">
                  {found.seen.map((seen) => (
                    <li key={seen.key}>
                      <span>{f.label(seen.name)}</span>
                      <span className="num">{f.count(seen.value, Number.isInteger(seen.value) ? 0 : 1)}</span>
                    </li>
                  ))}
                </ul>
              </details>
            )}
            <p className="small muted">{t("customers.quality_fair")}</p>
          </div>
        )}
      </QueryView>
    </Panel>
  );
}

function One({ id, one }: { id: number; one: Judgement }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const [open, setOpen] = useState(false);
  const change = useMark(id);
  return (
    <div>
      <p className="row spread">
        <strong>{f.label(one.name)}</strong>
        <span className="row tight">
          {one.score !== null && <span className="small muted num">{one.score.toFixed(2)}</span>}
          <Chip tone={TONE[one.verdict]}>{t(`customers.quality_${one.verdict}`)}</Chip>
        </span>
      </p>
      {one.score !== null && one.score >= 0.5 && one.reasons.length > 0 && (
        <ul className="plain-list small">
          {one.reasons.map((reason) => (
            <li key={reason.en}>{f.label(reason)}</li>
          ))}
        </ul>
      )}
      {one.mark ? (
        <p className="small">
          {t("customers.quality_marked", { by: one.mark.by, on: f.date(one.mark.at), reason: one.mark.reason })}{" "}
          {may("customers.write") && (
            <Button
              size="small"
              type="link"
              loading={change.isPending}
              onClick={() => change.mutate({ what: one.what, reason: null })}
            >
              {t("customers.quality_unmark")}
            </Button>
          )}
        </p>
      ) : (
        one.verdict === "yes" &&
        may("customers.write") && (
          <Button size="small" onClick={() => setOpen(true)}>
            {t("customers.quality_mark", { what: f.label(one.name) })}
          </Button>
        )
      )}
      <MarkModal id={id} one={one} open={open} onClose={() => setOpen(false)} />
    </div>
  );
}

function MarkModal({ id, one, open, onClose }: { id: number; one: Judgement; open: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const [reason, setReason] = useState("");
  const change = useMark(id, onClose);
  return (
    <Modal
      open={open}
      title={t("customers.quality_mark", { what: f.label(one.name) })}
      okText={t("ui.save")}
      cancelText={t("ui.cancel")}
      okButtonProps={{ disabled: reason.trim() === "", loading: change.isPending }}
      onOk={() => change.mutate({ what: one.what, reason: reason.trim() })}
      onCancel={onClose}
    >
      <p>{t("customers.quality_mark_hint")}</p>
      <Input
        aria-label={t("customers.quality_reason")}
        placeholder={t("customers.quality_reason")}
        maxLength={200}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
    </Modal>
  );
}

/** Says that the person is none of these, or (without a reason) takes that back. */
function useMark(id: number, done?: () => void) {
  const client = useQueryClient();
  const fail = useFail();
  return useMutation({
    mutationFn: ({ what, reason }: { what: Judgement["what"]; reason: string | null }) => {
      const path = { params: { path: { id, what } } };
      return reason === null
        ? must(api.DELETE("/api/v1/customers/{id}/quality/marks/{what}", path))
        : must(api.PUT("/api/v1/customers/{id}/quality/marks/{what}", { ...path, body: { reason } }));
    },
    onSuccess: (found: CustomerQuality) => {
      client.setQueryData(key(id), found);
      done?.();
    },
    onError: fail,
  });
}
