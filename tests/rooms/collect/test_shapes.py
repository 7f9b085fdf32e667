"""Shapes that other clients of the same families send: pages, pixels, old versions, encrypted bodies."""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from typing import Any
from urllib.parse import quote

import pytest

from siyu.collect.door import PLACES
from siyu.collect.wire.body import unpack
from siyu.collect.wire.formats import FORMATS, key_in, pick
from siyu.collect.wire.operations import ANONYMOUS, USER, Id, Operation


def only(format: str, body: Any, hint: str = "", wrap: bytes | None = None) -> Operation:
    found = FORMATS[format].read(unpack(wrap if wrap is not None else json.dumps(body).encode()).plain, hint)
    assert found.faults == []
    assert len(found.operations) == 1
    return found.operations[0]


def test_posthog_in_a_page() -> None:
    """Gzip without a header, base64 in a form, the key among the properties, a device's id until the log-in."""
    device = {"event": "$pageview", "properties": {"token": "phc_x", "distinct_id": "dev1", "$device_id": "dev1", "$current_url": "https://shop/x"}, "offset": 1500}
    for wrap in (gzip.compress(json.dumps([device]).encode()), b"compression=base64&data=" + quote(b64encode(json.dumps([device]).encode())).encode()):
        seen = only("posthog", None, wrap=wrap)
        assert (seen.name, seen.ids, seen.told_ms, seen.sent_ms) == ("page_viewed", (Id(ANONYMOUS, "dev1"),), -1500, 0)
        assert key_in(unpack(wrap).plain) == ["phc_x"]
    known = only("posthog", {"api_key": "phc_x", "event": "$identify", "distinct_id": "u1", "uuid": "1", "properties": {"$anon_distinct_id": "dev1", "$set": {"tier": "gold"}}})
    assert {Id(USER, "u1"), Id(ANONYMOUS, "dev1")} <= set(known.ids)
    assert [(change.op, change.values) for change in known.changes] == [("set", {"tier": "gold"})]
    gone = only("posthog", {"event": "$unset", "distinct_id": "u1", "properties": {"$unset": ["tier"]}})
    assert [(change.op, list(change.values)) for change in gone.changes] == [("unset", ["tier"])]


def test_segment_in_a_page() -> None:
    context = {"page": {"url": "https://shop/x", "title": "鞋"}, "campaign": {"name": "双11", "source": "douyin"}, "ip": "1.2.3.4"}
    page = only("segment", {"writeKey": "WK", "type": "page", "anonymousId": "d1", "messageId": "ajs-1", "properties": {"title": "own"}, "context": context}, "page")
    assert page.properties == {"title": "own", "url": "https://shop/x", "utm_campaign": "双11", "utm_source": "douyin"}
    assert only("segment", {"event": "Bought", "userId": 17.0, "timestamp": 1790000000}, "track").ids == (Id(USER, "17"),)
    loose = b'{"batch":[{"type":"track","event":"e","userId":"u","properties":{"price":NaN,"name":"\\ud83d"}}]}'
    assert only("segment", None, wrap=loose).properties == {"price": None, "name": "?"}


def test_sensors_in_apps() -> None:
    told = {"type": "track", "event": "$MPViewScreen", "distinct_id": "u1", "login_id": "u1", "anonymous_id": "dev", "time": 1790000000000, "_track_id": 7, "properties": {}}
    form = b"crc=-12&gzip=1&data_list=" + quote(b64encode(gzip.compress(json.dumps([told]).encode()))).encode()
    seen = only("sensors", None, wrap=form)
    assert (seen.name, set(seen.ids), seen.key) == ("screen_viewed", {Id(USER, "u1"), Id(ANONYMOUS, "dev")}, "7 u1 1790000000000")
    sealed = FORMATS["sensors"].read(json.dumps({"ekey": "x", "pkv": 1, "payloads": "y"}).encode(), "")
    assert [fault.reason for fault in sealed.faults] == ["encrypted"]


@pytest.mark.parametrize("nobody", ["", " ", "null", "undefined", "[object Object]", "Anonymous", 0, None])
def test_what_programs_write_where_they_have_no_id_is_nobody(nobody: object) -> None:
    found = FORMATS["segment"].read(json.dumps({"event": "e", "userId": nobody, "messageId": "m"}).encode(), "track")
    assert [fault.reason for fault in found.faults] == ["no_person"]


def test_one_operation_is_taken_out_of_a_request_by_itself() -> None:
    body = json.dumps({"batch": [{"type": "track", "event": "a", "userId": "u"}, {"type": "dance"}], "sentAt": "2026-01-01T00:00:00Z"}).encode()
    assert json.loads(pick("segment", body, [1])) == {"batch": [{"type": "dance"}], "sentAt": "2026-01-01T00:00:00Z"}
    assert json.loads(pick("sensors", b'[{"type":"a"},{"type":"b"}]', [0])) == [{"type": "a"}]


def test_every_address_of_the_families_is_known() -> None:
    wanted = ("/v1/batch", "/v1/i", "/v1/import", "/v1/pixel/track", "/batch/", "/batch", "/capture/", "/e/", "/i/v0/e/", "/i/v0/ai/batch/", "/decide/", "/flags/", "/sa", "/sa.gif", "/debug")
    assert not [path for path in wanted if path not in PLACES]
