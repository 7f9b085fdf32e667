"""E-mail 邮件: a letter a person over a conversation that stays open, with the person's own way out in its head and at its end."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from siyu.carriers.calls import Calls
from siyu.connectors.email.connector import Email
from siyu.connectors.email.letters import Letter
from siyu.customers import preference_links
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.messaging.carriers.port import Chunk, Content, Outcome
from siyu.messaging.carriers.singles import CHUNK, STEP, names_of, told
from siyu.messaging.sends import CONSENT_FOR

PLACE = "{{unsubscribe_url}}"
"""Where a letter names its way out itself, it stands there; else it is added at the end."""
_WAY_OUT = Text("退订", "Unsubscribe")
_NEEDS_WAY_OUT = ("promotion", "value", "feedback")


class EmailSender:
    """Bodies: `subject`, `text`, and `html` where there is one."""

    chunk = CHUNK
    idempotent = False

    def step(self, content: Content) -> int:
        return STEP

    async def send(self, calls: Calls, chunk: Chunk, content: Content) -> Outcome:
        connector: Email = calls.connector(chunk.account)
        letters = letters_of(calls.stores, chunk, content)
        return told([one.error for one in await connector.send(letters)])

    async def reconcile(self, calls: Calls, chunk: Chunk) -> Outcome | None:
        """A mail server cannot be asked what it took."""
        return None


def letters_of(stores: Stores, chunk: Chunk, content: Content) -> list[Letter]:
    """The letters of a step, in the order of its people."""
    urls = _ways_out(stores, chunk)
    return [
        _letter(content.of(row), to, name, url)
        for row, (to, name, url) in enumerate(zip(chunk.addresses, names_of(stores, chunk), urls, strict=True))
    ]


def _ways_out(stores: Stores, chunk: Chunk) -> Sequence[str | None]:
    """For each person the address at which one tap withdraws this purpose by e-mail; none for what rests on a contract."""
    customers: list[int] = chunk.people["customer_id"].to_pylist()
    if chunk.purpose not in _NEEDS_WAY_OUT:
        return [None] * len(customers)
    tokens = preference_links.make_tokens(stores, customers, purpose=CONSENT_FOR[chunk.purpose], carrier="email")
    base = preference_links.address(stores.settings, "")
    return [f"{base}{tokens[customer]}/unsubscribe" for customer in customers]


def _letter(body: dict[str, Any], to: str, name: str, url: str | None) -> Letter:
    text, html = str(body.get("text") or ""), body.get("html")
    if url is not None:
        text = text.replace(PLACE, url) if PLACE in text else f"{text}\n\n--\n{_WAY_OUT.zh} {_WAY_OUT.en}: {url}\n" if text or html is None else ""
        html = None if html is None else _with_way_out(str(html), url)
    return Letter(to, str(body.get("subject") or ""), text, name, None if html is None else str(html), url)


def _with_way_out(html: str, url: str) -> str:
    if PLACE in html:
        return html.replace(PLACE, escape(url))
    foot = f'<p style="font-size:12px;color:#888"><a href="{escape(url)}">{_WAY_OUT.zh} {_WAY_OUT.en}</a></p>'
    head, end, tail = html.rpartition("</body>")
    return head + foot + end + tail if end else html + foot
