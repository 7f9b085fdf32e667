"""Rehearsal 彩排: a journey run over its real audience in many possible futures, before anybody is told anything.

Whoever would come in is taken through the very steps of the journey with simulated time; the gate decides about every message; what people
do is drawn from what history knows of each of them (`response`). Each future draws its own rates, so an interval holds both what is not
known and what is chance: it is the one in which the true number lies in 19 of 20 cases, as far as history repeats itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from sqlalchemy import Connection, func, select

from siyu.foundation.clock import DAY_MS, to_ms
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.ids import Ints, draw_rows
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.journeys import _tables, checks, learning, newcomers
from siyu.journeys._history import PAID
from siyu.journeys.books import Book
from siyu.journeys.conditions import long_form, passing
from siyu.journeys.definition import Condition, Definition
from siyu.journeys.learning import ANSWER_NAMES, ANY_ORDER, Learned, key_of, learn
from siyu.journeys.newcomers import CYCLE_MS, Expected
from siyu.journeys.reaching import Heard, World
from siyu.journeys.response import Random, factors
from siyu.journeys.simulating import DRY_SEND, Happenings, Known, Runs, Simulation, Stream
from siyu.journeys.standing_in import SURVEY_SHARE, WORK_SHARES, StandIns
from siyu.journeys.steps.registry import STEPS
from siyu.messaging import holdouts, supposing
from siyu.messaging.quiet import Zones
from siyu.messaging.sends import SendSpec
from siyu.segments.audience import AudienceRule

ROWS, MOST_FUTURES, LEAST_FUTURES = 300_000, 60, 12
"""Rows of one rehearsal (entries × futures); of many entries fewer futures, and a sample of the entries."""
EVENTS = 4_000_000
"""Happenings that are drawn at most."""
RUN_DAYS = 30
"""So long after the last entry the journey is followed."""
SEED = 20_261_123


@dataclass(frozen=True)
class Options:
    """`days`: for so long newcomers are let in (0: only those who would come at once). `segment`: stands for those whom people or
    another system name. `follow_days`: so long the journey goes on after that. `rows`: see `ROWS`."""

    days: int = 28
    segment: int | None = None
    follow_days: int = RUN_DAYS
    seed: int = SEED
    rows: int = ROWS


@dataclass(frozen=True)
class Staged:
    """A rehearsal when its time is over. `scale`: entries that one row stands for; `size`: entries of one future."""

    simulation: Simulation
    world: World
    learned: Learned
    expected: Expected
    size: int
    scale: float
    until_ms: int
    window_ms: int
    notes: list[Text]


def stage(
    stores: Stores, definition: Definition, *, journey_id: int, version: int, salt: str, options: Options = Options(), told: Callable[[float], None] = lambda share: None
) -> Staged:
    """Run the futures of a journey.

    Parameters
    ----------
    told
        Called with the share that is done, 0–1; what it raises ends the rehearsal.

    Raises
    ------
    InvalidError
        With every fault of the journey; or it cannot be known who comes in, or a message could not be sent at all.
    """
    now = stores.now()
    with stores.ledger.read() as tx:
        if faults := checks.check(tx, definition).faults:
            raise InvalidError(Text("旅程还不能彩排", "the journey cannot be rehearsed yet"), faults=faults, way_out=Text("改好所列各项", "mend what is listed"))
    random = np.random.default_rng(options.seed)
    book = Book(journey_id, version, definition, {node: -1 - place for place, node in enumerate(definition.nodes)})
    coming = _by_rule(stores, newcomers.expected(stores, definition, now=now, days=options.days, segment=options.segment), definition, journey_id)
    told(0.05)
    entries, futures, scale = _sampled(coming, random, options.rows)
    learned = learn(stores, entries.customer_id, _asked(book), told=lambda: told(0.1))
    told(0.2)
    last = int(entries.at_ms.max(initial=to_ms(now)))
    until_ms = last + options.follow_days * DAY_MS
    with stores.ledger.read() as tx:
        everywhere = holdouts.held_out(stores, tx, learned.ids) if definition.use_global_holdout and len(learned.ids) else np.zeros(len(learned.ids), np.bool_)
        simulation, world, notes = _set_up(stores, tx, book, learned, entries, futures, salt, everywhere, random, to_ms(now), until_ms, _window(definition))
        told(0.3)
        simulation.go(until_ms, told=lambda done, total: told(0.3 + 0.65 * done / total))
    return Staged(simulation, world, learned, coming, len(entries), scale, until_ms, _window(definition), [*coming.notes, *notes])


def _window(definition: Definition) -> int:
    """So long after coming in purchases count, ms."""
    return round((definition.goal.days if definition.goal else 7) * DAY_MS)


def _asked(book: Book) -> list[Condition]:
    """What must be known of people's own doings: events by name alone, segments as they are."""
    definition = book.definition
    goal = definition.goal
    conditions = [*definition.exit, *(condition for one in book.steps.values() for condition in one.step.hears(one.settings))]
    if goal is not None:
        conditions.append(Condition(event=goal.event, where=goal.where, segment=goal.segment))
    names = {condition.event for condition in conditions if condition.event} | set(book.remembered)
    own = [Condition(event=name) for name in sorted(names - ANSWER_NAMES.keys() - _OF_MESSAGES)]
    return [*own, *(condition for condition in conditions if condition.event is None)]


