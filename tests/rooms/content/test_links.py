"""Tracked links and articles as a reader meets them: led on, counted as far as they allow, and left alone when they say so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from siyu.content import _tables, files, links, radar, radar_routes, visitors
from siyu.content import page_routes as content_pages
from siyu.content.door import LinkDoor
from siyu.content.facts import CONTENT_TOUCH
from siyu.content.touches import Touches
from siyu.customers import consent
from siyu.customers.consent import Proof, Statement
from siyu.customers.facts import CUSTOMERS_ACTIVITY, CUSTOMERS_PROPERTY
from siyu.events import log
from siyu.events.catalogue.identity import IDENTIFIERS_LINKED
from siyu.foundation.secrets import Secrets
from siyu.foundation.stores import Stores
from siyu.identity.merge import merge
from siyu.rights import holdings
from siyu.rights.people import find_people
from siyu.river import flow
from siyu.team import tokens
from siyu.team.audit import SYSTEM
from siyu.web.application import build_application
from tests.makers.content import put_piece
from tests.makers.customers import TestClient, put_identifier

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 MicroMessenger/8.0.60"
SHOP = "https://shop.example.cn/spring?a=1&b=2"
ARTICLE = {"title": "怎么护手", "html": f'<p>{{称呼|你}}好,先看<a href="{SHOP}">这里</a>。</p><script>alert(1)</script>', "url": "https://shop.example.cn/hand"}
ALICE, BOB, CAROL = 1, 2, 3


class House:
    """The customers' doors, and browsers before them."""

    def __init__(self, stores: Stores) -> None:
        self.stores = stores
        self.app = build_application(stores, [radar_routes.router], title="Siyu", version="0.0.test", pages=(content_pages.router,))
        self.app.state.touches = Touches(stores)
        self.app.state.carriers = None
        self.app.add_middleware(LinkDoor, touches=self.app.state.touches)
        self.app.state.touches.start()
        people(stores, [ALICE, BOB, CAROL])
        agree(stores, [ALICE, BOB])

    def browser(self, agent: str = PHONE) -> TestClient:
        return TestClient(self.app, base_url="http://localhost", headers={"user-agent": agent, "accept-language": "zh"}, follow_redirects=False)

    def send(self, body: dict[str, Any], kind: str = "link", send_id: int = 7, sender: str = "") -> links.Links:
        piece = put_piece(self.stores, body, kind=kind)
        self.piece = piece.id
        with self.stores.ledger.begin() as tx:
            made = links.prepare(tx, piece.id, 1, send_id=send_id, sender=sender, now=self.stores.now())
        assert made is not None
        return made

    def paths(self, made: links.Links, number: int = 1, *customers: int, carrier: Any = "email") -> list[str]:
        shown = links.shown_to(self.stores, made, number, customers or (ALICE,), carrier)
        return ["/" + one.split("/", 3)[3] for one in shown]

    def touches(self) -> list[dict[str, Any]]:
        flow(self.stores)
        with self.stores.warehouse.read() as session:
            rows = session.query(CONTENT_TOUCH.table.order_by(["at_ms", "name"])).to_pylist()
        return [{name: row[name] for name in ("customer_id", "name", "number", "seconds")} for row in rows]

    def radar(self) -> radar.Reading:
        flow(self.stores)
        with self.stores.ledger.read() as tx, self.stores.warehouse.read() as session:
            return radar.readings(tx, session, self.piece)[0]


def people(stores: Stores, numbers: list[int]) -> None:
    """Members m1, m2 …, each a customer of that number."""
    for number in numbers:
        put_identifier(stores, number, "member", f"m{number}")
    keys = stores.secrets.index([f"m{number}" for number in numbers], "identifier member")
    with stores.ledger.begin() as tx:
        log.append(tx, IDENTIFIERS_LINKED, IDENTIFIERS_LINKED.table({"identity_key": keys, "customer_id": numbers, "seen_ms": [1] * len(numbers)}), now=stores.now())


def agree(stores: Stores, numbers: list[int], state: Any = "granted") -> None:
    with stores.ledger.begin() as tx:
        consent.record(stores, tx, [Statement(number, "profiling", "", state, stores.now()) for number in numbers], Proof("page", "test"))


@pytest.fixture
def house(stores: Stores) -> Iterator[House]:
    made = House(stores)
    yield made
    made.app.state.touches.stop()


