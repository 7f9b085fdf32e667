"""Content and restraint in a real browser: write a piece, see it fit and on a phone, approve it; change the policy, try it, switch it on."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.house import OpenPage, Server, Watched, api, pick, start, stop


@pytest.fixture(scope="module")
def shop(console_built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = start(tmp_path_factory.mktemp("messaging"))
    try:
        yield server
    finally:
        stop(server)


def test_a_piece_is_written_fits_is_seen_on_a_phone_and_approved(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/content")
    page.get_by_role("button", name="新建素材").first.click()
    page.get_by_role("menuitem", name=re.compile("^文字")).click()
    page.get_by_label("名称").fill("春日问候")
    expect(page.get_by_role("button", name="保存草稿")).to_be_disabled()
    pick(page, "用途", "价值内容")
    words = page.get_by_label(re.compile("^文字"))
    words.fill("你好，天气转暖，记得补水。")
    words.press("Home")
    page.get_by_role("button", name="插入变量：文字").click()
    page.get_by_label("缺值时用").fill("朋友")
    page.get_by_role("button", name=re.compile("^称呼")).click()
    expect(words).to_have_value("{称呼|朋友}你好，天气转暖，记得补水。")
    expect(page.locator(".handset")).to_contain_text("朋友你好")
    # What one carrier cannot do is said where it is written, and the others still take it.
    fits = page.get_by_role("region", name="能发到哪些载体")
    expect(fits.locator(".bad").filter(has_text="企业微信")).to_contain_text("称呼")
    expect(fits.locator(".good").filter(has_text="短信")).to_be_visible()
    words.fill("好" * 1001)
    expect(page.locator(".limit-meter.over").filter(has_text="短信")).to_contain_text("超出")
    words.fill("{称呼|朋友}你好，记得补水。")
    expect(page.locator(".limit-meter.over")).to_have_count(0)
    page.get_by_role("button", name="保存草稿").click()
    expect(page).to_have_url(re.compile(r"/content/\d+$"))
    page.get_by_role("button", name="提交审核").click()
    page.get_by_role("tab", name="审核与评论").click()
    page.get_by_role("button", name="通过", exact=True).click()
    expect(page.locator(".remarks li")).to_have_count(2)
    assert [(one["status"], one["usable"]) for one in api(page, "/content/pieces?q=春日问候")["items"]] == [("approved", True)]
    page.goto(f"{shop.url}/content?as=table")
    expect(page.get_by_role("table", name="素材库")).to_contain_text("已通过")


def test_a_policy_is_tried_before_it_can_be_switched_on(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/restraint")
    expect(page.locator(".policy-words")).to_contain_text("任意 7 天内，每人最多 3 次触达")
    page.get_by_role("button", name="修改策略").click()
    switch_on = page.get_by_role("button", name="启用", exact=True)
    expect(switch_on).to_be_disabled()
    page.get_by_role("spinbutton", name="第 1 条：次数").first.fill("2")
    expect(page.locator(".policy-says ins")).to_contain_text("最多 2 次")
    expect(switch_on).to_be_disabled()
    page.get_by_role("button", name="用历史试算").click()
    expect(page.get_by_role("heading", name="用历史试算")).to_be_visible()
    switch_on.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("为什么改").fill("旺季少打扰")
    dialog.get_by_role("button", name="启用", exact=True).click()
    expect(dialog).to_have_count(0)
    expect(page.locator(".policy-words")).to_contain_text("每人最多 2 次触达")
    page.get_by_role("tab", name="历史版本").click()
    expect(page.locator(".policy-versions")).to_contain_text("旺季少打扰")
    assert api(page, "/messaging/policy")["version"] == 1


def test_a_hold_out_is_drawn_renewed_and_ended_and_every_period_stays(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/restraint?tab=holdout")
    expect(page.get_by_text("现在没有全局对照组")).to_be_visible()
    for button, rate in (("抽取对照组", "5"), ("换一组", "10")):
        page.get_by_role("button", name=button).click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("占所有客户").fill(rate)
        dialog.get_by_text("换组为止").click()
        expect(dialog).to_contain_text("什么都收不到")
        dialog.get_by_role("button", name=button).click()
        expect(page.get_by_role("table", name="各期对照组")).to_contain_text(f"{rate}%")
        expect(dialog).to_have_count(0)
    expect(page.get_by_role("table", name="各期对照组").locator("tbody tr")).to_have_count(2)
    page.get_by_role("button", name="结束", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="结束", exact=True).click()
    expect(page.get_by_text("现在没有全局对照组")).to_be_visible()
    assert [(one["rate"], one["is_active"]) for one in api(page, "/messaging/holdouts")["items"]] == [(0.1, False), (0.05, False)]


def test_an_address_is_suppressed_found_and_used_again(shop: Server, open_page: OpenPage, watched: Watched) -> None:
    watched.expected += ["422"]
    page = open_page(shop, "/sends?tab=suppressed")
    expect(page.get_by_text("名单是空的")).to_be_visible()
    page.get_by_role("button", name="加入停发").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("手机号").fill("not a phone")
    dialog.get_by_label(re.compile("^为什么")).fill("来电要求")
    dialog.get_by_role("button", name="加入停发").click()
    expect(dialog.get_by_role("alert")).to_contain_text("手机号")
    dialog.get_by_label("手机号").fill("13800138000")
    dialog.get_by_role("button", name="加入停发").click()
    table = page.get_by_role("table", name="停发名单")
    expect(table).to_contain_text("来电要求")
    search = page.get_by_role("searchbox", name="完整手机号、邮箱或客户编号")
    search.fill("13900139000")
    search.press("Enter")
    expect(page.get_by_text("没有符合条件的地址")).to_be_visible()
    search.fill("138 0013 8000")
    search.press("Enter")
    expect(table.locator("tbody tr")).to_have_count(1)
    table.get_by_role("button", name=re.compile("^恢复使用")).click()
    expect(dialog.get_by_role("button", name="恢复使用", exact=True)).to_be_disabled()
    dialog.get_by_label(re.compile("^为什么")).fill("本人又要收了")
    dialog.get_by_role("button", name="恢复使用", exact=True).click()
    expect(page.get_by_text("没有符合条件的地址")).to_be_visible()
    assert api(page, "/messaging/suppressions")["total"] == 0
