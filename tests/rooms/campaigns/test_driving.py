"""What is due happens by itself, once, in order, also after a crash; limits stop it, and a winner goes to the rest."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from siyu.campaigns import waves
from siyu.campaigns.driving import drive
from siyu.foundation.clock import to_ms
from siyu.foundation.database import metadata
from siyu.foundation.stores import Stores
from siyu.messaging import sends
from tests.conftest import SetClock
from tests.makers.campaigns import (
    Office,
    approved_and_scheduled,
    open_office,
    put_decided,
    put_done,
    put_segment,
    set_send,
    written,
)

TWO = [{"share": 0.1, "wait_hours": 24}, {"share": 0.9}]
AB = [{"name": name, "piece_id": 1, "share": 0.5} for name in "AB"]
LOOSE = {"block_rate": None, "complaint_rate": None, "failure_rate": None}


@pytest.fixture
def office(any_stores: Stores) -> Office:
    return open_office(any_stores)


@pytest.fixture
def small(stores: Stores) -> Office:
    return open_office(stores)


def _scheduled(office: Office, **changed: Any) -> int:
    return approved_and_scheduled(office, written(put_segment(office.stores, range(1, 11)), **{"starts": None, **changed}))


def _drive(office: Office) -> int:
    return drive(office.stores, lambda _: 0)


def _seen(office: Office, made: int) -> dict[str, Any]:
    found: dict[str, Any] = office.ask("ann", "GET", f"/{made}")
    return found


def _sends(office: Office) -> list[sends.Send]:
    with office.stores.ledger.read() as tx:
        return sorted(sends.list_sends(tx, ref_prefix="campaign:"), key=lambda each: each.id)


def _count(office: Office, send_id: int, **counts: int) -> None:
    """Messages of a send by status, as its dispatches keep them."""
    row = {
        "send_id": send_id, "account_id": 1, "carrier": "sms", "staff": "", "variant": "A", "due_at": office.stores.now(), "status": "sent", "fence": 0, "attempt_count": 1,
        "people_count": sum(counts.values()), "people": b"", "counts": counts, "created_at": office.stores.now(),
    }  # fmt: skip
    with office.stores.ledger.begin() as tx:
        tx.execute(metadata.tables["messaging_dispatch"].insert(), [row])


def test_brd_004_a_campaign_starts_at_its_local_time(small: Office, clock: SetClock) -> None:
    """Scheduled for 08:00 in the brand's zone: nothing is due before it, and the send is there ahead so that it can go out on the second."""
    made = _scheduled(small, starts="2026-01-05 08:00")
    eight = datetime(2026, 1, 5, 0, 0, tzinfo=UTC)
    clock.at = eight - waves.LEAD - timedelta(seconds=1)
    assert _drive(small) == 0
    assert _sends(small) == []
    clock.at = eight - waves.LEAD
    _drive(small)
    [send] = _sends(small)
    assert (send.due_at, send.ref, send.until_at) == (eight, f"campaign:{made}:0", eight + timedelta(hours=72))
    assert _seen(small, made)["status"] == "scheduled"
    clock.at = eight
    _drive(small)
    found = _seen(small, made)
    assert (found["status"], found["started_at"]) == ("running", "2026-01-05T00:00:00Z")


def test_waves_follow_each_other_and_share_one_lot(small: Office, clock: SetClock) -> None:
    made = _scheduled(small, waves=TWO)
    begun = clock.at
    _drive(small)
    set_send(small.stores, _sends(small)[0].id, "over")
    clock.at = begun + timedelta(hours=23, minutes=59)
    _drive(small)
    assert [wave["status"] for wave in _seen(small, made)["waves"]] == ["over", "waiting"]
    clock.at = begun + timedelta(hours=24)
    _drive(small)
    first, second = _sends(small)
    assert (first.spec.wave, second.spec.wave) == (sends.Wave(0.0, 0.1), sends.Wave(0.1, 1.0))
    assert first.spec.salt == second.spec.salt
    assert second.due_at == clock.at
    set_send(small.stores, second.id, "over")
    _drive(small)
    done = _seen(small, made)
    assert (done["status"], [wave["status"] for wave in done["waves"]]) == ("over", ["over", "over"])
    assert [each["what"] for each in done["happenings"]][:2] == ["over", "started"]


