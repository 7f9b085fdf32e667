"""Events and messages (事件推送, 普通消息) that the vendor posts to an account, and what it answers at once (被动回复)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from siyu_sandbox.weixin.account import Account

if TYPE_CHECKING:
    from siyu_sandbox.registry import Json
    from siyu_sandbox.sandbox import Sandbox

REPLIES = ("text", "image", "voice", "video", "music", "news")
TROUBLE = "该公众号提供的服务出现故障,请稍后再试"


def tell(box: Sandbox, account: Account, openid: str, event: str, **fields: Any) -> None:
    """Post an event about somebody; an answer in the body reaches the phone."""
    _post(box, account, openid, {"MsgType": "event", "Event": event, **fields})


def pass_on(box: Sandbox, account: Account, openid: str, kind: str, fields: Json) -> int:
    """Post a message that somebody wrote; return its MsgId."""
    number = next(account.message_ids)
    _post(box, account, openid, {"MsgType": kind, **fields, "MsgId": number})
    return number


def _post(box: Sandbox, account: Account, openid: str, fields: Json) -> None:
    head = {"ToUserName": account.original_id, "FromUserName": openid, "CreateTime": box.clock.second()}
    box.sender.send(account.callback, head | fields, lambda reply: _answered(box, account, openid, reply))


def _answered(box: Sandbox, account: Account, openid: str, reply: Json) -> None:
    kind = reply.get("MsgType")
    if kind == "transfer_customer_service":
        return
    if kind not in REPLIES or reply.get("ToUserName") != openid:
        hand_over(box, account, openid, "trouble", {"content": TROUBLE, "reply": reply})
        return
    content = {
        key: value
        for key, value in reply.items()
        if key not in ("ToUserName", "FromUserName", "CreateTime", "MsgType")
    }
    hand_over(box, account, openid, kind, {**content, "passive": True})


def hand_over(box: Sandbox, account: Account, openid: str, kind: str, content: Json) -> None:
    """Let the person's phone receive something from the account."""
    box.phones.deliver(account.people[openid], account.product, account.appid, account.name, kind, content)
