import { DatePicker } from "antd";
import dayjs from "dayjs";
import isoWeek from "dayjs/plugin/isoWeek";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useMay } from "@/shell/session";
import { DataTable } from "@/ui/DataTable";
import { Delta } from "@/ui/Delta";
import { save } from "@/ui/download";
import { Empty } from "@/ui/Empty";
import { Figure, Figures } from "@/ui/Figure";
import { Page } from "@/ui/Page";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";
import { SplitBar } from "./SplitBar";
import { BUCKETS } from "./shapes";
import { WeeklyPlan } from "./WeeklyPlan";
import { useWeekly, type Weekly } from "./weeklyQueries";
import { useSourceName } from "./words";

dayjs.extend(isoWeek);

export function WeeklyPage() {
  const { t } = useTranslation();
  const may = useMay();
  const [params, change] = useQueryState();
  const week = params.get("week") ?? undefined;
  const query = useWeekly(week);
  const shown = query.data;
  const actions = (
    <>
      <DatePicker
        picker="week"
        aria-label={t("returns.week")}
        allowClear={false}
        value={shown ? dayjs(shown.week_on) : null}
        format={(day) => `${day.startOf("isoWeek").format("MM-DD")} – ${day.endOf("isoWeek").format("MM-DD")}`}
        disabledDate={(day) => day.isAfter(dayjs(), "day")}
        onChange={(day) => change({ week: day ? day.startOf("isoWeek").format("YYYY-MM-DD") : null })}
        style={{ width: 168 }}
      />
      {shown && <PdfLink week={shown.week_on} />}
    </>
  );
  return (
    <Page
      title={t("shell.page_weekly")}
      sub={
        shown && (
          <>
            {shown.week_on} – {shown.to_on}
            {!shown.is_over && ` · ${t("returns.week_runs")}`} · {t("ui.as_of", { on: shown.as_of_on })}
          </>
        )
      }
      actions={actions}
    >
      <div className="stack">
        <QueryView query={query} lines={10} height={480}>
          {(report) => <Body report={report} />}
        </QueryView>
        {may("reports.read") && <WeeklyPlan week={shown?.week_on} />}
      </div>
    </Page>
  );
}

function PdfLink({ week }: { week: string }) {
  const { t } = useTranslation();
  const fail = useFail();
  const href = `/api/v1/measurement/weekly/pdf?week=${week}`;
  return (
    <a
      className="csv"
      href={href}
      onClick={(event) => {
        event.preventDefault();
        void save(href).catch(fail);
      }}
    >
      {t("returns.pdf")}
    </a>
  );
}

function Body({ report }: { report: Weekly }) {
  const { t } = useTranslation();
  return (
    <>
      <Week report={report} />
      <div className="grid">
        <Panel title={t("returns.to_do")} hint={t("returns.to_do_hint")} className="w6">
          {report.tasks.length === 0 ? (
            <p className="muted">{t("returns.nothing_presses")}</p>
          ) : (
            <Tasks report={report} />
          )}
        </Panel>
        <Panel title={t("returns.wasted")} hint={t("returns.wasted_hint")} className="w6">
          {report.split_fen > 0 ? (
            <Split report={report} />
          ) : (
            <Empty title={t("returns.no_spend")} hint={t("returns.no_spend_hint")} />
          )}
        </Panel>
      </div>
      {report.sources.length > 0 && <SourceLines report={report} />}
    </>
  );
}

function Week({ report }: { report: Weekly }) {
  const { t } = useTranslation();
  const f = useFormat();
  const { this: now, before } = report;
  const was = (value: string) => <span className="muted"> {t("measurement.before", { value })}</span>;
  return (
    <Figures count={5}>
      <Figure
        label={t("returns.spend")}
        value={f.moneyShort(now.spend_fen)}
        note={
          <>
            {f.change(report.spend_change_rate)}
            {was(f.moneyShort(before.spend_fen))}
          </>
        }
      />
      <Figure
        label={t("returns.added")}
        value={f.count(now.added)}
        note={
          <>
            <Delta rate={report.added_change_rate} />
            {was(f.count(before.added))}
          </>
        }
      />
      <Figure
        label={t("returns.cac_add")}
        hint={t("returns.cac_add_hint")}
        value={f.money(now.cac_add_fen)}
        note={
          <>
            <Delta rate={report.cac_change_rate} lessIsBetter />
            {was(f.money(before.cac_add_fen))}
          </>
        }
      />
      <Figure
        label={t("returns.first_orders")}
        value={f.count(now.first_orders)}
        note={was(f.count(before.first_orders))}
      />
      <Figure
        label={t("returns.margin")}
        hint={t("returns.week_margin_hint")}
        value={f.moneyShort(now.margin_fen)}
        note={was(f.moneyShort(before.margin_fen))}
      />
    </Figures>
  );
}

