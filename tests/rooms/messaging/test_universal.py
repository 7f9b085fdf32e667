"""The promise, over anything: nobody is told beyond a cap, quiet hours, consent or a quota, and nothing allowed is refused.

Random people, policies and sends with several ways a person; planned by processes of their own at once. Each decision is then judged in
the order of the log by rules said another way (`tests.makers.whole_gate`). `ALL_CASES=1` tries many times as many.
"""

from __future__ import annotations

import os
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from multiprocessing.connection import Connection as Pipe
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select

from siyu.app import FACTS, job_kinds
from siyu.carriers import _tables as carrier_tables
from siyu.carriers import accounts
from siyu.customers import consent
from siyu.customers.consent import Proof, Statement
from siyu.events import log
from siyu.events.catalogue.messaging import MESSAGES_CHANGED, MESSAGES_DECIDED
from siyu.events.recording import Senders, record_profiles
from siyu.foundation.clock import to_ms
from siyu.foundation.database import open_ledger
from siyu.foundation.jobs import Runner
from siyu.foundation.secrets import load_secrets
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.connect import attach
from siyu.foundation.warehouse.engines.duckdb import DuckDBEngine
from siyu.messaging import _tables, cooldowns, outbox, planning, policies, sends
from siyu.messaging.carriers.port import Chunk, Content, Outcome, Part
from siyu.messaging.failover import FAIL_OVER
from siyu.messaging.policy import DEFAULT, Policy, read
from siyu.messaging.reasons import REASONS
from siyu.messaging.sends import CONSENT_FOR
from siyu.river import flow
from tests.conftest import SetClock
from tests.faults.commands import forks
from tests.makers.carriers import wecom_account
from tests.makers.content import put_piece
from tests.makers.messaging import make, people_with, put_messages
from tests.makers.restraint import DAY, EVER, Plain, is_quiet, name_of
from tests.makers.sending import dispatching, run
from tests.makers.whole_gate import Asked, Message, Way, decided
from tests.rooms.messaging.test_routing import account, relate

HOUR = 3_600_000
BRAND = "Asia/Shanghai"
CARRIERS = ("sms", "email", "wecom", "official_account")
EXAMPLES = {0: 2, 1: 150}.get(wanted := int(os.environ.get("ALL_CASES", "0")), wanted)
"""Of each ledger; `ALL_CASES=40` tries as many."""
PATIENCE = 300 + 100 * EXAMPLES
"""Seconds, on a machine that does ten other things."""
_rounds = count()


def _planner(home: str, url: str, at: Any, part: int, pipe: Pipe) -> None:
    """A process that plans what it is told to, with a warehouse of its own, filled from the log."""
    settings = Settings(home=home, secret_key="ab" * 32, database_url=url)  # type: ignore[arg-type]
    stores = Stores(settings, open_ledger(url), attach(DuckDBEngine(None, "500MB", 1), FACTS), load_secrets(settings), lambda: at)  # type: ignore[arg-type,return-value]
    planning.PART = part
    while (some := pipe.recv()) is not None:
        flow(stores)
        for send_id in some:
            planning.plan(stores, send_id)
        pipe.send("done")
    stores.close()


