"""Definitions of traits 特征定义: kept with their versions, checked against each other, put away and restored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, insert, select, update

from siyu.foundation.errors import ConflictError, Fault, InvalidError, NotFoundError
from siyu.foundation.text import Text
from siyu.segments import rules, traits
from siyu.segments._trait_tables import trait as table
from siyu.segments._trait_tables import version as versions_table
from siyu.segments.rules import Rule
from siyu.segments.traits import MOST_TRAITS, Trait, Type, check_condition, used_traits, uses


@dataclass(frozen=True)
class TraitVersion:
    version: int
    definition: dict[str, Any]
    created_at: datetime
    created_by: str | None


@dataclass(frozen=True)
class Definition:
    """A trait with its name. `distribution` is that of the last computing, of `computed_version`."""

    id: int
    name: str
    description: str | None
    version: int
    definition: dict[str, Any]
    computed_version: int | None
    computed_at: datetime | None
    distribution: dict[str, Any] | None
    created_by: str | None
    created_at: datetime
    updated_at: datetime

    @cached_property
    def problem(self) -> list[Fault]:
        """What is wrong with it for this version of Siyu: such a trait keeps its values and is not computed."""
        try:
            traits.parse(self.definition)
        except InvalidError as error:
            return error.faults or [Fault("", error.message)]
        return []

    @cached_property
    def trait(self) -> Trait:
        return traits.parse(self.definition)

    @property
    def field(self) -> str:
        """How rules and lists name it."""
        return f"{rules.TRAIT}{self.id}"

    @property
    def status(self) -> str:
        return "invalid" if self.problem else "ready" if self.computed_version == self.version else "computing"


def create_trait(tx: Connection, *, name: str, description: str | None, definition: Any, by: str | None, now: datetime) -> Definition:
    """Save a new trait.

    Raises
    ------
    InvalidError
        When the definition is not valid, the name is taken, or there are as many as a brand may have.
    """
    parsed = _checked(tx, name, definition, None)
    if len(list_traits(tx)) >= MOST_TRAITS:
        raise InvalidError(
            Text(f"特征最多 {MOST_TRAITS} 个", f"there are at most {MOST_TRAITS} traits"),
            way_out=Text("先删除不用的特征", "delete some that are not used"),
        )
    row = {"name": name.strip(), "description": description, "version": 1, "is_deleted": False, "created_by": by, "created_at": now, "updated_at": now}
    key = tx.execute(insert(table).values(**row)).inserted_primary_key
    assert key is not None
    _add_version(tx, int(key[0]), 1, parsed, by, now)
    return find_trait(tx, int(key[0]))


def change_trait(
    tx: Connection, trait_id: int, *, name: str, description: str | None, definition: Any, expected_version: int | None, by: str | None, now: datetime
) -> Definition:
    """Change a trait; a changed definition becomes a new version.

    Raises
    ------
    ConflictError
        When somebody else changed it since `expected_version`.
    """
    current = find_trait(tx, trait_id)
    if expected_version is not None and expected_version != current.version:
        raise ConflictError(
            Text(f"特征已被改成第 {current.version} 版", f"the trait is at version {current.version} now"),
            way_out=Text("刷新后再改", "reload it, then change it again"),
        )
    parsed = _checked(tx, name, definition, trait_id)
    version = current.version
    if traits.dump(parsed) != current.definition:
        version += 1
        _add_version(tx, trait_id, version, parsed, by, now)
    mine = table.c.id == trait_id
    tx.execute(update(table).where(mine).values(name=name.strip(), description=description, version=version, updated_at=now))
    return find_trait(tx, trait_id)


def put_away(tx: Connection, trait_id: int, now: datetime, *, away: bool = True) -> None:
    """Put a trait away, or bring it back; whether anything uses it is for the caller to ask."""
    if not away:
        name = tx.scalar(select(table.c.name).where(table.c.id == trait_id))
        if name is not None:
            _check_name(tx, name, trait_id)
    tx.execute(update(table).where(table.c.id == trait_id).values(is_deleted=away, computed_version=None, updated_at=now))


def find_trait(tx: Connection, trait_id: int) -> Definition:
    found = list_traits(tx, only=trait_id)
    if not found:
        raise NotFoundError(Text(f"没有特征 {trait_id}", f"there is no trait {trait_id}"), way_out=Text("回到特征列表查找", "look in the list of traits"))
    return found[0]


def list_traits(tx: Connection, only: int | None = None) -> list[Definition]:
    """Every trait that is not put away, by name."""
    t, v = table, versions_table
    query = select(t, v.c.definition).join(v, (v.c.trait_id == t.c.id) & (v.c.version == t.c.version)).where(~t.c.is_deleted)
    if only is not None:
        query = query.where(t.c.id == only)
    names = Definition.__dataclass_fields__
    return [Definition(**{name: row[name] for name in names}) for row in tx.execute(query.order_by(t.c.name, t.c.id)).mappings()]


def trait_names(tx: Connection) -> dict[str, tuple[Text, Type]]:
    """Names and types by field, for sentences."""
    return {each.field: (Text(each.name, each.name), each.trait.type) for each in list_traits(tx) if not each.problem}


def trait_versions(tx: Connection, trait_id: int) -> list[TraitVersion]:
    v = versions_table
    rows = tx.execute(select(v).where(v.c.trait_id == trait_id).order_by(v.c.version.desc()))
    return [TraitVersion(row.version, row.definition, row.created_at, row.created_by) for row in rows]


def trait_types(tx: Connection) -> dict[int, Type]:
    """The type of every trait that is valid."""
    return {each.id: each.trait.type for each in list_traits(tx) if not each.problem}


def check_conditions(tx: Connection, rule: Rule) -> list[Fault]:
    """Faults of a rule's conditions on traits: ones that are not there, and operators and values that do not fit the type."""
    if not used_traits(rule):
        return []
    types = trait_types(tx)
    faults: list[Fault] = []
    for leaf in rules.leaves(rule):
        number = rules.trait_of(leaf.field) if isinstance(leaf, rules.Attribute) else None
        if number and number not in types:
            faults.append(Fault("field", Text(f"没有特征 {number}，或它的定义已失效", f"there is no trait {number}, or it is no longer valid")))
        elif number and isinstance(leaf, rules.Attribute):
            faults += check_condition(leaf, types[number])
    return faults


