"""Identity resolution against a naive model in plain loops, and its promises against anything that can arrive."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from siyu.events import log
from siyu.events.catalogue.identity import IDENTIFIERS_LINKED
from siyu.events.identifiers import rank
from siyu.foundation.database import metadata, open_ledger
from siyu.foundation.secrets import load_secrets
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.connect import attach
from siyu.foundation.warehouse.engines.duckdb import DuckDBEngine
from siyu.identity import _tables
from siyu.identity.limits import DEFAULTS, MOST, Limit, Limits, change_limit
from siyu.identity.resolve import resolve
from tests.makers.identity import SPACES, Identifier, Sighting, batch_of, key_of, sightings

LIMITS = Limits({kind: Limit(limit.per_customer, MOST) for kind, limit in DEFAULTS.items()})
"""What is shared by many is tried apart."""


class Model:
    """The rule of `siyu.identity.resolve`, one edge at a time in plain loops."""

    def __init__(self) -> None:
        self.owner: dict[Identifier, int] = {}
        self.last = 0

    def see(self, rows: Sequence[Sighting]) -> None:
        people: list[set[Identifier]] = [{each for each, mine in self.owner.items() if mine == customer} for customer in sorted(set(self.owner.values()))]
        people += [{each} for each in dict.fromkeys(each for each, _ in rows) if each not in self.owner]
        place = {row: number for number, row in reversed(list(enumerate(rows)))}
        for each, anchor in sorted(place, key=lambda row: (rank(row[0][0]), place[row])):
            one = next(person for person in people if each in person)
            other = next(person for person in people if anchor in person)
            if one is not other and self.fits(one, other):
                people.remove(other)
                one |= other
        arrival = {each: number for number, (each, _) in reversed(list(enumerate(rows)))}
        for person in sorted(people, key=lambda person: min(arrival.get(each, -1) for each in person)):
            stays = sorted({(min(rank(each[0]) for each in self.had(customer)), customer) for customer in (self.owner.get(each, 0) for each in person) if customer})
            if not stays:
                self.last += 1
            self.owner |= dict.fromkeys(person, stays[0][1] if stays else self.last)

    def had(self, customer: int) -> list[Identifier]:
        return [each for each, mine in self.owner.items() if mine == customer]

    def fits(self, one: set[Identifier], other: set[Identifier]) -> bool:
        both = {each[0] for each in one} & {each[0] for each in other}
        return all(sum(each[0] == space for each in one | other) <= LIMITS.of(space).per_customer for space in both)


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


def resolved(stores: Stores, batches: Sequence[Sequence[Sighting]], limits: Limits = LIMITS) -> dict[int, int]:
    """Whom each identifier belongs to after the batches; nothing of it stays."""
    with suppress(Undone), stores.ledger.begin() as tx:
        for kind, limit in limits.kinds.items():
            change_limit(tx, kind, limit)
        for rows in batches:
            resolve(stores, tx, [batch_of(rows)])
        found = owners(tx)
        linked = [batch.rows for batch in log.batches(tx, 0, None, [IDENTIFIERS_LINKED.name], limit=10_000)]
        keys = [key for rows in linked for key, was in zip(rows["identity_key"].to_pylist(), rows["was_customer_id"].to_pylist(), strict=True) if was is None]
        assert sorted(keys) == sorted(found), "each identifier is new exactly once"
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
relaxed = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)


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
@given(st.lists(st.tuples(st.integers(0, 4), st.sets(st.sampled_from(SPACES), min_size=1)), min_size=1, max_size=20), st.randoms(use_true_random=False))
def test_people_who_share_nothing_are_the_same_in_any_order_and_any_batches(shared: Stores, seen: list[tuple[int, set[str]]], draw: random.Random) -> None:
    rows: list[list[Identifier]] = [[(space, person) for space in sorted(spaces)] for person, spaces in seen]
    shuffled = draw.sample(rows, len(rows))
    edges = sorted({0, len(rows), *draw.sample(range(len(rows) + 1), min(2, len(rows)))})
    parts = [shuffled[start:end] for start, end in pairwise(edges)]
    assert partition(resolved(shared, [sightings(rows)])) == partition(resolved(shared, [sightings(part) for part in parts]))


@relaxed
@given(st.lists(st.integers(1, 30), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_one_phone_in_thirty_accounts_does_not_make_one_person(shared: Stores, cuts: list[int], draw: random.Random) -> None:
    rows: list[list[Identifier]] = [[("account:jd", number), ("phone", 0)] for number in range(30)]
    draw.shuffle(rows)
    edges = sorted({0, *cuts, 30})
    found = resolved(shared, [sightings(rows[start:end]) for start, end in pairwise(edges) if rows[start:end]], Limits(DEFAULTS))
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


def test_what_fifty_people_are_seen_with_links_nobody(shared: Stores) -> None:
    """One batch: the phone would otherwise tie a Taobao account to a stranger; the fiftieth does not either, who comes later."""
    rows: list[list[Identifier]] = [[("account:taobao", 7), ("phone", 0)], *([("account:jd", number), ("phone", 0)] for number in range(49))]
    found = resolved(shared, [sightings(rows), sightings([[("member", 1), ("phone", 0)]])], Limits(DEFAULTS))
    assert len(set(found.values())) == 51
    assert found[key_of(("phone", 0))] == found[key_of(("account:taobao", 7))], "it goes with whom it was first seen beside"


def test_limits_of_a_customer_hold_and_are_counted_per_shop(shared: Stores) -> None:
    found = resolved(shared, [sightings([[("member", 1), ("phone", number), ("account:jd", 1), ("account:taobao", 1)]]) for number in range(5)], Limits(DEFAULTS))
    member = found[key_of(("member", 1))]
    assert [found[key_of(("phone", number))] == member for number in range(5)] == [True, True, True, False, False]
    assert found[key_of(("account:jd", 1))] == found[key_of(("account:taobao", 1))] == member
