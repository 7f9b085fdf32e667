"""Branch 分支: who is what goes which way: several ways, tried in order, and one for everybody else."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from msgspec import Meta
from sqlalchemy import Connection

from siyu.content import pieces
from siyu.customers.purposes import CARRIERS
from siyu.foundation.errors import Fault, InvalidError, NotFoundError
from siyu.foundation.text import Text
from siyu.journeys.conditions import USABLE, long_form, passing
from siyu.journeys.definition import Condition, Name, NodeId, Number
from siyu.journeys.people import Flags, Moves, People
from siyu.journeys.steps.split import Edge, edge_faults
from siyu.journeys.steps.step import Context, Settings, Step
from siyu.journeys.steps.wait_until import condition_faults
from siyu.messaging import asking, sends
from siyu.segments import rules
from siyu.segments.rules import Where

CLICKS = ("link_opened", "content_read")


class _Test(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class InSegment(_Test, frozen=True, tag_field="kind", tag="segment"):
    segment: Number


class Holds(_Test, frozen=True, tag_field="kind", tag="rule"):
    """A rule of segments: attributes, traits, tags, orders, events in any window of time."""

    rule: dict[str, Any]


class Happened(_Test, frozen=True, tag_field="kind", tag="event"):
    """An event of the run, at least `count` times: since the person came in, the event that brought them in too."""

    name: Name
    where: tuple[Where, ...] = ()
    count: Annotated[int, Meta(ge=1, le=1000)] = 1


class Clicked(_Test, frozen=True, tag_field="kind", tag="clicked"):
    """A tracked link was opened: of a send of one node, of one piece, or of any message of this run."""

    node: NodeId | None = None
    piece: Number | None = None


class Reachable(_Test, frozen=True, tag_field="kind", tag="reachable"):
    """A carrier reaches them now, and they allow it for this purpose."""

    carrier: Annotated[str, Meta(max_length=32)]
    purpose: Literal["promotion", "value", "service", "feedback"] = "value"


class Way(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One way: who passes every test (`all`) or any of them. `name` is what the canvas shows."""

    edge: Edge
    when: Annotated[tuple[InSegment | Holds | Happened | Clicked | Reachable, ...], Meta(min_length=1, max_length=10)]
    match: Literal["all", "any"] = "all"
    name: Annotated[str, Meta(max_length=40)] = ""


class BranchSettings(Settings, frozen=True):
    """Ways in order: the first that a person passes is theirs. `otherwise`: the edge of everybody else."""

    ways: Annotated[tuple[Way, ...], Meta(max_length=10)] = ()
    otherwise: Edge = "no"


class Branch(Step):
    kind = "branch"
    label = Text("条件分支", "Branch")
    description = Text("按分群、特征、事件、点击和能否触达走不同的线", "by segment, trait, event, click and reach people take different ways")
    group = "branch"
    Settings = BranchSettings

    def edges(self, settings: BranchSettings) -> tuple[str, ...]:
        return (*(way.edge for way in settings.ways), settings.otherwise)

    def reads(self, settings: BranchSettings) -> bool:
        return any(not isinstance(test, Happened | Clicked) for test in _tests(settings))

    def remembers(self, settings: BranchSettings) -> frozenset[str]:
        names = {test.name for test in _tests(settings) if isinstance(test, Happened)}
        return frozenset(names | set(CLICKS if any(isinstance(test, Clicked) for test in _tests(settings)) else ()))

    def check(self, tx: Connection, settings: BranchSettings, field: str) -> list[Fault]:
        faults = edge_faults(list(self.edges(settings)), f"{field}.ways")
        if not settings.ways:
            faults.append(Fault(f"{field}.ways", Text("至少一个条件", "at least one condition")))
        for number, way in enumerate(settings.ways):
            for place, test in enumerate(way.when):
                faults += _faults(tx, test, f"{field}.ways[{number}].when[{place}]")
        return faults

    def advance(self, ctx: Context, settings: BranchSettings, people: People) -> Moves:
        edge = people.all(len(settings.ways))
        open_ = np.arange(len(people))
        for number, way in enumerate(settings.ways):
            passed = self._pass(ctx, way, people.take(open_))
            edge[open_[passed]] = number
            open_ = open_[~passed]
            if not len(open_):
                break
        return Moves.along(len(people), edge)

    def sentence(self, settings: BranchSettings) -> Text:
        zh, en = (" · ".join([*(way.name or _words(way).to(lang) for way in settings.ways), other]) for lang, other in (("zh", "其余"), ("en", "the others")))
        return Text(zh, en)

    def _pass(self, ctx: Context, way: Way, people: People) -> Flags:
        """Tests that a way shares with another are asked again only of those who are left; what is settled is not asked."""
        found = np.full(len(people), way.match == "all", np.bool_)
        for test in way.when:
            open_ = np.flatnonzero(found == (way.match == "all"))
            if not len(open_):
                break
            found[open_] = _held(ctx, test, people.take(open_))
        return found


