"""A brand whose customers are the sandbox's simulated people, with a past of its own: it sends through the product's own gate, and the people
live, buy and answer by the sandbox's model. The carrier alone is missing: what is planned reaches them at once when it is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import select, update

from siyu.carriers import _tables as carriers
from siyu.customers.consent_facts import CUSTOMERS_CONSENT
from siyu.customers.facts import CUSTOMERS_PROFILE
from siyu.events import log, reactions
from siyu.events.catalogue.orders import ORDER_LINES_RECORDED
from siyu.foundation.clock import DAY_MS, day_number, from_ms, to_ms
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.facts import Fact
from siyu.identity.facts import IDENTITY_IDENTIFIER, IDENTITY_LINK
from siyu.journeys import _tables as _journey_tables
from siyu.journeys import enrolments, looking, rehearsals, runner
from siyu.journeys.foreseen import Foreseen
from siyu.journeys.journeys import Journey
from siyu.journeys.rehearsal import Options
from siyu.messaging import _tables, outbox, planning, sends
from siyu.orders.facts import ORDERS_ORDER
from siyu.river import REACTIONS, flow
from siyu.segments.facts import SEGMENTS_MEMBER
from siyu.segments.recompute import recompute
from siyu_sandbox.people.chance import hashed
from siyu_sandbox.people.crowd import Crowd
from siyu_sandbox.people.hearing import hear
from siyu_sandbox.people.living import Step, live
from siyu_sandbox.people.messages import Messages
from siyu_sandbox.people.reading import understand
from siyu_sandbox.people.sources import Source, draw
from siyu_sandbox.phones import Received
from tests.conftest import SetClock
from tests.makers.campaigns import put_segment
from tests.makers.content import put_piece
from tests.makers.journeys import create, drawn, publish
from tests.makers.messaging import draft, people_with

PROMOTION, VALUE = "会员专享:满200减60,三天内有效", "换季养护指南:三步就够,怎么挑选一看就懂的小知识"
ACCOUNT = 1


class Brand:
    """So many people, known from `stores.now()` on. `ids`: customers in the order of the crowd's rows."""

    def __init__(self, stores: Stores, clock: SetClock, people: int, *, seed: int, need: float = 0.03) -> None:
        self.stores, self.clock, self.seed = stores, clock, seed
        self.crowd, self.messages = Crowd(), Messages()
        self.steps, self.day, self.refs = 0, 0.0, 0
        source = replace(Source("人群"), need=need)
        self.crowd.add(np.arange(1, people + 1), source=0, arrived=0.0, **draw(source, people, np.random.default_rng([seed, 1])))
        known = people_with(stores, [{"phone": f"139{n:08d}"} for n in range(people)])
        self.ids = np.array([customer for customer, _ in known], np.int64)
        self.keys = np.array([keys["phone"] for _, keys in known], np.int64)
        self._order = np.argsort(self.ids)
        self.pieces = {purpose: put_piece(stores, {"text": text}, purpose=purpose, name=purpose).id for purpose, text in (("promotion", PROMOTION), ("value", VALUE))}
        self._connect()
        self.segment = put_segment(stores, self.ids.tolist())

    def _connect(self) -> None:
        now, size = self.stores.now(), len(self.ids)
        account = {"ref": "sms", "name": "sms", "credentials_sealed": b"", "settings": {"message_cost_fen": "4"}, "version": 1, "status": "connected", "status_since": now, "created_at": now, "created_by": "t"}
        with self.stores.ledger.begin() as tx:
            tx.execute(carriers.account.insert(), [{**account, "id": ACCOUNT, "product": "sms", "callback_key": "sms"}])
        for purpose in ("promotion", "content"):
            columns: dict[str, Any] = {
                "customer_id": self.ids, "purpose": [purpose] * size, "carrier": [""] * size, "state": ["granted"] * size, "at_ms": np.full(size, to_ms(now)),
            }  # fmt: skip
            _lay(self.stores, CUSTOMERS_CONSENT, columns)

    def live(self, days: float, *, step_days: float = 1.0) -> None:
        """Everybody lives; what they buy is in the log. The clock goes on."""
        for _ in range(round(days / step_days)):
            began = to_ms(self.stores.now())
            lived = live(self.crowd, self.messages, Step(self.steps, self.day, step_days, 1.0), self.seed)
            at = began + (hashed(self.seed, "moment", self.steps, lived.bought) * step_days * DAY_MS).astype(np.int64)
            self.steps, self.day = self.steps + 1, self.day + step_days
            self.clock.at += timedelta(days=step_days)
            self._sell(lived.bought, at)

    def _sell(self, rows: Any, at: Any) -> None:
        if not len(rows):
            return
        order = np.argsort(at, kind="stable")
        rows, at = rows[order], at[order]
        size, first = len(rows), self.steps * 1_000_000
        numbers = np.arange(first, first + size)
        amount = np.maximum(100, np.random.default_rng([self.seed, 2, self.steps]).gamma(2, 6_000, size)).astype(np.int64)
        zone = self.stores.calendar
        local = np.array([day_number(zone.on(from_ms(one))) for one in at.tolist()])
        columns: dict[str, Any] = {
            "line_key": numbers, "order_key": numbers, "content_key": numbers, "identity_key": self.keys[rows], "source": ["shop"] * size, "order_no": [str(n) for n in numbers.tolist()],
            "ordered_ms": at, "ordered_on": local, "sku": ["A"] * size, "product_name": ["A"] * size, "category": ["A"] * size, "quantity": np.ones(size, int), "unit_price_fen": amount,
            "amount_fen": amount, "refund_fen": np.zeros(size, int), "kind": ["sale"] * size, "state": ["paid"] * size,
        }  # fmt: skip
        with self.stores.ledger.begin() as tx:
            log.append(tx, ORDER_LINES_RECORDED, ORDER_LINES_RECORDED.table(columns), now=self.stores.now())

    def tell(self, purpose: str, *, control: float = 0.3) -> int:
        """A send to everybody, some kept back; returns its number."""
        self.refs += 1
        asked = draft(
            self.stores, f"past:{self.refs}", customers=self.ids.tolist(), purpose=purpose, control_rate=control, content={"a": (self.pieces[purpose], 1)},
        )  # fmt: skip
        return self.tell_as(asked)

    def tell_as(self, asked: sends.Draft) -> int:
        """This very send; returns its number."""
        with self.stores.ledger.begin() as tx:
            send = sends.create(self.stores, tx, asked, by="test")
        self.deliver()
        return send.id

    def deliver(self) -> int:
        """Plan what is asked for, and let everything that is due arrive."""
        table, now = _tables.message, self.stores.now()
        for send in self._sends("planning"):
            planning.plan(self.stores, send.id)
        told = 0
        for send in self._sends("ready"):
            with self.stores.ledger.begin() as tx:
                names = [table.c[name] for name in outbox.KEY]
                due = tx.execute(select(*names).where(table.c.send_id == send.id, table.c.status == outbox.PLANNED, table.c.at_ms <= to_ms(now))).all()
                if not due:
                    continue
                keys = pa.table(dict(zip(outbox.KEY, (list(column) for column in zip(*due, strict=True)), strict=True)))
                told += outbox.mark(tx, keys, outbox.SENT, now=now, at_ms=to_ms(now))
            text = PROMOTION if send.purpose == "promotion" else VALUE
            received = Received(self.day, "sms", "sms", "brand", "chat", {"text": text})
            rows = np.sort(self._order[np.searchsorted(self.ids[self._order], keys["customer_id"].to_numpy())])
            rows = rows[~self.crowd.gone[rows]]
            if len(rows):
                hear(self.crowd, self.messages, rows, received, understand(received), self.day, self.seed)
        return told

    def _sends(self, status: str) -> Sequence[sends.Send]:
        with self.stores.ledger.read() as tx:
            return sends.list_sends(tx, status=status, limit=10_000)

    def settle(self) -> None:
        """Everything that is due now happens. Facts stay as they were: none of the steps here looks at them."""
        for _ in range(20):
            self.clock.at += timedelta(milliseconds=1)
            reactions.advance_all(self.stores, REACTIONS)
            if not looking.look(self.stores) + runner.tick(self.stores) + self.deliver():
                return

    def publish(self) -> None:
        """Facts and segments as they are now."""
        flow(self.stores)
        recompute(self.stores, flow)

    def run(self, until: datetime, *, step_days: float = 0.5) -> None:
        """Time passes while a journey is live."""
        self.settle()
        while self.stores.now() < until:
            self.live(step_days, step_days=step_days)
            self.settle()
        flow(self.stores)


