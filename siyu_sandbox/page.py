"""A small page of phones (手机墙): nothing that was sent can hide. No script; it reads well on a phone itself."""

from __future__ import annotations

import datetime as dt
from html import escape

import msgspec

from siyu_sandbox.phones import Phone, Received
from siyu_sandbox.registry import Answer, Json
from siyu_sandbox.sandbox import Sandbox

SHOWN = 60
STYLE = """
:root{color-scheme:light dark;font:16px/1.5 system-ui,'PingFang SC','Microsoft YaHei',sans-serif}
body{margin:0 auto;padding:1rem;max-width:60rem}h1{font-size:1.25rem;margin:0 0 .25rem}
a{color:inherit}.grid{display:grid;gap:.75rem;grid-template-columns:repeat(auto-fill,minmax(17rem,1fr))}
.phone{border:1px solid #8886;border-radius:.75rem;padding:.75rem;min-width:0}
.phone h2{font-size:1rem;margin:0}.note{opacity:.75;font-size:.875rem;margin:.1rem 0}
.said{background:#8882;border-radius:.5rem;padding:.4rem .6rem;margin:.4rem 0;overflow-wrap:anywhere}
nav a{display:inline-block;padding:.5rem 1rem .5rem 0}
"""


def phones_page(box: Sandbox, params: dict[str, str], body: Json) -> Answer:
    """The phones that were touched, with what each received last; ?after= pages."""
    after = int(params["after"]) if params.get("after", "").isdigit() else 0
    touched = box.phones.touched(after, SHOWN + 1)
    cards = "".join(_card(box, box.phones.get(number)) for number in touched[:SHOWN])
    more = f'<nav><a href="?after={touched[SHOWN - 1]}">下一页 Next</a></nav>' if len(touched) > SHOWN else ""
    head = (
        f"<h1>模拟手机 Simulated phones</h1><p class=note>{_moment(box.clock.now())} · ×{box.clock.speed:g} · "
        f"{box.phones.count:,} 部手机 phones · 收到 received {box.phones.received_count():,}</p>"
    )
    empty = "<p>还没有人来过。 Nobody has come yet.</p>" if not touched else ""
    return _page(head + empty + f'<div class="grid">{cards}</div>' + more)


def phone_page(box: Sandbox, params: dict[str, str], body: Json) -> Answer:
    """One phone, everything it received, newest first."""
    phone = box.phones.get(int(params["id"]))
    said = "".join(_said(one) for one in reversed(box.phones.inbox(phone.id)))
    nothing = "<p>什么也没收到。 Received nothing.</p>"
    return _page(f'<nav><a href="/sandbox/">← 全部 All</a></nav>{_head(phone)}{said or nothing}')


def _card(box: Sandbox, phone: Phone) -> str:
    inbox = box.phones.inbox(phone.id)
    count = f"<p class=note>共 {len(inbox)} 条 in all</p>" if len(inbox) > 3 else ""
    said = "".join(_said(one) for one in reversed(inbox[-3:]))
    return f'<section class="phone">{_head(phone)}{said}{count}</section>'


def _head(phone: Phone) -> str:
    return (
        f'<h2><a href="/sandbox/pages/{phone.id}">{escape(phone.name)}</a></h2>'
        f"<p class=note>{escape(phone.phone)} · {escape(phone.email)}</p>"
    )


def _said(one: Received) -> str:
    where = f"{_moment(one.at)} · {one.carrier} · {escape(one.sender)} · {escape(one.kind)}"
    return f'<div class="said"><p class=note>{where}</p>{escape(_words(one.content))}</div>'


def _words(content: object) -> str:
    """The text of a message where it has one, otherwise all of it."""
    if isinstance(content, dict) and set(content) <= {"text", "attachments"}:
        text = content.get("text") or {}
        words = text.get("content", "") if isinstance(text, dict) else str(text)
        extra = "".join(f" [{one.get('msgtype')}]" for one in content.get("attachments") or [])
        return str(words) + extra
    return content if isinstance(content, str) else msgspec.json.encode(content).decode()


def _moment(at: float) -> str:
    """Virtual time as people in the sample brand's country read it."""
    there = dt.datetime.fromtimestamp(at, dt.timezone(dt.timedelta(hours=8)))
    return there.strftime("%m-%d %H:%M:%S")


def _page(inner: str) -> Answer:
    html = (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>Siyu sandbox</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{STYLE}</style></head>'
        f"<body>{inner}</body></html>"
    )
    return Answer(html.encode(), "text/html; charset=utf-8")
