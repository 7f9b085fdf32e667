"""The log: positions follow the order of commits without gaps, a key is appended once, a reaction acts exactly once."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

import pyarrow as pa
import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, func, select

from siyu.events import log, reactions
from siyu.events.catalogue.identity import IDENTIFIERS_LINKED, PEOPLE_SEEN
from siyu.events.reactions import Reaction
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.facts import Batch

effect = Table("test_effect", MetaData(), Column("value", Integer), Column("position", Integer))


class Fault(Exception):
    pass


@pytest.fixture
def effects(any_stores: Stores) -> Iterator[Table]:
    effect.create(any_stores.ledger.engine)
    yield effect
    effect.drop(any_stores.ledger.engine)


def rows(value: int, count: int = 1) -> pa.Table:
    columns = {"identity_key": [value] * count, "namespace": ["phone"] * count, "value_sealed": [b"x"] * count, "anchor_key": [value] * count, "seen_ms": [0] * count}
    return PEOPLE_SEEN.table(columns)


def together(work: Callable[[int], None], count: int) -> None:
    """Run in threads; the first error of any is raised."""
    failed: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def test_positions_follow_commits_without_gaps_whoever_appends(any_stores: Stores) -> None:
    stores, stopped = any_stores, threading.Event()
    kept: list[tuple[int, int]] = []

    def append(number: int) -> None:
        draw = random.Random(number)
        for turn in range(12):
            with suppress(Fault), stores.ledger.begin() as tx:
                value = number * 100 + turn
                position = log.append(tx, PEOPLE_SEEN, rows(value), now=stores.now())
                time.sleep(draw.random() / 200)
                if draw.random() < 0.3:
                    raise Fault
                assert position is not None
                kept.append((position, value))

    def watch() -> None:
        """A reader that has seen position n never finds a smaller one, or another content there, later."""
        seen: list[tuple[int, int]] = []
        while not stopped.is_set():
            with stores.ledger.read() as tx:
                now = [(batch.position, batch.rows["identity_key"][0].as_py()) for batch in log.batches(tx, 0, None, [PEOPLE_SEEN.name], limit=999)]
                assert log.head(tx) == len(now)
            assert now[: len(seen)] == seen
            seen = now

    def appenders() -> None:
        try:
            together(append, 6)
        finally:
            stopped.set()

    together(lambda number: watch() if number else appenders(), 2)
    with stores.ledger.read() as tx:
        found = [(batch.position, batch.rows["identity_key"][0].as_py()) for batch in log.batches(tx, 0, None, [PEOPLE_SEEN.name], limit=999)]
    assert [position for position, _ in found] == list(range(1, len(found) + 1))
    assert sorted(found) == sorted(kept)
    assert 0 < len(found) < 72


def test_a_key_is_appended_once_by_however_many(any_stores: Stores) -> None:
    positions: list[int | None] = []

    def append(number: int) -> None:
        for turn in range(5):
            with any_stores.ledger.begin() as tx:
                positions.append(log.append(tx, PEOPLE_SEEN, rows(number), now=any_stores.now(), dedup_key=f"part {turn}"))

    together(append, 5)
    assert sorted(position for position in positions if position) == [1, 2, 3, 4, 5]
    with any_stores.ledger.read() as tx:
        assert log.head(tx) == 5


def test_nothing_to_append_takes_no_position(any_stores: Stores) -> None:
    with any_stores.ledger.begin() as tx:
        assert log.append(tx, PEOPLE_SEEN, PEOPLE_SEEN.schema.empty_table(), now=any_stores.now()) is None
    with any_stores.ledger.read() as tx:
        assert log.head(tx) == 0


def test_pages_are_read_whole_and_in_order(any_stores: Stores) -> None:
    with any_stores.ledger.begin() as tx:
        for value in range(1, 64):
            log.append(tx, PEOPLE_SEEN, rows(value, count=3), now=any_stores.now())
    found = list(log.read(any_stores.ledger, 10, 50, [PEOPLE_SEEN.name]))
    assert [batch.position for batch in found] == list(range(11, 51))
    assert [batch.rows["identity_key"][2].as_py() for batch in found] == list(range(11, 51))
    assert list(log.read(any_stores.ledger, 0, 63, ["orders_changed"])) == []


def test_a_reaction_that_fails_leaves_neither_effect_nor_cursor(any_stores: Stores, effects: Table) -> None:
    failing = [True]

    def react(stores: Stores, tx: Connection, batches: Sequence[Batch]) -> None:
        for batch in batches:
            tx.execute(effects.insert().values(value=batch.rows["identity_key"][0].as_py(), position=batch.position))
            log.append(tx, PEOPLE_SEEN, rows(1_000), now=stores.now(), dedup_key=f"echo {batch.position}")
            if failing[0] and batch.position == 4:
                raise Fault

    reaction = Reaction("test", (PEOPLE_SEEN.name,), react)
    with any_stores.ledger.begin() as tx:
        for value in range(1, 7):
            log.append(tx, PEOPLE_SEEN, rows(value), now=any_stores.now())
    with pytest.raises(Fault):
        reactions.advance(any_stores, reaction, page=3)
    with any_stores.ledger.read() as tx:
        assert (reactions.position(tx, reaction), tx.scalar(select(func.count()).select_from(effects)), log.head(tx)) == (3, 3, 9)
    failing[0] = False
    reactions.advance(any_stores, Reaction("test", ("other",), react), page=3)
    with any_stores.ledger.read() as tx:
        assert reactions.position(tx, reaction) == 9


def test_reactions_together_see_what_each_would_see_alone(any_stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what an earlier one appends; whoever nothing came for comes along, and a call without news writes nothing."""
    seen: dict[str, list[int]] = {}

    def hearing(name: str, *events: str, after: Reaction | None = None, echoes: bool = False) -> Reaction:
        def react(stores: Stores, tx: Connection, batches: Sequence[Batch]) -> None:
            for batch in batches:
                seen.setdefault(name, []).append(batch.position)
                if echoes:
                    log.append(tx, IDENTIFIERS_LINKED, IDENTIFIERS_LINKED.table({"identity_key": [1], "customer_id": [1], "seen_ms": [0]}), now=stores.now())

        return Reaction(name, events, react, after)

    deaf = hearing("deaf", "orders_changed")
    first = hearing("first", PEOPLE_SEEN.name, echoes=True)
    last = hearing("last", PEOPLE_SEEN.name, IDENTIFIERS_LINKED.name, after=first)
    every = (deaf, first, hearing("late", IDENTIFIERS_LINKED.name, after=deaf), last)
    with any_stores.ledger.begin() as tx:
        for value in range(1, 8):
            log.append(tx, PEOPLE_SEEN, rows(value), now=any_stores.now())
    for _ in range(3):
        reactions.advance_all(any_stores, every)
    assert seen == {"first": list(range(1, 8)), "late": list(range(8, 15)), "last": list(range(1, 15))}
    with any_stores.ledger.read() as tx:
        assert {reactions.position(tx, reaction) for reaction in every} == {14}
    monkeypatch.setattr(any_stores.ledger, "begin", lambda: pytest.fail("an idle call writes"))
    assert reactions.advance_all(any_stores, every) == 0