_OF_MESSAGES = frozenset({"message_sent", "message_failed", "message_delivered", "message_blocked", "message_complained"})


def _by_rule(stores: Stores, coming: Expected, definition: Definition, journey_id: int) -> Expected:
    """Of those who ask, whom the rule of re-entry lets in as far as it does not depend on when a run ends."""
    rule = definition.reentry
    who = np.unique(coming.customer_id)
    with stores.ledger.read() as tx:
        before = _been(tx, journey_id, who)
    whose = np.searchsorted(who, coming.customer_id) * len(coming) + _codes(coming.key)
    order = np.lexsort((coming.at_ms, whose))
    group = np.cumsum(np.diff(whose[order], prepend=-1) != 0) - 1
    ordinal = np.arange(len(order)) - np.searchsorted(group, group)
    count = before[np.searchsorted(who, coming.customer_id[order])][np.flatnonzero(ordinal == 0)] if len(order) else before
    latest = np.full(len(count), -(2**62))
    most = 1 if rule.rule == "once" else rule.at_most or 2**62
    apart = round((rule.min_days or 0) * DAY_MS)
    kept = np.zeros(len(order), np.bool_)
    # The first entry of everybody, then the second …: the third depends on whether the second was let in.
    for turn in range(int(ordinal.max(initial=-1)) + 1):
        some = np.flatnonzero(ordinal == turn)
        at = coming.at_ms[order[some]]
        good = (count[group[some]] < most) & (at >= latest[group[some]] + apart)
        kept[some[good]] = True
        count[group[some[good]]] += 1
        latest[group[some[good]]] = at[good]
    return coming.take(np.sort(order[kept]))


def _been(tx: Connection, journey_id: int, customer_ids: Ints) -> Ints:
    """How often each of these people has been in the journey."""
    table = _tables.enrolment
    rows = tx.execute(select(table.c.customer_id, func.count()).where(table.c.journey_id == journey_id).group_by(table.c.customer_id)).all()
    found = np.zeros(len(customer_ids), np.int64)
    known = np.array(rows, np.int64).reshape(-1, 2)
    known = known[np.isin(known[:, 0], customer_ids)]
    found[np.searchsorted(customer_ids, known[:, 0])] = known[:, 1]
    return found


def _codes(keys: Sequence[str]) -> Ints:
    return np.unique(np.array(keys, str), return_inverse=True)[1].reshape(-1) if len(keys) else np.zeros(0, np.int64)