@pytest.fixture
def planners(any_stores: Stores, ledger_url: str) -> Iterator[Callable[[list[int]], None]]:
    """Plan these sends by two processes at once."""
    pipes, running = [], []
    for part in (3, 5):
        mine, theirs = forks.Pipe()
        process = forks.Process(target=_planner, args=(str(any_stores.settings.home), ledger_url, any_stores.now(), part, theirs))
        process.start()
        pipes.append(mine)
        running.append(process)

    def both(send_ids: list[int]) -> None:
        # The second begins at the other end: they meet in the middle, and one send is asked of both.
        for pipe, some in zip(pipes, (send_ids[: len(send_ids) // 2 + 1], send_ids[len(send_ids) // 2 :][::-1]), strict=True):
            pipe.send(some)
        assert [pipe.recv() for pipe in pipes if pipe.poll(120)] == ["done", "done"]

    yield both
    for pipe in pipes:
        pipe.send(None)
    for process in running:
        process.join(60)
        assert process.exitcode == 0


CAP = st.builds(
    lambda most, window, days, purpose, carrier: {"at_most": most, "window": window, "days": days if window == "rolling" else None, "purpose": purpose, "carrier": carrier},
    st.integers(0, 3), st.sampled_from(["rolling", "rolling", "day", "week", "month"]), st.integers(1, 7), st.sampled_from([None, None, "promotion", "value"]),
    st.sampled_from([None, None, None, *CARRIERS]),
)  # fmt: skip
QUOTA = st.builds(
    lambda most, window, days, carrier, per: {"at_most": most, "window": window, "days": days if window == "rolling" else None, "carrier": carrier, "per": per if carrier == "wecom" else "account"},
    st.integers(0, 3), st.sampled_from(["rolling", "day", "week", "month"]), st.integers(1, 7), st.sampled_from(CARRIERS), st.sampled_from(["account", "staff"]),
)  # fmt: skip
POLICY = st.fixed_dictionaries(
    {
        "caps": st.lists(CAP, max_size=3), "quotas": st.lists(QUOTA, max_size=3),
        "mix": st.none() | st.fixed_dictionaries({"promotion_per_value": st.sampled_from([0.5, 1.0, 2.0]), "free": st.integers(0, 2), "days": st.integers(2, 28)}),
        "quiet": st.none() | st.sampled_from([{"from": "22:00", "to": "08:00", "then": "hold"}, {"from": "12:00", "to": "20:00", "then": "refuse"}, {"from": "19:00", "to": "21:30", "then": "hold"}]),
        "exempt": st.fixed_dictionaries({"purposes": st.sampled_from([["service"], []]), "counts": st.booleans()}),
    }
)  # fmt: skip
PERSON = st.fixed_dictionaries(
    {
        "zone": st.sampled_from([None, "Asia/Kathmandu", "America/Phoenix", "Pacific/Kiritimati"]), "on": st.sets(st.sampled_from(CARRIERS), min_size=1), "lost": st.sets(st.sampled_from(["wecom", "official_account"])),
        "said": st.lists(st.tuples(st.sampled_from(["promotion", "content", "service"]), st.sampled_from(["", *CARRIERS]), st.sampled_from(["withdrawn", "refused"])), max_size=2),
        "complained": st.sampled_from([False, False, False, True]),
    }
)  # fmt: skip
SEND = st.fixed_dictionaries(
    {
        "purpose": st.sampled_from(["promotion", "promotion", "value", "value", "service", "feedback"]), "exempt": st.booleans(), "priority_fen": st.sampled_from([0, 10, 20]),
        "due": st.integers(0, 40), "lasts": st.sampled_from([1, 12, 60]), "carriers": st.permutations(CARRIERS).flatmap(lambda all_: st.integers(1, 4).map(lambda size: tuple(all_[:size]))),
        "people": st.sets(st.integers(0, 5), min_size=2),
    }
)  # fmt: skip
PAST = st.fixed_dictionaries({"purpose": st.sampled_from(["promotion", "value", "service"]), "carrier": st.sampled_from(CARRIERS), "ago": st.integers(1, 9 * 24), "people": st.sets(st.integers(0, 5), min_size=1)})
ROUND = st.fixed_dictionaries({"policy": POLICY, "people": st.lists(PERSON, min_size=6, max_size=6), "past": st.lists(PAST, max_size=3), "sends": st.lists(SEND, min_size=4, max_size=7)})


@dataclass
class World:
    """Accounts of every carrier, and of one round its people with their identifiers."""

    stores: Stores
    account_of: dict[str, int]
    piece: int
    ids: list[int]
    keys: list[dict[str, int]]
    told: list[dict[str, Any]]
    policy: Policy
    began: int = 0


@pytest.fixture
def accounts_there(any_stores: Stores) -> tuple[dict[str, int], dict[str, str], int]:
    """Carrier → account, carrier → namespace, and a piece that is the same for everybody."""
    appid = {"appid": "wx0123456789abcdef", "secret": "s" * 32, "callback_token": "callbacktoken"}
    with any_stores.ledger.begin() as tx:
        official = accounts.connect(any_stores, tx, product="official_account", name="公众号", credentials=appid, settings={"base_url": "http://127.0.0.1:9", "allow_private": "true"}, by="test")
    wecom = wecom_account(any_stores)
    found = {"sms": account(any_stores, "sms"), "email": account(any_stores, "email"), "wecom": wecom.id, "official_account": official.id}
    spaces = {"sms": "phone", "email": "email", "wecom": wecom.namespace, "official_account": official.namespace}
    return found, spaces, put_piece(any_stores, {"text": "上新了"}).id


def _world(stores: Stores, there: tuple[dict[str, int], dict[str, str], int], drawn: dict[str, Any]) -> World:
    account_of, spaces, piece = there
    number, now = next(_rounds), stores.now()
    shape = {"phone": "139{:04d}{:04d}", "email": "p{}.{}@example.test"}
    names = [{spaces[on]: shape.get(spaces[on], "o{}_{}").format(number, n) for on in one["on"]} for n, one in enumerate(drawn["people"])]
    found = people_with(stores, names)
    ids, keys = [customer for customer, _ in found], [{on: mine[spaces[on]] for on in one["on"]} for one, (_, mine) in zip(drawn["people"], found, strict=True)]
    _zones(stores, names, drawn["people"], number)
    began = to_ms(now) - 40 * 24 * HOUR
    for on in ("wecom", "official_account"):
        rows = [
            {"identity_key": mine[on], "staff": "kim" if n % 2 else "lee", "began_ms": began, **({"ended_ms": began + HOUR, "by": "unknown"} if on in one["lost"] else {})}
            for n, (one, mine) in enumerate(zip(drawn["people"], keys, strict=True)) if on in mine
        ]  # fmt: skip
        if rows:
            rows = [row | {"staff": row["staff"] if on == "wecom" else ""} for row in rows]
            relate(stores, account_of[on], rows)
            _contacts(stores, account_of[on], rows)
    said = [Statement(customer, purpose, "", "granted", now - timedelta(hours=2)) for customer in ids for purpose in ("promotion", "content")]
    said += [Statement(customer, purpose, on, state, now - timedelta(hours=1)) for customer, one in zip(ids, drawn["people"], strict=True) for purpose, on, state in one["said"]]
    with stores.ledger.begin() as tx:
        consent.record(stores, tx, said, Proof("page", "test"))
        cooldowns.note(tx, "complaint", {customer: to_ms(now) - 29 * 24 * HOUR for customer, one in zip(ids, drawn["people"], strict=True) if one["complained"]})
        policy = _switched_on(stores, tx, drawn["policy"])
    world = World(stores, account_of, piece, ids, keys, drawn["people"], policy, to_ms(now))
    _past(world, drawn["past"], number)
    flow(stores)
    return world


def _contacts(stores: Stores, account_id: int, rows: list[dict[str, Any]]) -> None:
    """Whom the ledger knows there, by whose address they are told."""
    contact, relation, now = carrier_tables.contact, carrier_tables.relation, stores.now()
    with stores.ledger.begin() as tx:
        tx.execute(insert(contact), [{"account_id": account_id, "external_id": f"x{row['identity_key']}", "identity_key": row["identity_key"], "first_seen_at": now} for row in rows])
        number = dict(tuple(one) for one in tx.execute(select(contact.c.identity_key, contact.c.id).where(contact.c.account_id == account_id)))
        open_ = [{"contact_id": number[row["identity_key"]], "staff": row["staff"], "account_id": account_id, "began_at": now} for row in rows if "ended_ms" not in row]
        if open_:
            tx.execute(insert(relation), open_)


def _zones(stores: Stores, names: list[dict[str, str]], people: list[dict[str, Any]], number: int) -> None:
    spaces = sorted({space for one in names for space in one})
    who, size = Senders({space: pa.array([one.get(space) for one in names], pa.string()) for space in spaces}), len(names)
    traits = [{"timezone": one["zone"]} if one["zone"] else {} for one in people]
    with stores.ledger.begin() as tx:
        keys = pa.array([f"zone {number} {n}" for n in range(size)])
        record_profiles(tx, stores.secrets, who, ids=keys, at_ms=pa.array([to_ms(stores.now())] * size), traits=traits, now=stores.now(), dedup_key=f"zones {number}")


def _switched_on(stores: Stores, tx: Any, raw: dict[str, Any]) -> Policy:
    held = policies.in_force(tx)
    wanted = {**DEFAULT.json(), **raw}
    if read(wanted).json() != held.policy.json():
        return policies.activate(tx, wanted, over=held.version, note="", by="test", now=stores.now()).policy
    return held.policy


def _past(world: World, past: list[dict[str, Any]], number: int) -> None:
    for place, one in enumerate(past):
        people = [n for n in sorted(one["people"]) if one["carrier"] in world.keys[n]]
        if not people:
            continue
        stores, at = world.stores, world.stores.now() - timedelta(hours=one["ago"])
        send = make(stores, f"past {number} {place}", purpose=one["purpose"], customers=[world.ids[n] for n in people], due_at=at, until_at=at + timedelta(minutes=1))
        staffed = {staff: [n for n in people if (n % 2 == 1) == (staff == "kim")] for staff in ("kim", "lee")} if one["carrier"] == "wecom" else {"": people}
        for staff, some in staffed.items():
            if some:
                told = [(world.ids[n], world.keys[n][one["carrier"]]) for n in some]
                put_messages(stores, send, told, account_id=world.account_of[one["carrier"]], carrier=one["carrier"], staff=staff)
        with stores.ledger.begin() as tx:
            sends.cancel(stores, tx, send.id, by="test")
            for dispatch in outbox.list_dispatches(tx, send_id=send.id):
                outbox.mark(tx, outbox.people_of(tx, dispatch.id), outbox.SENT, now=stores.now(), at_ms=to_ms(at), floating=False)


def _asked_for(world: World, one: dict[str, Any], ref: str) -> int:
    now = world.stores.now()
    due = now + timedelta(hours=one["due"])
    return make(
        world.stores, ref, customers=[world.ids[n] for n in sorted(one["people"])], purpose=one["purpose"], exempt=one["exempt"] and one["purpose"] == "service", carriers=one["carriers"],
        content={"a": (world.piece, 1)}, due_at=due, until_at=due + timedelta(hours=one["lasts"]), priority_fen=one["priority_fen"],
    ).id  # fmt: skip


def _ways(world: World, n: int, one: dict[str, Any]) -> tuple[Way, ...]:
    """By which the person may be reached for this purpose, in the order of the send."""
    person, purpose = world.told[n], CONSENT_FOR[one["purpose"]]
    denied = {on for on in CARRIERS for said_of, said_on, _ in person["said"] if said_of == purpose and said_on in ("", on)}
    staff = {"wecom": "kim" if n % 2 else "lee"}
    return tuple(
        Way(world.account_of[on], on, staff.get(on, ""), on == "wecom", on == "official_account")
        for on in one["carriers"] if on in world.keys[n] and on not in person["lost"] | denied
    )  # fmt: skip


def _before(world: World, past: list[dict[str, Any]]) -> dict[int, list[Message]]:
    """What everybody had been told: of an Official Account it is not known whether it was a mass send, so it counts as one."""
    held: dict[int, list[Message]] = defaultdict(list)
    for place, one in enumerate(past):
        for n in one["people"]:
            if one["carrier"] in world.keys[n]:
                staff = ("kim" if n % 2 else "lee") if one["carrier"] == "wecom" else ""
                at = world.began - one["ago"] * HOUR
                held[world.ids[n]].append(Message(at, one["purpose"], send=-1 - place, account=world.account_of[one["carrier"]], carrier=one["carrier"], staff=staff, mass=True))
    return held


def _judge(world: World, drawn: dict[str, Any], made: list[int], after: int) -> Counter[str]:
    """Go through the log in its order; each decision is what the rules say of all that counted before it."""
    place = {customer: n for n, customer in enumerate(world.ids)}
    one_of, held = dict(zip(made, drawn["sends"], strict=True)), _before(world, drawn["past"])
    seen: Counter[str] = Counter()
    gone: set[tuple[int, int]] = set()
    with world.stores.ledger.read() as tx:
        head = log.head(tx)
    for batch in log.read(world.stores.ledger, after, head, [MESSAGES_DECIDED.name, MESSAGES_CHANGED.name]):
        rows = batch.rows.to_pylist()
        if batch.event == MESSAGES_CHANGED.name:
            gone = {(row["customer_id"], row["send_id"]) for row in rows if row["status"] == "displaced"}
            continue
        for row in rows:
            customer = row["customer_id"]
            mine = frozenset(send for who, send in gone if who == customer)
            told = _decision(world, place[customer], one_of[row["send_id"]], row, tuple(held[customer]), mine)
            held[customer] = [one for one in held[customer] if one.send not in mine] + ([told] if told else [])
            seen[f"{row['verdict']} {row['reason'] or ''}".strip()] += 1
            seen["gave way"] += len(mine)
        gone = set()
    return seen


def _decision(world: World, n: int, one: dict[str, Any], row: dict[str, Any], told: tuple[Message, ...], gone: frozenset[int]) -> Message | None:
    """Judge one decision; the message that counts from now on."""
    due = to_ms(world.stores.now()) + one["due"] * HOUR
    person, declared = world.told[n], one["exempt"] and one["purpose"] == "service"
    asked = Asked(
        world.policy, row["send_id"], one["purpose"], world.policy.is_exempt(declared, one["purpose"]), due, due + one["lasts"] * HOUR, one["priority_fen"], person["zone"] or BRAND, BRAND,
        _ways(world, n, one), told, to_ms(world.stores.now()) + 24 * HOUR if person["complained"] else -EVER,
    )  # fmt: skip
    wanted = decided(asked)
    verdict = "refuse" if wanted.at is None else "allow" if wanted.at == due else "wait"
    assert (row["verdict"], row["at_ms"], row["account_id"], gone) == (
        verdict, due if wanted.at is None else wanted.at, wanted.way.account if wanted.way and wanted.at is not None else None, wanted.gone,
    ), (asked, row)  # fmt: skip
    assert (row["reason"] is None) == (verdict == "allow")
    assert verdict == "allow" or row["reason"] in REASONS
    if verdict == "refuse" or wanted.way is None or wanted.at is None:
        return None
    way = wanted.way
    return Message(wanted.at, one["purpose"], declared, way.floating, row["send_id"], way.account, way.carrier, way.staff, one["priority_fen"], True, way.mass)


@pytest.mark.timeout(PATIENCE)
@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@settings(max_examples=EXAMPLES, deadline=None, derandomize="ALL_CASES" not in os.environ, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large])
@given(drawn=ROUND)
def test_whoever_plans_at_once_nobody_is_told_beyond_a_rule_and_nothing_allowed_is_refused(
    any_stores: Stores, accounts_there: tuple[dict[str, int], dict[str, str], int], planners: Callable[[list[int]], None], drawn: dict[str, Any]
) -> None:
    world = _world(any_stores, accounts_there, drawn)
    number = next(_rounds)
    made = [_asked_for(world, one, f"round {number} {place}") for place, one in enumerate(drawn["sends"])]
    with any_stores.ledger.read() as tx:
        after = log.head(tx)
    planners(made)
    seen = _judge(world, drawn, made, after)
    event(" ".join(sorted(seen)))
    assert sum(count for name, count in seen.items() if name != "gave way") == sum(len(one["people"]) for one in drawn["sends"])
    with any_stores.ledger.read() as tx:
        assert {sends.find(tx, send_id).status for send_id in made} <= {"ready", "over"}


@dataclass(frozen=True)
class Heard:
    """One message that somebody heard, by the carrier's own record."""

    at: int
    customer: int
    send: int
    account: int
    carrier: str
    staff: str
    mass: bool


@dataclass
class Moody:
    """A carrier that refuses people, breaks off, or cannot be had, as it is drawn; it writes down who heard what when."""

    clock: SetClock
    draw: random.Random
    heard: list[Heard]
    chunk: int = 1_000
    idempotent: bool = False
    tries: Counter[int] = field(default_factory=Counter)

    def step(self, content: Content) -> int:
        return 2

    async def send(self, calls: Any, chunk: Chunk, content: Content) -> Outcome:
        self.tries[chunk.dispatch_id] += 1
        mood = self.draw.choices(("well", "refuses", "unknown", "away"), (6, 2, 1, 1 if self.tries[chunk.dispatch_id] < 3 else 0))[0]
        if mood == "unknown":
            return Outcome("unknown", "no_answer")
        if mood == "away":
            return Outcome("unavailable", "503")
        out = {row for row in range(chunk.people.num_rows) if mood == "refuses" and self.draw.random() < 0.5}
        for row, customer in enumerate(chunk.people["customer_id"].to_pylist()):
            if row not in out:
                self.heard.append(Heard(to_ms(self.clock.at), customer, chunk.send_id, chunk.account.id, chunk.account.product, chunk.staff, chunk.people.num_rows > 1))
        parts = [Part("refused", sorted(out), "43004")] if out else []
        return Outcome("sent", others=parts, floating=chunk.account.product == "wecom")

    async def reconcile(self, calls: Any, chunk: Chunk) -> Outcome | None:
        return None


NEWS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 5), st.sampled_from(["promotion", "content", "complaint"])), max_size=4)


