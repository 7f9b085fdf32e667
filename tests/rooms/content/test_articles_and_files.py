"""Articles hold no script, whatever is pasted; files are what their content says, within bounds."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.content import articles, files, media_routes
from siyu.foundation.errors import InvalidError
from siyu.foundation.stores import Stores
from tests.makers.content import open_desk
from tests.makers.customers import Desk

MEDIA = "media:" + "0123456789abcdef" * 2
PASTED = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>", "<a href='javascript:alert(1)'>a</a>", "<a href='&#106;avascript:alert(1)'>a</a>",
    "<iframe src='https://evil.cn'></iframe>", "<style>*{display:none}</style>", "<p style='position:fixed'>a</p>", "<form action='https://evil.cn'><input name=p></form>",
    "<a href='data:text/html,<script>1</script>'>a</a>", "<base href='https://evil.cn/'>", "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>", "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<p onclick=alert(1)>a</p>", "<a href='//evil.cn'>a</a>", "<img src='https://evil.cn/pixel.gif'>", "<object data=x></object>", "<meta http-equiv=refresh content='0;url=https://evil.cn'>", "<!--><script>alert(1)</script>-->",
    "<img src='{称呼}'>", "<a href='https://a.cn/{称呼}'>a</a>", "<a href='/l/x' target=_top>a</a>",
]  # fmt: skip


class _Look(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, Any]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def harmless(html: str) -> bool:
    look = _Look()
    look.feed(html)
    return all(
        tag in articles._TAGS
        and not any(name.startswith("on") or name in ("style", "srcset", "target") for name in attrs)
        and (attrs.get("href") or "https:").startswith(("https:", "http:", "mailto:", "tel:"))
        and articles.MEDIA.fullmatch(attrs.get("src") or MEDIA)
        for tag, attrs in look.found
    )


@pytest.mark.parametrize("pasted", PASTED)
def test_what_is_pasted_is_made_harmless(pasted: str) -> None:
    made = articles.clean(f"<p>before</p>{pasted}<p>after</p>")
    assert harmless(made)
    assert "before" in made
    assert articles.clean(made) == made


@given(st.lists(st.sampled_from([*PASTED, "<p>", "</p>", "<", ">", "\"", "'", "a", "<b>", "{x}", "<!--", "-->", "<![CDATA[", "\0", "&lt;script&gt;", MEDIA]), max_size=8).map("".join))
def test_whatever_is_put_together(pasted: str) -> None:
    assert harmless(articles.clean(pasted))
    assert harmless(articles.rewritten(articles.clean(pasted), link=lambda _: "https://siyu-link.invalid/1/", picture=lambda _: "/m/x").replace('src="/m/x"', ""))


def test_what_belongs_to_an_article_stays() -> None:
    html = f'<h2>标题</h2><p>一<strong>二</strong> <a href="https://a.cn/?x=1&amp;y=2" rel="noopener noreferrer">三</a></p><ul><li>四</li></ul><img src="{MEDIA}" alt="图" width="600"><table><tbody><tr><td colspan="2">五</td></tr></tbody></table>'
    assert articles.clean(html) == html
    assert articles.addresses(html) == ["https://a.cn/?x=1&y=2"]
    assert articles.pictures(html) == [MEDIA]
    assert articles.words(html) == "标题\n一二 三\n四\n五"


def png(width: int, height: int, size: int = 0) -> bytes:
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", width, height) + b"\x08\x02\0\0\0" + bytes(size)


def jpeg(width: int, height: int) -> bytes:
    return b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0" + b"\xff\xc0\0\x11\x08" + struct.pack(">HH", height, width) + b"\3" + bytes(30)


GIF = b"GIF89a" + struct.pack("<HH", 30, 20) + bytes(8)
WEBP = b"RIFF\0\0\0\0WEBPVP8X\n\0\0\0\0\0\0\0" + (639).to_bytes(3, "little") + (479).to_bytes(3, "little")
MP4 = b"\0\0\0\x18ftypmp42" + bytes(16)


@pytest.mark.parametrize(("content", "seen"), [
    (png(640, 480), ("image", "image/png", 640, 480)), (jpeg(800, 600), ("image", "image/jpeg", 800, 600)), (GIF, ("image", "image/gif", 30, 20)),
    (WEBP, ("image", "image/webp", 640, 480)), (MP4, ("video", "video/mp4", None, None)), (b"%PDF-1.7 x", ("file", "application/pdf", None, None)),
    (b"PK\x03\x04....", ("file", "application/zip", None, None)), ("说明".encode(), ("file", "text/plain", None, None)),
])  # fmt: skip
def test_a_file_is_what_its_content_says(content: bytes, seen: tuple[Any, ...]) -> None:
    assert files.look(content) == seen


@pytest.mark.parametrize("content", [b"", b"<html><script>", b"<svg xmlns='http://www.w3.org/2000/svg'>", b"\x7fELF" + bytes(40), b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP"])
def test_what_is_not_known_is_not_kept(stores: Stores, content: bytes) -> None:
    assert files.look(content) is None
    with pytest.raises(InvalidError):
        files.put(stores, "x.png", content, "a")


@given(st.binary(max_size=60), st.sampled_from([b"", png(1, 1), jpeg(1, 1), GIF, WEBP, MP4, b"\xff\xd8\xff"]))
def test_no_bytes_break_the_look(tail: bytes, head: bytes) -> None:
    files.look(head[: len(head) // 2] + tail)
    files.look(head + tail)


def test_bounds_of_bytes_and_points(stores: Stores) -> None:
    for content in (png(10, 10, files.MOST_BYTES["image"]), png(100_000, 100_000)):
        with pytest.raises(InvalidError):
            files.put(stores, "x.png", content, "a")


@pytest.fixture
def desk(stores: Stores) -> Iterator[Desk]:
    return open_desk(stores, media_routes.router)


def test_files_come_in_once_and_are_shown_to_the_console(desk: Desk) -> None:
    olga = desk.as_("olga")
    first = olga.put("/api/v1/content/media", params={"name": "图.png"}, content=png(640, 480))
    again = olga.put("/api/v1/content/media", params={"name": "又.png"}, content=png(640, 480))
    assert (first.status_code, again.json()["media"]) == (201, first.json()["media"])
    assert (first.json()["width"], first.json()["kind"]) == (640, "image")
    digest = first.json()["media"].removeprefix("media:")
    shown = olga.get(f"/api/v1/content/media/{digest}")
    assert (shown.content, shown.headers["content-type"]) == (png(640, 480), "image/png")
    olga.put("/api/v1/content/media", params={"name": "b.pdf"}, content=b"%PDF-1.7 x")
    assert [one["name"] for one in olga.get("/api/v1/content/media", params={"kind": "file"}).json()["items"]] == ["b.pdf"]
    saved = olga.get(f"/api/v1/content/media/{olga.get('/api/v1/content/media', params={'kind': 'file'}).json()['items'][0]['media'][6:]}")
    assert saved.headers["content-disposition"] == "attachment"
    assert desk.as_("bob").get("/api/v1/content/media").status_code == 403
    assert desk.as_("ann").put("/api/v1/content/media", params={"name": "x.png"}, content=png(1, 1)).status_code == 403
    assert olga.get("/api/v1/content/media/nothing").status_code == 404


def test_a_body_without_end_is_cut_off(desk: Desk) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(40):
            yield bytes(1 << 20)

    assert desk.as_("olga").put("/api/v1/content/media", params={"name": "x"}, content=endless()).status_code == 413


def test_pictures_of_a_carrier_are_checked_by_type_and_size(desk: Desk) -> None:
    gif = desk.as_("olga").put("/api/v1/content/media", params={"name": "a.gif"}, content=GIF).json()["media"]
    told = desk.as_("olga").post("/api/v1/content/pieces/check", json={"kind": "image", "body": {"picture": gif}}).json()
    by = {one["carrier"]: [fault["field"] for fault in one["faults"]] for one in told["fits"]}
    assert by["wecom"] == ["body.picture"]
    assert by["webhook"] == []
    unknown = desk.as_("olga").post("/api/v1/content/pieces/check", json={"kind": "image", "body": {"picture": MEDIA}}).json()
    assert all("body.picture" in [fault["field"] for fault in one["faults"]] for one in unknown["fits"])
