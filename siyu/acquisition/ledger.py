"""Ledger 台账: entries of spend as people look for them, and what they come to: now, or as it was believed at an earlier moment."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import StringIO
from typing import Any

from sqlalchemy import Connection, Select, and_, extract, func, or_, select

from siyu.acquisition import _tables, sources, spend
from siyu.acquisition.sources import Source
from siyu.acquisition.spend import Entry
from siyu.foundation.database import among
from siyu.foundation.text import Text

_e, _p, _s, _a = _tables.entry, _tables.posting, _tables.source, _tables.arrival
_SPENT = _p.c.account == "spend"
_PAGE = 1_000


@dataclass(frozen=True)
class Wanted:
    """Which entries: days from … to, both included; a source with all below it (0: lines of no source); `standing`: without what was taken back."""

    from_on: date | None = None
    to_on: date | None = None
    source_id: int | None = None
    kind: str | None = None
    origin: str | None = None
    standing: bool = False


@dataclass(frozen=True)
class Totals:
    """Over lines of spend. `balance_fen`: all lines of all accounts of the ledger together; anything but 0 is a fault."""

    entry_count: int
    amount_fen: int
    by_kind: dict[str, int]
    balance_fen: int


@dataclass(frozen=True)
class Figures:
    """Of one source itself (`own_`) and with all that lies below it: people who were added, and fen that were spent."""

    own_people: int
    people: int
    own_spend_fen: int
    spend_fen: int


def entries(tx: Connection, wanted: Wanted, *, before: tuple[date, int] | None = None, limit: int = 50) -> list[Entry]:
    """Entries, the last day first; `before` (day, number) is where the page before ended."""
    query = select(_e).where(_e.c.id.in_(_numbers(tx, wanted)))
    if before is not None:
        query = query.where(or_(_e.c.day < before[0], and_(_e.c.day == before[0], _e.c.id < before[1])))
    return spend.read_entries(tx, list(tx.execute(query.order_by(_e.c.day.desc(), _e.c.id.desc()).limit(limit))))


def totals(tx: Connection, wanted: Wanted) -> Totals:
    """What the lines of these entries come to; of a source only its own lines and those below it."""
    query = select(_e.c.kind, func.sum(_p.c.amount_fen), func.count(_p.c.entry_id.distinct())).join(_e, _e.c.id == _p.c.entry_id)
    rows = tx.execute(query.where(_SPENT, *_lines(tx, wanted)).group_by(_e.c.kind)).all()
    balance = int(tx.scalar(select(func.coalesce(func.sum(_p.c.amount_fen), 0))) or 0)
    return Totals(sum(int(row[2]) for row in rows), sum(int(row[1]) for row in rows), {row[0]: int(row[1]) for row in rows if row[1]}, balance)


def by_source(tx: Connection, from_on: date, to_on: date, *, believed_at: datetime | None = None) -> dict[int, int]:
    """Source → fen of its own lines on these days; with `believed_at` as the ledger said at that moment."""
    query = select(_p.c.source_id, func.sum(_p.c.amount_fen)).where(_SPENT, _p.c.day.between(from_on, to_on)).group_by(_p.c.source_id)
    if believed_at is not None:
        query = query.join(_e, _e.c.id == _p.c.entry_id).where(_e.c.at <= believed_at)
    return {int(row[0]): int(row[1]) for row in tx.execute(query) if row[1]}


def by_month(tx: Connection, first: int, last: int) -> dict[tuple[int, int], int]:
    """(source, month as year × 12 + month − 1) → fen of its own lines."""
    year, month = extract("year", _p.c.day), extract("month", _p.c.day)
    low, high = date(first // 12, first % 12 + 1, 1), date((last + 1) // 12, (last + 1) % 12 + 1, 1)
    query = select(_p.c.source_id, year, month, func.sum(_p.c.amount_fen)).where(_SPENT, _p.c.day >= low, _p.c.day < high)
    return {(int(row[0]), int(row[1]) * 12 + int(row[2]) - 1): int(row[3]) for row in tx.execute(query.group_by(_p.c.source_id, year, month))}


def figures(tx: Connection, from_on: date, to_on: date, from_ms: int, until_ms: int) -> dict[int, Figures]:
    """What every source cost on these days, and how many people it brought within these instants (`until_ms` is not in it)."""
    query = select(_a.c.source_id, func.count()).where(_a.c.at_ms >= from_ms, _a.c.at_ms < until_ms).group_by(_a.c.source_id)
    people = {int(row[0]): int(row[1]) for row in tx.execute(query)}
    spent = by_source(tx, from_on, to_on)
    tree = sources.listed(tx, archived=True)
    whole_people, whole_spend = rolled_up(tree, people), rolled_up(tree, spent)
    return {one.id: Figures(people.get(one.id, 0), whole_people[one.id], spent.get(one.id, 0), whole_spend[one.id]) for one in tree}


def rolled_up(tree: Sequence[Source], own: Mapping[int, int]) -> dict[int, int]:
    """Of every source its own and all that lies below it."""
    found: dict[int, int] = defaultdict(int, {one.id: 0 for one in tree})
    for one in tree:
        for number in one.ancestors:
            found[number] += own.get(one.id, 0)
    return found


HEADER = (
    Text("编号", "entry"), Text("日期", "day"), Text("来源", "source"), Text("类别", "kind"), Text("金额(元)", "amount"), Text("城市", "region"), Text("福利", "offer"),
    Text("凭证", "evidence"), Text("引用号", "ref"), Text("记账人", "by"), Text("记于", "at"), Text("更正", "corrects"), Text("原因", "reason"),
)  # fmt: skip


def written(tx: Connection, wanted: Wanted, language: str) -> Iterator[str]:
    """The lines of these entries as CSV, a page of entries at a time."""
    named = {one.id: one for one in sources.listed(tx, archived=True)}
    yield "﻿" + _row([one.to(language) for one in HEADER])
    place: tuple[date, int] | None = None
    while page := entries(tx, wanted, before=place, limit=_PAGE):
        place = (page[-1].day, page[-1].id)
        yield "".join(_row(cells) for one in page for cells in _cells(one, named, language))


def _cells(one: Entry, named: Mapping[int, Source], language: str) -> Iterator[list[Any]]:
    for line in one.lines:
        if line.account == "spend":
            place = " / ".join(named[number].name for number in named[line.source_id].ancestors) if line.source_id in named else ""
            amount = f"{'-' if line.amount_fen < 0 else ''}{abs(line.amount_fen) // 100}.{abs(line.amount_fen) % 100:02d}"
            yield [
                one.id, one.day.isoformat(), _plain(place), spend.KINDS[one.kind].to(language), amount, _plain(line.region), line.offer_id or "",
                _plain(one.evidence), _plain(one.ref), _plain(one.by), one.at.isoformat(timespec="seconds"), one.corrects_id or "", _plain(one.reason),
            ]  # fmt: skip


def _plain(text: str) -> str:
    """A cell that a spreadsheet does not take for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _row(cells: Sequence[Any]) -> str:
    out = StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue()


def _numbers(tx: Connection, wanted: Wanted) -> Select[Any]:
    return select(_p.c.entry_id).join(_e, _e.c.id == _p.c.entry_id).where(_SPENT, *_lines(tx, wanted))


def _lines(tx: Connection, wanted: Wanted) -> list[Any]:
    """Conditions on lines and their entries."""
    found: list[Any] = []
    if wanted.from_on is not None:
        found.append(_p.c.day >= wanted.from_on)
    if wanted.to_on is not None:
        found.append(_p.c.day <= wanted.to_on)
    if wanted.source_id is not None:
        found.append(among(tx, _p.c.source_id, sources.below(tx, wanted.source_id)) if wanted.source_id else _p.c.source_id == 0)
    if wanted.kind is not None:
        found.append(_e.c.kind == wanted.kind)
    if wanted.origin is not None:
        found.append(_e.c.origin == wanted.origin)
    if wanted.standing:
        back = _tables.entry.alias("back")
        found += [_e.c.is_reversal.is_(False), ~select(back.c.id).where(back.c.corrects_id == _e.c.id, back.c.is_reversal.is_(True)).exists()]
    return found
