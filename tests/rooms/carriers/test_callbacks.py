"""What a carrier tells: taken in once, whatever copies and order; nothing of a wrong sender; never a traceback."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from siyu.carriers import inbound, words
from siyu.connectors._wechat.callback import SealedCallback
from siyu.connectors._wechat.crypto import signature
from siyu.connectors._wechat.xml import build
from siyu.connectors.happenings import KINDS
from siyu.river import flow
from tests.makers.carriers import AES_KEY, wecom_account
from tests.makers.cases import cases
from tests.makers.running import Shop, running_shop

CORP = "ww0123456789abcdef"
NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)


class Carrier:
    """WeCom's side: seals and signs what it tells."""

    def __init__(self, shop: Shop) -> None:
        self.account = wecom_account(shop.stores, corp=CORP)
        self.url = f"{shop.url}/api/v1/callbacks/{self.account.callback_key}"
        self._codec = SealedCallback("callbacktoken", AES_KEY, CORP, lambda _: [])

    def sealed(self, **fields: Any) -> tuple[dict[str, str], bytes]:
        """Query and body of a callback with these fields."""
        body = self._codec.seal(build({"ToUserName": CORP, "FromUserName": "sys", "MsgType": "event", **fields}), timestamp="1790000000", nonce="n")
        encrypted = body.decode().split("<Encrypt>")[1].split("</Encrypt>")[0].removeprefix("<![CDATA[").removesuffix("]]>")
        return {"msg_signature": signature("callbacktoken", "1790000000", "n", encrypted), "timestamp": "1790000000", "nonce": "n"}, body

    def tell(self, **fields: Any) -> int:
        query, body = self.sealed(**fields)
        return httpx.post(self.url, params=query, content=body, trust_env=False).status_code


def contact(change: str, who: str, minutes: int, **more: Any) -> dict[str, Any]:
    at = int((NOW + timedelta(minutes=minutes)).timestamp())
    return {"Event": "change_external_contact", "ChangeType": change, "UserID": "wang", "ExternalUserID": who, "CreateTime": at, **more}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder: Path = tmp_path_factory.mktemp("home")
    with running_shop(folder) as shop:
        yield shop


@pytest.fixture(scope="module")
def carrier(shop: Shop) -> Carrier:
    return Carrier(shop)


def count(shop: Shop, table: str, where: str = "1 = 1") -> int:
    with shop.stores.ledger.read() as tx:
        return int(tx.scalar(text(f"SELECT count(*) FROM {table} WHERE {where}")) or 0)


def spells(shop: Shop) -> list[tuple[Any, ...]]:
    while inbound.take_in(shop.stores):
        pass
    with shop.stores.ledger.read() as tx:
        query = "SELECT external_id, staff, state, ended_by FROM carriers_relation JOIN carriers_contact c ON c.id = contact_id ORDER BY external_id"
        return [tuple(row) for row in tx.execute(text(query))]


def test_the_address_proves_itself_and_only_to_its_carrier(shop: Shop, carrier: Carrier) -> None:
    encrypted = carrier._codec._cipher.encrypt(b"hello")
    query = {"msg_signature": signature("callbacktoken", "1", "n", encrypted), "timestamp": "1", "nonce": "n", "echostr": encrypted}
    assert httpx.get(carrier.url, params=query, trust_env=False).text == "hello"
    assert httpx.get(carrier.url, params={**query, "msg_signature": "0" * 40}, trust_env=False).status_code == 403
    assert httpx.get(f"{shop.url}/api/v1/callbacks/nobody", params=query, trust_env=False).status_code == 404


