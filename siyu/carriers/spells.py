"""Spells 关系区间: from what was told of one relation, in any order and however often, to when it began and ended.

Carriers repeat and reorder. So every change is kept, and the spells are folded from all of them: the same news in any order
gives the same spells.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple


class Change(NamedTuple):
    """One piece of news. `by` says who ended it, `state` and `add_way` how it began."""

    at_ms: int
    began: bool
    by: str | None = None
    state: str | None = None
    add_way: int | None = None


class Spell(NamedTuple):
    """From beginning to end (epoch ms; None while it lasts). Of an end without a beginning, `began_ms` is the end."""

    began_ms: int
    began_known: bool
    state: str | None
    add_way: int | None
    ended_ms: int | None
    by: str | None


def merged(*news: Iterable[Change]) -> list[Change]:
    """All news once, in the order of time. Of two tellings of one change the more exact wins."""
    best: dict[tuple[int, bool], Change] = {}
    for change in (change for part in news for change in part):
        known = best.get((change.at_ms, change.began))
        best[(change.at_ms, change.began)] = change if known is None else _fuller(known, change)
    return sorted(best.values(), key=lambda change: (change.at_ms, not change.began))


def fold(changes: Iterable[Change]) -> list[Spell]:
    """The spells, in the order of time. A beginning inside a spell, and an end outside of one, change nothing.

    An end by `unknown` says only that it was gone by then: a later telling of who ended it gives the reason.
    Two changes of the same instant are taken in the order that both make sense.
    """
    spells: list[Spell] = []
    for _, group in groupby(merged(changes), key=lambda change: change.at_ms):
        together = list(group)
        if spells and spells[-1].ended_ms is None:
            together.reverse()
        for change in together:
            _apply(spells, change)
    return spells


def _apply(spells: list[Spell], change: Change) -> None:
    is_open = bool(spells) and spells[-1].ended_ms is None
    if change.began and not is_open:
        spells.append(Spell(change.at_ms, True, change.state, change.add_way, None, None))
    elif change.began:
        last = spells[-1]
        spells[-1] = last._replace(state=last.state or change.state, add_way=change.add_way if last.add_way is None else last.add_way)
    elif is_open:
        spells[-1] = spells[-1]._replace(ended_ms=change.at_ms, by=change.by)
    elif not spells:
        spells.append(Spell(change.at_ms, False, None, None, change.at_ms, change.by))
    elif spells[-1].by == "unknown":
        spells[-1] = spells[-1]._replace(by=change.by)


def _fuller(one: Change, other: Change) -> Change:
    """Does not depend on which came first: a known reason wins over `unknown`, a value over none, the smaller of two values."""
    by = min((name for name in (one.by, other.by) if name), key=lambda name: (name == "unknown", name), default=None)
    state = min((state for state in (one.state, other.state) if state), default=None)
    add_way = min((way for way in (one.add_way, other.add_way) if way is not None), default=None)
    return Change(one.at_ms, one.began, by, state, add_way)
