import { Segmented } from "antd";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import type { CarrierAccount, GreetingStatus } from "@/api/types";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { MoreButton } from "@/ui/MoreButton";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useCursorList } from "@/ui/useCursorList";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";
import { GREETING_TONE } from "./words";

const STATUSES: ("all" | GreetingStatus)[] = ["all", "sent", "late", "refused", "attempting"];

/** Who was greeted and how fast; who was not, and why. */
export function GreetingsPanel({ account }: { account: CarrierAccount }) {
  const { t } = useTranslation();
  const f = useFormat();
  const [params, change] = useQueryState();
  const wanted = (params.get("greeting") ?? "all") as "all" | GreetingStatus;
  const { query, rows } = useCursorList(["carriers", "greetings", account.id, wanted], (cursor) =>
    must(
      api.GET("/api/v1/carriers/accounts/{account_id}/greetings", {
        params: {
          path: { account_id: account.id },
          query: { status: wanted === "all" ? undefined : wanted, cursor, limit: 30 },
        },
      }),
    ),
  );
  const totals = (query.data?.pages[0] as { totals?: Totals } | undefined)?.totals;
  const filter = (
    <Segmented
      size="small"
      aria-label={t("carriers.greeting_status")}
      value={wanted}
      onChange={(value) => change({ greeting: value === "all" ? null : value }, true)}
      options={STATUSES.map((one) => ({
        value: one,
        label: one === "all" ? t("ui.all") : t(`carriers.greeting_${one}`),
      }))}
    />
  );
  return (
    <Panel title={t("carriers.greetings")} hint={t("carriers.greetings_hint")} extra={filter} flush>
      {totals && (
        <p className="small panel-pad">
          {t("carriers.greetings_totals", {
            sent: f.count(totals.sent),
            late: f.count(totals.late),
            refused: f.count(totals.refused),
            p50: totals.p50_ms == null ? "–" : f.count(totals.p50_ms),
            p99: totals.p99_ms == null ? "–" : f.count(totals.p99_ms),
          })}
        </p>
      )}
      <QueryView query={query} lines={5}>
        {() =>
          rows.length === 0 ? (
            <Empty title={t("carriers.greetings_none")} hint={t("carriers.greetings_none_hint")} />
          ) : (
            <DataTable
              caption={t("carriers.greetings")}
              cards
              rows={rows}
              rowKey={(row) => `${row.received_at} ${row.staff} ${row.contact_name}`}
              columns={[
                { key: "at", title: t("carriers.received"), render: (row) => f.time(row.received_at) },
                { key: "who", title: t("carriers.contact"), render: (row) => row.contact_name },
                { key: "staff", title: t("carriers.staff"), render: (row) => row.staff },
                { key: "state", title: t("carriers.way"), render: (row) => row.state && <code>{row.state}</code> },
                { key: "welcome", title: t("carriers.welcome"), render: (row) => row.welcome_name },
                {
                  key: "status",
                  title: t("carriers.outcome"),
                  wrap: true,
                  render: (row) => (
                    <>
                      <Chip tone={GREETING_TONE[row.status] ?? "plain"}>{t(`carriers.greeting_${row.status}`)}</Chip>{" "}
                      <span className="muted small">{row.status === "sent" ? "" : f.label(row.status_says)}</span>
                    </>
                  ),
                },
                {
                  key: "took",
                  title: t("carriers.took"),
                  align: "right",
                  render: (row) => (row.latency_ms == null ? "–" : t("carriers.ms", { n: f.count(row.latency_ms) })),
                },
              ]}
            />
          )
        }
      </QueryView>
      <MoreButton query={query} />
    </Panel>
  );
}

type Totals = { sent: number; late: number; refused: number; p50_ms: number | null; p99_ms: number | null };
