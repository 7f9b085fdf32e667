import { QuestionCircleOutlined } from "@ant-design/icons";
import { Tooltip } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

/** What a number means, on hover, on focus, and on a tap. */
export function Hint({ text, of }: { text: ReactNode; of?: string }) {
  const { t } = useTranslation();
  return (
    <Tooltip title={text} trigger={["hover", "focus", "click"]}>
      <button type="button" className="hint" aria-label={of ? t("ui.definition_of", { of }) : t("ui.definition")}>
        <QuestionCircleOutlined />
      </button>
    </Tooltip>
  );
}
