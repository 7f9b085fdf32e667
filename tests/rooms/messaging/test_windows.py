"""Windows and permits at planning: nobody is planned whom the sender of the carrier would have to refuse."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from siyu.carriers import accounts, openings
from siyu.carriers.accounts import Account
from siyu.connectors.happenings import Happening
from siyu.customers import consent
from siyu.customers.consent import Proof, Statement
from siyu.events import log
from siyu.events.catalogue.carriers import RELATIONS_CHANGED
from siyu.foundation.clock import to_ms
from siyu.foundation.errors import NotFoundError
from siyu.foundation.stores import Stores
from siyu.messaging import outbox, planning, policies, sends
from siyu.messaging.sends import Send
from siyu.river import flow
from tests.makers.content import put_piece
from tests.makers.messaging import draft, make, people_with


def _account(stores: Stores, product: str) -> Account:
    credentials = {"appid": "wx0123456789abcdef", "secret": "s" * 32, "callback_token": "callbacktoken"}
    with stores.ledger.begin() as tx:
        return accounts.connect(stores, tx, product=product, name=product, credentials=credentials, settings={"base_url": "http://127.0.0.1:9", "allow_private": "true"}, by="test")


def _followers(stores: Stores, account: Account, count: int) -> list[int]:
    """Follower n is o<n> there."""
    people = people_with(stores, [{account.namespace: f"o{n}"} for n in range(count)])
    at = to_ms(stores.now())
    same: dict[str, Any] = {"account_id": account.id, "staff": "", "began_ms": at, "began_known": True, "void": False, "found_by": "callback"}
    rows = {"identity_key": [keys[account.namespace] for _, keys in people], **{name: [value] * count for name, value in same.items()}}
    with stores.ledger.begin() as tx:
        log.append(tx, RELATIONS_CHANGED, RELATIONS_CHANGED.table(rows), now=stores.now())
    flow(stores)
    return [customer for customer, _ in people]


def _did(stores: Stores, account: Account, kind: str, who: str, number: int = 0, **detail: Any) -> None:
    with stores.ledger.begin() as tx:
        openings.take_in(stores, tx, [(account, Happening(kind, stores.now(), who, None, detail, f"{kind} {who} {number}"))])


def _planned(stores: Stores, ref: str, piece: int, account: Account, customers: list[int], **changes: Any) -> Send:
    send = make(stores, ref, customers=customers, content={"a": (piece, 1)}, carriers=(account.product,), purpose="service", exempt=True, **changes)
    return planning.plan(stores, send.id)


def test_the_same_words_for_all_are_a_mass_send_that_needs_no_window(stores: Stores) -> None:
    account = _account(stores, "official_account")
    people = _followers(stores, account, 3)
    piece = put_piece(stores, {"text": "双十一"}).id
    assert _planned(stores, "mass", piece, account, people).counts["allow"] == 3
    # One alone is no mass send: the carrier takes lists of two and more.
    assert _planned(stores, "one", piece, account, people[:1]).counts["reasons"] == {"window_closed": 1}


def test_words_of_ones_own_go_only_to_whom_a_window_is_open_as_long_as_it_is(stores: Stores) -> None:
    account = _account(stores, "official_account")
    people = _followers(stores, account, 3)
    piece = put_piece(stores, {"text": "{称呼|朋友},在的"}).id
    _did(stores, account, "message_received", "o1")
    found = _planned(stores, "now", piece, account, people)
    assert (found.counts["allow"], found.counts["reasons"]) == (1, {"window_closed": 2})
    late = stores.now() + timedelta(hours=49)
    assert _planned(stores, "late", piece, account, people, due_at=late, until_at=late + timedelta(days=1)).counts["reasons"] == {"window_closed": 3}


def test_what_other_sends_have_planned_is_not_planned_a_second_time(stores: Stores) -> None:
    account = _account(stores, "official_account")
    people = _followers(stores, account, 2)
    mass, own = put_piece(stores, {"text": "双十一"}).id, put_piece(stores, {"text": "{称呼|朋友}"}).id
    _did(stores, account, "message_received", "o0")
    (key,) = stores.secrets.index(["o0"], f"identifier {account.namespace}")
    with stores.ledger.begin() as tx:
        while openings.open_until(tx, account.id, [key], stores.now())[key][0] != 2:
            openings.use_openings(tx, account.id, [key], stores.now())
    assert _planned(stores, "mass", mass, account, people).counts["allow"] == 2
    for number in range(2):
        assert _planned(stores, f"answer {number}", own, account, people[:1]).counts["allow"] == 1
    assert _planned(stores, "one more", own, account, people[:1]).counts["reasons"] == {"carrier_quota": 1}


def test_four_a_month_are_mass_sends_and_neither_answers_nor_notices_use_them_up(any_stores: Stores) -> None:
    account = _account(any_stores, "official_account")
    people = _followers(any_stores, account, 2)
    mass, own = put_piece(any_stores, {"text": "双十一"}).id, put_piece(any_stores, {"text": "{称呼|朋友}"}).id
    notice = put_piece(any_stores, {"text": "到货了", "notices": {"official_account": {"template_id": "T1", "values": {"thing1": "新茶"}}}}).id
    for who in ("o0", "o1"):
        _did(any_stores, account, "message_received", who)
        _did(any_stores, account, "subscribe_answered", who, template_id="T1", accepted=True)
    for number in range(3):
        assert _planned(any_stores, f"answer {number}", own, account, people).counts["allow"] == 2
    assert _planned(any_stores, "notice", notice, account, people).counts["allow"] == 2
    for number in range(4):
        assert _planned(any_stores, f"mass {number}", mass, account, people).counts["allow"] == 2
    assert _planned(any_stores, "mass 5", mass, account, people).counts["reasons"] == {"carrier_quota": 2}
    assert _planned(any_stores, "answer 4", own, account, people).counts["allow"] == 2
    with any_stores.ledger.read() as tx:
        assert {one.form for one in outbox.list_dispatches(tx)} == {"mass", "answer", "notice:T1"}


@pytest.mark.parametrize("product", ["official_account", "mini_program"])
def test_a_permit_that_a_cheaper_message_holds_goes_to_the_dearer_one(stores: Stores, product: str) -> None:
    account = _account(stores, product)
    people = _followers(stores, account, 2)
    with stores.ledger.begin() as tx:
        consent.record(stores, tx, [Statement(one, "content", "", "granted", stores.now()) for one in people], Proof("page", "test"))
        policies.activate(tx, {"caps": [], "mix": None, "quiet": None, "quotas": []}, over=0, note="", by="test", now=stores.now())
    flow(stores)
    piece = put_piece(stores, {"text": "到货了", "notices": {product: {"template_id": "T1", "values": {"thing1": "新茶"}}}}).id
    _did(stores, account, "subscribe_answered", "o0", template_id="T1", accepted=True)

    def asked(ref: str, worth: int) -> Send:
        send = make(stores, ref, customers=people[:1], content={"a": (piece, 1)}, carriers=(product,), purpose="value", priority_fen=worth)
        return planning.plan(stores, send.id)

    cheap = asked("cheap", 10)
    assert asked("equal", 10).counts["reasons"] == {"carrier_quota": 1}
    dear = asked("dear", 20)
    assert (cheap.counts["allow"], dear.counts["allow"]) == (1, 1)
    with stores.ledger.read() as tx:
        assert [one.counts for one in outbox.list_dispatches(tx)] == [{"displaced": 1}, {"planned": 1}]


@pytest.mark.parametrize("product", ["official_account", "mini_program"])
def test_a_notice_needs_a_permit_of_its_own_template(any_stores: Stores, product: str) -> None:
    account = _account(any_stores, product)
    people = _followers(any_stores, account, 3)
    body = {"text": "到货了", "notices": {product: {"template_id": "T1", "values": {"thing1": "新茶"}}}}
    piece = put_piece(any_stores, body).id
    _did(any_stores, account, "subscribe_answered", "o0", template_id="T1", accepted=True)
    _did(any_stores, account, "subscribe_answered", "o1", template_id="T2", accepted=True)
    _did(any_stores, account, "message_received", "o2")
    asked = draft(any_stores, "dry", customers=people, content={"a": (piece, 1)}, carriers=(product,), purpose="service", exempt=True)
    assert planning.dry_run(any_stores, asked)["reasons"] == {"window_closed": 2}
    found = _planned(any_stores, "notice", piece, account, people)
    assert (found.counts["allow"], found.counts["reasons"]) == (1, {"window_closed": 2})
    assert _planned(any_stores, "again", piece, account, people[:1]).counts["reasons"] == {"carrier_quota": 1}


def test_a_send_whose_version_is_not_there_fails_at_once(stores: Stores) -> None:
    account = _account(stores, "mini_program")
    send = make(stores, "none", customers=_followers(stores, account, 1), content={"a": (99, 1)}, carriers=("mini_program",), purpose="service")
    with pytest.raises(NotFoundError):
        planning.plan(stores, send.id)
    with stores.ledger.read() as tx:
        assert sends.find(tx, send.id).status == "failed"
