import { DeleteOutlined } from "@ant-design/icons";
import { App, Button, Checkbox, DatePicker, Drawer, Input, InputNumber, Select } from "antd";
import dayjs from "dayjs";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ProblemError } from "@/api/problem";
import { Field } from "@/ui/Field";
import { useFormat } from "@/ui/useFormat";
import { converted, type Foreign, ForeignFields, foreignOf } from "./Foreign";
import { type Entry, KINDS, type SpendBody, useCorrect, usePost } from "./queries";
import { SourceSelect } from "./SourceSelect";

type Share = { source_id: number | null; yuan: number | null; region: string; offer_id: number };
type Props = { entry: Entry | null; onClose: () => void };

const sharesOf = (entry: Entry | null): Share[] =>
  entry
    ? entry.lines
        .filter((line) => line.account === "spend")
        .map((line) => ({
          source_id: line.source_id || null,
          yuan: line.amount_fen / 100,
          region: line.region,
          offer_id: line.offer_id,
        }))
    : [{ source_id: null, yuan: null, region: "", offer_id: 0 }];

/** An entry is written; or one that was wrong is taken back, and what is right is entered instead. */
export function SpendDrawer({ entry, onClose }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const { message } = App.useApp();
  const [day, setDay] = useState(entry ? dayjs(entry.day) : dayjs());
  const [kind, setKind] = useState<SpendBody["kind"]>(entry?.kind ?? "media");
  const [shares, setShares] = useState<Share[]>(sharesOf(entry));
  const [evidence, setEvidence] = useState(entry?.evidence ?? "");
  const [reason, setReason] = useState("");
  const [onlyBack, setOnlyBack] = useState(false);
  const [foreign, setForeign] = useState<Foreign | null>(foreignOf(entry));
  const [ref] = useState(() => `hand:${crypto.randomUUID()}`);
  const post = usePost();
  const correct = useCorrect(entry?.id ?? 0);
  const error = (entry ? correct : post).error;
  const fault = (...fields: string[]) =>
    error instanceof ProblemError
      ? error.errors.find((one) => fields.some((name) => one.field === name || one.field.endsWith(`.${name}`)))?.message
      : undefined;
  const change = (at: number, one: Partial<Share>) =>
    setShares((before) => before.map((share, number) => (number === at ? { ...share, ...one } : share)));
  const total = shares.reduce((sum, one) => sum + Math.round((one.yuan ?? 0) * 100), 0);
  const worth = foreign && converted(foreign);
  const whole = shares.every((one) => one.source_id && (one.yuan ?? 0) > 0) && (foreign === null || worth === total);
  const paidIn = (next: Foreign | null) => {
    setForeign(next);
    const fen = next && converted(next);
    // Of one share the amount is what the other currency comes to.
    if (fen && shares.length === 1) change(0, { yuan: fen / 100 });
  };
  const ready = entry ? reason.trim() !== "" && (onlyBack || whole) : whole;
  const body = (): SpendBody => ({
    day: day.format("YYYY-MM-DD"),
    kind,
    shares: shares.map((one) => ({
      source_id: one.source_id as number,
      amount_fen: Math.round((one.yuan ?? 0) * 100),
      region: one.region.trim(),
      offer_id: one.offer_id,
    })),
    evidence: evidence.trim(),
    ref,
    currency: foreign?.currency ?? "",
    original_fen: foreign ? Math.round((foreign.amount ?? 0) * 100) : null,
    rate: foreign?.rate ?? null,
  });
  const done = () => {
    onClose();
    void message.success(t(entry ? "acquire.corrected_done" : "acquire.posted"));
  };
  const submit = () => {
    if (entry)
      correct.mutate({ reason: reason.trim(), instead: onlyBack ? null : { ...body(), ref: "" } }, { onSuccess: done });
    else post.mutate(body(), { onSuccess: done });
  };
  return (
    <Drawer
      open
      size={560}
      title={entry ? t("acquire.correct_of", { n: entry.id }) : t("acquire.post")}
      onClose={onClose}
      footer={
        <div className="row">
          <Button type="primary" disabled={!ready} loading={post.isPending || correct.isPending} onClick={submit}>
            {entry ? t(onlyBack ? "acquire.take_back" : "acquire.correct") : t("acquire.post")}
          </Button>
          <span className="muted">{!onlyBack && t("acquire.together", { money: f.money(total) })}</span>
        </div>
      }
    >
      <div className="form">
        {entry && (
          <>
            <p className="notice">{t("acquire.correct_hint", { money: f.money(entry.amount_fen), day: entry.day })}</p>
            <Field label={t("acquire.reason")} error={fault("reason")}>
              <Input value={reason} maxLength={200} onChange={(e) => setReason(e.target.value)} />
            </Field>
            <Checkbox checked={onlyBack} onChange={(e) => setOnlyBack(e.target.checked)}>
              {t("acquire.only_back")}
            </Checkbox>
          </>
        )}
        {!onlyBack && (
          <>
            <div className="acquire-pair">
              <Field label={t("acquire.day")} error={fault("day")}>
                <DatePicker
                  allowClear={false}
                  value={day}
                  maxDate={dayjs()}
                  onChange={(value) => value && setDay(value)}
                />
              </Field>
              <Field label={t("acquire.kind")} error={fault("kind")}>
                <Select
                  value={kind}
                  onChange={setKind}
                  options={KINDS.map((value) => ({ value, label: t(`acquire.kind_${value}`) }))}
                />
              </Field>
            </div>
            <ForeignFields value={foreign} onChange={paidIn} error={fault("currency", "rate")} />
            {shares.map((share, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: shares have no name of their own, and are only added at the end
              <fieldset className="share" key={at} aria-label={t("acquire.share", { n: at + 1 })}>
                <div className="share-row">
                  <SourceSelect
                    value={share.source_id}
                    only={(one) => !one.archived_at}
                    onChange={(source_id) => change(at, { source_id })}
                  />
                  <InputNumber
                    aria-label={t("acquire.amount")}
                    placeholder={t("acquire.amount")}
                    min={0.01}
                    precision={2}
                    prefix={f.symbol}
                    value={share.yuan}
                    onChange={(yuan) => change(at, { yuan })}
                  />
                  {shares.length > 1 && (
                    <Button
                      type="text"
                      icon={<DeleteOutlined />}
                      aria-label={t("acquire.drop_share", { n: at + 1 })}
                      onClick={() => setShares((before) => before.filter((_, number) => number !== at))}
                    />
                  )}
                </div>
                <Input
                  aria-label={t("acquire.region")}
                  placeholder={t("acquire.region_hint")}
                  maxLength={40}
                  value={share.region}
                  onChange={(e) => change(at, { region: e.target.value })}
                />
              </fieldset>
            ))}
            {fault("source_id", "amount", "shares", "region") && (
              <p className="field-error" role="alert">
                {fault("source_id", "amount", "shares", "region")}
              </p>
            )}
            {foreign && worth !== null && worth !== total && (
              <p className="field-error" role="alert">
                {t("acquire.foreign_differs", { worth: f.money(worth), total: f.money(total) })}
              </p>
            )}
            <Button
              onClick={() =>
                setShares((before) => [...before, { source_id: null, yuan: null, region: "", offer_id: 0 }])
              }
            >
              {t("acquire.add_share")}
            </Button>
            <Field label={t("acquire.evidence")} help={t("acquire.evidence_hint")} error={fault("evidence")}>
              <Input value={evidence} maxLength={400} onChange={(e) => setEvidence(e.target.value)} />
            </Field>
          </>
        )}
      </div>
    </Drawer>
  );
}
