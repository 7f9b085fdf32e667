"""Log-in of staff (网页授权) and tickets of the JS-SDK (侧边栏)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from siyu_sandbox.registry import Answer, Endpoint, Json, Refusal
from siyu_sandbox.sandbox import Sandbox
from siyu_sandbox.wecom import checks
from siyu_sandbox.wecom.endpoints import get, post
from siyu_sandbox.wecom.ids import new_id
from siyu_sandbox.wecom.world import Caller, Corp, WecomWorld

PRIVATE_SCOPE = "snsapi_privateinfo"
TICKET_SECONDS = 1800
JSAPI_SECONDS = 7200


@dataclass
class Code:
    """A code in the redirect: once, five minutes by the wall's clock."""

    userid: str
    scope: str
    expires: float


class Logins:
    """Codes, user tickets and JS tickets of a corp."""

    def __init__(self) -> None:
        self.codes: dict[str, Code] = {}
        self.user_tickets: dict[str, tuple[str, float]] = {}
        self.js_tickets: dict[str, tuple[str, float]] = {}


def authorize(box: Sandbox, _: None, query: dict[str, str], body: Json) -> Answer:
    """GET /connect/oauth2/authorize: whoever `login` names (else the first staff member) is sent back with a code.

    A redirect outside the app's trusted domain ends on a page with 50001, as it does on the phone.
    """
    world: WecomWorld = box.worlds["wecom"]
    corp = world.accounts.get(query.get("appid", ""))
    back = query.get("redirect_uri", "")
    if corp is None:
        return Answer(b"40013 invalid appid", "text/plain", 400)
    host = urlsplit(back).hostname or ""
    domains = [app.redirect_domain for app in corp.apps.values() if app.redirect_domain]
    if domains and host not in domains:
        return Answer("50001 redirect_url未登记可信域名".encode(), "text/plain; charset=utf-8", 400)
    userid = query.get("login") or next(iter(corp.staff), "")
    code = new_id("", 43)
    expires = box.clock.real() + corp.limits.code_seconds
    corp.shelf(Logins).codes[code] = Code(userid, query.get("scope", "snsapi_base"), expires)
    joint = "&" if urlsplit(back).query else "?"
    parameters = urlencode({"code": code, "state": query.get("state", "")})
    return Answer(b"", "text/plain", 302, {"Location": f"{back}{joint}{parameters}"})


def user_info(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """GET auth/getuserinfo?code."""
    corp, shelf = caller.corp, caller.corp.shelf(Logins)
    code = shelf.codes.pop(query.get("code", ""), None)
    if code is None or corp.box.clock.real() > code.expires:
        raise Refusal(40029, "invalid code")
    if code.userid not in corp.staff:
        return {"openid": new_id("oAAA", 28)}
    found: Json = {"userid": code.userid}
    if code.scope == PRIVATE_SCOPE:
        ticket = new_id("", 64)
        shelf.user_tickets[ticket] = (code.userid, corp.box.clock.now() + TICKET_SECONDS)
        found |= {"user_ticket": ticket, "expires_in": TICKET_SECONDS}
    return found


def old_user_info(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """GET user/getuserinfo?code: the older spelling."""
    found = user_info(caller, query, body)
    renamed = {"userid": "UserId", "openid": "OpenId"}
    return {renamed.get(name, name): value for name, value in found.items()} | {"DeviceId": ""}


def user_detail(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST auth/getuserdetail {user_ticket}: what the member agreed to show."""
    corp = caller.corp
    userid, until = corp.shelf(Logins).user_tickets.get(checks.text(body, "user_ticket", 40058), ("", 0.0))
    if userid not in corp.staff or until < corp.box.clock.now():
        raise Refusal(40058, "invalid user_ticket")
    staff = corp.staff[userid]
    return {
        "userid": userid,
        "gender": "0",
        "avatar": "",
        "mobile": staff.mobile,
        "email": staff.email,
        "qr_code": "",
    }


def _ticket(corp: Corp, kind: str) -> Json:
    now = corp.box.clock.now()
    value, until = corp.shelf(Logins).js_tickets.get(kind, ("", 0.0))
    if until <= now:
        value, until = new_id("", 86), now + JSAPI_SECONDS
        corp.shelf(Logins).js_tickets[kind] = (value, until)
    return {"ticket": value, "expires_in": int(until - now)}


def corp_ticket(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """GET get_jsapi_ticket."""
    return _ticket(caller.corp, "corp")


def app_ticket(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """GET ticket/get?type=agent_config."""
    if query.get("type") != "agent_config":
        raise Refusal(40005, "invalid type")
    return _ticket(caller.corp, f"app {caller.app.agentid}")


ENDPOINTS = (
    Endpoint("GET", "/connect/oauth2/authorize", authorize, "wecom", token=False),
    get("auth/getuserinfo", user_info),
    get("user/getuserinfo", old_user_info),
    post("auth/getuserdetail", user_detail),
    get("get_jsapi_ticket", corp_ticket),
    get("ticket/get", app_ticket),
)