def check_trait(tx: Connection, parsed: Trait, own_id: int | None) -> list[Fault]:
    """Faults of a definition against the others: traits that are not there, wrongly compared ones, and circles."""
    faults = [fault for part in parsed.parts if part.among is not None for fault in check_conditions(tx, part.among)]
    used_by = {each.id: uses(each.trait) for each in list_traits(tx) if not each.problem}
    seen: set[int] = set()
    ahead = uses(parsed)
    while ahead:
        seen |= ahead
        ahead = set().union(*(used_by.get(key, set()) for key in ahead)) - seen
    if own_id is not None and own_id in seen:
        faults.append(Fault("among", Text("特征绕了一圈又用到自己", "the trait uses itself in a circle")))
    return faults


def _checked(tx: Connection, name: str, definition: Any, own_id: int | None) -> Trait:
    _check_name(tx, name, own_id)
    parsed = traits.parse(definition)
    if faults := check_trait(tx, parsed, own_id):
        raise InvalidError(Text("特征定义有误", "the trait is not valid"), faults=faults)
    return parsed


def _check_name(tx: Connection, name: str, own_id: int | None) -> None:
    if not 1 <= len(name.strip()) <= 80:
        raise InvalidError(Text("请给特征起个名字", "the trait needs a name"), faults=[Fault("name", Text("1 到 80 个字", "1 to 80 characters"))])
    taken = select(table.c.id).where(table.c.name == name.strip(), ~table.c.is_deleted)
    if any(row.id != own_id for row in tx.execute(taken)):
        fault = Fault("name", Text(f"已有特征叫「{name}」", f"there is a trait named {name} already"))
        raise InvalidError(Text("特征名字重复", "the name is taken"), faults=[fault])


def _add_version(tx: Connection, trait_id: int, number: int, trait: Trait, by: str | None, now: datetime) -> None:
    row = {"trait_id": trait_id, "version": number, "definition": traits.dump(trait), "created_at": now, "created_by": by}
    tx.execute(insert(versions_table).values(**row))
