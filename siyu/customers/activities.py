"""Activities 行为: readable titles of what people do, and which of its properties says most about it."""

from __future__ import annotations

from collections.abc import Mapping

from siyu.carriers.words import KINDS
from siyu.customers.words import in_words
from siyu.foundation.text import Text

TITLES = {
    **KINDS,
    "page_viewed": Text("浏览页面", "Viewed a page"),
    "screen_viewed": Text("浏览小程序或 App 页面", "Viewed a screen"),
    "product_viewed": Text("浏览商品", "Viewed an article"),
    "cart_added": Text("加入购物车", "Added to the cart"),
    "order_submitted": Text("提交订单", "Submitted an order"),
    "live_watched": Text("观看直播", "Watched a live show"),
    "coupon_claimed": Text("领取优惠券", "Claimed a coupon"),
    "review_written": Text("发表评价", "Wrote a review"),
    "message_sent": Text("收到触达", "Was sent a message"),
    "message_opened": Text("打开消息", "Opened a message"),
    "message_clicked": Text("点击消息", "Clicked a message"),
    "link_opened": Text("打开链接", "Opened a link"),
    "content_read": Text("阅读内容", "Read content"),
    "content_shared": Text("转发内容", "Passed content on"),
    "message_blocked": Text("拉黑或退订", "Blocked or opted out"),
    "points_changed": Text("积分变动", "Points changed"),
    "coupon_issued": Text("获得优惠券", "Was given a coupon"),
    "coupon_redeemed": Text("核销优惠券", "Used a coupon"),
    "coupon_reversed": Text("退款，优惠券退回", "Got a coupon back"),
    "coupon_expired": Text("优惠券过期", "A coupon ended"),
    "coupon_withdrawn": Text("优惠券作废", "A coupon was withdrawn"),
    "offer_claimed": Text("领取福利", "Claimed an offer"),
    "survey_answered": Text("回答问卷", "Answered a survey"),
    "source_touched": Text("来自渠道", "Came by a source"),
    "contact_deleted": Text("删除好友", "Deleted the contact"),
}
ENDED = {
    "customer": Text("客户删除了员工", "The customer deleted the member of staff"),
    "staff": Text("员工删除了客户", "The member of staff deleted the customer"),
    "transfer": Text("转接给另一位员工", "Transferred to another member of staff"),
}
"""Three different facts under one name."""
PROPERTIES = {
    "title": Text("标题", "title"),
    "page": Text("页面", "page"),
    "sku": Text("商品编码", "SKU"),
    "category": Text("类目", "category"),
    "live": Text("直播间", "live show"),
    "coupon": Text("优惠券", "coupon"),
    "kind": Text("类型", "kind"),
    "points": Text("积分", "points"),
    "balance": Text("余额", "balance"),
    "survey_name": Text("问卷", "survey"),
    "nps": Text("推荐意愿", "would recommend"),
    "rating": Text("评分", "rating"),
    "carrier": Text("载体", "carrier"),
    "account": Text("账号", "account"),
    "staff": Text("员工", "staff"),
    "broadcast": Text("群发", "broadcast"),
    "send_id": Text("发送", "send"),
    "template": Text("模板", "template"),
    "purpose": Text("目的", "purpose"),
    "variant": Text("版本", "variant"),
    "content": Text("内容", "content"),
    "source": Text("来源", "source"),
    "step": Text("步骤", "step"),
    "state": Text("活码", "live code"),
    "scene": Text("场景", "scene"),
    "text": Text("文字", "text"),
    "url": Text("链接", "link"),
    "half": Text("等待员工确认", "waits for the staff to confirm"),
    "reason": Text("原因", "reason"),
    "how": Text("方式", "how"),
    "seconds": Text("秒数", "seconds"),
    "send": Text("发送编号", "send"),
    "piece": Text("素材编号", "piece"),
    "link": Text("第几个链接", "address no."),
    "version": Text("版本", "version"),
}
_MOST = 4


def title(name: str, properties: Mapping[str, str] | None = None) -> Text:
    """The activity in words; one that Siyu does not know keeps its own name."""
    if name == "contact_removed" and properties and properties.get("by") in ENDED:
        return ENDED[properties["by"]]
    return TITLES.get(name, Text(name, name))


def details(properties: Mapping[str, str], staff: Mapping[str, str]) -> Text | None:
    """The first few properties in words: the known ones in the order above, then the others by name; None without any.

    `staff` are names of staff by their userid.
    """
    known = [path for path in PROPERTIES if path in properties and properties[path] != "false"]
    told = {"by"} if properties.get("by") in ENDED else set()
    others = sorted(path for path in properties if path not in PROPERTIES.keys() | told and not properties[path].startswith(("{", "[")))
    chosen = [(PROPERTIES.get(path, Text(path, path)), in_words(path, _named(path, properties[path], staff))) for path in [*known, *others][:_MOST]]
    if not chosen:
        return None
    return Text("；".join(f"{name.zh}：{value.zh}" for name, value in chosen), "; ".join(f"{name.en}: {value.en}" for name, value in chosen))


def _named(path: str, value: str, staff: Mapping[str, str]) -> str:
    return staff.get(value, value) if path == "staff" else value
