import { CheckOutlined, CopyOutlined } from "@ant-design/icons";
import { App, Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";

/** A line to be carried elsewhere by hand. */
export function CopyLine({ label, value, secret }: { label: string; value: string; secret?: boolean }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const [done, setDone] = useState(false);
  const [shown, setShown] = useState(!secret);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(value);
      setDone(true);
      void message.success(t("ui.copied"));
    } catch {
      setShown(true);
      void message.info(t("carriers.copy_by_hand"));
    }
  };
  return (
    <div className="copy-line">
      <span className="muted small">{label}</span>
      <code>{shown ? value : "•".repeat(Math.min(24, value.length))}</code>
      <Button
        size="small"
        icon={done ? <CheckOutlined /> : <CopyOutlined />}
        onClick={() => void copy()}
        aria-label={t("carriers.copy_of", { name: label })}
      >
        {t("ui.copy")}
      </Button>
    </div>
  );
}
