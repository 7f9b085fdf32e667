"""Experiments on sources 来源实验: a source was off in some regions, at some times or on some codes; what stayed away is what it causes.

The newcomers of a unit (a region; a run of days within a week; a code) are those added there, and those who bought without being added.
With the source off, people who come anyway come by themselves: so what is compared is everybody but the newcomers of other traced sources,
whose number stands for the size of the unit (and for its weather), as long as the hold-out did not move them, which is checked:

    θ = Σ rest / Σ size,   caused in the units that were on = size_on (θ_on − θ_off),   share = caused / booked on the source there

Errors by unit, never by person: the residual variance over all units, at least that of counting, t with units − 2 degrees of freedom.
While an experiment runs its interval is 1.6 times as wide, so that looking early is no fault. Worked numbers: docs/theory/attribution.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from math import ceil
from typing import Any, Literal

import ibis
import ibis.expr.types as ir
import numpy as np
import scipy
from sqlalchemy import Connection, insert, select, update

from siyu.acquisition import sources
from siyu.foundation.clock import day_number, from_day_number
from siyu.foundation.errors import Fault, InvalidError, NotFoundError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.warehouse.engines import Session
from siyu.foundation.warehouse.facts import Tables
from siyu.measurement import _return_tables
from siyu.measurement.acquired import Acquired, Frame
from siyu.measurement.periods import period_of
from siyu.measurement.waste import Incremental

Kind = Literal["geo", "time", "code"]
Outcome = Literal["people", "buyers", "margin"]
Status = Literal["planned", "running", "ended", "cancelled"]
OUTCOMES = ("people", "buyers", "margin")
BEFORE_DAYS = 28
RUNNING_WIDTH = 1.6
LEAST_UNITS = 2
MOVED = 0.01
"""Below this probability the hold-out is taken to have moved the other sources."""
_table = _return_tables.experiment


@dataclass(frozen=True)
class Draft:
    """`off`: regions, spans "2026-09-07/2026-09-13" or codes without the source; `on`: those with it (empty: all the others)."""

    name: str
    kind: Kind
    source_id: int
    off: tuple[str, ...]
    on: tuple[str, ...]
    begins_on: date
    ends_on: date
    outcome: Outcome = "buyers"
    note: str = ""


@dataclass(frozen=True)
class Experiment:
    id: int
    name: str
    kind: Kind
    source_id: int
    off: tuple[str, ...]
    on: tuple[str, ...]
    begins_on: int
    ends_on: int
    outcome: Outcome
    note: str
    cancelled_at: datetime | None
    created_at: datetime
    created_by: str

    def status(self, today: int) -> Status:
        if self.cancelled_at is not None:
            return "cancelled"
        return "planned" if today < self.begins_on else "running" if today <= self.ends_on else "ended"


@dataclass(frozen=True)
class Effect:
    """What was caused in the units that were on, and as a share of what is booked on the source there; intervals at 95 %."""

    caused: float
    low: float
    high: float
    booked: float
    rate: float
    rate_low: float
    rate_high: float


@dataclass(frozen=True)
class Outcomes:
    """`units`: (off, on). `spend_fen`: of the source in the time. `moved_p`: how likely the others differ this much by chance; null: not known."""

    status: Status
    units: tuple[int, int]
    days: int
    spend_fen: int
    effects: Mapping[str, Effect]
    moved_p: float | None
    size: Literal["others", "before", "days"]
    problem: Text | None


def create(stores: Stores, tx: Connection, draft: Draft, *, planned: dict[str, Any] | None, by: str) -> Experiment:
    """Write down what is going to be (or was) withheld.

    Raises
    ------
    InvalidError
        Fewer than two units on a side, a span that cannot be read or lies outside, days the wrong way round.
    NotFoundError
        There is no such source.
    """
    sources.find(tx, draft.source_id)
    if faults := _faults(draft):
        raise InvalidError(Text("实验有误", "The experiment is not valid"), faults=faults)
    row = {
        "name": draft.name.strip(), "kind": draft.kind, "source_id": draft.source_id, "arms": {"off": list(draft.off), "on": list(draft.on)},
        "begins_on": day_number(draft.begins_on), "ends_on": day_number(draft.ends_on), "outcome": draft.outcome, "planned": planned,
        "note": draft.note, "created_at": stores.now(), "created_by": by[:80],
    }  # fmt: skip
    return find(tx, int(tx.execute(insert(_table).values(row).returning(_table.c.id)).scalar_one()))


def cancel(stores: Stores, tx: Connection, experiment_id: int) -> Experiment:
    """Count it no more; it stays readable."""
    find(tx, experiment_id)
    tx.execute(update(_table).where(_table.c.id == experiment_id, _table.c.cancelled_at.is_(None)).values(cancelled_at=stores.now()))
    return find(tx, experiment_id)


def find(tx: Connection, experiment_id: int) -> Experiment:
    """
    Raises
    ------
    NotFoundError
    """
    row = tx.execute(select(_table).where(_table.c.id == experiment_id)).one_or_none()
    if row is None:
        raise NotFoundError(Text(f"没有实验 {experiment_id}", f"there is no experiment {experiment_id}"))
    return _read(row)


def listed(tx: Connection) -> list[Experiment]:
    """All, newest first."""
    return [_read(row) for row in tx.execute(select(_table).order_by(_table.c.id.desc()).limit(500))]


def running(tx: Connection) -> list[Experiment]:
    """Those that count, oldest first."""
    return [_read(row) for row in tx.execute(select(_table).where(_table.c.cancelled_at.is_(None)).order_by(_table.c.ends_on, _table.c.id))]


def _read(row: Any) -> Experiment:
    arms = {name: tuple(str(one) for one in row.arms.get(name, ())) for name in ("off", "on")}
    names = ("id", "name", "kind", "source_id", "begins_on", "ends_on", "outcome", "note", "cancelled_at", "created_at", "created_by")
    values: dict[str, Any] = {name: getattr(row, name) for name in names}
    return Experiment(**values, off=arms["off"], on=arms["on"])


def _faults(draft: Draft) -> list[Fault]:
    found = []
    if not draft.name.strip() or len(draft.name) > 80:
        found.append(Fault("name", Text("请写名称，最多 80 字", "it needs a name of at most 80 characters")))
    if draft.ends_on < draft.begins_on or (draft.ends_on - draft.begins_on).days > 730:
        found.append(Fault("ends_on", Text("须在开始日之后两年以内", "must be within two years after the first day")))
    if len(draft.note) > 2000:
        found.append(Fault("note", Text("最多 2000 字", "at most 2000 characters")))
    least = 1 if draft.kind == "time" else LEAST_UNITS
    if not least <= len(draft.off) <= 500:
        found.append(Fault("off", Text(f"至少 {least} 个，最多 500 个", f"at least {least}, at most 500")))
    if draft.kind == "code" and len(draft.on) < LEAST_UNITS:
        found.append(Fault("on", Text("至少 2 个活码", "at least 2 codes")))
    if set(draft.off) & set(draft.on):
        found.append(Fault("on", Text("同一项不能两边都有", "the same one cannot be on both sides")))
    return found + _span_faults(draft)


def _span_faults(draft: Draft) -> list[Fault]:
    if draft.kind == "code":
        return [] if all(one.isdecimal() for one in (*draft.off, *draft.on)) else [Fault("off", Text("须为活码编号", "must be numbers of codes"))]
    if draft.kind != "time":
        return []
    begin, end, days = day_number(draft.begins_on), day_number(draft.ends_on), set()
    for span in draft.off:
        try:
            first, last = (day_number(date.fromisoformat(part)) for part in span.split("/"))
        except ValueError:
            return [Fault("off", Text("写成 2026-09-07/2026-09-13", "write 2026-09-07/2026-09-13"))]
        if not begin <= first <= last <= end:
            return [Fault("off", Text("须在实验期间内", "must lie within the experiment"))]
        days |= set(range(first, last + 1))
    return [] if len(days) < end - begin + 1 else [Fault("off", Text("须留下开着的日子", "some days must be left on"))]


def incremental(session: Session, tables: Tables, gathered: Acquired, frame: Frame, plans: Sequence[Experiment]) -> dict[int, Incremental]:
    """By source, the share that the last experiment with a usable result found, held within 0 and 1."""
    found: dict[int, Incremental] = {}
    for plan in plans:
        if plan.begins_on > frame.as_of:
            continue
        effect = measure(session, tables, gathered, frame, plan).effects.get(plan.outcome)
        # An interval from nothing to everything tells nothing: it stays unknown.
        if effect is not None and (effect.rate_low > 0 or effect.rate_high < 1):
            low, high = (float(np.clip(edge, 0, 1)) for edge in (effect.rate_low, effect.rate_high))
            found[plan.source_id] = Incremental(float(np.clip(effect.rate, 0, 1)), low, high)
    return found


def measure(session: Session, tables: Tables, gathered: Acquired, frame: Frame, plan: Experiment) -> Outcomes:
    """Read an experiment from the facts up to the frame's day."""
    last = min(plan.ends_on, frame.as_of)
    rows = session.query(_newcomers(session, tables, gathered, frame, plan, last))
    columns = {name: rows[name].to_numpy(zero_copy_only=False) for name in rows.column_names}
    units, state = _units(plan, columns)
    during = (columns["day"] >= plan.begins_on) & (columns["day"] <= last) & (state >= 0)
    status = plan.status(frame.as_of)
    spend_fen = _spent(session, tables, frame, plan, last)
    names = np.unique(units[during])
    on = np.array([state[during][units[during] == name][0] for name in names]) if len(names) else np.zeros(0)
    sides = (int((on == 0).sum()), int((on == 1).sum()))
    days = max(last - plan.begins_on + 1, 0)
    if min(sides) < LEAST_UNITS or len(names) < 2 * LEAST_UNITS:
        problem = Text("每一边至少要有 2 个有人来的单元", "each side needs at least 2 units in which somebody came")
        return Outcomes(status, sides, days, spend_fen, {}, None, "others", problem)
    sums = {(group, outcome): _summed(columns, units, during & (columns["part"] == group), names, outcome) for group in ("mine", "other", "rest") for outcome in OUTCOMES}
    before = _summed(columns, units, (columns["day"] < plan.begins_on) & (state >= 0), names, "people") if plan.kind == "geo" else np.zeros(len(names))
    length = np.array([len(np.unique(columns["day"][during & (units == name)])) for name in names], float)
    size, kind, moved = _size(plan, sums["other", "people"], before, length, on)
    width = RUNNING_WIDTH if status == "running" else 1.0
    effects = {}
    for outcome in OUTCOMES:
        rest = sums["mine", outcome] + (0 if plan.kind == "code" else sums["rest", outcome] + (sums["other", outcome] if kind != "others" else 0))
        effect = _compared(rest, sums["mine", outcome], size if kind != "others" else np.maximum(sums["other", outcome], 1e-9), on, width)
        if effect is not None:
            effects[outcome] = effect
    return Outcomes(status, sides, days, spend_fen, effects, moved, kind, None)


