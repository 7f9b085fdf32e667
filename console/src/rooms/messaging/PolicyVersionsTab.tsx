import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useMay } from "@/shell/session";
import { By } from "@/ui/By";
import { Chip } from "@/ui/Chip";
import { Empty } from "@/ui/Empty";
import { MoreButton } from "@/ui/MoreButton";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { ActivateButton } from "./ActivateButton";
import { PolicyWords } from "./PolicyWords";
import type { Policy } from "./policy";
import { usePolicyVersions } from "./policyQueries";

/** Every policy that was in force, with what it changed; an earlier one can be brought back as a new version. */
export function PolicyVersionsTab() {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const { query, rows } = usePolicyVersions();
  const audit = may("audit.read") && (
    <Link to="/audit?action=messaging.policy_activated">{t("messaging.to_audit")} →</Link>
  );
  return (
    <Panel title={t("messaging.tab_versions")} extra={audit}>
      <QueryView query={query}>
        {() =>
          rows.length === 0 ? (
            <Empty title={t("messaging.no_versions")} hint={t("messaging.policy_default")} />
          ) : (
            <ol className="policy-versions">
              {rows.map((one, place) => {
                const policy = one.policy as unknown as Policy;
                const before = rows[place + 1]?.policy as unknown as Policy | undefined;
                return (
                  <li key={one.version}>
                    <div className="row spread">
                      <p>
                        <strong>{t("messaging.version_n", { n: one.version })}</strong>{" "}
                        {place === 0 && <Chip tone="pine">{t("messaging.in_force")}</Chip>}{" "}
                        <By who={one.activated_by} /> <span className="muted small">{f.time(one.activated_at)}</span>
                      </p>
                      {place > 0 && rows[0] && may("messaging.write") && (
                        <ActivateButton
                          draft={policy}
                          active={rows[0].policy as unknown as Policy}
                          over={rows[0].version}
                          label={t("messaging.bring_back")}
                        />
                      )}
                    </div>
                    {one.note && <p className="remark-words">{one.note}</p>}
                    <details>
                      <summary>{t(before ? "messaging.what_changed" : "messaging.what_it_says")}</summary>
                      <PolicyWords policy={policy} before={before} />
                    </details>
                  </li>
                );
              })}
            </ol>
          )
        }
      </QueryView>
      <MoreButton query={query} />
    </Panel>
  );
}
