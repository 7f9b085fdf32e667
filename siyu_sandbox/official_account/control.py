"""Control routes of Official Accounts: make, change, show, and followers in bulk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu_sandbox.official_account.account import KINDS, Follower, OfficialAccount
from siyu_sandbox.official_account.phone import SCENES
from siyu_sandbox.registry import Control, ControlFault, Json
from siyu_sandbox.weixin.control import change, new_appid, shown
from siyu_sandbox.weixin.phone import account_of

if TYPE_CHECKING:
    from siyu_sandbox.sandbox import Sandbox

PRODUCT = "official_account"
OWN = ("kind", "domains", "trusted_ips")


def make(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """POST {appid?, secret?, name?, kind?: service | subscription, unionid_platform?, domains?, trusted_ips?, callback?}."""
    world = box.worlds[PRODUCT]
    appid = body.get("appid") or new_appid()
    if appid in world.accounts:
        raise ControlFault(f"{appid} is there already", 409)
    _check(body)
    secret = body.get("secret") or f"{box.random.getrandbits(128):032x}"
    account = OfficialAccount(product=PRODUCT, appid=appid, secret=secret, name="公众号", limits=world.limits)
    world.accounts[appid] = account
    return change(account, body | {"secret": secret}, OWN)


def _check(body: Json) -> None:
    if body.get("kind", "service") not in KINDS:
        raise ControlFault(f"kind must be one of {', '.join(KINDS)}")


def patch(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """PATCH what POST took."""
    account: OfficialAccount = account_of(box, {"account": params["appid"]}, PRODUCT)
    _check(body)
    return change(account, body, OWN)


def show(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """GET the account as it stands."""
    account: OfficialAccount = account_of(box, {"account": params["appid"]}, PRODUCT)
    return shown(account, OWN) | {"followers": len(account.followers), "menu": account.menu}


def add_followers(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """POST {first, count}: phones that follow from before, without events."""
    account: OfficialAccount = account_of(box, {"account": params["appid"]}, PRODUCT)
    first, count = int(body["first"]), int(body["count"])
    if first < 1 or first + count - 1 > box.phones.count:
        raise ControlFault("there are fewer phones")
    now = box.clock.second()
    for phone in range(first, first + count):
        openid = account.openid(phone)
        if openid not in account.followers:
            account.follow(Follower(openid, phone, now, SCENES["search"]))
    return {"followers": len(account.followers)}


CONTROLS = (
    Control("POST", "/sandbox/official_accounts", make),
    Control("GET", "/sandbox/official_accounts/{appid}", show),
    Control("PATCH", "/sandbox/official_accounts/{appid}", patch),
    Control("POST", "/sandbox/official_accounts/{appid}/followers", add_followers),
)
