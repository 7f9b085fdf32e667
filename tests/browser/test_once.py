"""What is done once and changes much: a job cancelled and run again, another password, the sample taken away. Each on a server of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.house import WRITES, OpenPage, Server, Watched, api, start, stop

LONG_MS = 120_000


@pytest.fixture
def own(console_built: None) -> Iterator[Server]:
    with tempfile.TemporaryDirectory() as folder:
        server = start(Path(folder))
        try:
            yield server
        finally:
            stop(server)


def test_a_running_job_is_cancelled_and_run_again(own: Server, open_page: OpenPage) -> None:
    page = open_page(own, "/jobs")
    answer = page.request.post("/api/v1/system/sample?customers=700", headers=WRITES)
    assert answer.ok, answer.text()
    page.reload()
    job = page.locator(".job").filter(has=page.get_by_role("heading", name="载入示例品牌"))
    expect(job.get_by_text("进行中")).to_be_visible()
    job.get_by_role("button", name="取消任务").click()
    page.get_by_role("button", name="继续运行").click()
    expect(job.get_by_text("进行中")).to_be_visible()
    job.get_by_role("button", name="取消任务").click()
    page.locator(".ant-popover:visible").get_by_role("button", name="取消任务").click()
    expect(job.get_by_text("已取消")).to_be_visible(timeout=LONG_MS)
    assert api(page, "/jobs?kind=sample.load")["items"][0]["status"] == "cancelled"
    job.get_by_role("button", name="重新运行").click()
    expect(job.get_by_text("已完成")).to_be_visible(timeout=LONG_MS)
    assert api(page, "/customers?limit=1")["total"] == 700


def test_the_sample_is_taken_away_by_the_name_it_shows(own: Server, open_page: OpenPage) -> None:
    own.cli("demo", "--customers", "100")
    page = open_page(own, "/system")
    name = page.locator(".menu-brand strong")
    expect(name).to_have_text("澄山里")
    page.get_by_role("button", name="清除示例数据").click()
    box = page.get_by_role("dialog")
    sure = box.get_by_role("button", name="清除示例数据")
    expect(sure).to_be_disabled()
    box.get_by_role("textbox").fill("别的名字")
    expect(sure).to_be_disabled()
    box.get_by_role("textbox").fill("澄山里")
    sure.click()
    expect(name).to_have_text("我的品牌", timeout=LONG_MS)
    expect(page.get_by_role("button", name="清除示例数据")).to_have_count(0)
    assert api(page, "/customers?limit=1")["total"] == 0
    page.goto("/")
    expect(page.get_by_role("main").get_by_role("link", name="导入我的订单")).to_be_visible()
    page.goto("/rfm")
    expect(page.get_by_text("还没有有效订单").first).to_be_visible()
    page.goto("/value")
    expect(page.get_by_text("还没有有效订单").first).to_be_visible()


def log_in(page: Page, server: Server, password: str) -> None:
    page.get_by_label("账号").fill(server.login)
    page.get_by_label("密码", exact=True).fill(password)
    page.get_by_role("button", name="登录", exact=True).click()


def test_a_changed_password_is_the_one_that_opens(own: Server, open_page: OpenPage, watched: Watched) -> None:
    watched.expected += ["401", "422"]
    wanted = "quite another long word"
    page = open_page(own, "/system")

    def change(before: str, again: str) -> None:
        box = page.get_by_role("dialog")
        box.get_by_label("当前密码").fill(before)
        box.get_by_label("新密码", exact=True).fill(wanted)
        box.get_by_label("再输一次新密码").fill(again)

    page.locator("button.avatar").click()
    page.get_by_role("menuitem", name="修改密码").click()
    change(own.password, "not the same")
    expect(page.get_by_text("两次输入不一样")).to_be_visible()
    save = page.get_by_role("dialog").get_by_role("button", name="保存")
    expect(save).to_be_disabled()
    change("not my password", wanted)
    save.click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_be_visible()
    change(own.password, wanted)
    save.click()
    expect(page.get_by_text("密码已修改")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.locator("button.avatar").click()
    page.get_by_role("menuitem", name="退出登录").click()
    expect(page.get_by_role("button", name="登录", exact=True)).to_be_visible()
    log_in(page, own, own.password)
    expect(page.get_by_role("alert")).to_be_visible()
    log_in(page, own, wanted)
    expect(page.locator("button.avatar")).to_be_visible()


def test_a_group_of_the_rfm_report_leads_to_its_people(sample: Server, open_page: OpenPage) -> None:
    page = open_page(sample, "/rfm")
    group = next(group for group in api(page, "/segments/rfm")["groups"] if group["rule"]["kind"] == "any" and group["count"])
    page.get_by_role("link", name=group["name"]["zh"], exact=True).click()
    expect(page.get_by_role("heading", level=1, name="客户")).to_be_visible()
    expect(page.get_by_text(f"{group['count']:,}").first).to_be_visible()
