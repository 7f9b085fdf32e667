"""Names and codes as people read them: the brand in the session, and what the timeline tells."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from siyu.events.recording import Senders, record_activities, record_profiles
from siyu.foundation.brand import set_sample
from siyu.foundation.stores import Stores
from siyu.river import flow
from siyu.team.members import create_first_owner
from tests.makers.door import Door, door_of
from tests.makers.files import csv_bytes, good_rows


def brand(door: Door) -> dict[str, Any]:
    login = {"login": "owner", "password": OWNER["password"]}
    answer = door.client.post("/api/v1/session", json=login, headers={"X-Siyu-Request": "console"})
    assert answer.status_code == 200, answer.text
    named: dict[str, Any] = answer.json()["brand"]
    return named


OWNER: dict[str, str] = {}


def test_the_session_names_the_brand_whose_data_is_shown(stores: Stores) -> None:
    door = door_of(stores)
    made = create_first_owner(stores)
    assert made is not None
    OWNER["password"] = made[1]
    assert brand(door) | {"is_sample": False, "name": stores.settings.brand_name} == brand(door)
    with stores.ledger.begin() as tx:
        set_sample(tx, True)
    assert (brand(door)["name"], brand(door)["is_sample"]) == ("澄山里", True)
    door.bring(csv_bytes(good_rows(1)))
    assert (brand(door)["name"], brand(door)["is_sample"]) == (stores.settings.brand_name, False)


@pytest.fixture
def told(stores: Stores) -> list[dict[str, Any]]:
    """The timeline of somebody with a profile and two activities full of codes."""
    who, now = Senders({"account:shop": pa.array(["u1", "u1"])}), stores.now()
    at_ms = pa.array([1_760_000_000_000, 1_760_000_100_000])
    with stores.ledger.begin() as tx:
        one = Senders({"account:shop": pa.array(["u1"])})
        record_profiles(tx, stores.secrets, one, ids=pa.array(["p"]), at_ms=at_ms[:1], traits=[{"gender": "M", "city": "杭州市", "source": "store_code"}], now=now, dedup_key="p")
        properties = pa.array(['{"carrier": "sms", "purpose": "promotion", "broadcast": "B7"}', '{"how": "live_code", "carrier": "wecom"}'])
        record_activities(
            tx, stores.secrets, who, ids=pa.array(["a", "b"]), at_ms=at_ms, names=pa.array(["message_sent", "contact_added"]),
            properties=properties, now=now, dedup_key="a",
        )  # fmt: skip
    flow(stores)
    items: list[dict[str, Any]] = door_of(stores).client.get("/api/v1/customers/1/timeline").json()["items"]
    return items


def test_the_timeline_has_words_for_codes_in_both_languages(told: list[dict[str, Any]]) -> None:
    said = {language: " ".join(entry["detail"][language] for entry in told if entry["detail"]) for language in ("zh", "en")}
    assert all(word in said["zh"] for word in ("载体：短信", "目的：促销", "载体：企业微信", "方式：扫活码", "性别：男", "城市：杭州市", "来源渠道：门店活码", "群发：B7"))
    assert all(word in said["en"] for word in ("text message", "promotion", "WeCom", "scanned a live code", "gender: male", "broadcast: B7"))
    for code in ("sms", "live_code", "wecom", ": M"):
        assert code not in said["zh"] + said["en"]
