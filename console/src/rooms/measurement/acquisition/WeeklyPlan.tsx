import { useQuery } from "@tanstack/react-query";
import { App, Button, Select, Switch } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import { useMay } from "@/shell/session";
import { Chip } from "@/ui/Chip";
import { Field } from "@/ui/Field";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { type Plan, type PlanBody, usePlan, useSetPlan, useStaff, useTellNow } from "./weeklyQueries";

/** To whom the report is told on Monday at nine, and what became of the last messages. */
export function WeeklyPlan({ week }: { week: string | undefined }) {
  const { t } = useTranslation();
  const query = usePlan();
  return (
    <Panel title={t("returns.weekly_told")} hint={t("returns.weekly_told_hint")}>
      <QueryView query={query} lines={3}>
        {(plan) => (
          <div className="stack">
            <Form key={plan.changed_at ?? ""} plan={plan} />
            {plan.is_on && week && <TellNow week={week} />}
            <Notes plan={plan} />
          </div>
        )}
      </QueryView>
    </Panel>
  );
}

function Form({ plan }: { plan: Plan }) {
  const { t } = useTranslation();
  const may = useMay();
  const fail = useFail();
  const { message } = App.useApp();
  const [draft, setDraft] = useState<PlanBody>({ is_on: plan.is_on, account_id: plan.account_id, staff: plan.staff });
  const accounts = useQuery({
    queryKey: ["carriers", "accounts", "told"],
    queryFn: () => must(api.GET("/api/v1/carriers/accounts")),
    enabled: may("carriers.read"),
  });
  const staff = useStaff(draft.account_id);
  const set = useSetPlan();
  const wecom = (accounts.data?.items ?? []).filter((one) => one.product === "wecom");
  const mayWrite = may("messaging.write");
  const save = () => set.mutate(draft, { onSuccess: () => void message.success(t("ui.saved")), onError: fail });
  return (
    <div className="week-plan">
      <Field label={t("returns.weekly_on")}>
        <span>
          <Switch
            checked={draft.is_on}
            disabled={!mayWrite}
            onChange={(is_on) => setDraft({ ...draft, is_on, account_id: draft.account_id || (wecom[0]?.id ?? 0) })}
            aria-label={t("returns.weekly_on")}
          />
        </span>
      </Field>
      {draft.is_on && (
        <>
          <Field label={t("returns.weekly_account")} help={wecom.length === 0 && t("returns.weekly_no_account")}>
            <Select
              disabled={!mayWrite}
              aria-label={t("returns.weekly_account")}
              value={draft.account_id || undefined}
              onChange={(account_id) => setDraft({ ...draft, account_id, staff: [] })}
              options={wecom.map((one) => ({ value: one.id, label: one.name }))}
            />
          </Field>
          <Field label={t("returns.weekly_staff")}>
            <Select
              mode="multiple"
              disabled={!mayWrite}
              aria-label={t("returns.weekly_staff")}
              value={draft.staff}
              onChange={(names) => setDraft({ ...draft, staff: names })}
              loading={staff.isLoading}
              showSearch={{ optionFilterProp: "label" }}
              options={(staff.data?.items ?? []).map((one) => ({ value: one.userid, label: one.name || one.userid }))}
            />
          </Field>
        </>
      )}
      {mayWrite && (
        <Button type="primary" onClick={save} loading={set.isPending}>
          {t("ui.save")}
        </Button>
      )}
    </div>
  );
}

/** Those chosen who have not got the week's report yet get it at once; nobody gets it twice. */
function TellNow({ week }: { week: string }) {
  const { t } = useTranslation();
  const may = useMay();
  const { message } = App.useApp();
  const tell = useTellNow();
  if (!may("messaging.write")) return null;
  return (
    <div className="row">
      <Button
        loading={tell.isPending}
        onClick={() => tell.mutate(week, { onSuccess: () => void message.success(t("returns.weekly_asked")) })}
      >
        {t("returns.weekly_now", { week })}
      </Button>
      <span className="muted small">{t("returns.weekly_now_hint")}</span>
    </div>
  );
}

const TONE = { told: "pine", refused: "cinnabar", meant: "ochre" } as const;

function Notes({ plan }: { plan: Plan }) {
  const { t } = useTranslation();
  const f = useFormat();
  if (plan.notes.length === 0) return <p className="muted small">{t("returns.weekly_never")}</p>;
  return (
    <ul className="week-notes">
      {plan.notes.map((one) => (
        <li key={`${one.week_on} ${one.staff}`}>
          <Chip tone={TONE[one.state as keyof typeof TONE]}>{t(`returns.note_${one.state}`)}</Chip> {one.staff}{" "}
          <span className="muted small num">
            {one.week_on} · {f.time(one.told_at ?? one.meant_at)} {one.reason}
          </span>
        </li>
      ))}
    </ul>
  );
}
