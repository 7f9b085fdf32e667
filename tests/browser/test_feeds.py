"""Connecting a site in a real browser: the first event is seen without a click, what was set aside is taken in after a fix."""

from __future__ import annotations

import re
import time

import httpx
from playwright.sync_api import Page, expect

from tests.browser.house import OpenPage, Server, api


def _say(server: Server, key: str, *events: dict[str, object]) -> None:
    body = {"writeKey": key, "batch": [{"type": "track", "userId": "browser-1", **event} for event in events]}
    httpx.post(f"{server.url}/v1/batch", json=body, trust_env=False).raise_for_status()


def _feed(page: Page, name: str) -> dict[str, object]:
    found: dict[str, object] = next(one for one in api(page, "/feeds")["items"] if one["name"] == name)
    return found


def test_a_site_is_connected_its_plan_adopted_and_what_broke_it_replayed(sample: Server, open_page: OpenPage) -> None:
    name = f"H5 {time.monotonic_ns()}"
    page = open_page(sample, "/feeds")
    page.get_by_role("button", name="新建接入").first.click()
    page.get_by_label(re.compile("^名称")).fill(name)
    page.get_by_role("dialog").get_by_role("button", name="新建接入").click()
    expect(page.get_by_text("正在等第一条数据")).to_be_visible()
    expect(page.locator(".snippet pre")).to_contain_text("/siyu.js")
    feed = _feed(page, name)
    _say(sample, str(feed["write_key"]), {"event": "tasted", "messageId": "1", "properties": {"cups": 3}})
    expect(page.get_by_text("第一条数据已收到")).to_be_visible()
    page.get_by_text("隔离违规").click()
    expect(page.get_by_text("缺必填、类型不符、取值不允许的事件进隔离区")).to_be_visible()

    page.goto(f"{sample.url}/events?tab=seen&feed={feed['id']}")
    page.get_by_role("button", name="tasted").click()
    page.get_by_role("button", name="采纳为方案", exact=True).click()
    expect(page.get_by_role("table", name="事件目录").get_by_text("方案内")).to_be_visible()
    _say(sample, str(feed["write_key"]), {"event": "tasted", "messageId": "2", "properties": {"cups": "many"}})

    page.goto(f"{sample.url}/events?tab=quarantine&feed={feed['id']}")
    expect(page.get_by_role("button", name="不符合埋点方案")).to_be_visible()
    page.get_by_role("button", name="不符合埋点方案").click()
    expect(page.locator("pre.document")).to_contain_text('"cups": "many"')
    page.keyboard.press("Escape")
    page.goto(f"{sample.url}/events?tab=plan")
    page.get_by_role("button", name="tasted", exact=True).click()
    page.get_by_role("dialog").get_by_role("combobox", name="类型").click()
    page.locator(".ant-select-dropdown:visible").get_by_title("任意", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="保存").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.goto(f"{sample.url}/events?tab=quarantine&feed={feed['id']}")
    page.get_by_role("button", name="重放 1 条").click()
    expect(page.get_by_text("隔离区是空的")).to_be_visible()

    page.goto(f"{sample.url}/events?feed={feed['id']}")
    expect(page.get_by_role("button", name="tasted")).to_have_count(3)
    page.get_by_label("按用户标识筛选").fill("nobody")
    expect(page.get_by_text("没有符合的记录")).to_be_visible()
