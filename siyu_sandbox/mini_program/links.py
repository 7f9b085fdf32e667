"""Links into a mini program from outside (URL Link, URL Scheme, Short Link): at most 30 days, for one person."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from siyu_sandbox.mini_program.account import Link, MiniProgram
from siyu_sandbox.registry import ControlFault, Endpoint, Json, Refusal

if TYPE_CHECKING:
    from siyu_sandbox.sandbox import Sandbox

PRODUCT = "mini_program"
OK = {"errcode": 0, "errmsg": "ok"}
DAY = 86_400
VERSIONS = ("release", "trial", "develop")
TITLE_CHARACTERS = 20


def _make(box: Sandbox, account: MiniProgram, url: str, target: Json, expiry: Json) -> Link:
    path, query = str(target.get("path") or ""), str(target.get("query") or "")
    if path and not account.has_page(path.lstrip("/").split("?")[0]):
        raise Refusal(40165, "invalid weapp pagepath")
    if len(query) > account.limits.query_characters:
        raise Refusal(40212, "invalid query")
    version = target.get("env_version") or "release"
    if version not in VERSIONS:
        raise Refusal(40097, "invalid args")
    now = box.clock.now()
    link = Link(url, path.lstrip("/"), query, version, int(now), _until(account, expiry, now))
    account.links[url] = link
    return link


def _until(account: MiniProgram, expiry: Json, now: float) -> float:
    """Return the end of the link; since 2022-04-11 there is no link without one."""
    latest = now + account.limits.link_days * DAY
    if expiry.get("expire_type", 0) == 1:
        days = expiry.get("expire_interval", account.limits.link_days)
        if not isinstance(days, int) or not 1 <= days <= account.limits.link_days:
            raise Refusal(85401, "time limit between 1min and 30 days")
        return now + days * DAY
    until = expiry.get("expire_time") or latest
    if not isinstance(until, int | float) or not now + 60 <= until <= latest + 1:
        raise Refusal(85401, "time limit between 1min and 30 days")
    return float(until)


def url_link(box: Sandbox, account: MiniProgram, query: dict[str, str], body: Json) -> Json:
    """POST /wxa/generate_urllink."""
    link = _make(box, account, f"https://wxaurl.cn/{secrets.token_urlsafe(8)}", body, body)
    return {**OK, "url_link": link.url}


def scheme(box: Sandbox, account: MiniProgram, query: dict[str, str], body: Json) -> Json:
    """POST /wxa/generatescheme."""
    target = body.get("jump_wxa") or {}
    if not isinstance(target, dict):
        raise Refusal(47001, "data format error")
    link = _make(box, account, f"weixin://dl/business/?t={secrets.token_urlsafe(8)}", target, body)
    return {**OK, "openlink": link.url}


def _shown(link: Link, account: MiniProgram) -> Json:
    return {
        "appid": account.appid,
        "path": link.path,
        "query": link.query,
        "create_time": link.made_at,
        "expire_time": int(link.until),
        "env_version": link.env_version,
    }


def _find(account: MiniProgram, url: object) -> Link:
    link = account.links.get(str(url))
    if link is None:
        raise Refusal(85402, "invalid url_link")
    return link


def query_url_link(box: Sandbox, account: MiniProgram, query: dict[str, str], body: Json) -> Json:
    """POST /wxa/query_urllink."""
    link = _find(account, body.get("url_link"))
    visit = account.openid(link.opener) if link.opener else ""
    return {**OK, "url_link_info": _shown(link, account), "visit_openid": visit}


def query_scheme(box: Sandbox, account: MiniProgram, query: dict[str, str], body: Json) -> Json:
    """POST /wxa/queryscheme."""
    link = _find(account, body.get("scheme"))
    visit = account.openid(link.opener) if link.opener else ""
    return {**OK, "scheme_info": _shown(link, account), "visit_openid": visit}


def short_link(box: Sandbox, account: MiniProgram, query: dict[str, str], body: Json) -> Json:
    """POST /wxa/genwxashortlink: for use inside WeChat, not bound to anybody."""
    page = str(body.get("page_url") or "")
    if not page or not account.has_page(page.split("?")[0]):
        raise Refusal(40165, "invalid weapp pagepath")
    title = str(body.get("page_title") or account.name)[:TITLE_CHARACTERS]
    return {**OK, "link": f"#小程序://{account.name}/{title}/{secrets.token_urlsafe(8)}"}


def open_link(box: Sandbox, account: MiniProgram, url: str, phone: int) -> Link:
    """Let a person open a link; refuse one that is over or belongs to somebody else."""
    link = account.links.get(url)
    if link is None:
        raise ControlFault("no such link", 404)
    if link.until <= box.clock.now():
        raise ControlFault("the link is over", 410)
    if link.opener not in (None, phone):
        raise ControlFault("somebody else opened the link first", 403)
    link.opener = phone
    return link


ENDPOINTS = (
    Endpoint("POST", "/wxa/generate_urllink", url_link, PRODUCT),
    Endpoint("POST", "/wxa/query_urllink", query_url_link, PRODUCT),
    Endpoint("POST", "/wxa/generatescheme", scheme, PRODUCT),
    Endpoint("POST", "/wxa/queryscheme", query_scheme, PRODUCT),
    Endpoint("POST", "/wxa/genwxashortlink", short_link, PRODUCT),
)