def test_a_link_leads_where_the_piece_says_and_is_an_activity_of_who_opened_it(house: House) -> None:
    made = house.send({"title": "春装", "url": SHOP})
    (path,) = house.paths(made)
    answer = house.browser().get(path)
    assert (answer.status_code, answer.headers["location"]) == (302, SHOP)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert house.touches() == [{"customer_id": ALICE, "name": "link_opened", "number": 1, "seconds": None}]
    with house.stores.warehouse.read() as session:
        acts = session.query(CUSTOMERS_ACTIVITY.table).to_pylist()
        said = {row["path"]: row["text"] for row in session.query(CUSTOMERS_PROPERTY.table).to_pylist()}
    assert [(row["customer_id"], row["name"]) for row in acts] == [(ALICE, "link_opened")]
    assert said == {"send": "7", "piece": str(house.piece), "version": "1", "link": "1"}


def test_a_token_for_a_text_message_has_sixteen_characters(house: House) -> None:
    made = house.send({"title": "春装", "url": SHOP, "text": "看看"})
    assert [len(path) for path in house.paths(made, 1, ALICE, BOB, carrier="sms")] == [19, 19]
    assert house.browser().get(house.paths(made, 1, BOB, carrier="sms")[0]).headers["location"] == SHOP


def test_no_token_no_address(house: House) -> None:
    made = house.send({"title": "春装", "url": SHOP})
    (path,) = house.paths(made)
    for wrong in (path[:-1] + ("A" if path[-1] != "A" else "B"), path + "x", "/l/https://evil.example", "/l/" + "A" * 16, "/l/" + "A" * 22, path + "?url=https://evil.example"):
        answer = house.browser().get(wrong)
        assert answer.headers.get("location") in ((SHOP,) if wrong.startswith(path + "?") else (None,))
        assert answer.status_code == (302 if wrong.startswith(path + "?") else 404)


PROGRAMS: list[tuple[str, str, dict[str, str]]] = [
    ("HEAD", PHONE, {}), ("GET", "facebookexternalhit/1.1", {}), ("GET", "", {}), ("GET", "python-requests/2.32", {}), ("GET", PHONE, {"Sec-Purpose": "prefetch;prerender"}),
    ("GET", PHONE, {"X-Purpose": "preview"}), ("GET", "Mozilla/5.0 (compatible; bingbot/2.0)", {}),
]  # fmt: skip


def test_programs_are_led_on_and_not_counted(house: House) -> None:
    made = house.send({"title": "春装", "url": SHOP})
    (path,) = house.paths(made)
    for method, agent, headers in PROGRAMS:
        assert house.browser(agent).request(method, path, headers=headers).headers["location"] == SHOP
    assert house.touches() == []


def test_an_article_is_small_has_no_script_of_its_writer_and_names_nobody(house: House) -> None:
    made = house.send(ARTICLE, "article")
    (path,) = house.paths(made, 0)
    assert path.startswith("/a/")
    answer = house.browser().get(path)
    assert answer.status_code == 200
    assert len(answer.content) < 50_000
    assert "alert" not in answer.text
    assert "你好" in answer.text
    assert re.findall(r"<script[^>]*>", answer.text) == ['<script src="/a/read.js" defer>']
    assert SHOP not in answer.text
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    inside = re.search(r'<a href="(/l/[^"]+)"', answer.text)
    assert inside is not None
    assert house.browser().get(inside[1]).headers["location"] == SHOP


def seen(browser: TestClient, path: str, page: str, seconds: int, part: int = 0) -> int:
    visit = re.search(r'data-visit="(\d+)"', page)
    assert visit is not None
    return browser.post(f"{path}/seen", data={"visit": visit[1], "part": str(part), "seconds": str(seconds)}).status_code


def test_how_long_it_was_read_adds_up_and_a_repeat_counts_once(house: House) -> None:
    made, browser = house.send(ARTICLE, "article"), house.browser()
    (path,) = house.paths(made, 0)
    page = browser.get(path).text
    assert [seen(browser, path, page, 12), seen(browser, path, page, 12), seen(browser, path, page, 30, part=1)] == [204, 204, 204]
    got = house.radar()
    assert (got.opened, got.people, got.visitors, got.read_count, got.seconds, got.median_seconds) == (1, 1, 0, 1, 42, 42.0)


