import { useQuery } from "@tanstack/react-query";
import { Button, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, must } from "@/api/client";
import type { Trait } from "@/api/types";
import { useMay } from "@/shell/session";
import { By } from "@/ui/By";
import { Chip } from "@/ui/Chip";
import { Loading } from "@/ui/Loading";
import { Panel } from "@/ui/Panel";
import { ProblemView } from "@/ui/ProblemView";
import { useFormat } from "@/ui/useFormat";
import { useSegments } from "../rules/RuleEditor";
import type { useTrial } from "./queries";
import { Spread } from "./Spread";
import { useTraitValue } from "./value";

/** What the definition on screen gives: the sentence in both languages, the spread, a few people. */
export function TrialPanel({ trial, trait }: { trial: ReturnType<typeof useTrial>; trait: Trait | null }) {
  const { t } = useTranslation();
  const f = useFormat();
  const told = useTraitValue();
  const { data, stale, error } = trial;
  return (
    <section className="panel live" aria-label={t("traits.result")} aria-live="polite" aria-busy={stale}>
      {error && <ProblemView error={error} retry={trial.retry} compact />}
      {!data && !error && trial.faults.length === 0 && <Loading lines={6} />}
      {data && (
        <div className={stale ? "stack stale" : "stack"}>
          <p className="row spread-head">
            <Chip>{t(`traits.type_${data.type}`)}</Chip>
            {!stale && <span className="small muted num">{t("traits.elapsed", { ms: f.count(data.elapsed_ms) })}</span>}
          </p>
          <div className="sentence">
            <p lang="zh-CN">{data.sentence.zh}</p>
            <p lang="en" className="muted">
              {data.sentence.en}
            </p>
          </div>
          <Spread spread={data.distribution} type={data.type} />
          {trait?.status === "ready" && <Inside trait={trait} />}
          <h3 className="figure-label">{t("traits.sample")}</h3>
          {data.sample.length === 0 ? (
            <p className="muted">{t("traits.sample_none")}</p>
          ) : (
            <ul className="people">
              {data.sample.map((row) => (
                <li key={row.customer.id}>
                  <Link to={`/customers/${row.customer.id}`}>
                    {row.customer.name || t("customers.nameless", { id: row.customer.id })}
                  </Link>
                  <span className="num">{told(row.value, data.type)}</span>
                </li>
              ))}
            </ul>
          )}
          {trait && (
            <Link className="small" to={`/customers?sort=-${trait.field}&columns=name,city,${trait.field}`}>
              {t("traits.sort_people")} →
            </Link>
          )}
        </div>
      )}
    </section>
  );
}

/** The stored values among the members of one segment. */
function Inside({ trait }: { trait: Trait }) {
  const { t } = useTranslation();
  const segments = useSegments();
  const [chosen, setChosen] = useState<number | null>(null);
  const spread = useQuery({
    queryKey: ["traits", "inside", trait.id, trait.version, chosen],
    queryFn: () =>
      must(
        api.GET("/api/v1/traits/{trait_id}/distribution", {
          params: { path: { trait_id: trait.id }, query: { segment: chosen as number } },
        }),
      ),
    enabled: chosen !== null,
  });
  if (!segments.data?.items.length) return null;
  return (
    <>
      <Select
        aria-label={t("traits.inside")}
        placeholder={t("traits.inside")}
        value={chosen ?? undefined}
        allowClear
        onChange={(id?: number) => setChosen(id ?? null)}
        options={segments.data.items.map((segment) => ({ value: segment.id, label: segment.name }))}
      />
      {spread.error && <ProblemView compact error={spread.error} retry={() => void spread.refetch()} />}
      {chosen !== null && spread.data && <Spread spread={spread.data} type={trait.type} />}
    </>
  );
}

export function UsersPanel({ trait }: { trait: Trait }) {
  const { t } = useTranslation();
  const may = useMay();
  return (
    <Panel title={t("traits.used_by")} hint={may("segments.write") && t("traits.delete_hint")}>
      {trait.used_by.length === 0 ? (
        <p className="muted">{t("traits.used_none")}</p>
      ) : (
        <ul className="people">
          {trait.used_by.map((user) => (
            <li key={`${user.kind}${user.id}`}>
              <Link to={`/${user.kind === "segment" ? "segments" : "traits"}/${user.id}`}>{user.name}</Link>
              <span className="small muted">
                {t(user.kind === "segment" ? "shell.page_segments" : "shell.page_traits")}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

type VersionsProps = { trait: Trait; readOnly: boolean; onRestore: (definition: Record<string, unknown>) => void };

export function VersionsPanel({ trait, readOnly, onRestore }: VersionsProps) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <Panel title={t("traits.versions")}>
      <ol className="versions">
        {trait.versions.map((version) => (
          <li key={version.version}>
            <p className="row">
              <strong>v{version.version}</strong>
              {version.version === trait.version && <Chip tone="pine">{t("traits.current")}</Chip>}
              <span className="small muted">
                <By who={version.created_by} /> · {f.time(version.created_at)}
              </span>
            </p>
            <p>{f.label(version.sentence)}</p>
            {!readOnly && version.version !== trait.version && (
              <Button size="small" onClick={() => onRestore(version.definition)}>
                {t("traits.restore")}
              </Button>
            )}
          </li>
        ))}
      </ol>
    </Panel>
  );
}