def _tests(settings: BranchSettings) -> list[Any]:
    return [test for way in settings.ways for test in way.when]


def _held(ctx: Context, test: Any, people: People) -> Flags:
    match test:
        case InSegment():
            return ctx.members(test.segment, people.customer_id)
        case Holds():
            return ctx.holds(test.rule, people.customer_id)
        case Happened():
            return _often(people, test)
        case Clicked():
            return _clicked(ctx, test, people)
        case Reachable():
            return asking.reachable(ctx.stores, ctx.tx, people.customer_id, purpose=test.purpose, carriers=(test.carrier,))
    raise TypeError(test)


def _often(people: People, test: Happened) -> Flags:
    told = people.heard(people.enrolment_id)
    mine = told.filter(np.array([name == test.name for name in told["name"].to_pylist()], np.bool_))
    keys = mine["event_key"].to_numpy()
    passed = passing(test.where, keys, long_form(keys.tolist(), mine["properties"].to_pylist()) if test.where else mine)
    runs, counts = np.unique(mine["enrolment_id"].to_numpy()[passed], return_counts=True)
    return np.isin(people.enrolment_id, runs[counts >= test.count])


def _clicked(ctx: Context, test: Clicked, people: People) -> Flags:
    """Opened links of this journey's own sends; those of other sends are somebody else's."""
    told = people.heard(people.enrolment_id)
    mine = told.filter(np.isin(np.array(told["name"].to_pylist(), object), CLICKS))
    said = [msgspec.json.decode(text) for text in mine["properties"].to_pylist()]
    sent = ctx.refs_of(sorted({int(one["send"]) for one in said if one.get("send")}))
    begins = f"journey:{ctx.journey_id}:{ctx.version}:{test.node}:" if test.node else f"journey:{ctx.journey_id}:"
    counts = np.array([sent.get(int(one.get("send") or 0), "").startswith(begins) and test.piece in (None, int(one.get("piece") or 0)) for one in said], np.bool_)
    return np.isin(people.enrolment_id, mine["enrolment_id"].to_numpy()[counts])


def _faults(tx: Connection, test: Any, field: str) -> list[Fault]:
    match test:
        case InSegment():
            return condition_faults(tx, Condition(segment=test.segment), field)
        case Holds():
            try:
                rules.parse(test.rule)
            except InvalidError as error:
                return [Fault(rules.at(f"{field}.rule", fault.field), fault.message) for fault in error.faults]
        case Happened():
            return [
                Fault(f"{field}.where[{place}].op", Text(f"事件条件可用：{'、'.join(sorted(USABLE))}", f"of an event use one of: {', '.join(sorted(USABLE))}"))
                for place, where in enumerate(test.where)
                if where.op not in USABLE
            ]
        case Clicked() if test.piece is not None:
            try:
                pieces.find(tx, test.piece)
            except NotFoundError as error:
                return [Fault(f"{field}.piece", error.message)]
        case Reachable() if test.carrier not in sends.SENDABLE:
            return [Fault(f"{field}.carrier", Text(f"可用：{'、'.join(sends.SENDABLE)}", f"use one of: {', '.join(sends.SENDABLE)}"))]
    return []


def _words(way: Way) -> Text:
    zh, en = zip(*(_test_words(test) for test in way.when), strict=True)
    return Text((" 且 " if way.match == "all" else " 或 ").join(zh), (" and " if way.match == "all" else " or ").join(en))


def _test_words(test: Any) -> Text:
    match test:
        case InSegment():
            return Text(f"在分群 {test.segment}", f"in segment {test.segment}")
        case Happened():
            times = "" if test.count == 1 else f" ×{test.count}"
            return Text(f"发生过 {test.name}{times}", f"did {test.name}{times}")
        case Clicked():
            return Text("点过链接", "opened a link")
        case Reachable():
            return Text(f"{CARRIERS.get(test.carrier, test.carrier)} 可触达", f"reachable by {test.carrier}")
    return Text("满足规则", "passes a rule")


STEP = Branch()
