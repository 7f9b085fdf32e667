"""Identity resolution against a naive model in plain loops, and its promises against anything that can arrive."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from siyu.events import log
from siyu.events.catalogue.identity import IDENTIFIERS_LINKED, PEOPLE_SEEN
from siyu.events.identifiers import rank
from siyu.foundation.database import metadata, open_ledger
from siyu.foundation.secrets import load_secrets
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.connect import attach
from siyu.foundation.warehouse.engines.duckdb import DuckDBEngine
from siyu.foundation.warehouse.facts import Batch
from siyu.identity import _tables
from siyu.identity.resolve import resolve

SPACES = ("member", "account:jd", "account:taobao", "phone", "email")
Identifier = tuple[str, int]
Sighting = tuple[Identifier, Identifier]
"""(identifier, its anchor)."""


def key_of(identifier: Identifier) -> int:
    return SPACES.index(identifier[0]) * 1_000 + identifier[1] + 1


def sightings(people: Sequence[Sequence[Identifier]]) -> list[Sighting]:
    """Rows as an importer writes them: each identifier beside the strongest of its row."""
    rows: list[Sighting] = []
    for row in people:
        anchor = min(row, key=lambda each: (rank(each[0]), each[0]))
        rows += [(each, anchor) for each in sorted(set(row), key=lambda each: (each != anchor, each))]
    return rows


def batch_of(rows: Sequence[Sighting]) -> Batch:
    columns: dict[str, Any] = {
        "identity_key": [key_of(each) for each, _ in rows],
        "namespace": [each[0] for each, _ in rows],
        "value_sealed": [b"sealed"] * len(rows),
        "anchor_key": [key_of(anchor) for _, anchor in rows],
        "seen_ms": pa.array(range(len(rows)), pa.int64()),
    }
    return Batch(1, PEOPLE_SEEN.name, PEOPLE_SEEN.table(columns))


class Model:
    """The rule of `siyu.identity.resolve`, one identifier at a time."""

    def __init__(self) -> None:
        self.owner: dict[Identifier, int] = {}

    def has(self, customer: int, space: str) -> bool:
        return any(each[0] == space for each, mine in self.owner.items() if mine == customer)

    def see(self, rows: Sequence[Sighting]) -> None:
        anchors = {anchor for _, anchor in rows}
        for space in sorted({anchor[0] for anchor in anchors}, key=lambda name: (rank(name), name)):
            new = {anchor for anchor in anchors if anchor[0] == space and anchor not in self.owner}
            joins = self.joins(rows, new, space)
            for anchor in dict.fromkeys(anchor for _, anchor in rows if anchor in new):
                self.owner[anchor] = joins[anchor] if anchor in joins else max(self.owner.values(), default=0) + 1
            for each, anchor in rows:
                if anchor[0] == space:
                    self.owner.setdefault(each, self.owner[anchor])

    def joins(self, rows: Sequence[Sighting], new: set[Identifier], space: str) -> dict[Identifier, int]:
        offers = sorted(
            (rank(each[0]), place, anchor, self.owner[each])
            for place, (each, anchor) in enumerate(rows)
            if anchor in new and each != anchor and each in self.owner and not self.has(self.owner[each], space)
        )
        best: dict[Identifier, int] = {}
        for _, _, anchor, customer in offers:
            best.setdefault(anchor, customer)
        found: dict[Identifier, int] = {}
        for _, _, anchor, customer in offers:
            if best[anchor] == customer and customer not in found.values():
                found.setdefault(anchor, customer)
        return found


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    chosen = Settings(home=tmp_path_factory.mktemp("identity"), secret_key="ab" * 32)
    ledger = open_ledger(chosen.ledger_url)
    metadata.create_all(ledger.engine)
    stores = Stores(chosen, ledger, attach(DuckDBEngine(None, "256MB", 1), ()), load_secrets(chosen))
    yield stores
    stores.close()


class Undone(Exception):
    pass


def owners(tx: Connection) -> dict[int, int]:
    table = _tables.identifier
    return {int(key): int(customer) for key, customer in tx.execute(select(table.c.identity_key, table.c.customer_id))}


def resolved(stores: Stores, batches: Sequence[Sequence[Sighting]]) -> dict[int, int]:
    """Whom each identifier belongs to after the batches; nothing of it stays."""
    with suppress(Undone), stores.ledger.begin() as tx:
        for rows in batches:
            resolve(stores, tx, [batch_of(rows)])
        found = owners(tx)
        linked = [batch.rows for batch in log.batches(tx, 0, None, [IDENTIFIERS_LINKED.name], limit=10_000)]
        keys = [key for rows in linked for key in rows["identity_key"].to_pylist()]
        assert sorted(keys) == sorted(found), "each identifier is linked exactly once"
        assert {key: customer for rows in linked for key, customer in zip(rows["identity_key"].to_pylist(), rows["customer_id"].to_pylist(), strict=True)} == found
        raise Undone
    return found


def partition(found: dict[int, int]) -> set[frozenset[int]]:
    groups: dict[int, set[int]] = {}
    for key, customer in found.items():
        groups.setdefault(customer, set()).add(key)
    return {frozenset(group) for group in groups.values()}


identifiers = st.tuples(st.sampled_from(SPACES), st.integers(0, 4))
people = st.lists(st.lists(identifiers, min_size=1, max_size=4, unique_by=lambda each: each[0]), min_size=1, max_size=12)
relaxed = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)


@relaxed
@given(st.lists(people, min_size=1, max_size=4))
def test_sets_give_what_the_naive_model_gives(shared: Stores, batches: list[list[list[Identifier]]]) -> None:
    model = Model()
    for batch in batches:
        model.see(sightings(batch))
    found = resolved(shared, [sightings(batch) for batch in batches])
    assert found == {key_of(each): customer for each, customer in model.owner.items()}


@relaxed
@given(st.lists(people, min_size=1, max_size=3))
def test_what_comes_again_changes_nothing(shared: Stores, batches: list[list[list[Identifier]]]) -> None:
    once = [sightings(batch) for batch in batches]
    assert resolved(shared, [*once, *once, *reversed(once)]) == resolved(shared, once)


@relaxed
@given(people, st.randoms(use_true_random=False))
def test_people_who_share_nothing_are_the_same_in_any_order_and_any_batches(shared: Stores, rows: list[list[Identifier]], draw: random.Random) -> None:
    """Order matters only where one weak identifier is seen beside several anchors; those are kept apart here."""
    whose: dict[Identifier, Identifier] = {}
    kept: list[list[Identifier]] = []
    for row in rows:
        anchor = min(row, key=lambda each: (rank(each[0]), each[0]))
        kept.append([each for each in row if whose.setdefault(each, anchor) == anchor])
    kept = [row for row in kept if row]
    shuffled = draw.sample(kept, len(kept))
    cuts = sorted(draw.sample(range(len(shuffled) + 1), min(2, len(shuffled))))
    parts = [part for part in (shuffled[: cuts[0]], shuffled[cuts[0] : cuts[-1]], shuffled[cuts[-1] :]) if part]
    strongest_only = {each for each, anchor in whose.items() if each == anchor}
    one, other = resolved(shared, [sightings(kept)]), resolved(shared, [sightings(part) for part in parts])
    if all(min(row, key=lambda each: (rank(each[0]), each[0])) in strongest_only for row in kept):
        assert partition(one) == partition(other)


@relaxed
@given(st.lists(st.integers(1, 30), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_one_phone_in_thirty_accounts_does_not_make_one_person(shared: Stores, cuts: list[int], draw: random.Random) -> None:
    rows: list[list[Identifier]] = [[("account:jd", number), ("phone", 0)] for number in range(30)]
    draw.shuffle(rows)
    edges = sorted({0, *cuts, 30})
    found = resolved(shared, [sightings(rows[start:end]) for start, end in pairwise(edges) if rows[start:end]])
    accounts = [found[key_of(("account:jd", number))] for number in range(30)]
    assert len(set(accounts)) == 30
    assert found[key_of(("phone", 0))] in accounts


def test_a_phone_claimed_in_the_same_batch_does_not_glue_accounts_either(shared: Stores) -> None:
    """A member with an account and a phone; another account of that shop with the same phone, all in one delivery."""
    rows = sightings([[("member", 1), ("account:jd", 1), ("phone", 0)], [("account:jd", 2), ("phone", 0)]])
    found = resolved(shared, [rows])
    assert found[key_of(("account:jd", 1))] == found[key_of(("member", 1))]
    assert found[key_of(("account:jd", 2))] != found[key_of(("member", 1))]


def test_the_same_phone_in_another_shop_is_the_same_person(shared: Stores) -> None:
    rows = [sightings([[("account:jd", 1), ("phone", 0)]]), sightings([[("account:taobao", 9), ("phone", 0)]])]
    assert len(set(resolved(shared, rows).values())) == 1


@pytest.mark.parametrize("seed", range(3))
def test_both_ledgers_decide_alike(seed: int, shared: Stores, any_stores: Stores) -> None:
    draw = random.Random(seed)
    batches = [
        sightings([[(space, draw.randrange(6)) for space in draw.sample(SPACES, draw.randrange(1, 4))] for _ in range(40)]) for _ in range(4)
    ]
    assert resolved(any_stores, batches) == resolved(shared, batches)
