"""Orders of connected shops, end to end: the sandbox's shops push and are asked; every order is there as it stands, once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.makers.running import Shop, running_shop
from tests.makers.sandbox import SandboxClient, sandbox_server, wait_for
from tests.makers.shops import Connected, wechat_shop, youzan

__all__ = ["sandbox_server"]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A pull here also asks for the last moments: the sandbox's list does not lag behind."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("siyu.orders.pulls.NOT_YET", timedelta(seconds=-5))
        with running_shop(tmp_path_factory.mktemp("shops")) as shop:
            yield shop


@pytest.fixture(scope="module")
def world(sandbox_server: SandboxClient) -> SandboxClient:
    sandbox_server.reset()
    sandbox_server.post("people", {"count": 6})
    return sandbox_server


CONNECT = {"youzan": youzan, "wechat_shop": wechat_shop}


@pytest.mark.parametrize("product", CONNECT)
def test_copies_and_old_news_change_nothing(shop: Shop, world: SandboxClient, product: str) -> None:
    """Every push twice, all of half a second in any order: in the end each order stands as in the shop, with its buyer."""
    told: Connected = CONNECT[product](shop, world, source=f"{product}_1")
    world.patch("callbacks", {"duplicate": 2, "shuffle_window_ms": 500})
    numbers = told.buy(12)
    told.act("pay", numbers[:9])
    told.act("ship", numbers[:6])
    told.act("confirm", numbers[:3])
    told.act("refund", numbers[4:6])
    told.act("close", numbers[9:10])
    told.settled()
    world.patch("callbacks", {"duplicate": 1, "shuffle_window_ms": 0})
    orders = shop.stores.warehouse.tables["orders_order"]
    with shop.stores.warehouse.read() as session:
        rows = session.query(orders.filter(orders.source == told.source)).to_pylist()
    assert len(rows) == 9, "those that were paid"
    assert len({row["customer_id"] for row in rows}) == 6, "six people in turn"
    checks = shop.api("POST", f"/carriers/accounts/{told.account['id']}/check")
    steps = {step["key"]: step["ok"] for step in checks["steps"]}
    assert all(ok for key, ok in steps.items() if key != "callback"), checks


def test_the_same_person_of_two_shops_is_one_customer(shop: Shop, world: SandboxClient) -> None:
    """Youzan tells the phone; WeChat Shop the unionid, which an Official Account told too: nothing is guessed beyond that."""
    one, other = youzan(shop, world, source="yz_a"), youzan(shop, world, source="yz_b")
    for told in (one, other):
        told.act("pay", told.buy(1, phones=[2]))
        told.settled()
    orders = shop.stores.warehouse.tables["orders_order"]
    with shop.stores.warehouse.read() as session:
        rows = session.query(orders.filter(orders.source.isin(["yz_a", "yz_b"]))).to_pylist()
    assert len(rows) == 2
    assert len({row["customer_id"] for row in rows}) == 1


def test_what_nobody_told_is_found_by_a_pull(shop: Shop, world: SandboxClient) -> None:
    """Thin pushes name an order, lost ones nothing; a pull pages through all that changed."""
    thin = youzan(shop, world, source="yz_thin", thin=True)
    thin.act("pay", thin.buy(3))
    thin.settled()
    for told in (youzan(shop, world, source="yz_quiet"), wechat_shop(shop, world, source="wx_quiet")):
        told.act("pay", told.buy(60, quiet=True), quiet=True)
        assert told.known() == {}
        shop.api("POST", f"/shops/{told.account['id']}/pull", {}, status=202)
        wait_for(lambda told=told: told.known() == told.truth(), seconds=60)  # type: ignore[misc]


def test_a_wrong_signature_is_refused_and_a_test_never_counts(shop: Shop, world: SandboxClient) -> None:
    told = youzan(shop, world, source="yz_wrong")
    told.buy(1, test=True)
    inbox = f"/carriers/accounts/{told.account['id']}/inbox"
    wait_for(lambda: shop.api("GET", inbox)["items"])
    world.patch(told.path, {"client_secret": "00" * 16})
    number = told.buy(1)[0]
    world.patch(told.path, {"client_secret": "ab12" * 8})
    tries = wait_for(lambda: [one["tries"] for one in world.get("callbacks", account=told.account["ref"]) if one["fields"]["id"] == number and one["tries"]])
    assert set(tries[0]) == {403}
    assert told.known() == {}
    assert [row["kind"] for row in shop.api("GET", inbox)["items"]] == ["shop_tested"]


def test_a_shop_that_cannot_be_asked_says_so_and_goes_on(shop: Shop, world: SandboxClient) -> None:
    told = wechat_shop(shop, world, source="wx_trouble")
    fault = world.post("faults", {"account": told.account["ref"], "api": "/channels/ec/order/get", "kind": "errcode", "code": 48001})
    told.act("pay", told.buy(2))
    shown: dict[str, Any] = wait_for(lambda: (one := shop.api("GET", f"/shops/{told.account['id']}"))["fault"] and one, seconds=40)
    assert shown["fault"]["code"] == "48001"
    assert shown["wanted_count"] == 2
    world.control("DELETE", f"faults/{fault['id']}")
    shop.api("PATCH", f"/carriers/accounts/{told.account['id']}", {"credentials": {}})
    shop.api("POST", f"/shops/{told.account['id']}/pull", {}, status=202)
    told.settled()


def test_the_callback_address_takes_no_get(shop: Shop, world: SandboxClient) -> None:
    told = youzan(shop, world, source="yz_get")
    assert httpx.get(told.account["callback_url"], trust_env=False).status_code == 403
