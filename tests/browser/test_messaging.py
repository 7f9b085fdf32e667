"""A message's whole life in a real browser: written, seen, approved, planned, sent by a mail server, watched, stopped, read."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.house import WRITES, OpenPage, Server, api, pick
from tests.makers.mail import MailServer, mail_server

NAME, PIECE = "白茶怎么存", "白茶存放一问"
SOON_MS = 120_000
"""Campaigns are looked at every 20 seconds, by a server that shares its machine with whatever else is tested."""


@pytest.fixture
def letters(sample: Server) -> Iterator[MailServer]:
    with mail_server(MailServer(extensions=["SIZE 10000000", "8BITMIME", "PIPELINING"])) as server:
        yield server


def _post(page: Page, path: str, body: object) -> None:
    answer = page.request.post(f"/api/v1{path}", data=body, headers=WRITES)
    assert answer.ok, answer.text()


def _on_any_day(page: Page) -> None:
    """Quiet hours would make the night of the test's machine part of the test, caps what the sample brand sent this week, which follows the festivals."""
    now = api(page, "/messaging/policy")
    lenient = {**now["policy"], "quiet": None, "caps": [], "mix": None}
    if lenient != now["policy"]:
        _post(page, "/messaging/policy", {"policy": lenient, "over": now["version"], "note": "不分昼夜"})


def _mail_account(page: Page, letters: MailServer) -> None:
    settings = {"host": "127.0.0.1", "port": str(letters.port), "tls": "none", "allow_private": "true"}
    _post(page, "/carriers/accounts", {"product": "email", "name": "会员邮件", "credentials": {"address": "tea@brand.test"}, "settings": settings})


def _write_a_piece(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/content/new?kind=text")
    page.get_by_label("名称").fill(PIECE)
    pick(page, "用途", "价值内容")
    page.get_by_label(re.compile("^文字")).fill("{称呼|你好},白茶要避光、密封、干燥。")
    expect(page.locator(".handset")).to_contain_text("白茶要避光")
    page.get_by_text("邮件", exact=True).locator("visible=true").first.click()
    page.get_by_label(re.compile("^邮件主题|^主题")).first.fill("白茶怎么存")
    page.get_by_role("button", name="保存草稿").click()
    expect(page).to_have_url(re.compile(r"/content/\d+$"))
    page.get_by_role("button", name="提交审核").click()
    page.get_by_role("tab", name="审核与评论").click()
    page.get_by_role("button", name="通过", exact=True).click()
    expect(page.locator(".remarks li")).to_have_count(2)


def _choose(page: Page, label: str, option: str) -> None:
    field = page.get_by_role("combobox", name=label, exact=True)
    field.click()
    field.fill(option)
    page.locator(".ant-select-dropdown:visible").get_by_title(option, exact=True).first.click()
    page.keyboard.press("Escape")


def _next(page: Page, step: str) -> None:
    page.get_by_role("button", name=f"下一步：{step}").click()


def _sent_by_the_first_wave(page: Page, campaign: int) -> int:
    """How many it has told, once it has told all that it decided to."""

    def told() -> int:
        wave = api(page, f"/campaigns/{campaign}")["waves"][0]
        sent = int(wave["counts"].get("sent", 0) + wave["counts"].get("received", 0))
        return sent if wave["status"] != "waiting" and sent == wave["decided"].get("allow") else 0

    return _wait(page, told)


def _wait(page: Page, what: Callable[[], int]) -> int:
    until = time.monotonic() + SOON_MS / 1000
    while not (found := what()):
        assert time.monotonic() < until, "it did not happen in time"
        page.wait_for_timeout(300)
    return found


@pytest.mark.timeout(600)
def test_from_a_piece_to_a_report(sample: Server, open_page: OpenPage, letters: MailServer) -> None:
    page = open_page(sample, "/campaigns")
    _on_any_day(page)
    _mail_account(page, letters)
    _write_a_piece(page, sample)

    page.goto(f"{sample.url}/campaigns")
    page.get_by_role("button", name="新建活动").first.click()
    expect(page).to_have_url(re.compile(r"/campaigns/\d+/edit$"))
    number = int(page.url.split("/")[-2])
    page.get_by_label("活动名称").fill(NAME)
    page.get_by_role("radiogroup", name="用途").get_by_text("价值内容").click()
    page.get_by_role("button", name="选择素材").click()
    _choose(page, "版本 A 的素材", PIECE)
    expect(page.locator(".piece-preview .handset")).to_contain_text("白茶要避光")
    _next(page, "人群")
    _choose(page, "发给这些分群", "近 30 天下过单")
    _next(page, "克制")
    page.get_by_role("button", name=re.compile("方式")).first.click()
    page.get_by_role("button", name="邮件", exact=True).click()
    page.get_by_role("button", name=re.compile("时间")).first.click()
    page.get_by_text("先发一小部分").click()
    page.get_by_label("第 1 波占比").fill("50")
    page.get_by_role("button", name=re.compile("验证")).first.click()
    # Of some thirty people a tenth may be nobody, by chance.
    page.get_by_label("对照组占比").fill("50")

    # Before anything is sent it is told who is out, and why; each number is of people.
    page.get_by_role("button", name=re.compile("克制")).first.click()
    funnel = page.get_by_role("list", name="谁不发，为什么")
    expect(funnel.locator("li").last).to_contain_text("会收到", timeout=SOON_MS)
    expect(funnel).to_contain_text("对照组")
    expect(funnel).to_contain_text("未授权")
    told = api(page, f"/campaigns/{number}")["forecast"]
    assert told["audience"] == told["reach"] + told["control"] + sum(told["refused"].values())
    assert told["reach"] > 0

    page.get_by_role("button", name=re.compile("检查")).first.click()
    for step in ("提交审批", "审批通过", "确认排期"):
        page.get_by_role("button", name=step, exact=True).click()
    expect(page).to_have_url(re.compile(rf"/campaigns/{number}$"))
    # The first wave goes out and the second one waits; nothing is reloaded by hand.
    first = page.locator(".progress-row").filter(has_text="第 1 波")
    expect(first).to_contain_text("已发出", timeout=SOON_MS)
    sent = _sent_by_the_first_wave(page, number)
    expect(page.locator(".figure").filter(has_text="已发出").locator(".figure-value")).to_have_text(str(sent), timeout=SOON_MS)
    expect(page.get_by_role("status").filter(has_text="第 2 波")).to_be_visible()
    assert 0 < sent < told["reach"]  # the others are the second wave's
    assert len(letters.received) == len({one.to for one in letters.received}) == sent

    page.get_by_role("button", name="取消活动").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("原因").fill("先看这一波")
    dialog.get_by_role("button", name="取消活动").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("已取消")
    page.get_by_role("tab", name="结果").click()
    report = page.get_by_role("list", name="漏斗")
    expect(report.locator("li").filter(has_text="已发出")).to_be_visible()
    # What was sent is news for the report, too: it says so, and is made anew when somebody asks.
    _wait(page, lambda: api(page, f"/campaigns/{number}/report?fresh=true")["funnel"][3]["count"] == sent)
    page.get_by_role("button", name="重新统计").click()
    expect(report.locator("li").filter(has_text="已发出")).to_contain_text(str(sent))
    page.get_by_role("tab", name="经过").click()
    expect(page.locator(".look")).to_contain_text("先看这一波")
    assert len(letters.received) == sent
