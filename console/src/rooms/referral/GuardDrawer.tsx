import { App, Button, Drawer, InputNumber, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "@/shell/session";
import { Field } from "@/ui/Field";
import { ProblemView } from "@/ui/ProblemView";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { type Guard, useGuard, useSetGuard } from "./queries";
import "./referral.css";

type Numbers = Record<string, number>;
type Settings = Record<string, unknown> & { weights: Numbers };
const PATHS = ["device_paths", "payer_paths", "address_paths"] as const;
/** What speaks for people: its weight is taken away. */
const FOR = ["bought", "active"];

/** From which score rewards wait, what each observation weighs, and which properties name a device, an account, an address. */
export function GuardDrawer({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const query = useGuard();
  return (
    <Drawer open size={620} title={t("referral.guard")} onClose={onClose}>
      <QueryView query={query} lines={10}>
        {(found) => <Form found={found} onClose={onClose} />}
      </QueryView>
    </Drawer>
  );
}

function Form({ found, onClose }: { found: Guard; onClose: () => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const { message } = App.useApp();
  const [draft, setDraft] = useState(found.settings as Settings);
  const save = useSetGuard();
  const locked = !may("referral.review");
  const set = (name: string, value: unknown) => setDraft((before) => ({ ...before, [name]: value }));
  const done = () => {
    void message.success(t("ui.saved"));
    onClose();
  };
  return (
    <div className="form">
      <p className="muted small">{t("referral.guard_hint")}</p>
      {save.isError && <ProblemView error={save.error} compact />}
      <div className="guard-numbers">
        <Field label={t("referral.guard_review")} help={t("referral.guard_review_hint")}>
          <InputNumber
            aria-label={t("referral.guard_review")}
            disabled={locked}
            min={5}
            max={100}
            precision={0}
            suffix="%"
            value={Math.round((draft.review as number) * 100)}
            onChange={(value) => value !== null && set("review", value / 100)}
          />
        </Field>
        <Field label={t("referral.guard_soon")} help={t("referral.guard_soon_hint")}>
          <InputNumber
            aria-label={t("referral.guard_soon")}
            disabled={locked}
            min={1}
            max={60}
            precision={0}
            value={draft.soon_days as number}
            onChange={(value) => value !== null && set("soon_days", value)}
          />
        </Field>
        <Field label={t("referral.guard_public")} help={t("referral.guard_public_hint")}>
          <InputNumber
            aria-label={t("referral.guard_public")}
            disabled={locked}
            min={2}
            max={10_000}
            precision={0}
            value={draft.shared_most as number}
            onChange={(value) => value !== null && set("shared_most", value)}
          />
        </Field>
      </div>
      <fieldset className="guard-weights">
        <legend>{t("referral.guard_weights")}</legend>
        <p className="muted small">{t("referral.guard_weights_hint")}</p>
        {found.reasons.map((one) => (
          <div className="guard-weight" key={one.reason}>
            <span>
              {FOR.includes(one.reason) ? "− " : "+ "}
              {f.label(one.name)}
            </span>
            <InputNumber
              aria-label={f.label(one.name)}
              disabled={locked}
              min={0}
              max={10}
              step={0.1}
              value={draft.weights[one.reason]}
              onChange={(value) => value !== null && set("weights", { ...draft.weights, [one.reason]: value })}
            />
          </div>
        ))}
      </fieldset>
      {PATHS.map((name) => (
        <Field key={name} label={t(`referral.guard_${name}`)} help={t("referral.guard_paths_hint")}>
          <Select
            mode="tags"
            aria-label={t(`referral.guard_${name}`)}
            disabled={locked}
            open={false}
            suffixIcon={null}
            tokenSeparators={[",", ",", "、", " "]}
            value={draft[name] as string[]}
            onChange={(paths: string[]) => set(name, paths)}
          />
        </Field>
      ))}
      {!locked && (
        <div className="row">
          <Button type="primary" loading={save.isPending} onClick={() => save.mutate(draft, { onSuccess: done })}>
            {t("ui.save")}
          </Button>
          <span className="muted small">
            {found.version === 0 ? t("referral.guard_own") : t("referral.guard_version", { n: found.version })}
          </span>
        </div>
      )}
    </div>
  );
}
