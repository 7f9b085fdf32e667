import { App, Button, Input } from "antd";
import { useTranslation } from "react-i18next";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { PolicyWords } from "./PolicyWords";
import type { Policy } from "./policy";
import { type Trial, useActivate } from "./policyQueries";

type Props = {
  draft: Policy;
  active: Policy;
  /** The version in force that this was written over. */
  over: number;
  label?: string;
  disabled?: boolean;
  trial?: Trial;
  done?: () => void;
};

/** Switches a policy on, after saying once more what changes and what it would have meant. */
export function ActivateButton({ draft, active, over, label, disabled, trial, done }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const { modal, message } = App.useApp();
  const fail = useFail();
  const activate = useActivate();
  const ask = () => {
    let note = "";
    modal.confirm({
      title: t("messaging.activate_title"),
      width: 620,
      content: (
        <div className="form">
          <p>{t("messaging.activate_hint")}</p>
          <PolicyWords policy={draft} before={active} />
          {trial && (
            <p className="notice">
              {t("messaging.trial_short", {
                asked: f.count(trial.tried.asked),
                allow: f.count(trial.tried.allowed),
                wait: f.count(trial.tried.waited),
                refuse: f.count(trial.tried.refused),
              })}
            </p>
          )}
          <Input
            maxLength={200}
            placeholder={t("messaging.activate_note")}
            aria-label={t("messaging.activate_note")}
            onChange={(e) => {
              note = e.target.value.trim();
            }}
          />
        </div>
      ),
      okText: t("messaging.activate"),
      cancelText: t("ui.cancel"),
      onOk: () =>
        activate.mutateAsync({ policy: draft, over, note }).then(() => {
          void message.success(t("messaging.activated"));
          done?.();
        }, fail),
    });
  };
  return (
    <Button type={label ? "default" : "primary"} disabled={disabled} loading={activate.isPending} onClick={ask}>
      {label ?? t("messaging.activate")}
    </Button>
  );
}
