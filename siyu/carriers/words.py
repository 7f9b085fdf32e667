"""Words 用语: what carriers tell, how accounts stand and which calls there are, in words for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from siyu.carriers.accounts import Account
from siyu.carriers.status import SILENCE
from siyu.connectors.errors import Known
from siyu.connectors.registry import VENDORS
from siyu.foundation.text import Text

KINDS: dict[str, Text] = {
    "contact_added": Text("加为好友", "Was added as a contact"),
    "contact_removed": Text("好友关系结束", "The contact was removed"),
    "contact_edited": Text("员工修改客户资料", "Staff edited the contact"),
    "transfer_failed": Text("转接未成功", "The transfer failed"),
    "archive_agreed": Text("同意会话存档", "Agreed to archiving"),
    "group_created": Text("客户群建立", "A group was made"),
    "group_changed": Text("客户群变更", "A group changed"),
    "group_dismissed": Text("客户群解散", "A group was dismissed"),
    "tag_created": Text("新建企业标签", "A tag was made"),
    "tag_changed": Text("企业标签变更", "A tag changed"),
    "tag_deleted": Text("企业标签删除", "A tag was deleted"),
    "tags_shuffled": Text("企业标签重排", "Tags were reordered"),
    "staff_created": Text("新增员工", "Staff joined"),
    "staff_updated": Text("员工资料变更", "Staff changed"),
    "staff_deleted": Text("员工离开", "Staff left"),
    "department_created": Text("新建部门", "A department was made"),
    "department_updated": Text("部门变更", "A department changed"),
    "department_deleted": Text("部门删除", "A department was deleted"),
    "staff_tag_changed": Text("员工标签变更", "A staff tag changed"),
    "acquisition_balance_low": Text("获客助手余量不足", "Acquisition balance is low"),
    "acquisition_balance_exhausted": Text("获客助手余量用完", "Acquisition balance is used up"),
    "acquisition_quota_expiring": Text("获客助手余量将过期", "Acquisition quota expires soon"),
    "acquisition_balance_increased": Text("获客助手余量增加", "Acquisition balance was added to"),
    "acquisition_message_received": Text("获客客户发来消息", "A customer of an acquisition link wrote"),
    "acquisition_customer_left": Text("获客客户流失", "A customer of an acquisition link left"),
    "archive_ready": Text("会话存档有新内容", "The archive has something new"),
    "batch_job_finished": Text("批量任务完成", "A batch job finished"),
    "content_checked": Text("内容检查完成", "A content check finished"),
    "customer_service_access_changed": Text("微信客服授权变更", "Access to customer service changed"),
    "customer_service_session_changed": Text("客服会话变更", "A customer service session changed"),
    "message_complained": Text("投诉或举报为垃圾邮件", "A message was complained of"),
    "message_delayed": Text("消息延迟送达", "A message is delayed"),
    "message_delivered": Text("消息送达", "A message was delivered"),
    "message_failed": Text("消息未送达", "A message failed"),
    "task_card_clicked": Text("点击任务卡片", "A task card was clicked"),
    "order_changed": Text("订单有变化", "An order changed"),
    "shop_tested": Text("店铺的测试推送", "A test of the shop"),
    "unsubscribed": Text("退订", "Unsubscribed"),
    "acquisition_link_unavailable": Text("获客链接不可用", "An acquisition link does not work"),
    "acquisition_link_deleted": Text("获客链接已删除", "An acquisition link was deleted"),
    "acquisition_chat_started": Text("经获客链接开口", "Spoke first after an acquisition link"),
    "acquisition_friend_requested": Text("经获客链接申请好友", "Asked to be added by an acquisition link"),
    "acquisition_profile_opened": Text("打开获客名片", "Opened an acquisition profile"),
    "customer_service_message_or_event": Text("客服会话有新消息", "News in customer service"),
    "app_entered": Text("进入应用", "Entered the app"),
    "app_subscribed": Text("关注应用", "Subscribed to the app"),
    "app_unsubscribed": Text("取消关注应用", "Unsubscribed from the app"),
    "followed": Text("关注公众号", "Followed the account"),
    "unfollowed": Text("取消关注", "Unfollowed the account"),
    "qr_scanned": Text("扫码", "Scanned a code"),
    "menu_clicked": Text("点击菜单", "Clicked the menu"),
    "link_viewed": Text("打开菜单链接", "Opened a link of the menu"),
    "message_received": Text("发来消息", "Wrote to us"),
    "location_reported": Text("上报位置", "Reported a place"),
    "mass_send_finished": Text("群发完成", "A mass send ended"),
    "template_send_finished": Text("模板消息送达结果", "Outcome of a template message"),
    "subscribe_answered": Text("答复订阅请求", "Answered a request to subscribe"),
    "subscribe_changed": Text("更改订阅设置", "Changed subscriptions"),
    "subscribe_sent": Text("订阅消息送达结果", "Outcome of a subscribe message"),
    "session_entered": Text("进入会话", "Entered the conversation"),
    "unknown": Text("Siyu 还不认识的事件", "An event that Siyu does not know yet"),
    "send_results_read": Text("群发结果有更新", "Results of a send were read"),
    "account_status_changed": Text("账号状态变化", "The account's status changed"),
}
STATUSES: dict[str, Known] = {
    "paused": Known("refused", Text("已暂停:Siyu 不再主动调用，回调照收", "paused: Siyu makes no calls of its own; callbacks are still taken in"),
                    Text("需要时恢复", "resume it when you want it back")),
    "restricted": Known("account_restricted", Text("载体限制了这个账号，或已将其封禁", "the carrier restricts or has banned this account"),
                        Text("登录载体的管理后台查看通知", "look at the notices in the carrier's admin console")),
    "bad_credentials": Known("bad_credentials", Text("载体不接受填写的密钥", "the carrier does not accept the credentials"),
                             Text("重新查看密钥并更新", "look the credentials up again and change them here")),
    "unreachable": Known("unavailable", Text("一分钟以上没有一次调用成功", "no call has worked for over a minute"),
                         Text("检查网络、代理和载体地址", "check the network, the proxy and the carrier's address")),
}  # fmt: skip
SILENT = Known(
    "account_restricted",
    Text("按平时的频率，不该这么久没有回调：账号可能受限或被封，或回调地址已不可达", "by its usual rate it should have told us something long ago: it may be restricted or banned, or the callback address is out of reach"),
    Text("在本页逐项检查；再到管理后台看通知和回调地址", "run the checks on this page; then look at the notices and the callback address in the admin console"),
)
_KINDS_OF_ERROR = {
    "throttled": Text("调用太频繁，稍后自动继续", "too many calls; it goes on by itself later"),
    "unavailable": Text("载体暂时不可用", "the carrier was not available"),
    "refused": Text("载体拒绝了这一次", "the carrier refused this one"),
    "account_restricted": STATUSES["restricted"].says,
    "bad_credentials": STATUSES["bad_credentials"].says,
}
_FIXES = {
    "throttled": Text("不用处理，到时自动继续", "nothing to do: it goes on by itself"),
    "unavailable": Text("会自动重试；一直这样就检查网络和载体的公告", "it is tried again; if it stays so, check the network and the carrier's notices"),
    "account_restricted": STATUSES["restricted"].fix,
    "bad_credentials": STATUSES["bad_credentials"].fix,
}
_TRANSPORT = {
    "transport": Text("没有连上载体", "the carrier could not be reached"),
    "http_429": Text("载体说请求太多", "the carrier says there are too many requests"),
    "unreadable": Text("载体的回答无法读取", "the carrier's answer cannot be read"),
}


def kind_name(kind: str) -> Text:
    return KINDS.get(kind, Text(kind, kind))


def code_says(product: str, code: str, kind: str | None) -> Text:
    """A vendor's code in words; what nobody knows is told by its kind."""
    known = VENDORS[product].codes.get(code) if product in VENDORS else None
    if known is not None:
        return known.says
    return _TRANSPORT.get(code) or _KINDS_OF_ERROR.get(kind or "", Text(f"返回 {code}", f"answered {code}"))


def code_fix(product: str, code: str, kind: str | None) -> Text | None:
    """What to do about a code; None where only the one call was refused."""
    known = VENDORS[product].codes.get(code) if product in VENDORS else None
    return (known and known.fix) or _FIXES.get(kind or "")


def status_says(account: Account) -> Known | None:
    """Why an account is not simply connected, and what to do; None while it is."""
    if account.status == "connected":
        return None
    if account.status_code == SILENCE:
        return SILENT
    general = STATUSES[account.status]
    known = VENDORS[account.product].codes.get(account.status_code or "") if account.product in VENDORS else None
    return general if known is None else Known(known.kind, known.says, known.fix or general.fix)


def summary(staff: str | None, contact: str | None, detail: Mapping[str, Any]) -> str:
    """The ids that a callback is about, shortened, and the mark of a live code."""
    named = [staff, _short(contact), detail.get("state") or detail.get("scene"), detail.get("by"), detail.get("chat_id") and _short(detail["chat_id"]), detail.get("order_no")]
    return " · ".join(str(part) for part in named if part)


def _short(name: str | None) -> str | None:
    return name if name is None or len(name) <= 12 else f"{name[:6]}…{name[-4:]}"