def _newcomers(session: Session, tables: Tables, gathered: Acquired, frame: Frame, plan: Experiment, last: int) -> ir.Table:
    """Part (mine, other, rest), region, code, day → people, buyers, margin. Rest: of no traced source, and buyers who were never added."""
    people, tree, profile = gathered.people, session.keep("_acq_tree", frame.tree), tables["customers_profile"]
    first = plan.begins_on - BEFORE_DAYS
    mine = tree.filter(tree.ancestor_id == plan.source_id).select("source_id", mine=ibis.literal(1))
    cities = profile.select("customer_id", "city")
    within = people.filter((people.added_on >= first) & (people.added_on <= last))
    placed = within.left_join(mine, "source_id").drop("source_id_right").left_join(cities, "customer_id").drop("customer_id_right")
    part = ibis.cases((placed.mine.notnull(), "mine"), (placed.source_id.isin([*frame.untraced, 0]), "rest"), else_="other")
    region = (placed.region == "").ifelse(placed.city.fill_null(""), placed.region)
    added = placed.select(part=part, region=region, code_id="code_id", day=placed.added_on.cast("int64"), bought=(placed.order_count > 0).ifelse(1, 0).cast("int64"), margin_fen="margin_fen")
    orders = tables["orders_order"]
    begun = orders.group_by("customer_id").agg(day=orders.ordered_on.min())
    alone = begun.filter((begun.day >= first) & (begun.day <= last)).anti_join(people, "customer_id").left_join(cities, "customer_id")
    bought = alone.select(part=ibis.literal("rest"), region=alone.city.fill_null(""), code_id=ibis.literal(0, "int64"), day=alone.day.cast("int64"), bought=ibis.literal(1, "int64"), margin_fen=ibis.literal(0, "int64"))
    both = ibis.union(added, bought)
    return both.group_by("part", "region", "code_id", "day").agg(people=both.count().cast("int64"), buyers=both.bought.sum().cast("int64"), margin=both.margin_fen.sum().cast("int64"))


