"""Publishing: whatever is cut off, repeated or put together differently, each position counts exactly once."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

import pyarrow as pa
import pytest

from siyu import river
from siyu.app import FACTS
from siyu.events import log
from siyu.events.catalogue.identity import PEOPLE_SEEN
from siyu.events.catalogue.orders import ORDER_LINES_RECORDED
from siyu.foundation.brand import put_data_away, set_sample
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse import publish
from siyu.foundation.warehouse.connect import attach
from siyu.foundation.warehouse.engines.duckdb import DuckDBEngine, DuckSession

PEOPLE = 6
Line = tuple[int, int, int, int]
"""line, order, person (0: nobody), fen."""


class PowerCut(RuntimeError):
    pass


def append_people(stores: Stores) -> None:
    keys = list(range(1, PEOPLE + 1))
    columns: dict[str, Any] = {"identity_key": keys, "namespace": ["account:x"] * PEOPLE, "value_sealed": [b"x"] * PEOPLE, "anchor_key": keys, "seen_ms": [0] * PEOPLE}
    with stores.ledger.begin() as tx:
        log.append(tx, PEOPLE_SEEN, PEOPLE_SEEN.table(columns), now=stores.now())


def append_lines(stores: Stores, lines: list[Line]) -> None:
    columns: dict[str, Any] = {
        "line_key": [line for line, _, _, _ in lines],
        "order_key": [order for _, order, _, _ in lines],
        "content_key": [fen for *_, fen in lines],
        "identity_key": [person for _, _, person, _ in lines],
        "source": ["x"] * len(lines),
        "ordered_ms": [order * 86_400_000 for _, order, _, _ in lines],
        "ordered_on": [order for _, order, _, _ in lines],
        "quantity": [1] * len(lines),
        "amount_fen": [fen for *_, fen in lines],
        "refund_fen": [0] * len(lines),
        "kind": ["sale"] * len(lines),
    }
    with stores.ledger.begin() as tx:
        log.append(tx, ORDER_LINES_RECORDED, ORDER_LINES_RECORDED.table(columns), now=stores.now())


def random_lines(draw: random.Random) -> list[Line]:
    """Lines that come again with another content and another buyer, also twice in one batch; a line stays in its order."""
    lines = [draw.randrange(1, 15) for _ in range(draw.randrange(1, 9))]
    return [(line, line % 5 + 1, draw.randrange(PEOPLE + 1), draw.randrange(100)) for line in lines]


def published(stores: Stores) -> tuple[set[Line], set[tuple[int, int, int, int]]]:
    tables = stores.warehouse.tables
    with stores.warehouse.read() as session:
        line = session.query(tables["orders_line"].select("line_key", "order_key", "customer_id", "amount_fen"))
        order = session.query(tables["orders_order"].select("order_key", "customer_id", "amount_fen", "line_count"))
    found = [list(zip(*(rows[name].to_pylist() for name in rows.column_names), strict=True)) for rows in (line, order)]
    assert all(len(set(rows)) == len(rows) for rows in found)
    return set(found[0]), set(found[1])


def naive(batches: list[list[Line]]) -> tuple[set[Line], set[tuple[int, int, int, int]]]:
    latest = {line[0]: line for batch in batches for line in batch}
    orders: dict[tuple[int, int], list[int]] = {}
    for _, order, person, fen in latest.values():
        if person:
            orders.setdefault((order, person), []).append(fen)
    return set(latest.values()), {(order, person, sum(fens), len(fens)) for (order, person), fens in orders.items()}


@pytest.mark.parametrize("seed", range(8))
def test_facts_are_what_the_log_says_however_often_publishing_is_cut_off(seed: int, stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(seed)
    monkeypatch.setattr(publish, "RUN_ROWS", draw.choice([1, 5, 20, 400_000]))
    insert, delete = DuckSession.insert, DuckSession.delete
    shaky = [0.25]

    def broken(work: Any) -> Any:
        def run(*arguments: Any) -> None:
            if draw.random() < shaky[0]:
                raise PowerCut
            work(*arguments)
            if draw.random() < shaky[0]:
                raise PowerCut

        return run

    monkeypatch.setattr(DuckSession, "insert", broken(insert))
    monkeypatch.setattr(DuckSession, "delete", broken(delete))
    append_people(stores)
    batches: list[list[Line]] = []
    for _ in range(12):
        batches.append(random_lines(draw))
        append_lines(stores, batches[-1])
        for _ in range(draw.randrange(3)):
            with suppress(PowerCut):
                river.flow(stores)
    shaky[0] = 0
    river.flow(stores)
    assert published(stores) == naive(batches)
    assert river.flow(stores) == 0


def test_positions_that_come_again_or_late_are_not_counted(stores: Stores) -> None:
    """A reader of the log that repeats itself does no harm: the cursor of each fact decides."""
    draw = random.Random(1)
    append_people(stores)
    batches = [random_lines(draw) for _ in range(6)]
    for lines in batches:
        append_lines(stores, lines)
    river.flow(stores)
    with stores.ledger.read() as tx:
        head = log.head(tx)
    everything = list(log.read(stores.ledger, 0, head, [name for fact in FACTS for name in fact.sources]))
    for again in (everything, everything[::-1], everything[2:5]):
        publish.publish(stores.warehouse, lambda after, through, names, again=again: again, resolved_through=head + 1, head=head + 1)
        assert published(stores) == naive(batches)


def test_a_row_whose_person_is_not_known_yet_waits(stores: Stores) -> None:
    append_lines(stores, [(1, 1, 3, 50)])
    with pytest.raises(RuntimeError, match="before their identifiers were resolved"):
        river.flow(stores)
    assert published(stores) == (set(), set())
    append_people(stores)
    with stores.ledger.begin() as tx:
        put_data_away(tx)
    append_people(stores)
    append_lines(stores, [(1, 1, 3, 50)])
    river.flow(stores)
    assert published(stores) == ({(1, 1, 3, 50)}, {(1, 3, 50, 1)})


def test_a_lost_warehouse_comes_back_from_the_log(stores: Stores) -> None:
    draw = random.Random(2)
    append_people(stores)
    batches = [random_lines(draw) for _ in range(9)]
    for lines in batches:
        append_lines(stores, lines)
    river.flow(stores)
    again = Stores(stores.settings, stores.ledger, attach(DuckDBEngine(None, "256MB", 1), FACTS), stores.secrets, stores.clock)
    river.flow(again)
    assert published(again) == published(stores) == naive(batches)
    again.warehouse.close()


def test_the_warehouse_is_emptied_once_after_the_data_was_put_away(stores: Stores) -> None:
    append_people(stores)
    append_lines(stores, [(1, 1, 1, 50), (2, 1, 0, 60)])
    river.flow(stores)
    with stores.ledger.begin() as tx:
        set_sample(tx, True)
        put_data_away(tx)
    with stores.ledger.read() as tx:
        before = log.head(tx)
    river.flow(stores)
    with stores.warehouse.read() as session:
        assert {fact.name: session.scalar(fact.table.count()) for fact in FACTS if session.scalar(fact.table.count())} == {}
    append_people(stores)
    append_lines(stores, [(1, 1, 2, 70)])
    with stores.ledger.read() as tx:
        assert log.head(tx) == before + 2, "positions never go back"
    river.flow(stores)
    assert published(stores) == ({(1, 1, 2, 70)}, {(1, 2, 70, 1)})


def test_an_idle_look_reads_no_payload(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    append_people(stores)
    river.flow(stores)
    unpacked: list[bytes] = []
    original = log._unpacked
    monkeypatch.setattr(log, "_unpacked", lambda payload: unpacked.append(payload) or original(payload))
    assert river.flow(stores) == 0
    assert unpacked == []
    assert isinstance(original(log._packed(PEOPLE_SEEN.schema.empty_table())), pa.Table)
