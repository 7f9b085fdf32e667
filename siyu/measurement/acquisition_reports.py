"""Acquisition reports 获客报表: sources, waste, cohorts and credit, laid out from what `returns` published. The door for pages and letters.

Weeks count whole: a span of days takes in the weeks whose Monday lies in it. What hangs under a source counts for it too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import scipy

from siyu.acquisition import sources
from siyu.acquisition.sources import Source
from siyu.foundation.clock import day_number, from_day_number
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.warehouse.engines import Session
from siyu.measurement import returns
from siyu.measurement.acquisition_records import SourceRow, Sources, SourceWeek, Words
from siyu.measurement.facts import MEASUREMENT_FUNNEL, MEASUREMENT_RETURN
from siyu.measurement.returns import Run
from siyu.measurement.waste import Z95, Incremental

USUAL_WEEKS = 26
LONGEST_DAYS = 1100
COUNTS = (
    "spend_fen", "visits", "scanned", "added", "aged_1d", "kept_1d", "aged_7d", "kept_7d", "aged_30d", "kept_30d", "reachable", "real",
    "first_orders", "second_orders", "revenue_fen", "margin_fen", "expected_fen",
)  # fmt: skip
NOBODYS = Text("未归来源", "No source")


@dataclass(frozen=True)
class Span:
    """Local days asked for; weeks whose Monday lies in them count."""

    from_on: date
    to_on: date

    @property
    def mondays(self) -> tuple[int, int]:
        """The first and the last Monday, as day numbers."""
        first = day_number(self.from_on)
        return first + (-(first + 3)) % 7, day_number(self.to_on)


@dataclass(frozen=True)
class Tree:
    """The sources by number, and for each those that it counts for: itself and what it hangs under."""

    nodes: Mapping[int, Source]
    closure: pa.Table

    def within(self, source_id: int | None) -> list[int]:
        """A source and what hangs under it; all with None."""
        return [one.id for one in self.nodes.values() if source_id is None or source_id in one.ancestors]


def span_of(run: Run, from_on: date | None, to_on: date | None) -> Span:
    """
    Raises
    ------
    InvalidError
        The days are the wrong way round, or more than three years apart.
    """
    end = min(to_on or run.as_of, run.as_of)
    begin = from_on or end - timedelta(days=7 * USUAL_WEEKS)
    if begin > end or (end - begin).days > LONGEST_DAYS:
        fault = Fault("from", Text("须早于结束日，且不超过三年", "must be before the last day, by three years at most"))
        raise InvalidError(Text("日期不对", "the days are not valid"), faults=[fault])
    return Span(begin, end)


def tree_of(stores: Stores) -> Tree:
    with stores.ledger.read() as tx:
        found = sources.listed(tx, archived=True)
    return Tree({one.id: one for one in found}, returns.tree_table(found))


def source_report(stores: Stores, *, from_on: date | None = None, to_on: date | None = None, level: str | None = None, run: Run | None = None) -> Sources:
    """Spend, funnel, costs and return of every source (of one level, with `level`), and of all together."""
    run = run or returns.newest(stores)
    span, tree = span_of(run, from_on, to_on), tree_of(stores)
    asked = {"from": span.from_on, "to": span.to_on, "level": level or ""}
    return returns.kept(stores, run, "acquisition_sources", asked, Sources, lambda session: _sources(session, run, span, tree, level))


def _sources(session: Session, run: Run, span: Span, tree: Tree, level: str | None) -> Sources:
    first, last = span.mondays
    funnel = MEASUREMENT_FUNNEL.table
    rows = session.query(funnel.filter((funnel.week_on >= first) & (funnel.week_on <= last)))
    rolled = rolled_up(rows, tree, ["week_on"], [*COUNTS, "variance_fen2", "spread_fen"])
    paid = _paybacks(session, tree, first, last)
    by_node = {int(node): part for node, part in _parts(rolled, "node")}
    found = [
        _row(one, by_node.get(one.id), paid.get(one.id), run.incremental.get(one.id))
        for one in sorted(tree.nodes.values(), key=lambda each: each.ancestors)
        if (level is None or one.level == level) and (one.archived_at is None or one.id in by_node)
    ]
    whole = by_node.get(0)
    notes = [Words(**note) for note in run.notes]
    return Sources(span.from_on, span.to_on, run.as_of, found, _row(None, whole, paid.get(0), None), _weeks(whole), notes)


def rolled_up(rows: pa.Table, tree: Tree, keys: Sequence[str], sums: Sequence[str]) -> pa.Table:
    """`node`, the keys and the sums: what hangs under a node counts for it, and everything for node 0."""
    joined = rows.join(tree.closure.select(["source_id", "ancestor_id"]), "source_id", join_type="inner")
    below = joined.filter(pc.not_equal(joined["ancestor_id"], 0)).rename_columns({"ancestor_id": "node"}).select(["node", *keys, *sums])
    whole = rows.append_column("node", pa.array(np.zeros(rows.num_rows, np.int64))).select(["node", *keys, *sums])
    both = pa.concat_tables([below.cast(whole.schema), whole])
    made = both.group_by(["node", *keys]).aggregate([(name, "sum") for name in sums])
    return made.rename_columns([name.removesuffix("_sum") for name in made.column_names]).sort_by([("node", "ascending"), *((key, "ascending") for key in keys)])


def _parts(rows: pa.Table, key: str) -> list[tuple[Any, pa.Table]]:
    """The rows of each value of a column by which they are sorted."""
    values = rows[key].to_numpy()
    names, starts = np.unique(values, return_index=True)
    return [(name, rows.slice(start, length)) for name, start, length in zip(names, starts, np.diff(np.append(starts, len(values))), strict=True)]


def _paybacks(session: Session, tree: Tree, first: int, last: int) -> dict[int, tuple[Any, Any]]:
    """By node: weeks of ordering, and the margin that had come by their end."""
    cells = MEASUREMENT_RETURN.table
    mine = cells.filter((cells.week_on >= first) & (cells.week_on <= last))
    rows = session.query(mine.group_by("source_id", "ordered_week_on").agg(margin_fen=mine.margin_fen.sum().cast("int64")))
    rolled = rolled_up(rows, tree, ["ordered_week_on"], ["margin_fen"])
    return {int(node): (part["ordered_week_on"].to_numpy(), np.cumsum(part["margin_fen"].to_numpy())) for node, part in _parts(rolled, "node")}


def _row(one: Source | None, part: pa.Table | None, paid: tuple[Any, Any] | None, measured: Incremental | None) -> SourceRow:
    sums = {name: int(pc.sum(part[name]).as_py() or 0) if part is not None else 0 for name in COUNTS}
    spend, gain = sums["spend_fen"], sums["margin_fen"] + sums["expected_fen"]
    low, high = expected_interval(part, sums["expected_fen"])
    roi_low, roi_high = _roi_interval(part, spend)
    roi = gain / spend if spend > 0 else None
    return SourceRow(
        source_id=one.id if one else 0, parent_id=one.parent_id if one else None, level=one.level if one else "", name=one.name if one else "",
        platform=one.platform if one else "", target_cac_fen=one.target_cac_fen if one else None, archived=bool(one and one.archived_at), **sums,
        expected_low_fen=low, expected_high_fen=high, cac_add_fen=_each(spend, sums["added"]), cac_real_fen=_each(spend, sums["real"]),
        cac_buyer_fen=_each(spend, sums["first_orders"]), payback_on=_reached(paid, spend), roi=roi, roi_low=roi_low, roi_high=roi_high,
        incremental_rate=measured.rate if measured else None, incremental_low=measured.low if measured else None,
        incremental_high=measured.high if measured else None, true_roi=roi * measured.rate if measured and roi is not None else None,
    )  # fmt: skip


def expected_interval(part: pa.Table | None, expected: int) -> tuple[int, int]:
    """What is further expected, at 95 %: chance adds up as variances, the model's own error as it is."""
    if part is None:
        return 0, 0
    chance, common = float(pc.sum(part["variance_fen2"]).as_py() or 0), float(pc.sum(part["spread_fen"]).as_py() or 0)
    half = Z95 * float(np.hypot(np.sqrt(chance), common))
    return round(max(expected - half, 0)), round(expected + half)


