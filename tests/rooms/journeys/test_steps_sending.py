"""Sends of journeys: asked for once a node and moment, decided by the gate; who is refused goes on with the reason, who waits hears what became of theirs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from siyu.events import log
from siyu.events.catalogue.content import CONTENT_TOUCHED
from siyu.foundation.clock import to_ms
from siyu.foundation.stores import Stores
from siyu.identity.identifiers import primary_keys
from siyu.journeys import enrolments
from siyu.messaging import outbox, sends
from siyu.messaging.sends import Send
from tests.conftest import SetClock
from tests.makers.content import put_piece
from tests.makers.journey_steps import (
    edges,
    enter,
    failed,
    here,
    journey,
    mark,
    pass_to,
    plan_all,
    refused_by_checks,
    remarks,
    settle,
    sms_account,
    ways,
    willing,
)

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
"""12:00 in Shanghai."""
TEXT = {"text": "换季养护,三步就够。", "sms": {"template": "T1"}}


def said(piece: int, **more: Any) -> dict[str, Any]:
    return {"content": {"a": {"piece": piece}}, "carriers": ["sms"], "purpose": "value", **more}


def asked(stores: Stores, journey_id: int) -> list[Send]:
    with stores.ledger.read() as tx:
        return sorted(sends.list_sends(tx, ref_prefix=f"journey:{journey_id}:", limit=200), key=lambda one: one.id)


def test_who_is_refused_goes_on_with_the_reason_kept(stores: Stores, clock: SetClock) -> None:
    # pol-002: a capped person still goes on.
    clock.at = NOON
    sms_account(stores)
    piece = put_piece(stores, TEXT)
    told, silent = willing(stores, 3), willing(stores, 2, first=100, purposes=())
    made = journey(stores, {"n1": ("send", said(piece.id), {"next": "n2"}), "n2": ("end", {}, {})}, priority_fen=70)
    enter(stores, clock, made, [*told, *silent])
    plan_all(stores)
    (send,) = asked(stores, made)
    assert (send.counts["allow"], send.counts["reasons"], send.priority_fen, send.spec.control_rate) == (3, {"no_consent": 2}, 70, 0.0)
    assert send.spec.content == {"a": (piece.id, piece.approved_version)}
    assert edges(stores, made, "n1") == {"next": 5}
    with stores.ledger.read() as tx:
        assert enrolments.states(tx, made) == {"completed": 5}


def test_who_waits_for_their_message_leaves_when_it_has_gone_out_or_was_refused(any_stores: Stores, clock: SetClock) -> None:
    # 23:00 in Shanghai: quiet hours hold the message until 08:00.
    clock.at = NOON.replace(hour=15)
    sms_account(any_stores)
    piece = put_piece(any_stores, TEXT)
    told, silent = willing(any_stores, 2), willing(any_stores, 1, first=100, purposes=())
    made = journey(any_stores, {"n1": ("send", said(piece.id, then="sent"), {"sent": None, "refused": None})})
    enter(any_stores, clock, made, [*told, *silent])
    assert set(here(any_stores, made)) == {*told, *silent}
    pass_to(any_stores, clock, clock.at + timedelta(minutes=1))
    assert ways(any_stores, made, "n1") == {silent[0]: "refused"}
    assert remarks(any_stores, made, "n1") == {silent[0]: "no_consent"}
    clock.at = datetime(2026, 11, 24, 0, 5, tzinfo=UTC)
    (send,) = asked(any_stores, made)
    mark(any_stores, send.id, told[:1], outbox.SENT)
    settle(any_stores, clock)
    assert ways(any_stores, made, "n1") == {silent[0]: "refused", told[0]: "sent"}
    mark(any_stores, send.id, told[1:], outbox.FAILED)
    pass_to(any_stores, clock, clock.at + timedelta(minutes=30))
    # Another way may still be tried as long as the send is open.
    assert told[1] in here(any_stores, made)
    with any_stores.ledger.begin() as tx:
        sends.cancel(any_stores, tx, send.id, by="test")
    pass_to(any_stores, clock, clock.at + timedelta(minutes=30))
    assert ways(any_stores, made, "n1")[told[1]] == "refused"


def test_received_and_time_out(stores: Stores, clock: SetClock) -> None:
    clock.at = NOON
    sms_account(stores)
    piece = put_piece(stores, TEXT)
    told = willing(stores, 3)
    settings = said(piece.id, then="received", timeout={"hours": 5})
    made = journey(stores, {"n1": ("send", settings, {"received": None, "refused": None, "timeout": None})})
    enter(stores, clock, made, told)
    plan_all(stores)
    (send,) = asked(stores, made)
    mark(stores, send.id, told, outbox.SENT)
    mark(stores, send.id, told[:1], outbox.RECEIVED)
    settle(stores, clock)
    assert ways(stores, made, "n1") == {told[0]: "received"}
    pass_to(stores, clock, NOON + timedelta(hours=4, minutes=59))
    assert len(here(stores, made)) == 2
    pass_to(stores, clock, NOON + timedelta(hours=5, minutes=1))
    assert edges(stores, made, "n1") == {"received": 1, "timeout": 2}


def touch(stores: Stores, customer: int, send_id: int, key: int) -> None:
    """The customer opens a tracked link of a send."""
    now = to_ms(stores.now())
    with stores.ledger.begin() as tx:
        identity = primary_keys(tx, [customer])[customer]
        row = {
            "event_key": key, "identity_key": identity, "visitor": 0, "name": "link_opened", "at_ms": now, "link_id": 1, "send_id": send_id, "variant": "a", "sender": "",
            "piece_id": 1, "version": 1, "number": 1, "visit": 0, "seconds": None, "other_visitor": 0,
        }  # fmt: skip
        log.append(tx, CONTENT_TOUCHED, CONTENT_TOUCHED.table({name: [row.get(name)] for name in CONTENT_TOUCHED.schema.names}), now=stores.now())


def test_a_click_counts_on_the_very_message(stores: Stores, clock: SetClock) -> None:
    clock.at = NOON
    sms_account(stores)
    piece = put_piece(stores, TEXT)
    told = willing(stores, 2)
    nodes = {
        "n1": ("send", said(piece.id, then="clicked", timeout={"hours": 5}), {"clicked": "n2", "refused": None, "timeout": "n2"}),
        "n2": ("branch", {"ways": [{"edge": "yes", "when": [{"kind": "clicked", "node": "n1"}]}]}, {"yes": None, "no": None}),
    }  # fmt: skip
    made = journey(stores, nodes)
    enter(stores, clock, made, told)
    plan_all(stores)
    (send,) = asked(stores, made)
    mark(stores, send.id, told, outbox.SENT)
    touch(stores, told[0], send.id, 11)
    touch(stores, told[1], send.id + 77, 12)
    settle(stores, clock)
    assert ways(stores, made, "n1") == {told[0]: "clicked"}
    pass_to(stores, clock, NOON + timedelta(hours=6))
    assert ways(stores, made, "n1") == {told[0]: "clicked", told[1]: "timeout"}
    assert ways(stores, made, "n2") == {told[0]: "yes", told[1]: "no"}


def test_one_send_for_each_time_that_a_window_gives_people(stores: Stores, clock: SetClock) -> None:
    clock.at = NOON.replace(hour=12)
    sms_account(stores)
    piece = put_piece(stores, TEXT)
    told = willing(stores, 3)
    from tests.makers.journey_steps import put_zone

    put_zone(stores, "13800000001", "America/New_York")
    made = journey(stores, {"n1": ("send", said(piece.id, window={"from": "09:00", "to": "18:00"}, valid_hours=300), {"next": None})})
    enter(stores, clock, made, told)
    found = {(one.due_at, one.until_at): one.spec.audience.customer_ids for one in asked(stores, made)}
    tomorrow = datetime(2026, 11, 24, tzinfo=UTC)
    assert found == {
        (tomorrow.replace(hour=1), tomorrow.replace(hour=10)): (told[0], told[2]),
        (NOON.replace(hour=14), NOON.replace(hour=23)): (told[1],),
    }  # fmt: skip


def test_a_piece_that_cannot_be_sent_any_more_stops_people_until_it_is_mended(stores: Stores, clock: SetClock) -> None:
    clock.at = NOON
    sms_account(stores)
    piece = put_piece(stores, TEXT)
    told = willing(stores, 2)
    made = journey(stores, {"n1": ("send", said(piece.id), {"next": None})})
    from siyu.content import pieces
    from tests.makers.content import JUDGE

    with stores.ledger.begin() as tx:
        pieces.change(tx, [piece.id], {"status": "retired"}, JUDGE, stores.now())
    enter(stores, clock, made, told)
    assert failed(stores, made) == dict.fromkeys(told, "piece_not_sendable")
    with stores.ledger.begin() as tx:
        pieces.change(tx, [piece.id], {"status": "approved"}, JUDGE, stores.now())
        assert enrolments.retry(tx, made, now=stores.now()) == 2
    settle(stores, clock)
    assert edges(stores, made, "n1")["next"] == 2


def test_what_is_wrong_with_a_send_is_said_by_its_setting(stores: Stores) -> None:
    draft = put_piece(stores, TEXT, approve=False)
    wrong = refused_by_checks(stores, "send", said(draft.id, split={"b": 1.0}), ["next"])
    assert wrong == {
        "split": "needs a share for each variant, and for no other", "content.a.piece": "“一条素材” has not been approved; have it approved in the library first",
        "carriers": "no account of these carriers is connected; connect one first",
    }  # fmt: skip
    sms_account(stores)
    good = put_piece(stores, TEXT)
    assert refused_by_checks(stores, "send", said(good.id), ["next"]) == {}
    assert set(refused_by_checks(stores, "send", said(good.id + 5, accounts=[9], exempt=True), ["next"])) == {"content.a.piece", "accounts", "exempt"}
    assert set(refused_by_checks(stores, "send", said(good.id, then="clicked", timeout={}), ["clicked", "refused", "timeout"])) == {"timeout"}
    assert set(refused_by_checks(stores, "send", {"content": {}, "carriers": ["sms"]}, ["next"])) == {"content", "split"}
