"""Callbacks of carriers on bad days and from bad people: each is taken in once or refused, and none holds up another."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from siyu.connectors._wechat.callback import SealedCallback
from siyu.connectors._wechat.crypto import signature
from tests.makers.carriers import AES_KEY, wecom_account
from tests.makers.running import Shop, running_shop
from tests.makers.sandbox import wait_for
from tests.makers.troubles import Teller, added

TOKEN = "callbacktoken"
NOW = int(time.time())


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with running_shop(tmp_path_factory.mktemp("callbacks")) as shop:
        yield shop


def carrier(shop: Shop, corp: str) -> Teller:
    """A connected corp that nobody answers for; all of them have the same token and key."""
    account = wecom_account(shop.stores, corp=corp)
    return Teller(shop, f"{shop.url}/api/v1/callbacks/{account.callback_key}", corp, TOKEN)


def relations(shop: Shop, contact: str) -> list[dict[str, Any]]:
    query = """SELECT r.staff, r.began_at, r.ended_at, r.ended_by FROM carriers_relation r JOIN carriers_contact c ON c.id = r.contact_id
               WHERE c.external_id = :contact ORDER BY r.staff"""
    with shop.stores.ledger.read() as tx:
        return [dict(row._mapping) for row in tx.exec_driver_sql(query, {"contact": contact})]


def waiting(shop: Shop) -> int:
    with shop.stores.ledger.read() as tx:
        return int(tx.exec_driver_sql("SELECT count(*) FROM carriers_inbox WHERE done_at IS NULL").scalar() or 0)


def kept(shop: Shop, where: str = "1 = 1") -> int:
    with shop.stores.ledger.read() as tx:
        return int(tx.exec_driver_sql(f"SELECT count(*) FROM carriers_inbox WHERE {where}").scalar() or 0)


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_a_callback_that_is_played_again_changes_nothing(shop: Shop) -> None:
    told = carrier(shop, "wwreplay")
    query, body = told.sealed(**added("wmOld", NOW - 400 * 86_400))
    assert httpx.post(told.url, params=query, content=body, trust_env=False).status_code == 200
    told.tell(**{**added("wmOld", NOW - 300 * 86_400), "ChangeType": "del_follow_user"})
    wait_for(lambda: relations(shop, "wmOld")[0]["ended_by"] == "customer" if relations(shop, "wmOld") else None)
    before = (kept(shop), relations(shop, "wmOld"))
    again = [httpx.post(told.url, params=query, content=body, trust_env=False).status_code for _ in range(5)]
    assert again == [200] * 5
    time.sleep(0.5)
    assert (kept(shop), relations(shop, "wmOld")) == before


def test_what_is_meant_for_one_account_is_refused_at_the_address_of_another(shop: Shop) -> None:
    """Brands use one token and one key for all their corps: the corp's id inside the sealed text decides."""
    one, other = carrier(shop, "wwone"), carrier(shop, "wwother")
    query, body = one.sealed(**added("wmStray", NOW))
    before = kept(shop)
    assert httpx.post(other.url, params=query, content=body, trust_env=False).status_code == 403
    assert kept(shop) == before
    assert httpx.post(one.url, params=query, content=body, trust_env=False).status_code == 200