def _roi_interval(part: pa.Table | None, spend: int) -> tuple[float | None, float | None]:
    """By weeks: each is one draw of (spend, what it brings); the ratio's error by linearisation, and that of the forecast with it."""
    if part is None or spend <= 0:
        return None, None
    paid = part["spend_fen"].to_numpy().astype(float)
    gain = (part["margin_fen"].to_numpy() + part["expected_fen"].to_numpy()).astype(float)
    ratio, count = gain.sum() / paid.sum(), len(paid)
    weekly = count / (count - 1) * float(((gain - ratio * paid) ** 2).sum()) if count >= 3 else 0.0
    forecast = float(part["variance_fen2"].to_numpy().sum() + part["spread_fen"].to_numpy().sum() ** 2)
    reach = float(scipy.stats.t.ppf(0.975, count - 1)) if count >= 3 else Z95
    half = float(np.hypot(reach * np.sqrt(weekly), Z95 * np.sqrt(forecast))) / spend
    return float(ratio - half), float(ratio + half)


def _each(spend: int, people: int) -> int | None:
    return (2 * spend + people) // (2 * people) if people else None


def _reached(paid: tuple[Any, Any] | None, spend: int) -> date | None:
    """The Sunday by which the margin had reached the spend."""
    if paid is None or spend <= 0:
        return None
    weeks, margin = paid
    enough = np.flatnonzero(margin >= spend)
    return from_day_number(int(weeks[enough[0]]) + 6) if len(enough) else None


def _weeks(whole: pa.Table | None) -> list[SourceWeek]:
    if whole is None:
        return []
    columns = [whole[name].to_pylist() for name in ("week_on", "spend_fen", "added", "first_orders", "margin_fen")]
    return [SourceWeek(from_day_number(week), *rest) for week, *rest in zip(*columns, strict=True)]
