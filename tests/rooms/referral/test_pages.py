"""Pages of referral: an inviter's own, and the one that is passed on; they work without scripts, are small, and tell nobody who invited whom."""

from __future__ import annotations

import re
from datetime import timedelta
from types import SimpleNamespace

from sqlalchemy import func, select

from siyu.content import visitors
from siyu.foundation.clock import to_ms
from siyu.foundation.database import metadata
from siyu.foundation.stores import Stores
from siyu.identity.identifiers import look_up
from siyu.referral import invitations, page_routes
from siyu.river import flow
from siyu.web.application import build_application
from tests.conftest import SetClock
from tests.makers import referral as made
from tests.makers.customers import TestClient
from tests.makers.loyalty import people, put_coupon

PHONE = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148", "Accept-Language": "zh-CN"}


def client(stores: Stores) -> TestClient:
    app = build_application(stores, [], title="Siyu", version="0.0.test", pages=(page_routes.router,))
    app.state.carriers = SimpleNamespace(calls=None)
    return TestClient(app, base_url="http://localhost", headers=PHONE)


def own_path(stores: Stores, programme: int, who: int) -> str:
    return "/i/my/" + invitations.progress_addresses(stores, programme, [who])[0].rsplit("/", 1)[1]


def count(stores: Stores, name: str) -> int:
    with stores.ledger.read() as tx:
        return int(tx.scalar(select(func.count()).select_from(metadata.tables[name])) or 0)


def test_an_inviter_sees_how_far_they_are_and_what_to_pass_on(stores: Stores, clock: SetClock) -> None:
    ann, bob = people(stores, 2)
    steps = [{"friends": 1, "reward": {"kind": "points", "points": 200}}, {"friends": 3, "reward": {"kind": "points", "points": 900}}]
    programme = made.begun(stores, "task", friend={"kind": "none"}, steps=steps)
    web, path = client(stores), own_path(stores, programme.id, ann)
    assert web.get(path, headers={"User-Agent": "curl/8"}).status_code == 200
    assert count(stores, "referral_invitation") == 0, "a program that fetches the page changes nothing"
    page = web.get(path)
    assert (page.status_code, len(page.content) < 50_000) == (200, True)
    link = re.search(r'value="(http://[^"]+/i/[^"]+)"', page.text)
    assert link is not None
    assert "<script" not in page.text
    assert "<svg" in page.text
    assert "1 位好友" in page.text
    (invitation,) = made.invite(stores, programme, ann)
    made.add(stores, invitation, *made.keys(stores, bob))
    clock.at += timedelta(days=8)
    made.settle(stores)
    again = web.get(f"{path}?lang=en").text
    assert "200 points ✓" in again
    assert "900 points ✓" not in again
    poster = web.get(f"{path}/poster.svg")
    assert poster.headers["content-type"].startswith("image/svg+xml")
    assert "邀请好友,各得好礼" in poster.text
    assert web.get("/i/my/AAAAAAAAAAAAAAAA").status_code == 404
    assert web.get(f"/i/{path.rsplit('/', 1)[1]}").status_code == 404, "one's own page is no invitation"


def test_a_friend_leaves_a_number_and_is_counted_when_it_is_known_who_has_it(stores: Stores, clock: SetClock) -> None:
    ann, cid = people(stores, 2)
    coupon = put_coupon(stores, name="见面礼", face_fen=2000)
    programme = made.begun(stores, friend={"kind": "coupon", "coupon_id": coupon.id}, stay_days=0, buys_fen=100)
    (invitation,) = made.invite(stores, programme, ann)
    web = client(stores)
    path = "/i/" + invitations.invite_address(stores, invitation.id).rsplit("/", 1)[1]
    page = web.get(path)
    assert (page.status_code, len(page.content) < 50_000) == (200, True)
    assert "见面礼" in page.text
    assert "<script" not in page.text
    assert count(stores, "referral_visit") == 1
    web.get(path)
    assert count(stores, "referral_visit") == 1, "one browser, one visit"
    assert web.post(path, data={"phone": "12", "agreed": "1"}).status_code == 422
    assert web.post(path, data={"phone": "13900001111"}).status_code == 422
    assert web.post(path, data={"phone": "13900001111", "agreed": "1"}, headers={"Origin": "https://evil.example"}).status_code == 403
    sent = web.post(path, data={"phone": "139 0000 1111", "agreed": "1"})
    assert (sent.status_code, "已收到" in sent.text) == (200, True)
    web.post(path, data={"phone": "13900001111", "agreed": "1"})
    flow(stores)
    with stores.ledger.read() as tx:
        (guest,) = look_up(stores, tx, "13900001111")
    (friend,) = made.friends(stores, programme)
    assert (friend["customer_id"], friend["how"], friend["state"]) == (guest, "phone", "waiting")
    made.buy(stores, *made.keys(stores, guest), 5000)
    made.settle(stores)
    assert made.points(stores, ann, cid) == [100, 0]
    with stores.warehouse.read() as session:
        touch = stores.warehouse.tables["acquisition_touch"]
        steps = session.query(touch.filter(touch.source_id == programme.source_id).select("step"))["step"].to_pylist()
    assert sorted(steps)[-2:] == ["claim", "visit"]
    clock.at += timedelta(days=1)
    ended = made.begun(stores, name="结束了")
    (over,) = made.invite(stores, ended, ann)
    made.open_desk(stores).as_("alice").post(f"/api/v1/referral/programmes/{ended.id}/stop")
    closed = web.get("/i/" + invitations.invite_address(stores, over.id).rsplit("/", 1)[1])
    assert "活动已经结束" in closed.text
    assert "<form" not in closed.text