def _sampled(coming: Expected, random: Random, rows: int) -> tuple[Expected, int, float]:
    """(the entries of one future, how many futures, entries that one of them stands for)."""
    most = rows // LEAST_FUTURES
    if len(coming) <= most:
        return coming, int(np.clip(rows // max(len(coming), 1), LEAST_FUTURES, MOST_FUTURES)), 1.0
    return coming.take(np.sort(random.choice(len(coming), most, replace=False))), LEAST_FUTURES, len(coming) / most


def _set_up(
    stores: Stores, tx: Connection, book: Book, learned: Learned, entries: Expected, futures: int, salt: str, everywhere: Any, random: Random, now_ms: int, until_ms: int, window_ms: int
) -> tuple[Simulation, World, list[Text]]:  # fmt: skip
    place, replicate, source, person = _rows(entries, learned.ids, futures, random)
    held = (draw_rows(f"{salt} holdout", learned.ids) < book.definition.holdout_rate) | everywhere
    turns = np.unique(person * max(len(entries), 1) + _codes(entries.key)[source], return_inverse=True)[1].reshape(-1)
    runs = Runs.of(place, turns, replicate, entries.at_ms[source], held[place])
    streams, parts = _streams(book, learned)
    rates = {name: learned.own[name].rates(random, place, replicate, futures) for name in parts}
    since = {key: one.days_since(place, _seen_at(entries, now_ms)[source]) for key, one in learned.again.items()}
    own = _own(random, runs, learned, rates, since, parts, until_ms, window_ms)
    goal = book.goal
    goal_key = key_of(Condition(event=goal.event, where=goal.where, segment=goal.segment)) if goal else ""
    exits = {key_of(condition) for condition in book.definition.exit}
    opt_out = len(streams)
    streams.append(Stream("", frozenset(), ()))
    heard = _answers(book, streams)
    goal_streams = np.array([*(goal_key in stream.conditions for stream in streams), False])
    exit_streams = np.array([*(bool(exits & stream.conditions) for stream in streams), False])
    exit_streams[opt_out] = book.definition.exit_on_opt_out
    paid, shares = parts[key_of(ANY_ORDER)]
    world = World(
        learned, random, futures, person, rates[key_of(ANY_ORDER)], Zones.everywhere(str(stores.calendar.zone), 1), until_ms, np.array(paid, np.int64), np.array(shares), opt_out, heard
    )  # fmt: skip
    world.begin(now_ms)
    notes = _grounds(stores, book, world, learned.ids, now_ms, until_ms)
    stand_ins = StandIns(world, WORK_SHARES)
    stand_ins.begin(len(place))
    texts = [entries.properties[one] for one in source.tolist()] if entries.event else ()
    simulation = Simulation(
        book, Known(stores, learned.ids), tx, salt, runs, streams, own, futures, stand_ins.outside(), goal_streams, exit_streams, texts, entries.event,
    )  # fmt: skip
    return simulation, world, notes


def _rows(entries: Expected, ids: Ints, futures: int, random: Random) -> tuple[Ints, Ints, Ints, Ints]:
    """(place of the customer, future, entry, person) of each row. Who comes for certain comes once in each future; of a flow everybody comes
    as often as chance and the weeks' differences have it, a second time as somebody else who is like them."""
    size = len(entries)
    spread = _spread(entries)
    factor = factors(random, spread, futures)
    times = np.where(entries.is_certain[None, :], 1, random.poisson(factor[:, None], (futures, size)) if size else 0)
    replicate, source = (np.repeat(column.reshape(-1), times.reshape(-1)) for column in np.meshgrid(np.arange(futures), np.arange(size), indexing="ij"))
    copy = np.arange(len(source)) - np.repeat(np.cumsum(times.reshape(-1)) - times.reshape(-1), times.reshape(-1))
    place = np.searchsorted(ids, entries.customer_id[source])
    most = int(copy.max(initial=0)) + 1
    person = np.unique((replicate * len(ids) + place) * most + copy, return_inverse=True)[1].reshape(-1)
    # Rows by person, so that the gate finds them ascending.
    return place.astype(np.int64), replicate.astype(np.int64), source.astype(np.int64), person.astype(np.int64)


def _spread(entries: Expected) -> float:
    """How far weeks of the flow differ beyond chance (relative)."""
    flow = entries.at_ms[~np.asarray(entries.is_certain, np.bool_)]
    if len(flow) < 30:
        return 0.0
    weeks = np.bincount((flow - flow.min()) // (7 * DAY_MS))[:4]
    if len(weeks) < 4:
        return 0.0
    return float(np.sqrt(max(weeks.var(ddof=1) - weeks.mean(), 0.0)) / weeks.mean())


def _streams(book: Book, learned: Learned) -> tuple[list[Stream], dict[str, tuple[list[int], list[float]]]]:
    """Kinds of happening: for each thing people do of themselves, one stream for each way in which real events of it met the conditions asked."""
    asked = _conditions(book)
    streams: list[Stream] = []
    parts: dict[str, tuple[list[int], list[float]]] = {}
    for key in learned.own:
        base = msgspec.json.decode(key, type=Condition)
        mine = {key_of(one): one for one in asked if one.event == base.event and base.event is not None} | {key: base}
        texts = learned.examples[key] or ["{}"]
        numbers = np.arange(1, len(texts) + 1)
        properties = long_form(numbers.tolist(), texts)
        met = {name: passing(one.where, numbers, properties) for name, one in mine.items()}
        patterns: dict[frozenset[str], list[str]] = {}
        for place, text in enumerate(texts):
            patterns.setdefault(frozenset(name for name, passed in met.items() if passed[place]), []).append(text)
        parts[key] = (list(range(len(streams), len(streams) + len(patterns))), [len(some) / len(texts) for some in patterns.values()])
        streams += [Stream(base.event or "", names, some) for names, some in patterns.items()]
    return streams, parts


def _conditions(book: Book) -> list[Condition]:
    goal = book.goal
    found = [*book.definition.exit, *(condition for one in book.steps.values() for condition in one.step.hears(one.settings))]
    return [*found, Condition(event=goal.event, where=goal.where, segment=goal.segment)] if goal else found


def _seen_at(entries: Expected, now_ms: int) -> Ints:
    """The instant in history at which somebody stood as they stand when they come in: a flow is one of some weeks ago."""
    cycles = np.maximum(-(-(entries.at_ms - now_ms) // CYCLE_MS), 0)
    return np.where(entries.is_certain, entries.at_ms, entries.at_ms - cycles * CYCLE_MS)


def _own(
    random: Random, runs: Runs, learned: Learned, rates: dict[str, Any], since: dict[str, Any], parts: dict[str, tuple[list[int], list[float]]], until_ms: int, window_ms: int
) -> Happenings:
    """What everybody does of themselves from when they come in to the end. `since`: by row, days since they last did it."""
    days = np.maximum(until_ms - runs.entered_ms, window_ms) / DAY_MS
    expected = sum(float((rate * days).sum()) for rate in rates.values())
    # Of very frequent things the first ones are enough: nobody waits for the hundredth.
    cut = min(1.0, EVENTS / max(expected, 1.0))
    columns: list[tuple[Ints, Ints, Ints]] = []
    for key, rate in rates.items():
        share = 1.0 if key == key_of(ANY_ORDER) else cut
        again = learned.again[key]
        count = random.poisson(rate * days * share * again.most)
        row = np.repeat(np.arange(len(count)), count)
        after = random.random(len(row)) * days[row] * share
        after = after[np.lexsort((after, row))]
        kept = again.thinned(random, row, after, since[key])
        row, at = row[kept], runs.entered_ms[row[kept]] + (after[kept] * DAY_MS).astype(np.int64)
        places, shares = parts[key]
        columns.append((row, at, random.choice(np.array(places, np.int64), len(row), p=np.array(shares))))
    row, at, stream = (np.concatenate(each) for each in zip(*columns, strict=True))
    order = np.lexsort((at, row))
    return Happenings(row[order], at[order], stream[order])


def _answers(book: Book, streams: list[Stream]) -> dict[str, Heard]:
    """Streams of what people do with each node's message, as far as somebody asks; conditions on what a message does not say count as met."""
    conditions = [condition for condition in _conditions(book) if condition.event in ANSWER_NAMES]
    names = {condition.event for condition in conditions if condition.event} | (set(book.remembered) & ANSWER_NAMES.keys())
    found: dict[str, Heard] = {}
    for number, (node, one) in enumerate(book.steps.items()):
        if not hasattr(one.settings, "wanted"):
            continue
        wanted = one.settings.wanted()
        places: dict[str, list[int]] = {"read": [], "clicked": []}
        said = {"send": DRY_SEND - number, "piece": next((each.piece for each in wanted.content.values()), 0), "purpose": wanted.purpose}
        text = msgspec.json.encode(said).decode()
        properties = long_form([1], [text])
        for name in sorted(names):
            met = [
                key_of(condition) for condition in conditions
                if condition.event == name and passing([where for where in condition.where if where.path in said], np.array([1]), properties)[0]
            ]  # fmt: skip
            places[ANSWER_NAMES[name]].append(len(streams))
            streams.append(Stream(name, frozenset(met), (text,)))
        found[node] = Heard(tuple(places["read"]), tuple(places["clicked"]))
    return found


def _grounds(stores: Stores, book: Book, world: World, ids: Ints, now_ms: int, until_ms: int) -> list[Text]:
    """What the gate must know for each node that sends."""
    faults = []
    for node, one in book.steps.items():
        if not hasattr(one.settings, "wanted") or not len(ids):
            continue
        wanted = one.settings.wanted(book.definition.priority_fen)
        content = {name: (said.piece, said.version or 1) for name, said in wanted.content.items()}
        spec = SendSpec(
            AudienceRule(customer_ids=(1,)), content, wanted.carriers, salt="", split=wanted.shares, control_rate=0.0, use_global_holdout=book.definition.use_global_holdout,
            accounts=wanted.accounts, order=wanted.order,
        )  # fmt: skip
        try:
            world.grounds[node] = supposing.ground(stores, supposing.Kind(spec, wanted.purpose, wanted.exempt, wanted.priority_fen), ids, since_ms=now_ms, until_ms=until_ms)
        except InvalidError as error:
            faults += [Fault(f"nodes.{node}.with.{fault.field.removeprefix('spec.')}", fault.message) for fault in error.faults]
    if faults:
        raise InvalidError(Text("有消息发不出去，不能彩排", "a message could not be sent at all, so this cannot be rehearsed"), faults=faults)
    return _stated(book)


def _stated(book: Book) -> list[Text]:
    """What a rehearsal takes for granted, in words."""
    kinds = {one.step.kind for one in book.steps.values()}
    found = [
        Text(f"「{STEPS[kind].label.zh}」按 {WORK_SHARES[kind]:.0%} 及时完成推演(假定)", f"{kind}: taken as done in time by {WORK_SHARES[kind]:.0%} (assumed)") for kind in sorted(kinds & WORK_SHARES.keys())
    ]
    if "survey" in kinds:
        found.append(Text(f"问卷按 {SURVEY_SHARE:.0%} 的回答率推演(假定)", f"surveys: taken as answered by {SURVEY_SHARE:.0%} (assumed)"))
    if "until_allowed" in kinds:
        found.append(Text("「等到可触达」按已发生的消息判断，不含本次彩排中的消息", "“until allowed” is judged by messages that were really sent, not by those of this rehearsal"))
    if kinds & {"branch", "until_date", "attribute", "tag"}:
        found.append(Text("分群、特征与规则按今天的数据判断", "segments, traits and rules are those of today's data"))
    return found


def purchases(names: Iterable[Stream]) -> list[int]:
    """Places of the streams that are purchases."""
    return [place for place, stream in enumerate(names) if stream.name == PAID]


def told_assumptions(staged: Staged, purposes: Sequence[str]) -> list[Text]:
    """Which rates are assumed, for want of history."""
    return learning.assumptions(staged.learned, set(purposes), [msgspec.json.decode(key, type=Condition) for key in staged.learned.own])
