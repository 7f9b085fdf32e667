"""Letters 邮件: a piece as a letter: HTML that mail programs can read, and the same in plain words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape, unescape
from itertools import chain

from siyu.content import articles, links
from siyu.content.bodies import Body
from siyu.content.kinds import Kind
from siyu.content.templates import Escape, Slot, Template, compiled

_HEAD = (
    '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"></head>'
    '<body style="margin:0;background:#f5f6f4;color:#1f2421;font:16px/1.65 -apple-system,\'PingFang SC\',\'Noto Sans SC\',sans-serif"><div style="max-width:560px;margin:0 auto;padding:24px 16px;background:#fff">'
)
_TAIL = "</div></body></html>"
_HEADER_BREAK = re.compile(r"[\r\n\x00-\x1f\x7f\x85\u2028\u2029]+")
_MARKER = "https://siyu-link.invalid/"
_MARKED = re.compile(re.escape(_MARKER) + r"(\d+)/")


def _html(value: str) -> str:
    return escape(value, quote=True)


VALUE: Mapping[str, Escape] = {"html": _html, "subject": lambda value: _HEADER_BREAK.sub(" ", value)}
"""How a value is made harmless in each part; elsewhere it is plain text."""


def parts_of(kind: Kind, body: Body, parts: Mapping[str, Template], numbers: Mapping[str, int], base: str) -> dict[str, Template]:
    """Subject, text and html of a letter, from the templates of a piece's words."""
    title, text, desc, address = (parts.get(name) for name in ("title", "text", "desc", "url"))
    subject = compiled(_HEADER_BREAK.sub(" ", body.subject or body.title))
    rich = article(body.html, numbers, base) if body.html else None
    blocks = [
        _joined('<h1 style="font-size:22px;line-height:1.35;margin:0 0 12px">', title and _escaped(title), "</h1>") if title else None,
        _joined('<p style="margin:0 0 12px">', _escaped(text), "</p>") if text else None,
        _joined(rich) if rich else None,
        _joined('<p style="margin:0 0 12px;color:#66706a">', _escaped(desc), "</p>") if desc and not rich else None,
        _joined('<p style="margin:20px 0"><a href="', _escaped(address), '" style="display:inline-block;padding:10px 20px;background:#2f6b4f;color:#fff;border-radius:8px;text-decoration:none">查看详情</a></p>')
        if address else None,
    ]  # fmt: skip
    words = [one for one in (title, text, _plain_article(body) if rich else desc, address) if one]
    between = [piece for one in words for piece in ("\n\n", one)][1:]
    return {"subject": subject, "text": _joined(*between), "html": _joined(_HEAD, *(one for one in blocks if one), _TAIL)}


def article(html: str, numbers: Mapping[str, int], base: str) -> Template:
    """A sanitised article as a template: variables in its words, places for its tracked links, pictures served from `base`."""
    turned = articles.rewritten(
        html, link=lambda value: f"{_MARKER}{numbers[value]}/" if value in numbers else value, picture=lambda name: f"{base}/m/{name.partition(':')[2]}"
    )
    parts: list[str | Slot] = []
    for part in compiled(turned).parts:
        if isinstance(part, Slot):
            # The sanitiser wrote them as markup; a value is made markup again when it is filled in.
            parts.append(Slot(unescape(part.name), None if part.fallback is None else unescape(part.fallback)))
            continue
        end = 0
        for found in _MARKED.finditer(part):
            parts += [part[end : found.start()], links.slot_of(int(found[1]))]
            end = found.end()
        parts.append(part[end:])
    return Template(tuple(part for part in parts if part != ""), ())


def _plain_article(body: Body) -> Template:
    return compiled(articles.words(body.html))


def _escaped(template: Template) -> Template:
    return Template(tuple(part if isinstance(part, Slot) else _html(part).replace("\n", "<br>") for part in template.parts), ())


def _joined(*parts: str | Template | None) -> Template:
    return Template(tuple(chain.from_iterable((one,) if isinstance(one, str) else one.parts for one in parts if one is not None)), ())
