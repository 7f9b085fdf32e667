"""Segments 分群: a rule with a name, its versions, and how many people are in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from siyu.foundation.errors import ConflictError, Fault, InvalidError, NotFoundError
from siyu.foundation.text import Text
from siyu.segments import _tables, rules
from siyu.segments.rules import InSegment, Rule
from siyu.segments.sentence import RuleNames
from siyu.segments.traits_store import check_conditions, trait_names


@dataclass(frozen=True)
class Version:
    version: int
    rule: dict[str, Any]
    created_at: datetime
    created_by: str | None


@dataclass(frozen=True)
class Size:
    """One recompute: how many members, and how many joined and left by it."""

    at: datetime
    customer_count: int
    entered_count: int
    left_count: int


@dataclass(frozen=True)
class Segment:
    """`customer_count` is that of the last recompute, of `computed_version`; `problem` holds it back."""

    id: int
    name: str
    description: str | None
    rule_version: int
    rule: dict[str, Any]
    computed_version: int | None
    computed_at: datetime | None
    customer_count: int | None
    problem: list[Fault]
    created_by: str | None
    created_at: datetime
    updated_at: datetime

    @property
    def status(self) -> str:
        if self.problem:
            return "invalid"
        return "ready" if self.computed_version == self.rule_version else "computing"


def create_segment(tx: Connection, *, name: str, description: str | None, rule: Any, by: str | None, now: datetime) -> Segment:
    parsed = _checked(tx, name, rule, None)
    values = {"name": name, "description": description, "created_by": by, "created_at": now, "updated_at": now}
    result = tx.execute(insert(_tables.segment).values(rule_version=1, is_deleted=False, **values))
    key = result.inserted_primary_key
    assert key is not None
    _add_version(tx, int(key[0]), 1, parsed, by, now)
    return find_segment(tx, int(key[0]))


def change_segment(
    tx: Connection, segment_id: int, *, name: str, description: str | None, rule: Any, expected_version: int | None, by: str | None, now: datetime
) -> Segment:
    """Change a segment; a changed rule becomes a new version.

    Raises
    ------
    ConflictError
        When somebody else changed it since `expected_version`.
    """
    current = find_segment(tx, segment_id)
    if expected_version is not None and expected_version != current.rule_version:
        raise ConflictError(
            Text(f"分群已被改成第 {current.rule_version} 版", f"the segment is at version {current.rule_version} now"),
            way_out=Text("刷新后再改", "reload it, then change it again"),
        )
    parsed = _checked(tx, name, rule, segment_id)
    version = current.rule_version
    if rules.dump(parsed) != current.rule:
        version += 1
        _add_version(tx, segment_id, version, parsed, by, now)
    mine = _tables.segment.c.id == segment_id
    tx.execute(update(_tables.segment).where(mine).values(name=name, description=description, rule_version=version, problem=None, updated_at=now))
    return find_segment(tx, segment_id)


def delete_segment(tx: Connection, segment_id: int, now: datetime) -> None:
    """Put a segment away; `restore_segment` brings it back with its versions and sizes."""
    users = [s.name for s in list_segments(tx) if segment_id in _used_by(s)]
    find_segment(tx, segment_id)
    if users:
        raise ConflictError(
            Text(f"分群「{'」「'.join(users)}」正在用它", f"it is used by: {', '.join(users)}"),
            way_out=Text("先从那些分群里去掉这个条件", "take the condition out of those segments first"),
        )
    tx.execute(update(_tables.segment).where(_tables.segment.c.id == segment_id).values(is_deleted=True, updated_at=now))


def _used_by(segment: Segment) -> set[int]:
    """The segments that a rule uses; one that is not valid has no members by it and holds nobody back."""
    try:
        return {leaf.segment for leaf in rules.leaves(rules.parse(segment.rule)) if isinstance(leaf, InSegment)}
    except InvalidError:
        return set()


def _problem(rule: Any) -> list[Fault]:
    """What is wrong with a stored rule for this version of Siyu: it holds this segment back, and no other."""
    try:
        rules.parse(rule)
    except InvalidError as error:
        return error.faults or [Fault("", error.message)]
    return []


def restore_segment(tx: Connection, segment_id: int, now: datetime) -> Segment:
    tx.execute(update(_tables.segment).where(_tables.segment.c.id == segment_id).values(is_deleted=False, updated_at=now))
    return find_segment(tx, segment_id)


def find_segment(tx: Connection, segment_id: int) -> Segment:
    found = list_segments(tx, only=segment_id)
    if not found:
        raise NotFoundError(Text(f"没有分群 {segment_id}", f"there is no segment {segment_id}"))
    return found[0]


def list_segments(tx: Connection, only: int | None = None) -> list[Segment]:
    """Every segment that is not put away, the one changed last first."""
    s, v = _tables.segment, _tables.version
    query = select(s, v.c.rule).join(v, (v.c.segment_id == s.c.id) & (v.c.version == s.c.rule_version)).where(~s.c.is_deleted)
    if only is not None:
        query = query.where(s.c.id == only)
    return [
        Segment(
            row.id, row.name, row.description, row.rule_version, row.rule, row.computed_version, row.computed_at, row.customer_count,
            _problem(row.rule), row.created_by, row.created_at, row.updated_at,
        )
        for row in tx.execute(query.order_by(s.c.updated_at.desc(), s.c.id))
    ]  # fmt: skip


def segment_names(tx: Connection) -> dict[int, str]:
    return {row.id: row.name for row in tx.execute(select(_tables.segment.c.id, _tables.segment.c.name).where(~_tables.segment.c.is_deleted))}


def rule_names(tx: Connection) -> RuleNames:
    """What sentences call the segments and traits that a rule is about."""
    return RuleNames(segment_names(tx), trait_names(tx))


def versions(tx: Connection, segment_id: int) -> list[Version]:
    v = _tables.version
    rows = tx.execute(select(v).where(v.c.segment_id == segment_id).order_by(v.c.version.desc()))
    return [Version(row.version, row.rule, row.created_at, row.created_by) for row in rows]


def sizes(tx: Connection, segment_ids: Sequence[int], since: datetime) -> dict[int, list[Size]]:
    """Recomputes since an instant, oldest first, by segment."""
    t = _tables.size
    rows = tx.execute(select(t).where(t.c.segment_id.in_(list(segment_ids)), t.c.at >= since).order_by(t.c.at))
    found: dict[int, list[Size]] = {segment_id: [] for segment_id in segment_ids}
    for row in rows:
        found[row.segment_id].append(Size(row.at, row.customer_count, row.entered_count, row.left_count))
    return found


def change_7d(history: Sequence[Size], now: datetime) -> int | None:
    """Members now against the last recompute that is at least seven days old; None without one."""
    old = [size for size in history if size.at <= now - timedelta(days=7)]
    return history[-1].customer_count - old[-1].customer_count if old else None


def check_uses(tx: Connection, rule: Rule, own_id: int | None) -> list[Fault]:
    """Faults of segments and traits used inside a rule: ones that are not there, wrongly compared ones, and circles."""
    known = {s.id: s for s in list_segments(tx)}
    faults = check_conditions(tx, rule)

    def visit(current: Rule, seen: tuple[int, ...]) -> None:
        for leaf in rules.leaves(current):
            if not isinstance(leaf, InSegment):
                continue
            if leaf.segment == own_id or leaf.segment in seen:
                faults.append(Fault("segment", Text("分群绕了一圈又用到自己", "the segment uses itself in a circle")))
            elif leaf.segment not in known:
                faults.append(Fault("segment", Text(f"没有分群 {leaf.segment}", f"there is no segment {leaf.segment}")))
            else:
                try:
                    inner = rules.parse(known[leaf.segment].rule)
                except InvalidError:
                    name = known[leaf.segment].name
                    faults.append(Fault("segment", Text(f"分群「{name}」的规则已失效，先改好它", f"the rule of the segment {name} is not valid; mend it first")))
                else:
                    visit(inner, (*seen, leaf.segment))

    visit(rule, ())
    return faults


def _checked(tx: Connection, name: str, rule: Any, own_id: int | None) -> Rule:
    if not name.strip():
        raise InvalidError(Text("请给分群起个名字", "the segment needs a name"), faults=[Fault("name", Text("不能为空", "must not be empty"))])
    parsed = rules.parse(rule)
    faults = check_uses(tx, parsed, own_id)
    if faults:
        raise InvalidError(Text("分群规则有误", "the rule is not valid"), faults=faults)
    return parsed


def _add_version(tx: Connection, segment_id: int, number: int, rule: Rule, by: str | None, now: datetime) -> None:
    tx.execute(insert(_tables.version).values(segment_id=segment_id, version=number, rule=rules.dump(rule), created_at=now, created_by=by))
