import { Button, Drawer, Input, InputNumber, Segmented, Select, Switch } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ProblemError } from "@/api/problem";
import { useAccounts } from "@/rooms/carriers/queries";
import { bytesOf, NAME_PLACE, TEXT_BYTES } from "@/rooms/carriers/welcome";
import { Field } from "@/ui/Field";
import { ProblemView } from "@/ui/ProblemView";
import { PlanFields } from "./PlanFields";
import { type Code, type CodeDraft, useGroups, useSaveCode, useSpots } from "./queries";
import { SourceSelect } from "./SourceSelect";
import { blankPlan } from "./words";

type Props = { code: Code | null; onClose: () => void; onSaved: (code: Code) => void };

const blank = (): Partial<CodeDraft> => ({
  kind: "staff",
  name: "",
  plan: blankPlan(),
  skip_verify: true,
  tags: [],
  welcome: null,
  groups: [],
  group_limit: 200,
  opens_groups: true,
  offer_id: 0,
  store_id: 0,
});

/** A live code is written: whose it is, who receives when, what is said and which tags are put on. */
export function CodeEditor({ code, onClose, onSaved }: Props) {
  const { t } = useTranslation();
  const accounts = useAccounts();
  const wecom = (accounts.data?.items ?? []).filter((one) => one.product === "wecom");
  const [draft, setDraft] = useState<Partial<CodeDraft>>(() => (code ? { ...code } : blank()));
  const set = (change: Partial<CodeDraft>) => setDraft((before) => ({ ...before, ...change }));
  const account = draft.account_id ?? (wecom.length === 1 ? wecom[0]?.id : undefined);
  const save = useSaveCode(code, (made) => onSaved(made));
  const spots = useSpots();
  const groups = useGroups(draft.kind === "group" ? account : undefined);
  const faults = save.error instanceof ProblemError ? save.error.errors : [];
  const fault = (field: string) => faults.find((one) => one.field === field || one.field === `body.${field}`)?.message;
  const known = new Set(["name", "source_id", "groups", "group_limit", "store_id", "welcome.text"]);
  const elsewhere = save.error !== null && !faults.some((one) => known.has(one.field) || one.field.startsWith("plan."));
  const submit = () => {
    const { name, source_id, offer_id, store_id, plan, skip_verify, tags, welcome, kind } = draft;
    const body = {
      name: name?.trim() ?? "",
      source_id: source_id as number,
      offer_id,
      store_id,
      plan,
      skip_verify,
      tags,
    };
    const group = { groups: draft.groups, group_limit: draft.group_limit, opens_groups: draft.opens_groups };
    save.mutate({ ...body, ...group, welcome, kind: kind ?? "staff", account_id: account as number } as CodeDraft);
  };
  const said = draft.welcome?.text ?? "";
  const size = bytesOf(said);
  const ready =
    draft.name?.trim() &&
    draft.source_id &&
    account &&
    (draft.kind === "group" ? draft.groups?.length : draft.plan?.receivers?.length);
  const held = (draft.groups ?? []).filter((one) => !groups.data?.items.some((group) => group.chat_id === one));
  const options = [
    ...(groups.data?.items ?? []).map((one) => ({
      value: one.chat_id,
      label: t("codes.group_of", { name: one.name, n: one.members }),
    })),
    ...held.map((one) => ({ value: one, label: code?.group_lines.find((line) => line.chat_id === one)?.name || one })),
  ];
  return (
    <Drawer
      open
      size={680}
      title={t(code ? "codes.edit" : "codes.new")}
      onClose={onClose}
      footer={
        <div className="row">
          <Button type="primary" onClick={submit} loading={save.isPending} disabled={!ready}>
            {t("ui.save")}
          </Button>
          <Button onClick={onClose}>{t("ui.cancel")}</Button>
        </div>
      }
    >
      <div className="form">
        {elsewhere && <ProblemView error={save.error} compact />}
        {!code && (
          <Segmented
            aria-label={t("codes.kind")}
            value={draft.kind}
            onChange={(kind) => set({ kind })}
            options={(["staff", "group"] as const).map((value) => ({ value, label: t(`codes.kind_${value}`) }))}
          />
        )}
        <Field label={t("codes.name")} error={fault("name")}>
          <Input value={draft.name} maxLength={80} onChange={(e) => set({ name: e.target.value })} />
        </Field>
        <Field label={t("codes.source")} help={t("codes.source_help")} error={fault("source_id")}>
          <SourceSelect value={draft.source_id} onChange={(source_id) => set({ source_id })} />
        </Field>
        {!code && wecom.length > 1 && (
          <Field label={t("codes.account")}>
            <Select
              aria-label={t("codes.account")}
              value={account}
              onChange={(account_id) => set({ account_id })}
              options={wecom.map((one) => ({ value: one.id, label: one.name }))}
            />
          </Field>
        )}
        {(spots.data?.items.length ?? 0) > 0 && (
          <Field label={t("codes.store")} help={t("codes.store_help")} error={fault("store_id")}>
            <Select
              allowClear
              aria-label={t("codes.store")}
              showSearch={{ optionFilterProp: "label" }}
              value={draft.store_id || undefined}
              onChange={(store_id) => set({ store_id: store_id ?? 0 })}
              options={spots.data?.items.map((one) => ({
                value: one.store_id,
                label: [one.city, one.name].filter(Boolean).join(" · "),
              }))}
            />
          </Field>
        )}
        {draft.kind === "staff" && account && (
          <>
            <PlanFields
              account={account}
              plan={draft.plan ?? blankPlan()}
              onChange={(plan) => set({ plan })}
              fault={fault}
            />
            <Field label={t("codes.skip_verify")} help={t("codes.skip_verify_help")}>
              <span>
                <Switch
                  checked={draft.skip_verify}
                  onChange={(skip_verify) => set({ skip_verify })}
                  aria-label={t("codes.skip_verify")}
                />
              </span>
            </Field>
            <Field label={t("codes.tags")} help={t("codes.tags_help")} error={fault("tags")}>
              <Select
                mode="tags"
                open={false}
                suffixIcon={null}
                value={draft.tags}
                onChange={(tags) => set({ tags })}
                aria-label={t("codes.tags")}
              />
            </Field>
            <Field
              label={t("codes.welcome")}
              error={size > TEXT_BYTES ? t("carriers.text_too_long") : fault("welcome.text")}
              help={t("codes.welcome_help", { name: NAME_PLACE })}
            >
              <Input.TextArea
                rows={3}
                value={said}
                onChange={(e) => {
                  const attachments = draft.welcome?.attachments ?? [];
                  set({ welcome: e.target.value || attachments.length ? { text: e.target.value, attachments } : null });
                }}
              />
            </Field>
          </>
        )}
        {draft.kind === "group" && account && (
          <>
            <Field label={t("codes.groups")} help={t("codes.groups_help")} error={fault("groups")}>
              <Select
                mode="multiple"
                loading={groups.isFetching}
                aria-label={t("codes.groups")}
                showSearch={{ optionFilterProp: "label" }}
                value={draft.groups}
                onChange={(chosen) => set({ groups: chosen })}
                options={options}
                notFoundContent={groups.isError ? t("codes.groups_failed") : t("codes.groups_none")}
              />
            </Field>
            <Field label={t("codes.group_limit")} help={t("codes.group_limit_help")} error={fault("group_limit")}>
              <InputNumber
                min={1}
                max={200}
                precision={0}
                value={draft.group_limit}
                onChange={(n) => set({ group_limit: n ?? 200 })}
              />
            </Field>
            <Field label={t("codes.opens_groups")} help={t("codes.opens_groups_help")}>
              <span>
                <Switch
                  checked={draft.opens_groups}
                  onChange={(opens_groups) => set({ opens_groups })}
                  aria-label={t("codes.opens_groups")}
                />
              </span>
            </Field>
          </>
        )}
        {!account && <p className="muted">{t("codes.no_account")}</p>}
      </div>
    </Drawer>
  );
}
