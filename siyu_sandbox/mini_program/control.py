"""Control routes of Mini Programs: make, change, show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu_sandbox.mini_program.account import MiniProgram
from siyu_sandbox.registry import Control, ControlFault, Json
from siyu_sandbox.weixin.control import change, new_appid, shown
from siyu_sandbox.weixin.notices import LIBRARY
from siyu_sandbox.weixin.phone import account_of

if TYPE_CHECKING:
    from siyu_sandbox.sandbox import Sandbox

PRODUCT = "mini_program"
OWN = ("pages", "trusted_ips")


def make(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """POST {appid?, secret?, name?, unionid_platform?, pages?, trusted_ips?, callback?, templates?: [{tid, kids}]}."""
    world = box.worlds[PRODUCT]
    appid = body.get("appid") or new_appid()
    if appid in world.accounts:
        raise ControlFault(f"{appid} is there already", 409)
    secret = body.get("secret") or f"{box.random.getrandbits(128):032x}"
    account = MiniProgram(product=PRODUCT, appid=appid, secret=secret, name="小程序", limits=world.limits)
    world.accounts[appid] = account
    change(account, body | {"secret": secret}, OWN)
    return _take_templates(account, body)


def _take_templates(account: MiniProgram, body: Json) -> Json:
    made = []
    for wish in body.get("templates") or []:
        tid, kids = wish.get("tid"), wish.get("kids") or wish.get("kidList")
        if (
            tid not in LIBRARY
            or not isinstance(kids, list)
            or not {one.kid for one in LIBRARY[tid].keywords}.issuperset(kids)
        ):
            raise ControlFault(f"the library has no template {tid} with keywords {kids}")
        made.append(account.notices.add(account.appid, tid, kids, wish.get("scene", "")).template_id)
    return shown(account, OWN) | {"templates": made}


def patch(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """PATCH what POST took; `risky`: [phone] whose log-in is refused (40226)."""
    account: MiniProgram = account_of(box, {"account": params["appid"]}, PRODUCT)
    account.risky |= set(body.get("risky") or [])
    change(account, body, OWN)
    return _take_templates(account, body)


def show(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """GET the account as it stands."""
    account: MiniProgram = account_of(box, {"account": params["appid"]}, PRODUCT)
    return shown(account, OWN) | {"templates": list(account.notices.templates)}


CONTROLS = (
    Control("POST", "/sandbox/mini_programs", make),
    Control("GET", "/sandbox/mini_programs/{appid}", show),
    Control("PATCH", "/sandbox/mini_programs/{appid}", patch),
)
