"""A journey played by hand in tests: things happen to users, time passes, and where everybody is can be asked."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pyarrow as pa

from siyu.customers.statements import STATEMENTS
from siyu.events import log, reactions
from siyu.events.catalogue.orders import ORDER_LINES_RECORDED
from siyu.events.identifiers import identify
from siyu.foundation.clock import day_number, from_ms, to_ms
from siyu.foundation.ids import key64
from siyu.foundation.stores import Stores
from siyu.identity.identifiers import look_up
from siyu.identity.resolve import RESOLVE
from siyu.journeys import enrolments, journeys, runner
from siyu.journeys.listening import LISTEN
from siyu.journeys.states import STATES
from tests.conftest import SetClock
from tests.makers.journeys import create, drawn, left, pass_until, publish, settle, states_of
from tests.makers.people import record

_numbers = count(1)
ORDER = {"kind": "event", "name": "cart_added"}


class Play:
    """One journey. `nodes` as `makers.journeys.drawn` takes them; the first is the start."""

    def __init__(self, stores: Stores, clock: SetClock, entry: dict[str, Any], nodes: dict[str, Any], *, is_live: bool = True, **more: Any) -> None:
        self.stores, self.clock = stores, clock
        # Facts matter to journeys that ask them; what is only heard is played without publishing any, at a tenth of the time.
        self.asks_facts = '"segment"' in json.dumps([entry, nodes, more]) or '"left"' in json.dumps([nodes, more]) or entry["kind"] in ("date", "schedule")
        self.journey = create(stores, drawn(entry, nodes, next(iter(nodes)), **more)).id
        if is_live:
            publish(stores, self.journey)
            self.settle()

    def settle(self) -> None:
        """Everything that is due at this instant happens."""
        if self.asks_facts:
            settle(self.stores, self.clock)
            return
        for _ in range(20):
            reactions.advance_all(self.stores, (RESOLVE, STATEMENTS, LISTEN))
            self.clock.at += timedelta(milliseconds=1)
            if not runner.tick(self.stores):
                return

    def happens(self, user: str, name: str, *, ago: timedelta = timedelta(), number: str | None = None, settles: bool = True, **properties: Any) -> None:
        self.happen([(user, name, properties)], ago=ago, number=number, settles=settles)

    def happen(self, events: list[tuple[str, str, dict[str, Any]]], *, ago: timedelta = timedelta(), number: str | None = None, settles: bool = True) -> None:
        """Several events in one batch, a millisecond apart."""
        at = int((self.clock.at - ago).timestamp() * 1000)
        made = next(_numbers)
        record(
            self.stores,
            [{"user": user, "at_ms": at + place, "id": f"{number or made}-{place}", "event": name, "properties": said} for place, (user, name, said) in enumerate(events)],
            f"{made}",
        )
        if settles:
            self.settle()

    def said(self, user: str, **traits: Any) -> None:
        at = int(self.clock.at.timestamp() * 1000)
        record(self.stores, [{"user": user, "at_ms": at, "id": f"said {next(_numbers)}", "traits": traits}], f"said {next(_numbers)}")
        self.settle()

    def passes(self, **span: float) -> None:
        self.until(self.clock.at + timedelta(**span))

    def until(self, at: datetime) -> None:
        """Time passes: at each instant at which somebody is due, what is due happens."""
        if self.asks_facts:
            pass_until(self.stores, self.clock, at)
            return
        self.settle()
        while (due := runner.waiting(self.stores)) is not None and from_ms(due) <= at:
            self.clock.at = max(self.clock.at + timedelta(milliseconds=1), from_ms(due))
            self.settle()
        self.clock.at = max(at, self.clock.at)
        self.settle()

    def customer(self, user: str) -> int:
        with self.stores.ledger.read() as tx:
            return look_up(self.stores, tx, user)[0]

    def ways(self, user: str | None = None) -> Counter[tuple[str, str]]:
        """(node, edge) → how often it was taken, by one user or by all."""
        who = self.customer(user) if user else None
        found: Counter[tuple[str, str]] = Counter()
        for (customer, node, edge), times in left(self.stores, self.journey).items():
            if who in (None, customer):
                found[node, edge] += times
        return found

    def states(self, user: str) -> list[str]:
        """Of each run of a user, the earliest first."""
        who = self.customer(user)
        return [STATES[state] for (customer, _, _), state in sorted(states_of(self.stores, self.journey).items()) if customer == who]

    def all_states(self) -> dict[str, int]:
        with self.stores.ledger.read() as tx:
            return enrolments.states(tx, self.journey)

    def runs(self) -> list[enrolments.Run]:
        """All runs, the earliest first."""
        with self.stores.ledger.read() as tx:
            return enrolments.people(tx, self.journey, limit=10_000)[::-1]

    def runs_of(self, user: str) -> list[enrolments.Run]:
        who = self.customer(user)
        return [run for run in self.runs() if run.customer_id == who]

    def counts(self) -> dict[str, enrolments.NodeCounts]:
        with self.stores.ledger.read() as tx:
            return enrolments.counts(tx, self.journey)

    def turn(self, what: str) -> None:
        """pause, resume, drain, stop."""
        with self.stores.ledger.begin() as tx:
            getattr(journeys, what)(tx, self.journey, by="test", now=self.stores.now())
        self.settle()

    def enrol(self, *users: str) -> enrolments.Entered:
        ids = [self.customer(user) for user in users]
        with self.stores.ledger.begin() as tx:
            entered = enrolments.enrol(self.stores, tx, self.journey, ids, by="test")
        self.settle()
        return entered

    def take_out(self, *users: str) -> int:
        ids = [self.customer(user) for user in users]
        with self.stores.ledger.begin() as tx:
            return enrolments.take_out(tx, self.journey, ids, now=self.stores.now())

    def retry(self) -> int:
        with self.stores.ledger.begin() as tx:
            tried = enrolments.retry(tx, self.journey, now=self.stores.now())
        self.settle()
        return tried

    def redraw(self, nodes: dict[str, Any], entry: dict[str, Any], in_flight: Any, **more: Any) -> None:
        """Another version is published."""
        from siyu.journeys.definition import read
        from siyu.journeys.versions import publish as published

        with self.stores.ledger.begin() as tx:
            found = journeys.find(tx, self.journey)
            saved = journeys.save_draft(tx, self.journey, read(drawn(entry, nodes, next(iter(nodes)), **more)), over=found.draft_version, by="test", now=self.stores.now())
            published(tx, self.journey, over=saved.draft_version, in_flight=in_flight, by="test", now=self.stores.now())
        self.settle()


def buys(stores: Stores, lines: list[tuple[str, str, int]]) -> None:
    """Lines of orders arrive: (user, order, fen), as an import writes them."""
    keys = identify(stores.secrets, "member", pa.array([user for user, _, _ in lines])).keys
    at, size = stores.now(), len(lines)
    numbers = [order for _, order, _ in lines]
    columns: dict[str, object] = {
        "line_key": [key64("line", order, place) for place, order in enumerate(numbers)], "order_key": [key64("order", order) for order in numbers],
        "content_key": [key64(*line) for line in lines], "identity_key": keys, "source": ["shop"] * size, "order_no": numbers, "ordered_ms": [to_ms(at)] * size,
        "ordered_on": [day_number(at.date())] * size, "sku": ["S1"] * size, "product_name": ["山茶洁面"] * size, "quantity": [1] * size,
        "unit_price_fen": [fen for _, _, fen in lines], "amount_fen": [fen for _, _, fen in lines], "refund_fen": [0] * size, "kind": ["sale"] * size,
    }  # fmt: skip
    with stores.ledger.begin() as tx:
        log.append(tx, ORDER_LINES_RECORDED, ORDER_LINES_RECORDED.table(columns), now=at)


def tag(name: str, after: str | None) -> Any:
    return ("tag", {"add": [name]}, {"next": after})


def wait(after: str | None, **span: float) -> Any:
    return ("wait", span, {"next": after})


def until(event: str, happened: str | None, timeout: str | None, where: Any = (), **span: float) -> Any:
    return ("wait_until", {"event": event, "where": list(where), "timeout": span or None}, {"happened": happened, "timeout": timeout})
