"""For tests of steps: people who can be told by SMS, a member of staff's friends, sends that are planned while time passes, journeys of a few nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
from sqlalchemy import insert, select

from siyu.carriers import _tables as carrier_tables
from siyu.carriers import accounts
from siyu.carriers.accounts import Account
from siyu.customers import consent
from siyu.customers.consent import Proof, Statement
from siyu.events import log, reactions
from siyu.events.catalogue.carriers import RELATIONS_CHANGED
from siyu.events.recording import Senders, record_profiles
from siyu.foundation.clock import from_ms, to_ms
from siyu.foundation.stores import Stores
from siyu.journeys import _tables, enrolments, runner
from siyu.messaging import _tables as message_tables
from siyu.messaging import outbox, planning
from siyu.river import REACTIONS, flow
from siyu.team import staff
from siyu.team.staff import Told
from tests.conftest import SetClock
from tests.makers.carriers import wecom_account
from tests.makers.journeys import drawn, left, live
from tests.makers.messaging import people_with

MANUAL = {"kind": "manual"}
Nodes = dict[str, tuple[str, dict[str, Any], dict[str, str | None]]]


def sms_account(stores: Stores) -> Account:
    with stores.ledger.begin() as tx:
        credentials = {"app_key": "k", "secret": "s" * 20, "definition": "sandbox", "receipt_key": "r" * 24}
        return accounts.connect(stores, tx, product="sms", name="短信", credentials=credentials, settings={"base_url": "http://127.0.0.1:9", "allow_private": "true"}, by="test")


def willing(stores: Stores, count: int, *, first: int = 0, purposes: Sequence[str] = ("promotion", "content")) -> list[int]:
    """People with a phone who allow these purposes."""
    found = [customer for customer, _ in people_with(stores, [{"phone": f"138{first + n:08d}"} for n in range(count)])]
    said = [Statement(customer, purpose, "", "granted", stores.now()) for customer in found for purpose in purposes]
    if said:
        with stores.ledger.begin() as tx:
            consent.record(stores, tx, said, Proof("page", "test"))
        flow(stores)
    return found


def friends(stores: Stores, staff_of: Sequence[str]) -> tuple[Account, list[int]]:
    """Customers of a WeCom account, each a friend of the member of staff who is named; all of them are active."""
    account, now = wecom_account(stores), stores.now()
    people = people_with(stores, [{f"external_userid:{account.ref}": f"wm{n}"} for n in range(len(staff_of))])
    keys = [next(iter(mine.values())) for _, mine in people]
    with stores.ledger.begin() as tx:
        staff.take_in(tx, account.id, [Told(one, one.title()) for one in sorted(set(staff_of))], now)
        tx.execute(insert(carrier_tables.contact), [{"account_id": account.id, "external_id": f"wm{n}", "identity_key": key, "first_seen_at": now} for n, key in enumerate(keys)])
        size = len(keys)
        rows = {
            "identity_key": keys, "account_id": [account.id] * size, "staff": list(staff_of), "began_ms": [to_ms(now) - 1] * size, "began_known": [True] * size,
            "void": [False] * size, "found_by": ["callback"] * size,
        }  # fmt: skip
        nothing = {"state": pa.nulls(size, pa.string()), "add_way": pa.nulls(size, pa.int32()), "ended_ms": pa.nulls(size, pa.int64()), "by": pa.nulls(size, pa.string())}
        log.append(tx, RELATIONS_CHANGED, RELATIONS_CHANGED.table({**rows, **nothing}), now=now)
    flow(stores)
    return account, [customer for customer, _ in people]


def journey(stores: Stores, nodes: Nodes, *, entry: dict[str, Any] = MANUAL, start: str | None = None, **more: Any) -> int:
    """A live journey without a hold-out; it begins at the first node."""
    return live(stores, drawn(entry, nodes, start or next(iter(nodes)), **more))


def settle(stores: Stores, clock: SetClock) -> None:
    """What happened is heard and who is due moves, until nothing is left; facts do not flow, which takes most of the time."""
    for _ in range(20):
        clock.at += timedelta(milliseconds=1)
        reactions.advance_all(stores, REACTIONS)
        if not runner.tick(stores):
            return


def enter(stores: Stores, clock: SetClock, journey_id: int, customers: Sequence[int], data: dict[str, Any] | None = None) -> None:
    with stores.ledger.begin() as tx:
        enrolments.enrol(stores, tx, journey_id, customers, data=data, by="test")
    settle(stores, clock)


def plan_all(stores: Stores) -> list[int]:
    """As the job does: every send that was asked for is planned."""
    table = message_tables.send
    with stores.ledger.read() as tx:
        waiting = list(tx.scalars(select(table.c.id).where(table.c.status == "planning").order_by(table.c.id)))
    for send_id in waiting:
        planning.plan(stores, send_id)
    if waiting:
        flow(stores)
    return waiting


def pass_to(stores: Stores, clock: SetClock, at: datetime) -> None:
    """Time passes, and what is sent meanwhile is planned as it is asked for."""
    settle(stores, clock)
    for _ in range(500):
        plan_all(stores)
        due = runner.waiting(stores)
        if due is None or from_ms(due) > at:
            break
        clock.at = max(clock.at, from_ms(due))
        settle(stores, clock)
    clock.at = max(at, clock.at)
    plan_all(stores)
    settle(stores, clock)


def ways(stores: Stores, journey_id: int, node: str) -> dict[int, str]:
    """Customer → the edge by which they left a node (each left it once)."""
    return {who: edge for (who, place, edge), count in left(stores, journey_id).items() if place == node and count == 1}


def edges(stores: Stores, journey_id: int, node: str) -> Counter[str]:
    return Counter(ways(stores, journey_id, node).values())


def remarks(stores: Stores, journey_id: int, node: str) -> dict[int, str | None]:
    """Customer → what was kept with their leaving a node."""
    from siyu.events.catalogue.journeys import JOURNEY_STEPS_LEFT

    with stores.ledger.read() as tx:
        head = log.head(tx)
    rows = [row for batch in log.read(stores.ledger, 0, head, [JOURNEY_STEPS_LEFT.name]) for row in batch.rows.to_pylist()]
    return {row["customer_id"]: row["code"] for row in rows if row["journey_id"] == journey_id and row["node"] == node}


def mark(stores: Stores, send_id: int, customers: Sequence[int], status: int) -> None:
    """The messages of a send to these people take a status, as receipts would say."""
    table = message_tables.message
    with stores.ledger.begin() as tx:
        rows = tx.execute(select(table.c.customer_id, table.c.send_id, table.c.route, table.c.identity_key).where(table.c.send_id == send_id, table.c.customer_id.in_(customers))).all()
        keys = pa.table({name: pa.array([row[place] for row in rows], pa.int64()) for place, name in enumerate(("customer_id", "send_id", "route", "identity_key"))})
        outbox.mark(tx, keys.set_column(2, "route", keys["route"].cast(pa.int16())), status, now=stores.now(), at_ms=to_ms(stores.now()))


def here(stores: Stores, journey_id: int) -> dict[int, tuple[str, int | None]]:
    """Customer → (node, due) of those who are on the way."""
    c, s, place = _tables.enrolment.c, _tables.standing.c, _tables.place.c
    with stores.ledger.read() as tx:
        both = _tables.run.join(_tables.place, place.id == s.place_id)
        rows = tx.execute(select(c.customer_id, place.node, s.due_ms).select_from(both).where(c.journey_id == journey_id, s.state == 0))
        return {row[0]: (row[1], row[2]) for row in rows}


def failed(stores: Stores, journey_id: int) -> dict[int, str | None]:
    with stores.ledger.read() as tx:
        return {one.customer_id: one.code for one in enrolments.people(tx, journey_id, state="failed", limit=200)}


def refused_by_checks(stores: Stores, step: str, settings: dict[str, Any], edges_: Sequence[str]) -> dict[str, str]:
    """Field below the step's settings → the fault in English."""
    from siyu.journeys import checks
    from siyu.journeys.definition import read

    definition = read(drawn(MANUAL, {"n1": (step, settings, dict.fromkeys(edges_))}, "n1"))
    with stores.ledger.read() as tx:
        return {fault.field.removeprefix("nodes.n1.with."): fault.message.en for fault in checks.check(tx, definition).faults}




def put_zone(stores: Stores, phone: str, zone: str) -> None:
    """Somebody's zone becomes known."""
    now = stores.now()
    with stores.ledger.begin() as tx:
        record_profiles(
            tx, stores.secrets, Senders({"phone": pa.array([phone])}), ids=pa.array([f"zone {phone}"]), at_ms=pa.array([to_ms(now)]), traits=[{"timezone": zone}], now=now,
            dedup_key=f"zone {phone}",
        )  # fmt: skip
    flow(stores)