def test_driving_again_or_after_a_crash_makes_no_second_send(office: Office, clock: SetClock) -> None:
    """Killed between the send and the wave that names it: the next round finds the send by its ref."""
    made = _scheduled(office)
    _drive(office)
    wave = metadata.tables["campaigns_wave"]
    with office.stores.ledger.begin() as tx:
        tx.execute(wave.update().values(status="waiting", send_id=None))
    _drive(office)
    _drive(office)
    assert len(_sends(office)) == 1
    assert _seen(office, made)["waves"][0]["send_id"] == _sends(office)[0].id


def test_two_drivers_at_once_begin_a_wave_once(office: Office, clock: SetClock) -> None:
    made = _scheduled(office, waves=TWO)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: _drive(office), range(4)))
    assert len(_sends(office)) == 1
    assert [wave["status"] for wave in _seen(office, made)["waves"]] == ["running", "waiting"]
    assert [each["what"] for each in _seen(office, made)["happenings"]].count("started") == 1


def test_pause_holds_the_sends_in_the_same_transaction_and_resume_lets_them_go(office: Office, clock: SetClock) -> None:
    made = _scheduled(office, waves=TWO)
    _drive(office)
    send = _sends(office)[0].id
    set_send(office.stores, send, "ready", planned_at=clock.at)
    office.ask("olga", "POST", f"/{made}/pause")
    assert _sends(office)[0].status == "paused"
    clock.at += timedelta(hours=48)
    assert _drive(office) == 0
    assert len(_sends(office)) == 1
    office.ask("olga", "POST", f"/{made}/resume")
    assert _sends(office)[0].status == "ready"
    _drive(office)
    assert len(_sends(office)) == 2
    office.ask("olga", "POST", f"/{made}/cancel", {"note": ""})
    assert [each.status for each in _sends(office)] == ["cancelled", "cancelled"]
    assert _drive(office) == 0


@pytest.mark.parametrize("what", ["block", "complaint"])
def test_a_campaign_stops_itself_when_people_leave_or_complain(small: Office, clock: SetClock, what: str) -> None:
    made = _scheduled(small, waves=[{**TWO[0], "stop_if": {**LOOSE, f"{what}_rate": 0.05, "least_sent": 20}}, TWO[1]])
    _drive(small)
    send, people = _sends(small)[0].id, np.arange(1, 41)
    put_decided(small.stores, send, people, to_ms(clock.at))
    _count(small, send, sent=40)
    name = {"block": "message_blocked", "complaint": "message_complained"}[what]
    put_done(small.stores, people[:2], name, send, to_ms(clock.at))
    _drive(small)
    assert _seen(small, made)["status"] == "running"
    put_done(small.stores, people[2:3], name, send, to_ms(clock.at), first_key=50)
    _drive(small)
    found = _seen(small, made)
    assert (found["status"], found["status_code"]) == ("paused", f"{what}_rate")
    detail = found["happenings"][0]["detail"]
    assert (detail["rate"], detail["limit"], detail["sent"]) == (3 / 40, 0.05, 40)
    assert _sends(small)[0].status == "paused"
    # A person decides to go on: the same limit does not stop it again at once.
    small.ask("olga", "POST", f"/{made}/resume")
    _drive(small)
    assert _seen(small, made)["status"] == "running"


def test_brd_002_refusals_pause_it_and_after_resume_nobody_is_tried_again(small: Office, clock: SetClock) -> None:
    """Two people, the first attempt refused for good: paused after one attempt; resumed, it ends with one delivered."""
    made = _scheduled(small, waves=[{"share": 1, "stop_if": {"failure_rate": 0, "least_sent": 1}}])
    _drive(small)
    send = _sends(small)[0].id
    set_send(small.stores, send, "ready", planned_at=clock.at)
    _count(small, send, refused=1)
    _drive(small)
    found = _seen(small, made)
    assert (found["status"], found["status_code"], found["sent_count"]) == ("paused", "failure_rate", 0)
    small.ask("olga", "POST", f"/{made}/resume")
    _count(small, send, sent=1)
    set_send(small.stores, send, "over")
    _drive(small)
    found = _seen(small, made)
    assert (found["status"], found["sent_count"]) == ("over", 1)
    assert len(_sends(small)) == 1


def _tested(small: Office, clock: SetClock, clicks: dict[str, int], when_unclear: str = "best") -> int:
    made = _scheduled(small, waves=TWO, variants=AB, winner={"metric": "click", "when_unclear": when_unclear})
    _drive(small)
    send, people = _sends(small)[0].id, np.arange(1, 2_001)
    names = np.where(people <= 1_000, "A", "B")
    put_decided(small.stores, send, people, to_ms(clock.at), variant=names)
    for number, (name, count) in enumerate(clicks.items()):
        put_done(small.stores, people[names == name][:count], "link_opened", send, to_ms(clock.at), first_key=1 + 10_000 * number)
    set_send(small.stores, send, "over")
    clock.at += timedelta(hours=24)
    _drive(small)
    return made


