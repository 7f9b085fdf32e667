"""Labels 名称: the words for fields, operators, stages and measures, in 中文 and English."""

from siyu.foundation.text import Text

FIELDS = {
    "name": Text("姓名", "name"),
    "gender": Text("性别", "gender"),
    "province": Text("省份", "province"),
    "city": Text("城市", "city"),
    "country": Text("国家", "country"),
    "source": Text("来源渠道", "source"),
    "tier": Text("会员等级", "tier"),
    "birthday": Text("生日", "birthday"),
    "registered": Text("注册时间", "registration"),
    "first_order": Text("首单时间", "first order"),
    "last_order": Text("最近下单", "last order"),
    "last_active": Text("最近活跃", "last activity"),
    "top_category": Text("偏好类目", "preferred category"),
    "order_count": Text("累计订单数", "orders in all"),
    "spend_fen": Text("累计消费", "total spend"),
    "predicted_value_fen": Text("预测价值", "predicted value"),
}
LINE_FIELDS = {
    "sku": Text("商品编码", "SKU"),
    "product_name": Text("商品名称", "product"),
    "category": Text("类目", "category"),
    "source": Text("店铺", "shop"),
    "amount_fen": Text("金额", "amount"),
    "unit_price_fen": Text("单价", "unit price"),
    "quantity": Text("件数", "pieces"),
}
OPERATORS = {
    "is": Text("是", "is"),
    "is_not": Text("不是", "is not"),
    "in": Text("属于", "is one of"),
    "not_in": Text("不属于", "is none of"),
    ">": Text("大于", "is more than"),
    ">=": Text("不小于", "is at least"),
    "<": Text("小于", "is less than"),
    "<=": Text("不大于", "is at most"),
    "=": Text("等于", "is exactly"),
    "between": Text("介于", "is between"),
    "contains": Text("包含", "contains"),
    "starts_with": Text("开头是", "starts with"),
    "includes": Text("列表含有", "includes"),
    "exists": Text("有值", "is known"),
    "not_exists": Text("没有值", "is not known"),
    "within": Text("在", "is"),
    "not_within": Text("不在", "is not"),
    "before": Text("早于", "is before"),
    "after": Text("不早于", "is on or after"),
}
MEASURES = {
    "count": Text("下单次数", "number of orders"),
    "spend_fen": Text("消费金额", "spend"),
    "average_fen": Text("笔单价", "average order"),
    "largest_fen": Text("最大一单", "largest order"),
    "quantity": Text("购买件数", "pieces bought"),
    "distinct_skus": Text("购买款数", "different articles bought"),
}
STAGES = {
    "prospect": Text("潜客", "Prospect"),
    "new": Text("新客", "New"),
    "active": Text("活跃", "Active"),
    "slowing": Text("放缓", "Slowing"),
    "at_risk": Text("有流失风险", "At risk"),
    "dormant": Text("沉睡", "Dormant"),
    "lost": Text("流失", "Lost"),
}
QUALITIES = {"zombie": Text("僵尸粉", "zombie"), "deal_hunter": Text("羊毛党", "deal-hunter")}
VERDICTS = {"yes": Text("是", "yes"), "no": Text("不是", "no"), "not_known": Text("还不知道", "not known yet")}
UNITS = {
    "day": (Text("天", "day"), Text("天", "days")),
    "week": (Text("周", "week"), Text("周", "weeks")),
    "month": (Text("个月", "month"), Text("个月", "months")),
    "hour": (Text("小时", "hour"), Text("小时", "hours")),
    "minute": (Text("分钟", "minute"), Text("分钟", "minutes")),
    "second": (Text("秒", "second"), Text("秒", "seconds")),
}
ACTIVITIES = {
    "page_viewed": Text("浏览页面", "viewed a page"),
    "product_viewed": Text("浏览商品", "viewed an article"),
    "cart_added": Text("加入购物车", "added to cart"),
    "live_watched": Text("观看直播", "watched a live show"),
    "coupon_claimed": Text("领取优惠券", "claimed a coupon"),
    "message_sent": Text("收到触达", "was sent a message"),
    "message_opened": Text("打开消息", "opened a message"),
    "message_clicked": Text("点击消息", "clicked a message"),
    "message_blocked": Text("拉黑/退订", "blocked or opted out"),
    "contact_added": Text("加为好友", "was added as a contact"),
    "contact_deleted": Text("删除好友", "deleted the contact"),
    "review_written": Text("发表评价", "wrote a review"),
}
