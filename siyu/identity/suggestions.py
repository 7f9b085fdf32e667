"""Suggestions 疑似重复: what was suggested, and what people made of it.

States: open 待审, later 稍后, accepted 已合并, rejected 不是同一人 (never suggested again unless its evidence changes), stale
已失效 (no longer probable, or one of the two is gone).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import scipy
from sqlalchemy import Connection, Row, func, insert, select, update

from siyu.foundation.database import select_in, upsert
from siyu.foundation.errors import ConflictError, NotFoundError
from siyu.foundation.text import Text
from siyu.identity import _tables
from siyu.identity._suggest_tables import matching, suggestion
from siyu.identity.suggest import Suggested
from siyu.identity.suggest_fields import LEVELS

State = Literal["open", "later", "accepted", "rejected", "stale"]
STATES: tuple[State, ...] = ("open", "later", "accepted", "rejected", "stale")
MOST_KEPT = 100_000
"""Of one look the likeliest so many are kept: nobody reviews more."""
AUTOMATIC_PRECISION = 0.99
CONFIDENCE = 0.95
AUTOMATIC = "automatic"
"""Who decides where nobody does."""


@dataclass(frozen=True)
class Reason:
    """What one comparison says: its level, and its weight in bits (above 0: for one person)."""

    field: str
    level: str
    weight: float

    @property
    def name(self) -> Text:
        return LEVELS.get(self.level, Text(self.level, self.level))


@dataclass(frozen=True)
class Suggestion:
    id: int
    low_id: int
    high_id: int
    probability: float
    weight: float
    reasons: tuple[Reason, ...]
    state: str
    found_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    operation_id: int | None


@dataclass(frozen=True)
class Reviewed:
    """What people made of suggestions of at least a probability. `low_rate`: the precision is above it with 95 % confidence."""

    accepted_count: int
    rejected_count: int
    precision_rate: float | None
    low_rate: float

    @property
    def may_be_automatic(self) -> bool:
        return self.low_rate >= AUTOMATIC_PRECISION


def keep(tx: Connection, found: Suggested, now: datetime) -> int:
    """Write down what a look found; returns how many suggestions are new or open again.

    A pair that is open follows its new evidence. One that was rejected stays so while its levels are the same. One that is
    open and was not found again is stale.
    """
    rows = found.pairs.slice(0, MOST_KEPT).to_pylist()
    known = {(row.low_id, row.high_id): row for row in tx.execute(select(suggestion))}
    apart = {(row.customer_id, row.other_id) for row in tx.execute(select(_tables.apart))}
    fresh, news = [], 0
    for row in rows:
        before = known.get((row["low_id"], row["high_id"]))
        if (before is not None and _is_settled(before, row["levels"])) or (before is None and (row["low_id"], row["high_id"]) in apart):
            continue
        is_open = before is not None and before.state in ("open", "later")
        decided = ("state", "found_at", "decided_at", "decided_by")
        kept = {name: getattr(before, name) for name in decided} if is_open else dict(zip(decided, ("open", now, None, None), strict=True))
        news += not is_open
        fresh.append({**row, **kept, "model": found.model, "operation_id": None})
    for start in range(0, len(fresh), 5_000):
        upsert(tx, suggestion, fresh[start : start + 5_000], ["low_id", "high_id"])
    here = {(row["low_id"], row["high_id"]) for row in rows}
    gone = [row.id for pair, row in known.items() if row.state in ("open", "later") and pair not in here]
    _set(tx, gone, {"state": "stale"})
    tx.execute(
        insert(matching).values(
            ended_at=now, record_count=found.record_count, candidate_count=found.linked.candidate_count, pair_count=found.pairs.num_rows, new_count=news,
            is_tightened=found.linked.is_tightened, prior=found.linked.prior, model=found.model, parameters=found.linked.model,
        )
    )  # fmt: skip
    return news


def _is_settled(before: Row[Any], levels: str) -> bool:
    """Merged (and found again: somebody undid it), or rejected on the same evidence."""
    return bool(before.state == "accepted" or (before.state == "rejected" and before.levels == levels))


def last_look(tx: Connection) -> Row[Any] | None:
    """The newest look over all customers."""
    return tx.execute(select(matching).order_by(matching.c.id.desc()).limit(1)).first()


def counts(tx: Connection) -> dict[str, int]:
    """Suggestions by state."""
    found = {state: int(count) for state, count in tx.execute(select(suggestion.c.state, func.count()).group_by(suggestion.c.state))}
    return {state: found.get(state, 0) for state in STATES}


def page(tx: Connection, state: State, *, after: tuple[float, int] | None, limit: int, customer_ids: Sequence[int] = ()) -> list[Suggestion]:
    """Suggestions of a state, likeliest first; only those of some customers where they are named."""
    wanted = suggestion.c.state == state
    if after is not None:
        wanted = wanted & ((suggestion.c.probability < after[0]) | ((suggestion.c.probability == after[0]) & (suggestion.c.id > after[1])))
    if customer_ids:
        wanted = wanted & (suggestion.c.low_id.in_(customer_ids) | suggestion.c.high_id.in_(customer_ids))
    rows = tx.execute(select(suggestion).where(wanted).order_by(suggestion.c.probability.desc(), suggestion.c.id).limit(limit))
    return [_suggestion(row) for row in rows]


def find(tx: Connection, ids: Sequence[int]) -> list[Suggestion]:
    """These suggestions.

    Raises
    ------
    NotFoundError
        With the ids that there are none of.
    """
    found = {row.id: _suggestion(row) for row in select_in(tx, list(suggestion.c), suggestion.c.id, list(ids))}
    if missing := [str(each) for each in ids if each not in found]:
        raise NotFoundError(Text(f"没有这些建议：{'、'.join(missing[:10])}", f"there are no suggestions {', '.join(missing[:10])}"))
    return [found[each] for each in ids]


def above(tx: Connection, probability: float) -> list[Suggestion]:
    """Open suggestions of at least a probability."""
    rows = tx.execute(select(suggestion).where(suggestion.c.state == "open", suggestion.c.probability >= probability).order_by(suggestion.c.id))
    return [_suggestion(row) for row in rows]


def decide(
    tx: Connection, chosen: Sequence[Suggestion], state: Literal["open", "later", "accepted", "rejected"], by: str, now: datetime, operation_id: int | None = None
) -> None:
    """Write a decision down.

    Raises
    ------
    ConflictError
        When one of them was merged already: a merge is taken back first.
    """
    if merged := [each.id for each in chosen if each.state == "accepted" and state != "open"]:
        raise ConflictError(
            Text(f"建议 {merged[0]} 已经合并", f"suggestion {merged[0]} was merged already"), way_out=Text("先撤销这次合并", "take the merge back first")
        )
    decided = {"decided_at": None, "decided_by": None} if state == "open" else {"decided_at": now, "decided_by": by[:80]}
    _set(tx, [each.id for each in chosen], {"state": state, "operation_id": operation_id, **decided})


def reviewed(tx: Connection, probability: float) -> Reviewed:
    """How often people found suggestions of at least this probability right. Those merged without a person do not count."""
    query = select(suggestion.c.state, func.count()).where(suggestion.c.probability >= probability, suggestion.c.state.in_(("accepted", "rejected")))
    by_state = {row[0]: int(row[1]) for row in tx.execute(query.where(suggestion.c.decided_by != AUTOMATIC).group_by(suggestion.c.state))}
    right, wrong = by_state.get("accepted", 0), by_state.get("rejected", 0)
    low = float(scipy.stats.beta.ppf(1 - CONFIDENCE, right, wrong + 1)) if right else 0.0
    return Reviewed(right, wrong, right / (right + wrong) if right + wrong else None, low)


def of_operation(tx: Connection, operation_id: int) -> list[Suggestion]:
    """Suggestions that one merge carried out."""
    return [_suggestion(row) for row in tx.execute(select(suggestion).where(suggestion.c.operation_id == operation_id))]


def outdate(tx: Connection, chosen: Sequence[Suggestion]) -> None:
    """Mark those that say nothing any more."""
    _set(tx, [each.id for each in chosen], {"state": "stale"})


def _set(tx: Connection, ids: Sequence[int], values: dict[str, Any]) -> None:
    for start in range(0, len(ids), 10_000):
        tx.execute(update(suggestion).where(suggestion.c.id.in_(ids[start : start + 10_000])).values(**values))


def _suggestion(row: Any) -> Suggestion:
    reasons = tuple(
        Reason(field, level, float(weight))
        for (field, _, level), weight in zip((part.partition("=") for part in row.levels.split(",")), row.weights.split(","), strict=True)
    )
    names = ("id", "low_id", "high_id", "probability", "weight", "state", "found_at", "decided_at", "decided_by", "operation_id")
    return Suggestion(reasons=reasons, **{name: getattr(row, name) for name in names})
