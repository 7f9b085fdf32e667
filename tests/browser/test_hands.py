"""Without a mouse, in another language, in the dark; and the rooms behind: team, jobs, system."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.house import OpenPage, Server, api, pick


def test_the_palette_finds_pages_and_people(sample: Server, open_page: OpenPage) -> None:
    page = open_page(sample, "/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="搜索客户或页面")).to_be_focused()
    page.keyboard.type("rfm")
    expect(page.get_by_role("option", name=re.compile("RFM"))).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{sample.url}/rfm")
    person = api(page, "/customers?limit=1&sort=-spend_fen")["items"][0]
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="搜索客户或页面")).to_be_focused()
    page.keyboard.type(str(person["id"]))
    expect(page.get_by_role("option", name=re.compile(person["name"])).first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize(("path", "opens"), [("/team", "添加成员"), ("/sources", "新建平台")], ids=["dialog", "drawer"])
def test_what_closes_gives_the_focus_back(sample: Server, open_page: OpenPage, path: str, opens: str) -> None:
    page = open_page(sample, path)
    button = page.get_by_role("button", name=opens)
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(button).to_be_focused()


def test_undo_and_redo_in_the_builder(sample: Server, open_page: OpenPage) -> None:
    page = open_page(sample, "/segments/new")
    page.get_by_role("button", name="添加条件").click()
    page.get_by_role("menuitem", name=re.compile("^生命周期")).click()
    page.get_by_role("checkbox", name="活跃").check()
    count = page.locator(".live-count:not(.stale)")
    expect(count).to_have_text(str(api(page, '/customers?filter={"kind":"lifecycle","stages":["active"]}')["total"]))
    page.get_by_role("button", name="撤销").focus()
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(page.locator(".rule-row")).to_have_count(0)
    page.keyboard.press("Control+Shift+z")
    expect(page.locator(".rule-row")).to_have_count(1)
    page.keyboard.press("Control+Shift+z")
    expect(page.get_by_role("checkbox", name="活跃")).to_be_checked()


def test_language_and_theme_stay(sample: Server, open_page: OpenPage) -> None:
    page = open_page(sample, "/lifecycle")
    expect(page.get_by_role("heading", level=1, name="生命周期")).to_be_visible()
    page.get_by_role("button", name="EN · English").click()
    expect(page.get_by_role("heading", level=1, name="Lifecycle")).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "en"
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Switch to dark").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    page.reload()
    expect(page.get_by_role("heading", level=1, name="Lifecycle")).to_be_visible()
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_a_segment_explains_itself(sample: Server, open_page: OpenPage) -> None:
    page = open_page(sample, "/segments")
    page.get_by_role("link", name="高价值沉睡客户").click()
    expect(page).to_have_url(re.compile(r"/segments/\d+$"))
    segment = api(page, f"/segments/{page.url.rsplit('/', 1)[-1]}")
    expect(page.locator(".live-count:not(.stale)")).to_have_text(str(segment["customer_count"]))
    expect(page.locator(".rule-open")).to_have_count(0)
    expect(page.get_by_role("button", name="保存")).to_be_disabled()
    page.get_by_role("tab", name="重叠").click()
    expect(page.get_by_text(re.compile("^重叠 ")).first).to_be_visible()
    page.get_by_role("tab", name="为什么").click()
    person = api(page, f"/customers?segment={segment['id']}&limit=1")["items"][0]
    page.get_by_role("combobox", name="选一位客户").fill(str(person["id"]))
    page.locator(".ant-select-dropdown:visible").get_by_text(person["name"]).first.click()
    expect(page.get_by_text("符合", exact=True)).to_be_visible()
    page.get_by_role("tab", name="版本").click()
    expect(page.get_by_text(segment["sentence"]["zh"]).last).to_be_visible()


def test_team_tokens_audit_and_jobs(sample: Server, open_page: OpenPage) -> None:
    page = open_page(sample, "/team")
    page.get_by_role("button", name="添加成员").click()
    box = page.get_by_role("dialog")
    box.get_by_label("姓名").fill("小审")
    box.get_by_label("账号").fill("auditor-one")
    box.get_by_label("初始密码").fill("another long word")
    pick(page, "角色", "审计员", box)
    box.get_by_role("button", name="添加成员").click()
    expect(page.get_by_role("cell", name="auditor-one")).to_be_visible()
    page.get_by_role("tab", name="访问令牌").click()
    page.get_by_role("button", name="新建令牌").click()
    box.get_by_label("用途").fill("报表脚本")
    box.get_by_role("button", name="新建令牌").click()
    secret = page.locator("code.secret").inner_text()
    assert secret.startswith("siyu_")
    page.get_by_role("button", name="我已保存").click()
    assert secret not in page.content()
    page.goto("/audit?action=token")
    expect(page.get_by_role("cell", name=re.compile("token.added"))).to_be_visible()
    page.goto("/segments")
    page.get_by_role("button", name="全部重算").click()
    page.goto("/jobs")
    expect(page.get_by_role("heading", name="重算分群与分层").first).to_be_visible()
    expect(page.locator(".job").first.get_by_text("已完成")).to_be_visible()
    page.goto("/system")
    expect(page.get_by_role("button", name="清除示例数据")).to_be_visible()
    expect(page.locator(".checks > li")).to_have_count(len(api(page, "/system/doctor")["items"]))
