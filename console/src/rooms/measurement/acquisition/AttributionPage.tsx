import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { CsvButton } from "@/ui/CsvButton";
import { DataTable } from "@/ui/DataTable";
import { reportCsv } from "@/ui/download";
import { Empty } from "@/ui/Empty";
import { Interval, spanOf } from "@/ui/Interval";
import { Page } from "@/ui/Page";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { Period, usePeriod } from "./Period";
import { useAttribution } from "./queries";
import { type Attribution, type Credited, MODELS } from "./shapes";
import { useSourceName } from "./words";

export function AttributionPage() {
  const { t } = useTranslation();
  const f = useFormat();
  const { from, to } = usePeriod();
  const query = useAttribution(from, to);
  return (
    <Page
      title={t("shell.page_attribution")}
      sub={t("returns.attribution_sub")}
      actions={
        <>
          <Period shown={query.data} />
          <CsvButton href={reportCsv("/measurement/acquisition/attribution", { from, to })} />
        </>
      }
    >
      <QueryView query={query} lines={10} height={420}>
        {(report) =>
          report.items.length === 0 ? (
            <Empty title={t("returns.no_paths")} hint={t("returns.no_paths_hint")} />
          ) : (
            <div className="stack">
              <p className="credit-not-cause">
                <strong>{t("returns.credit_not_cause")}</strong> {t("returns.credit_not_cause_why")}
              </p>
              <Panel title={t("returns.credit_beside")} hint={t("returns.credit_hint")} flush>
                <Beside report={report} />
                <p className="muted small panel-foot">
                  {t("returns.paths_note", {
                    conversions: f.count(report.conversions),
                    paths: f.count(report.paths),
                    days: report.window_days,
                  })}
                </p>
              </Panel>
            </div>
          )
        }
      </QueryView>
    </Page>
  );
}

function Beside({ report }: { report: Attribution }) {
  const { t } = useTranslation();
  const f = useFormat();
  const name = useSourceName();
  const span = spanOf(
    report.items.flatMap((one) => [one.incremental ?? 0, one.incremental_low ?? 0, one.incremental_high ?? 0]),
  );
  const text = (value: number) => f.count(value, 1);
  return (
    <DataTable<Credited>
      caption={t("returns.credit_beside")}
      cards
      rows={report.items}
      rowKey={(one) => one.source_id}
      columns={[
        { key: "name", title: t("returns.source"), render: (one) => name(one) },
        { key: "spend", title: t("returns.spend"), align: "right", render: (one) => f.money(one.spend_fen) },
        ...MODELS.filter((model) => report.items.some((one) => one.credit[model] != null)).map((model) => ({
          key: model,
          title: t(`returns.model_${model}`),
          align: "right" as const,
          render: (one: Credited) => f.count(one.credit[model], 1),
        })),
        {
          key: "incremental",
          title: t("returns.incremental"),
          width: 230,
          render: (one) =>
            one.incremental == null || one.incremental_low == null || one.incremental_high == null ? (
              <span className="muted">
                {t("returns.not_known")} ·{" "}
                <Link className="in-words" to={`/experiments?source=${one.source_id}`}>
                  {t("returns.to_experiments")}
                </Link>
              </span>
            ) : (
              <span className="cause">
                <strong className="num">{text(one.incremental)}</strong>
                {one.incremental_low <= 0 && one.incremental_high >= 0 && (
                  <span className="muted small"> {t("returns.not_from_zero")}</span>
                )}
                <Interval
                  label={`${name(one)} ${t("returns.incremental")}`}
                  low={one.incremental_low}
                  high={one.incremental_high}
                  point={one.incremental}
                  text={text}
                  span={span}
                />
              </span>
            ),
        },
      ]}
    />
  );
}
