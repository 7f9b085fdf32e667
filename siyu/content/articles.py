"""Articles 长文章: rich text, sanitised before it is kept, and made ready for a page or a letter.

Only what is listed here stays (nh3, the Rust sanitiser of ammonia): no script, no style, no frame, no address but https, http,
mailto and tel; pictures only from the library. Addresses become tracked links by passing the sanitiser again, which knows
where an address is one and where it is a word.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import msgspec
import nh3

from siyu.content.bodies import Body
from siyu.foundation.errors import Fault
from siyu.foundation.text import Text

MEDIA = re.compile(r"media:[0-9a-f]{32}")
_TAGS = {"p", "h1", "h2", "h3", "h4", "strong", "b", "em", "i", "u", "s", "blockquote", "ul", "ol", "li", "a", "img", "br", "hr", "figure", "figcaption", "table", "thead", "tbody", "tr", "th", "td", "code", "pre", "sub", "sup"}
_ATTRIBUTES = {"a": {"href"}, "img": {"src", "alt", "width", "height"}, "th": {"colspan", "rowspan"}, "td": {"colspan", "rowspan"}}
_SCHEMES = {"http", "https", "mailto", "tel", "media"}
_TAG = re.compile(r"<[^>]*>")
Rewrite = Callable[[str], str]


def cleaned(body: Body) -> Body:
    """The body with its HTML as it may be shown."""
    return msgspec.structs.replace(body, html=clean(body.html)) if body.html else body


def clean(html: str) -> str:
    return _passed(html, _only_ours)


def faults_of(body: Body) -> list[Fault]:
    """What a sanitised article may not have: variables within addresses, where a value could lead elsewhere."""
    inside = [tag for tag in _TAG.findall(body.html) if "{" in tag]
    return [Fault("body.html", Text(f"变量不能写在链接里：{tag[:60]}", f"no variable may stand within an address: {tag[:60]}")) for tag in inside]


def strangers(html: str) -> list[str]:
    """Addresses of pictures that are not in the library, and so do not stay."""
    found: list[str] = []

    def look(tag: str, name: str, value: str) -> str | None:
        if tag == "img" and name == "src" and not MEDIA.fullmatch(value):
            found.append(value[:200])
        return value

    nh3.clean(html, tags=_TAGS, attributes=_ATTRIBUTES, attribute_filter=look, url_schemes=_SCHEMES | {"data", "blob"}, url_relative="pass_through")
    return found


def rewritten(html: str, *, link: Rewrite, picture: Rewrite) -> str:
    """A sanitised article with other addresses: of its links (http and https), and of its pictures."""

    def turn(tag: str, name: str, value: str) -> str | None:
        if tag == "a" and name == "href" and value.startswith(("http://", "https://")):
            return link(value)
        if tag == "img" and name == "src" and MEDIA.fullmatch(value):
            return picture(value)
        return value

    return nh3.clean(html, tags=_TAGS, attributes=_ATTRIBUTES, attribute_filter=turn, url_schemes=_SCHEMES, url_relative="pass_through")


def addresses(html: str) -> list[str]:
    """The http and https addresses that it links to, in order."""
    found: list[str] = []

    def note(address: str) -> str:
        found.append(address)
        return address

    rewritten(html, link=note, picture=str)
    return found


def pictures(html: str) -> list[str]:
    """Names of the files it shows."""
    return list(dict.fromkeys(MEDIA.findall(html)))


def words(html: str) -> str:
    """Its words without markup, for a search and for the plain half of a letter."""
    broken = re.sub(r"(?i)<(?:/p|br|/li|/h[1-4]|/tr|hr|/blockquote)[^>]*>", "\n", html)
    return re.sub(r"\n{3,}", "\n\n", unescape(_TAG.sub("", broken))).strip()


def _only_ours(tag: str, name: str, value: str) -> str | None:
    if tag == "img" and name == "src":
        return value if MEDIA.fullmatch(value) else None
    if name in ("width", "height", "colspan", "rowspan"):
        return value if value.isdigit() and len(value) <= 4 else None
    return value if not value.lower().startswith("media:") else None


def _passed(html: str, each: Callable[[str, str, str], str | None]) -> str:
    return nh3.clean(html, tags=_TAGS, attributes=_ATTRIBUTES, attribute_filter=each, url_schemes=_SCHEMES, url_relative="deny")
