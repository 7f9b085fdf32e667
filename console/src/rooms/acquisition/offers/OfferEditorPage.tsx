import { Button, DatePicker, Input, InputNumber, Select } from "antd";
import dayjs from "dayjs";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams } from "react-router";
import type { Rule } from "@/api/types";
import { instantOf, wallOf } from "@/rooms/campaigns/calendar/days";
import { EventBox, RuleBox } from "@/rooms/journeys/settings/EventBox";
import { CouponBox, PieceBox } from "@/rooms/journeys/settings/pickers";
import { useBrand } from "@/shell/session";
import { Field } from "@/ui/Field";
import { Page } from "@/ui/Page";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useDebounced } from "@/ui/useDebounced";
import { useFormat } from "@/ui/useFormat";
import { PrizesEditor } from "./PrizesEditor";
import { JoinWayBox, SourceBox, WayBox } from "./pickers";
import { type Offer, type OfferDraft, type OfferForm, useChecked, useOffer, useSaveOffer } from "./queries";
import { BLANK, COUPONED, draftOf, FORMS } from "./words";

export function OfferEditorPage() {
  const given = useParams().id;
  const query = useOffer(given ? Number(given) : null);
  if (!given) return <Editor offer={null} />;
  return (
    <QueryView query={query} lines={10}>
      {(offer) => <Editor key={offer.id} offer={offer} />}
    </QueryView>
  );
}

type Set = (change: Partial<OfferDraft>) => void;
type PartProps = { draft: OfferDraft; set: Set; fault: (field: string) => string | undefined; fixed: boolean };

