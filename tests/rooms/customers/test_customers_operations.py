"""Operations on attributes fold into the value that a plain reading in order gives, in whatever order they arrive."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from siyu.app import flow
from siyu.customers.facts import CUSTOMERS_ATTRIBUTE
from siyu.events import log
from siyu.events.catalogue.customers import PROFILE_RECORDED
from siyu.events.properties import flatten
from siyu.foundation.ids import key64
from siyu.foundation.stores import Stores
from tests.makers.people import customers_by_user, record

T0 = 1_760_000_000_000
Operation = tuple[str, str, Any]
Value = tuple[Any, int]


def fold(operations: list[tuple[int, Operation]]) -> dict[str, Value]:
    """path → (value, held since), by going through the operations one by one."""
    held: dict[str, Value] = {}

    def put(path: str, value: Any, at: int) -> None:
        if path not in held or _text(held[path][0]) != _text(value):
            held[path] = (value, at)

    for at, (op, path, value) in sorted(operations):
        now = held[path][0] if path in held else None
        if op == "delete":
            held.clear()
        elif op == "unset":
            held = {name: kept for name, kept in held.items() if name != path and not name.startswith(path + ".")}
        elif op == "increment":
            total = round(_number(now) * 1e6) + round(value * 1e6) if _number(now) is not None else round(value * 1e6)
            put(path, total // 1_000_000 if total % 1_000_000 == 0 else total / 1e6, at)
        elif op == "append":
            put(path, list(dict.fromkeys((now if isinstance(now, list) else []) + value)), at)
        elif op == "set" or now is None:
            put(path, value, at)
    return held


def _number(value: Any) -> Any:
    try:
        return None if isinstance(value, list | bool) else float(value)
    except (TypeError, ValueError):
        return None


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False) if isinstance(value, list) else str(value)


_worlds = count()


def play(stores: Stores, people: list[list[tuple[int, Operation]]], shuffled: Any = None) -> list[dict[str, Value]]:
    """Record what was done to each of these people in three batches, first and last once more; read what is known of each."""
    world = f"world {next(_worlds)}"
    users = [f"{world} {number}" for number in range(len(people))]
    record(stores, [{"user": user, "at_ms": T0, "id": user, "traits": {}} for user in users], world)
    customers = customers_by_user(stores, users)
    link = stores.warehouse.tables["identity_link"]
    with stores.warehouse.read() as session:
        identities = {row["customer_id"]: row["identity_key"] for row in session.query(link).to_pylist()}
    rows = [
        _row(identities[customers[user]], key64(user, str(place)), at, operation, said=bool(place % 2))
        for user, timed in zip(users, people, strict=True)
        for place, (at, operation) in [*enumerate(timed), (0, timed[0]), (len(timed) - 1, timed[-1])]
    ]
    if shuffled is not None:
        shuffled.shuffle(rows)
    for number, part in enumerate((rows[: len(rows) // 3], rows[len(rows) // 3 : len(rows) // 2], rows[len(rows) // 2 :])):
        with stores.ledger.begin() as tx:
            batch = PROFILE_RECORDED.table({name: [row[name] for row in part] for name in PROFILE_RECORDED.schema.names})
            log.append(tx, PROFILE_RECORDED, batch, now=stores.now(), dedup_key=f"{world} {number}")
        flow(stores)
    with stores.warehouse.read() as session:
        found = session.query(CUSTOMERS_ATTRIBUTE.table).to_pylist()
    assert len(found) == len({(row["customer_id"], row["path"]) for row in found})
    return [{row["path"]: (row["text"], row["held_since_ms"]) for row in found if row["customer_id"] == customers[user]} for user in users]


def _row(identity: int, key: int, at: int, operation: Operation, *, said: bool) -> dict[str, Any]:
    op, path, value = operation
    flat = flatten({"x": value})[0] if value is not None else None
    return {
        "event_key": key, "identity_key": identity, "path": path, "text": flat.text if flat else None, "number": flat.number if flat else None,
        "time_ms": flat.time_ms if flat else None, "set_ms": at, "op": op if op != "set" or said else None,
    }  # fmt: skip


_paths = st.sampled_from(["a", "a.b", "c"])
_lists = st.lists(st.sampled_from(["tea", "x,y", '"q"', "茶"]), max_size=3, unique=True)
_operation: st.SearchStrategy[Operation] = st.one_of(
    st.tuples(st.sampled_from(["set", "once"]), _paths, st.one_of(st.sampled_from(["gold", "7", "[VIP"]), st.integers(-3, 3), st.just(2.5), _lists)),
    st.tuples(st.just("increment"), _paths, st.sampled_from([0, 1, 5, -5, 0.1, 0.2, 2.5])),
    st.tuples(st.just("append"), _paths, _lists.filter(bool)),
    st.tuples(st.just("unset"), _paths, st.none()),
    st.tuples(st.just("delete"), st.just(""), st.none()),
)


_ADDED_TO = [("set", "a", ["tea"]), ("append", "a", ["x,y", "tea"]), ("append", "a", ["tea"])]


@pytest.mark.timeout(300)
@given(people=st.lists(st.lists(_operation, min_size=1, max_size=9), min_size=100, max_size=100), shuffled=st.randoms(use_true_random=False))
@example(people=[[("increment", "a", 1), ("increment", "a", 1)], _ADDED_TO], shuffled=None)
@settings(max_examples=3, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))
def test_operations_fold_as_they_read_in_order(people: list[list[Operation]], shuffled: Any, stores: Stores) -> None:
    """A hundred people at a time: what was done to them arrives in any order, and some of it twice."""
    timed = [[(T0 + place * 1000, operation) for place, operation in enumerate(operations)] for operations in people]
    for found, operations in zip(play(stores, timed, shuffled), timed, strict=True):
        assert found == {path: (_text(value), at) for path, (value, at) in fold(operations).items()}, operations


def test_of_one_instant_the_later_arrival_counts(stores: Stores) -> None:
    found = play(stores, [[(T0, ("set", "a", "first")), (T0, ("set", "a", "second"))], [(T0, ("once", "a", "first")), (T0, ("once", "a", "second"))]])
    assert [person["a"][0] for person in found] == ["second", "first"]


def test_a_batch_of_the_first_version_is_read_as_set(stores: Stores) -> None:
    record(stores, [{"user": "old", "at_ms": T0, "id": "1", "traits": {"likes": ["tea"], "n": 1}}], "old")
    assert customers_by_user(stores, ["old"])
    table = stores.warehouse.tables["customers_attribute"]
    with stores.warehouse.read() as session:
        found = session.query(table.select("path", "text", "number").order_by("path"))
    assert found == pa.table({"path": ["likes", "n"], "text": ['["tea"]', "1"], "number": [None, 1.0]}, found.schema)