def test_a_reaction_acts_exactly_once_whoever_advances_it(any_stores: Stores, effects: Table) -> None:
    """Several processes may look at the same time; some of them break down in the middle."""
    draw = random.Random(3)

    def react(stores: Stores, tx: Connection, batches: Sequence[Batch]) -> None:
        for batch in batches:
            tx.execute(effects.insert().values(value=batch.rows["identity_key"][0].as_py(), position=batch.position))
        if draw.random() < 0.3:
            raise Fault

    reaction = Reaction("test", (PEOPLE_SEEN.name,), react)

    def work(number: int) -> None:
        for turn in range(6):
            with any_stores.ledger.begin() as tx:
                log.append(tx, PEOPLE_SEEN, rows(number * 10 + turn), now=any_stores.now())
            with suppress(Fault):
                reactions.advance(any_stores, reaction, page=2)

    together(work, 4)
    for _ in range(200):
        with suppress(Fault):
            if reactions.advance(any_stores, reaction, page=2) == 0:
                break
    with any_stores.ledger.read() as tx:
        found = [tuple(row) for row in tx.execute(select(effects.c.position, effects.c.value).order_by(effects.c.position))]
        written = [(batch.position, batch.rows["identity_key"][0].as_py()) for batch in log.batches(tx, 0, None, [PEOPLE_SEEN.name])]
    assert found == written
    assert len(found) == 24
