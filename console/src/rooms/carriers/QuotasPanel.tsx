import { useTranslation } from "react-i18next";
import type { CarrierAccount } from "@/api/types";
import { Bar } from "@/ui/Bar";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { useQuotas } from "./queries";

const SPANS: Record<number, string> = { 60: "minute", 3600: "hour", 86400: "day", 2592000: "month" };

/** What is used and left of each window of calls; an API that the carrier has closed stands first. */
export function QuotasPanel({ account }: { account: CarrierAccount }) {
  const { t } = useTranslation();
  const f = useFormat();
  const quotas = useQuotas(account.id);
  return (
    <Panel title={t("carriers.quotas")} hint={t("carriers.quotas_hint")} flush>
      <QueryView query={quotas} lines={4}>
        {(data) =>
          data.items.every((row) => row.used_count === 0 && !row.blocked_until) ? (
            <Empty title={t("carriers.quotas_none")} hint={t("carriers.quotas_none_hint")} />
          ) : (
            <DataTable
              caption={t("carriers.quotas")}
              cards
              rows={data.items.filter((row) => row.used_count > 0 || row.blocked_until)}
              rowKey={(row) => `${row.api} ${row.seconds}`}
              columns={[
                {
                  key: "api",
                  title: t("carriers.api"),
                  render: (row) => <code>{row.api.replace("/cgi-bin/", "")}</code>,
                },
                {
                  key: "span",
                  title: t("carriers.window"),
                  render: (row) =>
                    SPANS[row.seconds] ? t(`carriers.per_${SPANS[row.seconds]}`) : f.seconds(row.seconds),
                },
                {
                  key: "used",
                  title: t("carriers.used"),
                  render: (row) => (
                    <span className="quota-used">
                      <Bar
                        value={row.used_count / row.limit_count}
                        tone={row.used_count / row.limit_count > 0.8 ? "ochre" : "pine"}
                      />
                      <span className="num small">
                        {f.count(row.used_count)} / {f.count(row.limit_count)}
                      </span>
                    </span>
                  ),
                },
                {
                  key: "left",
                  title: t("carriers.left"),
                  align: "right",
                  render: (row) => f.count(Math.max(0, row.limit_count - row.used_count)),
                },
                {
                  key: "closed",
                  title: t("carriers.closed"),
                  render: (row) =>
                    row.blocked_until ? (
                      <Chip tone="cinnabar">
                        {t("carriers.closed_until", { at: f.time(row.blocked_until), code: row.blocked_code })}
                      </Chip>
                    ) : (
                      <span className="muted">{t("carriers.open")}</span>
                    ),
                },
              ]}
            />
          )
        }
      </QueryView>
    </Panel>
  );
}
