"""The corps (企业) of the sandbox: apps with secrets, departments, staff, and the shelves of every subject."""

from __future__ import annotations

import random
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from siyu_sandbox.callbacks import Target
from siyu_sandbox.registry import Json, Refusal
from siyu_sandbox.sandbox import Sandbox
from siyu_sandbox.tokens import Token
from siyu_sandbox.wecom.ids import ContactIds
from siyu_sandbox.wecom.limits import WecomLimits
from siyu_sandbox.wecom.relations import Relations
from siyu_sandbox.windows import Window

T = TypeVar("T")


@dataclass
class App:
    """A self-built app (自建应用). `allowed`: listed under 客户联系 → 可调用接口的应用; without it, 48002."""

    agentid: int
    secret: str
    name: str = ""
    callback: Target | None = None
    allowed: bool = True
    redirect_domain: str = ""


@dataclass
class Department:
    """A department (部门); 1 is the corp itself."""

    id: int
    name: str
    parentid: int = 1
    order: int = 0


@dataclass
class Staff:
    """A staff member (成员). `number` is what relations hold. `external`: may have customers."""

    number: int
    userid: str
    name: str
    department: list[int]
    mobile: str = ""
    position: str = ""
    email: str = ""
    external: bool = True
    active: bool = True
    real_name: bool = True
    alias: str = ""
    resigned_at: float | None = None
    refuses_transfer: bool = False


@dataclass
class Habits:
    """How simulated staff and customers behave; shares of 1. `delay_seconds` (virtual) is the mean time to act."""

    confirm: float = 0.8
    cancel: float = 0.05
    delay_seconds: float = 1800
    refuse_transfer: float = 0.0
    accept_seconds: float = 60
    by_staff: dict[str, Json] = field(default_factory=dict)


class Corp:
    """One corp. `shelves` hold each subject's own state, made when first asked for."""

    def __init__(self, corpid: str, name: str, world: WecomWorld) -> None:
        self.corpid = corpid
        self.name = name
        self.world = world
        self.box = world.box
        self.limits = world.limits
        self.apps: dict[str, App] = {}
        self.callback: Target | None = None
        self.trusted_ips: list[str] | None = None
        self.wechat_bound = True
        self.habits = Habits()
        self.departments: dict[int, Department] = {1: Department(1, name, 0)}
        self.staff: dict[str, Staff] = {}
        self.roster: list[Staff] = []
        self.relations = Relations()
        self.ids = ContactIds(corpid)
        self.random = random.Random(f"{world.box.seed}.{corpid}")
        self.wrong_secrets: dict[str, tuple[int, float]] = {}
        self._shelves: dict[type, Any] = {}

    def shelf(self, kind: type[T]) -> T:
        """The corp's state of one subject, e.g. `corp.shelf(TagLibrary)`."""
        found = self._shelves.get(kind)
        if found is None:
            found = self._shelves[kind] = kind()
        return found

    def hire(self, userid: str, name: str, department: list[int] | None = None, **more: Any) -> Staff:
        """Add a staff member."""
        staff = Staff(len(self.roster), userid, name, department or [1], **more)
        self.staff[userid] = staff
        self.roster.append(staff)
        return staff

    def member(self, userid: object, code: int = 60111) -> Staff:
        """The staff member, or the vendor's refusal."""
        staff = self.staff.get(userid) if isinstance(userid, str) else None
        if staff is None:
            raise Refusal(code, "userid not found")
        return staff

    def members_in(self, departments: Sequence[int]) -> list[Staff]:
        """Staff of these departments and all below them."""
        inside = set(departments)
        while more := {d.id for d in self.departments.values() if d.parentid in inside} - inside:
            inside |= more
        return [staff for staff in self.staff.values() if inside & set(staff.department)]

    def contact(self, external_userid: object) -> int:
        """The phone behind an external_userid, or 40096."""
        if not external_userid:
            raise Refusal(41035, "external userid missing")
        phone = self.ids.phone(external_userid)
        if phone is None or phone > self.box.phones.count:
            raise Refusal(40096, "invalid external userid")
        return phone

    def tell(self, event: str, change: str = "", **fields: Any) -> None:
        """Raise an event at the corp's callback and at those of its apps. Changes made by API raise none."""
        said: Json = {"ToUserName": self.corpid, "FromUserName": "sys", "CreateTime": self.box.clock.second()}
        said |= {"MsgType": "event", "Event": event}
        if change:
            said["ChangeType"] = change
        said |= {name: value for name, value in fields.items() if value is not None}
        targets = [self.callback, *(app.callback for app in self.apps.values())]
        for target in {id(one): one for one in targets if one}.values():
            self.box.sender.send(target, said)


@dataclass(frozen=True)
class Caller:
    """Who calls: an app of a corp."""

    corp: Corp
    app: App


class WecomWorld:
    """All corps."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box
        self.limits = WecomLimits()
        self.accounts: dict[str, Corp] = {}

    def caller(self, token: Token) -> Caller:
        """The app behind a token; 40014 once its secret is gone."""
        corp = self.accounts[token.account]
        if token.key not in corp.apps:
            raise Refusal(40014, "invalid access_token")
        return Caller(corp, corp.apps[token.key])

    def windows(self, api: str) -> Sequence[Window]:
        """Per corp and API; a few APIs have windows of their own."""
        own = self.limits.own_windows.get(api.removeprefix("/cgi-bin/"), [])
        shared = [Window(self.limits.calls_per_minute, 60), Window(self.limits.calls_per_hour, 3600)]
        return [*(Window(limit, seconds) for limit, seconds in own), *shared]

    def concurrency(self, api: str) -> int | None:
        """Open calls at once, per corp and API."""
        return self.limits.concurrency.get(api.removeprefix("/cgi-bin/"))

    def errmsg(self, refusal: Refusal, ip: str) -> str:
        """WeCom's suffix: match on the code, never on the text."""
        hint = f"[{self.box.clock.second()}_{secrets.randbelow(999)}_{secrets.token_hex(16)}]"
        more = f"https://open.work.weixin.qq.com/devtool/query?e={refusal.errcode}"
        said = refusal.errmsg or MESSAGES.get(refusal.errcode, "refused")
        return f"{said}, hint: {hint}, from ip: {ip}, more info at {more}"

    def counts(self) -> dict[str, int]:
        """Corps, staff and relations."""
        corps = self.accounts.values()
        relations = sum(corp.relations.count for corp in corps)
        return {"corps": len(corps), "staff": sum(len(c.staff) for c in corps), "relations": relations}


MESSAGES = {
    -1: "system error",
    40001: "invalid credential",
    40013: "invalid corpid",
    45009: "api freq out of limit",
    45033: "api concurrent out of limit",
    48002: "api forbidden",
    60011: "no privilege to access/modify contact/party/agent",
    60020: "not allow to access from your ip",
    84061: "not external contact",
    84074: "no permission of external contact",
    301007: "corp is disabled",
}
