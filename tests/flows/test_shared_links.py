"""A link that many share inside WeChat: the connected Official Account says who reads it, once; strangers stay strangers."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pyarrow as pa

from siyu.content import links
from siyu.content.facts import CONTENT_TOUCH
from siyu.customers import consent
from siyu.customers.consent import Proof, Statement
from siyu.events.recording import Senders, record_profiles
from siyu.identity.identifiers import look_up_all
from siyu.river import flow
from tests.makers.content import put_piece
from tests.makers.running import running_shop
from tests.makers.sandbox import SandboxClient
from tests.makers.weixin import official_account

WECHAT = "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 MicroMessenger/8.0.60"
SHOP = "https://shop.example.cn/spring"


def test_wechat_names_who_reads_a_shared_link(tmp_path: Path, sandbox: SandboxClient) -> None:
    wx = official_account(sandbox, 3, kind="service")
    with running_shop(tmp_path, public_url="http://127.0.0.1:1") as shop:
        body = {"product": "official_account", "name": "公众号", "credentials": {"appid": wx.appid, "secret": wx.secret, "callback_token": "token"}}
        settings = {"base_url": sandbox.url, "open_url": sandbox.url, "allow_private": "true", "kind": "service"}
        shop.api("POST", "/carriers/accounts", {**body, "settings": settings}, status=201)
        openid = str(wx.act(1, "follow")["openid"])
        space = f"openid:{wx.appid}"
        with shop.stores.ledger.begin() as tx:
            who = Senders({space: pa.array([openid])})
            record_profiles(tx, shop.stores.secrets, who, ids=pa.array(["p"]), at_ms=pa.array([1]), traits=[{}], now=shop.stores.now(), dedup_key="p")
        flow(shop.stores)
        with shop.stores.ledger.read() as tx:
            mine = look_up_all(shop.stores, tx, space, [openid])[openid]
        with shop.stores.ledger.begin() as tx:
            consent.record(shop.stores, tx, [Statement(mine, "profiling", "", "granted", shop.stores.now())], Proof("page", "test"))
        piece = put_piece(shop.stores, {"title": "春装", "url": SHOP}, kind="link")
        with shop.stores.ledger.begin() as tx:
            made = links.prepare(tx, piece.id, 1, send_id=1, sender="lin", now=shop.stores.now())
        assert made is not None
        path = urlsplit(links.shown_to(shop.stores, made, 1, [0], "wecom")[0]).path
        with browsing(shop.url) as reader, browsing(shop.url) as stranger:
            assert opened(reader, path, phone=1) == SHOP
            assert opened(reader, path, phone=None) == SHOP, "known by its number now: nobody is asked again"
            assert opened(stranger, path, phone=2) == SHOP
        flow(shop.stores)
        with shop.stores.warehouse.read() as session:
            rows = session.query(CONTENT_TOUCH.table).to_pylist()
        assert sorted(row["customer_id"] for row in rows) == [0, mine, mine]


def browsing(url: str) -> httpx.Client:
    return httpx.Client(base_url=url, headers={"User-Agent": WECHAT}, trust_env=False, follow_redirects=False, timeout=20)


def opened(browser: httpx.Client, path: str, *, phone: int | None) -> str:
    """Where a browser ends up; on WeChat's page it is that phone."""
    answer = browser.get(path)
    if phone is not None:
        asked = answer.headers["location"]
        assert urlsplit(asked).path == "/connect/oauth2/authorize"
        back = urlsplit(browser.get(asked.partition("#")[0] + f"&phone={phone}").headers["location"])
        answer = browser.get(f"{back.path}?{back.query}")
    return str(answer.headers["location"])
