import { App, Button, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useMay } from "@/shell/session";
import { Chip } from "@/ui/Chip";
import { CsvButton } from "@/ui/CsvButton";
import { DataTable } from "@/ui/DataTable";
import { reportCsv } from "@/ui/download";
import { Empty } from "@/ui/Empty";
import { Figure, Figures } from "@/ui/Figure";
import { Interval } from "@/ui/Interval";
import { Page } from "@/ui/Page";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { Curves } from "./Curves";
import { Past } from "./PastAdvice";
import { useAdvice, useTakeAdvice } from "./queries";
import type { Advice, AdvisedBudget } from "./shapes";
import { useSourceName } from "./words";

export function AdvicePage() {
  const { t } = useTranslation();
  const query = useAdvice();
  return (
    <Page
      title={t("shell.page_advice")}
      sub={
        <>
          {t("returns.advice_sub")}
          {query.data && ` · ${t("ui.as_of", { on: query.data.as_of_on })}`}
        </>
      }
      actions={
        <>
          <Link to="/budgets">{t("returns.to_budgets")}</Link>
          <CsvButton href={reportCsv("/measurement/acquisition/advice")} />
        </>
      }
    >
      <div className="stack">
        <QueryView query={query} lines={10} height={480}>
          {(advice) =>
            advice.items.length === 0 ? (
              <Empty title={t("returns.no_advice")} hint={<Notes advice={advice} />} />
            ) : (
              <Body advice={advice} />
            )
          }
        </QueryView>
        <Past />
      </div>
    </Page>
  );
}

function Body({ advice }: { advice: Advice }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <>
      <Figures count={3}>
        <Figure
          label={t("returns.advised_total", { month: advice.month })}
          value={f.money(advice.total_fen)}
          note={t("returns.total_stays")}
        />
        <Figure
          label={t("returns.moved")}
          hint={t("returns.moved_hint")}
          value={f.money(advice.moved_fen)}
          note={t("returns.of_total", { rate: f.rate(advice.moved_rate) })}
        />
        <Figure
          label={t("returns.gain")}
          hint={t("returns.gain_hint")}
          value={f.money(advice.gain_fen)}
          note={t("returns.between", { low: f.money(advice.gain_low_fen), high: f.money(advice.gain_high_fen) })}
        />
      </Figures>
      <Panel title={t("returns.advised")} hint={t("returns.advised_hint")} extra={<Take advice={advice} />} flush>
        <div className="advice-gain">
          <Interval
            label={t("returns.gain")}
            low={advice.gain_low_fen}
            high={advice.gain_high_fen}
            point={advice.gain_fen}
            text={f.moneyShort}
          />
        </div>
        <Budgets items={advice.items} />
        <div className="panel-foot">
          <Notes advice={advice} />
        </div>
      </Panel>
      <Curves items={advice.items} />
    </>
  );
}

function Budgets({ items }: { items: AdvisedBudget[] }) {
  const { t } = useTranslation();
  const f = useFormat();
  const name = useSourceName();
  const top = Math.max(1, ...items.flatMap((one) => [one.now_fen, one.advised_fen]));
  return (
    <DataTable
      caption={t("returns.advised")}
      cards
      rows={items}
      rowKey={(one) => one.source_id}
      columns={[
        { key: "name", title: t("returns.source"), render: (one) => name(one) },
        {
          key: "budget",
          title: t("returns.now_advised"),
          render: (one) => (
            <span className="now-then" role="img" aria-label={`${f.money(one.now_fen)} → ${f.money(one.advised_fen)}`}>
              <i style={{ width: `${(one.now_fen / top) * 100}%` }} />
              <i className="then" style={{ width: `${(one.advised_fen / top) * 100}%` }} />
            </span>
          ),
        },
        { key: "now", title: t("returns.now"), align: "right", render: (one) => f.money(one.now_fen) },
        {
          key: "advised",
          title: t("returns.advised_short"),
          align: "right",
          render: (one) => <strong>{f.money(one.advised_fen)}</strong>,
        },
        { key: "change", title: t("returns.change"), align: "right", render: (one) => <Change one={one} /> },
        {
          key: "marginal",
          title: t("returns.next_yuan"),
          align: "right",
          render: (one) => `${one.marginal_now.toFixed(2)} → ${one.marginal_advised.toFixed(2)}`,
        },
        {
          key: "reason",
          title: t("returns.reason"),
          wrap: true,
          render: (one) => (
            <>
              {f.label(one.reason)}
              {!one.incremental_known && <span className="muted small"> {t("returns.credit_only")}</span>}
            </>
          ),
        },
      ]}
    />
  );
}

function Change({ one }: { one: AdvisedBudget }) {
  const { t } = useTranslation();
  const f = useFormat();
  const change = one.advised_fen - one.now_fen;
  if (change === 0) return <span className="muted">{t("returns.stays")}</span>;
  return (
    <Chip tone={change > 0 ? "pine" : "ochre"}>
      {change > 0 ? "▲ +" : "▼ -"}
      {f.money(Math.abs(change))}
    </Chip>
  );
}

function Notes({ advice }: { advice: Advice }) {
  const f = useFormat();
  return (
    <ul className="notes muted small">
      {advice.notes.map((note) => (
        <li key={note.en}>{f.label(note)}</li>
      ))}
    </ul>
  );
}

/** One click, one question, and the advice is next month's budget. */
function Take({ advice }: { advice: Advice }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const fail = useFail();
  const { message } = App.useApp();
  const [asking, setAsking] = useState(false);
  const take = useTakeAdvice();
  if (advice.taken)
    return (
      <span className="row">
        <Chip tone="pine">{t("returns.taken")}</Chip>
        <span className="muted small">
          {t("returns.taken_by", { by: advice.taken.by, at: f.time(advice.taken.at) })}
        </span>
      </span>
    );
  if (!may("acquisition.spend")) return null;
  const changed = advice.items.filter((one) => one.advised_fen !== one.now_fen).length;
  return (
    <>
      <Button type="primary" onClick={() => setAsking(true)}>
        {t("returns.take", { month: advice.month })}
      </Button>
      <Modal
        open={asking}
        title={t("returns.take", { month: advice.month })}
        okText={t("returns.take_sure")}
        okButtonProps={{ loading: take.isPending }}
        onCancel={() => setAsking(false)}
        onOk={() =>
          take.mutate(undefined, {
            onSuccess: () => {
              setAsking(false);
              void message.success(t("returns.take_done", { month: advice.month }));
            },
            onError: fail,
          })
        }
      >
        <p>{t("returns.take_said", { n: advice.items.length, changed, month: advice.month })}</p>
        <p className="muted">{t("returns.take_check")}</p>
      </Modal>
    </>
  );
}
