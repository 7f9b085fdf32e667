import { Button, InputNumber } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import type { components } from "@/api/schema";
import { useMay } from "@/shell/session";
import { DataTable } from "@/ui/DataTable";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { useAct, useRetention } from "./queries";

type Rule = components["schemas"]["RetentionRule"];

export function RetentionTab() {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const query = useRetention();
  const run = useAct(() => must(api.POST("/api/v1/rights/retention/run")), "rights.run_asked");
  const extra = may("rights.write") && (
    <Button loading={run.isPending} onClick={() => run.mutate(undefined)}>
      {t("rights.run_now")}
    </Button>
  );
  return (
    <QueryView query={query} lines={6}>
      {(data) => (
        <div className="stack">
          <Panel title={t("rights.retention")} hint={t("rights.retention_hint")} extra={extra} flush>
            <DataTable
              caption={t("rights.retention")}
              cards
              rows={data.items}
              rowKey={(row) => row.subject}
              columns={[
                { key: "subject", title: t("rights.subject"), render: (row) => f.label(row.name) },
                {
                  key: "days",
                  title: t("rights.days"),
                  render: (row) => <Days key={`${row.subject}${row.days}`} rule={row} />,
                },
                {
                  key: "due",
                  title: t("rights.due_now"),
                  align: "right",
                  render: (row) => (row.days == null ? "–" : f.count(data.due[row.subject] ?? 0)),
                },
                { key: "by", title: t("rights.set_by"), render: (row) => row.updated_by ?? t("rights.by_default") },
              ]}
            />
          </Panel>
          <Panel title={t("rights.runs")}>
            {data.runs.length === 0 ? (
              <p className="muted">{t("rights.no_runs")}</p>
            ) : (
              <ul className="plain-list">
                {data.runs.map((one) => (
                  <li key={one.at}>
                    <span className="muted">{f.time(one.at)}</span>{" "}
                    {Object.entries(one.counts)
                      .map(
                        ([subject, count]) =>
                          `${f.label(data.items.find((i) => i.subject === subject)?.name)} ${f.count(count)}`,
                      )
                      .join(" · ") || t("rights.nothing_due")}
                  </li>
                ))}
              </ul>
            )}
          </Panel>
        </div>
      )}
    </QueryView>
  );
}

function Days({ rule }: { rule: Rule }) {
  const { t } = useTranslation();
  const may = useMay();
  const [days, setDays] = useState(rule.days);
  const save = useAct(() =>
    must(
      api.PUT("/api/v1/rights/retention/{subject}", { params: { path: { subject: rule.subject } }, body: { days } }),
    ),
  );
  if (!may("rights.write")) return rule.days == null ? t("rights.forever") : t("rights.n_days", { n: rule.days });
  return (
    <span className="row">
      <InputNumber
        aria-label={t("rights.days")}
        min={rule.least_days}
        max={36500}
        value={days}
        placeholder={t("rights.forever")}
        onChange={setDays}
        style={{ width: 110 }}
      />
      {days !== rule.days && (
        <Button size="small" type="primary" loading={save.isPending} onClick={() => save.mutate(undefined)}>
          {t("rights.save")}
        </Button>
      )}
    </span>
  );
}
