"""Join codes of group chats: made once, never asked for blindly again, shown on a page that nobody finds by counting."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from siyu.carriers import join_ways, tasks
from siyu.connectors.errors import Unavailable
from siyu.foundation.stores import Stores
from tests.conftest import SetClock
from tests.makers.content import put_piece
from tests.makers.corps import Corp, open_corp
from tests.makers.journey_steps import refused_by_checks
from tests.makers.running import Shop, running_shop
from tests.makers.sandbox import SandboxClient


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with running_shop(tmp_path) as running:
        yield running


@pytest.fixture
def corp(stores: Stores, sandbox: SandboxClient, clock: SetClock) -> Corp:
    return open_corp(stores, sandbox, staff_count=2)


def chat_of(sandbox: SandboxClient, corpid: str) -> str:
    return str(sandbox.post(f"staff/{corpid}/staff0001/create_chat", {"name": "福利群"})["chat_id"])


def test_a_code_is_made_shown_and_closed(shop: Shop, sandbox: SandboxClient) -> None:
    account = shop.connect_wecom(sandbox)
    base = f"/carriers/accounts/{account['id']}/join-ways"
    made = shop.api("POST", base, {"name": "福利群", "chats": [chat_of(sandbox, account["ref"])]}, status=201)
    assert (made["status"], made["qr_code"].startswith("https://")) == ("open", True)
    token = made["address"].rpartition("/g/")[2]
    assert len(token) > 15
    page = shop.http.get(f"/g/{token}", headers={"Accept-Language": "zh-CN"})
    assert made["qr_code"] in page.text
    assert "长按识别" in page.text
    host = made["qr_code"].split("/")[2]
    assert f"img-src https://{host};" in page.headers["content-security-policy"]
    assert shop.http.get(f"/g/{made['id']}").status_code == 404
    assert shop.api("POST", f"{base}/{made['id']}/close")["status"] == "closed"
    assert shop.http.get(f"/g/{token}").status_code == 404
    shop.api("POST", base, {"name": "没有群", "chats": []}, status=422)
    shop.api("POST", base, {"name": "错的群", "chats": ["wr-unknown"]}, status=422)
    assert [one["status"] for one in shop.api("GET", base)["items"]] == ["refused", "closed"]


def test_a_code_whose_answer_was_lost_is_unknown_and_not_asked_for_again(corp: Corp) -> None:
    corp.sandbox.post("faults", {"api": "groupchat/add_join_way", "kind": "drop", "acted": True, "times": 1})
    with corp.stores.ledger.begin() as tx:
        way = join_ways.intend(tx, corp.account, name="福利群", chats=[chat_of(corp.sandbox, corp.corpid)], now=corp.stores.now(), by="test")
    with tasks.calling(corp.stores) as calls, pytest.raises(Unavailable):
        calls.run(join_ways.make(calls, corp.account, way))
    with corp.stores.ledger.read() as tx:
        assert [one.status for one in join_ways.listed(tx, corp.account.id)] == ["unknown"]


def test_a_piece_that_invites_must_lead_to_the_page_of_the_code(corp: Corp) -> None:
    stores = corp.stores
    with stores.ledger.begin() as tx:
        way = join_ways.intend(tx, corp.account, name="福利群", chats=[chat_of(corp.sandbox, corp.corpid)], now=stores.now(), by="test")
    with tasks.calling(stores) as calls:
        way = calls.run(join_ways.make(calls, corp.account, way))
    good = put_piece(stores, {"title": "进群领福利", "url": f"https://shop.example/g/{way.token}"}, kind="link", name="进群")
    bad = put_piece(stores, {"title": "进群领福利", "url": "https://shop.example/g/other"}, kind="link", name="别处")
    settings = {"way": way.id, "carriers": ["wecom"], "content": {"a": {"piece": good.id}}}
    assert refused_by_checks(stores, "group", settings, ["next"]) == {}
    assert set(refused_by_checks(stores, "group", {**settings, "content": {"a": {"piece": bad.id}}}, ["next"])) == {"content.a.piece"}
    assert set(refused_by_checks(stores, "group", {**settings, "way": way.id + 1}, ["next"])) == {"way"}