@dataclass(frozen=True)
class Real:
    """What became of a journey: people who came to each node; of those treated, within the goal's window: orders, and who reached the goal."""

    came: dict[str, int]
    orders: int
    goals: int


def way(brand: Brand | LaidOut) -> dict[str, Any]:
    """Something of value; whoever buys within four days is tagged, the others get a promotion."""

    def send(purpose: str, after: str) -> tuple[str, dict[str, Any], dict[str, str | None]]:
        return "send", {"content": {"a": {"piece": brand.pieces[purpose], "version": 1}}, "purpose": purpose, "carriers": ["sms"]}, {"next": after}

    nodes: dict[str, tuple[str, dict[str, Any], dict[str, str | None]]] = {
        "tell": send("value", "look"), "look": ("wait_until", {"event": "order_paid", "timeout": {"days": 4}}, {"happened": "thank", "timeout": "offer"}),
        "thank": ("tag", {"add": ["买了"]}, {"next": None}), "offer": send("promotion", "rest"), "rest": ("wait", {"days": 3}, {"next": None}),
    }  # fmt: skip
    return drawn({"kind": "segment", "segment": brand.segment}, nodes, "tell", holdout_rate=0.1, goal={"event": "order_paid", "days": 7, "ends": False})


def grown_up(brand: Brand, sends: Sequence[str] = ("value", "promotion", "value", "promotion"), *, first_days: float = 30, apart_days: float = 21, step_days: float = 1.0) -> None:
    """Let a brand have a past: a time without messages, then a send every three weeks, of whom three in ten are kept back."""
    brand.live(first_days, step_days=step_days)
    for purpose in sends:
        brand.tell(purpose)
        brand.live(apart_days, step_days=step_days)
    brand.publish()


