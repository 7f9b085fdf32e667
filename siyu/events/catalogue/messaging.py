"""Events of messaging 消息: what was decided about each person, and what became of each message."""

import pyarrow as pa

from siyu.events.envelope import EventType, Property
from siyu.foundation.text import Text

MESSAGES_DECIDED = EventType(
    name="messages_decided",
    version=1,
    label=Text("触达决定", "Messages decided"),
    description=Text("一次发送对每个人的决定：发、等待、不发及原因", "what was decided about each person of a send: sent, waiting or not, and why"),
    properties=(
        Property("send_id", pa.int64(), "the send"),
        Property("customer_id", pa.int64(), "the customer"),
        Property("verdict", pa.string(), "allow, wait (until at_ms) or refuse"),
        Property("reason", pa.string(), "why it waits or is refused; null for allow"),
        Property("variant", pa.string(), "which variant the person was given; null for none"),
        Property("account_id", pa.int64(), "the account chosen; null for none"),
        Property("identity_key", pa.int64(), "the identifier by which the person is reached; null for none"),
        Property("staff", pa.string(), "the member of staff who sends; empty for the account itself"),
        Property("route", pa.int16(), "0 for the first way tried, 1 for the next; null for none"),
        Property("carrier", pa.string(), "the product of the account, such as wecom; null for none"),
        Property("purpose", pa.string(), "promotion, value, service or feedback"),
        Property("at_ms", pa.int64(), "when the message is due (of a refusal: when it would have been), epoch ms"),
        Property("decided_ms", pa.int64(), "when this was decided; the latest decision about a person of a send holds, epoch ms"),
    ),
)

MESSAGES_CHANGED = EventType(
    name="messages_changed",
    version=1,
    label=Text("消息状态变更", "Messages changed"),
    description=Text("消息发出、送达、失败或退回", "messages were sent, received, failed or given back"),
    properties=(
        Property("send_id", pa.int64(), "the send"),
        Property("customer_id", pa.int64(), "the customer"),
        Property("route", pa.int16(), "0 for the first way tried, 1 for the next"),
        Property("identity_key", pa.int64(), "the identifier by which the person is reached"),
        Property("account_id", pa.int64(), "the account"),
        Property("carrier", pa.string(), "the product of the account, such as wecom"),
        Property("purpose", pa.string(), "promotion, value, service or feedback"),
        Property("status", pa.string(), "planned, attempting, sent, received, unknown, refused, failed, released, cancelled or displaced"),
        Property("reason", pa.string(), "the carrier's or our own code; null for none"),
        Property("variant", pa.string(), "the variant; null for none"),
        Property("cost_fen", pa.int64(), "what the carrier takes for it, fen"),
        Property("at_ms", pa.int64(), "when, epoch ms"),
    ),
)