def test_a_browser_that_becomes_known_came_by_the_invitation_it_opened(stores: Stores) -> None:
    from siyu.events import log
    from siyu.events.catalogue.content import CONTENT_TOUCHED

    ann, bob = people(stores, 2)
    programme = made.begun(stores)
    (invitation,) = made.invite(stores, programme, ann)
    web = client(stores)
    web.get("/i/" + invitations.invite_address(stores, invitation.id).rsplit("/", 1)[1])
    visitor = visitors.number_in(stores.secrets, web.cookies[visitors.COOKIE].strip('"'))
    (key,) = made.keys(stores, bob)
    with stores.ledger.begin() as tx:
        row = {"event_key": [5], "identity_key": [key], "visitor": [visitor], "name": ["link_opened"], "at_ms": [to_ms(stores.now()) + 60_000], **{name: [0] for name in ("link_id", "send_id", "piece_id", "version", "number", "visit", "other_visitor")}}
        log.append(tx, CONTENT_TOUCHED, CONTENT_TOUCHED.table(dict(row)), now=stores.now())
    flow(stores)
    (friend,) = made.friends(stores, programme)
    assert (friend["customer_id"], friend["how"], friend["visitor"]) == (bob, "visitor", visitor)


def test_a_group_is_opened_on_the_page_and_the_invitation_shows_who_is_missing(stores: Stores) -> None:
    (ann,) = people(stores, 1)
    programme = made.begun(stores, "group", stay_days=0, buys_fen=100, size=3)
    web, path = client(stores), own_path(stores, programme.id, ann)
    assert "开一个团" in web.get(path).text
    opened = web.post(path)
    assert "还差 2 人" in opened.text
    assert "开一个团" not in opened.text
    (invitation,) = made.invite(stores, programme, ann)
    page = web.get("/i/" + invitations.invite_address(stores, invitation.id).rsplit("/", 1)[1])
    assert "还差 2 人" in page.text


def test_the_routes_are_for_those_who_may_and_every_change_is_written_down(stores: Stores) -> None:
    desk = made.open_desk(stores)
    alice, bob, ann = (desk.as_(who) for who in ("alice", "bob", "ann"))
    body = {"name": "老带新", "mode": "invite", "terms": {"inviter": {"kind": "points", "points": 10}, "title": {"zh": "来"}}, "begins_on": "2026-01-01", "ends_on": "2026-03-31"}
    assert bob.get("/api/v1/referral/programmes").status_code == 403
    assert ann.post("/api/v1/referral/programmes", json=body).status_code == 403
    made_ = alice.post("/api/v1/referral/programmes", json=body).json()
    path = f"/api/v1/referral/programmes/{made_['id']}"
    assert (made_["status"], made_["faults"], made_["ends_on"]) == ("draft", [], "2026-03-31")
    assert alice.put(path, json={**body, "name": "新春老带新", "edit": 9}).status_code == 409
    assert alice.put(path, json={**body, "name": "新春老带新", "edit": 1}).json()["name"] == "新春老带新"
    live = alice.post(f"{path}/start").json()
    assert live["status"] == "live"
    assert live["source_id"] > 0
    assert alice.delete(path).status_code == 409
    (who,) = people(stores, 1)
    (link,) = alice.post(f"{path}/links", json={"customer_ids": [who]}).json()["items"]
    assert "/i/my/" in link["url"]
    assert ann.get(f"{path}/results").json()["growth"]["total_per_customer"] is None
    assert ann.get(f"{path}/friends?state=void").json()["items"] == []
    assert ann.get(f"{path}/tree").json()["people"] == 0
    assert ann.get("/api/v1/referral/bringers").json()["items"] == []
    assert alice.post(f"{path}/stop").json()["status"] == "stopped"
    assert [action for _, action, _ in desk.audited() if action.startswith("referral.")] == ["referral.added", "referral.changed", "referral.started", "referral.links_made", "referral.stopped"]
