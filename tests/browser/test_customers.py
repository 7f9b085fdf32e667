"""Finding people: filters, the page of one customer, what a guide may not see, tags, views, files."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import expect

from tests.browser.house import WRITES, OpenPage, Server, api, figure, pick

IN_HANGZHOU = {"kind": "all", "of": [{"kind": "attribute", "field": "city", "op": "in", "value": ["杭州市"]}]}
GUIDE = ("guide-of-the-shop", "a long word for tests")


def test_a_filter_a_row_a_person(sample: Server, open_page: OpenPage) -> None:
    page = open_page(sample, "/customers")
    page.get_by_role("button", name="筛选").click()
    page.get_by_role("button", name="添加条件").click()
    page.get_by_role("menuitem", name=re.compile("^客户属性")).click()
    pick(page, "属性", "城市")
    pick(page, "值", "杭州市")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="应用筛选").click()
    expect(page.get_by_text("找到")).to_be_visible()
    found = api(page, f"/customers?filter={quote(json.dumps(IN_HANGZHOU))}")
    assert found["total"] > 0
    expect(page.get_by_text(f"找到 {found['total']} 位客户")).to_be_visible()
    first = found["items"][0]
    page.locator("tbody tr").first.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1, name=first["name"])).to_be_visible()
    assert figure(page, "订单") == str(first["order_count"])
    expect(page.get_by_role("heading", name="时间线")).to_be_visible()
    expect(page.locator(".timeline > li").first).to_be_visible()


def test_a_guide_sees_masked_identifiers_and_no_more(sample: Server, open_page: OpenPage) -> None:
    owner = open_page(sample, "/customers")
    login, password = GUIDE
    body = {"login": login, "name": "小导", "role": "guide", "password": password}
    assert owner.request.post("/api/v1/team/members", data=body, headers=WRITES).ok
    person = next(row["id"] for row in api(owner, "/customers?limit=50&sort=id")["items"] if row["phone_masked"])
    phone = next(i["value"] for i in api(owner, f"/customers/{person}")["identifiers"] if i["namespace"] == "phone")
    page = open_page(sample, f"/customers/{person}", login=GUIDE)
    expect(page.get_by_text(f"{phone[:3]}****{phone[-4:]}")).to_be_visible()
    assert phone not in page.content()
    assert all(i["value"] is None for i in api(page, f"/customers/{person}")["identifiers"])
    assert page.get_by_role("navigation").get_by_role("link").all_inner_texts()[1:] == ["客户"]
    page.goto("/rfm")
    expect(page.get_by_text("没有权限")).to_be_visible()
    page.goto("/customers")
    expect(page.locator("tbody tr").first).to_be_visible()
    expect(page.get_by_role("button", name="导出")).to_have_count(0)
    expect(page.get_by_role("button", name="筛选")).to_have_count(0)
    expect(page.locator("tbody input[type=checkbox]")).to_have_count(0)


def test_a_cell_of_rfm_leads_to_as_many_people(sample: Server, open_page: OpenPage) -> None:
    page = open_page(sample, "/rfm")
    cell = page.get_by_role("link", name=re.compile(r"^R5 F5:|^R5 F5："))
    count = int(re.search(r"(\d+) 人", cell.get_attribute("aria-label") or "")[1])  # type: ignore[index]
    assert count > 0
    cell.click()
    expect(page.get_by_text(f"找到 {count} 位客户")).to_be_visible()


def test_tags_a_view_and_a_file(sample: Server, open_page: OpenPage) -> None:
    page = open_page(sample, "/customers?q=" + quote("王"))
    expect(page.get_by_text("找到")).to_be_visible()
    total = api(page, "/customers?q=" + quote("王"))["total"]
    page.get_by_role("checkbox", name="选中第 1 行").check()
    page.get_by_role("checkbox", name="选中第 2 行").check()
    page.get_by_role("button", name="打标签", exact=True).click()
    page.get_by_role("combobox", name="添加标签").fill("试喝名单")
    page.keyboard.press("Enter")
    page.get_by_text("给 2 人打标签").click()
    page.get_by_role("button", name="应用到 2 人").click()
    expect(page.get_by_role("cell", name="试喝名单")).to_have_count(2)
    with page.expect_download() as got:
        page.get_by_role("button", name="导出").click()
        page.get_by_role("menuitem", name=re.compile("^CSV")).click()
    lines = list(csv.reader(io.StringIO(Path(got.value.path()).read_text(encoding="utf-8-sig"))))
    assert len(lines) == 2 + total
    page.get_by_role("button", name="视图").click()
    page.get_by_role("menuitem", name="保存当前视图").click()
    page.get_by_label("视图名称").fill("姓王的")
    page.get_by_role("dialog").get_by_role("button", name="保存").click()
    page.goto("/customers")
    page.get_by_role("button", name="视图").click()
    page.get_by_role("menuitem", name="姓王的").click()
    expect(page.get_by_text(f"找到 {total} 位客户")).to_be_visible()
