"""From the journal into the log: each operation once, in order, timed by its own clock, about the right person."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.collect import feeds, journal, quarantine, translate
from siyu.collect.collector import Collector
from siyu.collect.journal import Arrival, Place, Writer
from siyu.collect.rows import happened_ms
from siyu.collect.wire.operations import Operation
from siyu.foundation.clock import to_ms
from siyu.foundation.stores import Stores
from tests.conftest import SetClock
from tests.makers.collect import counts, logged, open_feeds


def tell(stores: Stores, *operations: dict[str, Any], format: str = "segment", feed_id: int = 1, **envelope: Any) -> None:
    """One request into the journal, and from there into the log."""
    body = json.dumps({"batch": list(operations), **envelope} if format != "sensors" else list(operations)).encode()
    name, folder = journal.open_folder(stores.settings.home)
    with stores.ledger.read() as tx:
        place = translate.place_of(tx, name)
    writer = Writer(folder, stores.secrets, place.segment + 1)
    now = to_ms(stores.now())
    writer.append([Arrival(feed_id, format, "", now, body, "" if feed_id else "stranger")], now)
    writer.close()
    while translate.step(stores, name, folder):
        continue


def reasons(stores: Stores) -> list[tuple[str, int]]:
    with stores.ledger.read() as tx:
        return [tuple(row) for row in tx.exec_driver_sql("SELECT reason, operation_count FROM collect_quarantine ORDER BY id")]


def track(number: int, **more: Any) -> dict[str, Any]:
    return {"type": "track", "event": "Seen", "userId": "u1", "messageId": f"m{number}", **more}


def test_an_operation_counts_once_in_a_request_and_over_days(any_stores: Stores, clock: SetClock) -> None:
    open_feeds(any_stores, ("KA", "KB"))
    tell(any_stores, track(1), track(1), track(2))
    clock.at += timedelta(days=6)
    tell(any_stores, track(2), track(3))
    assert logged(any_stores, "activity_recorded").num_rows == 3
    # Another feed has ids of its own, and after eight days nobody sends again.
    tell(any_stores, track(1), feed_id=2)
    assert logged(any_stores, "activity_recorded").num_rows == 4
    clock.at += timedelta(days=20)
    collector = Collector(any_stores)
    collector._forget()
    tell(any_stores, track(1))
    assert logged(any_stores, "activity_recorded").num_rows == 5
    with any_stores.ledger.read() as tx:
        assert [feed.operation_count for feed in feeds.list_feeds(tx)] == [4, 1]


def test_rob_028_what_has_no_id_counts_once_by_its_content(any_stores: Stores) -> None:
    """A profile_increment that arrives twice adds once; the time of flushing and the line of the caller's code differ from try to try."""
    open_feeds(any_stores, ("KA",))
    increment = {"type": "profile_increment", "time": to_ms(any_stores.now()), "distinct_id": "d1", "properties": {"points": 5}}
    for flushed in (1, 2):
        tell(any_stores, {**increment, "_flush_time": to_ms(any_stores.now()) + flushed, "lib": {"$lib_detail": f"line {flushed}"}}, format="sensors")
    tell(any_stores, {**increment, "properties": {"points": 6}}, format="sensors")
    rows = logged(any_stores, "profile_recorded")
    assert rows.select(["path", "number", "op"]).to_pylist() == [{"path": "points", "number": 5.0, "op": "increment"}, {"path": "points", "number": 6.0, "op": "increment"}]


def test_bad_operations_are_set_aside_and_the_good_ones_count(any_stores: Stores) -> None:
    open_feeds(any_stores, ("KA",))
    long_ago = "1999-01-01T00:00:00Z"
    tell(
        any_stores, track(1), {"type": "dance", "userId": "u1"}, track(2, userId="null"), track(3, event=""), track(4, properties={"a": "x" * 40_000}), track(5, timestamp=long_ago),
        track(6, properties={str(n): n for n in range(201)}), track(7, userId=["no"]), 17, track(8, properties={"nul": "a\0b"}),
    )  # fmt: skip
    kept = logged(any_stores, "activity_recorded")
    assert [json.loads(text) for text in kept["properties"].to_pylist()] == [{}, {"nul": "a�b"}]
    assert sorted(reasons(any_stores)) == sorted([("bad_shape", 2), ("unknown_type", 1), ("no_person", 1), ("bad_name", 1), ("too_large", 1), ("too_old", 1), ("too_many_properties", 1)])


def test_what_nobody_sends_for_and_what_is_paused_waits(any_stores: Stores) -> None:
    open_feeds(any_stores, ("KA",))
    with any_stores.ledger.begin() as tx:
        feeds.change_feed(tx, feeds.find_feed(tx, 1), status="paused")
    tell(any_stores, track(1))
    tell(any_stores, {"type": "track", "event": "e", "distinct_id": "d", "time": 1}, format="sensors", feed_id=0)
    assert counts(any_stores) == {"quarantine": 2}
    assert {reason for reason, _ in reasons(any_stores)} == {"feed_paused", "no_feed"}
    with any_stores.ledger.read() as tx:
        sealed = tx.exec_driver_sql("SELECT arrival_sealed FROM collect_quarantine WHERE reason = 'no_feed'").scalar()
    found = quarantine.open_arrival(any_stores.secrets, bytes(sealed))
    assert found is not None
    assert (found.key, json.loads(found.body)[0]["distinct_id"]) == ("stranger", "d")