@pytest.mark.timeout(PATIENCE)
@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@settings(max_examples=EXAMPLES, deadline=None, derandomize="ALL_CASES" not in os.environ, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large])
@given(drawn=ROUND, news=NEWS, seed=st.integers(0, 2**30))
def test_what_people_hear_in_the_end_breaks_no_rule_and_everybody_who_hears_nothing_has_a_reason(
    any_stores: Stores, clock: SetClock, accounts_there: tuple[dict[str, int], dict[str, str], int], drawn: dict[str, Any], news: list[tuple[int, int, str]], seed: int
) -> None:
    """Carriers refuse, break off and are away; people take consent back and complain meanwhile; who is refused is tried by the next carrier."""
    world, began = _world(any_stores, accounts_there, drawn), clock.at
    number = next(_rounds)
    made = [_asked_for(world, one, f"round {number} {place}") for place, one in enumerate(drawn["sends"])]
    for send_id in made:
        planning.plan(any_stores, send_id)
    heard: list[Heard] = []
    said: dict[tuple[int, str], int] = {}
    moody = Moody(clock, random.Random(seed), heard)
    fail_over = [kind for kind in job_kinds() if kind.name == FAIL_OVER]
    waiting = sorted(news)
    with dispatching(any_stores, dict.fromkeys(CARRIERS, moody)) as dispatcher:
        while (at := _next(any_stores, made)) is not None and at <= began + timedelta(hours=110):
            clock.at = max(clock.at, at)
            while waiting and began + timedelta(hours=waiting[0][0]) <= clock.at:
                _, n, what = waiting.pop(0)
                _happens(world, n, what)
                said[world.ids[n], what] = to_ms(clock.at)
            run(dispatcher)
            Runner(any_stores, fail_over).run_pending()
            run(dispatcher)
            clock.at += timedelta(seconds=3)
    _nobody_too_much(world, drawn, made, heard, said)
    _everybody_has_a_reason(any_stores, made, heard)
    event(f"heard {min(len(heard), 9)}")


