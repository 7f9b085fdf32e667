"""Reasons 原因: why somebody is not told, or not yet. Each non-send has exactly one; each says what can be done about it."""

from __future__ import annotations

from dataclasses import dataclass

from siyu.foundation.text import Text


@dataclass(frozen=True)
class Reason:
    """`waits`: it may pass by itself, so it is also a reason to wait."""

    code: str
    name: Text
    way_out: Text
    waits: bool = False


REASONS: dict[str, Reason] = {
    one.code: one
    for one in (
        Reason("restricted", Text("资料已限制使用", "Data restricted"), Text("本人要求限制使用其资料；解除前不能触达", "they asked that their data be kept unused; until that is lifted nobody may write to them")),
        Reason("minor", Text("未成年人", "Minor"), Text("不向未成年人发送促销；可改发服务通知", "no promotion is sent to minors; service messages may be")),
        Reason("unreachable", Text("没有可达方式", "Unreachable"), Text("这次发送所选的载体都没有此人；加选载体，或先建立联系", "none of the carriers of this send knows them; add a carrier, or win a contact first")),
        Reason("no_consent", Text("未授权", "No consent"), Text("先在授权页面或由员工征得这一用途的同意", "ask for consent to this purpose first, on the preference page or through staff")),
        Reason("lost", Text("已流失", "Relation ended"), Text("此人已删除员工或取消关注；换一个载体", "they deleted the member of staff or unfollowed; use another carrier")),
        Reason("suppressed", Text("已停发", "Suppressed"), Text("地址被退回、被投诉或已退订；核实后在停发名单中移除", "the address bounced, complained or opted out; check it, then take it off the suppression list")),
        Reason("account_unhealthy", Text("账号异常", "Account not healthy"), Text("到账号页面恢复账号，或换一个账号", "mend the account on its page, or choose another"), waits=True),
        Reason("window_closed", Text("不在可发窗口", "Window closed"), Text("载体只允许在对方互动后 48 小时内或有订阅许可时发送；等对方再次互动", "the carrier allows this only within 48 hours of their last interaction, or with a permit; wait for them to write"), waits=True),
        Reason("carrier_quota", Text("载体配额用完", "Carrier quota used up"), Text("等配额恢复，或让发送改走其他载体", "wait until the quota is back, or allow another carrier"), waits=True),
        Reason("cool_down", Text("冷静期", "Cool-down"), Text("此人近期投诉、拉黑、退款或有未结工单；冷静期结束后再发", "they complained, blocked, returned goods or have an open ticket; wait until the cool-down ends"), waits=True),
        Reason("best_hour", Text("等最佳时段", "At their own hour"), Text("按此人以往打开消息的时段发送；想马上发就把发送时段改为“到点即发”", "they are told at the hour at which they open most; choose to send at once instead"), waits=True),
        Reason("usual_hour", Text("等默认时段", "At the usual hour"), Text("此人打开记录太少，按默认时段发送；想马上发就把发送时段改为“到点即发”", "too little is known of when they open, so they are told at the usual hour; choose to send at once instead"), waits=True),
        Reason("quiet", Text("免打扰时段", "Quiet hours"), Text("等到对方当地的免打扰时段结束，或把截止时间放晚", "wait until quiet hours end where they live, or let the send run longer"), waits=True),
        Reason("promotion_capped", Text("促销频次已满", "Promotions capped"), Text("近期已收过促销；改发有用内容，或把截止时间放晚", "they had their promotion; send something useful instead, or let the send run longer"), waits=True),
        Reason("capped", Text("触达频次已满", "Capped"), Text("近期触达已达上限；把截止时间放晚，或在策略中调整并先用历史试算", "they were told enough; let the send run longer, or change the policy after trying it against history"), waits=True),
        Reason("budget", Text("个人预算已用完", "Own budget used up"), Text("优化器给此人的每周次数已用完；等下周，或停用预算", "the weekly budget that the optimiser gave them is used up; wait, or put the budgets away"), waits=True),
        Reason("mix", Text("促销占比过高", "Too much promotion"), Text("先发有用内容，再发促销", "send something useful before the next promotion"), waits=True),
        Reason("global_holdout", Text("全局对照组", "Global hold-out"), Text("此人在全局对照组，用于衡量整体效果；本期结束后换组", "they are in the global hold-out by which the whole is measured; a new group is drawn when the period ends")),
        Reason("holdout", Text("活动对照组", "Control group"), Text("此人是本次活动的对照组，用于衡量效果", "they are this campaign's control, by which its effect is measured")),
        Reason("lower_priority", Text("让位于更高优先级", "Gave way"), Text("名额让给了申报价值更高的发送；可在之后重新安排", "the slot went to a send of a higher declared value; it can be planned again later")),
        Reason("no_value", Text("缺少变量值", "No value"), Text("为变量填写备用文字，或补全客户资料", "give the variable a fall-back, or complete the profile")),
        Reason("duplicate", Text("重复", "Duplicate"), Text("同一人已在这次发送中，只发一次", "the same person is in this send already and is told once")),
        Reason("stale", Text("已过期", "Stale"), Text("已过截止时间，不再发送", "its last moment has passed; it is not sent any more")),
        Reason("excluded", Text("被排除", "Excluded"), Text("在排除人群中", "in a segment that this send excludes")),
        Reason("cancelled", Text("已取消", "Cancelled"), Text("这次发送已取消", "the send was cancelled")),
        Reason("paused", Text("已暂停", "Paused"), Text("继续这次发送即可", "let the send go on"), waits=True),
    )
}  # fmt: skip
"""In the order in which they are looked at, hold-outs last of what is decided about a person."""

CODES: tuple[str, ...] = tuple(REASONS)
NUMBER: dict[str, int] = {code: number for number, code in enumerate(CODES)}


def name(code: str) -> Text:
    """The words of a reason; of an unknown one (a carrier's own code) the code itself."""
    known = REASONS.get(code)
    return known.name if known else Text(code, code)