function Editor({ offer }: { offer: Offer | null }) {
  const { t } = useTranslation();
  const f = useFormat();
  const navigate = useNavigate();
  const [draft, setDraft] = useState<OfferDraft>(offer ? draftOf(offer) : BLANK);
  const [touched, setTouched] = useState(offer !== null);
  const settled = useDebounced(draft, 400);
  const checked = useChecked(settled);
  const save = useSaveOffer(offer);
  const set: Set = (change) => {
    setTouched(true);
    setDraft((before) => ({ ...before, ...change }));
  };
  useEffect(() => {
    if (!touched) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    if (save.isSuccess) return;
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [touched, save.isSuccess]);
  const faults = checked.data?.faults ?? [];
  const fault = (field: string) =>
    touched ? faults.find((one) => one.field === field || one.field.startsWith(`${field}.`))?.message : undefined;
  const fixed = offer !== null && offer.status !== "draft";
  const submit = () => save.mutate(draft, { onSuccess: (made) => navigate(`/offers/${made.id}`) });
  const part = { draft, set, fault, fixed };
  return (
    <Page
      title={offer ? offer.name : t("offers.new")}
      sub={<Link to={offer ? `/offers/${offer.id}` : "/offers"}>← {offer ? offer.name : t("shell.page_offers")}</Link>}
      actions={
        <Button type="primary" disabled={!draft.name.trim()} loading={save.isPending} onClick={submit}>
          {t("ui.save")}
        </Button>
      }
    >
      <div className="stack">
        {fixed && <p className="muted">{t("offers.promise_stays")}</p>}
        <What {...part} />
        <Gives {...part} />
        <Who {...part} said={checked.data ? f.label(checked.data.who) : ""} />
        <Bounds {...part} />
        <Panel title={t("offers.missing")}>
          {faults.length === 0 ? (
            <p>{checked.isPending ? t("shell.loading") : t("offers.complete")}</p>
          ) : (
            <ul className="plain-list" aria-live="polite">
              {faults.map((one) => (
                <li key={`${one.field} ${one.message}`}>
                  <span className="muted small">{t(`offers.field_${one.field.split(/[.[]/)[0]}`)}</span> {one.message}
                </li>
              ))}
            </ul>
          )}
        </Panel>
      </div>
    </Page>
  );
}

function What({ draft, set, fault, fixed }: PartProps) {
  const { t } = useTranslation();
  return (
    <Panel title={t("offers.what")}>
      <div className="form">
        <div className="coupon-fields">
          <Field label={t("offers.form")} help={t(`offers.form_${draft.form}_help`)}>
            <Select
              disabled={fixed}
              value={draft.form}
              onChange={(form: OfferForm) => set({ form })}
              options={Object.entries(FORMS).map(([kind, forms]) => ({
                label: t(`offers.kind_${kind}`),
                options: forms.map((value) => ({ value, label: t(`offers.form_${value}`) })),
              }))}
            />
          </Field>
          <Field label={t("offers.name")} help={t("offers.name_help")} error={fault("name")}>
            <Input value={draft.name} maxLength={80} onChange={(e) => set({ name: e.target.value })} />
          </Field>
        </div>
        <Field label={t("offers.title")} help={t("offers.title_help")} error={fault("title")}>
          <Input value={draft.title} maxLength={80} showCount onChange={(e) => set({ title: e.target.value })} />
        </Field>
        <Field label={t("offers.words")} error={fault("words")}>
          <Input.TextArea
            rows={3}
            value={draft.words}
            maxLength={2000}
            onChange={(e) => set({ words: e.target.value })}
          />
        </Field>
      </div>
    </Panel>
  );
}

function Gives({ draft, set, fault, fixed }: PartProps) {
  const { t } = useTranslation();
  const coupon = COUPONED.includes(draft.form);
  return (
    <Panel title={t("offers.gives")}>
      <div className="form">
        {coupon && (
          <Field
            label={t("offers.coupon")}
            help={t(`offers.coupon_${["gift", "trial"].includes(draft.form) ? "gift" : "any"}_help`)}
            error={fault("coupon_id")}
          >
            <CouponBox
              label={t("offers.coupon")}
              disabled={fixed}
              value={draft.coupon_id ?? undefined}
              onChange={(coupon_id) => set({ coupon_id })}
            />
          </Field>
        )}
        {draft.form === "draw" && (
          <PrizesEditor
            prizes={draft.prizes ?? []}
            onChange={(prizes) => set({ prizes })}
            fault={fault}
            disabled={fixed}
          />
        )}
        {["tutorial", "trial", "logistics"].includes(draft.form) && (
          <Field label={t("offers.article")} help={t("offers.article_help")} error={fault("piece_id")}>
            <PieceBox
              label={t("offers.article")}
              disabled={fixed}
              value={draft.piece_id ?? undefined}
              onChange={(piece_id) => set({ piece_id })}
            />
          </Field>
        )}
        {draft.form === "group" && (
          <Field label={t("offers.join_way")} error={fault("join_way_id")}>
            <JoinWayBox
              disabled={fixed}
              value={draft.join_way_id ?? null}
              onChange={(join_way_id) => set({ join_way_id })}
            />
          </Field>
        )}
        <Field
          label={t("offers.way")}
          help={t(draft.form === "consultation" ? "offers.way_consult_help" : "offers.way_help")}
          error={fault("way_id")}
        >
          <WayBox value={draft.way_id ?? null} onChange={(way_account_id, way_id) => set({ way_account_id, way_id })} />
        </Field>
      </div>
    </Panel>
  );
}

function Who({ draft, set, fault, said }: PartProps & { said: string }) {
  const { t } = useTranslation();
  const scene = ["logistics", "consultation"].includes(draft.form);
  return (
    <Panel title={t("offers.who")} hint={t("offers.who_hint")}>
      <div className="form">
        {scene && (
          <div className="coupon-fields">
            <Field label={t("offers.event")} help={t("offers.event_help")} error={fault("event")}>
              <EventBox
                label={t("offers.event")}
                disabled={false}
                value={draft.event ?? ""}
                onChange={(event) => set({ event })}
              />
            </Field>
            <Field label={t("offers.event_days")} error={fault("event_days")}>
              <InputNumber
                min={1}
                max={3650}
                precision={0}
                value={draft.event_days}
                onChange={(event_days) => set({ event_days })}
              />
            </Field>
          </div>
        )}
        <div className="field">
          <span className="field-label">{t("offers.rule")}</span>
          <RuleBox
            label={t("offers.rule")}
            disabled={false}
            value={(draft.rule as Rule | null) ?? null}
            onChange={(rule) => set({ rule: rule as OfferDraft["rule"] })}
          />
          <span className="muted small">{said}</span>
          {fault("rule") && (
            <span className="field-error" role="alert">
              {fault("rule")}
            </span>
          )}
        </div>
        <Field label={t("offers.for_whom")} help={t("offers.for_whom_help")} error={fault("for_whom")}>
          <Input value={draft.for_whom} maxLength={200} onChange={(e) => set({ for_whom: e.target.value })} />
        </Field>
      </div>
    </Panel>
  );
}

function Bounds({ draft, set, fault }: PartProps) {
  const { t } = useTranslation();
  const f = useFormat();
  const { time_zone } = useBrand();
  // Times are the brand's wall clock, wherever the browser is.
  const at = (value?: string | null) => {
    if (!value) return null;
    const wall = wallOf(value, time_zone);
    return dayjs(`${wall.on}T${wall.time}`);
  };
  const instant = (day: dayjs.Dayjs | null) =>
    day ? instantOf(day.format("YYYY-MM-DD"), day.format("HH:mm"), time_zone) : null;
  return (
    <Panel title={t("offers.bounds")}>
      <div className="form">
        <div className="coupon-fields">
          <Field
            label={t(draft.form === "draw" ? "offers.stock_draw" : "offers.stock")}
            help={t("offers.empty_no_bound")}
            error={fault("stock")}
          >
            <InputNumber min={1} precision={0} value={draft.stock} onChange={(stock) => set({ stock })} />
          </Field>
          <Field label={t("offers.per_day")} help={t("offers.empty_no_bound")} error={fault("per_day")}>
            <InputNumber min={1} precision={0} value={draft.per_day} onChange={(per_day) => set({ per_day })} />
          </Field>
          <Field label={t("offers.budget")} help={t("offers.budget_hint")} error={fault("budget_fen")}>
            <InputNumber
              min={0.01}
              precision={2}
              prefix={f.symbol}
              value={draft.budget_fen == null ? null : draft.budget_fen / 100}
              onChange={(value) => set({ budget_fen: value == null ? null : Math.round(value * 100) })}
            />
          </Field>
          <Field label={t("offers.begins")} error={fault("begins_at")}>
            <DatePicker
              showTime={{ format: "HH:mm" }}
              format="YYYY-MM-DD HH:mm"
              value={at(draft.begins_at)}
              onChange={(day) => set({ begins_at: instant(day) })}
            />
          </Field>
          <Field label={t("offers.ends")} error={fault("ends_at")}>
            <DatePicker
              showTime={{ format: "HH:mm" }}
              format="YYYY-MM-DD HH:mm"
              value={at(draft.ends_at)}
              onChange={(day) => set({ ends_at: instant(day) })}
            />
          </Field>
          <Field label={t("offers.source")} help={t("offers.source_help")} error={fault("source_id")}>
            <SourceBox value={draft.source_id ?? null} onChange={(source_id) => set({ source_id })} />
          </Field>
        </div>
        <p className="muted small">{t("offers.once_each")}</p>
      </div>
    </Panel>
  );
}
