"""The product's own connectors against the running sandbox, and its codec on what the sandbox pushes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from siyu.connectors._http import close_clients
from siyu.connectors.happenings import Happening
from siyu.connectors.memory import MemoryWatch, memory_ports
from siyu.connectors.ports import AccountKey, Ports
from siyu.connectors.registry import VENDORS
from tests.makers.sandbox import SandboxClient, wait_for
from tests.makers.vendor import run
from tests.makers.weixin import Listener

TOKEN = "callbacktoken"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


@dataclass
class Connected:
    """One account of any product: `call` makes one call of its connector, `told` waits for what it was told."""

    sandbox: SandboxClient
    product: str
    credentials: dict[str, str]
    settings: dict[str, str]
    listener: Listener | None = None
    watch: MemoryWatch = field(default_factory=MemoryWatch)
    ports: Ports = field(init=False)

    def __post_init__(self) -> None:
        self.ports = memory_ports(watch=self.watch, patience_seconds=1)

    @property
    def ref(self) -> str:
        return self.credentials[VENDORS[self.product].ref_field]

    def call(self, make: Callable[[Any], Any], **settings: str) -> Any:
        async def body() -> Any:
            vendor = VENDORS[self.product]
            key = AccountKey(1, self.product, self.ref)
            connector = vendor.connect(key, self.credentials, {**self.settings, **settings}, self.ports)
            made = make(connector)
            try:
                return (
                    [item async for page in made for item in page.items]
                    if hasattr(made, "__aiter__")
                    else await made
                )
            finally:
                await close_clients()

        return run(body())

    def checked(self, **settings: str) -> dict[str, Any]:
        """What each step of the wizard finds."""
        return {check.key: self.call(check.run, **settings) for check in VENDORS[self.product].checks}

    def happenings(self) -> list[Happening]:
        """Everything that was pushed so far, opened by the product's own codec."""
        make = VENDORS[self.product].callback
        assert make is not None
        assert self.listener is not None
        codec, found = make(self.credentials), []
        for posted in [one for one in list(self.listener.posts) if one.method == "POST"]:
            said = {f"header:{name.lower()}": value for name, value in posted.headers.items()} | posted.query
            found += codec.translate(codec.open(said, posted.body.encode()).fields)
        return found

    def told(self, kind: str) -> Happening:
        """The latest happening of this kind; waits for it."""
        found: list[Happening] = wait_for(lambda: [one for one in self.happenings() if one.kind == kind])
        return found[-1]

    def act(self, phone: int, action: str, **body: Any) -> Any:
        """Let a phone do something with this account."""
        return self.sandbox.post(f"phones/{phone}/{action}", {"account": self.ref, **body})

    def inbox(self, phone: int) -> list[dict[str, Any]]:
        return [one for one in self.sandbox.inbox(phone) if one["account"] == self.ref]


def platform(
    sandbox: SandboxClient, product: str, listener: Listener, *, safe: bool = True, **wish: Any
) -> Connected:
    """An Official Account or a Mini Program of the sandbox with three people, connected."""
    sandbox.post("people", {"count": 3})
    callback = {
        "url": listener.url,
        "token": TOKEN,
        "encoding_aes_key": AES_KEY,
        "mode": "safe" if safe else "plain",
    }
    made = sandbox.post(
        f"{product}s", {"name": "澄山里", "callback": {**callback, **wish.pop("callback", {})}, **wish}
    )
    credentials = {"appid": made["appid"], "secret": made["secret"], "callback_token": TOKEN}
    credentials |= {"encoding_aes_key": AES_KEY} if safe else {}
    url = sandbox.url
    settings = {"base_url": url, "open_url": url, "picture_url": url, "allow_private": "true"}
    return Connected(sandbox, product, credentials, settings, listener)