def test_who_passed_it_on_to_whom(house: House) -> None:
    made = house.send(ARTICLE, "article")
    (path,) = house.paths(made, 0)
    alice, friend, third = house.browser(), house.browser(), house.browser()
    alice.get(path)
    own = re.search(r'data-own="([^"]+)"', (page := friend.get(path).text))
    assert own is not None
    assert house.radar().shared_to == 0, "one opening without its number shown again is no share yet"
    seen(friend, path, page, 5)
    theirs = f"/a/{own[1]}"
    assert theirs != path
    seen(third, theirs, third.get(theirs).text, 8)
    got = house.radar()
    assert (got.people, got.visitors, got.sharers, got.shared_to) == (1, 2, 2, 2)
    with house.stores.warehouse.read() as session:
        edges = radar.chain(session, house.piece)
    first, second = sorted(edges, key=lambda one: -one.from_customer)
    assert (first.from_customer, second.from_customer) == (ALICE, 0)
    assert first.to_visitor == second.from_visitor
    with house.stores.warehouse.read() as session:
        shared = session.query(CUSTOMERS_ACTIVITY.table.filter(CUSTOMERS_ACTIVITY.table.name == "content_shared")).to_pylist()
    assert [row["customer_id"] for row in shared] == [ALICE]


def test_without_consent_an_opening_is_a_number_and_nobody(house: House) -> None:
    made = house.send({"title": "春装", "url": SHOP})
    answer = house.browser().get(house.paths(made, 1, CAROL)[0])
    assert answer.headers["location"] == SHOP
    assert "set-cookie" not in answer.headers
    assert house.touches() == []
    got = house.radar()
    assert (got.opened, got.people, got.visitors, got.counted) == (1, 0, 0, 1)
    agree(house.stores, [ALICE], "withdrawn")
    house.browser().get(house.paths(made, 1, ALICE)[0])
    assert house.touches() == []


def test_one_click_and_nothing_is_recorded_any_more_while_links_go_on_working(house: House) -> None:
    made, browser = house.send(ARTICLE, "article"), house.browser()
    (path,) = house.paths(made, 0)
    token = path.removeprefix("/a/")
    page = browser.get(path).text
    before = house.touches()
    assert f'action="/l/{token}/stop"' in page
    assert "已停止记录" in browser.post(f"/l/{token}/stop").text
    assert "没有记录你的阅读" in browser.get(path).text
    seen(browser, path, page, 9)
    other = house.browser()
    assert other.get(path).status_code == 200, "another browser of the same person"
    assert other.get(house.paths(made, 2)[0]).headers["location"] == SHOP
    assert house.touches() == before
    assert house.radar().counted == 0
    browser.post(f"/l/{token}/track")
    browser.get(path)
    assert len(house.touches()) == len(before) + 1


def test_a_stranger_who_says_no_is_left_alone_and_the_customer_is_not_silenced(house: House) -> None:
    made, alice, friend = house.send(ARTICLE, "article"), house.browser(), house.browser()
    (path,) = house.paths(made, 0)
    alice.get(path)
    friend.get(path)
    friend.post(f"/l/{path.removeprefix('/a/')}/stop")
    before = len(house.touches())
    friend.get(path)
    assert len(house.touches()) == before
    alice.get(path)
    assert len(house.touches()) == before + 1


def test_only_the_person_says_it_by_a_tap_on_our_own_page(house: House) -> None:
    made = house.send({"title": "春装", "url": SHOP})
    (path,) = house.paths(made)
    assert house.browser().post(f"{path}/stop", headers={"Origin": "https://evil.example"}).status_code == 403
    assert "不再记录" in house.browser().get(f"{path}/stop").text
    with house.stores.ledger.read() as tx:
        assert tx.execute(select(_tables.quiet)).all() == []


def test_a_shared_link_counts_visitors_nobody_knows_and_says_whose_it_was(house: House) -> None:
    made, one, two = house.send({"title": "春装", "url": SHOP}, sender="lin"), house.browser("Mozilla/5.0 Chrome/140"), house.browser("Mozilla/5.0 Chrome/141")
    paths = house.paths(made, 1, ALICE, BOB)
    assert paths[0] == paths[1]
    for browser in (one, two, one):
        assert browser.get(paths[0]).headers["location"] == SHOP
    got = house.radar()
    assert (got.opened, got.people, got.visitors, got.clicked) == (3, 0, 2, 2)
    with house.stores.warehouse.read() as session:
        assert set(session.query(CONTENT_TOUCH.table)["sender"].to_pylist()) == {"lin"}


