"""An owner looks at the sample brand: where people come from, which half was wasted, who is behind it, what to do with next month's money."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.house import OpenPage, Server, api


def test_sources_and_what_they_brought(sample: Server, open_page: OpenPage) -> None:
    page = open_page(sample, "/source-returns")
    report = api(page, "/measurement/acquisition/sources")
    rows = {row["name"]: row for row in report["items"] if row["parent_id"] is None}
    assert {"抖音直播间", "门店活码", "淘宝包裹卡"} <= rows.keys()
    # Somebody looked and went away at every source that still brings people, and nobody is counted as added who did not look.
    assert all(row["scanned"] >= row["added"] for row in rows.values())
    assert rows["抖音直播间"]["visits"] > rows["抖音直播间"]["added"] > 0
    expect(page.get_by_text("抖音直播间").first).to_be_visible()
    page.goto("/sources")
    expect(page.get_by_text("抖音直播间").first).to_be_visible()
    told = {one["source_id"]: one["people"] for one in api(page, f"/acquisition/figures?from_on={report['from_on']}&to_on={report['to_on']}")["items"]}
    # Two ways to one number, but that the ledger counts who is one person by now as often as they came.
    assert all(row["added"] <= told[row["source_id"]] <= row["added"] * 1.5 + 5 for row in rows.values())
    page.goto("/landing")
    expect(page.get_by_text("抖音直播间·主播同款")).to_be_visible()
    opened = {one["name"]: one["visits"] for one in api(page, "/acquisition/pages")["items"]}
    assert opened["抖音直播间·主播同款"] > 0


def test_which_half_was_wasted_and_whom_it_was_spent_on(sample: Server, open_page: OpenPage) -> None:
    page = open_page(sample, "/waste")
    expect(page.get_by_text(re.compile(r"\d+ 元没有回来"))).to_be_visible()
    waste = api(page, "/measurement/acquisition/waste")
    assert waste["total_fen"] > 0
    assert sum(one["amount_fen"] for one in waste["buckets"]) == waste["total_fen"]
    # By keys alone: to the part that brought too little, into it, and out again.
    part = page.locator(".split-list button", has_text="没换来足够的订单")
    part.focus()
    page.keyboard.press("Enter")
    people = page.get_by_role("dialog")
    expect(people.get_by_role("link", name=re.compile(".")).first).to_be_visible()
    page.keyboard.press("Escape")
    expect(people).to_have_count(0)
    expect(part).to_be_focused()


def test_the_advice_becomes_the_plan_of_next_month(sample: Server, open_page: OpenPage) -> None:
    page = open_page(sample, "/advice")
    before = api(page, "/measurement/acquisition/advice/past")["items"]
    advice = api(page, "/measurement/acquisition/advice")
    page.get_by_role("button", name=re.compile("^采纳为")).click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^采\\s*纳$")).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("cell", name=advice["month"], exact=True)).to_be_visible()
    taken = api(page, "/measurement/acquisition/advice/past")["items"]
    assert [one["month"] for one in taken] == [advice["month"], *(one["month"] for one in before)]
    page.goto("/budgets")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    planned = {cell["source_id"]: cell["amount_fen"] for cell in _cells(page, advice["month"])}
    assert planned == {one["source_id"]: one["advised_fen"] for one in advice["items"]}


def test_who_brought_whom_and_a_ring_that_waits(sample: Server, open_page: OpenPage) -> None:
    page = open_page(sample, "/referral")
    page.get_by_role("link", name=re.compile("老友新茶")).click()
    expect(page).to_have_url(re.compile(r"/referral/\d+$"))
    programme = int(page.url.rsplit("/", 1)[-1])
    page.get_by_role("tab", name="裂变树").click()
    tree = api(page, f"/referral/programmes/{programme}/tree")
    assert tree["people"] > tree["tops"] > 0
    expect(page.get_by_role("tree")).to_be_visible()
    page.goto("/referral?tab=queue")
    case = api(page, "/referral/cases")["items"][0]
    assert case["size"] >= 5
    page.locator("tbody tr, .card-row").first.get_by_role("button").click()
    found = page.get_by_role("dialog")
    expect(found.get_by_text("与邀请人或其他好友共用设备")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="风控设置").click()
    line = page.get_by_role("dialog").get_by_role("spinbutton", name="复核线")
    line.fill("60")
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^保\\s*存$")).click()
    expect(page.get_by_text("已保存").first).to_be_visible()
    assert api(page, "/referral/guard")["settings"]["review"] == 0.6


def test_a_customers_own_page_and_what_a_cohort_is_worth(sample: Server, open_page: OpenPage) -> None:
    page = open_page(sample, "/referral")
    page.get_by_role("link", name=re.compile("老友新茶")).click()
    page.get_by_role("button", name="客户专属页").click()
    box = page.get_by_role("dialog")
    person = api(page, "/customers?limit=1")["items"][0]
    box.get_by_role("combobox", name="客户").fill(str(person["name"]))
    page.locator(".ant-select-dropdown:visible .ant-select-item-option").first.click()
    box.get_by_role("button", name="生成链接").click()
    address = box.get_by_text(re.compile("/i/my/")).inner_text()
    assert page.request.get(f"/i/my/{address.rsplit('/', 1)[-1]}").ok
    page.goto("/cohort-value")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert api(page, "/measurement/acquisition/cohorts")["cohorts"]


def test_spend_in_another_currency_is_entered_as_it_was_paid(sample: Server, open_page: OpenPage) -> None:
    page = open_page(sample, "/spend")
    page.get_by_role("button", name="记一笔").first.click()
    box = page.get_by_role("dialog")
    box.get_by_role("checkbox", name="用外币支付").check()
    box.get_by_role("spinbutton", name="外币金额").fill("120.50")
    box.get_by_role("spinbutton", name="汇率").fill("7.1834")
    expect(box.get_by_text("合 ¥865.60")).to_be_visible()
    box.get_by_role("combobox", name=re.compile("来源")).click()
    page.locator(".ant-select-dropdown:visible").get_by_text("小红书种草", exact=True).first.click()
    box.get_by_role("button", name="记一笔").click()
    expect(box).to_have_count(0)
    entry = api(page, "/acquisition/spend?limit=50&origin=hand")["items"][0]
    assert (entry["currency"], entry["original_fen"], entry["rate"], entry["amount_fen"]) == ("USD", 12050, "7.1834", 86560)


def _cells(page: Page, month: str) -> list[dict[str, int]]:
    found: list[dict[str, int]] = api(page, f"/acquisition/budgets?first={month}&count=1")["cells"]
    return found
