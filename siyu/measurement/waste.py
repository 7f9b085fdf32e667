"""The waste split 花费去向: every fen of spend in exactly one bucket, by person and rule. The rule with a worked example: docs/theory/waste.md.

Spend of a node in a week is shared by everybody who arrived there or below in that week, in whole fen (the first ones by
number take one more where it does not divide). A share follows its person. Nobody is known for certain to be a zombie or a deal-hunter:
so much of a share as is likely goes to these buckets, the rest by what the person did and is expected to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.foundation.warehouse.engines import Session
from siyu.foundation.warehouse.facts import Tables
from siyu.measurement.acquired import Acquired, Frame, monday
from siyu.measurement.facts import MEASUREMENT_SPLIT
from siyu.measurement.value_by_cohort import Flags, Floats, Ints, Worth

LOST, ZOMBIE, HUNTER, BOUGHT, REACHABLE, LEFT = range(6)
CLASSES = ("lost_7d", "zombie", "deal_hunter", "bought", "reachable", "left_later")
_DETAIL = {BOUGHT: "bought_less_than_cost", REACHABLE: "reachable", LEFT: "left_later"}
LIKELY = 0.5
Z95 = 1.959964


@dataclass(frozen=True)
class Incremental:
    """Of what is booked on a source, the share that would not have been without it (0–1), with its interval, by an experiment."""

    rate: float
    low: float
    high: float

    @property
    def error(self) -> float:
        return (self.high - self.low) / (2 * Z95)


@dataclass(frozen=True)
class Shares:
    """`mine`: customer_id, source_id, week_on, depth, share_fen, one row a share of a person who was added; `others`: all else, summed up."""

    mine: pa.Table
    others: pa.Table


def shares(session: Session, tables: Tables, gathered: Acquired, frame: Frame) -> Shares:
    """Share out the spend. Grain out: `mine` one customer, node and week; `others` one node, week and detail."""
    spent = session.keep("_acq_spent", _weekly(tables["acquisition_spend"], frame.as_of))
    tree = session.keep("_acq_tree", frame.tree)
    nodes = spent.select("source_id").distinct()
    closure = tree.inner_join(nodes, tree.ancestor_id == nodes.source_id).select("source_id", "ancestor_id", "root_id", "depth")
    first = gathered.arrivals.inner_join(closure, "source_id")
    arrived = first.select("known", "person", "root_id", "depth", "week_on", node="ancestor_id").distinct()
    due = arrived.inner_join(spent.filter(spent.fen > 0).select("week_on", "fen", node="source_id"), ["node", "week_on"])
    group = [due.node, due.week_on]
    place = ibis.row_number().over(ibis.window(group_by=group, order_by=[due.known, due.person]))
    sized = due.mutate(place=place, size=due.count().over(ibis.window(group_by=group)))
    whole = ((sized.fen - sized.fen % sized.size) / sized.size).cast("int64")
    shared = session.keep("_acq_shared", sized.mutate(share_fen=whole + (sized.place < sized.fen % sized.size).ifelse(1, 0)))
    return Shares(*_placed(session, gathered.people, tree, spent, shared))


def _weekly(spend: ir.Table, as_of: int) -> ir.Table:
    """Spend of a node and week, fen."""
    past = spend.filter(spend.day <= as_of)
    weekly = past.mutate(week_on=monday(past.day)).group_by("source_id", "week_on").agg(fen=past.amount_fen.sum().cast("int64"))
    return weekly.filter(weekly.fen != 0)


def _placed(session: Session, people: ir.Table, tree: ir.Table, spent: ir.Table, shared: ir.Table) -> tuple[pa.Table, pa.Table]:
    roots = tree.group_by("source_id").agg(own_root=tree.root_id.min())
    owners = people.select("customer_id", "source_id").left_join(roots, "source_id").select("customer_id", "own_root")
    joined = shared.left_join(owners.mutate(known=True), [shared.known == ibis.literal(True), shared.person == owners.customer_id])
    is_mine = joined.own_root.notnull() & (joined.own_root == joined.root_id)
    told = session.keep("_acq_told", joined.mutate(is_mine=is_mine.fill_null(False), added=joined.own_root.notnull()))
    mine = told.filter(told.is_mine).select("share_fen", "week_on", "depth", customer_id="person", source_id="node")
    others = told.filter(~told.is_mine)
    never = others.group_by("week_on", source_id="node", detail=others.added.ifelse("came_elsewhere", "visited_only")).agg(
        amount_fen=others.share_fen.sum().cast("int64"), people=others.count().cast("int64")
    )
    used = shared.select("week_on", source_id="node").distinct()
    alone = spent.anti_join(used, ["source_id", "week_on"])
    nobody = alone.select("week_on", "source_id", detail=ibis.literal("nobody_came"), amount_fen="fen", people=ibis.literal(0, "int64"))
    return session.query(mine), pa.concat_tables([session.query(never), session.query(nobody).select(["week_on", "source_id", "detail", "amount_fen", "people"])])


@dataclass(frozen=True)
class Judged:
    """One row a customer who was added, in the order of `customer_id`."""

    customer_id: Ints
    kind: Ints
    """LOST, BOUGHT, REACHABLE or LEFT."""
    margin_fen: Ints
    zombie: Floats
    """Chance of being a zombie, 0–1; 0 of those who were lost."""
    hunter: Floats
    """Chance of being a deal-hunter; both together at most 1."""

    @property
    def real(self) -> Floats:
        """Chance of being neither."""
        found: Floats = np.clip(1.0 - self.zombie - self.hunter, 0.0, 1.0)
        return found


@dataclass(frozen=True)
class Split:
    """`rows` as `measurement_split`; the others by customer, fen."""

    rows: pa.Table
    cost: Ints
    paid: Ints
    coming: Ints
    zombie: Ints
    hunter: Ints


def classify(*, gone_ms: Ints, added_ms: Ints, first_ms: Ints, order_count: Ints, reachable: Flags, lost_ms: int) -> Ints:
    """How each person stands, whatever they are; `first_ms` beyond all times where there is no order."""
    lost = ~reachable & (gone_ms <= added_ms + lost_ms) & (first_ms > gone_ms)
    found: Ints = np.select([lost, order_count > 0, reachable], [LOST, BOUGHT, REACHABLE], LEFT).astype(np.int64)
    return found


def likeliest(judged: Judged) -> Ints:
    """The one class that a list of people names: zombie or deal-hunter where that is likelier than not."""
    found: Ints = np.select([judged.kind == LOST, judged.zombie >= LIKELY, judged.hunter >= LIKELY], [LOST, ZOMBIE, HUNTER], judged.kind).astype(np.int64)
    return found


def split(given: Shares, judged: Judged, worth: Worth, shared_rate: float, incremental: Mapping[int, Incremental]) -> Split:
    """Put every share into its buckets. `worth`: of each person if they are neither zombie nor deal-hunter. `incremental` by node (its own, or
    of what it hangs under)."""
    mine = given.mine.sort_by([("customer_id", "ascending"), ("depth", "descending"), ("week_on", "ascending"), ("source_id", "ascending")])
    person = np.searchsorted(judged.customer_id, mine["customer_id"].to_numpy())
    share = mine["share_fen"].to_numpy().astype(np.int64)
    lost = judged.kind == LOST
    zombie = np.where(lost[person], 0, _carried(share, judged.zombie[person]))
    hunter = np.where(lost[person], 0, np.minimum(_carried(share, judged.hunter[person]), share - zombie))
    size = len(judged.customer_id)
    cost, fen = _sums(person, share, size), {"zombie": _sums(person, zombie, size), "deal_hunter": _sums(person, hunter, size)}
    left = np.where(lost, 0, cost - fen["zombie"] - fen["deal_hunter"])
    back = np.where(judged.kind == BOUGHT, np.clip(judged.margin_fen, 0, cost), 0)
    paid = np.minimum(np.rint(back * judged.real).astype(np.int64), left)
    mean, variance = worth.capped(np.where(lost, 0, cost - back).astype(float))
    coming = np.minimum(np.rint(mean * judged.real).astype(np.int64), left - paid)
    parts = _parts(judged, person, share, (zombie, hunter), (paid, coming))
    errors = _errors(judged, person, parts, {**fen, "paid_back": paid, "on_the_way": coming, "never_bought": left - paid - coming}, (cost, back, mean, variance))
    rows = _rows(mine, parts, _people(judged, person, parts), errors, shared_rate)
    return Split(_with_anyway([rows, _never(given.others)], incremental), cost, paid, coming, fen["zombie"], fen["deal_hunter"])


def _carried(share: Ints, rate: Floats) -> Ints:
    """`rate` of each share in whole fen; what is over of a fen is carried on, so the sum is right to the fen and none gets more than it has."""
    exact = np.cumsum(share * rate)
    return np.minimum(np.diff(np.rint(exact).astype(np.int64), prepend=0), share)


def _firsts(person: Ints) -> Flags:
    found = np.ones(len(person), np.bool_)
    found[1:] = person[1:] != person[:-1]
    return found


def _starts(person: Ints, share: Ints) -> Ints:
    """Where each share begins within the shares of its person."""
    start: Ints = np.cumsum(share) - share
    return start - np.repeat(start[_firsts(person)], np.diff(np.append(np.flatnonzero(_firsts(person)), len(person)))) if len(person) else start


def _sums(place: Ints, amount: Ints, size: int) -> Ints:
    # Exact: a sum of fen stays below 2^53.
    return np.rint(np.bincount(place, amount, size)).astype(np.int64)


Parts = dict[tuple[str, str], Ints]


def _parts(judged: Judged, person: Ints, share: Ints, quality: tuple[Ints, Ints], back: tuple[Ints, Ints]) -> Parts:
    """By bucket and detail, how much of each share falls there. Of what is neither a zombie's nor a deal-hunter's, [0, paid) of a person came
    back and [paid, paid + coming) is on the way."""
    kind, (zombie, hunter), (paid, coming) = judged.kind[person], quality, (back[0][person], back[1][person])
    lost = kind == LOST
    rest = np.where(lost, 0, share - zombie - hunter)
    start = _starts(person, rest)
    end = start + rest
    came = np.clip(np.minimum(end, paid) - start, 0, None)
    way = np.clip(np.minimum(end, paid + coming) - np.maximum(start, paid), 0, None)
    parts = {("lost_7d", ""): np.where(lost, share, 0), ("zombie", ""): zombie, ("deal_hunter", ""): hunter, ("paid_back", ""): came, ("on_the_way", ""): way}
    return parts | {("never_bought", name): np.where(kind == one, rest - came - way, 0) for one, name in _DETAIL.items()}


def _people(judged: Judged, person: Ints, parts: Parts) -> dict[str, Floats]:
    """By bucket, how many people a share stands for: the chance that it is one."""
    real, ones = judged.real[person], np.ones(len(person))
    found = {"lost_7d": ones, "zombie": judged.zombie[person], "deal_hunter": judged.hunter[person]}
    return {bucket: found.get(bucket, real) for bucket, _ in parts}


def _errors(judged: Judged, person: Ints, parts: Parts, whole: Mapping[str, Ints], told: tuple[Ints, Ints, Floats, Floats]) -> dict[str, Floats]:
    """By bucket, the variance of each share's part by chance, fen²: whether somebody is a zombie or deal-hunter, and whether they buy."""
    cost, back, mean, variance = told
    real, lost = judged.real, judged.kind == LOST
    either = np.where(lost, 0.0, real * (1 - real))
    of = {
        "zombie": judged.zombie * (1 - judged.zombie) * cost.astype(float) ** 2,
        "deal_hunter": judged.hunter * (1 - judged.hunter) * cost.astype(float) ** 2,
        "paid_back": either * back.astype(float) ** 2,
        "on_the_way": real * variance + either * mean**2,
        "never_bought": real * variance + either * np.maximum(cost - back - mean, 0.0) ** 2,
    }
    none = np.zeros(len(person))
    found: dict[str, Floats] = {"lost_7d": none}
    for bucket, amount in whole.items():
        part = np.sum([one for (name, _), one in parts.items() if name == bucket], axis=0)
        found[bucket] = _shared_variance(part, amount[person], np.where(lost, 0.0, of[bucket])[person])
    return found


