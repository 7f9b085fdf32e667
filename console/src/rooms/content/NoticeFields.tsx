import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Field } from "@/ui/Field";
import type { Variable } from "./queries";
import type { Notice } from "./types";
import { VariableText } from "./VariableText";

type Props = {
  product: "official_account" | "mini_program";
  notice?: Notice;
  variables: Variable[];
  onChange: (notice: Notice | null) => void;
};

/** A template of the carrier with what stands in each of its places, under the carrier's own names (thing1, date2 …). */
export function NoticeFields({ product, notice, variables, onChange }: Props) {
  const { t } = useTranslation();
  const [name, setName] = useState("");
  const title = t(`content.carrier_${product}`);
  if (!notice)
    return (
      <Button size="small" icon={<PlusOutlined />} onClick={() => onChange({ template_id: "", values: {} })}>
        {t("content.add_notice", { carrier: title })}
      </Button>
    );
  const values = notice.values ?? {};
  const put = (key: string, value: string) => onChange({ ...notice, values: { ...values, [key]: value } });
  const add = () => {
    const key = name.trim();
    if (key && !(key in values)) put(key, "");
    setName("");
  };
  return (
    <fieldset className="attachment">
      <legend className="small">
        {title}{" "}
        <Button
          size="small"
          type="text"
          icon={<DeleteOutlined />}
          aria-label={t("content.take_out", { label: title })}
          onClick={() => onChange(null)}
        />
      </legend>
      <Field label={t("content.template_id")}>
        <Input
          value={notice.template_id}
          onChange={(e) => onChange({ ...notice, template_id: e.target.value.trim() })}
        />
      </Field>
      <Field label={t("content.field_page")}>
        <Input value={notice.page} onChange={(e) => onChange({ ...notice, page: e.target.value.trim() })} />
      </Field>
      {Object.entries(values).map(([key, value]) => (
        <div key={key} className="notice-value">
          <VariableText
            name={`notices.${product}.values.${key}`}
            label={key}
            value={value}
            onChange={(v) => put(key, v)}
            variables={variables}
          />
          <Button
            type="text"
            icon={<DeleteOutlined />}
            aria-label={t("content.take_out", { label: key })}
            onClick={() => {
              const { [key]: _, ...others } = values;
              onChange({ ...notice, values: others });
            }}
          />
        </div>
      ))}
      <div className="row">
        <Input
          style={{ width: 180 }}
          value={name}
          placeholder="thing1"
          aria-label={t("content.template_key")}
          onChange={(e) => setName(e.target.value)}
          onPressEnter={add}
        />
        <Button icon={<PlusOutlined />} onClick={add} disabled={!name.trim()}>
          {t("content.add_key")}
        </Button>
      </div>
    </fieldset>
  );
}
