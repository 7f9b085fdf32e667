"""Events about customers 客户: what is known of them, what they did, how they are tagged."""

import pyarrow as pa

from siyu.events.envelope import EventType, Property
from siyu.foundation.text import Text

PROFILE_RECORDED = EventType(
    name="profile_recorded",
    version=2,
    label=Text("资料更新", "Profile recorded"),
    description=Text("得到一个人的一项资料", "one attribute of a person became known"),
    properties=(
        Property("event_key", pa.int64(), "the event that carried it; the same event twice counts once"),
        Property("identity_key", pa.int64(), "whose"),
        Property("path", pa.string(), "name of the attribute; nested ones with dots (a.b)"),
        Property("text", pa.string(), "the value as text; numbers and true/false in their JSON form; an object or list as JSON"),
        Property("number", pa.float64(), "the value as a number; null if it is none"),
        Property("time_ms", pa.int64(), "the value as an instant, epoch ms, if it is an ISO date or time; else null"),
        Property("set_ms", pa.int64(), "when the value was set, epoch ms"),
        Property("op", pa.string(), "set (also null), once, increment, append, unset or delete (path \"\": everything)"),
    ),
)

ACTIVITY_RECORDED = EventType(
    name="activity_recorded",
    version=2,
    label=Text("行为", "Activity recorded"),
    description=Text("一个人做了一件事(浏览、收到消息……)", "a person did something, or a message reached them"),
    properties=(
        Property("event_key", pa.int64(), "key of the event; the same event twice counts once"),
        Property("identity_key", pa.int64(), "who"),
        Property("name", pa.string(), "name of the activity, such as page_viewed"),
        Property("at_ms", pa.int64(), "when, epoch ms"),
        Property("properties", pa.string(), "a JSON object"),
        Property("told_ms", pa.int64(), "when, by the sender's own clock, epoch ms; null where that is at_ms"),
        Property("feed_id", pa.int64(), "the feed by which it came in; null for none"),
    ),
)

THINGS_RECORDED = EventType(
    name="things_recorded",
    version=1,
    label=Text("物品与群体", "Things recorded"),
    description=Text("得到一件物品或一个群体的资料", "what is known of an item or a group"),
    properties=(
        Property("event_key", pa.int64(), "key of the event; the same event twice counts once"),
        Property("kind", pa.string(), "item or group"),
        Property("type", pa.string(), "the brand's own type of it, such as sku or company"),
        Property("id", pa.string(), "the brand's own id of it"),
        Property("op", pa.string(), "set or delete"),
        Property("at_ms", pa.int64(), "when, epoch ms"),
        Property("properties", pa.string(), "a JSON object"),
        Property("feed_id", pa.int64(), "the feed by which it came in"),
    ),
)

TAGS_CHANGED = EventType(
    name="tags_changed",
    version=1,
    label=Text("标签变更", "Tags changed"),
    description=Text("给客户打上或去掉标签", "a tag was put on a customer, or taken off"),
    properties=(
        Property("customer_id", pa.int64(), "the customer"),
        Property("tag", pa.string(), "the tag"),
        Property("added", pa.bool_(), "true: put on; false: taken off"),
        Property("at_ms", pa.int64(), "when, epoch ms"),
        Property("by", pa.string(), "who did it"),
    ),
)

CONSENTS_CHANGED = EventType(
    name="consents_changed",
    version=1,
    label=Text("授权变更", "Consents changed"),
    description=Text("一个人对某个用途的授权变了", "what a person allows for a purpose changed"),
    properties=(
        Property("customer_id", pa.int64(), "the customer"),
        Property("purpose", pa.string(), "promotion, content, service, profiling or sharing"),
        Property("carrier", pa.string(), "where; empty for every carrier"),
        Property("state", pa.string(), "granted, refused, withdrawn or unknown (the statement was taken back)"),
        Property("at_ms", pa.int64(), "when the person said so, epoch ms"),
        Property("source", pa.string(), "page, feed, staff, import, api or merge"),
    ),
)