def _shared_variance(part: Ints, whole: Ints, variance: Floats) -> Floats:
    found: Floats = variance * np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0) ** 2
    return found


def _rows(mine: pa.Table, parts: Parts, people: Mapping[str, Floats], errors: Mapping[str, Floats], shared_rate: float) -> pa.Table:
    """One row a node, week, bucket and detail."""
    source, week = mine["source_id"].to_numpy(), mine["week_on"].to_numpy().astype(np.int64)
    pairs, place = np.unique(np.column_stack([source, week]), axis=0, return_inverse=True) if len(source) else (np.zeros((0, 2), np.int64), np.zeros(0, np.int64))
    place, found = place.reshape(-1), []
    for (bucket, detail), amount in parts.items():
        fen = _sums(place, amount, len(pairs))
        count = np.rint(np.bincount(place, np.where(amount > 0, people[bucket], 0.0), len(pairs))).astype(np.int64)
        here = np.bincount(place, np.where(amount > 0, errors[bucket], 0.0), len(pairs))
        spread = shared_rate * fen if bucket == "on_the_way" else np.zeros(len(pairs))
        kept = fen != 0
        found.append(_table(pairs[kept, 0], pairs[kept, 1], bucket, detail, fen[kept], count[kept], here[kept], spread[kept]))
    return pa.concat_tables(found)


