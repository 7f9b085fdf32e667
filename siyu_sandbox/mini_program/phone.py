"""What a simulated person does with a Mini Program: open it (also by a link or a code), agree, write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu_sandbox.mini_program import links, logins
from siyu_sandbox.mini_program.account import MiniProgram
from siyu_sandbox.registry import Action, ControlFault, Json
from siyu_sandbox.weixin.events import tell
from siyu_sandbox.weixin.phone import POPUP_ACTIONS, account_of, did, write

if TYPE_CHECKING:
    from siyu_sandbox.phones import Phone
    from siyu_sandbox.sandbox import Sandbox

PRODUCT = "mini_program"


def _opened(box: Sandbox, account: MiniProgram, phone: Phone, page: str, query: str) -> Json:
    code = logins.login(box, account, phone.id)
    return {
        "account": account.appid,
        "openid": account.openid(phone.id),
        "js_code": code,
        "page": page,
        "query": query,
    }


def open_mini_program(box: Sandbox, phone: Phone, body: Json) -> Json:
    """{account?, page?, query? | link}: open it; answers the js_code of `wx.login` and where the person lands."""
    if "link" in body:
        for account in box.worlds[PRODUCT].accounts.values():
            if body["link"] in account.links:
                link = links.open_link(box, account, body["link"], phone.id)
                return _opened(box, account, phone, link.path, link.query)
        raise ControlFault("no such link", 404)
    account = account_of(box, body, PRODUCT)
    page = str(body.get("page") or (account.pages[0] if account.pages else "pages/index/index"))
    if not account.has_page(page):
        raise ControlFault(f"{account.appid} has no page {page}", 404)
    return _opened(box, account, phone, page, str(body.get("query", "")))


def scan(box: Sandbox, phone: Phone, text: str, body: Json) -> Json | None:
    """Scan a code by the text of its picture; None where no mini program made it."""
    for account in box.worlds[PRODUCT].accounts.values():
        if text in account.code_pages:
            page, scene = account.code_pages[text]
            return _opened(box, account, phone, page, f"scene={scene}" if scene else "")
    return None


def share_phone_number(box: Sandbox, phone: Phone, body: Json) -> Json:
    """{account?}: press the button that gives the phone number; answers its code."""
    account: MiniProgram = account_of(box, body, PRODUCT)
    return {
        "account": account.appid,
        "openid": account.openid(phone.id),
        "code": logins.share_number(box, account, phone.id),
    }


def share_user_data(box: Sandbox, phone: Phone, body: Json) -> Json:
    """{account?}: agree to share the profile; answers rawData, signature, encryptedData, iv."""
    account: MiniProgram = account_of(box, body, PRODUCT)
    if account.openid(phone.id) not in account.sessions:
        raise ControlFault("nobody has exchanged a js_code of this person yet", 409)
    return logins.user_data(box, account, phone)


def enter_conversation(box: Sandbox, phone: Phone, body: Json) -> Json:
    """{account?, session_from?}: open the customer-service conversation (客服会话)."""
    account: MiniProgram = account_of(box, body, PRODUCT)
    openid = account.openid(phone.id)
    did(box, account, openid, "enter")
    tell(box, account, openid, "user_enter_tempsession", SessionFrom=str(body.get("session_from", "")))
    return {"account": account.appid, "openid": openid, "event": "user_enter_tempsession"}


def message(box: Sandbox, phone: Phone, body: Json) -> Json:
    """{account?, kind?, content?}: write in the conversation."""
    account: MiniProgram = account_of(box, body, PRODUCT)
    openid = account.openid(phone.id)
    did(box, account, openid, "message")
    return write(box, account, openid, body)


ACTIONS: dict[str, Action] = {
    "open_mini_program": open_mini_program,
    "share_phone_number": share_phone_number,
    "share_user_data": share_user_data,
    "enter_conversation": enter_conversation,
    "message": message,
    **POPUP_ACTIONS,
}