def rehearsed(brand: Brand, definition: dict[str, Any], *, rows: int | None = None) -> tuple[Journey, Foreseen]:
    """A draft, and what its rehearsal says. The lots fall as the brand's seed says."""
    made = create(brand.stores, definition)
    with brand.stores.ledger.begin() as tx:
        tx.execute(update(_journey_tables.journey).where(_journey_tables.journey.c.id == made.id).values(salt=f"salt {brand.seed}"))
    return made, rehearsals.rehearse(brand.stores, made.id, Options(days=0, follow_days=10, rows=rows or Options().rows))


def really(brand: Brand, journey: Journey, *, days: float = 10, step_days: float = 0.5) -> Real:
    """The journey runs: the product's runner and gate, the sandbox's people."""
    publish(brand.stores, journey.id)
    brand.run(brand.stores.now() + timedelta(days=days), step_days=step_days)
    tables = brand.stores.warehouse.tables
    with brand.stores.ledger.read() as tx:
        came = {node: sum(one.passed.values()) + one.here for node, one in enrolments.counts(tx, journey.id).items()}
    with brand.stores.warehouse.read() as session:
        runs = tables["journeys_run"].filter((tables["journeys_run"].journey_id == journey.id) & (tables["journeys_run"].state != "held_out"))
        bought = tables["orders_order"].inner_join(runs.select("customer_id", "entered_ms"), "customer_id")
        window = round(journey.draft.goal.days * DAY_MS) if journey.draft.goal else 7 * DAY_MS
        orders = session.scalar(bought.filter((bought.ordered_ms >= bought.entered_ms) & (bought.ordered_ms < bought.entered_ms + window)).count())
        goals = session.scalar(runs.filter(runs.goal_ms.notnull()).count())
    return Real(came, int(orders), int(goals))


@dataclass(frozen=True)
class LaidOut:
    """People that are facts only: nobody lives."""

    stores: Stores
    ids: Any
    segment: int
    pieces: dict[str, int]


def laid_out(stores: Stores, clock: SetClock, people: int, *, orders_per_day: float = 0.012, days: int = 90) -> LaidOut:
    """So many people of one segment with phones, consent and orders, straight in the warehouse."""
    random, ids, now_ms = np.random.default_rng(7), np.arange(1, people + 1), to_ms(stores.now())
    pieces = {purpose: put_piece(stores, {"text": text}, purpose=purpose, name=purpose).id for purpose, text in (("promotion", PROMOTION), ("value", VALUE))}
    account = {"ref": "sms", "name": "sms", "credentials_sealed": b"", "settings": {}, "version": 1, "status": "connected", "status_since": stores.now(), "created_at": stores.now(), "created_by": "t"}
    with stores.ledger.begin() as tx:
        tx.execute(carriers.account.insert(), [{**account, "id": ACCOUNT, "product": "sms", "callback_key": "sms"}])
    segment = put_segment(stores, ids[:1].tolist())
    old = np.full(people, now_ms - 200 * DAY_MS)
    _lay(stores, SEGMENTS_MEMBER, {"segment_id": np.full(people - 1, segment), "customer_id": ids[1:], "entered": np.ones(people - 1, bool), "at_ms": old[1:]})
    _lay(stores, CUSTOMERS_PROFILE, {"customer_id": ids, "registered_ms": old, "first_seen_ms": old})
    _lay(stores, IDENTITY_LINK, {"identity_key": ids[1:], "customer_id": ids[1:], "first_seen_ms": old[1:]})
    _lay(stores, IDENTITY_IDENTIFIER, {"identity_key": ids, "customer_id": ids, "namespace": pa.repeat("phone", people), "seen_ms": old})
    for purpose in ("promotion", "content"):
        _lay(stores, CUSTOMERS_CONSENT, {"customer_id": ids, "purpose": pa.repeat(purpose, people), "carrier": pa.repeat("", people), "state": pa.repeat("granted", people), "at_ms": old})
    count = random.poisson(random.gamma(1.2, orders_per_day / 1.2, people) * days)
    whose = np.repeat(ids, count)
    at = now_ms - random.integers(1, days * DAY_MS, len(whose))
    _lay(stores, ORDERS_ORDER, {"order_key": np.arange(len(whose)), "customer_id": whose, "ordered_ms": at, "amount_fen": np.full(len(whose), 12_000), "quantity": np.ones(len(whose), int)})
    return LaidOut(stores, ids, segment, pieces)


def _lay(stores: Stores, fact: Fact, columns: dict[str, Any]) -> None:
    size = len(next(iter(columns.values())))
    rows = pa.table([pa.array(columns[field.name], field.type) if field.name in columns else pa.nulls(size, field.type) for field in fact.arrow], fact.arrow)
    with stores.warehouse.engine.write() as session:
        session.insert(fact, session.keep("_made", rows))
