"""Whatever bytes come: they are read into operations and faults, or refused in words; never an exception, never an answer above 499."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import zlib
from base64 import b64encode
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.collect_fuzz import _asked, mutated
from siyu.collect.journal import Arrival
from siyu.collect.translate import read
from siyu.collect.wire.body import PLAIN_LIMIT, TooLarge, Unreadable, unpack
from siyu.collect.wire.formats import FORMATS, key_in, pick
from siyu.collect.wire.reasons import REASONS
from tests.makers.collect import counts, open_feeds, recorded
from tests.makers.running import Shop, running_shop

PLAIN = [unpack(one.body or one.path.partition("?")[2].encode()).plain for one in recorded()]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(
        ["batch", "type", "event", "userId", "distinct_id", "properties", "traits", "$set", "identities", "time", "timestamp", "uuid", "messageId", "$identity_login_id"]) | st.text(max_size=5), inner, max_size=6),
    max_leaves=20,
)  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with running_shop(tmp_path_factory.mktemp("hostile")) as running:
        open_feeds(running.stores)
        yield running


def assert_read(plain: bytes) -> None:
    for name in FORMATS:
        found = FORMATS[name].read(plain, "track")
        assert {fault.reason for fault in found.faults} <= set(REASONS)
        indexes = {one.index for one in found.operations} & {fault.index for fault in found.faults}
        assert not indexes
        pick(name, plain, [0]) if not any(fault.index is None for fault in found.faults) else None
    assert isinstance(key_in(plain), list)


@given(JSON)
@settings(max_examples=120, deadline=None)
def test_any_json_is_read_or_refused_in_words(value: object) -> None:
    assert_read(json.dumps(value).encode())


@given(st.sampled_from(PLAIN), st.integers(0, 10_000), st.binary(max_size=12))
@settings(max_examples=150, deadline=None)
def test_any_damage_to_a_real_request_is_read_or_refused_in_words(plain: bytes, at: int, noise: bytes) -> None:
    at %= max(1, len(plain))
    assert_read(plain[:at] + noise + plain[at + len(noise) :])


@given(st.binary(max_size=300), st.sampled_from(["", "gzip", "deflate"]))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_unpacked_or_refused(raw: bytes, coding: str) -> None:
    for body in (raw, gzip.compress(raw)[:-3], b"data=" + b64encode(raw), b"\x1f\x8b" + raw):
        try:
            unpack(body, coding)
        except (TooLarge, Unreadable):
            continue


@pytest.mark.parametrize("layers", [1, 2])
def test_a_bomb_is_refused_before_it_takes_memory(layers: int) -> None:
    bomb = gzip.compress(b"0" * (PLAIN_LIMIT + 1), 1)
    body = bomb if layers == 1 else b"gzip=1&data=" + b64encode(bomb).replace(b"+", b"%2B")
    with pytest.raises(TooLarge):
        unpack(body)


def test_deep_nesting_and_odd_numbers_are_no_trouble() -> None:
    for odd in (b"[" * 100_000, b'{"batch":' * 2000, b'{"batch":[{"type":"track","event":"e","userId":1e999}]}', b'{"event":"e","distinct_id":123456789012345678901234567890}'):
        assert_read(odd)
        assert read(Arrival(1, "segment", "", 0, odd)).operations == []


def test_mutated_requests_get_no_answer_above_499(shop: Shop) -> None:
    draw, sources = random.Random(3), [(one.method, one.path, one.sent_headers(), one.body) for one in recorded()]

    async def ask() -> set[int]:
        return set(await asyncio.gather(*(_asked(shop.app, *mutated(draw, sources)) for _ in range(150))))

    assert max(asyncio.run(ask())) < 500
    shop.app.state.collector.drain()
    assert counts(shop.stores)["quarantine"] > 0


def test_answers_say_what_is_wrong(shop: Shop) -> None:
    url, gone = shop.url, httpx.Client(trust_env=False)
    with gone:
        assert gone.post(f"{url}/v1/track", json={"writeKey": "nobody", "event": "e", "userId": "u"}).status_code == 401
        assert gone.post(f"{url}/sa?project=nobody", content=b'{"type":"track","event":"e","distinct_id":"d","time":1795390850419}').status_code == 200
        assert gone.post(f"{url}/v1/batch", content=gzip.compress(b"0" * (PLAIN_LIMIT + 1)), headers={"Authorization": "Basic V0s6"}).status_code == 413
        assert gone.post(f"{url}/v1/batch", content=zlib.compress(b'{"batch":[]}'), headers={"Authorization": "Basic V0s6", "Content-Encoding": "deflate"}).status_code == 200
        assert gone.delete(f"{url}/v1/batch").status_code == 405
        pixel = gone.get(f"{url}/sa.gif", params={"project": "default", "data": b64encode(PLAIN[5]).decode()}, headers={"Origin": "https://shop.example"})
        assert (pixel.status_code, pixel.headers["content-type"], pixel.headers["access-control-allow-origin"]) == (200, "image/gif", "https://shop.example")
        assert pixel.content[:6] == b"GIF89a"
        asked = {"Origin": "https://shop.example", "Access-Control-Request-Headers": "authorization"}
        assert gone.options(f"{url}/v1/batch", headers=asked).headers["access-control-allow-headers"] == "authorization"
    shop.app.state.collector.drain()
    with shop.stores.ledger.read() as tx:
        kept = tx.exec_driver_sql("SELECT count(*) FROM collect_quarantine WHERE reason = 'no_feed'").scalar()
    assert kept >= 1
