import { Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { QueryView } from "@/ui/QueryView";
import { useDebounced } from "@/ui/useDebounced";
import { type Form, usePreview } from "./queries";

/** The page as the server makes it for people, within the frame of a phone. */
export function PhonePage({ form }: { form: Form }) {
  const { t } = useTranslation();
  const [language, setLanguage] = useState<"zh" | "en">("zh");
  const query = usePreview(useDebounced(form, 400), language);
  return (
    <aside className="survey-phone stack" aria-label={t("surveys.preview")}>
      <Segmented
        aria-label={t("surveys.language")}
        value={language}
        onChange={setLanguage}
        options={[
          { value: "zh", label: "中文" },
          { value: "en", label: "English" },
        ]}
      />
      <QueryView query={query} lines={8}>
        {(html) => (
          <figure className="handset">
            <iframe title={t("surveys.preview")} srcDoc={html} sandbox="" />
          </figure>
        )}
      </QueryView>
    </aside>
  );
}
