import { CheckCircleFilled, CloseCircleFilled, MinusCircleOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import type { CarrierProduct, CheckStep } from "@/api/types";
import { useFormat } from "@/ui/useFormat";

type Props = {
  product: CarrierProduct | undefined;
  steps: CheckStep[] | undefined;
  busy: boolean;
  onRun: () => void;
  without?: string;
};

/** Each step of the connection, what was found, and what to put right. */
export function CheckSteps({ product, steps, busy, onRun, without }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const names = product?.checks.filter((check) => check.key !== without) ?? [];
  const failed = steps?.filter((step) => step.key !== without && step.ok === false).length ?? 0;
  return (
    <div className="stack">
      <ol className="check-steps" aria-busy={busy}>
        {names.map((check) => {
          const step = busy ? undefined : steps?.find((one) => one.key === check.key);
          return (
            <li key={check.key} className={step ? (step.ok ? "ok" : step.ok === false ? "bad" : "skipped") : ""}>
              <span className="check-mark" aria-hidden="true">
                {step?.ok ? (
                  <CheckCircleFilled />
                ) : step?.ok === false ? (
                  <CloseCircleFilled />
                ) : (
                  <MinusCircleOutlined />
                )}
              </span>
              <div>
                <p>
                  <strong>{f.label(check.label)}</strong> {step && <span className="muted">{f.label(step.says)}</span>}
                  {step?.code && step.ok === false && <code className="muted small"> {step.code}</code>}
                  {busy && <span className="muted">{t("carriers.checking")}</span>}
                </p>
                {step?.fix && (
                  <p className={step.ok ? "small muted" : "check-fix"}>
                    {step.ok === false && <strong>{t("ui.way_out")}</strong>}
                    {f.label(step.fix)}
                  </p>
                )}
              </div>
            </li>
          );
        })}
      </ol>
      <div className="row">
        <Button onClick={onRun} loading={busy}>
          {t(steps ? "carriers.check_again" : "carriers.check_now")}
        </Button>
        <span className="muted small" role="status">
          {!busy &&
            steps &&
            (failed ? t("carriers.check_failed", { n: failed, count: failed }) : t("carriers.check_passed"))}
        </span>
      </div>
    </div>
  );
}
