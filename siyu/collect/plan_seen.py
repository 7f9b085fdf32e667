"""Seen 实际上报: which events and properties come in, from where, of which types, since when; and how they break the plan.

Counted, not listed: one row for each (feed, event, property) and for each kind of violation, raised in the transaction
that takes the events.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, Table, case, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from siyu.collect import _plan_tables as tables
from siyu.collect._plan_tables import NAME_CHARS
from siyu.collect.plan import EVERY, PROFILE, Kind, Plan, PlannedEvent, PlannedProperty
from siyu.collect.plan_checks import BITS, Examined
from siyu.events.sealed import personal_kind

MOST_NAMES = 10_000
"""Names of one feed that are kept apart; what comes beyond them is counted together, so that nobody can fill the ledger with names."""
OTHERS = "…"
SHOWN_DAYS = 14


@dataclass(frozen=True)
class SeenProperty:
    name: str
    types: tuple[str, ...]
    count: int
    first_at: datetime
    last_at: datetime
    planned: bool


@dataclass(frozen=True)
class SeenEvent:
    """One event name over all feeds that were asked for. `days` counts the last 14 local days, the oldest first."""

    name: str
    feeds: tuple[int, ...]
    count: int
    first_at: datetime
    last_at: datetime
    planned: bool
    days: tuple[int, ...]
    properties: tuple[SeenProperty, ...]


@dataclass(frozen=True)
class Violation:
    feed_id: int
    event: str
    property: str
    kind: str
    count: int
    first_at: datetime
    last_at: datetime
    sample: str


def note(tx: Connection, examined: Sequence[Examined], *, now: datetime, today: date) -> None:
    """Count what a set of events held: names, properties, types, days and violations."""
    seen: dict[tuple[int, str, str], list[int]] = {}
    for one in examined:
        for shape, count in one.shapes.items():
            for name, kind in (("", ""), *shape.types.items()):
                entry = seen.setdefault((one.feed_id, _clipped(shape.event), _clipped(name)), [0, 0])
                entry[0] += count
                entry[1] |= BITS.get(kind, 0)
    kept = _kept_apart(tx, seen.keys())
    days = Counter[tuple[int, str]]()
    rows = _Rows(now)
    for (feed, event, name), (count, types) in seen.items():
        event_shown, shown = (event, name) if (feed, event, name) in kept else (OTHERS, "")
        if not name:
            days[feed, event_shown] += count
        # What is counted together is counted once an event.
        rows.add((feed, event_shown, shown), count if event_shown != OTHERS or not name else 0, types=types)
    _raise(tx, tables.seen, rows.of(("feed_id", "event", "property")))
    _raise(tx, tables.seen_day, [{"day": today, "feed_id": feed, "event": event, "count": count} for (feed, event), count in sorted(days.items())])
    rows = _Rows(now)
    for one in examined:
        for (event, name, kind), count in one.broken.items():
            place = (one.feed_id, _clipped(event), _clipped(name))
            # A property that is missing was never seen, but is planned.
            known = place in kept or (kind == "missing" and (*place[:2], "") in kept)
            rows.add((*(place if known else (one.feed_id, OTHERS, "")), kind), count, sample=_clipped(one.samples[event, name, kind]))
    _raise(tx, tables.violation, rows.of(("feed_id", "event", "property", "kind")))


class _Rows:
    """Rows to be raised, by key; in the order of their keys, so that two writers never wait for one another in a circle."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._found: dict[tuple[Any, ...], dict[str, Any]] = {}

    def add(self, key: tuple[Any, ...], count: int, **more: Any) -> None:
        row = self._found.setdefault(key, {"first_at": self._now, "last_at": self._now, "count": 0, **more})
        row["count"] += count
        if "types" in more:
            row["types"] |= more["types"]

    def of(self, names: tuple[str, ...]) -> list[dict[str, Any]]:
        return [{**dict(zip(names, key, strict=True)), **self._found[key]} for key in sorted(self._found)]


def _clipped(text: str) -> str:
    # PostgreSQL holds no U+0000 and no half of a surrogate pair.
    return text[:NAME_CHARS].replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


def _kept_apart(tx: Connection, wanted: Iterable[tuple[int, str, str]]) -> set[tuple[int, str, str]]:
    """Which of these names have a row of their own: all, while their feed has room."""
    seen, kept = tables.seen.c, set[tuple[int, str, str]]()
    by_feed: dict[int, list[tuple[int, str, str]]] = {}
    for key in wanted:
        by_feed.setdefault(key[0], []).append(key)
    for feed, keys in by_feed.items():
        mine = seen.feed_id == feed
        if int(tx.scalar(select(func.count()).select_from(tables.seen).where(mine)) or 0) + len(keys) <= MOST_NAMES:
            kept.update(keys)
            continue
        held = {(feed, event, name) for event, name in tx.execute(select(seen.event, seen.property).where(mine))}
        kept.update(held.intersection(keys))
    return kept


