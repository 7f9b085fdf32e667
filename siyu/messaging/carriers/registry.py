"""Every sender 发送器, by product."""

from __future__ import annotations

from typing import Final

from siyu.foundation.errors import InvalidError
from siyu.foundation.text import Text
from siyu.messaging.carriers.email import EmailSender
from siyu.messaging.carriers.mini_program import MiniProgram
from siyu.messaging.carriers.official_account import OfficialAccount
from siyu.messaging.carriers.port import Sender
from siyu.messaging.carriers.sms import SmsSender
from siyu.messaging.carriers.webhook import WebhookSender
from siyu.messaging.carriers.wecom import WeCom

SENDERS: Final[dict[str, Sender]] = {
    "wecom": WeCom(), "official_account": OfficialAccount(), "mini_program": MiniProgram(), "email": EmailSender(), "sms": SmsSender(), "webhook": WebhookSender(),
}  # fmt: skip


def sender_of(product: str) -> Sender:
    """
    Raises
    ------
    InvalidError
        When messages cannot be sent by this carrier.
    """
    found = SENDERS.get(product)
    if found is None:
        raise InvalidError(Text(f"不能通过 {product} 发送消息", f"messages cannot be sent by {product}"), way_out=Text(f"可用：{'、'.join(SENDERS)}", f"use one of: {', '.join(SENDERS)}"))
    return found
