"""Callbacks (回调): signed and encrypted posts to the account's URL, three tries at five seconds, chaos on demand."""

from __future__ import annotations

import asyncio
import itertools
import random
import secrets
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import msgspec

from siyu_sandbox import crypto, xml
from siyu_sandbox.clock import Clock
from siyu_sandbox.poster import Poster, PostFault
from siyu_sandbox.registry import ControlFault, Json

KEPT = 200_000
# Posts under way at once to one account; the rest wait, and their five seconds have not begun.
LINES = 64


@dataclass(frozen=True)
class Target:
    """Where an account's events go. `receiveid`: corpid or appid; `agentid`: WeCom's envelope names it.

    `mode`: "safe" (encrypted) or "plain" (OA, MP); `form`: "xml" or "json" (MP).
    """

    account: str
    url: str
    token: str
    encoding_aes_key: str
    receiveid: str
    agentid: str = ""
    mode: str = "safe"
    form: str = "xml"
    # Vendors with ways of their own: pauses before each further try, query and body of a post, and the answers that end the tries.
    waits: tuple[float, ...] | None = None
    seal: Callable[[Json, int], tuple[dict[str, str], bytes]] | None = None
    accepted: Callable[[bytes], bool] | None = None


@dataclass
class Switches:
    """`duplicate`: copies in all of each event; copies and events leave within `shuffle_window_ms`, in any order."""

    duplicate: int = 1
    shuffle_window_ms: int = 0
    delay_ms: int = 0
    timeout_seconds: float = 5
    tries: int = 3
    wait_seconds: float = 5


@dataclass
class Delivery:
    """One copy of one event: `tries` are HTTP statuses, or 0 where nobody answered."""

    id: int
    account: str
    event: str
    at: float
    copy: int
    fields: Json
    tries: list[int] = field(default_factory=list)
    done: bool = False


