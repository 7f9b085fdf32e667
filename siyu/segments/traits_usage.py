"""Usage of traits 特征引用: who would be hurt if one went, and why it may not be changed or put away then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from siyu.foundation.errors import ConflictError, InvalidError
from siyu.foundation.text import Text
from siyu.segments import rules, traits_store
from siyu.segments.segments import Segment, list_segments
from siyu.segments.traits import used_traits, uses
from siyu.segments.traits_store import Definition, find_trait, list_traits, put_away


@dataclass(frozen=True)
class Users:
    """Segments whose rule has a condition on a trait, and traits that are limited by it."""

    segments: list[Segment]
    traits: list[Definition]

    @property
    def names(self) -> Text:
        zh = [f"分群「{each.name}」" for each in self.segments] + [f"特征「{each.name}」" for each in self.traits]
        en = [f"the segment “{each.name}”" for each in self.segments] + [f"the trait “{each.name}”" for each in self.traits]
        return Text("、".join(zh), ", ".join(en))


def usage(tx: Connection) -> dict[int, Users]:
    """The users of each trait that has any."""
    found: dict[int, Users] = {}
    for segment in list_segments(tx):
        for key in _used_in(segment.rule):
            found.setdefault(key, Users([], [])).segments.append(segment)
    for each in list_traits(tx):
        for key in uses(each.trait) if not each.problem else ():
            found.setdefault(key, Users([], [])).traits.append(each)
    return found


def users_of(tx: Connection, trait_id: int) -> Users:
    return usage(tx).get(trait_id, Users([], []))


def change_trait(tx: Connection, trait_id: int, **changes: Any) -> Definition:
    """Change a trait; see `traits_store.change_trait`.

    Raises
    ------
    ConflictError
        When its type would be another one while something compares it.
    """
    before = find_trait(tx, trait_id)
    made = traits_store.change_trait(tx, trait_id, **changes)
    used = users_of(tx, trait_id)
    if (used.segments or used.traits) and not before.problem and before.trait.type != made.trait.type:
        raise ConflictError(
            Text(f"{used.names.zh} 正在用它，类型不能变", f"its type cannot change while it is used by {used.names.en}"),
            way_out=Text("新建一个特征，或先改掉那些条件", "make another trait, or change those conditions first"),
        )
    return made


def delete_trait(tx: Connection, trait_id: int, now: datetime) -> Definition:
    """Put a trait away; `restore_trait` brings it back with its versions.

    Raises
    ------
    ConflictError
        When a segment or another trait uses it; it says which.
    """
    found = find_trait(tx, trait_id)
    used = users_of(tx, trait_id)
    if used.segments or used.traits:
        raise ConflictError(
            Text(f"{used.names.zh} 正在用它", f"it is used by {used.names.en}"),
            way_out=Text("先从那里去掉这个条件", "take the condition out of those first"),
        )
    put_away(tx, trait_id, now)
    return found


def restore_trait(tx: Connection, trait_id: int, now: datetime) -> Definition:
    put_away(tx, trait_id, now, away=False)
    return find_trait(tx, trait_id)


def _used_in(rule: Any) -> set[int]:
    try:
        return used_traits(rules.parse(rule))
    except InvalidError:
        return set()
