"""The canvas in a real browser: the welcome journey is drawn from nothing, by palette, keys and settings; published; and people are watched as they move."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.house import WRITES, OpenPage, Server, api, start, stop

AXE = Path(__file__).resolve().parents[2] / "console/node_modules/axe-core/axe.min.js"


@pytest.fixture(scope="module")
def shop(console_built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = start(tmp_path_factory.mktemp("journeys"))
    try:
        server.cli("demo", "--customers", "100")
        yield server
    finally:
        stop(server)


def palette(page: Page, name: str) -> None:
    page.get_by_role("complementary", name="节点库").get_by_role("button", name=name, exact=True).click()


def side(page: Page) -> Any:
    return page.get_by_role("complementary", name="设置")


def choose(page: Page, label: str, option: str) -> None:
    side(page).get_by_role("combobox", name=label, exact=True).click()
    page.locator(".ant-select-dropdown:visible").get_by_title(option, exact=True).first.click()


def saved(page: Page) -> None:
    expect(page.locator(".journey-head .saved-at")).to_contain_text("已保存")


def serious(page: Page) -> list[str]:
    """What axe finds that keeps people out."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found["violations"] if one["impact"] in ("serious", "critical")]


def rehearsed(page: Page) -> None:
    """What would come of it, before anybody is told; and one customer's way through it."""
    page.locator(".ant-segmented-item", has_text="彩排").click()
    page.get_by_role("combobox", name="用哪个分群代替名单").click()
    page.locator(".ant-select-dropdown:visible .ant-select-item-option").first.click()
    page.get_by_role("button", name="开始彩排").click()
    expect(page.get_by_role("heading", name="每个节点大约多少人")).to_be_visible(timeout=90_000)
    assert serious(page) == []
    page.locator(".ant-segmented-item", has_text="试走").click()
    expect(page.get_by_text("还没有试走")).to_be_visible()
    assert serious(page) == []
    page.locator(".ant-segmented-item", has_text="画布").click()


def test_the_welcome_journey_is_drawn_from_nothing_rehearsed_published_and_watched(shop: Server, open_page: OpenPage, watched: Any) -> None:
    page = open_page(shop, "/journeys")
    # Nothing has been rehearsed yet.
    watched.expected.append("404")
    page.get_by_role("button", name="新建旅程").first.click()
    expect(page).to_have_url(re.compile(r"/journeys/\d+$"))
    number = int(page.url.rsplit("/", 1)[1])
    page.get_by_label("名称", exact=True).fill("欢迎新朋友")
    # What is drawn is checked as it is drawn: the way out of the first step leads nowhere yet.
    palette(page, "打标签")
    expect(page.locator(".jcard.faulty[data-step=tag]")).to_be_visible()
    tags = side(page).get_by_role("combobox", name="加标签")
    tags.fill("新朋友")
    tags.press("Enter")
    page.keyboard.press("Escape")
    palette(page, "等待一段时间")
    span = side(page).get_by_role("spinbutton", name="等多久")
    span.fill("2")
    span.press("Tab")
    palette(page, "打标签")
    tags = side(page).get_by_role("combobox", name="加标签")
    tags.fill("老朋友")
    tags.press("Enter")
    page.keyboard.press("Escape")
    expect(page.locator(".react-flow__edge")).to_have_count(3)
    expect(page.locator(".jfaults summary")).to_contain_text("1 处要改")
    choose(page, "下一步", "结束")
    expect(page.locator(".jcard.faulty")).to_have_count(0)
    expect(page.locator(".jcard[data-step=wait]")).to_contain_text("2 天")
    # Undo takes back steps, settings and places alike; keys do what buttons do.
    page.locator(".jcard[data-step=wait]").click()
    page.keyboard.press("Control+d")
    expect(page.locator(".jcard[data-step=wait]")).to_have_count(2)
    page.keyboard.press("Delete")
    expect(page.locator(".jcard[data-step=wait]")).to_have_count(1)
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(page.locator(".jcard[data-step=wait]")).to_have_count(1)
    saved(page)
    assert serious(page) == []
    rehearsed(page)
    page.get_by_role("button", name="发布", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("发布为第 1 版")
    dialog.get_by_label("改了什么").fill("第一版")
    dialog.get_by_role("button", name="发布", exact=True).click()
    expect(dialog).to_have_count(0)
    expect(page.locator(".journey-head .chip").first).to_have_text("进行中")
    people = [one["id"] for one in api(page, "/customers?limit=20")["items"]]
    answer = page.request.post(f"/api/v1/journeys/{number}/enrol", data={"customer_ids": people}, headers=WRITES)
    assert answer.ok, answer.text()
    entered = answer.json()["entered"]
    assert entered == len(people)
    held = api(page, f"/journeys/{number}/counts?version=1")["states"].get("held_out", 0)
    # Nobody reloads: people are seen to come and to stay at the wait.
    here = page.locator(".jcard[data-step=wait] .jfigure.here b")
    expect(here).to_have_text(str(entered - held), timeout=60_000)
    page.locator(".jcard[data-step=wait] .jfigure.here").click()
    drawer = page.get_by_role("dialog")
    expect(drawer.locator("tbody tr")).to_have_count(entered - held)
    drawer.locator("tbody input[type=checkbox]").first.check()
    drawer.get_by_role("button", name="移出旅程").click()
    page.locator(".ant-modal-confirm").get_by_role("button", name="移出旅程").click()
    expect(here).to_have_text(str(entered - held - 1), timeout=60_000)


def test_somebody_elses_change_is_not_written_over(shop: Server, open_page: OpenPage, watched: Any) -> None:
    page = open_page(shop, "/journeys")
    # A refused save is told on the page; the browser logs it too.
    watched.expected.append("409")
    page.get_by_role("button", name="新建旅程").first.click()
    expect(page).to_have_url(re.compile(r"/journeys/\d+$"))
    number = int(page.url.rsplit("/", 1)[1])
    palette(page, "结束")
    saved(page)
    one = api(page, f"/journeys/{number}")
    body = {"name": "别人改的", "definition": one["definition"], "draft_version": one["draft_version"]}
    assert page.request.put(f"/api/v1/journeys/{number}", data=body, headers=WRITES).ok
    page.get_by_label("名称", exact=True).fill("我改的")
    expect(page.get_by_role("alert").filter(has_text="别人也改了这份草稿")).to_be_visible()
    assert api(page, f"/journeys/{number}")["name"] == "别人改的"
    page.get_by_role("button", name="看对方的草稿").click()
    expect(page.get_by_label("名称", exact=True)).to_have_value("别人改的")


def test_a_template_becomes_a_draft_and_a_phone_shows_it_as_a_list(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/journeys")
    page.get_by_role("button", name="从模板开始").first.click()
    expect(page.get_by_role("dialog").locator(".jtemplate")).to_have_count(12)
    page.get_by_role("button", name="用「加购未付款」起草").click()
    expect(page).to_have_url(re.compile(r"/journeys/\d+$"))
    expect(page.locator(".jfaults summary")).to_contain_text("要改")
    assert serious(page) == []
    phone = open_page(shop, page.url.removeprefix(shop.url), width=390)
    expect(phone.locator(".jlist-step").first).to_contain_text("加入购物车")
    expect(phone.locator(".jlist-step").nth(1)).to_contain_text("1 小时")
    expect(phone.locator(".react-flow")).to_have_count(0)
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert serious(phone) == []