def _units(plan: Experiment, columns: Mapping[str, Any]) -> tuple[Any, Any]:
    """(unit, 1 on, 0 off or −1 neither) of each row."""
    day = columns["day"].astype(np.int64)
    if plan.kind == "time":
        off = np.zeros(len(day), bool)
        for span in plan.off:
            first, last = (day_number(date.fromisoformat(part)) for part in span.split("/"))
            off |= (day >= first) & (day <= last)
        week = day - (day + 3) % 7
        return np.where(off, -week, week), np.where(off, 0, 1)
    values = np.array([str(one) for one in columns["region" if plan.kind == "geo" else "code_id"]])
    on = np.isin(values, plan.on) if plan.on else ~np.isin(values, plan.off) & (values != "")
    return values, np.where(np.isin(values, plan.off), 0, np.where(on, 1, -1))


def _summed(columns: Mapping[str, Any], units: Any, chosen: Any, names: Any, outcome: str) -> Any:
    place = np.searchsorted(names, units[chosen])
    known = (place < len(names)) & (names[np.minimum(place, len(names) - 1)] == units[chosen])
    return np.bincount(place[known], columns[outcome][chosen][known].astype(float), len(names))


def _size(plan: Experiment, other: Any, before: Any, days: Any, on: Any) -> tuple[Any, Literal["others", "before", "days"], float | None]:
    """What stands for the size of each unit, and how likely the others differ as they do if nothing moved them."""
    if plan.kind == "code":
        return np.ones(len(on)), "days", None
    base = before if plan.kind == "geo" and before.sum() >= 20 and (before[on == 0].sum() > 0) and (before[on == 1].sum() > 0) else None
    enough = other[on == 0].sum() >= 20 and other[on == 1].sum() >= 20
    if base is None:
        return (other, "others", None) if enough else (days, "days", None)
    sums = np.array([[other[on == side].sum(), base[on == side].sum()] for side in (0, 1)])
    p_value = float(scipy.stats.chi2_contingency(sums, correction=False).pvalue) if enough else None
    if p_value is not None and p_value >= MOVED:
        return other, "others", p_value
    return np.maximum(base, 0.5), "before", p_value


