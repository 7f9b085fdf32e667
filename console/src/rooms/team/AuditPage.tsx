import { Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import type { AuditEntry } from "@/api/types";
import { By } from "@/ui/By";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { MoreButton } from "@/ui/MoreButton";
import { Page } from "@/ui/Page";
import { QueryView } from "@/ui/QueryView";
import { useCursorList } from "@/ui/useCursorList";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";

const FILTERS = ["actor", "action", "subject"] as const;

export function AuditPage() {
  const { t } = useTranslation();
  const f = useFormat();
  const [params, change] = useQueryState();
  const wanted = Object.fromEntries(FILTERS.map((key) => [key, params.get(key) ?? undefined]));
  const { query, rows } = useCursorList(["team", "audit", wanted], (cursor) =>
    must(api.GET("/api/v1/team/audit", { params: { query: { ...wanted, cursor, limit: 50 } } })),
  );
  const actions = FILTERS.map((key) => (
    <FilterBox
      key={key}
      label={t(`team.audit_${key}`)}
      value={params.get(key) ?? ""}
      onChange={(value) => change({ [key]: value }, true)}
    />
  ));
  return (
    <Page title={t("shell.page_audit")} sub={t("team.audit_sub")} actions={actions}>
      <div className="panel">
        <QueryView query={query} lines={8}>
          {() =>
            rows.length === 0 ? (
              <Empty title={t("team.audit_none")} />
            ) : (
              <DataTable
                caption={t("shell.page_audit")}
                cards
                rows={rows}
                rowKey={(row) => row.id}
                columns={[
                  { key: "at", title: t("team.audit_at"), render: (row) => f.time(row.at) },
                  { key: "actor", title: t("team.audit_actor"), render: (row) => <By who={row.actor} /> },
                  { key: "action", title: t("team.audit_action"), render: (row) => <code>{row.action}</code> },
                  { key: "subject", title: t("team.audit_subject"), render: (row) => <code>{row.subject}</code> },
                  {
                    key: "detail",
                    title: t("team.audit_detail"),
                    wrap: true,
                    render: (row) => <Detail detail={row.detail} />,
                  },
                ]}
              />
            )
          }
        </QueryView>
        <MoreButton query={query} />
      </div>
    </Page>
  );
}

function FilterBox({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  const [typed, setTyped] = useState(value);
  return (
    <Input.Search
      allowClear
      aria-label={label}
      placeholder={label}
      value={typed}
      onChange={(e) => setTyped(e.target.value)}
      onSearch={(text) => onChange(text.trim())}
      style={{ width: 150 }}
    />
  );
}

function Detail({ detail }: { detail: AuditEntry["detail"] }) {
  const entries = Object.entries(detail ?? {});
  if (entries.length === 0) return <span className="muted">–</span>;
  return (
    <span className="samples">
      {entries.map(([key, value]) => (
        <code key={key}>
          {key}: {typeof value === "object" ? JSON.stringify(value) : String(value)}
        </code>
      ))}
    </span>
  );
}
