"""A corp whose carrier has bad days: faults on and off, what it was asked meanwhile, and what the account's page says."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx

from siyu.connectors._wechat.callback import SealedCallback
from siyu.connectors._wechat.crypto import signature
from siyu.connectors._wechat.xml import build
from tests.makers.running import KEY, SECRET, Shop
from tests.makers.sandbox import SandboxClient, wait_for

GREETING = "欢迎来到澄山里"
DETAILS = "/cgi-bin/externalcontact/get"
WELCOME = "/cgi-bin/externalcontact/send_welcome_msg"
TOKEN = "/cgi-bin/gettoken"


@dataclass
class Corp:
    """A corp of the sandbox and the account of it in a running Siyu."""

    shop: Shop
    sandbox: SandboxClient
    account: dict[str, Any]
    _faults: list[int] = field(default_factory=list)
    _code: str = ""

    @property
    def path(self) -> str:
        return f"/carriers/accounts/{self.account['id']}"

    @property
    def ref(self) -> str:
        return str(self.account["ref"])

    def fault(self, kind: str, api: str = "", **more: Any) -> None:
        """Switch one on, for this corp only."""
        made = self.sandbox.post("faults", {"account": self.ref, "api": api, "kind": kind, **more})
        self._faults.append(int(made["id"]))

    def mend(self) -> None:
        """Every fault of this corp ends; some have ended by themselves."""
        for number in self._faults:
            assert self.sandbox.http.delete(f"/sandbox/faults/{number}").status_code in (200, 404)
        self._faults.clear()

    def calls(self, api: str = "") -> int:
        """How many calls of an API the sandbox has counted, whatever it answered."""
        return sum(self.answers(api).values())

    def answers(self, api: str = "") -> Counter[str]:
        """The same by what it answered."""
        found: Counter[str] = Counter()
        for row in self.sandbox.get("calls")["calls"]:
            if row["account"] == self.ref and api in ("", row["api"]):
                found[row["errcode"]] += row["count"]
        return found

    def page(self) -> dict[str, Any]:
        """The account as its page shows it, with all that was counted until now."""
        self.shop.app.state.carriers.calls.watch.flush()
        found: dict[str, Any] = self.shop.api("GET", self.path)
        return found

    def health(self) -> dict[str, Any]:
        self.shop.app.state.carriers.calls.watch.flush()
        found: dict[str, Any] = self.shop.api("GET", f"{self.path}/health")
        return found

    def welcome(self, **content: Any) -> None:
        body = {"name": "默认", "content": {"text": GREETING, "attachments": [], **content}}
        self.shop.api("POST", f"{self.path}/welcomes", body)

    def arrive(self, count: int = 1) -> list[int]:
        """So many people scan a live code; their phones."""
        self._code = self._code or self._live_code()
        first = int(self.sandbox.post("people", {"count": count})["first"])
        phones = list(range(first, first + count))
        for phone in phones:
            self.sandbox.post(f"phones/{phone}/scan", {"qr": self._code})
        return phones

    def _live_code(self) -> str:
        asked = {"corpid": self.ref, "corpsecret": SECRET}
        token = self.sandbox.call("GET", TOKEN, **asked)["access_token"]
        staff = self.sandbox.call("GET", "/cgi-bin/externalcontact/get_follow_user_list", token)[
            "follow_user"
        ]
        way = {"type": 1, "scene": 2, "state": "lift", "user": staff[:1]}
        return str(
            self.sandbox.call("POST", "/cgi-bin/externalcontact/add_contact_way", token, way)["config_id"]
        )

    def greeted(self, phones: list[int]) -> list[int]:
        """How often each phone was greeted."""
        return [
            sum(GREETING in str(one["content"]) for one in self.sandbox.inbox(phone)) for phone in phones
        ]

    def named(self) -> int:
        """How many of its contacts have a name by now."""
        items = self.shop.api("GET", "/carriers/relations", account=self.account["id"], limit=200)["items"]
        return sum(bool(one["contact_name"]) for one in items)

    def wait_named(self, count: int, seconds: float = 15) -> None:
        wait_for(lambda: self.named() == count, seconds)


def open_corp(shop: Shop, sandbox: SandboxClient) -> Corp:
    return Corp(shop, sandbox, shop.connect_wecom(sandbox))


@dataclass
class Teller:
    """The carrier's side of one callback address: seals and signs whatever it is told to tell."""

    shop: Shop
    url: str
    corpid: str
    token: str = "token"

    def sealed(self, **fields: Any) -> tuple[dict[str, str], bytes]:
        codec = SealedCallback(self.token, KEY, self.corpid, lambda _: [])
        document = build(
            {"ToUserName": self.corpid, "FromUserName": "sys", "MsgType": "event", **fields}
        )
        body = codec.seal(document, timestamp="1790000000", nonce="n")
        encrypted = body.split(b"<Encrypt><![CDATA[")[1].split(b"]]>")[0].decode()
        return {
            "msg_signature": signature(self.token, "1790000000", "n", encrypted),
            "timestamp": "1790000000",
            "nonce": "n",
        }, body

    def tell(self, **fields: Any) -> int:
        query, body = self.sealed(**fields)
        return httpx.post(self.url, params=query, content=body, trust_env=False, timeout=30).status_code


def teller(corp: Corp) -> Teller:
    return Teller(corp.shop, str(corp.account["callback_url"]), corp.ref)


def added(contact: str, at: object, staff: str = "wang", **more: Any) -> dict[str, Any]:
    """The fields of somebody's adding a member of staff."""
    return {
        "Event": "change_external_contact",
        "ChangeType": "add_external_contact",
        "ExternalUserID": contact,
        "UserID": staff,
        "CreateTime": at,
        **more,
    }