def test_the_winner_goes_to_the_rest(small: Office, clock: SetClock) -> None:
    made = _tested(small, clock, {"A": 50, "B": 120})
    found = _seen(small, made)
    assert (found["winner"], found["waves"][1]["variant"]) == ("B", "B")
    assert _sends(small)[1].spec.split == {"B": 1.0}
    assert list(_sends(small)[1].spec.content) == ["B"]
    chosen = next(each for each in found["happenings"] if each["what"] == "winner_chosen")
    assert chosen["detail"]["is_clear"] is True


@pytest.mark.parametrize(("when_unclear", "winner"), [("best", "B"), ("first", "A")])
def test_where_no_variant_is_clearly_better_the_rule_says_what_happens(small: Office, clock: SetClock, when_unclear: str, winner: str) -> None:
    assert _seen(small, _tested(small, clock, {"A": 100, "B": 101}, when_unclear))["winner"] == winner


def test_where_only_a_person_may_decide_it_waits_for_one(small: Office, clock: SetClock) -> None:
    made = _tested(small, clock, {"A": 100, "B": 101}, "hold")
    found = _seen(small, made)
    assert (found["status"], found["status_code"], found["winner"]) == ("paused", "unclear", None)
    assert len(_sends(small)) == 1
    small.ask("olga", "POST", f"/{made}/winner", {"variant": "A"})
    small.ask("olga", "POST", f"/{made}/resume")
    _drive(small)
    assert _sends(small)[1].spec.split == {"A": 1.0}
    small.ask("olga", "POST", f"/{made}/winner", {"variant": "B"}, status=409)


def test_a_send_that_cannot_be_planned_pauses_the_campaign_with_the_reason(small: Office, clock: SetClock) -> None:
    made = _scheduled(small)
    _drive(small)
    set_send(small.stores, _sends(small)[0].id, "failed", status_code="invalid")
    _drive(small)
    found = _seen(small, made)
    assert (found["status"], found["status_code"]) == ("paused", "plan_failed")
    assert found["waves"][0]["status"] == "stopped"


def test_one_campaign_whose_segment_broke_stops_no_other(small: Office, clock: SetClock) -> None:
    broken, sound = _scheduled(small, starts="2026-01-02 08:00"), _scheduled(small, starts="2026-01-02 08:00")
    table = metadata.tables["segments_version"]
    segment = _seen(small, broken)["plan"]["audience"]["include"][0]
    with small.stores.ledger.begin() as tx:
        tx.execute(table.update().where(table.c.segment_id == segment).values(rule={"kind": "no such kind"}))
    clock.at = datetime(2026, 1, 2, 0, 0, tzinfo=UTC)
    _drive(small)
    found = _seen(small, broken)
    assert (found["status"], found["status_code"]) == ("paused", "plan_failed")
    assert found["happenings"][0]["detail"]["faults"][0]["field"] == "audience.include.0"
    assert _seen(small, sound)["status"] == "running"


def test_an_idle_round_asks_the_warehouse_nothing(small: Office, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    _scheduled(small, starts="2026-06-01 08:00")

    def asked(*_: object) -> None:
        raise AssertionError("the warehouse was asked")

    monkeypatch.setattr(type(small.stores.warehouse), "read", asked)
    assert drive(small.stores, asked) == 0  # type: ignore[arg-type]


def test_a_test_send_goes_to_the_people_named_and_is_no_part_of_the_campaign(small: Office, clock: SetClock) -> None:
    made = small.ask("olga", "POST", "", written(put_segment(small.stores, range(1, 11)), variants=AB), 201)["id"]
    table = metadata.tables["identity_customer"]
    with small.stores.ledger.begin() as tx:
        tx.execute(table.insert(), [{"id": 1, "created_at": clock.at}])
    sent = small.ask("olga", "POST", f"/{made}/test", {"customer_ids": [1], "variant": "B"}, 201)
    with small.stores.ledger.read() as tx:
        send = sends.find(tx, sent["send_id"])
    assert (send.spec.audience.customer_ids, list(send.spec.content), send.spec.control_rate, send.exempt) == ((1,), ["B"], 0.0, False)
    assert _seen(small, made)["waves"] == []
    small.ask("olga", "POST", f"/{made}/test", {"customer_ids": [99]}, 404)
    small.ask("olga", "POST", f"/{made}/test", {"customer_ids": [1], "variant": "Z"}, 422)
