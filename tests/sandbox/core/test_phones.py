"""Simulated phones, the clock, and the page on which nothing can hide."""

from __future__ import annotations

from siyu_sandbox.clock import Clock
from siyu_sandbox.phones import Phones
from tests.makers.sandbox import SandboxClient
from tests.makers.sandbox_wecom import make_corp


def test_people_follow_from_the_seed(sandbox: SandboxClient) -> None:
    first = sandbox.post("people", {"count": 5})
    assert [one["id"] for one in first["people"]] == [1, 2, 3, 4, 5]
    sandbox.reset()
    assert sandbox.post("people", {"count": 5}) == first
    sandbox.reset(seed=2)
    assert sandbox.post("people", {"count": 5}) != first


def test_people_may_be_given(sandbox: SandboxClient) -> None:
    wish = {"name": "王小明", "phone": "13900000000", "email": "wang@example.test"}
    number = sandbox.post("people", {"people": [wish]})["first"]
    shown = sandbox.get(f"phones/{number}")
    assert {name: shown[name] for name in wish} == wish
    assert sandbox.get("inboxes/wang@example.test")["id"] == number
    assert sandbox.get("inboxes/13900000000")["id"] == number
    assert sandbox.http.get("/sandbox/inboxes/nobody@example.test").status_code == 404


def test_a_million_phones_cost_nothing_until_looked_at(sandbox: SandboxClient) -> None:
    sandbox.post("people", {"count": 1_000_000})
    page = sandbox.get("phones", after=999_990, limit=50)
    assert page["count"] == 1_000_000
    assert [one["id"] for one in page["phones"]] == list(range(999_991, 1_000_001))
    assert sandbox.get("inboxes/p777777@example.test")["id"] == 777_777
    assert sandbox.http.get("/sandbox/phones/1000001").status_code == 404


def test_the_page_shows_what_phones_received(sandbox: SandboxClient) -> None:
    corp = make_corp(sandbox)
    assert "还没有人来过" in sandbox.http.get("/sandbox/").text
    phone, _ = corp.friend("amy")
    corp.staff("amy", "say", phone=phone, text="<b>你好</b>")
    page = sandbox.http.get("/sandbox/").text
    assert "&lt;b&gt;你好&lt;/b&gt;" in page
    assert "<script" not in page
    one = sandbox.http.get(f"/sandbox/pages/{phone}").text
    assert "amy" in one
    assert 'name="viewport"' in one


def test_the_page_shows_who_got_only_a_broadcast_and_has_pages(sandbox: SandboxClient) -> None:
    corp = make_corp(sandbox, "amy")
    sandbox.post("population", {"corpid": corp.id, "contacts": 500, "staff": 1, "overlap": 0})
    corp.contact("add_msg_template", text={"content": "今日上新"}, sender="amy")
    corp.staff("amy", "confirm_task")
    page = sandbox.http.get("/sandbox/").text
    assert page.count("今日上新") == 60
    assert 'href="?after=60"' in page
    assert sandbox.http.get("/sandbox/", params={"after": 480}).text.count("今日上新") == 20


def test_an_unknown_action_or_code_is_told(sandbox: SandboxClient) -> None:
    sandbox.post("people", {"count": 1})
    assert sandbox.http.post("/sandbox/phones/1/fly", json={}).status_code == 404
    assert sandbox.http.post("/sandbox/phones/1/scan", json={"qr": "https://nowhere"}).status_code == 404


def test_the_clock_is_fast_and_jumps(sandbox: SandboxClient) -> None:
    before = sandbox.now()
    sandbox.advance(days=2)
    assert 0 <= sandbox.now() - before - 2 * 86400 < 60
    sandbox.post("clock", {"speed": 36_000})
    first = sandbox.now()
    while sandbox.now() < first + 3600:
        pass
    sandbox.post("clock", {"speed": 1})
    assert sandbox.get("health")["speed"] == 1


def test_what_is_due_happens_in_order_and_at_its_own_moment() -> None:
    clock, done = Clock(start=0), []
    clock.at(20, lambda: done.append(("second", round(clock.now()))))
    clock.at(
        10,
        lambda: (
            done.append(("first", round(clock.now()))),
            clock.after(50, lambda: done.append(("its child", 60))),
        ),
    )
    clock.at(5000, lambda: done.append(("never", 0)))
    clock.advance(100)
    assert done == [("first", 10), ("second", 20), ("its child", 60)]
    assert 100 <= clock.now() < 110


def test_people_are_part_of_the_truth(sandbox: SandboxClient) -> None:
    sandbox.post("people", {"count": 3})
    assert "people" in sandbox.get("truth")["tables"]
    lines = sandbox.http.get("/sandbox/truth", params={"table": "people"}).text.splitlines()
    assert len(lines) == 3


def test_simulated_people_hear_what_their_phones_receive() -> None:
    phones = Phones(Clock())
    phones.reserve(5)
    heard: list[tuple[list[int], str]] = []
    phones.heard.append(lambda ids, received: heard.append((ids.tolist(), received.kind)))
    phones.deliver(2, "wecom", "ww1", "amy", "welcome", {})
    phones.broadcast([5, 1], "wecom", "ww1", "amy", "moment", {})
    assert heard == [([2], "welcome"), ([1, 5], "moment")]
    assert [len(phones.inbox(number)) for number in range(1, 6)] == [1, 1, 0, 0, 1]
    assert phones.received_count() == 3
