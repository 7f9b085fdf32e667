"""Events of carriers 载体: relations that began and ended, and what the carriers reported besides."""

import pyarrow as pa

from siyu.events.envelope import EventType, Property
from siyu.foundation.text import Text

RELATIONS_CHANGED = EventType(
    name="relations_changed",
    version=1,
    label=Text("好友关系变更", "Relations changed"),
    description=Text("一位联系人与员工(或账号)的关系建立、结束，或得到更正", "a relation of a contact with a member of staff (or the account) began, ended or was put right"),
    properties=(
        Property("identity_key", pa.int64(), "the contact"),
        Property("account_id", pa.int64(), "the account"),
        Property("staff", pa.string(), "the carrier's id of the member of staff; empty for the account itself"),
        Property("began_ms", pa.int64(), "when this spell of the relation began, epoch ms; with contact, account and staff it names the spell"),
        Property("began_known", pa.bool_(), "false: only its end was told, and began_ms is that"),
        Property("state", pa.string(), "the mark of the live code or scene by which it began"),
        Property("add_way", pa.int32(), "how it began, in the carrier's own number"),
        Property("ended_ms", pa.int64(), "when it ended, epoch ms; null while it lasts"),
        Property("by", pa.string(), "who ended it: customer, staff, transfer, or unknown (found gone)"),
        Property("void", pa.bool_(), "true: later news showed that there was no such spell"),
        Property("found_by", pa.string(), "callback, reconcile or send"),
    ),
)

CARRIER_REPORTED = EventType(
    name="carrier_reported",
    version=1,
    label=Text("载体通知", "Carrier reported"),
    description=Text("载体告知的其他事情(标签、员工、群、账号状态……)", "what a carrier reported besides: tags, staff, groups, state of the account"),
    properties=(
        Property("event_key", pa.int64(), "key of the report; the same report twice counts once"),
        Property("account_id", pa.int64(), "the account"),
        Property("kind", pa.string(), "what happened, such as tag_changed; unknown for what Siyu does not know yet"),
        Property("staff", pa.string(), "the carrier's id of a member of staff, if it is about one"),
        Property("detail", pa.string(), "a JSON object of the carrier's own fields"),
        Property("at_ms", pa.int64(), "when, epoch ms"),
    ),
)

RELATION_TAGS_CHANGED = EventType(
    name="relation_tags_changed",
    version=1,
    label=Text("好友标签变更", "Relation tags changed"),
    description=Text("载体上一位员工给联系人打上或去掉了与 Siyu 标签对应的标签", "at the carrier a member of staff put a tag that stands for one of ours on a contact, or took it off"),
    properties=(
        Property("identity_key", pa.int64(), "the contact"),
        Property("account_id", pa.int64(), "the account"),
        Property("staff", pa.string(), "the carrier's id of the member of staff"),
        Property("tag", pa.string(), "the customers' tag"),
        Property("added", pa.bool_(), "true: put on, false: taken off"),
        Property("at_ms", pa.int64(), "when it was found, epoch ms"),
    ),
)

DELIVERIES_SETTLED = EventType(
    name="deliveries_settled",
    version=1,
    label=Text("投递有了结果", "Deliveries settled"),
    description=Text("一次要等答复的网络钩子投递到达了，或放弃了", "a webhook delivery whose answer is wanted arrived, or was given up"),
    properties=(
        Property("delivery_id", pa.string(), "the delivery"),
        Property("account_id", pa.int64(), "the account"),
        Property("asked_by", pa.string(), "who asked for it, such as journey:31:7:1790000000000"),
        Property("status", pa.string(), "arrived or given_up"),
        Property("http_status", pa.int32(), "the HTTP status of the last attempt; 0 where no answer came"),
        Property("at_ms", pa.int64(), "when, epoch ms"),
    ),
)
