import { useTranslation } from "react-i18next";
import { DataTable } from "@/ui/DataTable";
import { Figure, Figures } from "@/ui/Figure";
import { Interval } from "@/ui/Interval";
import { useFormat } from "@/ui/useFormat";
import { type Findings, type Terms, useResults } from "./budgetQueries";

/** What it brings, what harms less, and who gets how much before and after: the page in ten seconds. */
export function BudgetFigures({ found }: { found: Findings }) {
  const { t } = useTranslation();
  const f = useFormat();
  const fewer = found.messages_before > 0 ? 1 - found.messages_after / found.messages_before : 0;
  const money = (fen: number) => f.money(Math.round(fen));
  return (
    <>
      <Figures count={3}>
        <Figure
          label={t("messaging.budget_gain")}
          hint={t("messaging.budget_gain_hint")}
          value={money(found.gain_fen.point)}
          note={t("messaging.budget_between", { low: money(found.gain_fen.low), high: money(found.gain_fen.high) })}
        />
        <Figure
          label={t("messaging.budget_messages")}
          hint={t("messaging.budget_messages_hint")}
          value={f.rate(-fewer)}
          note={`${f.count(found.messages_before, 0)} → ${f.count(found.messages_after, 0)}`}
        />
        <Figure
          label={t("messaging.budget_lost")}
          hint={t("messaging.budget_lost_hint")}
          value={f.count(found.lost.point, 1)}
          note={t("messaging.budget_between", { low: f.count(found.lost.low, 1), high: f.count(found.lost.high, 1) })}
        />
      </Figures>
      <div className="budget-spread">
        <Spread
          title={t("messaging.budget_today")}
          people={found.before}
          top={found.top}
          most={found.most}
          all={found.people}
        />
        <Spread
          title={t("messaging.budget_then")}
          people={found.after}
          top={found.top}
          most={found.most}
          all={found.people}
        />
      </div>
      <Interval {...found.gain_fen} text={money} label={t("messaging.budget_gain")} />
      <p className="muted small">
        {t("messaging.budget_even", { gain: money(found.even_gain_fen) })}{" "}
        {t("messaging.budget_rests_on", {
          draws: f.count(found.draws),
          controls: f.count(found.controls),
          sends: f.count(found.sends),
          weeks: f.count(found.weeks, 0),
        })}
      </p>
    </>
  );
}

type SpreadProps = { title: string; people: number[]; top: number; most: number; all: number };

function Spread({ title, people, top, most, all }: SpreadProps) {
  const { t } = useTranslation();
  const f = useFormat();
  const name = (level: number) =>
    level === top ? t("messaging.budget_top", { n: most }) : t("messaging.budget_n", { n: level });
  const there = people.map((count, level) => ({ level, count })).filter((one) => one.count > 0);
  const words = there.map((one) => `${name(one.level)} ${f.count(one.count)}`).join(" · ");
  return (
    <figure>
      <figcaption className="muted small">{title}</figcaption>
      <div className="budget-track" role="img" aria-label={`${title}: ${words}`}>
        {there.map((one) => (
          <i
            key={one.level}
            data-share={top ? one.level / top : 1}
            style={{ flexGrow: one.count, opacity: 0.3 + 0.7 * (top ? one.level / top : 1) }}
          />
        ))}
      </div>
      <ul className="status-legend">
        {there.map((one) => (
          <li key={one.level}>
            {name(one.level)} <strong className="num">{f.count(one.count)}</strong>{" "}
            <span className="muted small num">{f.rate(all ? one.count / all : 0)}</span>
          </li>
        ))}
      </ul>
    </figure>
  );
}

/** What each further message in a week causes, by what people are like; credit stands beside cause, so that nobody takes one for the other. */
export function BudgetCells({ found, terms }: { found: Findings; terms: Terms }) {
  const { t } = useTranslation();
  const f = useFormat();
  const places = found.cells[0]?.places.length ?? 0;
  if (found.draws === 0) return null;
  const money = (fen: number) => f.money(Math.round(fen));
  return (
    <details open={found.lacking.length > 0}>
      <summary>{t("messaging.budget_why")}</summary>
      <p className="muted small panel-note">
        {t("messaging.budget_why_hint", {
          margin: f.rate(terms.margin_rate, 0),
          lost: money(found.lost_fen),
          cost: money(found.cost_fen),
        })}
      </p>
      <DataTable
        caption={t("messaging.budget_why")}
        cards
        rows={found.cells.filter((cell) => cell.people > 0)}
        rowKey={(cell) => cell.code}
        columns={[
          { key: "cell", title: t("messaging.budget_cell"), wrap: true, render: (cell) => f.label(cell.name) },
          {
            key: "people",
            title: t("messaging.budget_people"),
            align: "right",
            render: (cell) => f.count(cell.people),
          },
          ...Array.from({ length: places }, (_, place) => ({
            key: `place ${place}`,
            title: t("messaging.budget_nth", { n: place + 1 }),
            align: "right" as const,
            render: (cell: Findings["cells"][number]) => {
              const one = cell.places[place];
              if (!one) return "–";
              return (
                <span className={cell.level <= place && found.lacking.length === 0 ? "budget-given-up" : undefined}>
                  {one.effect_fen == null ? (
                    <span className="muted">{t("messaging.budget_unlearned")}</span>
                  ) : (
                    <>
                      <strong className="num">{money(one.effect_fen)}</strong>{" "}
                      <span className="muted small num">± {money(1.96 * (one.error_fen ?? 0))}</span>
                    </>
                  )}
                  {one.observed_fen != null && (
                    <span className="muted small num budget-credit">
                      {t("messaging.budget_credit", { fen: money(one.observed_fen) })}
                    </span>
                  )}
                </span>
              );
            },
          })),
          {
            key: "level",
            title: t("messaging.budget_level"),
            align: "right",
            render: (cell) =>
              found.lacking.length > 0 || cell.level === found.top
                ? t("messaging.budget_top", { n: found.most })
                : t("messaging.budget_n", { n: cell.level }),
          },
        ]}
      />
    </details>
  );
}

/** Since adoption: those with a budget beside those told as before. */
export function BudgetResults({ id }: { id: number }) {
  const { t } = useTranslation();
  const f = useFormat();
  const { data } = useResults(id);
  if (!data) return null;
  if (!data.profit_fen || !data.messages || !data.lost_rate)
    return (
      <p className="notice">
        {t("messaging.budget_results_soon", { held: f.count(data.held_count), compared: f.count(data.compared_count) })}
      </p>
    );
  const rows = [
    { key: "profit", one: data.profit_fen, text: (value: number) => f.money(Math.round(value)) },
    { key: "messages", one: data.messages, text: (value: number) => f.count(value, 2) },
    { key: "lost", one: data.lost_rate, text: (value: number) => f.rate(value, 2) },
  ];
  return (
    <section aria-label={t("messaging.budget_results")}>
      <h3>{t("messaging.budget_results")}</h3>
      <p className="muted small">
        {t("messaging.budget_results_hint", {
          days: f.count(data.days, 0),
          held: f.count(data.held_count),
          compared: f.count(data.compared_count),
        })}
      </p>
      <dl className="policy-words">
        {rows.map(({ key, one, text }) => (
          <div key={key}>
            <dt>{t(`messaging.budget_results_${key}`)}</dt>
            <dd>
              <Interval {...one} text={text} label={t(`messaging.budget_results_${key}`)} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
