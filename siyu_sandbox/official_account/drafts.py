"""Drafts (草稿箱) and publishing (发布): the articles that a mass send carries; publishing reaches nobody's phone."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from siyu_sandbox.registry import Endpoint, Json, Refusal
from siyu_sandbox.weixin.account import short_id

if TYPE_CHECKING:
    from siyu_sandbox.official_account.account import OfficialAccount
    from siyu_sandbox.sandbox import Sandbox

PRODUCT = "official_account"
OK = {"errcode": 0, "errmsg": "ok"}
MOST_ARTICLES = 8
TITLE_CHARACTERS = 64
PAGE = 20


def _article(box: Sandbox, account: OfficialAccount, article: Any) -> Json:
    if not isinstance(article, dict) or not article.get("title") or not article.get("content"):
        raise Refusal(47001, "data format error")
    if len(str(article["title"])) > TITLE_CHARACTERS:
        raise Refusal(45003, "title size out of limit")
    cover = article.get("thumb_media_id")
    if article.get("article_type", "news") == "news" and account.media.find(cover, box.clock.now()) is None:
        raise Refusal(40007, "invalid media_id")
    url = f"http://mp.weixin.qq.com/s/{short_id(account.appid + str(article['title']) + str(len(account.drafts)), 22)}"
    return article | {"url": url}


def add(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/draft/add."""
    articles = body.get("articles")
    if not isinstance(articles, list) or not 1 <= len(articles) <= MOST_ARTICLES:
        raise Refusal(45008, "article size out of limit")
    items = [_article(box, account, article) for article in articles]
    media_id, now = secrets.token_urlsafe(48), box.clock.second()
    account.drafts[media_id] = {"news_item": items, "create_time": now, "update_time": now}
    return {"media_id": media_id}


def _draft(account: OfficialAccount, body: Json) -> Json:
    draft = account.drafts.get(str(body.get("media_id")))
    if draft is None:
        raise Refusal(40007, "invalid media_id")
    return draft


def show(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/draft/get."""
    return _draft(account, body)


def update(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/draft/update: one article of the draft."""
    draft, place = _draft(account, body), body.get("index", 0)
    if not isinstance(place, int) or not 0 <= place < len(draft["news_item"]):
        raise Refusal(40114, "invalid index value")
    draft["news_item"][place] = _article(box, account, body.get("articles"))
    draft["update_time"] = box.clock.second()
    return OK


def delete(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/draft/delete."""
    _draft(account, body)
    del account.drafts[body["media_id"]]
    return OK


def count(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """GET /cgi-bin/draft/count."""
    return {"total_count": len(account.drafts)}


def _page(kept: dict[str, Json], name: str, body: Json) -> Json:
    start, most = body.get("offset", 0), body.get("count", PAGE)
    if not isinstance(start, int) or not isinstance(most, int) or not 1 <= most <= PAGE or start < 0:
        raise Refusal(40097, "invalid args")
    rows = list(kept.items())[::-1][start : start + most]
    hidden = ("content",) if body.get("no_content") else ()
    items = [
        {
            name: key,
            "content": {"news_item": [_without(one, hidden) for one in held["news_item"]]},
            "update_time": held["update_time"],
        }
        for key, held in rows
    ]
    return {"total_count": len(kept), "item_count": len(items), "item": items}


def _without(article: Json, names: tuple[str, ...]) -> Json:
    return {name: value for name, value in article.items() if name not in names}


def page(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/draft/batchget."""
    return _page(account.drafts, "media_id", body)


def publish(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/freepublish/submit: done at once here."""
    draft = _draft(account, body)
    number = str(next(account.message_ids))
    account.published[number] = draft | {"article_id": secrets.token_urlsafe(48)}
    del account.drafts[body["media_id"]]
    return {**OK, "publish_id": number}


def published(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/freepublish/get."""
    number = str(body.get("publish_id"))
    if number not in account.published:
        raise Refusal(53600, "invalid publish_id")
    held = account.published[number]
    items = [{"idx": place, "article_url": one["url"]} for place, one in enumerate(held["news_item"], 1)]
    detail = {"count": len(items), "item": items}
    return {
        "publish_id": number,
        "publish_status": 0,
        "article_id": held["article_id"],
        "article_detail": detail,
        "fail_idx": [],
    }


def published_page(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/freepublish/batchget."""
    by_article = {held["article_id"]: held for held in account.published.values()}
    return _page(by_article, "article_id", body)


ENDPOINTS = (
    Endpoint("POST", "/cgi-bin/draft/add", add, PRODUCT),
    Endpoint("POST", "/cgi-bin/draft/get", show, PRODUCT),
    Endpoint("POST", "/cgi-bin/draft/update", update, PRODUCT),
    Endpoint("POST", "/cgi-bin/draft/delete", delete, PRODUCT),
    Endpoint("GET", "/cgi-bin/draft/count", count, PRODUCT),
    Endpoint("POST", "/cgi-bin/draft/batchget", page, PRODUCT),
    Endpoint("POST", "/cgi-bin/freepublish/submit", publish, PRODUCT),
    Endpoint("POST", "/cgi-bin/freepublish/get", published, PRODUCT),
    Endpoint("POST", "/cgi-bin/freepublish/batchget", published_page, PRODUCT),
)
