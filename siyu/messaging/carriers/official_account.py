"""Official Account 公众号: mass sends to lists of people, and messages to one person: notices, and answers within a window.

What a body holds tells the way: with a `template_id` it is a notice, which uses up a permit of each; the same words for two people
or more are a mass send, whose key (`clientmsgid`) tells nobody twice; words of one's own go to each in the window that they opened.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from siyu.carriers import media, openings
from siyu.carriers.accounts import Account
from siyu.carriers.calls import Calls
from siyu.connectors._wechat import talk
from siyu.connectors._wechat.talk import Say
from siyu.connectors.official_account import mass
from siyu.connectors.official_account.mass import LEAST_PEOPLE, Mass
from siyu.connectors.official_account.templates import Target
from siyu.foundation.stores import Stores
from siyu.messaging.carriers.port import AGAIN, Chunk, Content, Outcome
from siyu.messaging.carriers.singles import told_each

PEOPLE, TOGETHER = 10_000, 200
VALUES = "values."
WINDOW_CLOSED = "window_closed"


class OfficialAccount:
    """See `port.Sender`."""

    chunk = PEOPLE
    idempotent = True

    def step(self, content: Content) -> int:
        return PEOPLE if _is_mass(content) else TOGETHER

    async def send(self, calls: Calls, chunk: Chunk, content: Content) -> Outcome:
        if _is_mass(content) and len(chunk.addresses) >= LEAST_PEOPLE:
            body = await filled(calls, chunk.account, content.of(0))
            found = await calls.connector(chunk.account).mass.to_people(chunk.addresses, mass_of(body), chunk.key)
            return Outcome("sent", AGAIN if found.again else None, ref=str(found.msg_id))
        if chunk.again:
            # Only a mass send knows its key again.
            return Outcome("unknown", "no_answer")
        template = str(content.of(0).get("template_id") or "")
        return await (self._notices(calls, chunk, content, template) if template else self._answers(calls, chunk, content))

    async def reconcile(self, calls: Calls, chunk: Chunk) -> Outcome | None:
        return None

    async def _notices(self, calls: Calls, chunk: Chunk, content: Content, template: str) -> Outcome:
        connector = calls.connector(chunk.account)

        async def tell(row: int) -> None:
            body = content.of(row)
            target = Target(str(body.get("url") or ""), str(body.get("appid") or ""), str(body.get("page") or ""))
            await connector.templates.notify(chunk.addresses[row], template, values_of(body), target)

        return await with_permits(calls.stores, chunk, template, tell)

    async def _answers(self, calls: Calls, chunk: Chunk, content: Content) -> Outcome:
        connector, keys = calls.connector(chunk.account), chunk.people["identity_key"].to_pylist()
        open_ = await asyncio.to_thread(_used_openings, calls.stores, chunk.account.id, keys)

        async def tell(row: int) -> None:
            await connector.talk.send(chunk.addresses[row], say_of(await filled(calls, chunk.account, content.of(row))))

        return await told_each(tell, len(keys), [row for row, key in enumerate(keys) if key in open_], barred=WINDOW_CLOSED)


async def with_permits(stores: Stores, chunk: Chunk, template: str, tell: Any) -> Outcome:
    """Tell each who still allows a message of this template. It is counted before the call; who allows none is told nothing.

    The carrier has the last word (43101): what it says of each is the outcome.
    """
    keys = chunk.people["identity_key"].to_pylist()
    left = await asyncio.to_thread(_used_permits, stores, chunk.account.id, keys, template)
    return await told_each(tell, len(keys), [row for row, key in enumerate(keys) if key in left], barred=WINDOW_CLOSED)


def _used_permits(stores: Stores, account_id: int, keys: Sequence[int], template: str) -> set[int]:
    with stores.ledger.begin() as tx:
        left = set(openings.permits(tx, account_id, keys, template))
        openings.use_permits(tx, account_id, sorted(left), template)
    return left


def _used_openings(stores: Stores, account_id: int, keys: Sequence[int]) -> set[int]:
    with stores.ledger.begin() as tx:
        now = stores.now()
        open_ = set(openings.open_until(tx, account_id, keys, now))
        openings.use_openings(tx, account_id, sorted(open_), now)
    return open_


async def filled(calls: Calls, account: Account, body: Mapping[str, Any]) -> dict[str, Any]:
    """The body with the carrier's own id of its picture or video in the place of `media:<hash>`."""
    kind = next((name for name in ("video", "picture") if str(body.get(name) or "").startswith("media:")), None)
    if kind is None:
        return dict(body)
    sort = "video" if kind == "video" else "image"
    (one,) = await media.filled(calls, account, [{"msgtype": sort, sort: {"media_id": body[kind]}}])
    return {**body, kind: one[sort]["media_id"]}


def values_of(body: Mapping[str, Any]) -> dict[str, str]:
    """The values of a notice: parts named `values.<name>`."""
    return {name.removeprefix(VALUES): str(value) for name, value in body.items() if name.startswith(VALUES)}


def mass_of(body: Mapping[str, Any]) -> Mass:
    if body.get("video"):
        return mass.video(str(body["video"]))
    if body.get("picture") and not body.get("text"):
        return mass.pictures([str(body["picture"])])
    return mass.text(_words(body))


def say_of(body: Mapping[str, Any]) -> Say:
    if body.get("page") and body.get("appid"):
        return talk.mini_program(str(body.get("title") or ""), str(body["appid"]), str(body["page"]), str(body.get("picture") or ""))
    if body.get("title") and body.get("url"):
        return talk.news(str(body["title"]), str(body.get("desc") or ""), str(body["url"]), str(body.get("picture_url") or ""))
    if body.get("picture") and not body.get("text"):
        return talk.image(str(body["picture"]))
    return talk.text(_words(body))


def _words(body: Mapping[str, Any]) -> str:
    """Words, or what stands for them: a title with its address."""
    return str(body.get("text") or "") or "\n".join(str(part) for part in (body.get("title"), body.get("desc"), body.get("url")) if part)


def _is_mass(content: Content) -> bool:
    return len(content.bodies) == 1 and not content.bodies[0].get("template_id")
