"""The connect wizard in a real browser against the running sandbox: every step tested, told what to fix, fixed, and alive."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.house import OpenPage, Server, api, figure, start, stop
from tests.makers.sandbox import SandboxClient

SECRET = "s" * 43


@pytest.fixture
def shop(console_built: None, tmp_path: Path) -> Iterator[Server]:
    server = start(tmp_path)
    try:
        yield server
    finally:
        stop(server)


def _fill(page: Page, label: str, value: str) -> None:
    page.get_by_label(re.compile(f"^{label}")).first.fill(value)


def test_the_wizard_leads_from_nothing_to_a_living_account(shop: Server, open_page: OpenPage, sandbox: SandboxClient) -> None:
    corp = sandbox.post("corps", {"name": "示例品牌", "staff_count": 3, "apps": [{"agentid": 1000002, "secret": SECRET, "allowed": False}]})
    page = open_page(shop, "/accounts")
    expect(page.get_by_text("还没有接入任何账号")).to_be_visible()
    page.get_by_role("link", name="接入账号").first.click()
    page.get_by_role("button", name=re.compile("^企业微信")).click()
    _fill(page, "账号名称", "总部企微")
    _fill(page, "企业 ID", corp["corpid"])
    _fill(page, "应用 Secret", "wrong" * 9)
    _fill(page, "接口地址", sandbox.url)
    page.get_by_role("switch", name="允许内网地址").click()
    page.get_by_role("button", name=re.compile("随机生成 .*Token")).click()
    page.get_by_role("button", name=re.compile("随机生成 .*EncodingAESKey")).click()
    key = page.get_by_label(re.compile("^回调 EncodingAESKey")).input_value()
    token = page.get_by_label(re.compile("^回调 Token")).input_value()
    assert len(key) == 43
    page.get_by_role("button", name="保存并检查").click()

    # A wrong secret: the step says so, and what follows is not tried.
    expect(page.locator(".check-steps .bad")).to_have_count(1)
    expect(page.locator(".check-steps .bad .check-fix")).to_contain_text("Secret")
    page.get_by_role("button", name="修改资料").click()
    _fill(page, "应用 Secret", SECRET)
    page.get_by_role("button", name="保存并检查").click()
    # The app may not use customer contact: where to allow it is said. Allowed there, the next look passes.
    expect(page.locator(".check-steps .bad").first.locator(".check-fix")).to_contain_text("可调用接口的应用")
    sandbox.patch(f"corps/{corp['corpid']}", {"apps": [{"agentid": 1000002, "allowed": True}]})
    page.get_by_role("button", name="重新检查").click()
    expect(page.get_by_text("全部通过")).to_be_visible()
    page.get_by_role("button", name="下一步").click()

    # The callback address is copied over; that it was received is seen without a click.
    url = page.locator(".copy-line code").first.inner_text()
    expect(page.get_by_text("还没有收到验证或回调")).to_be_visible()
    sandbox.patch(f"corps/{corp['corpid']}", {"callback": {"url": url, "token": token, "encoding_aes_key": key}})
    sandbox.post(f"accounts/{corp['corpid']}/verify_callback")
    expect(page.get_by_text("载体已验证过地址")).to_be_visible()
    page.get_by_role("button", name="下一步").click()

    page.get_by_role("button", name="立即对账").click()
    expect(page.locator(".job").get_by_text("已完成").or_(page.locator(".job").get_by_text("完成", exact=True)).first).to_be_visible()
    page.get_by_role("button", name="完成", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="总部企微")).to_be_visible()
    assert [one["status"] for one in api(page, "/carriers/accounts")["items"]] == ["connected"]


def _connected(shop: Server, page: Page, sandbox: SandboxClient) -> int:
    corp = sandbox.post("corps", {"name": "示例品牌", "staff_count": 3, "apps": [{"secret": SECRET}]})
    key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
    credentials = {"corpid": corp["corpid"], "secret": SECRET, "callback_token": "token", "encoding_aes_key": key}
    body = {"product": "wecom", "name": "总部企微", "credentials": credentials, "settings": {"base_url": sandbox.url, "allow_private": "true"}}
    answer = page.request.post("/api/v1/carriers/accounts", data=body, headers={"X-Siyu-Request": "console"})
    assert answer.status == 201, answer.text()
    sandbox.patch(f"corps/{corp['corpid']}", {"callback": {"url": answer.json()["callback_url"], "token": "token", "encoding_aes_key": key}})
    return int(answer.json()["id"])


def test_a_welcome_written_beside_the_phone_reaches_the_phone(shop: Server, open_page: OpenPage, sandbox: SandboxClient) -> None:
    page = open_page(shop, "/accounts")
    number = _connected(shop, page, sandbox)
    page.goto(f"{shop.url}/accounts/{number}?tab=welcomes")
    page.get_by_role("button", name="新增欢迎语").click()
    _fill(page, "名称", "新客")
    page.get_by_label(re.compile("^文字")).fill("你好,")
    page.get_by_role("button", name="插入客户昵称").click()
    expect(page.get_by_role("dialog").locator(".phone")).to_contain_text("你好,小雨")
    page.get_by_role("dialog").get_by_role("button", name="保存").click()
    expect(page.locator(".welcome-card")).to_contain_text("所有人")
    person = sandbox.post("people", {"count": 1})["people"][0]
    sandbox.post("phones/1/add_staff", {"userid": "staff0001"})
    page.wait_for_timeout(1500)
    page.reload()
    expect(page.get_by_text("已送达").nth(1)).to_be_visible()
    assert sandbox.inbox(1)[0]["content"]["text"]["content"] == f"你好,{person['name']}"
    page.goto(f"{shop.url}/accounts/{number}?tab=inbox")
    page.get_by_role("button", name=re.compile("原文")).first.click()
    expect(page.locator("pre.document")).to_contain_text("add_external_contact")
    expect(page.locator("pre.document")).to_contain_text("<WelcomeCode>…</WelcomeCode>")


def test_relations_grow_and_shrink_before_the_eyes(shop: Server, open_page: OpenPage, sandbox: SandboxClient) -> None:
    page = open_page(shop, "/accounts")
    _connected(shop, page, sandbox)
    sandbox.post("people", {"count": 3})
    for phone in (1, 2, 3):
        sandbox.post(f"phones/{phone}/add_staff", {"userid": "staff0001"})
    sandbox.post("phones/3/delete_staff", {"userid": "staff0001"})
    page.wait_for_timeout(3000)
    page.goto(f"{shop.url}/relations")
    expect(page.locator(".figure-value").first).to_have_text("2")
    assert [figure(page, name) for name in ("新增关系", "被客户删除", "员工删除客户", "净增")] == ["3", "1", "0", "2"]
    page.get_by_role("combobox", name="现状").click()
    page.locator(".ant-select-dropdown:visible").get_by_title("客户删除", exact=True).click()
    expect(page.get_by_role("table", name="关系明细").get_by_role("row")).to_have_count(2)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("path", ["/accounts", "/accounts/new", "/relations", "/staff", "/staff?tab=stores", "/tags"])
def test_empty_rooms_say_what_to_do(empty: Server, open_page: OpenPage, path: str, language: str) -> None:
    page = open_page(empty, path, language=language)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_timeout(400)
    assert page.locator(".problem").count() == 0
