"""神策's mini program SDK, unmodified, under a small `wx`: what it sends is there once; it deletes a batch on any answer, so it gets 200."""

from __future__ import annotations

from collections import Counter

from tests.collect_clients.conftest import House
from tests.collect_clients.driving import drive, looking_at, make_feed, told, until
from tests.makers.collect import logged


def test_what_a_mini_program_sends_is_there_once(house: House) -> None:
    key = make_feed(house.server, "mini")["write_key"]
    assert told(drive("from_miniprogram.mjs", {"url": house.server.url, "key": key, "rounds": 8})) == []
    expected = Counter({"MiniLooked": 8, "MiniOrdered": 1})
    with looking_at(house.server.home) as stores:

        def arrived() -> Counter[str]:
            return Counter(name for name in logged(stores, "activity_recorded")["name"].to_pylist() if name in expected)

        assert until(lambda: arrived() == expected, seconds=15), arrived()
        spaces = {row["namespace"] for row in logged(stores, "people_seen").to_pylist()}
        assert {"anonymous", "unionid", "account:app"} <= spaces
