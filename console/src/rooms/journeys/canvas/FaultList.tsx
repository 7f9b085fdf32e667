import { useTranslation } from "react-i18next";
import type { Faults } from "../useSaid";

type Props = { faults: Faults; titleOf: (id: string) => string; onShow: (id: string | null) => void; pending: boolean };

/** Everything that is wrong or doubtful; each leads to its step. */
export function FaultList({ faults, titleOf, onShow, pending }: Props) {
  const { t } = useTranslation();
  const { all, warnings } = faults;
  if (all.length + warnings.length === 0)
    return (
      <p className="jfaults fine" role="status">
        {t(pending ? "journeys.checking" : "journeys.no_faults")}
      </p>
    );
  return (
    <details className="jfaults" open>
      <summary>
        {all.length > 0 && <b className="bad">{t("journeys.faults_n", { count: all.length })}</b>}
        {warnings.length > 0 && <span className="warn">{t("journeys.warnings_n", { count: warnings.length })}</span>}
      </summary>
      <ul>
        {[...all.map((one) => ({ ...one, bad: true })), ...warnings.map((one) => ({ ...one, bad: false }))].map(
          (one) => (
            <li key={`${one.field}${one.message}`} className={one.bad ? "bad" : "warn"}>
              <button type="button" onClick={() => onShow(one.node)}>
                <b>{one.node ? titleOf(one.node) : t("journeys.whole")}</b> {one.message}
              </button>
            </li>
          ),
        )}
      </ul>
    </details>
  );
}