def _never(others: pa.Table) -> pa.Table:
    none = np.zeros(others.num_rows)
    made = _table(others["source_id"].to_numpy(), others["week_on"].to_numpy(), "never_added", "", others["amount_fen"].to_numpy(), others["people"].to_numpy(), none, none)
    return made.set_column(made.column_names.index("detail"), "detail", others["detail"].cast(pa.string()))


def _table(source: Any, week: Any, bucket: str, detail: str, fen: Any, people: Any, variance: Any, spread: Any) -> pa.Table:
    names = [pa.repeat(pa.scalar(text), len(source)) for text in (bucket, detail)]
    return pa.table([pa.array(source), pa.array(week), *names, pa.array(fen), pa.array(people), pa.array(variance), pa.array(spread)], MEASUREMENT_SPLIT.arrow.names).cast(MEASUREMENT_SPLIT.arrow)


def _with_anyway(tables: list[pa.Table], incremental: Mapping[int, Incremental]) -> pa.Table:
    """Move what would have come anyway out of paid back and on the way, of the nodes where an experiment says how much that is."""
    rows = pa.concat_tables(tables)
    measured = pc.is_in(rows["source_id"], pa.array(list(incremental), pa.int64()))
    earning = pc.and_(measured, pc.is_in(rows["bucket"], pa.array(["paid_back", "on_the_way"])))
    if not pc.any(earning).as_py():
        return rows
    mine = rows.filter(earning)
    source, fen = mine["source_id"].to_numpy(), mine["amount_fen"].to_numpy()
    known = [incremental[int(one)] for one in source]
    rate, error = np.array([one.rate for one in known]), np.array([one.error for one in known])
    taken = np.rint(fen * (1 - rate)).astype(np.int64)
    kept = mine.set_column(4, "amount_fen", pa.array(fen - taken)).set_column(7, "spread_fen", pa.array(np.hypot(mine["spread_fen"].to_numpy() * rate, fen * error)))
    kept = kept.set_column(6, "variance_fen2", pa.array(mine["variance_fen2"].to_numpy() * rate**2))
    moved = mine.set_column(4, "amount_fen", pa.array(taken)).set_column(7, "spread_fen", pa.array(np.hypot(mine["spread_fen"].to_numpy() * (1 - rate), fen * error)))
    moved = moved.set_column(6, "variance_fen2", pa.array(mine["variance_fen2"].to_numpy() * (1 - rate) ** 2))
    moved = moved.set_column(3, "detail", moved["bucket"]).set_column(2, "bucket", pa.repeat(pa.scalar("anyway"), moved.num_rows))
    both = pa.concat_tables([rows.filter(pc.invert(earning)), kept, moved.filter(pc.not_equal(moved["amount_fen"], 0))])
    return both.filter(pc.or_(pc.not_equal(both["amount_fen"], 0), pc.greater(both["spread_fen"], 0)))