def _compared(rest: Any, mine: Any, size: Any, on: Any, width: float) -> Effect | None:
    """The ratio estimator of both sides; None where nothing is booked on the source."""
    one, none = on == 1, on == 0
    sizes = float(size[one].sum()), float(size[none].sum())
    booked = float(mine[one].sum())
    if booked <= 0 or min(sizes) <= 0:
        return None
    theta = np.where(one, rest[one].sum() / sizes[0], rest[none].sum() / sizes[1])
    degrees = len(on) - 2
    fitted = theta * size
    spread = float((((rest - fitted) ** 2) / np.maximum(size, 1e-9)).sum() / degrees)
    counting = float(rest.sum() / size.sum()) * _lump(rest)
    error = sizes[0] * float(np.sqrt(max(spread, counting) * (1 / sizes[0] + 1 / sizes[1])))
    caused = sizes[0] * float(theta[one][0] - theta[none][0])
    half = float(scipy.stats.t.ppf(0.975, degrees)) * error * width
    return Effect(caused, caused - half, caused + half, booked, caused / booked, (caused - half) / booked, (caused + half) / booked)


def _lump(rest: Any) -> float:
    """What one of the things counted is worth: 1 for people; money comes in lumps whose size is not known here and shows in the spread."""
    return 1.0 if float(rest.max(initial=0)) < 1e5 else 0.0


def _spent(session: Session, tables: Tables, frame: Frame, plan: Experiment, last: int) -> int:
    spend, tree = tables["acquisition_spend"], session.keep("_acq_tree", frame.tree)
    mine = spend.semi_join(tree.filter(tree.ancestor_id == plan.source_id), "source_id")
    return int(session.scalar(mine.filter((mine.day >= plan.begins_on) & (mine.day <= last)).amount_fen.sum()) or 0)


@dataclass(frozen=True)
class Power:
    """With so many units a side and days: the least share of what the source books that a test finds (80 %), and what it costs in newcomers."""

    units_off: int
    units_on: int
    days: int
    newcomers_a_day: float
    booked_a_day: float
    smallest_rate: float | None
    days_for_half: int | None


def power(*, rest_a_day: float, mine_a_day: float, other_a_day: float, units: int, off: int, days: int, spread: float = 1.0) -> Power:
    """Plan an experiment from what happened lately.

    Parameters
    ----------
    rest_a_day, mine_a_day, other_a_day : newcomers a day of no source, of this one and of the others, over all units
    spread : variance against that of counting, as past weeks showed it
    """
    on = units - off
    if on < LEAST_UNITS or off < LEAST_UNITS or mine_a_day <= 0 or days <= 0:
        return Power(off, max(on, 0), days, rest_a_day + mine_a_day + other_a_day, mine_a_day, None, None)
    reach = float(scipy.stats.t.ppf(0.975, units - 2) + scipy.stats.t.ppf(0.8, units - 2))

    def smallest(length: int) -> float:
        part = on / units
        size, whole = (other_a_day or 1.0) * length, (rest_a_day + mine_a_day) * length
        theta = whole / size
        error = size * part * np.sqrt(max(spread, 1.0) * theta * (1 / (size * part) + 1 / (size * (1 - part))))
        return float(reach * error / (mine_a_day * length * part))

    enough = ceil(days * (smallest(days) / 0.5) ** 2)
    return Power(off, on, days, rest_a_day + mine_a_day + other_a_day, mine_a_day, smallest(days), enough if enough <= 3650 else None)


def weeks_between(begin: int, end: int) -> int:
    """Whole calendar weeks that a span touches."""
    return (period_of(end, "week").from_on - period_of(begin, "week").from_on) // 7 + 1


def told(plan: Experiment) -> dict[str, Any]:
    """For the audit."""
    return {**{k: v for k, v in asdict(plan).items() if k in ("id", "name", "kind", "source_id", "outcome")}, "begins_on": from_day_number(plan.begins_on).isoformat()}
