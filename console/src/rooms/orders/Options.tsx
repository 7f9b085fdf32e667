import { AutoComplete, Checkbox } from "antd";
import { useTranslation } from "react-i18next";
import type { ImportFile, Mapping } from "@/api/types";
import { useBrand } from "@/shell/session";
import { Field } from "@/ui/Field";
import { useMappings } from "./queries";

export type ImportOptions = { source: string; keepSample: boolean };

const SOURCES = [
  "taobao",
  "tmall",
  "jd",
  "douyin",
  "pinduoduo",
  "xiaohongshu",
  "youzan",
  "weimob",
  "wechat_shop",
  "pos",
  "shopify",
];

type Props = {
  file: ImportFile;
  value: ImportOptions;
  onChange: (value: ImportOptions) => void;
  onMapping: (mapping: Mapping) => void;
};

export function Options({ file, value, onChange, onMapping }: Props) {
  const { t } = useTranslation();
  const brand = useBrand();
  const mappings = useMappings(true);
  const saved = mappings.data?.items ?? [];
  const sources = [...new Set([...saved.map((s) => s.source), file.source_guess, ...SOURCES])].filter(Boolean);
  const own = saved.find((s) => s.source === value.source);
  const columns = new Set(file.columns.map((c) => c.name));
  const fits = own && Object.values(own.mapping).every((column) => !column || columns.has(column));
  return (
    <div className="import-options">
      <Field label={t("orders.source")} help={t("orders.source_help")}>
        <AutoComplete
          aria-label={t("orders.source")}
          value={value.source}
          options={sources.map((s) => ({ value: s, label: t(`orders.source_${s}`, s) }))}
          onChange={(source: string) => onChange({ ...value, source })}
        />
      </Field>
      <div className="import-more">
        {fits && (
          <button type="button" className="plain link" onClick={() => onMapping({ ...file.mapping, ...own.mapping })}>
            {t("orders.use_saved", { source: t(`orders.source_${own.source}`, own.source) })}
          </button>
        )}
        {brand.is_sample && (
          <Checkbox checked={value.keepSample} onChange={(e) => onChange({ ...value, keepSample: e.target.checked })}>
            {t("orders.keep_sample")}
          </Checkbox>
        )}
      </div>
    </div>
  );
}
