"""Reasons 原因: why something lies in the quarantine, in words, and what to do about it."""

from __future__ import annotations

from typing import NamedTuple

from siyu.foundation.text import Text


class Reason(NamedTuple):
    says: Text
    way_out: Text


_CLIENT = Text("在发送端改正；以后的数据会正常进来", "put it right where it is sent; what comes then is taken in")
REASONS: dict[str, Reason] = {
    "no_feed": Reason(Text("没有用这个密钥的数据接入", "no feed has this write key"), Text("新建数据接入并填上这个密钥，然后重放", "make a feed with this key, then replay")),
    "feed_paused": Reason(Text("数据接入已暂停", "the feed is paused"), Text("恢复数据接入，然后重放", "resume the feed, then replay")),
    "unreadable": Reason(Text("内容不是可读的 JSON", "the body is no readable JSON"), _CLIENT),
    "encrypted": Reason(Text("内容被 SDK 加密", "the SDK has encrypted it"), Text("在 SDK 中关闭数据加密(传输仍由 HTTPS 保护)", "turn encryption off in the SDK (HTTPS still protects it on its way)")),
    "too_large": Reason(Text("一个事件超过 32 KB", "one event is larger than 32 KB"), _CLIENT),
    "too_many": Reason(Text("一个请求里超过 20,000 个操作", "more than 20,000 operations in one request"), _CLIENT),
    "too_many_properties": Reason(Text("一个事件超过 200 个属性", "an event has more than 200 properties"), _CLIENT),
    "bad_shape": Reason(Text("字段的类型不对", "a field has the wrong type"), _CLIENT),
    "bad_name": Reason(Text("缺少事件名，或长于 200 个字", "the event's name is missing or longer than 200 characters"), _CLIENT),
    "unknown_type": Reason(Text("不认识这种操作", "this kind of operation is not known"), Text("升级 Siyu 后重放", "replay after an upgrade of Siyu")),
    "no_person": Reason(Text("没有可用的用户标识", "no usable id of a person"), _CLIENT),
    "bad_identifier": Reason(Text("手机号或邮箱不成立；其余部分已收下", "a phone or e-mail that cannot be one; the rest was taken in"), _CLIENT),
    "bad_value": Reason(Text("要累加的不是数字", "what is to be added is no number"), _CLIENT),
    "not_taken": Reason(Text("处理它时 Siyu 出错，详情在日志里", "Siyu failed at it; the log has the details"), Text("升级 Siyu 后重放", "replay after an upgrade of Siyu")),
    "too_old": Reason(Text("发生时间早于允许的最早时间", "it happened before the earliest time that is allowed"), Text("放宽设置 SIYU_COLLECT_OLDEST_DAYS 后重放", "allow more by the setting SIYU_COLLECT_OLDEST_DAYS, then replay")),
    "breaks_plan": Reason(Text("不符合埋点方案", "it breaks the tracking plan"), Text("改埋点方案或改发送端；改方案后可以重放", "change the plan, or what is sent; after a change of the plan, replay")),
}  # fmt: skip
