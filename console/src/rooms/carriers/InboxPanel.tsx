import { useQuery } from "@tanstack/react-query";
import { Button, Modal, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import type { CarrierAccount } from "@/api/types";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { MoreButton } from "@/ui/MoreButton";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useCursorList } from "@/ui/useCursorList";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";

/** What the carrier told us, as it came; also what Siyu does not know yet. */
export function InboxPanel({ account }: { account: CarrierAccount }) {
  const { t } = useTranslation();
  const f = useFormat();
  const [params, change] = useQueryState();
  const [open, setOpen] = useState<number | null>(null);
  const kind = params.get("kind") ?? undefined;
  const kinds = useQuery({
    queryKey: ["carriers", "inbox-kinds", account.id],
    queryFn: () =>
      must(
        api.GET("/api/v1/carriers/accounts/{account_id}/inbox/kinds", { params: { path: { account_id: account.id } } }),
      ),
  });
  const { query, rows } = useCursorList(["carriers", "inbox", account.id, kind ?? "all"], (cursor) =>
    must(
      api.GET("/api/v1/carriers/accounts/{account_id}/inbox", {
        params: { path: { account_id: account.id }, query: { kind, cursor, limit: 50 } },
      }),
    ),
  );
  const filter = (
    <Select
      allowClear
      aria-label={t("carriers.kind")}
      placeholder={t("carriers.kind")}
      value={kind}
      style={{ minWidth: 210 }}
      onChange={(value) => change({ kind: value ?? null }, true)}
      options={(kinds.data?.items ?? []).map((one) => ({
        value: one.kind,
        label: `${f.label(one.name)} · ${f.count(one.count)}`,
      }))}
    />
  );
  return (
    <Panel title={t("carriers.tab_inbox")} hint={t("carriers.inbox_hint")} extra={filter} flush>
      <QueryView query={query} lines={8}>
        {() =>
          rows.length === 0 ? (
            <Empty title={t("carriers.inbox_none")} hint={t("carriers.inbox_none_hint")} />
          ) : (
            <DataTable
              caption={t("carriers.tab_inbox")}
              cards
              rows={rows}
              rowKey={(row) => row.position}
              columns={[
                { key: "received", title: t("carriers.received"), render: (row) => f.time(row.received_at) },
                {
                  key: "kind",
                  title: t("carriers.kind"),
                  render: (row) =>
                    row.kind === "unknown" ? (
                      <Chip tone="ochre">{f.label(row.kind_name)}</Chip>
                    ) : (
                      f.label(row.kind_name)
                    ),
                },
                {
                  key: "about",
                  title: t("carriers.about"),
                  wrap: true,
                  render: (row) => <span className="muted">{row.summary}</span>,
                },
                {
                  key: "done",
                  title: t("carriers.worked_off"),
                  render: (row) =>
                    row.done_at ? f.time(row.done_at) : <Chip tone="indigo">{t("carriers.waiting")}</Chip>,
                },
                {
                  key: "act",
                  title: <span className="visually-hidden">{t("carriers.see_document")}</span>,
                  render: (row) => (
                    <Button
                      size="small"
                      onClick={() => setOpen(row.position)}
                      aria-label={t("carriers.see_document_of", { n: row.position })}
                    >
                      {t("carriers.see_document")}
                    </Button>
                  ),
                },
              ]}
            />
          )
        }
      </QueryView>
      <MoreButton query={query} />
      {open !== null && <Document account={account} position={open} onClose={() => setOpen(null)} />}
    </Panel>
  );
}

function Document({ account, position, onClose }: { account: CarrierAccount; position: number; onClose: () => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const query = useQuery({
    queryKey: ["carriers", "arrival", account.id, position],
    queryFn: () =>
      must(
        api.GET("/api/v1/carriers/accounts/{account_id}/inbox/{position}", {
          params: { path: { account_id: account.id, position } },
        }),
      ),
  });
  return (
    <Modal open title={t("carriers.document", { n: position })} onCancel={onClose} footer={null} width={720}>
      <QueryView query={query}>
        {(data) => (
          <div className="stack">
            <p>
              <strong>{f.label(data.kind_name)}</strong> <span className="muted">{data.summary}</span>
            </p>
            <p className="muted small">
              {t("carriers.happened", { at: f.time(data.at) })} · {t("carriers.received")} {f.time(data.received_at)}
            </p>
            {data.document === null ? (
              <p className="notice">{t("carriers.document_lost")}</p>
            ) : (
              // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
              <pre className="document" tabIndex={0}>
                {pretty(data.document)}
              </pre>
            )}
            <p className="muted small">{t(data.masked ? "carriers.document_masked" : "carriers.document_codes")}</p>
          </div>
        )}
      </QueryView>
    </Modal>
  );
}

/** XML with one element a line; anything else as it is. */
function pretty(document: string): string {
  if (!document.trimStart().startsWith("<")) return document;
  let depth = 0;
  return document
    .replace(/>\s*</g, ">\n<")
    .split("\n")
    .map((line) => {
      const closes = line.startsWith("</");
      if (closes) depth -= 1;
      const shown = "  ".repeat(Math.max(0, depth)) + line;
      if (!closes && /^<[^!?][^>]*>$/.test(line) && !line.endsWith("/>")) depth += 1;
      return shown;
    })
    .join("\n");
}
