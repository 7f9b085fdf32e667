"""Drafts 草稿 and lasting media 永久素材: what mass sends and articles are made of. Publishing is not sending: nobody is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from siyu.connectors._http import Upload
from siyu.connectors._wechat.limits import Faults
from siyu.connectors._wechat.platform import Nothing, Platform

TITLE_CHARACTERS = 64
DIGEST_CHARACTERS = 120
CONTENT_BYTES = 1024 * 1024
MOST_ARTICLES = 8
PAGE = 20


class Article(msgspec.Struct, frozen=True, omit_defaults=True):
    """`content` is HTML whose pictures come from `Media.upload_picture` (empty in lists); `thumb_media_id` is a lasting picture."""

    title: str = ""
    content: str = ""
    thumb_media_id: str = ""
    author: str = ""
    digest: str = ""
    content_source_url: str = ""
    need_open_comment: int = 0
    only_fans_can_comment: int = 0
    url: str = ""


class Draft(msgspec.Struct, frozen=True):
    media_id: str
    articles: tuple[Article, ...] = ()


class Material(msgspec.Struct, frozen=True):
    media_id: str
    url: str = ""


class PublishState(msgspec.Struct, frozen=True):
    """`publish_status`: 0 done, 1 under way, 2 original check failed, 3 failed, 4 not reviewed, 5 and 6 taken back."""

    publish_id: str | int = ""
    publish_status: int = 1
    article_id: str = ""
    fail_idx: tuple[int, ...] = ()


class _News(msgspec.Struct, frozen=True):
    news_item: tuple[Article, ...] = ()


class _Item(msgspec.Struct, frozen=True):
    media_id: str
    content: _News = _News()


class _Items(msgspec.Struct, frozen=True):
    total_count: int = 0
    item: tuple[_Item, ...] = ()


class _MediaId(msgspec.Struct, frozen=True):
    media_id: str


class _Count(msgspec.Struct, frozen=True):
    total_count: int = 0


class _Submitted(msgspec.Struct, frozen=True):
    publish_id: str | int


class Drafts:
    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def add(self, articles: Sequence[Article]) -> str:
        """Make a draft; its id is what a mass send names."""
        _check(articles)
        body = {"articles": [_wire(one) for one in articles]}
        return (await self._platform.post("/cgi-bin/draft/add", body, _MediaId, idempotent=False)).media_id

    async def get(self, media_id: str) -> Draft:
        found = await self._platform.post("/cgi-bin/draft/get", {"media_id": media_id}, _News)
        return Draft(media_id, found.news_item)

    async def update(self, media_id: str, article: Article, index: int = 0) -> None:
        _check([article])
        body = {"media_id": media_id, "index": index, "articles": _wire(article)}
        await self._platform.post("/cgi-bin/draft/update", body, Nothing)

    async def delete(self, media_id: str) -> None:
        await self._platform.post("/cgi-bin/draft/delete", {"media_id": media_id}, Nothing)

    async def count(self) -> int:
        return (await self._platform.get("/cgi-bin/draft/count", _Count)).total_count

    async def list(self, offset: int = 0, count: int = PAGE) -> tuple[Draft, ...]:
        body = {"offset": offset, "count": min(count, PAGE), "no_content": 1}
        found = await self._platform.post("/cgi-bin/draft/batchget", body, _Items)
        return tuple(Draft(one.media_id, one.content.news_item) for one in found.item)

    async def publish(self, media_id: str) -> str:
        """Put a draft on the account's page; no quota, and nobody is told."""
        body = {"media_id": media_id}
        submitted = await self._platform.post(
            "/cgi-bin/freepublish/submit", body, _Submitted, idempotent=False
        )
        return str(submitted.publish_id)

    async def published(self, publish_id: str) -> PublishState:
        return await self._platform.post("/cgi-bin/freepublish/get", {"publish_id": publish_id}, PublishState)

    async def add_material(
        self,
        kind: Literal["image", "voice", "thumb"],
        filename: str,
        content: bytes,
        content_type: str = "image/jpeg",
    ) -> Material:
        """A file that stays until it is deleted (pictures: 100,000 an account). A video needs a title and is not done here."""
        upload = Upload("media", filename, content, content_type)
        return await self._platform.upload("/cgi-bin/material/add_material", upload, Material, type=kind)

    async def delete_material(self, media_id: str) -> None:
        await self._platform.post("/cgi-bin/material/del_material", {"media_id": media_id}, Nothing)


def _wire(article: Article) -> Any:
    return msgspec.to_builtins(article)


def _check(articles: Sequence[Article]) -> None:
    faults = Faults()
    faults.count("articles", articles, MOST_ARTICLES)
    for number, one in enumerate(articles):
        at = f"articles.{number}"
        faults.needed(f"{at}.title", one.title.strip())
        faults.characters(f"{at}.title", one.title, TITLE_CHARACTERS)
        faults.characters(f"{at}.digest", one.digest, DIGEST_CHARACTERS)
        faults.needed(f"{at}.content", one.content.strip())
        faults.bytes(f"{at}.content", one.content, CONTENT_BYTES)
    faults.tell()
