"""Whatever is seen, merged, split, cut and undone in whatever order: every invariant holds, and the warehouse equals one made anew."""

from __future__ import annotations

import os
import random
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import select

from siyu.app import FACTS
from siyu.customers.tags import change_tags
from siyu.events import log
from siyu.events.catalogue.customers import ACTIVITY_RECORDED, PROFILE_RECORDED
from siyu.events.catalogue.orders import ORDER_LINES_RECORDED
from siyu.foundation.errors import SiyuError
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.connect import attach
from siyu.foundation.warehouse.engines.duckdb import DuckDBEngine
from siyu.identity import _tables, conflicts, keys
from siyu.identity.current import current
from siyu.identity.limits import load_limits
from siyu.identity.merge import merge, split, undo
from siyu.river import flow
from tests.makers.identity import SPACES, Identifier, cut, key_of, see
from tests.rooms.identity.test_merge import tables

STEPS = 18


class History:
    """Draws what happens next, through the public doors."""

    def __init__(self, stores: Stores, seed: int) -> None:
        self.stores, self.draw, self.known, self.number = stores, random.Random(seed), set[Identifier](), 0
        self.beyond = False

    def step(self) -> None:
        self.draw.choices([self.seen, self.done, self.tagged, self.cut, self.merged, self.split, self.undone, self.decided], [4, 3, 2, 1, 2, 2, 3, 1])[0]()
        if self.draw.random() < 0.6:
            flow(self.stores)

    def seen(self) -> None:
        rows = [[(space, self.draw.randrange(4)) for space in self.draw.sample(SPACES, self.draw.randrange(1, 4))] for _ in range(self.draw.randrange(1, 4))]
        self.known |= {each for row in rows for each in row}
        see(self.stores, *rows)
        self.done()

    def done(self) -> None:
        """Orders, activities and attributes under identifiers that were seen."""
        if not self.known:
            return
        self.number += 1
        keys_ = [key_of(each) for each in self.draw.choices(sorted(self.known), k=3)]
        base = self.number * 10
        line: dict[str, Any] = {
            "line_key": [base, base + 1, base + 2], "order_key": [base, base, base + 2], "content_key": [1, 2, 3], "identity_key": keys_, "source": ["x"] * 3,
            "ordered_ms": [base] * 3, "ordered_on": [1] * 3, "quantity": [1] * 3, "amount_fen": [100, 200, 300], "refund_fen": [0] * 3, "kind": ["sale"] * 3,
        }  # fmt: skip
        said = {"event_key": [base, base + 1, base + 2], "identity_key": keys_, "path": ["city"] * 3, "text": [str(self.draw.random()) for _ in keys_], "set_ms": [base] * 3}
        did = {"event_key": [base + 5, base + 6, base + 7], "identity_key": keys_, "name": ["seen"] * 3, "at_ms": [base] * 3, "properties": ['{"a": 1}'] * 3}
        with self.stores.ledger.begin() as tx:
            for event, columns in ((ORDER_LINES_RECORDED, line), (PROFILE_RECORDED, said), (ACTIVITY_RECORDED, did)):
                log.append(tx, event, event.table(columns), now=self.stores.now())

    def people(self) -> list[int]:
        with self.stores.ledger.read() as tx:
            return sorted(set(tx.scalars(select(_tables.identifier.c.customer_id))))

    def tagged(self) -> None:
        if people := self.people():
            with self.stores.ledger.begin() as tx:
                change_tags(tx, [self.draw.choice(people)], add=[self.draw.choice("abc")], remove=[], by="Bob", now=self.stores.now())

    def cut(self) -> None:
        if len(self.known) > 1:
            one, other = self.draw.sample(sorted(self.known), 2)
            cut(self.stores, (one, other))

    def tried(self, work: Any) -> None:
        """An operation that may be refused leaves nothing behind; one that is done and undone at once neither."""
        before = tables(self.stores)
        try:
            with self.stores.ledger.begin() as tx:
                made = work(tx)
        except SiyuError:
            assert tables(self.stores) == before
            return
        if made and self.draw.random() < 0.4:
            with self.stores.ledger.begin() as tx:
                undo(self.stores, tx, made, by="Alice", remember=False)
            after = tables(self.stores)
            given = {row[0] for row in before["identity_customer"]}
            after["identity_customer"] = [row for row in after["identity_customer"] if row[0] in given]
            assert after == before, "byte for byte; a number that a split gave stays given"

    def merged(self) -> None:
        people = self.people()
        if len(people) > 1:
            one, other = self.draw.sample(people, 2)
            beyond = self.draw.random() < 0.2
            self.beyond |= beyond
            self.tried(lambda tx: (merge(self.stores, tx, [(one, other)], by="Alice", beyond_limits=beyond) or [0])[0])

    def split(self) -> None:
        with self.stores.ledger.read() as tx:
            found = list(tx.scalars(select(_tables.identifier.c.identity_key)))
        if found:
            self.tried(lambda tx: split(self.stores, tx, [self.draw.sample(found, 1)], by="Alice")[0][0])

    def undone(self) -> None:
        with self.stores.ledger.read() as tx:
            made = list(tx.scalars(select(_tables.operation.c.id)))
        if made:
            self.tried(lambda tx: undo(self.stores, tx, self.draw.choice(made), by="Alice") and 0)

    def decided(self) -> None:
        with self.stores.ledger.read() as tx:
            found = conflicts.list_conflicts(tx)
        if found:
            one = self.draw.choice(found)
            decision: conflicts.Decision = "merge" if self.draw.random() < 0.5 else "apart"
            self.beyond |= decision == "merge"
            self.tried(lambda tx: conflicts.decide(self.stores, tx, one.identity_key, one.claimant_id, decision, by="Alice"))

    def check(self) -> None:
        with self.stores.ledger.read() as tx:
            rows = tx.execute(select(_tables.identifier)).all()
            people = {row.id: row.merged_into for row in tx.execute(select(_tables.customer))}
            found = keys.by_key(tx, [_tables.identifier.c.id], [row.identity_key for row in rows])
            limits, everybody = load_limits(tx), current(tx, people)
            claimants = {row.customer_id for row in tx.execute(select(_tables.conflict))}
        assert sorted(row.id for row in rows) == sorted(each for (each,) in found), "each is found by its key, once"
        assert len({row.identity_key for row in rows}) == len(rows), "each identifier has one customer"
        assert {row.customer_id for row in rows} | claimants <= {each for each, into in people.items() if into is None}, "no dangling number"
        assert all(people[each] is None for each in everybody.values()), "an old number leads to somebody at once"
        if not self.beyond:
            counts = Counter((row.customer_id, row.namespace) for row in rows)
            assert all(count <= limits.of(space).per_customer for (_, space), count in counts.items())


def facts(stores: Stores) -> dict[str, list[Any]]:
    tables_ = {fact.name: fact.table for fact in FACTS if fact.name not in ("segments_standing", "warehouse_cursor")}
    with stores.warehouse.read() as session:
        return {name: sorted((tuple(row.values()) for row in session.query(table).to_pylist()), key=repr) for name, table in tables_.items()}


@pytest.mark.parametrize("seed", range(12 if os.environ.get("ALL_CASES") else 3))
def test_any_history(seed: int, stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "SETTLED_TOGETHER", 7)
    history = History(stores, seed)
    history.seen()
    for _ in range(STEPS):
        history.step()
        history.check()
    flow(stores)
    anew = Stores(stores.settings, stores.ledger, attach(DuckDBEngine(None, "256MB", 1), FACTS), stores.secrets, stores.clock)
    flow(anew)
    found, wanted = facts(stores), facts(anew)
    assert all(found[name] for name in ("customers_attribute", "customers_activity", "orders_order", "orders_buyer"))
    for name, rows in wanted.items():
        assert found[name] == rows, name
    anew.warehouse.close()
