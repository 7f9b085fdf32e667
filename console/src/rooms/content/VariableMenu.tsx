import { PlusOutlined } from "@ant-design/icons";
import { Button, Input, Popover } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Field } from "@/ui/Field";
import { useFormat } from "@/ui/useFormat";
import type { Variable } from "./queries";
import { written } from "./template";

type MenuProps = { variables: Variable[]; onInsert: (text: string) => void; label: string };

/** Chooses a variable and what stands in its place where somebody has none. */
export function VariableMenu({ variables, onInsert, label }: MenuProps) {
  const { t } = useTranslation();
  const f = useFormat();
  const [open, setOpen] = useState(false);
  const [sought, setSought] = useState("");
  const [fallback, setFallback] = useState("");
  const wanted = sought.trim().toLowerCase();
  const found = variables.filter((one) =>
    `${one.name} ${one.alias} ${one.label.zh} ${one.label.en}`.toLowerCase().includes(wanted),
  );
  const put = (variable: Variable) => {
    onInsert(written(f.language === "en" ? variable.alias : variable.name, fallback.trim()));
    setOpen(false);
    setSought("");
    setFallback("");
  };
  const menu = (
    <div className="variable-menu">
      <Input
        size="small"
        value={sought}
        onChange={(e) => setSought(e.target.value)}
        placeholder={t("content.find_variable")}
        aria-label={t("content.find_variable")}
      />
      <Field label={t("content.fallback")} help={t("content.fallback_help")}>
        <Input size="small" value={fallback} maxLength={40} onChange={(e) => setFallback(e.target.value)} />
      </Field>
      <ul>
        {found.map((one) => (
          <li key={one.name}>
            <button type="button" className="plain variable-choice" onClick={() => put(one)}>
              <span>{f.language === "en" ? one.alias : one.name}</span>
              <span className="muted small">
                {f.label(one.label)} · {t("content.such_as", { example: one.example })}
              </span>
            </button>
          </li>
        ))}
        {found.length === 0 && <li className="muted small">{t("content.no_variable")}</li>}
      </ul>
    </div>
  );
  return (
    <div>
      <Popover content={menu} trigger="click" open={open} onOpenChange={setOpen} placement="bottomLeft">
        <Button size="small" icon={<PlusOutlined />} aria-label={label} aria-expanded={open}>
          {t("content.insert_variable")}
        </Button>
      </Popover>
    </div>
  );
}