def _next(stores: Stores, made: list[int]) -> Any:
    """When something of these sends is due."""
    d = _tables.dispatch
    waits = d.c.send_id.in_(made) & (d.c.status.in_(("planned", "claimed")) | ((d.c.status == "failed") & d.c.next_at.is_not(None)))
    with stores.ledger.read() as tx:
        return tx.scalar(select(func.min(func.coalesce(d.c.next_at, d.c.due_at))).where(waits))


def _happens(world: World, n: int, what: str) -> None:
    stores, customer = world.stores, world.ids[n]
    with stores.ledger.begin() as tx:
        if what == "complaint":
            cooldowns.note(tx, "complaint", {customer: to_ms(stores.now())})
        else:
            consent.record(stores, tx, [Statement(customer, what, "", "withdrawn", stores.now())], Proof("page", "test"))


def _nobody_too_much(world: World, drawn: dict[str, Any], made: list[int], heard: list[Heard], said: dict[tuple[int, str], int]) -> None:
    one_of, place, policy = dict(zip(made, drawn["sends"], strict=True)), {customer: n for n, customer in enumerate(world.ids)}, world.policy
    mine = [one for one in heard if one.send in one_of]
    assert [key for key, times in Counter((one.customer, one.send) for one in mine).items() if times > 1] == []
    began = world.began
    before = _before(world, drawn["past"])
    for number, one in enumerate(mine):
        asked, person = one_of[one.send], world.told[place[one.customer]]
        declared = asked["exempt"] and asked["purpose"] == "service"
        exempt, zone = policy.is_exempt(declared, asked["purpose"]), person["zone"] or BRAND
        assert began + asked["due"] * HOUR <= one.at <= began + (asked["due"] + asked["lasts"]) * HOUR
        earlier = [*before[one.customer]] + [
            Message(each.at, one_of[each.send]["purpose"], one_of[each.send]["exempt"] and one_of[each.send]["purpose"] == "service", False, each.send, each.account, each.carrier, each.staff, mass=each.mass)
            for each in mine[: number + 1] if each.customer == one.customer
        ]  # fmt: skip
        assert CONSENT_FOR[asked["purpose"]] not in {what for (customer, what), at in said.items() if customer == one.customer and at <= one.at}, one
        if not exempt:
            assert not is_quiet(Plain(policy, asked["purpose"], False, one.at, one.at, zone, ()), one.at), one
            assert said.get((one.customer, "complaint"), EVER) > one.at, one
            assert not person["complained"] or one.at >= began + 24 * HOUR, one
        counted = [each for each in earlier if not (each.exempt and each.purpose in policy.exempt.purposes) or policy.exempt.counts]
        for cap in policy.caps if not exempt else ():
            if cap.carrier in (None, one.carrier) and cap.purpose in (None, asked["purpose"]):
                those = [each for each in counted if cap.carrier in (None, each.carrier) and cap.purpose in (None, each.purpose)]
                assert _within(cap, zone, those, one.at) <= (cap.at_most or 0), (cap, one, those)
        for cap in policy.quotas:
            if cap.carrier == one.carrier and (one.carrier != "official_account" or one.mass):
                those = [each for each in earlier if each.account == one.account and (cap.per != "staff" or each.staff == one.staff) and (one.carrier != "official_account" or each.mass)]
                assert _within(cap, BRAND, those, one.at) <= (cap.at_most or 0), (cap, one, those)
        if policy.mix is not None and asked["purpose"] == "promotion" and not exempt:
            near = Counter(each.purpose for each in counted if one.at - policy.mix.days * DAY < each.at <= one.at)
            assert near["promotion"] <= policy.mix.free + policy.mix.promotion_per_value * near["value"], (one, near)


