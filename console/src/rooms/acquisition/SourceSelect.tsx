import { Select } from "antd";
import { useTranslation } from "react-i18next";
import { type Source, useSources } from "./queries";
import { byId, placeOf } from "./tree";

type Props = {
  value: number | null | undefined;
  onChange: (id: number | null) => void;
  only?: (source: Source) => boolean;
  label?: string;
  allowClear?: boolean;
  width?: number | string;
};

/** A source by its whole path: two creatives of one name are told apart. */
export function SourceSelect({ value, onChange, only, label, allowClear, width }: Props) {
  const { t } = useTranslation();
  const query = useSources();
  const all = query.data?.items ?? [];
  const named = byId(all);
  const text = label ?? t("acquire.source");
  return (
    <Select
      showSearch={{ optionFilterProp: "label" }}
      allowClear={allowClear}
      loading={query.isPending}
      aria-label={text}
      placeholder={text}
      style={{ width: width ?? "100%", minWidth: 160 }}
      popupMatchSelectWidth={false}
      value={value ?? undefined}
      onChange={(id) => onChange(id ?? null)}
      options={all.filter(only ?? (() => true)).map((one) => ({ value: one.id, label: placeOf(one, named) }))}
    />
  );
}
