import { App, Button, DatePicker, Drawer, Input, InputNumber, Select } from "antd";
import dayjs from "dayjs";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ProblemError } from "@/api/problem";
import { useMay } from "@/shell/session";
import { Field } from "@/ui/Field";
import { useFormat } from "@/ui/useFormat";
import {
  LEVELS,
  type Level,
  PLATFORMS,
  type Source,
  type SourceBody,
  useAddSource,
  useArchive,
  useChangeSource,
} from "./queries";
import { SourceMarks } from "./SourceMarks";
import { SourceSelect } from "./SourceSelect";
import { ancestors, mayHang } from "./tree";

type Props = { source: Source | null; parent: Source | null; onClose: () => void };

/** One source: what it is, where it hangs, what marks stand for it; or a new one under `parent`. */
export function SourceDrawer({ source, parent, onClose }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const { modal } = App.useApp();
  const writes = may("acquisition.write");
  const [draft, setDraft] = useState<SourceBody>(() => ({
    name: source?.name ?? "",
    owner: source?.owner ?? parent?.owner ?? "",
    begins_on: source?.begins_on ?? null,
    ends_on: source?.ends_on ?? null,
    hypothesis: source?.hypothesis ?? "",
    target_cac_fen: source?.target_cac_fen ?? null,
    platform: source?.platform ?? (parent ? null : "douyin"),
  }));
  const lower = parent ? LEVELS.slice(LEVELS.indexOf(parent.level) + 1) : (["platform"] as Level[]);
  const [level, setLevel] = useState<Level>(source?.level ?? lower[0] ?? "platform");
  const [parentId, setParentId] = useState<number | null>(source?.parent_id ?? parent?.id ?? null);
  const add = useAddSource();
  const changed = useChangeSource(source);
  const archive = useArchive();
  const error = (source ? changed : add).error;
  const fault = (field: string) =>
    error instanceof ProblemError
      ? error.errors.find((one) => one.field === field || one.field === `body.${field}`)?.message
      : undefined;
  const set = (change: Partial<SourceBody>) => setDraft((before) => ({ ...before, ...change }));
  const isTop = (source?.level ?? level) === "platform";
  const submit = () => {
    const body = { ...draft, platform: isTop ? draft.platform : null };
    const after = { onSuccess: onClose };
    if (source) changed.mutate({ body, parent_id: parentId }, after);
    else add.mutate({ ...body, level, parent_id: parentId }, after);
  };
  const putAway = () =>
    modal.confirm({
      title: t("acquire.archive_title", { name: source?.name }),
      content: t("acquire.archive_hint"),
      okText: t("acquire.archive"),
      onOk: () => archive.mutateAsync({ id: source?.id ?? 0, archived: true }).then(onClose),
    });
  const footer = writes && (
    <div className="row">
      <Button
        type="primary"
        disabled={!draft.name.trim()}
        loading={add.isPending || changed.isPending}
        onClick={submit}
      >
        {t("ui.save")}
      </Button>
      {source && !source.archived_at && <Button onClick={putAway}>{t("acquire.archive")}</Button>}
      {source?.archived_at && (
        <Button onClick={() => archive.mutate({ id: source.id, archived: false }, { onSuccess: onClose })}>
          {t("acquire.bring_back")}
        </Button>
      )}
    </div>
  );
  const day = (field: "begins_on" | "ends_on", label: string) => (
    <Field label={label} error={fault(field)}>
      <DatePicker
        disabled={!writes}
        value={draft[field] ? dayjs(draft[field]) : null}
        onChange={(on) => set({ [field]: on ? on.format("YYYY-MM-DD") : null })}
      />
    </Field>
  );
  return (
    <Drawer
      open
      size={520}
      title={source ? source.name : t(parent ? "acquire.new_below" : "acquire.new_platform", { name: parent?.name })}
      onClose={onClose}
      footer={footer || undefined}
    >
      <div className="form">
        <Field label={t("acquire.name")} error={fault("name")}>
          <Input disabled={!writes} value={draft.name} maxLength={80} onChange={(e) => set({ name: e.target.value })} />
        </Field>
        {isTop ? (
          <Field label={t("acquire.platform")} error={fault("platform")}>
            <Select
              disabled={!writes}
              showSearch={{ optionFilterProp: "label" }}
              value={draft.platform}
              onChange={(platform) => set({ platform })}
              options={PLATFORMS.map((value) => ({ value, label: t(`acquire.platform_${value}`) }))}
            />
          </Field>
        ) : (
          <div className="acquire-pair">
            <Field label={t("acquire.level")}>
              <Select
                disabled={source !== null || !writes}
                value={level}
                onChange={setLevel}
                options={(source ? LEVELS : lower).map((value) => ({ value, label: t(`acquire.level_${value}`) }))}
              />
            </Field>
            <Field label={t("acquire.under")} error={fault("parent_id")} help={source && t("acquire.move_hint")}>
              <SourceSelect
                label={t("acquire.under")}
                value={parentId}
                onChange={setParentId}
                only={(one) => mayHang({ level }, one) && !(source && ancestors(one).includes(source.id))}
              />
            </Field>
          </div>
        )}
        <div className="acquire-pair">
          <Field label={t("acquire.owner")} error={fault("owner")}>
            <Input
              disabled={!writes}
              value={draft.owner}
              maxLength={80}
              onChange={(e) => set({ owner: e.target.value })}
            />
          </Field>
          <Field label={t("acquire.target_cac")} help={t("acquire.target_hint")} error={fault("target_cac_fen")}>
            <InputNumber
              disabled={!writes}
              min={0.01}
              precision={2}
              prefix={f.symbol}
              value={draft.target_cac_fen == null ? null : draft.target_cac_fen / 100}
              onChange={(value) => set({ target_cac_fen: value == null ? null : Math.round(value * 100) })}
            />
          </Field>
          {day("begins_on", t("acquire.begins_on"))}
          {day("ends_on", t("acquire.ends_on"))}
        </div>
        <Field label={t("acquire.hypothesis")} help={t("acquire.hypothesis_hint")} error={fault("hypothesis")}>
          <Input.TextArea
            disabled={!writes}
            autoSize={{ minRows: 2, maxRows: 6 }}
            maxLength={2000}
            value={draft.hypothesis}
            onChange={(e) => set({ hypothesis: e.target.value })}
          />
        </Field>
      </div>
      {source && <SourceMarks source={source} writes={writes} />}
    </Drawer>
  );
}