@pytest.mark.parametrize("size", [1_048_577, 8 * 1024 * 1024])
def test_huge_bodies_are_refused_without_being_kept(shop: Shop, size: int) -> None:
    told = carrier(shop, f"wwhuge{size}")
    before = kept(shop)
    for content in (b"<xml>" + b"a" * size, (b"a" * 65_536 for _ in range(size // 65_536 + 1))):
        try:
            answer = httpx.post(told.url, content=content, trust_env=False, timeout=20)
        except (httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError):
            continue  # it hung up while we were still writing
        assert answer.status_code in (400, 403, 413)
    assert kept(shop) == before


def test_a_time_that_cannot_be_is_the_time_of_arrival(shop: Shop) -> None:
    """Else somebody who "was added in 2099" could never leave."""
    told, began = carrier(shop, "wwtime"), time.time()
    times = {f"wmTime{n}": at for n, at in enumerate((4_070_908_800, 0, -5, 99_999_999_999_999, "soon", ""))}
    assert {told.tell(**added(contact, at)) for contact, at in times.items()} == {200}
    wait_for(lambda: all(relations(shop, contact) for contact in times))
    years = {str(relations(shop, contact)[0]["began_at"])[:4] for contact in times}
    assert years == {time.strftime("%Y", time.gmtime(began))}
    left = {told.tell(**{**added(contact, int(began) + 60), "ChangeType": "del_follow_user"}) for contact in times}
    assert left == {200}
    wait_for(lambda: all(relations(shop, contact)[0]["ended_by"] == "customer" for contact in times))


def test_one_that_cannot_be_read_holds_up_nobody_and_is_kept(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something unforeseen in one callback: the others of its batch are worked off, and it is shown as one that is not known."""
    from siyu.carriers import inbound

    whole = inbound._change

    def strange(happening: Any) -> Any:
        if happening.contact == "wmPoison":
            raise ValueError("nobody thought of this")
        return whole(happening)

    monkeypatch.setattr(inbound, "_change", strange)
    told, other = carrier(shop, "wwpoison"), carrier(shop, "wwsound")
    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(told.tell, **added("wmPoison" if n == 3 else f"wmNext{n}", NOW + n)) for n in range(8)]
        jobs += [pool.submit(other.tell, **added(f"wmOther{n}", NOW + n)) for n in range(8)]
    assert {job.result() for job in jobs} == {200}
    wait_for(lambda: waiting(shop) == 0, 15)
    assert all(relations(shop, f"wmOther{n}") for n in range(8))
    assert all(relations(shop, f"wmNext{n}") for n in range(8) if n != 3)
    assert kept(shop, "kind = 'unknown'") >= 1


def test_characters_that_no_store_can_hold_are_replaced(shop: Shop) -> None:
    """Mini programs push JSON, with whatever people have written: lone surrogates and NUL among it."""
    told = carrier(shop, "wwodd")
    codec = SealedCallback(TOKEN, AES_KEY, "wwodd", lambda _: [])
    fields = {"ToUserName": "wwodd", "FromUserName": "wang", "MsgType": "text", "CreateTime": NOW, "MsgId": "1", "Content": "\ud83d a\x00b"}
    for number, document in enumerate((fields, {**fields, **added("wmOdd\x00", NOW, "wa\ud83dng"), "MsgType": "event"})):
        envelope = json.loads(codec.seal(json.dumps(document).encode(), timestamp="1", nonce=f"n{number}", form="json"))
        query = {"timestamp": "1", "nonce": f"n{number}", "msg_signature": signature(TOKEN, "1", f"n{number}", envelope["Encrypt"])}
        answer = httpx.post(told.url, params=query, content=json.dumps(envelope), trust_env=False)
        assert answer.status_code == 200, answer.text
    wait_for(lambda: waiting(shop) == 0)


def test_more_than_can_be_written_are_turned_away_and_memory_does_not_grow(shop: Shop) -> None:
    told = carrier(shop, "wwflood")
    inbox = shop.app.state.carriers.inbox
    commits = inbox._commits
    before, commits._limit = commits._limit, 20
    sealed = [told.sealed(**added(f"wmFlood{n}", NOW + n, Remark="x" * 20_000)) for n in range(100)]
    client = httpx.Client(trust_env=False, timeout=60, limits=httpx.Limits(max_connections=64, max_keepalive_connections=0))

    def post(number: int) -> int:
        query, body = sealed[number % len(sealed)]
        while True:
            try:
                return client.post(told.url, params=query, content=body).status_code
            except httpx.TransportError:
                time.sleep(0.05)

    with client, ThreadPoolExecutor(64) as pool:
        with shop.stores.ledger.begin():  # nobody else can write now
            early = [pool.submit(post, number) for number in range(64)]
            wait_for(lambda: sum(job.done() for job in early) >= 20, 20)
            at_first = resident_bytes()
            late = [pool.submit(post, number) for number in range(400)]
            wait_for(lambda: sum(job.done() for job in late) >= 360, 40)
            grown = resident_bytes() - at_first
            statuses = [job.result() for job in (*early, *late) if job.done()]
        assert set(statuses) == {503}
        assert grown < 30_000_000
        commits._limit = before
        assert {job.result() for job in (*early, *late)} == {200, 503}
        # The carrier comes again, and then everything is there once.
        assert set(pool.map(post, range(100))) == {200}
    wait_for(lambda: waiting(shop) == 0, 30)
    assert kept(shop, "account_id = (SELECT id FROM carriers_account WHERE ref = 'wwflood')") == len(sealed)
