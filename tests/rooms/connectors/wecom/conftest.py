"""The connector against the running sandbox: a corp, the connector of its app, and the address that its callbacks reach."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from siyu.connectors._http import close_clients
from siyu.connectors.happenings import Happening
from siyu.connectors.memory import MemoryWatch, memory_ports
from siyu.connectors.ports import AccountKey, Ports
from siyu.connectors.registry import VENDORS
from siyu.connectors.wecom.connector import WeCom
from tests.makers.sandbox import SandboxClient, wait_for
from tests.makers.sandbox_wecom import AES_KEY, TOKEN, SandboxCorp, make_corp
from tests.makers.vendor import run


@dataclass
class Connected:
    """A corp in the sandbox (`corp` acts for people and staff), and calls of the connector."""

    corp: SandboxCorp
    ports: Ports
    watch: MemoryWatch
    happenings: list[Happening] = field(default_factory=list)

    def call(self, make: Callable[[WeCom], Any], **settings: Any) -> Any:
        """One call; all items of a list."""

        async def body() -> Any:
            given = {"base_url": self.corp.sandbox.url, "allow_private": True, "agentid": 1000002, **settings}
            wecom = WeCom(
                AccountKey(1, "wecom", self.corp.id), {"secret": self.corp.secret}, given, self.ports
            )
            made = make(wecom)
            try:
                if hasattr(made, "__aiter__"):
                    return [item async for page in made for item in page.items]
                return await made
            finally:
                await close_clients()

        return run(body())

    def told(self, kind: str) -> Happening:
        """The latest happening of this kind; waits for it."""
        found = wait_for(lambda: [one for one in list(self.happenings) if one.kind == kind])
        return found[-1]  # type: ignore[no-any-return]

    def calls(self, api: str) -> list[str]:
        """Codes of the calls that this test made of an API."""
        return [one.code for one in self.watch.calls if one.api.endswith(f"/{api}")]


@pytest.fixture
def wecom(sandbox: SandboxClient) -> Iterator[Connected]:
    """A corp with Amy, Ben and Cleo, whose callbacks are opened by the product's own codec."""
    happenings: list[Happening] = []
    codec: list[Any] = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(codec[0].verify_url(dict(parse_qsl(urlsplit(self.path).query))))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            opened = codec[0].open(dict(parse_qsl(urlsplit(self.path).query)), body)
            happenings.extend(codec[0].translate(opened.fields))
            self._say(b"")

        def _say(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/callback"
    callback = {"url": url, "token": TOKEN, "encoding_aes_key": AES_KEY}
    corp = make_corp(sandbox, callback=callback)
    make = VENDORS["wecom"].callback
    assert make is not None
    codec.append(make({"corpid": corp.id, "callback_token": TOKEN, "encoding_aes_key": AES_KEY}))
    watch = MemoryWatch()
    yield Connected(corp, memory_ports(watch=watch), watch, happenings)
    server.shutdown()
    server.server_close()
