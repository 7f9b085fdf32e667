import { Button } from "antd";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Suggestion, SuggestionState } from "@/api/types";
import { useMay } from "@/shell/session";
import { Empty } from "@/ui/Empty";
import { Loading } from "@/ui/Loading";
import { MoreButton } from "@/ui/MoreButton";
import { Panel } from "@/ui/Panel";
import { ProblemView } from "@/ui/ProblemView";
import { useFormat } from "@/ui/useFormat";
import { Evidence } from "./Evidence";
import { type Decision, useDecide, useSuggestions } from "./queries";
import { SideBySide } from "./SideBySide";
import { useKeys } from "./useKeys";

/** A probability is never shown as 100%. */
const NEVER_SURE = 0.9999;
const KEYS: Record<string, Decision> = { a: "accept", r: "reject", l: "later" };

/** The list on one side, the pair in question on the other; J and K walk, A, R and L decide, U takes the last decision back. */
export function Inbox({ state }: { state: SuggestionState }) {
  const { t } = useTranslation();
  const may = useMay();
  const list = useSuggestions(state);
  const [at, setAt] = useState(0);
  const [last, setLast] = useState<number[]>([]);
  const place = Math.min(at, Math.max(0, list.rows.length - 1));
  const current = list.rows[place];
  const mutation = useDecide();
  const writes = may("identity.write");
  const act = (decision: Decision) => {
    if (!current || !writes || mutation.isPending) return;
    mutation.mutate({ decision, ids: [current.id] }, { onSuccess: () => setLast([current.id, ...last]) });
  };
  const undo = () => {
    const [id, ...rest] = last;
    if (id !== undefined) mutation.mutate({ decision: "open", ids: [id] }, { onSuccess: () => setLast(rest) });
  };
  useKeys({
    j: () => setAt(Math.min(place + 1, list.rows.length - 1)),
    k: () => setAt(Math.max(place - 1, 0)),
    u: undo,
    ...Object.fromEntries(Object.entries(KEYS).map(([key, decision]) => [key, () => act(decision)])),
  });
  if (list.query.error) return <ProblemView error={list.query.error} retry={() => void list.query.refetch()} />;
  if (!list.query.data) return <Loading lines={8} />;
  if (!current)
    return (
      <div className="panel">
        <Empty title={t(`identity.none_${state}`)} hint={t("identity.none_hint")} />
        {last.length > 0 && <Undo onUndo={undo} />}
      </div>
    );
  return (
    <div className="grid">
      <Panel className="w4" title={t("identity.pairs")} flush>
        <ul className="pair-list">
          {list.rows.map((row, index) => (
            <PairLine key={row.id} row={row} on={index === place} onPick={() => setAt(index)} />
          ))}
        </ul>
        <MoreButton query={list.query} />
      </Panel>
      <div className="w8 stack start">
        <Pair suggestion={current} />
        {writes && (
          <div className="batch decide">
            {state !== "accepted" && (
              <>
                <Button type="primary" onClick={() => act("accept")} loading={mutation.isPending}>
                  {t("identity.accept")} <kbd>A</kbd>
                </Button>
                <Button danger onClick={() => act("reject")}>
                  {t("identity.reject")} <kbd>R</kbd>
                </Button>
                {state === "open" && (
                  <Button onClick={() => act("later")}>
                    {t("identity.later")} <kbd>L</kbd>
                  </Button>
                )}
              </>
            )}
            {state !== "open" && state !== "stale" && (
              <Button onClick={() => act("open")}>{t(`identity.reopen_${state}`)}</Button>
            )}
            {last.length > 0 && <Undo onUndo={undo} />}
          </div>
        )}
      </div>
    </div>
  );
}

function Undo({ onUndo }: { onUndo: () => void }) {
  const { t } = useTranslation();
  return (
    <Button type="text" onClick={onUndo}>
      {t("identity.undo")} <kbd>U</kbd>
    </Button>
  );
}

function PairLine({ row, on, onPick }: { row: Suggestion; on: boolean; onPick: () => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const line = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (on) line.current?.scrollIntoView({ block: "nearest" });
  }, [on]);
  const best = row.reasons.filter((reason) => reason.weight_bits > 0 && reason.level !== "nothing");
  return (
    <li ref={line}>
      <button type="button" className={on ? "plain on" : "plain"} aria-current={on} onClick={onPick}>
        <span className="row spread">
          <span className="mono">
            #{row.customer_ids[0]} · #{row.customer_ids[1]}
          </span>
          <strong className="num">{f.rate(Math.min(row.probability, NEVER_SURE), 2)}</strong>
        </span>
        <span className="small muted">
          {best
            .map(
              (reason) =>
                `${t(`identity.field_${reason.field}`, { defaultValue: reason.field })} ${f.label(reason.level_name)}`,
            )
            .join(" · ")}
        </span>
      </button>
    </li>
  );
}

function Pair({ suggestion }: { suggestion: Suggestion }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <>
      <Panel title={t("identity.side_by_side")} flush>
        <SideBySide ids={suggestion.customer_ids as [number, number]} />
      </Panel>
      <Panel
        title={t("identity.why")}
        hint={t("identity.why_hint")}
        extra={
          <strong className="num">
            {t("identity.probable", { rate: f.rate(Math.min(suggestion.probability, NEVER_SURE), 2) })}
          </strong>
        }
      >
        <Evidence reasons={suggestion.reasons} />
        {suggestion.decided_at && (
          <p className="small muted">
            {t("identity.decided", { by: suggestion.decided_by, at: f.time(suggestion.decided_at) })}
          </p>
        )}
      </Panel>
    </>
  );
}
