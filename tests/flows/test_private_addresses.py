"""Nobody makes Siyu call inner services by an address: not by names, numbers, other families of addresses, or redirects."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from siyu.connectors import _http
from tests.makers.running import SECRET, Shop, running_shop

HOSTS = (
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0", "0.0.0.0", "localhost", "LOCALHOST.", "[::1]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]", "[::]", "inner.example", "mixed.example", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[::ffff:0:7f00:1]", "[fec0::1]", "[2002:7f00:1::]",
    "169.254.169.254", "10.0.0.1", "100.64.0.1", "[fd00::1]", "[fe80::1]",
)  # fmt: skip
NAMES = {"inner.example": ["127.0.0.1"], "mixed.example": ["93.184.216.34", "127.0.0.1"]}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with running_shop(tmp_path_factory.mktemp("addresses")) as shop:
        yield shop


@pytest.fixture(scope="module")
def inside() -> Iterator[tuple[int, list[str]]]:
    """An inner service: its port, and what it heard."""
    heard: list[str] = []

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"errcode": 0, "access_token": "inner", "expires_in": 7200}')

        do_POST = do_GET  # noqa: N815  the library's name

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server.server_port, heard
    server.shutdown()
    server.server_close()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver of ours: names that lead inside."""
    whole = socket.getaddrinfo

    def resolved(host: Any, port: Any, *more: Any, **options: Any) -> Any:
        if host in NAMES:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in NAMES[host]]
        return whole(host, port, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    _http._resolved.clear()


@pytest.mark.usefixtures("names")
@pytest.mark.parametrize("product", ["wecom", "webhook"])
def test_no_way_of_writing_an_inner_address_is_called(shop: Shop, inside: tuple[int, list[str]], product: str) -> None:
    port, heard = inside
    for number, host in enumerate(HOSTS):
        url = f"http://{host}:{port}"
        credentials = {"corpid": f"ww{number:04}", "secret": SECRET} if product == "wecom" else {"url": f"{url}/hook", "secret": SECRET}
        body = {"product": product, "name": "x", "credentials": credentials, "settings": {"base_url": url} if product == "wecom" else {}}
        answer = shop.http.post("/api/v1/carriers/accounts", json=body)
        if answer.status_code == 422:
            continue  # not even taken
        step = shop.api("POST", f"/carriers/accounts/{answer.json()['id']}/check")["steps"][0]
        assert step["ok"] is False, host
        assert step["fix"], host
        assert any(word in step["says"]["en"] for word in ("private", "not written rightly", "is not known")), (host, step["says"])
    assert heard == []


@pytest.mark.parametrize("url", ["file:///etc/passwd", "gopher://127.0.0.1/", "ftp://example.com", "//127.0.0.1", "http://", "http:///x", "javascript:1"])
def test_only_http_is_an_address(shop: Shop, url: str) -> None:
    body = {"product": "webhook", "name": "x", "credentials": {"url": url, "secret": SECRET}}
    shop.api("POST", "/carriers/accounts", body, status=422)
