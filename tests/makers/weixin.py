"""An Official Account or a Mini Program in the running sandbox, and a listener for what the vendor posts to it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest

from tests.makers.sandbox import SandboxClient, wait_for


@dataclass
class Posted:
    """One request that reached the listener."""

    method: str
    query: dict[str, str]
    body: str
    headers: dict[str, str]

    @property
    def fields(self) -> dict[str, str]:
        """The elements at the top of a plain body."""
        return {child.tag: child.text or "" for child in ElementTree.fromstring(self.body)}


@dataclass
class Listener:
    """A server of the account's owner: keeps what comes and answers as it is told."""

    url: str
    posts: list[Posted] = field(default_factory=list)
    answer: Callable[[Posted], tuple[int, str]] = lambda _: (200, "success")

    def event(self, name: str) -> dict[str, str]:
        """The fields of the latest event (or message) of this name; waits for it."""
        found: list[dict[str, str]] = wait_for(
            lambda: [one for one in self.all() if name in (one.get("Event"), one.get("MsgType"))]
        )
        return found[-1]

    def all(self) -> list[dict[str, str]]:
        return [one.fields for one in list(self.posts) if one.method == "POST"]


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A listener on a port of its own."""
    kept = Listener("")

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def _serve(self) -> None:
            query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            posted = Posted(self.command, query, body, dict(self.headers))
            status, said = kept.answer(posted)
            kept.posts.append(posted)
            self.send_response(status)
            self.send_header("Content-Length", str(len(said.encode())))
            self.end_headers()
            self.wfile.write(said.encode())

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    kept.url = f"http://127.0.0.1:{server.server_port}/callback"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield kept
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass
class Shop:
    """One account with its secret; `call` uses a stable token."""

    sandbox: SandboxClient
    appid: str
    secret: str

    @property
    def token(self) -> str:
        asked = {"grant_type": "client_credential", "appid": self.appid, "secret": self.secret}
        return str(self.sandbox.call("POST", "/cgi-bin/stable_token", body=asked)["access_token"])

    def call(self, path: str, body: Any = None, method: str = "POST", **query: Any) -> Any:
        """Call an address; `cgi-bin/` is put before paths that do not begin with a slash."""
        whole = path if path.startswith("/") else f"/cgi-bin/{path}"
        return self.sandbox.call(
            method, whole, self.token, {} if body is None and method == "POST" else body, **query
        )

    def get(self, path: str, **query: Any) -> Any:
        return self.call(path, method="GET", **query)

    def act(self, phone: int, action: str, **body: Any) -> Any:
        """Let a phone do something with this account."""
        return self.sandbox.post(f"phones/{phone}/{action}", {"account": self.appid, **body})

    def upload(
        self, kind: str, content: bytes = b"\xff\xd8 picture", path: str = "/cgi-bin/media/upload"
    ) -> Any:
        answer = self.sandbox.http.post(
            path,
            params={"access_token": self.token, "type": kind},
            files={"media": ("a.jpg", content, "image/jpeg")},
        )
        return answer.json()

    def inbox(self, phone: int) -> list[Any]:
        """What the phone received of this account."""
        return [one for one in self.sandbox.inbox(phone) if one["account"] == self.appid]


def official_account(sandbox: SandboxClient, people: int = 3, **wish: Any) -> Shop:
    """An Official Account, and so many phones beside it."""
    if people:
        sandbox.post("people", {"count": people})
    made = sandbox.post("official_accounts", {"name": "澄山里", **wish})
    return Shop(sandbox, made["appid"], made["secret"])


def mini_program(sandbox: SandboxClient, people: int = 3, **wish: Any) -> Shop:
    """A Mini Program, and so many phones beside it."""
    if people:
        sandbox.post("people", {"count": people})
    made = sandbox.post("mini_programs", {"name": "澄山里小程序", **wish})
    return Shop(sandbox, made["appid"], made["secret"])


def plain(listener: Listener) -> dict[str, str]:
    """A callback in plain mode at the listener."""
    return {"url": listener.url, "token": "plaintoken", "mode": "plain"}