def test_what_was_unbound_is_cut_after_what_came_before_it(any_stores: Stores) -> None:
    open_feeds(any_stores, ("KA",))
    time = to_ms(any_stores.now())
    bound = {"type": "track_id_bind", "event": "$BindID", "time": time, "distinct_id": "u1", "identities": {"$identity_login_id": "u1", "$identity_mobile": "13800138000"}}
    cut = {**bound, "type": "track_id_unbind", "event": "$UnbindID", "time": time + 1, "distinct_id": "$identity_mobile+13800138000", "identities": {"$identity_mobile": "13800138000"}}
    tell(any_stores, bound, cut, {**bound, "time": time + 2}, format="sensors")
    with any_stores.ledger.read() as tx:
        order = [row[0] for row in tx.exec_driver_sql("SELECT event FROM events_batch ORDER BY position") if row[0] in ("people_seen", "identifiers_cut")]
    assert order == ["people_seen", "identifiers_cut", "people_seen"]
    seen, gone = logged(any_stores, "people_seen"), logged(any_stores, "identifiers_cut").to_pylist()
    phones = {row["identity_key"] for row in seen.to_pylist() if row["namespace"] == "phone"}
    assert {row["identity_key"] for row in gone} == phones
    assert {row["anchor_key"] for row in gone} == {0}


def test_contacts_among_traits_are_identifiers_and_stand_nowhere_in_clear(any_stores: Stores) -> None:
    open_feeds(any_stores, ("KA",))
    traits = {"Mobile": "+86 138-0013-8000", "city": "杭州", "contact": {"E_mail": "A@B.cn", "wechat": "x"}}
    tell(any_stores, {"type": "identify", "userId": "u1", "anonymousId": "d1", "messageId": "i1", "traits": traits})
    assert set(logged(any_stores, "people_seen")["namespace"].to_pylist()) == {"account:app", "anonymous", "phone", "email"}
    assert len(set(logged(any_stores, "people_seen")["anchor_key"].to_pylist())) == 1
    assert logged(any_stores, "profile_recorded")["path"].to_pylist() == ["city", "contact", "contact.wechat"]


@given(st.integers(0, 4 * 10**12), st.none() | st.integers(0, 4 * 10**12))
@settings(max_examples=200, deadline=None)
def test_time_is_put_right_by_the_senders_clock_and_never_lies_ahead(told_ms: int, sent_ms: int | None) -> None:
    received = 1_790_000_000_000
    at = happened_ms(Operation(index=0, wire="track", key="k", ids=(), told_ms=told_ms, sent_ms=sent_ms), received)
    assert at <= received
    if sent_ms is not None and told_ms <= sent_ms:
        assert received - at == sent_ms - told_ms


def test_both_times_are_kept(any_stores: Stores) -> None:
    open_feeds(any_stores, ("KA",))
    now = to_ms(any_stores.now())
    ahead = any_stores.now() + timedelta(days=3)
    tell(any_stores, track(1, timestamp=(ahead - timedelta(seconds=9)).isoformat()), sentAt=ahead.isoformat())
    row = logged(any_stores, "activity_recorded").to_pylist()[0]
    assert (row["at_ms"], row["told_ms"]) == (now - 9000, to_ms(ahead) - 9000)


def test_a_torn_end_is_left_behind_and_nothing_else(stores: Stores) -> None:
    _, folder = journal.open_folder(stores.settings.home)
    for first in (0, 10):
        writer = Writer(folder, stores.secrets)
        for number in range(first, first + 3):
            writer.append([Arrival(1, "segment", "", number, b"{}")], number)
        writer.close()
    path = journal.path_of(folder, 1)
    path.write_bytes(path.read_bytes()[:-3])
    found = list(journal.blocks(folder, stores.secrets, Place(0, 0)))
    assert [one.received_ms for block in found for one in block.arrivals] == [0, 1, 10, 11, 12]
    assert journal.backlog(folder, found[-1].after).waiting_bytes == 0
    assert journal.backlog(folder, Place(0, 0)).oldest_ms == 0
    assert [block.after for block in journal.blocks(folder, stores.secrets, found[0].after)] == [block.after for block in found[1:]]


def test_two_translators_at_once_are_harmless(any_stores: Stores) -> None:
    open_feeds(any_stores, ("KA",))
    name, folder = journal.open_folder(any_stores.settings.home)
    writer = Writer(folder, any_stores.secrets)
    now = to_ms(any_stores.now())
    writer.append([Arrival(1, "segment", "", now, json.dumps({"batch": [track(1), track(2)]}).encode())], now)
    arrivals, after = translate._collect(any_stores, folder, Place(0, 0))
    with any_stores.ledger.read() as tx:
        senders = {feed.id: feed for feed in feeds.list_feeds(tx)}
    assert translate.take(any_stores, arrivals, senders, moving=(name, Place(0, 0), after)) == 2
    before = counts(any_stores)
    # Another process that read the same requests at the same moment.
    assert translate.take(any_stores, arrivals, senders, moving=(name, Place(0, 0), after)) is None
    assert translate.step(any_stores, name, folder) == 0
    assert counts(any_stores) == before
