"""A shop's first morning: log in, bring in orders, make a segment, find it."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.house import OpenPage, Server, Watched, api, pick

HEADER = ("订单编号", "下单时间", "买家账号", "手机号", "收货人", "城市", "商品编码", "商品名称", "类目", "数量", "实付金额")
CITIES = ("杭州市", "上海市", "成都市")
BUYERS, ORDERS, UNREADABLE = 40, 100, 3
RULE = {
    "kind": "all",
    "of": [
        {"kind": "attribute", "field": "city", "op": "in", "value": ["杭州市", "上海市"]},
        {"kind": "any", "of": [
            {"kind": "orders", "measure": "count", "op": ">=", "value": 3, "window": {"last": 90, "unit": "day"}},
            {"kind": "not", "of": {"kind": "attribute", "field": "spend_fen", "op": ">=", "value": 5000}}]},
    ],
}  # fmt: skip


def orders_file(folder: Path) -> Path:
    """Forty buyers; buyer n has n mod 4 + 1 orders of 30 + n yuan; three lines cannot be read. Encoded as shops do."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(HEADER)
    newest = datetime.now(UTC) - timedelta(days=2)
    for buyer in range(BUYERS):
        for turn in range(buyer % 4 + 1):
            at = newest - timedelta(days=buyer + turn * 15)
            rows.writerow(
                [f"T{buyer:03}{turn}", f"{at:%Y-%m-%d %H:%M:%S}", f"b{buyer}", f"1380000{buyer:04}", f"客{buyer}", CITIES[buyer % 3],
                 f"S{buyer % 5}", f"桂花乌龙 {buyer % 5}", "茗茶", 1, f"{30 + buyer}.00"]
            )  # fmt: skip
    rows.writerow(["X1", "不是日期", "b1", "", "", "", "S1", "桂花乌龙", "茗茶", 1, "10.00"])
    rows.writerow(["X2", "2026-13-45", "b2", "", "", "", "S1", "桂花乌龙", "茗茶", 1, "10.00"])
    rows.writerow(["X3", f"{newest:%Y-%m-%d %H:%M:%S}", "b3", "", "", "", "S1", "桂花乌龙", "茗茶", 1, "十块"])
    path = folder / "店铺订单.csv"
    path.write_bytes(out.getvalue().encode("gb18030"))
    return path


def test_from_the_printed_password_to_a_saved_segment(empty: Server, open_page: OpenPage, watched: Watched, tmp_path: Path) -> None:
    watched.expected += ["status of 401", "status of 403"]
    page = open_page(empty, "/rfm", logged_in=False)
    log_in(page, empty)
    expect(page).to_have_url(f"{empty.url}/rfm")
    page.get_by_role("link", name="经营总览").click()
    expect(page.get_by_text("还没有订单数据")).to_be_visible()
    expect(page.get_by_role("button", name="载入示例品牌")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="导入").click()
    import_orders(page, orders_file(tmp_path))
    make_segment(page, empty)


def log_in(page: Page, server: Server) -> None:
    page.get_by_label("账号").fill(server.login)
    page.get_by_label("密码", exact=True).fill("not the password")
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.get_by_role("alert").first).to_be_visible()
    page.get_by_label("密码", exact=True).fill(server.password)
    page.get_by_role("button", name="登录", exact=True).click()


def import_orders(page: Page, file: Path) -> None:
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_text("gb18030")).to_be_visible()
    page.get_by_role("button", name="试跑").click()
    expect(page.get_by_role("heading", name="试跑报告")).to_be_visible()
    assert api(page, "/customers")["total"] == 0
    page.get_by_role("button", name="正式导入").click()
    expect(page.get_by_role("heading", name="导入报告")).to_be_visible()
    done = api(page, f"/imports/{page.url.rsplit('/', 1)[-1]}")
    assert (done["row_count"], done["accepted_count"], done["rejected_count"]) == (ORDERS + UNREADABLE, ORDERS, UNREADABLE)
    with page.expect_download() as got:
        page.get_by_role("link", name=re.compile("下载 3 行")).click()
    rejected = list(csv.reader(io.StringIO(Path(got.value.path()).read_text(encoding="utf-8-sig"))))
    assert len(rejected) == 1 + UNREADABLE


def make_segment(page: Page, server: Server) -> None:
    page.get_by_role("link", name="分群", exact=True).click()
    page.get_by_role("main").get_by_role("link", name="新建分群").first.click()
    page.get_by_label("分群名称").fill("两城里常来的或花得少的")
    add(page, "客户属性")
    pick(page, "属性", "城市")
    pick(page, "值", "杭州市")
    pick(page, "值", "上海市")
    page.keyboard.press("Escape")
    add(page, "条件组")
    inner = page.locator(".rule-group .rule-group")
    add(page, "订单", inner)
    inner.get_by_label("值", exact=True).fill("3")
    add(page, "客户属性", inner)
    pick(page, "属性", "累计消费", inner)
    inner.get_by_label("值", exact=True).last.fill("50")
    inner.get_by_label("排除", exact=True).last.check()
    expect(page.locator(".live-count:not(.stale)")).to_have_text(re.compile(r"^\d+$"))
    shown = int(page.locator(".live-count").inner_text())
    counted = server.json("segment", "count", "-", given=json.dumps(RULE))
    assert 0 < shown < BUYERS
    assert shown == counted["count"]
    assert page.locator(".sentence [lang=zh-CN]").inner_text() == counted["sentence"]["zh"]
    page.get_by_role("button", name="创建分群").click()
    expect(page).to_have_url(re.compile(r"/segments/\d+$"))
    assert api(page, f"/segments/{page.url.rsplit('/', 1)[-1]}")["rule"] == counted_rule()
    page.get_by_role("link", name="返回分群列表").click()
    row = page.get_by_role("row", name=re.compile("两城里常来的或花得少的"))
    expect(row.get_by_text("正常")).to_be_visible(timeout=30_000)
    expect(row.get_by_role("link", name=str(shown), exact=True)).to_be_visible()


def add(page: Page, kind: str, within: object = None) -> None:
    group = within or page.locator(".rule-group").first
    group.get_by_role("button", name="添加条件").last.click()  # type: ignore[attr-defined]
    page.get_by_role("menuitem", name=re.compile(f"^{kind}")).click()


def counted_rule() -> object:
    """As the server keeps it: what is usual is left out."""
    return json.loads(json.dumps(RULE).replace(', "unit": "day"', ""))
