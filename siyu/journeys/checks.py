"""Checks 检查: what is wrong with a journey, and what is only worth a thought. Asked while it is drawn, and again when it is published."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from siyu.foundation.errors import Fault, NotFoundError
from siyu.foundation.text import Text
from siyu.journeys.conditions import USABLE
from siyu.journeys.definition import (
    MOST_NODES,
    Condition,
    DateEntry,
    Definition,
    EventEntry,
    Goal,
    ScheduleEntry,
    SegmentEntry,
    SurveyEntry,
)
from siyu.journeys.over_cap import over_cap
from siyu.journeys.steps.registry import Placed, placed
from siyu.journeys.steps.wait_until import condition_faults
from siyu.messaging import policies
from siyu.segments.rules import Where
from siyu.segments.segments import find_segment
from siyu.segments.traits_store import find_trait


@dataclass(frozen=True)
class Found:
    """`faults` hold it back from being published; `warnings` do not."""

    faults: list[Fault]
    warnings: list[Fault]


def check(tx: Connection, definition: Definition) -> Found:
    """Every fault and warning, each by its field (`nodes.n2.to.yes`)."""
    steps: dict[str, Placed] = {}
    faults = [*_entry(tx, definition), *_ends(tx, definition)]
    if len(definition.nodes) > MOST_NODES:
        faults.append(Fault("nodes", Text(f"最多 {MOST_NODES} 个节点", f"at most {MOST_NODES} steps")))
    for node_id, node in definition.nodes.items():
        one = placed(node_id, node)
        if isinstance(one, Fault):
            faults.append(one)
            continue
        steps[node_id] = one
        faults += one.step.check(tx, one.settings, f"nodes.{node_id}.with")
    faults += [*_edges(definition, steps), *_reach(definition), *_loops(definition, steps)]
    return Found(faults, [*_warnings(definition, steps), *over_cap(policies.active(tx), steps)])


def _entry(tx: Connection, definition: Definition) -> Iterator[Fault]:
    entry = definition.entry
    if isinstance(entry, SegmentEntry | ScheduleEntry):
        yield from _segment(tx, entry.segment, "entry.segment")
    if isinstance(entry, ScheduleEntry) and entry.every == "once" and not _is_date(entry.on):
        yield Fault("entry.on", Text("选一个日期", "choose a date"))
    if isinstance(entry, EventEntry):
        if not entry.name:
            yield Fault("entry.name", Text("选一个事件", "choose an event"))
        yield from _where(entry.where, "entry.where")
    if isinstance(entry, DateEntry) and not entry.field:
        yield Fault("entry.field", Text("选一个日期", "choose a date"))
    if isinstance(entry, SurveyEntry) and not entry.survey:
        yield Fault("entry.survey", Text("选一份问卷", "choose a survey"))
    if isinstance(entry, DateEntry) and entry.field.startswith("trait:"):
        try:
            find_trait(tx, int(entry.field.removeprefix("trait:")))
        except NotFoundError:
            yield Fault("entry.field", Text("没有这个特征", "there is no such trait"))


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _ends(tx: Connection, definition: Definition) -> Iterator[Fault]:
    for number, condition in enumerate(definition.exit):
        yield from condition_faults(tx, condition, f"exit[{number}]")
        yield from _where(condition.where, f"exit[{number}].where")
    goal = definition.goal
    if goal is not None:
        yield from condition_faults(tx, _condition(goal), "goal")
        yield from _where(goal.where, "goal.where")


def _condition(goal: Goal) -> Condition:
    return Condition(event=goal.event, where=goal.where, segment=goal.segment)


def _segment(tx: Connection, number: int, field: str) -> Iterator[Fault]:
    if not number:
        yield Fault(field, Text("选一个分群", "choose a segment"))
        return
    try:
        segment = find_segment(tx, number)
    except NotFoundError:
        yield Fault(field, Text(f"没有分群 {number}", f"there is no segment {number}"))
        return
    if segment.problem:
        yield Fault(field, Text(f"分群「{segment.name}」的规则已失效，先改好它", f"the rule of the segment {segment.name} is not valid; mend it first"))


def _where(where: tuple[Where, ...], field: str) -> Iterator[Fault]:
    for number, one in enumerate(where):
        if one.op not in USABLE:
            yield Fault(f"{field}[{number}].op", Text(f"事件属性不能用 {one.op}", f"{one.op} cannot be asked of a property of an event"))
        if not one.path:
            yield Fault(f"{field}[{number}].path", Text("写明属性", "name the property"))


def _edges(definition: Definition, steps: dict[str, Placed]) -> Iterator[Fault]:
    for node_id, one in steps.items():
        for edge in one.edges:
            if edge not in one.node.to:
                yield Fault(f"nodes.{node_id}.to.{edge}", Text("这条线还没有去处", "this way leads nowhere yet"))
        for edge, after in one.node.to.items():
            if edge not in one.edges:
                yield Fault(f"nodes.{node_id}.to.{edge}", Text("这个节点没有这条线", "the step has no such way out"))
            elif after is not None and after not in definition.nodes:
                yield Fault(f"nodes.{node_id}.to.{edge}", Text(f"没有节点 {after}", f"there is no step {after}"))


def _reach(definition: Definition) -> Iterator[Fault]:
    if definition.start is None or definition.start not in definition.nodes:
        yield Fault("start", Text("从入口连到第一个节点", "connect the entry with the first step"))
        return
    seen, stack = set(), [definition.start]
    while stack:
        node_id = stack.pop()
        if node_id in seen or node_id not in definition.nodes:
            continue
        seen.add(node_id)
        stack += [after for after in definition.nodes[node_id].to.values() if after is not None]
    for node_id in definition.nodes:
        if node_id not in seen:
            yield Fault(f"nodes.{node_id}", Text("没有人能走到这里", "nobody can come here"))


def _loops(definition: Definition, steps: dict[str, Placed]) -> Iterator[Fault]:
    """A loop in which nobody ever waits: looked for among the steps that do not wait."""
    quick = {node_id: [after for after in one.node.to.values() if after in steps and not steps[after].step.stays(steps[after].settings)] for node_id, one in steps.items() if not one.step.stays(one.settings)}
    colour: dict[str, int] = {}
    for start in quick:
        stack: list[tuple[str, Iterator[str]]] = [] if colour.get(start) else [(start, iter(quick[start]))]
        while stack:
            node_id, rest = stack[-1]
            colour[node_id] = 1
            after = next(rest, None)
            if after is None:
                colour[node_id] = 2
                stack.pop()
            elif colour.get(after) == 1:
                yield Fault(f"nodes.{after}", Text("这里有一个不等待的循环，加一个等待节点", "a loop without a wait; put a wait into it"))
                return
            elif after not in colour:
                stack.append((after, iter(quick[after])))


def _warnings(definition: Definition, steps: dict[str, Placed]) -> Iterator[Fault]:
    if definition.goal is None:
        yield Fault("goal", Text("没有目标，报告里看不到效果", "without a goal the report cannot say what it brought"))
    if not definition.holdout_rate and any(one.step.group == "reach" for one in steps.values()):
        yield Fault("holdout_rate", Text("没有对照组，看不出增量", "without a hold-out nobody can tell what would have happened anyway"))
    if isinstance(definition.entry, SegmentEntry) and definition.entry.again and not any(one.step.waits for one in steps.values()):
        yield Fault("entry.again", Text("没有等待节点，成员会不停地重来", "without a wait members come in again and again"))
