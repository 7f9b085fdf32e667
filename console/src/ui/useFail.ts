import { App } from "antd";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { ProblemError } from "@/api/problem";

/** Tells a failed act in a corner notice: what, why, way out. */
export function useFail(): (error: unknown) => void {
  const { notification } = App.useApp();
  const { t, i18n } = useTranslation();
  return useCallback(
    (error) => {
      const problem = error instanceof ProblemError ? error : null;
      const way = problem?.wayOut;
      const wayText = typeof way === "object" ? (i18n.language === "en" ? way.en : way.zh) : way;
      const fields = problem?.errors.map((field) => field.message).join(" ") ?? "";
      notification.error({
        title: problem?.title || t(problem ? "ui.refused" : "ui.no_server"),
        description: [problem ? problem.message : t("ui.no_server_hint"), fields, wayText].filter(Boolean).join(" "),
        placement: "bottomRight",
        duration: 8,
      });
    },
    [notification, t, i18n],
  );
}