def _within(cap: Any, zone: str, those: list[Message], at: int) -> int:
    """How many there were in the window that ends with this instant, with the one of this instant."""
    if cap.window == "rolling":
        return sum(at - cap.days * DAY < each.at <= at for each in those)
    case = Plain(Policy(), "value", False, at, at, zone, ())
    return sum(name_of(cap, case.zone, each.at) == name_of(cap, case.zone, at) for each in those if each.at <= at)


def _everybody_has_a_reason(stores: Stores, made: list[int], heard: list[Heard]) -> None:
    """Whoever was planned has heard it, or their message says why not; nobody stays behind without an end."""
    m = _tables.message
    with stores.ledger.read() as tx:
        rows = tx.execute(select(m.c.customer_id, m.c.send_id, m.c.status, m.c.status_code, m.c.floating).where(m.c.send_id.in_(made))).all()
    got = {(one.customer, one.send) for one in heard}
    for customer, send_id, status, code, floating in rows:
        name = outbox.STATUSES[status]
        assert name in ("sent", "unknown", "refused", "failed", "released", "displaced") or (name == "attempting" and floating), (customer, send_id, name)
        if name in ("sent", "attempting"):
            assert (customer, send_id) in got
        else:
            assert code in REASONS or code in ("43004", "503", "no_answer"), (name, code)
