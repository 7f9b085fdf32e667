"""What a simulated person does with an Official Account: follow, scan, write, press the menu, answer a popup, leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from siyu_sandbox.official_account import codes, menus, oauth
from siyu_sandbox.official_account.account import Follower, OfficialAccount
from siyu_sandbox.registry import Action, ControlFault, Json
from siyu_sandbox.weixin.account import short_id
from siyu_sandbox.weixin.events import tell
from siyu_sandbox.weixin.phone import POPUP_ACTIONS, account_of, did, write

if TYPE_CHECKING:
    from siyu_sandbox.phones import Phone
    from siyu_sandbox.sandbox import Sandbox

PRODUCT = "official_account"
SCENES = {
    "search": "ADD_SCENE_SEARCH",
    "migration": "ADD_SCENE_ACCOUNT_MIGRATION",
    "profile_card": "ADD_SCENE_PROFILE_CARD",
    "qr_code": "ADD_SCENE_QR_CODE",
    "profile_link": "ADD_SCENE_PROFILE_LINK",
    "profile_item": "ADD_SCENE_PROFILE_ITEM",
    "paid": "ADD_SCENE_PAID",
    "advertisement": "ADD_SCENE_WECHAT_ADVERTISEMENT",
    "reprint": "ADD_SCENE_REPRINT",
    "livestream": "ADD_SCENE_LIVESTREAM",
    "channels": "ADD_SCENE_CHANNELS",
    "others": "ADD_SCENE_OTHERS",
}
# Of the buttons, only these open a window for customer-service messages (客服消息).
OPENING = ("click", "scancode_push", "scancode_waitmsg")


def _account(box: Sandbox, body: Json) -> OfficialAccount:
    account: OfficialAccount = account_of(box, body, PRODUCT)
    return account


def _follower(box: Sandbox, phone: Phone, body: Json) -> tuple[OfficialAccount, Follower]:
    account = _account(box, body)
    follower = account.followers.get(account.openid(phone.id))
    if follower is None:
        raise ControlFault(f"phone {phone.id} does not follow {account.appid}", 409)
    return account, follower


def scan(box: Sandbox, phone: Phone, text: str, body: Json) -> Json | None:
    """Scan a code of any account; None where no account made it."""
    for account in box.worlds[PRODUCT].accounts.values():
        code = codes.find(account, text, box.clock.now())
        if code is not None:
            return _scanned(box, account, phone, code)
    return None


def _scanned(box: Sandbox, account: OfficialAccount, phone: Phone, code: codes.Code) -> Json:
    openid = account.openid(phone.id)
    if openid not in account.followers:
        return _follow(box, account, phone, SCENES["qr_code"], code)
    did(box, account, openid, "scan")
    tell(box, account, openid, "SCAN", EventKey=str(code.scene), Ticket=code.ticket)
    return {"account": account.appid, "openid": openid, "event": "SCAN", "followed": False}


def _follow(
    box: Sandbox, account: OfficialAccount, phone: Phone, scene: str, code: codes.Code | None
) -> Json:
    openid = account.openid(phone.id)
    number, words = (
        (code.scene, "") if code and isinstance(code.scene, int) else (0, str(code.scene) if code else "")
    )
    account.follow(Follower(openid, phone.id, box.clock.second(), scene, int(number), words))
    did(box, account, openid, "follow")
    extra = {"EventKey": f"qrscene_{code.scene}", "Ticket": code.ticket} if code else {"EventKey": ""}
    tell(box, account, openid, "subscribe", **extra)
    return {"account": account.appid, "openid": openid, "event": "subscribe", "followed": True}


def follow(box: Sandbox, phone: Phone, body: Json) -> Json:
    """{account, scene?}: follow without a code of the account."""
    account, scene = _account(box, body), str(body.get("scene", "search"))
    if scene not in SCENES:
        raise ControlFault(f"scene must be one of {', '.join(SCENES)}")
    openid = account.openid(phone.id)
    if openid in account.followers:
        return {"account": account.appid, "openid": openid, "event": None, "followed": False}
    return _follow(box, account, phone, SCENES[scene], None)


def unfollow(box: Sandbox, phone: Phone, body: Json) -> Json:
    """{account}: leave; remark, tags and open windows are gone with it."""
    account, follower = _follower(box, phone, body)
    account.unfollow(follower.openid)
    tell(box, account, follower.openid, "unsubscribe", EventKey="")
    return {"account": account.appid, "openid": follower.openid, "event": "unsubscribe"}


def message(box: Sandbox, phone: Phone, body: Json) -> Json:
    """{account, kind?: text, content? | further fields}: write to the account."""
    account, follower = _follower(box, phone, body)
    did(box, account, follower.openid, "message")
    return write(box, account, follower.openid, body)


def click_menu(box: Sandbox, phone: Phone, body: Json) -> Json:
    """{account, button}: press the button with this name, key or URL."""
    account, follower = _follower(box, phone, body)
    wanted = body.get("button")
    buttons = menus.leaves(menus.menu_of(account, follower))
    button = next((one for one in buttons if wanted in (one["name"], one.get("key"), one.get("url"))), None)
    if button is None:
        raise ControlFault(f"no button {wanted} in the menu of {account.appid}", 404)
    if button["type"] in OPENING:
        did(box, account, follower.openid, "menu")
    event, fields = _pressed(button, body)
    if event:
        tell(box, account, follower.openid, event, **fields)
    return {"account": account.appid, "openid": follower.openid, "event": event, "button": button}


def _pressed(button: Json, body: Json) -> tuple[str | None, Json]:
    kind = button["type"]
    if kind == "click":
        return "CLICK", {"EventKey": button["key"]}
    if kind == "view":
        return "VIEW", {"EventKey": button["url"], "MenuId": int(short_number(button["url"]))}
    if kind == "miniprogram":
        return "view_miniprogram", {
            "EventKey": button["pagepath"],
            "MenuId": int(short_number(button["pagepath"])),
        }
    if kind.startswith("scancode"):
        seen = {"ScanType": "qrcode", "ScanResult": str(body.get("result", ""))}
        return kind, {"EventKey": button["key"], "ScanCodeInfo": seen}
    if kind.startswith("pic_"):
        sums = tuple({"PicMd5Sum": one} for one in body.get("pictures", ["0" * 32]))
        return kind, {
            "EventKey": button["key"],
            "SendPicsInfo": {"Count": len(sums), "PicList": {"item": sums}},
        }
    if kind == "location_select":
        return kind, {"EventKey": button["key"], "SendLocationInfo": _place(body)}
    return None, {}


def short_number(text: str) -> int:
    """Return a number that follows from the text, as the vendor numbers menus."""
    return 400_000_000 + sum(short_id(text, 8).encode())


def _place(body: Json) -> Json:
    return {
        "Location_X": str(body.get("latitude", "31.2304")),
        "Location_Y": str(body.get("longitude", "121.4737")),
        "Scale": "16",
        "Label": str(body.get("label", "")),
        "Poiname": "",
    }


def report_location(box: Sandbox, phone: Phone, body: Json) -> Json:
    """{account, latitude, longitude}: the phone tells where it is (上报地理位置)."""
    account, follower = _follower(box, phone, body)
    fields = {
        "Latitude": str(body.get("latitude", "31.2304")),
        "Longitude": str(body.get("longitude", "121.4737")),
        "Precision": "30.0",
    }
    tell(box, account, follower.openid, "LOCATION", **fields)
    return {"account": account.appid, "openid": follower.openid, "event": "LOCATION"}


def refuse_messages(box: Sandbox, phone: Phone, body: Json) -> Json:
    """{account, on?: true}: switch the account's messages off, or on again; the account is told nothing."""
    account, follower = _follower(box, phone, body)
    follower.refuses = bool(body.get("on", True))
    return {"account": account.appid, "openid": follower.openid, "refuses": follower.refuses}


def pay(box: Sandbox, phone: Phone, body: Json) -> Json:
    """{account}: pay the account by WeChat Pay, which opens a window without a count."""
    account, follower = _follower(box, phone, body)
    did(box, account, follower.openid, "payment")
    return {"account": account.appid, "openid": follower.openid}


def authorize(box: Sandbox, phone: Phone, body: Json) -> Json:
    """{account, scope?, redirect_uri?, state?, snapshot?}: agree on the page of web log-in (网页授权)."""
    account = _account(box, body)
    code = oauth.grant(box, account, phone.id, body.get("scope", "snsapi_base"), bool(body.get("snapshot")))
    answer: dict[str, Any] = {"account": account.appid, "openid": account.openid(phone.id), "code": code}
    if body.get("redirect_uri"):
        answer["redirect"] = oauth.landing(body["redirect_uri"], code, body.get("state", ""))
    return answer


ACTIONS: dict[str, Action] = {
    "follow": follow,
    "unfollow": unfollow,
    "message": message,
    "click_menu": click_menu,
    "report_location": report_location,
    "refuse_messages": refuse_messages,
    "pay": pay,
    "authorize": authorize,
    **POPUP_ACTIONS,
}
