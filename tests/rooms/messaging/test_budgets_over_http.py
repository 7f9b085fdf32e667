"""Weekly budgets in use: proposed by a job from facts, adopted, held by the gate at planning and at the last moment, undone, ended, merged."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import insert, select, update

from siyu.customers import consent
from siyu.customers.consent import Proof, Statement
from siyu.foundation.clock import DAY_MS, to_ms
from siyu.foundation.jobs import Runner
from siyu.foundation.stores import Stores
from siyu.identity.current import current_one
from siyu.identity.merge import merge
from siyu.identity.merge import undo as undo_merge
from siyu.messaging import (
    _budget_tables,
    _tables,
    budget_routes,
    budgets,
    gate,
    holdouts,
    outbox,
    planning,
    rechecking,
)
from siyu.messaging._budget_history import history
from siyu.messaging.budget_tasks import job_kinds
from siyu.rights import holdings
from siyu.rights.people import People
from siyu.river import flow
from tests.conftest import SetClock
from tests.makers.campaigns import put_bought, put_decided
from tests.makers.content import open_desk
from tests.makers.customers import Desk
from tests.makers.messaging import draft, make, people_with, put_messages
from tests.rooms.messaging.test_planning import _account, _people

P = "/api/v1/messaging/budgets"
FIRST, PEOPLE, WEEKS = 1_000_000, 1_500, 6


@pytest.fixture
def desk(any_stores: Stores) -> Desk:
    return open_desk(any_stores, budget_routes.router)


@pytest.fixture
def alone(stores: Stores) -> Desk:
    return open_desk(stores, budget_routes.router)


def _past(stores: Stores) -> dict[str, Any]:
    """Six fortnights of two sends each, a quarter kept back: the first message of a week sells, the second keeps a sale away. Returns the columns."""
    chance = np.random.default_rng(5)
    ids = np.arange(FIRST, FIRST + PEOPLE)
    with stores.ledger.begin() as tx:
        tx.execute(insert(_identity()), [{"id": int(one), "created_at": stores.now()} for one in ids])
    told: dict[str, list[Any]] = {name: [] for name in ("send", "who", "at", "told", "bought")}
    due = stores.now() - timedelta(weeks=2 * WEEKS + 1)
    for turn in range(2 * WEEKS):
        at = to_ms(due + timedelta(days=14 * (turn // 2) + 2 * (turn % 2)))
        send = make(stores, f"past:{turn}", purpose="value", customers=[FIRST], control_rate=0.25)
        kept = chance.random(PEOPLE) < 0.25
        put_decided(stores, send.id, ids, at, control=kept)
        had = np.zeros(PEOPLE, bool) if turn % 2 == 0 else told["told"][-1]
        bought = chance.random(PEOPLE) < np.where(kept, 0.3, np.where(had, 0.1, 0.5))
        # Before the next message of the week, so that a sale belongs to one message.
        put_bought(stores, ids[bought], at + DAY_MS, 10_000, first_key=turn * PEOPLE + 1)
        for name, value in (("send", np.full(PEOPLE, send.id)), ("who", ids), ("at", np.full(PEOPLE, at)), ("told", ~kept), ("bought", bought)):
            told[name].append(value)
    return told


def _identity() -> Any:
    from siyu.foundation.database import metadata

    return metadata.tables["identity_customer"]


def _worked_out(desk: Desk, **terms: Any) -> dict[str, Any]:
    answer = desk.as_("olga").post(P, json={"weeks": 14, **terms})
    assert answer.status_code == 201, answer.text
    assert Runner(desk.stores, job_kinds(flow)).run_pending() == 1
    found: dict[str, Any] = desk.as_("ann").get(f"{P}/{answer.json()['id']}").json()
    return found


def test_it_is_proposed_from_facts_adopted_and_undone_by_who_may_and_written_down(any_stores: Stores, desk: Desk) -> None:
    _past(any_stores)
    made = _worked_out(desk)
    found = made["found"]
    assert (made["status"], found["lacking"]) == ("proposed", [])
    assert (found["top"], found["people"]) == (2, PEOPLE)
    assert found["gain_fen"]["low"] > 0
    assert found["after"][1] > PEOPLE * 0.9
    assert found["messages_after"] < found["messages_before"]
    # The bob of the tests guides, Ann analyses: neither may adopt.
    assert desk.as_("bob").get(P).status_code == 403
    assert desk.as_("ann").post(f"{P}/{made['id']}/adopt", json={}).status_code == 403
    assert desk.as_("ann").post(P, json={}).status_code == 403
    assert desk.as_("olga").post(f"{P}/{made['id']}/undo").status_code == 409
    held = desk.as_("olga").post(f"{P}/{made['id']}/adopt", json={"weeks": 3}).json()
    assert (held["status"], held["is_active"]) == ("adopted", True)
    assert desk.as_("olga").post(f"{P}/{made['id']}/adopt", json={"weeks": 3}).status_code == 409
    assert desk.as_("olga").post(f"{P}/{made['id']}/drop").status_code == 409
    with any_stores.ledger.read() as tx:
        levels = budgets.levels(tx, np.arange(FIRST - 5, FIRST + PEOPLE), any_stores.now()).to_pylist()
        ended = budgets.levels(tx, np.arange(FIRST, FIRST + PEOPLE), any_stores.now() + timedelta(weeks=3))
    # A tenth is told as before; who is not of the base has none.
    counted = Counter(levels[5:])
    assert levels[:5] == [None] * 5
    assert 0.85 * PEOPLE < counted[1] < 0.95 * PEOPLE
    assert ended.null_count == PEOPLE
    assert desk.as_("olga").post(f"{P}/{made['id']}/undo").json()["status"] == "undone"
    with any_stores.ledger.read() as tx:
        assert budgets.levels(tx, np.arange(FIRST, FIRST + PEOPLE), any_stores.now()).null_count == PEOPLE
    assert [action for _, action, _ in desk.audited()] == ["messaging.budgets_asked", "messaging.budgets_adopted", "messaging.budgets_undone"]


def test_what_is_learned_from_is_what_a_plain_count_of_the_past_says(any_stores: Stores) -> None:
    """On both stores: places, arms, outcomes, and how often each place came up."""
    told = _past(any_stores)
    with any_stores.ledger.read() as tx:
        past = history(any_stores, tx, weeks=14, places=3)
    had: Counter[tuple[int, int]] = Counter()
    expected: Counter[tuple[int, bool, float]] = Counter()
    for turn in range(2 * WEEKS):
        for place_of, told_now, bought, after in zip(told["who"][turn], told["told"][turn], told["bought"][turn], told["bought"][turn + 1] if turn % 2 == 0 else np.zeros(PEOPLE), strict=True):
            place = had[int(place_of), turn // 2] if turn % 2 else 0
            expected[place, bool(told_now), float(10_000 * (int(bought) + int(after)))] += 1
            had[int(place_of), turn // 2] += bool(told_now)
    found = Counter(zip(past.draws.place.tolist(), past.draws.told.tolist(), past.draws.outcome.tolist(), strict=True))
    assert found == expected
    assert set(past.draws.chance.tolist()) == {0.75}
    assert past.messages.sum() == sum(each.sum() for each in told["told"])
    assert past.sends == 2 * WEEKS
    assert past.spend_fen == 10_000 * sum(each.sum() for each in told["bought"])


def test_the_product_says_what_is_missing_before_it_proposes_anything(alone: Desk) -> None:
    made = _worked_out(alone)
    assert made["status"] == "lacking"
    assert [one["code"] for one in made["found"]["lacking"]] == ["no_controls"]
    assert alone.as_("olga").post(f"{P}/{made['id']}/adopt", json={}).status_code == 409
    again = _worked_out(alone)
    assert [one["status"] for one in alone.as_("ann").get(P).json()["items"]] == ["lacking", "dropped"]
    wrong = alone.as_("olga").post(P, json={"least": 3, "per_person": 1})
    assert (wrong.status_code, [one["field"] for one in wrong.json()["errors"]]) == (422, ["per_person"])
    assert alone.as_("olga").post(f"{P}/{again['id']}/drop").json()["status"] == "dropped"
    assert alone.as_("ann").get(f"{P}/99").status_code == 404


def _adopt(stores: Stores, levels: dict[int, int], *, compared: tuple[int, ...] = (), weeks: int = 4) -> int:
    """A proposal as its job would have left it, adopted."""
    plan, budget = _budget_tables.plan, _budget_tables.budget
    with stores.ledger.begin() as tx:
        made = budgets.ask(stores, tx, budgets.Asked(), by="test")
        tx.execute(update(plan).where(plan.c.id == made.id).values(status="proposed", found={"lost_fen": 0, "cost_fen": 0}))
        tx.execute(insert(budget), [{"customer_id": one, "plan_id": made.id, "level": level, "arm": int(one in compared)} for one, level in levels.items()])
        return budgets.adopt(stores, tx, made.id, weeks=weeks, by="test").id


def test_whose_budget_is_used_up_is_refused_with_that_reason_and_the_exempt_are_not(any_stores: Stores, clock: SetClock) -> None:
    clock.at = clock.at.replace(hour=4)
    _account(any_stores)
    ids = _people(any_stores, 5)
    first = planning.plan(any_stores, make(any_stores, "a", customers=ids, purpose="value").id)
    assert first.counts["allow"] == 5
    clock.at += timedelta(hours=2)
    _adopt(any_stores, {ids[0]: 1, ids[1]: 0, ids[2]: 2, ids[3]: 1}, compared=(ids[3],))
    second = planning.plan(any_stores, make(any_stores, "b", customers=ids, purpose="value").id)
    assert (second.counts["reasons"], second.counts["allow"]) == ({"budget": 2}, 3)
    receipt = planning.plan(any_stores, make(any_stores, "c", customers=ids, purpose="service", exempt=True).id)
    assert receipt.counts["allow"] == 5
    long = planning.plan(any_stores, make(any_stores, "d", customers=[ids[0]], purpose="value", until_at=any_stores.now() + timedelta(days=9)).id)
    assert (long.counts["waits"], long.counts["wait"]) == ({"budget": 1}, 1)
    with any_stores.ledger.read() as tx:
        [row] = tx.execute(select(_tables.message.c.at_ms).where(_tables.message.c.send_id == long.id)).all()
    assert row.at_ms >= to_ms(clock.at - timedelta(hours=2)) + 7 * DAY_MS


def test_a_budget_never_allows_what_the_policy_does_not(stores: Stores, clock: SetClock) -> None:
    clock.at = clock.at.replace(hour=4)
    _account(stores)
    ids = _people(stores, 3)
    _adopt(stores, {ids[0]: 7, ids[1]: 3})
    allowed = []
    for number in range(5):
        allowed.append(planning.plan(stores, make(stores, f"s{number}", customers=ids, purpose="value").id).counts.get("allow", 0))
        clock.at += timedelta(minutes=10)
    assert allowed == [3, 3, 3, 0, 0]


def test_what_was_planned_before_is_looked_at_again_by_the_budget_at_the_last_moment(stores: Stores, clock: SetClock) -> None:
    clock.at = clock.at.replace(hour=4)
    account = _account(stores)
    ids = _people(stores, 3)
    with stores.ledger.read() as tx:
        from siyu.identity.identifiers import of_customer

        keys = {one: of_customer(stores, tx, one)[0].identity_key for one in ids}
    sent = make(stores, "sent", customers=ids, purpose="value")
    put_messages(stores, sent, [(one, keys[one]) for one in ids], account_id=account)
    table = _tables.message
    with stores.ledger.begin() as tx:
        tx.execute(update(table).where(table.c.send_id == sent.id).values(status=outbox.SENT))
    waiting = planning.plan(stores, make(stores, "waiting", customers=ids, purpose="value", due_at=stores.now() + timedelta(hours=1), until_at=stores.now() + timedelta(hours=3)).id)
    assert waiting.counts["allow"] == 3
    _adopt(stores, {ids[0]: 1, ids[1]: 2})
    clock.at += timedelta(hours=1)
    with stores.ledger.begin() as tx:
        [dispatch] = outbox.list_dispatches(tx, send_id=waiting.id)
        checked = rechecking.recheck(stores, tx, dispatch, outbox.people_of(tx, dispatch.id))
    assert [(code, rows["customer_id"].to_pylist()) for code, rows in checked.refused] == [("budget", [ids[0]])]
    assert sorted(checked.may["customer_id"].to_pylist()) == sorted(ids[1:])


def test_whoever_is_merged_keeps_the_lower_budget_and_gets_the_own_one_back(any_stores: Stores) -> None:
    people = [customer for customer, _ in people_with(any_stores, [{"phone": f"1390000000{n}"} for n in range(6)])]
    one, two, three, four, five, six = people
    _adopt(any_stores, {one: 2, two: 1, three: 1, five: 1, six: 2}, compared=(five,))

    def level(customer: int) -> Any:
        with any_stores.ledger.read() as tx:
            return budgets.levels(tx, np.array([current_one(tx, customer)]), any_stores.now()).to_pylist()[0]

    done = []
    for pair in ((one, two), (four, three), (five, six)):
        with any_stores.ledger.begin() as tx:
            done.append(merge(any_stores, tx, [pair], by="test", beyond_limits=True))
    assert [level(min(pair)) for pair in ((one, two), (three, four), (five, six))] == [1, 1, 2]
    with any_stores.ledger.begin() as tx:
        undo_merge(any_stores, tx, done[0][0], by="test")
    assert [level(one), level(two)] == [2, 1]


def test_whoever_is_erased_has_no_budget_any_more(stores: Stores) -> None:
    one, two = [customer for customer, _ in people_with(stores, [{"phone": "13900000001"}, {"phone": "13900000002"}])]
    _adopt(stores, {one: 1, two: 1})
    with stores.ledger.begin() as tx:
        holdings.remove_rows(tx, People((one,), (), ()))
        assert [row.customer_id for row in tx.execute(select(_budget_tables.budget))] == [two]


def test_budgets_before_hold_again_when_those_that_replaced_them_are_undone(stores: Stores, clock: SetClock) -> None:
    ids = np.array(sorted(customer for customer, _ in people_with(stores, [{"phone": "13900000001"}, {"phone": "13900000002"}])))
    first = _adopt(stores, {int(ids[0]): 1}, weeks=2)
    clock.at += timedelta(days=1)
    second = _adopt(stores, {int(ids[1]): 1}, weeks=4)

    def held() -> list[Any]:
        with stores.ledger.read() as tx:
            return [*budgets.levels(tx, ids, stores.now()).to_pylist(), budgets.find(tx, first).status]

    assert held() == [None, 1, "replaced"]
    with stores.ledger.begin() as tx:
        budgets.undo(stores, tx, second, by="test")
    assert held() == [1, None, "adopted"]
    clock.at += timedelta(days=13)
    assert held() == [None, None, "adopted"]


def test_what_budgets_have_brought_is_read_against_those_told_as_before(stores: Stores, clock: SetClock, alone: Desk) -> None:
    ids = np.arange(FIRST, FIRST + 400)
    compared = tuple(ids[:100].tolist())
    plan = _adopt(stores, dict.fromkeys(ids.tolist(), 1), compared=compared)
    assert alone.as_("ann").get(f"{P}/{plan}/results").json()["profit_fen"] is None
    put_bought(stores, ids, to_ms(clock.at) + DAY_MS, np.where(np.isin(ids, compared), 1_000, 3_000) + ids % 7)
    clock.at += timedelta(days=14)
    found = alone.as_("ann").get(f"{P}/{plan}/results").json()
    assert (found["held_count"], found["compared_count"], found["days"]) == (300, 100, 14)
    assert found["profit_fen"]["point"] == pytest.approx(1_000, rel=0.01)
    assert found["profit_fen"]["low"] > 990
    clock.at += timedelta(days=60)
    assert alone.as_("ann").get(f"{P}/{plan}/results").json()["days"] == 28


def test_the_gate_asked_ahead_says_what_planning_then_decides_and_leaves_no_trace(any_stores: Stores, clock: SetClock) -> None:
    clock.at = clock.at.replace(hour=4)
    _account(any_stores)
    ids = _people(any_stores, 12)
    strangers = [customer for customer, _ in people_with(any_stores, [{"email": "a@example.com"}])]
    planning.plan(any_stores, make(any_stores, "before", customers=ids[:6], purpose="promotion").id)
    with any_stores.ledger.begin() as tx:
        consent.record(any_stores, tx, [Statement(ids[11], "promotion", "", "withdrawn", any_stores.now())], Proof("page", "test"))
        holdouts.draw(any_stores, tx, rate=0.2, days=None, by="test")
    flow(any_stores)
    _adopt(any_stores, {ids[7]: 0})
    clock.at += timedelta(hours=1)
    wanted = draft(any_stores, "ask", customers=[*ids, *strangers], until_at=any_stores.now() + timedelta(days=8), control_rate=0.2, use_global_holdout=True)
    with any_stores.ledger.read() as tx:
        heads = (_count(tx), _count_sends(tx))
    told = gate.ask(any_stores, wanted, [*ids, *strangers])
    with any_stores.ledger.read() as tx:
        assert (_count(tx), _count_sends(tx)) == heads
        assert gate.ask(any_stores, wanted, np.array([*strangers, *ids]), tx=tx).equals(told)
    counts = planning.plan(any_stores, make(any_stores, "ask", customers=[*ids, *strangers], until_at=wanted.until_at, control_rate=0.2, use_global_holdout=True).id).counts
    said = Counter(told["verdict"].to_pylist())
    assert {name: said[name] for name in ("allow", "wait", "refuse")} == {name: counts.get(name, 0) for name in ("allow", "wait", "refuse")}
    by_reason = Counter((row["verdict"], row["reason"]) for row in told.to_pylist() if row["reason"])
    assert {reason: count for (verdict, reason), count in by_reason.items() if verdict == "refuse"} == counts.get("reasons", {})
    assert {reason: count for (verdict, reason), count in by_reason.items() if verdict == "wait"} == counts.get("waits", {})
    with any_stores.ledger.read() as tx:
        planned = dict(tuple(row) for row in tx.execute(select(_tables.message.c.customer_id, _tables.message.c.at_ms).where(_tables.message.c.send_id == _send_id(tx, "ask"))))
    assert planned == {row["customer_id"]: row["at_ms"] for row in told.to_pylist() if row["verdict"] != "refuse"}
    # Who has the message now is not asked about again.
    assert not set(planned) & set(gate.ask(any_stores, wanted, ids)["customer_id"].to_pylist())


def test_two_numbers_of_one_person_are_one_answer_and_nobody_is_no_fault(stores: Stores) -> None:
    _account(stores)
    ids = _people(stores, 2)
    with stores.ledger.begin() as tx:
        merge(stores, tx, [(ids[0], ids[1])], by="test", beyond_limits=True)
    wanted = draft(stores, "x", customers=ids)
    assert gate.ask(stores, wanted, ids)["customer_id"].to_pylist() == [ids[0]]
    empty = gate.ask(stores, wanted, [])
    assert (empty.num_rows, empty.column_names) == (0, list(gate.COLUMNS))


def _count(tx: Any) -> Any:
    from siyu.events import log

    return log.head(tx)


def _count_sends(tx: Any) -> int:
    return len(tx.execute(select(_tables.send.c.id)).all()) + len(tx.execute(select(_tables.message.c.customer_id)).all())


def _send_id(tx: Any, ref: str) -> int:
    return int(tx.scalar(select(_tables.send.c.id).where(_tables.send.c.ref == ref)))


