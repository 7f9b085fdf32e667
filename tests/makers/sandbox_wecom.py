"""A corp in the running sandbox, with a callback that is listened to, for tests."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from xml.etree import ElementTree

from siyu_sandbox import crypto
from tests.makers.sandbox import SandboxClient, wait_for

TOKEN = "callbackToken"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


@dataclass
class SandboxCorp:
    """One corp: calls with a token of its first app, people and staff by short words."""

    sandbox: SandboxClient
    made: dict[str, Any]
    token: str = ""

    @property
    def id(self) -> str:
        return str(self.made["corpid"])

    @property
    def secret(self) -> str:
        return str(self.made["apps"][0]["secret"])

    def get_token(self) -> str:
        answer = self.sandbox.call("GET", "/cgi-bin/gettoken", corpid=self.id, corpsecret=self.secret)
        return str(answer["access_token"])

    def raw(self, method: str, api: str, body: Any = None, **query: Any) -> Any:
        """A call; answers errcode and all."""
        if not self.token:
            self.token = self.get_token()
        return self.sandbox.call(method, f"/cgi-bin/{api}", self.token, body, **query)

    def get(self, api: str, **query: Any) -> Any:
        answer = self.raw("GET", api, **query)
        assert answer["errcode"] == 0, answer
        return answer

    def post(self, api: str, **body: Any) -> Any:
        answer = self.raw("POST", api, body)
        assert answer["errcode"] == 0, answer
        return answer

    def code(self, api: str, **body: Any) -> int:
        """The errcode of a POST."""
        return int(self.raw("POST", api, body)["errcode"])

    def contact(self, api: str, **body: Any) -> Any:
        """A POST below externalcontact/."""
        return self.post(f"externalcontact/{api}", **body)

    def contact_code(self, api: str, **body: Any) -> int:
        return self.code(f"externalcontact/{api}", **body)

    def person(self) -> int:
        """A new phone."""
        return int(self.sandbox.post("people", {"count": 1})["first"])

    def friend(self, userid: str, phone: int | None = None, **how: Any) -> tuple[int, str]:
        """A person who has added a staff member: phone and external_userid."""
        phone = phone or self.person()
        body = {"corpid": self.id, "userid": userid, "code": False, **how}
        added = self.sandbox.post(f"phones/{phone}/add_staff", body)
        return phone, added["external_userid"]

    def way(self, *users: str, **more: Any) -> str:
        """A contact way of these staff; answers its config_id."""
        kind = 1 if len(users) == 1 else 2
        made = self.contact("add_contact_way", type=kind, scene=2, user=list(users), **more)
        return str(made["config_id"])

    def scan(self, phone: int, code: str, **more: Any) -> Any:
        return self.sandbox.post(f"phones/{phone}/scan", {"qr": code, **more})

    def staff(self, userid: str, action: str, **body: Any) -> Any:
        return self.sandbox.post(f"staff/{self.id}/{userid}/{action}", body)

    def phone(self, phone: int, action: str, **body: Any) -> Any:
        return self.sandbox.post(f"phones/{phone}/{action}", {"corpid": self.id, **body})


def make_corp(sandbox: SandboxClient, *userids: str, **more: Any) -> SandboxCorp:
    """A corp with these staff (amy, ben, cleo by default), who confirm tasks only when told to."""
    staff = [{"userid": one, "name": one.title()} for one in userids or ("amy", "ben", "cleo")]
    habits = {"confirm": 0, "cancel": 0, **more.pop("habits", {})}
    return SandboxCorp(
        sandbox, sandbox.post("corps", {"name": "示例", "staff": staff, "habits": habits, **more})
    )


@dataclass
class Listener:
    """A callback URL that keeps what it was told. `statuses` are given out first, then 200."""

    url: str
    events: list[dict[str, str]] = field(default_factory=list)
    queries: list[dict[str, str]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    on_event: Any = None

    def settings(self) -> dict[str, str]:
        return {"url": self.url, "token": TOKEN, "encoding_aes_key": AES_KEY}

    def changes(self) -> list[str]:
        return [event.get("ChangeType", event["Event"]) for event in self.events]

    def wait(self, change: str, count: int = 1, seconds: float = 5) -> dict[str, str]:
        """The latest event of a kind, once there are so many."""
        wait_for(lambda: self.changes().count(change) >= count, seconds)
        return [event for event in self.events if event.get("ChangeType", event["Event"]) == change][-1]


@contextmanager
def listening() -> Iterator[Listener]:
    """A listener on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            query = dict(parse_qsl(urlsplit(self.path).query))
            self._answer(200, crypto.decrypt(AES_KEY, query["echostr"])[0])

        def do_POST(self) -> None:
            query = dict(parse_qsl(urlsplit(self.path).query))
            body = self.rfile.read(int(self.headers["Content-Length"]))
            listener.queries.append(query)
            status = listener.statuses.pop(0) if listener.statuses else 200
            if status == 200:
                event = opened(query, body)
                listener.events.append(event)
                if listener.on_event:
                    listener.on_event(event)
            self._answer(status, b"")

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    listener = Listener(f"http://127.0.0.1:{server.server_address[1]}/wecom")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield listener
    server.shutdown()
    server.server_close()
    thread.join()


def opened(query: dict[str, str], body: bytes) -> dict[str, str]:
    """The fields of an encrypted post, its signature checked."""
    encrypted = ElementTree.fromstring(body).findtext("Encrypt") or ""
    expected = crypto.sign(TOKEN, query["timestamp"], query["nonce"], encrypted)
    assert query["msg_signature"] == expected
    message, _ = crypto.decrypt(AES_KEY, encrypted)
    return {child.tag: "".join(child.itertext()) for child in ElementTree.fromstring(message)}