function Tasks({ report }: { report: Weekly }) {
  const f = useFormat();
  return (
    <ol className="week-tasks">
      {report.tasks.map((task) => (
        <li key={`${task.kind} ${task.said.en}`}>
          <Link to={task.page}>{f.label(task.said)}</Link>
        </li>
      ))}
    </ol>
  );
}

function Split({ report }: { report: Weekly }) {
  const { t } = useTranslation();
  const f = useFormat();
  const name = useSourceName();
  const parts = BUCKETS.map((bucket) => report.parts.find((one) => one.bucket === bucket)).filter(
    (one) => one !== undefined,
  );
  const yuan = (names: readonly string[]) =>
    parts.reduce((sum, one) => (names.includes(one.bucket) ? sum + one.yuan : sum), 0);
  const back = yuan(["paid_back"]);
  const way = yuan(["on_the_way"]);
  return (
    <div className="stack">
      <p>
        {t("returns.said_eight", { total: f.moneyShort(report.split_fen) })}
        <strong className="pine">{t("returns.said_back", { n: back })}</strong>
        <strong className="way">{t("returns.said_way", { n: way })}</strong>
        <strong className="loss">{t("returns.said_gone", { n: 100 - back - way })}</strong>
      </p>
      <SplitBar parts={parts} />
      <ul className="week-losses">
        {report.losses.map((one) => (
          <li key={`${one.source_id} ${one.bucket}`}>
            <i className={`b-${one.bucket}`} aria-hidden="true" />
            <Link to={`/waste?source=${one.source_id}&from=${report.split_from_on}&to=${report.to_on}`}>
              {name(one)}
            </Link>
            <span>{t(`returns.b_${one.bucket}`)}</span>
            <strong className="num">{f.money(one.amount_fen)}</strong>
            <span className="muted small num">{t("returns.of_its_spend", { rate: f.rate(one.rate, 0) })}</span>
          </li>
        ))}
      </ul>
      {report.known_anyway_fen < report.split_fen && (
        <p className="muted small">
          {t("returns.unknown_said", { money: f.money(report.split_fen - report.known_anyway_fen) })}
        </p>
      )}
    </div>
  );
}

function SourceLines({ report }: { report: Weekly }) {
  const { t } = useTranslation();
  const f = useFormat();
  const name = useSourceName();
  return (
    <Panel title={t("returns.week_sources")} flush>
      <DataTable
        caption={t("returns.week_sources")}
        cards
        rows={report.sources}
        rowKey={(one) => one.source_id}
        columns={[
          {
            key: "name",
            title: t("returns.source"),
            render: (one) => <Link to={`/source-returns?source=${one.source_id}`}>{name(one)}</Link>,
          },
          { key: "spend", title: t("returns.spend"), align: "right", render: (one) => f.money(one.spend_fen) },
          { key: "added", title: t("returns.added"), align: "right", render: (one) => f.count(one.added) },
          {
            key: "cac",
            title: t("returns.cac_add"),
            align: "right",
            render: (one) => {
              const over = one.target_cac_fen != null && (one.cac_add_fen ?? 0) > one.target_cac_fen;
              return (
                <span className={over ? "loss" : undefined}>
                  {f.money(one.cac_add_fen)}
                  {over && <small> {t("returns.over_target", { money: f.money(one.target_cac_fen) })}</small>}
                </span>
              );
            },
          },
          {
            key: "orders",
            title: t("returns.first_orders"),
            align: "right",
            render: (one) => f.count(one.first_orders),
          },
          {
            key: "roi",
            title: t("returns.roi_eight"),
            align: "right",
            render: (one) =>
              one.roi == null ? (
                <span className="muted">{t("returns.not_known")}</span>
              ) : (
                <>
                  {f.rate(one.roi, 0)}{" "}
                  {one.roi_low != null && (
                    <span className="muted small">
                      {t("returns.between", { low: f.rate(one.roi_low, 0), high: f.rate(one.roi_high, 0) })}
                    </span>
                  )}
                </>
              ),
          },
        ]}
      />
    </Panel>
  );
}