def _raise(tx: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Add counts to rows that are there, or insert them."""
    if not rows:
        return
    insert = sqlite.insert(table) if tx.dialect.name == "sqlite" else postgresql.insert(table)
    held, new = table.c, insert.excluded
    change: dict[str, Any] = {"count": held["count"] + new["count"]}
    if "last_at" in held:
        change["last_at"] = case((new.last_at > held.last_at, new.last_at), else_=held.last_at)
    if "types" in held:
        change["types"] = held.types.op("|")(new.types)
    tx.execute(insert.on_conflict_do_update(index_elements=[column.name for column in table.primary_key], set_=change), list(rows))


def list_seen(tx: Connection, plan: Plan, *, today: date, feed_id: int | None = None) -> list[SeenEvent]:
    """Every event name that came in, the most frequent first."""
    rows = tx.execute(_of_feed(select(tables.seen), tables.seen, feed_id)).all()
    since = today - timedelta(days=SHOWN_DAYS - 1)
    table = tables.seen_day
    counted = select(table.c.event, table.c.day, func.sum(table.c.count)).where(table.c.day >= since).group_by(table.c.event, table.c.day)
    days: dict[str, list[int]] = {}
    for event, day, count in tx.execute(_of_feed(counted, table, feed_id)):
        if day <= today:
            days.setdefault(event, [0] * SHOWN_DAYS)[(day - since).days] = int(count)
    events: dict[str, list[Any]] = {}
    for row in rows:
        events.setdefault(row.event, []).append(row)
    found = [_seen_event(plan, name, mine, tuple(days.get(name, [0] * SHOWN_DAYS))) for name, mine in events.items()]
    return sorted(found, key=lambda event: (-event.count, event.name))


def _seen_event(plan: Plan, name: str, rows: Sequence[Any], days: tuple[int, ...]) -> SeenEvent:
    planned = plan.events.get(name)
    every = plan.events.get(EVERY)
    names = {each.name for part in (planned, every) if part for each in part.properties}
    whole = [row for row in rows if not row.property]
    parts: dict[str, list[Any]] = {}
    for row in rows:
        if row.property:
            parts.setdefault(row.property, []).append(row)
    properties = [
        SeenProperty(
            each, tuple(kind for kind, bit in BITS.items() if any(row.types & bit for row in mine)), sum(row.count for row in mine),
            min(row.first_at for row in mine), max(row.last_at for row in mine), each in names,
        )
        for each, mine in parts.items()
    ]  # fmt: skip
    return SeenEvent(
        name, tuple(sorted(row.feed_id for row in whole)), sum(row.count for row in whole), min(row.first_at for row in rows),
        max(row.last_at for row in rows), planned is not None, days, tuple(sorted(properties, key=lambda each: (-each.count, each.name))),
    )  # fmt: skip


def list_violations(tx: Connection, *, feed_id: int | None = None) -> list[Violation]:
    """How the plan was broken, the newest first."""
    table = tables.violation
    query = _of_feed(select(table), table, feed_id).order_by(table.c.last_at.desc(), table.c.feed_id, table.c.event, table.c.property, table.c.kind)
    return [Violation(**row._mapping) for row in tx.execute(query.limit(1_000))]


def clear_violations(tx: Connection, *, feed_id: int | None = None) -> int:
    """Begin to count anew, after the plan or a site was put right; returns how many kinds went."""
    table = tables.violation
    return tx.execute(delete(table) if feed_id is None else delete(table).where(table.c.feed_id == feed_id)).rowcount


def proposed(events: Sequence[SeenEvent], plan: Plan) -> list[PlannedEvent]:
    """What the plan would say of these events if what came in was right: names, types, what is always there, what is personal.

    What the plan says already stays as it is.
    """
    return [_proposed(event, plan.events.get(event.name)) for event in events if event.name != OTHERS]


def _proposed(event: SeenEvent, planned: PlannedEvent | None) -> PlannedEvent:
    held = {each.name: each for each in planned.properties} if planned else {}
    for each in event.properties:
        if each.name not in held:
            kind: Kind = each.types[0] if len(each.types) == 1 else "any"  # type: ignore[assignment]
            always = event.name != PROFILE and each.count == event.count
            held[each.name] = PlannedProperty(each.name, kind, required=always, personal=personal_kind(each.name) is not None)
    return PlannedEvent(event.name, planned.description if planned else "", tuple(held.values()))


def _of_feed(query: Select[Any], table: Table, feed_id: int | None) -> Select[Any]:
    return query if feed_id is None else query.where(table.c.feed_id == feed_id)
