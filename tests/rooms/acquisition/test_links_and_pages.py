"""Short links, landing pages, stores by place and posters over HTTP, as customers and marketers meet them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from siyu.acquisition import short_links, sources, visits
from siyu.acquisition.visits import Visit
from siyu.foundation.clock import to_ms
from siyu.foundation.stores import Stores
from tests.makers.running import Shop, running_shop
from tests.makers.sandbox import SandboxClient, wait_for

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 MicroMessenger/8.0.50"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1"
BOT = "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html) bot"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cf500f0003860180344b51d10000000049454e44ae426082"
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with running_shop(tmp_path_factory.mktemp("links")) as running:
        yield running


@pytest.fixture(scope="module")
def account(shop: Shop, sandbox_server: SandboxClient) -> dict[str, Any]:
    sandbox_server.reset()
    return shop.connect_wecom(sandbox_server)


def source_of(stores: Stores, name: str) -> int:
    with stores.ledger.begin() as tx:
        held = next((one for one in sources.listed(tx) if one.name == name), None)
        return (held or sources.create(stores, tx, sources.Draft(name, platform="douyin"), by="test")).id


def made(shop: Shop, account: dict[str, Any], name: str = "抖音主页", **wish: Any) -> dict[str, Any]:
    body = {"account_id": account["id"], "name": name, "source_id": source_of(shop.stores, "抖音"), "plan": {"receivers": [{"staff": "staff0001"}]}, **wish}
    code: dict[str, Any] = shop.api("POST", "/acquisition/codes", body, status=201)
    return code


def browser(shop: Shop, agent: str = PHONE) -> httpx.Client:
    return httpx.Client(base_url=shop.url, headers={"User-Agent": agent, "Accept-Language": "zh-CN"}, trust_env=False, timeout=30)


def touches_of(shop: Shop, source_id: int) -> list[dict[str, Any]]:
    fact = shop.stores.warehouse.tables["acquisition_touch"]
    with shop.stores.warehouse.read() as session:
        rows: list[dict[str, Any]] = session.query(fact.filter(fact.source_id == source_id)).to_pylist()
    return rows


def path_of(address: str) -> str:
    return "/" + address.split("/", 3)[3]


def test_a_scan_of_the_poster_leads_to_the_code_and_an_addition_follows(shop: Shop, account: dict[str, Any], sandbox_server: SandboxClient) -> None:
    """Poster → short link → page with the carrier's code → scan → an addition at the right member of staff, under the code's source."""
    code = made(shop, account, "海报码", source_id=source_of(shop.stores, "海报"), tags=["海报"], welcome={"text": "你好", "attachments": []})
    assert (code["status"], code["health"], code["staff"][0]["state"]) == ("open", "good", "receives")
    with browser(shop) as phone:
        led = phone.get(path_of(code["link"]))
        assert (led.status_code, led.headers["location"].startswith("/h/c")) == (302, True)
        page = phone.get(led.headers["location"])
        assert code["qr_code"] in page.text
        assert "长按识别二维码，添加我们" in page.text
        assert "复制下面的链接" not in page.text
        assert len(page.content) < 50_000
        assert f"img-src 'self' https://{code['qr_code'].split('/')[2]};" in page.headers["content-security-policy"]
        phone.get(path_of(code["link"]))
    (person,) = sandbox_server.post("people", {"count": 1})["people"]
    sandbox_server.post(f"phones/{person['id']}/scan", {"qr": code["config_id"]})
    shown = wait_for(lambda: (one := shop.api("GET", f"/acquisition/codes/{code['id']}"))["added_today"] == 1 and one["visits"] == 2 and one, 20)
    assert [(line["staff"], line["today"], line["on"]) for line in shown["staff"]] == [("staff0001", 1, True)]
    rows = wait_for(lambda: len(found := touches_of(shop, code["source_id"])) == 2 and found, 20)
    # Two openings by one browser in a day are one visit, and its page is the same one.
    assert sorted((row["step"], row["code_id"], row["staff"]) for row in rows) == [("add", code["id"], "staff0001"), ("visit", code["id"], "")]
    days = shop.api("GET", f"/acquisition/codes/{code['id']}/figures", days=3)
    assert [(day["visits"], day["added"]) for day in days["days"]] == [(0, 0), (0, 0), (1, 1)]
    assert wait_for(lambda: [line["added"] for line in shop.api("GET", f"/acquisition/codes/{code['id']}/figures")["staff"]] == [1], 20)
    greeted = shop.api("GET", f"/carriers/accounts/{account['id']}/greetings")["items"]
    assert [(one["state"], one["welcome_name"]) for one in greeted] == [(code["state"], "活码：海报码")]


def test_programs_are_counted_apart_and_leave_no_touch(shop: Shop, account: dict[str, Any]) -> None:
    code = made(shop, account, "爬虫", source_id=source_of(shop.stores, "爬虫来的"))
    with browser(shop, BOT) as crawler:
        assert crawler.get(path_of(code["link"])).status_code == 302
        assert crawler.head(path_of(code["link"])).status_code == 302
    found = wait_for(lambda: (one := next(link for link in shop.api("GET", "/acquisition/links")["items"] if link["code_id"] == code["id"]))["programs"] == 2 and one, 10)
    assert found["visits"] == 0
    assert touches_of(shop, code["source_id"]) == []


def test_a_link_is_chosen_led_elsewhere_and_closed(shop: Shop, account: dict[str, Any]) -> None:
    source_id = source_of(shop.stores, "地铁")
    body = {"name": "人民广场灯箱", "source_id": source_id, "url": "https://shop.example/a?x=1", "region": "上海", "code": "metro-1"}
    link = shop.api("POST", "/acquisition/links", body, status=201)
    assert link["address"].endswith("/g/metro-1")
    shop.api("POST", "/acquisition/links", body, status=409)
    for wrong in ({"url": "javascript:alert(1)"}, {"url": ""}, {"code": "x_y"}, {"source_id": 999_999}, {"page_id": 999}):
        shop.api("POST", "/acquisition/links", {**body, "code": "other", **wrong}, status=422)
    with browser(shop) as phone:
        assert phone.get("/g/metro-1").headers["location"] == "https://shop.example/a?x=1"
    (row,) = wait_for(lambda: touches_of(shop, source_id), 20)
    assert (row["step"], row["region"], row["code_id"]) == ("visit", "上海", 0)
    other = shop.api("PUT", f"/acquisition/links/{link['id']}", {"name": "灯箱", "source_id": source_id, "url": "https://shop.example/b", "region": ""})
    assert other["code"] == "metro-1"
    assert shop.api("POST", f"/acquisition/links/{link['id']}/close")["closed_at"] is not None
    with browser(shop) as phone:
        wait_for(lambda: phone.get("/g/metro-1").status_code == 404, 10)
        assert phone.get("/g/never-made").status_code == 404


def test_a_landing_page_is_written_shown_and_closed(shop: Shop, account: dict[str, Any]) -> None:
    picture = shop.http.put("/api/v1/content/media", params={"name": "a.png"}, content=PNG).json()["media"]
    look = {"title": "新客 <立减>", "words": "第一行\n第二行", "picture": picture, "act": "link", "button": "去看看", "url": "https://shop.example/x", "footer": "规则"}
    page = shop.api("POST", "/acquisition/pages", {"name": "春季", "source_id": source_of(shop.stores, "落地"), "look": look}, status=201)
    at = path_of(page["address"])
    with browser(shop) as phone:
        assert phone.get(at).status_code == 404
        shop.api("POST", f"/acquisition/pages/{page['id']}/status", {"status": "live"})
        seen = phone.get(at)
        assert "新客 &lt;立减&gt;" in seen.text
        assert len(seen.content) < 50_000
        assert phone.get(f"/m/{picture.removeprefix('media:')}").content == PNG
        assert phone.get(f"{at}/go").headers["location"] == "https://shop.example/x"
    shown = wait_for(lambda: (one := shop.api("GET", f"/acquisition/pages/{page['id']}"))["presses"] == 1 and one, 10)
    assert (shown["visits"], shown["status"]) == (1, "live")
    shop.api("PUT", f"/acquisition/pages/{page['id']}", {"name": "春季", "source_id": page["source_id"], "look": {**look, "title": ""}, "edit": shown["edit"]}, status=422)
    shop.api("PUT", f"/acquisition/pages/{page['id']}", {"name": "春季", "source_id": page["source_id"], "look": look, "edit": 1}, status=409)
    preview = shop.http.post("/api/v1/acquisition/pages/preview", json=look)
    assert "去看看" in preview.text
    shop.api("POST", f"/acquisition/pages/{page['id']}/status", {"status": "closed"})
    with browser(shop) as phone:
        assert "这个页面已停用" in phone.get(at).text


def test_outside_of_wechat_the_page_says_how_to_come_in(shop: Shop, account: dict[str, Any]) -> None:
    code = made(shop, account, "站外码")
    with browser(shop, SAFARI) as phone:
        page = phone.get(phone.get(path_of(code["link"])).headers["location"])
    assert "复制下面的链接" in page.text
    assert code["qr_code"] in page.text


def test_a_button_into_a_mini_program_makes_a_link_for_each_press(shop: Shop, account: dict[str, Any], sandbox_server: SandboxClient) -> None:
    made_there = sandbox_server.post("mini_programs", {"pages": ["pages/index"]})
    body = {
        "product": "mini_program", "name": "小程序", "credentials": {"appid": made_there["appid"], "secret": made_there["secret"]},
        "settings": {"base_url": sandbox_server.url, "allow_private": "true"},
    }  # fmt: skip
    program = shop.api("POST", "/carriers/accounts", body, status=201)
    look = {"title": "小程序下单", "act": "mini_program", "button": "打开小程序", "account_id": program["id"], "path": "pages/index", "query": "from=ad"}
    page = shop.api("POST", "/acquisition/pages", {"name": "小程序", "source_id": source_of(shop.stores, "落地"), "look": look}, status=201)
    shop.api("POST", f"/acquisition/pages/{page['id']}/status", {"status": "live"})
    with browser(shop) as phone:
        went = [phone.get(f"{path_of(page['address'])}/go").headers["location"] for _ in range(2)]
    assert all(one.startswith("https://wxaurl.cn/") for one in went)
    assert went[0] != went[1], "a link belongs to whoever opens it first"


def test_the_nearest_store_or_the_list_by_city(shop: Shop, account: dict[str, Any]) -> None:
    spots = {"人民广场店": ("上海", 31.2304, 121.4737), "虹桥店": ("上海", 31.1979, 121.3363), "西湖店": ("杭州", 30.2741, 120.1551), "没有码的店": ("苏州", 31.3, 120.58)}
    codes = {}
    for name, (city, latitude, longitude) in spots.items():
        store = shop.api("POST", "/team/stores", {"name": name, "city": city, "address": f"{city}路 1 号"}, status=201)
        codes[name] = None if name == "没有码的店" else made(shop, account, name, store_id=store["id"])
        code_id = codes[name]["id"] if codes[name] else None
        shop.api("PUT", f"/acquisition/places/{store['id']}", {"latitude": latitude, "longitude": longitude, "code_id": code_id, "hours": "10–22 点"})
        shop.api("PUT", f"/acquisition/places/{store['id']}", {"latitude": latitude}, status=422)
    source_id = source_of(shop.stores, "门店码")
    page = shop.api("POST", "/acquisition/pages", {"name": "门店", "source_id": source_id, "look": {"title": "找最近的门店", "act": "stores"}}, status=201)
    shop.api("POST", f"/acquisition/pages/{page['id']}/status", {"status": "live"})
    at = path_of(page["address"])
    with browser(shop) as phone:
        listed = phone.get(at).text
        assert listed.index("上海") < listed.index("杭州")
        assert "没有码的店" not in listed
        near = phone.get(at, params={"at": "31.20,121.34"})
        section = near.text.split("离你最近")[1]
        assert section.index("虹桥店") < section.index("人民广场店") < section.index("西湖店")
        assert "geolocation=(self)" in near.headers["permissions-policy"]
        assert "西湖店" not in phone.get(at, params={"q": "上海"}).text
        assert "离你最近" not in phone.get(at, params={"at": "999,0"}).text
        store_id = next(one["store_id"] for one in shop.api("GET", "/acquisition/places")["items"] if one["name"] == "西湖店")
        chosen = phone.get(at, params={"store": store_id}).text
        assert codes["西湖店"]["qr_code"] in chosen
        assert "getCurrentPosition" in phone.get("/h/near.js").text


def test_posters_are_drawn_with_bleed_and_packed(shop: Shop, account: dict[str, Any]) -> None:
    first, second = made(shop, account, "一号:<店>"), made(shop, account, "一号:<店>")
    shown = shop.http.get(f"/api/v1/acquisition/codes/{first['id']}/qr", params={"format": "png", "pixels": 600})
    assert shown.content.startswith(b"\x89PNG")
    assert shop.http.get(f"/api/v1/acquisition/codes/{first['id']}/qr").text.startswith("<svg")
    body = {"code_ids": [first["id"], second["id"]], "template": "band", "size": "60x90", "title": "扫码加店长,领 <30> 元券", "words": "一行\n两行"}
    sheets = shop.api("POST", "/acquisition/posters/sheets", body)["items"]
    assert [one["file_name"] for one in sheets] == ["一号_店_", "一号_店_ 2"]
    # 600 × 900 mm, 5 mm of bleed and 7 mm for the marks on each side.
    assert sheets[0]["svg"].startswith('<svg xmlns="http://www.w3.org/2000/svg" width="624mm" height="924mm" viewBox="-12 -12 624 924"')
    assert "&lt;30&gt;" in sheets[0]["svg"]
    packed = shop.http.post("/api/v1/acquisition/posters/zip", json=body)
    names = zipfile.ZipFile(io.BytesIO(packed.content)).namelist()
    assert names == [f"一号_店_{number}{end}" for number in ("", " 2") for end in (".svg", "-qr.svg", "-qr.png")]
    shop.api("POST", "/acquisition/posters/sheets", {**body, "template": "picture"}, status=422)
    shop.api("POST", "/acquisition/posters/sheets", {**body, "colour": "red"}, status=422)


def test_whoever_may_only_read_changes_nothing(shop: Shop, account: dict[str, Any]) -> None:
    code = made(shop, account, "只读")
    analyst, guide = shop.log_in("ana", "analyst"), shop.log_in("gui", "guide")
    assert analyst.get(f"/api/v1/acquisition/codes/{code['id']}").status_code == 200
    assert analyst.post(f"/api/v1/acquisition/codes/{code['id']}/close").status_code == 403
    assert guide.get("/api/v1/acquisition/codes").status_code == 403
    changed = shop.api("PUT", f"/acquisition/codes/{code['id']}", {"name": "改名", "source_id": code["source_id"], "plan": {"receivers": [{"staff": "staff0002"}]}, "edit": code["edit"]})
    assert (changed["name"], [line["on"] for line in changed["staff"]]) == ("改名", [True])
    assert shop.api("POST", f"/acquisition/codes/{code['id']}/close")["status"] == "closed"


def test_visits_are_counted_on_both_ledgers_and_not_recorded_of_those_who_refuse(any_stores: Stores) -> None:
    source_id = source_of(any_stores, "双库")
    with any_stores.ledger.begin() as tx:
        tx.exec_driver_sql("INSERT INTO content_quiet_visitor (visitor, at) VALUES (77, '2026-01-01 00:00:00')")
    now = to_ms(any_stores.now())
    mine = [Visit("link", 1, "visit", now, visitor, source_id) for visitor in (5, 5, 6, 77)] + [Visit("link", 1, "program", now)]
    told = visits.write(any_stores, mine, set())
    assert len(told) == 2
    assert visits.write(any_stores, mine, set(told)) == []
    with any_stores.ledger.read() as tx:
        assert short_links.counted(tx, "link", [1]) == {1: {"visit": 8, "program": 2, "press": 0}}