def test_copies_in_any_order_make_one_relation_each(shop: Shop, carrier: Carrier) -> None:
    told = [contact("add_external_contact", f"wmCopy{n}", n, State="poster") for n in range(8)]
    told += [contact("del_follow_user", f"wmCopy{n}", n + 20) for n in range(0, 8, 2)]
    told += [contact("del_external_contact", "wmCopy1", 30, Source="DELETE_BY_TRANSFER"), contact("del_external_contact", "wmCopy3", 31)]
    copies = told * 3
    random.Random(3).shuffle(copies)
    before = count(shop, "carriers_inbox")
    assert {carrier.tell(**fields) for fields in copies} == {200}
    assert count(shop, "carriers_inbox") - before == len(told)
    ended = {0: "customer", 1: "transfer", 2: "customer", 3: "staff", 4: "customer", 6: "customer"}
    found = [row for row in spells(shop) if row[0].startswith("wmCopy")]
    assert found == [(f"wmCopy{n}", "wang", "poster", ended.get(n)) for n in range(8)]


def test_relations_reach_the_warehouse_and_the_timeline(shop: Shop, carrier: Carrier) -> None:
    carrier.tell(**contact("add_external_contact", "wmRiver", 40, State="shelf"))
    spells(shop)
    flow(shop.stores)
    with shop.stores.warehouse.read() as session:
        relation = shop.stores.warehouse.tables["carriers_relation"]
        rows = session.query(relation.filter(relation.state == "shelf")).to_pylist()
    assert [(row["staff"], row["ended_ms"], row["void"]) for row in rows] == [("wang", None, False)]
    entries = shop.api("GET", f"/customers/{rows[0]['customer_id']}/timeline")["items"]
    # The source by which they came may stand beside it.
    assert "加为好友" in {entry["title"]["zh"] for entry in entries[:2]}


def test_what_nobody_knows_yet_is_kept(shop: Shop, carrier: Carrier) -> None:
    assert carrier.tell(Event="brand_new_thing", CreateTime=1_790_000_100, Colour="蓝") == 200
    assert count(shop, "carriers_inbox", "kind = 'unknown'") == 1
    spells(shop)
    assert count(shop, "events_batch", "event = 'carrier_reported'") >= 1


def test_a_wrong_signature_touches_nothing(shop: Shop, carrier: Carrier) -> None:
    query, body = carrier.sealed(**contact("add_external_contact", "wmForged", 50))
    before = count(shop, "carriers_inbox")
    for forged in ({**query, "msg_signature": "f" * 40}, {**query, "nonce": "other"}, {}):
        assert httpx.post(carrier.url, params=forged, content=body, trust_env=False).status_code == 403
    assert count(shop, "carriers_inbox") == before


BOMB = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><xml><Encrypt>&b;</Encrypt></xml>'


@pytest.mark.parametrize("body", [b"", b"<xml>", BOMB, b"<xml>" * 5000, b"\xff\xfe\x00", b"{}", b'{"Encrypt": 5}', b"<xml><Encrypt></Encrypt></xml>"])
def test_rubbish_is_refused_in_words(shop: Shop, carrier: Carrier, body: bytes) -> None:
    answer = httpx.post(carrier.url, params={"msg_signature": "0" * 40, "timestamp": "1", "nonce": "n"}, content=body, trust_env=False)
    assert answer.status_code in (400, 403)
    assert answer.headers["content-type"] == "application/problem+json"


@settings(max_examples=cases(60, 1000), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mutated_callbacks_never_get_in_and_never_break_anything(shop: Shop, carrier: Carrier, data: st.DataObject) -> None:
    query, body = carrier.sealed(**contact("add_external_contact", "wmMutant", 60))
    at = data.draw(st.integers(0, len(body) - 1))
    mutated = body[:at] + data.draw(st.binary(max_size=4)) + body[at + data.draw(st.integers(0, 3)) :]
    answer = httpx.post(carrier.url, params=query, content=mutated, trust_env=False)
    assert answer.status_code in (200, 400, 403)
    # What lies outside the encrypted text is not signed and carries nothing: changing it changes nothing.
    assert answer.status_code == 200 or b"wmMutant" not in answer.content


def test_every_kind_that_a_carrier_can_tell_has_words() -> None:
    assert sorted(KINDS - set(words.KINDS)) == []
