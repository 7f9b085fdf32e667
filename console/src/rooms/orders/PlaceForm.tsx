import { Checkbox, Input, InputNumber, Modal, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ProblemError } from "@/api/problem";
import type { Place, PlaceDraft } from "@/api/types";
import { Field } from "@/ui/Field";
import { ProblemView } from "@/ui/ProblemView";
import { useRoots, useSavePlace } from "./shopQueries";

const FIELDS = { folder: ["path"], bucket: ["endpoint", "bucket", "prefix", "region"] } as const;

export function PlaceForm({ place, close }: { place: Place | null; close: () => void }) {
  const { t } = useTranslation();
  const roots = useRoots();
  const save = useSavePlace(place?.id ?? null);
  const [draft, setDraft] = useState<PlaceDraft>({
    name: place?.name ?? "",
    kind: place?.kind ?? "folder",
    source: place?.source ?? "",
    settings: { ...place?.settings },
    credentials: {},
    mapping: place?.mapping ?? null,
    every_minutes: place?.every_minutes ?? 10,
    active: place?.active ?? true,
  });
  const faults = new Map(
    save.error instanceof ProblemError ? save.error.errors.map((one) => [one.field, one.message]) : [],
  );
  const set = (change: Partial<PlaceDraft>) => setDraft({ ...draft, ...change });
  const setting = (name: string, value: string) => {
    const { [name]: _, ...rest } = draft.settings;
    set({ settings: value ? { ...rest, [name]: value } : rest });
  };
  const credential = (name: string, value: string) => set({ credentials: { ...draft.credentials, [name]: value } });
  return (
    <Modal
      open
      title={t(place ? "orders.place_edit" : "orders.place_add")}
      okText={t("orders.place_save")}
      cancelText={t("orders.cancel")}
      onCancel={close}
      onOk={() => save.mutate(draft, { onSuccess: close })}
      confirmLoading={save.isPending}
    >
      <div className="form">
        {save.error && <ProblemView error={save.error} compact />}
        <Field label={t("orders.place_kind")}>
          <Select
            value={draft.kind}
            disabled={place !== null}
            onChange={(kind) => set({ kind, settings: {} })}
            options={(["folder", "bucket"] as const).map((kind) => ({
              value: kind,
              label: t(`orders.place_kind_${kind}`),
            }))}
          />
        </Field>
        <Field label={t("orders.place_name")} error={faults.get("name")}>
          <Input value={draft.name} maxLength={80} onChange={(e) => set({ name: e.target.value })} />
        </Field>
        <Field label={t("orders.source")} help={t("orders.source_help")} error={faults.get("source")}>
          <Input value={draft.source} maxLength={60} onChange={(e) => set({ source: e.target.value })} />
        </Field>
        {FIELDS[draft.kind].map((name) => (
          <Field
            key={name}
            label={t(`orders.place_${name}`)}
            error={faults.get(`settings.${name}`)}
            help={
              name === "path"
                ? t("orders.place_path_help", { folders: roots.data?.folders.join("、") ?? "…" })
                : t(`orders.place_${name}_help`)
            }
          >
            <Input value={draft.settings[name] ?? ""} onChange={(e) => setting(name, e.target.value)} />
          </Field>
        ))}
        {draft.kind === "bucket" && (
          <>
            {["access_key", "secret_key"].map((name) => (
              <Field
                key={name}
                label={t(`orders.place_${name}`)}
                error={faults.get(`credentials.${name}`)}
                help={place ? t("orders.place_key_kept") : undefined}
              >
                <Input.Password
                  autoComplete="off"
                  value={draft.credentials?.[name] ?? ""}
                  onChange={(e) => credential(name, e.target.value)}
                />
              </Field>
            ))}
            {["virtual_hosts", "allow_private"].map((name) => (
              <Checkbox
                key={name}
                checked={draft.settings[name] === "true"}
                onChange={(e) => setting(name, e.target.checked ? "true" : "")}
              >
                {t(`orders.place_${name}`)}
              </Checkbox>
            ))}
          </>
        )}
        <Field
          label={t("orders.place_pattern")}
          error={faults.get("settings.pattern")}
          help={t("orders.place_pattern_help")}
        >
          <Input
            value={draft.settings.pattern ?? ""}
            placeholder="*.csv;*.xlsx"
            onChange={(e) => setting("pattern", e.target.value)}
          />
        </Field>
        <Field label={t("orders.place_after")}>
          <Select
            value={draft.settings.after ?? "keep"}
            onChange={(after) => setting("after", after === "keep" ? "" : after)}
            options={["keep", "move"].map((one) => ({ value: one, label: t(`orders.place_after_${one}`) }))}
          />
        </Field>
        <Field label={t("orders.place_minutes")}>
          <InputNumber
            min={1}
            max={10080}
            value={draft.every_minutes}
            onChange={(n) => set({ every_minutes: n ?? 10 })}
          />
        </Field>
        <Checkbox checked={draft.active} onChange={(e) => set({ active: e.target.checked })}>
          {t("orders.place_active")}
        </Checkbox>
      </div>
    </Modal>
  );
}
