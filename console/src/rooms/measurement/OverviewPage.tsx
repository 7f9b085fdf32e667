import { Segmented } from "antd";
import { useTranslation } from "react-i18next";
import type { Grain, Overview } from "@/api/types";
import { useMay, useSession } from "@/shell/session";
import { AsOf } from "@/ui/AsOf";
import { CsvButton } from "@/ui/CsvButton";
import { Delta } from "@/ui/Delta";
import { reportCsv } from "@/ui/download";
import { Empty } from "@/ui/Empty";
import { Figure, Figures } from "@/ui/Figure";
import { Page } from "@/ui/Page";
import { QueryView } from "@/ui/QueryView";
import { Sparkline } from "@/ui/Sparkline";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";
import { FirstSteps } from "./FirstSteps";
import { LookAt } from "./LookAt";
import { useMetrics, useOverview } from "./queries";
import { NewReturningPanel, RevenuePanel } from "./RevenuePanel";

const span = ({ from_on, to_on }: Overview["period"]) => (from_on === to_on ? from_on : `${from_on} – ${to_on}`);
const GRAINS: Grain[] = ["day", "week", "month"];

export function OverviewPage() {
  const { t } = useTranslation();
  const may = useMay();
  const { member } = useSession();
  const [params, change] = useQueryState();
  const grain = GRAINS.find((g) => g === params.get("grain")) ?? "month";
  const asOf = params.get("as_of");
  const query = useOverview(grain, asOf);
  const f = useFormat();
  if (!may("reports.read")) {
    return (
      <Page title={t("shell.page_overview")}>
        <Empty title={t("measurement.no_reports", { name: member.name })} hint={t("measurement.no_reports_hint")} />
      </Page>
    );
  }
  const data = query.data;
  const sub = data && (
    <>
      {span(data.period)} · {t("measurement.against", { span: span(data.previous) })}
      {data.fresh_at && ` · ${t("ui.fresh", { at: f.time(data.fresh_at) })}`}
    </>
  );
  const actions = (
    <>
      <Segmented
        options={GRAINS.map((g) => ({ value: g, label: t(`measurement.grain_${g}`) }))}
        value={grain}
        onChange={(g) => change({ grain: g === "month" ? null : g })}
        aria-label={t("measurement.grain")}
      />
      <AsOf value={asOf} shown={data?.as_of_on} onChange={(on) => change({ as_of: on })} />
      <CsvButton href={reportCsv("/measurement/overview", { grain, as_of: data?.as_of_on })} />
    </>
  );
  return (
    <Page title={t("shell.page_overview")} sub={sub} actions={actions}>
      <QueryView query={query} lines={8} height={520}>
        {(overview) => (overview.totals.orders ? <Body overview={overview} asOf={asOf} /> : <FirstSteps />)}
      </QueryView>
    </Page>
  );
}

function Body({ overview, asOf }: { overview: Overview; asOf: string | null }) {
  const metrics = useMetrics();
  const { t } = useTranslation();
  return (
    <div className="stack">
      <Figures count={overview.cards.length}>
        {overview.cards.map((card) => (
          <Figure
            key={card.metric}
            label={metrics.name(card.metric)}
            hint={metrics.definition(card.metric)}
            value={<span title={metrics.full(card.metric, card.value)}>{metrics.short(card.metric, card.value)}</span>}
            note={
              <>
                <Delta rate={card.change_rate} lessIsBetter={card.metric === "refund_fen"} />
                {card.previous != null && (
                  <span className="muted">
                    {" "}
                    {t("measurement.before", { value: metrics.short(card.metric, card.previous) })}
                  </span>
                )}
              </>
            }
            side={
              <Sparkline values={card.series} width={72} tone={card.metric === "refund_fen" ? "cinnabar" : "pine"} />
            }
          />
        ))}
      </Figures>
      <div className="grid">
        <RevenuePanel overview={overview} className="w8" />
        <LookAt overview={overview} asOf={asOf} />
        <NewReturningPanel overview={overview} className="w8" />
        <Totals overview={overview} />
      </div>
    </div>
  );
}

function Totals({ overview }: { overview: Overview }) {
  const { t } = useTranslation();
  const metrics = useMetrics();
  const keys = Object.keys(overview.totals);
  return (
    <section className="panel w4" aria-labelledby="totals">
      <div className="panel-head">
        <h2 id="totals">{t("measurement.totals")}</h2>
      </div>
      <dl className="totals">
        {keys.map((key) => (
          <div key={key} title={metrics.definition(key)}>
            <dt>{metrics.name(key) === key ? t(`measurement.total_${key}`, key) : metrics.name(key)}</dt>
            <dd className="num">{metrics.full(key, overview.totals[key])}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
