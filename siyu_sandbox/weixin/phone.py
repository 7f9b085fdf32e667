"""What a simulated person can do with an account of either product: write, and answer for subscription messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from siyu_sandbox.registry import Action, ControlFault, Json, Refusal
from siyu_sandbox.weixin.account import Account
from siyu_sandbox.weixin.events import pass_on
from siyu_sandbox.weixin.notice_api import answer_popup, turn_off

if TYPE_CHECKING:
    from siyu_sandbox.phones import Phone
    from siyu_sandbox.sandbox import Sandbox

PRODUCTS = ("official_account", "mini_program")
# Fields of a message by kind, with what stands there if the caller says nothing.
MESSAGES: dict[str, Json] = {
    "text": {"Content": "你好"},
    "image": {"PicUrl": "http://mmbiz.qpic.cn/mmbiz/picture/0", "MediaId": "phone-picture"},
    "voice": {"MediaId": "phone-voice", "Format": "amr"},
    "video": {"MediaId": "phone-video", "ThumbMediaId": "phone-thumb"},
    "shortvideo": {"MediaId": "phone-video", "ThumbMediaId": "phone-thumb"},
    "location": {"Location_X": "31.2304", "Location_Y": "121.4737", "Scale": "16", "Label": "上海市"},
    "link": {"Title": "一个链接", "Description": "", "Url": "https://example.com/"},
    "miniprogrampage": {
        "Title": "商品",
        "AppId": "",
        "PagePath": "pages/index",
        "ThumbUrl": "",
        "ThumbMediaId": "phone-thumb",
    },
}


def account_of(box: Sandbox, body: Json, *products: str) -> Any:
    """Return the account that the body names, or the only one there is."""
    ref = body.get("account") or body.get("appid")
    found = {
        appid: account
        for product in products or PRODUCTS
        for appid, account in box.worlds[product].accounts.items()
    }
    if ref in found:
        return found[ref]
    if ref or len(found) != 1:
        raise ControlFault(f"no account {ref}" if ref else "say which account", 404 if ref else 422)
    return next(iter(found.values()))


def did(box: Sandbox, account: Account, openid: str, what: str) -> None:
    """Open the window for customer-service messages that follows from what the person did."""
    account.conversations.did(openid, what, box.clock.now(), box.clock.real())


def write(box: Sandbox, account: Account, openid: str, body: Json) -> Json:
    """Let the person write {kind?, content?, fields?} to the account."""
    kind = str(body.get("kind", "text"))
    if kind not in MESSAGES:
        raise ControlFault(f"kind must be one of {', '.join(MESSAGES)}")
    given = {"Content": str(body["content"])} if kind == "text" and "content" in body else {}
    number = pass_on(box, account, openid, kind, MESSAGES[kind] | given | (body.get("fields") or {}))
    return {"account": account.appid, "openid": openid, "msgid": number}


def accept_subscribe(box: Sandbox, phone: Phone, body: Json) -> Json:
    """{account, templates: [id] | {id: bool}, accept?: true, scene?}: answer the popup (订阅弹窗)."""
    account = account_of(box, body)
    wanted = body.get("templates") or [body.get("template_id")]
    answers = wanted if isinstance(wanted, dict) else dict.fromkeys(wanted, bool(body.get("accept", True)))
    openid = account.openid(phone.id)
    try:
        answer_popup(box, account, openid, answers, int(body.get("scene", 2)))
    except Refusal as unknown:
        raise ControlFault(str(unknown), 404) from unknown
    left = {template: account.notices.credits.get((openid, template), 0) for template in answers}
    return {"account": account.appid, "openid": openid, "left": left}


def stop_subscribe(box: Sandbox, phone: Phone, body: Json) -> Json:
    """{account, template_id}: turn a template off in the settings of the phone."""
    account = account_of(box, body)
    openid = account.openid(phone.id)
    try:
        turn_off(box, account, openid, str(body.get("template_id")))
    except Refusal as unknown:
        raise ControlFault(str(unknown), 404) from unknown
    return {"account": account.appid, "openid": openid}


POPUP_ACTIONS: dict[str, Action] = {"accept_subscribe": accept_subscribe, "stop_subscribe": stop_subscribe}
