import { Button, Popconfirm } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "@/shell/session";
import { Chip, type Tone } from "@/ui/Chip";
import { Empty } from "@/ui/Empty";
import { Interval } from "@/ui/Interval";
import { Page } from "@/ui/Page";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";
import { NewExperiment } from "./NewExperiment";
import { useExperimentActs, useExperiments } from "./queries";
import { type Experiment, OUTCOMES } from "./shapes";

const TONE: Record<Experiment["status"], Tone> = {
  planned: "indigo",
  running: "ochre",
  ended: "pine",
  cancelled: "plain",
};

export function ExperimentsPage() {
  const { t } = useTranslation();
  const may = useMay();
  const query = useExperiments();
  const [params, change] = useQueryState();
  const [adding, setAdding] = useState(false);
  const source = Number(params.get("source")) || undefined;
  const open = adding || source !== undefined;
  return (
    <Page
      title={t("shell.page_experiments")}
      sub={t("returns.experiments_sub")}
      actions={
        may("acquisition.write") && (
          <Button type="primary" onClick={() => setAdding(true)}>
            {t("returns.new_experiment")}
          </Button>
        )
      }
    >
      <QueryView query={query} lines={8}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={t("returns.no_experiments")} hint={t("returns.no_experiments_hint")} />
          ) : (
            <ul className="stack">
              {items.map((one) => (
                <li key={one.id}>
                  <One one={one} />
                </li>
              ))}
            </ul>
          )
        }
      </QueryView>
      {open && may("acquisition.write") && (
        <NewExperiment
          source={source}
          onClose={() => {
            setAdding(false);
            change({ source: null }, true);
          }}
        />
      )}
    </Page>
  );
}

function One({ one }: { one: Experiment }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const fail = useFail();
  const { cancel } = useExperimentActs();
  // What it was made for stands first.
  const measured = OUTCOMES.filter((name) => one.effects[name]).toSorted(
    (a, b) => Number(b === one.outcome) - Number(a === one.outcome),
  );
  const planned = one.status === "planned";
  const title = (
    <span className="row">
      {one.name} <Chip tone={TONE[one.status]}>{t(`returns.status_${one.status}`)}</Chip>
    </span>
  );
  const extra = one.status !== "cancelled" && may("acquisition.write") && (
    <Popconfirm
      title={t("returns.cancel_sure")}
      okText={t("returns.cancel_experiment")}
      cancelText={t("ui.cancel")}
      onConfirm={() => cancel.mutate(one.id, { onError: fail })}
    >
      <Button size="small">{t("returns.cancel_experiment")}</Button>
    </Popconfirm>
  );
  return (
    <Panel title={title} extra={extra}>
      <p className="muted">
        {t(`returns.kind_${one.kind}`)} · {one.source_name || t("returns.no_source")} · {one.begins_on} – {one.ends_on}{" "}
        {!planned && (
          <>
            · {t("returns.units", { off: one.units_off, on: one.units_on })} ·{" "}
            {t("returns.spent_then", { money: f.money(one.spend_fen) })}
          </>
        )}
      </p>
      <p className="small">
        {t("returns.off_units")}: {one.off.join(t("returns.comma"))}
      </p>
      {one.note && <p className="small">{one.note}</p>}
      {planned ? (
        <p className="waste-unknown">{t("returns.planned_hint", { on: one.begins_on })}</p>
      ) : (
        one.problem && <p className="waste-unknown">{f.label(one.problem)}</p>
      )}
      {measured.length > 0 && (
        <dl className="effects-list">
          {measured.map((name) => (
            <Result key={name} one={one} name={name} />
          ))}
        </dl>
      )}
      {measured.length > 0 && one.moved_p != null && one.moved_p < 0.01 && (
        <p className="loss small">{t("returns.moved_others")}</p>
      )}
    </Panel>
  );
}

function Result({ one, name }: { one: Experiment; name: (typeof OUTCOMES)[number] }) {
  const { t } = useTranslation();
  const f = useFormat();
  const effect = one.effects[name];
  if (!effect) return null;
  const text = (value: number) => (name === "margin" ? f.money(Math.round(value)) : f.count(value, 1));
  const nothing = effect.low <= 0 && effect.high >= 0;
  return (
    <div>
      <dt>
        {t(`returns.outcome_${name}`)}
        {name === one.outcome && <span className="muted small"> {t("returns.main_outcome")}</span>}
      </dt>
      <dd>
        <strong className="num">{text(effect.caused)}</strong>{" "}
        <span className="muted small num">
          {t("returns.of_booked", {
            booked: text(effect.booked),
            rate: f.rate(effect.rate, 0),
            low: f.rate(effect.rate_low, 0),
            high: f.rate(effect.rate_high, 0),
          })}
          {nothing && ` · ${t("returns.not_from_zero")}`}
        </span>
        <Interval
          label={t(`returns.outcome_${name}`)}
          low={effect.low}
          high={effect.high}
          point={effect.caused}
          text={text}
        />
      </dd>
    </div>
  );
}