def test_a_link_works_when_nothing_can_be_written(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    made = house.send({"title": "春装", "url": SHOP})

    def full(*_: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("siyu.content.touches.write", full)
    assert house.browser().get(house.paths(made)[0]).headers["location"] == SHOP


def test_a_picture_is_shown_once_an_approved_version_shows_it(house: House) -> None:
    png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (4).to_bytes(4, "big") + (3).to_bytes(4, "big") + b"\x08\x02\0\0\0"
    held = files.put(house.stores, "a.png", png, "x")
    path = f"/m/{held.content_hash}"
    assert house.browser().get(path).status_code == 404
    put_piece(house.stores, {"title": "t", "html": f'<p>x</p><img src="{held.media}">'}, kind="article")
    answer = house.browser().get(path)
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, png, "image/png")
    assert "sandbox" in answer.headers["content-security-policy"]


def test_a_visitors_cookie_cannot_be_made_up(house: House) -> None:
    made = house.send({"title": "春装", "url": SHOP}, sender="lin")
    (path,) = house.paths(made)
    browser = house.browser("Mozilla/5.0 Chrome/140")
    browser.cookies.set("siyu_reader", visitors.cookie_value(Secrets(b"1" * 32, b"2" * 32, b"3" * 32), 5))
    browser.get(path)
    with house.stores.warehouse.read():
        pass
    flow(house.stores)
    with house.stores.warehouse.read() as session:
        assert 5 not in session.query(CONTENT_TOUCH.table)["visitor"].to_pylist()


def test_the_radar_over_http_shows_people_only_to_who_may_see_them(house: House) -> None:
    made, browser = house.send(ARTICLE, "article"), house.browser()
    (path,) = house.paths(made, 0)
    page = browser.get(path).text
    seen(browser, path, page, 7)
    flow(house.stores)
    seats = {role: tokens.add_token(house.stores, SYSTEM, None, name=role, role=role, expires_at=None)[0] for role in ("operator", "guide")}
    at = f"/api/v1/content/pieces/{house.piece}/radar"

    def get(role: str, path: str) -> Any:
        return house.browser().get(path, headers={"Authorization": f"Bearer {seats[role]}"})

    whole = get("operator", at).json()
    assert (whole["readings"][0]["opened"], whole["readings"][0]["seconds"], whole["clicks"][0]["number"]) == (1, 7, 0)
    (one,) = get("operator", f"{at}/people").json()["items"]
    assert (one["customer"]["id"], one["opened"], one["seconds"]) == (ALICE, 1, 7)
    assert get("operator", f"{at}/chain").json()["items"] == []
    assert get("operator", f"{at}?send_id=8").json()["readings"][0]["opened"] == 0
    assert get("guide", at).status_code == 403


def test_when_two_turn_out_to_be_one_neither_is_tracked_where_one_said_no(house: House) -> None:
    made, browser = house.send({"title": "春装", "url": SHOP}), house.browser()
    mine, theirs = house.paths(made, 1, ALICE, BOB)
    browser.post(f"{mine}/stop")
    with house.stores.ledger.begin() as tx:
        merge(house.stores, tx, [(ALICE, BOB)], by="test", beyond_limits=True)
    assert house.browser().get(theirs).headers["location"] == SHOP
    assert house.touches() == []


def test_of_whoever_was_erased_nothing_is_kept_and_their_links_lead_on(house: House) -> None:
    made, browser = house.send({"title": "春装", "url": SHOP}), house.browser()
    (path,) = house.paths(made)
    browser.get(path)
    with house.stores.ledger.begin() as tx:
        gone = find_people(house.stores, tx, [ALICE])
        assert holdings.remove_rows(tx, gone)["content_browser"] == 1
    before = house.touches()
    assert browser.get(path).headers["location"] == SHOP
    assert house.touches() == before


def test_on_either_ledger(any_stores: Stores) -> None:
    house = House(any_stores)
    made = house.send({"title": "春装", "url": SHOP})
    mine, theirs = house.paths(made, 1, ALICE, CAROL)
    browser = house.browser()
    for _ in range(2):
        browser.get(mine)
        assert house.browser().get(theirs).headers["location"] == SHOP
    browser.post(f"{mine}/stop")
    browser.get(mine)
    got = house.radar()
    house.app.state.touches.stop()
    assert (got.opened, got.people, got.visitors, got.counted) == (4, 1, 0, 2)