class Sender:
    """Sends every account's events; calls return at once."""

    def __init__(self, clock: Clock, seed: int = 0) -> None:
        self.switches = Switches()
        # While people live quietly, nobody is told.
        self.muted = False
        self._clock = clock
        self._random = random.Random(seed)
        self._ids = itertools.count(1)
        self._log: deque[Delivery] = deque(maxlen=KEPT)
        self._tasks: set[asyncio.Task[None]] = set()
        self._poster = Poster()
        self._lines: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(LINES))

    def send(
        self, target: Target | None, fields: Json, on_reply: Callable[[Json], None] | None = None
    ) -> None:
        """Post an event, in as many copies as the switches say. `on_reply` gets what the account answered in the
        body (OA passive replies), opened, at most once. An account without a callback is told nothing."""
        if self.muted or target is None or not target.url:
            return
        number, left = next(self._ids), [on_reply]
        for copy in range(self.switches.duplicate):
            event = "/".join(str(fields[key]) for key in ("Event", "ChangeType") if key in fields)
            delivery = Delivery(
                number,
                target.account,
                event or str(fields.get("MsgType", "")),
                self._clock.now(),
                copy,
                fields,
            )
            self._log.append(delivery)
            task = asyncio.get_running_loop().create_task(self._deliver(target, delivery, left))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def verify(self, target: Target) -> Json:
        """What the vendor does when the callback is saved: GET with an echo that only the key's holder can answer."""
        echo = str(self._random.randrange(10**15, 10**16))
        timestamp, nonce = str(self._clock.second()), secrets.token_hex(5)
        query = {"timestamp": timestamp, "nonce": nonce}
        if target.agentid:
            sealed = crypto.encrypt(target.encoding_aes_key, echo.encode(), target.receiveid)
            query |= {"echostr": sealed, "msg_signature": crypto.sign(target.token, timestamp, nonce, sealed)}
        else:
            query |= {"echostr": echo, "signature": crypto.sign(target.token, timestamp, nonce)}
        try:
            async with asyncio.timeout(self.switches.timeout_seconds):
                status, raw = await self._poster.request("GET", target.url, query)
        except (PostFault, TimeoutError) as wrong:
            return {"ok": False, "status": 0, "body": repr(wrong)}
        body = raw[:200].decode("utf-8", "replace")
        return {"ok": status == 200 and body == echo, "status": status, "body": body}

    def change(self, wish: Json) -> Json:
        """Set switches by name."""
        for name, value in wish.items():
            if not hasattr(self.switches, name):
                raise ControlFault(f"no switch {name}; there are {', '.join(asdict(self.switches))}")
            setattr(self.switches, name, value)
        return asdict(self.switches)

    def log(self, account: str = "", event: str = "", after: int = 0) -> list[Json]:
        """The deliveries, oldest first."""
        return [
            asdict(one)
            for one in self._log
            if account in ("", one.account) and event in one.event and one.id > after
        ]

    def open_count(self) -> int:
        """Copies that are still being tried."""
        return len(self._tasks)

    async def close(self) -> None:
        """Stop sending."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._poster.close()

    async def _deliver(
        self, target: Target, delivery: Delivery, left: list[Callable[[Json], None] | None]
    ) -> None:
        wait = self.switches.delay_ms + self._random.random() * self.switches.shuffle_window_ms
        if wait:
            await asyncio.sleep(wait / 1000)
        waits = (self.switches.wait_seconds,) * (self.switches.tries - 1) if target.waits is None else target.waits
        for wait in (0.0, *waits):
            if wait:
                await asyncio.sleep(wait)
            status, body = await self._post(target, delivery.fields)
            delivery.tries.append(status)
            if status == 200 and (target.accepted is None or target.accepted(body)):
                on_reply = left.pop() if left else None
                if on_reply and (reply := _opened(target, body)):
                    on_reply(reply)
                break
        delivery.done = True

    async def _post(self, target: Target, fields: Json) -> tuple[int, bytes]:
        query, body = target.seal(fields, self._clock.second()) if target.seal else sealed(target, fields, self._clock.second())
        kind = "application/json" if target.form == "json" else "text/xml"
        try:
            async with self._lines[target.account], asyncio.timeout(self.switches.timeout_seconds):
                return await self._poster.request("POST", target.url, query, body, kind)
        except (PostFault, TimeoutError):
            return 0, b""


def sealed(target: Target, fields: Json, second: int) -> tuple[dict[str, str], bytes]:
    """Query and body of the post."""
    timestamp, nonce = str(second), secrets.token_hex(5)
    query = {"timestamp": timestamp, "nonce": nonce}
    text = msgspec.json.encode(fields) if target.form == "json" else xml.build(fields).encode()
    if not target.agentid:
        query["signature"] = crypto.sign(target.token, timestamp, nonce)
    if target.mode == "plain":
        return query, text
    encrypted = crypto.encrypt(target.encoding_aes_key, text, target.receiveid)
    query["msg_signature"] = crypto.sign(target.token, timestamp, nonce, encrypted)
    envelope: dict[str, Any] = {
        "ToUserName": fields.get("ToUserName", target.receiveid),
        "Encrypt": encrypted,
    }
    if target.agentid:
        envelope["AgentID"] = target.agentid
    else:
        query["encrypt_type"] = "aes"
    form = msgspec.json.encode(envelope) if target.form == "json" else xml.build(envelope).encode()
    return query, form


def _opened(target: Target, body: bytes) -> Json | None:
    """The passive reply in an answer's body, or None for an empty one, "success", or what cannot be read."""
    if body.strip() in (b"", b"success"):
        return None
    try:
        reply = xml.parse(body)
        if "Encrypt" in reply:
            reply = xml.parse(crypto.decrypt(target.encoding_aes_key, reply["Encrypt"])[0])
    except (ValueError, SyntaxError):
        return {"unreadable": body[:200].decode("utf-8", "replace")}
    return reply
