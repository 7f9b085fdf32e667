"""Field 行业旅程: the ready-made journeys, as `templates` draws them."""

from __future__ import annotations

from typing import Any

from siyu.foundation.text import Text
from siyu.journeys.templates import OVER, Part, Template

PIECE = Text("每条消息发哪条素材", "which piece each message says")
COUPON = Text("发哪张优惠券", "which coupon")
SEGMENT = Text("进入的分群", "the segment that comes in")
BOUGHT: dict[str, Any] = {"event": "order_paid"}


def send(purpose: str, zh: str, en: str, *carriers: str) -> Part:
    """A message whose piece is open; people go on at once, told or not."""
    return Part("send", {"purpose": purpose, "carriers": list(carriers or ("wecom", "official_account", "sms"))}, Text(zh, en), choose=PIECE)


def wait(days: int = 0, hours: int = 0) -> Part:
    return Part("wait", {name: value for name, value in (("days", days), ("hours", hours)) if value})


def until(event: str, days: int, then: tuple[Part, ...], otherwise: tuple[Part, ...]) -> Part:
    """Wait for something to happen; two ways on."""
    settings = {"event": event, "timeout": {"days": days}}
    return Part("wait_until", settings, edges=("happened", "timeout"), ways={"happened": then, "timeout": otherwise}, instead="timeout")


def tag(name: str) -> Part:
    return Part("tag", {"add": [name]})


def task(title: str, text: str) -> Part:
    """A task of staff; whatever comes of it, people go on."""
    return Part("staff_task", {"title": title, "text": text, "waits": False}, edges=("next", "nobody"))


def coupon(zh: str, en: str) -> Part:
    return Part("coupon", {}, Text(zh, en), edges=("done", "refused"), choose=COUPON)


DAYTIME = Part("until_time", {"at": "10:00"})
ORDER_GOAL = {"event": "order_paid", "days": 7}

WELCOME = Template(
    "welcome_7_days",
    Text("新好友 7 天", "New friend, 7 days"),
    Text("加上好友的头几天最愿意听；头一周没有下文，多半就不会有了。", "A new friend listens most in the first days; whoever hears nothing in the first week rarely buys."),
    Text("有人扫渠道活码加上企业微信。", "Somebody is added through a live code of WeCom."),
    Text("打招呼并说明能得到什么服务，第 1 天给一条有用的内容，等 3 天看是否下单；没有下单的再给新客权益，由导购跟进一次。", "Says hello and what one can expect, gives something useful on day 1, waits 3 days for an order; who has not ordered gets the newcomer's offer and one call by staff."),
    Text("欢迎语写清「你会收到什么、多久一次」；首单权益别高过老客。", "Say what will come and how often; never give newcomers more than loyal customers."),
    {"kind": "scan"},
    (
        tag("新好友"),
        send("service", "欢迎：我是谁、能帮什么、多久联系一次", "hello: who we are, how we help, how often we write", "wecom"),
        wait(days=1), DAYTIME,
        send("value", "一条有用的内容，不带促销", "something useful, without an offer"),
        until("order_paid", 3, (tag("首单"), OVER), ()),
        coupon("新客权益", "the newcomer's offer"),
        send("promotion", "新客权益与推荐", "the newcomer's offer and what to try first"),
        until("order_paid", 3, (tag("首单"), OVER), ()),
        task("新好友还没下单", "问问需求，帮他挑一件；不催。"),
    ),
    {"goal": ORDER_GOAL},
)  # fmt: skip

SERVICE = Template(
    "service_after_purchase",
    Text("售后服务延伸", "Service after a purchase"),
    Text("买完才是服务的开始：会用、用好的人才会再买，也少投诉。", "Service begins with the purchase: who uses it well comes back, and complains less."),
    Text("每一笔订单付款之后(一单一次)。", "After each paid order, once an order."),
    Text("次日发使用教程,7 天后发保养建议，邀请进售后群,14 天后请他评价。", "A guide the next day, care after 7 days, an invitation to the service group, and a question how it went after 14."),
    Text("按品类复制几份，用「条件」限定品类；教程要对得上买的东西。", "Copy it for each category and set the condition of the entry; the guide must fit what was bought."),
    {"kind": "event", "name": "order_paid", "key": "order_id"},
    (
        wait(days=1), DAYTIME,
        send("service", "使用教程", "how to use it"),
        wait(days=6), DAYTIME,
        send("service", "保养与常见问题", "care and common questions"),
        Part("group", {}, Text("售后群", "the service group"), choose=Text("售后群", "the service group")),
        wait(days=7), DAYTIME,
        Part("survey", {}, Text("满意度", "how satisfied"), edges=("answered", "timeout"), instead="timeout", choose=Text("哪份问卷", "which survey")),
    ),
    {"reentry": {"rule": "always"}, "goal": {"event": "order_paid", "days": 60, "ends": False}},
)  # fmt: skip

SECOND = Template(
    "first_to_second_purchase",
    Text("首单到复购", "First to second purchase"),
    Text("第一次到第二次是流失最多的一步；过了它，留下来的可能大得多。", "Most customers are lost between the first and the second order."),
    Text("首单满 14 天。", "14 days after the first order."),
    Text("先给搭配和用法,7 天没有再买的给一次复购权益，再没有就请导购问一句。", "What goes with it first; after 7 days without an order one offer; then a word from staff."),
    Text("14 天改成你的品类从首单到复购的中位天数(见留存)。", "Replace 14 by the median days to the second order of your category."),
    {"kind": "date", "field": "first_order", "offset_days": 14, "at": "10:00"},
    (
        send("value", "搭配与用法", "what goes with it"),
        until("order_paid", 7, (OVER,), ()),
        coupon("复购权益", "the second order's offer"),
        send("promotion", "复购权益", "an offer for the second order"),
        until("order_paid", 7, (OVER,), ()),
        task("首单后没有再来", "问问用得怎么样，有没有不合适。"),
    ),
    {"goal": {"event": "order_paid", "days": 30}, "exit": [BOUGHT]},
)  # fmt: skip

GROWING = Template(
    "growing",
    Text("成长期：养成习惯", "Growing: a habit forms"),
    Text("买过两三次的人在形成习惯，内容比折扣更能留住他们。", "After two or three orders a habit forms; content keeps people better than discounts."),
    Text("进入「成长期」分群(例如近 90 天有 2–3 单)。", "Entering the segment of growing customers (say 2–3 orders in 90 days)."),
    Text("两条内容、一次积分奖励，三周里只有一次促销。", "Two pieces of content, a reward in points, one promotion in three weeks."),
    Text("分群按你的购买周期定；促销只给没有自然复购的人。", "Define the segment by your own cycle; promote only to those who did not come by themselves."),
    {"kind": "segment"},
    (
        send("value", "进阶用法", "how to get more of it"),
        wait(days=7), DAYTIME,
        Part("points", {}, Text("成长奖励", "a reward"), choose=Text("多少积分", "how many points")),
        send("value", "新品与幕后", "what is new, and how it is made"),
        until("order_paid", 7, (OVER,), ()),
        send("promotion", "专属推荐", "picked for you"),
    ),
    {"goal": {"event": "order_paid", "days": 30}},
    SEGMENT,
)  # fmt: skip

MATURE = Template(
    "mature",
    Text("成熟期：当作熟客", "Mature: treated as regulars"),
    Text("老客贡献大半收入，最怕被当成新客一样推销。", "Regulars bring most of the revenue, and mind most being sold to like strangers."),
    Text("进入「成熟期」分群(例如一年 6 单以上)。", "Entering the segment of regulars (say 6 orders a year)."),
    Text("导购亲自道谢，先看新品，一个月后问一次意见。", "Staff say thanks, new things first, and after a month one question for their opinion."),
    Text("任务话术写成导购自己的口吻；每人一年只进一次。", "Write the task in the voice of your staff; once a year a person."),
    {"kind": "segment"},
    (
        tag("熟客"),
        task("向熟客道谢", "谢谢一直支持；新品先给他看，不带链接。"),
        wait(days=3), DAYTIME,
        send("value", "新品先看", "new things first"),
        wait(days=27), DAYTIME,
        Part("survey", {}, Text("征求意见", "asked for an opinion"), edges=("answered", "timeout"), instead="timeout", choose=Text("哪份问卷", "which survey")),
    ),
    {"reentry": {"rule": "after_end", "min_days": 365}, "goal": {"event": "order_paid", "days": 60, "ends": False}},
    SEGMENT,
)  # fmt: skip

CHURN = Template(
    "churn_warning",
    Text("流失预警", "Churn warning"),
    Text("超过平常间隔还没来，越早问越便宜；真流失了再挽回要贵几倍。", "Who is later than usual is cheap to ask and dear to win back."),
    Text("进入「放缓」或「有风险」的分群(见生命周期)。", "Entering the segment of slowing or at-risk customers (see the life cycle)."),
    Text("先问原因，不推销;5 天没有来再给一次权益；仍没有就请导购联系，然后停手。", "Asks why, sells nothing; after 5 days one offer; then staff; then it stops."),
    Text("对照组别关：很多人本来就会回来。", "Keep the hold-out on: many would have come back anyway."),
    {"kind": "segment"},
    (
        send("feedback", "最近是不是哪里没做好?", "did we do something wrong?"),
        until("order_paid", 5, (OVER,), ()),
        coupon("挽留权益", "an offer to stay"),
        send("promotion", "为你留的权益", "kept for you"),
        until("order_paid", 7, (OVER,), ()),
        task("有流失风险的客户", "聊聊近况；不愿意就不打扰，记下原因。"),
    ),
    {"reentry": {"rule": "after_end", "min_days": 120}, "goal": {"event": "order_paid", "days": 21}, "exit": [BOUGHT]},
    SEGMENT,
)  # fmt: skip

BIRTHDAY = Template(
    "birthday",
    Text("生日", "Birthday"),
    Text("一年一次、只属于他的理由，打开率通常最高。", "Once a year there is a reason of one's own; nothing is opened more."),
    Text("生日前 3 天上午 10 点(各人当地时间)，一年一次。", "Three days before the birthday, 10 in the morning where each person lives, once a year."),
    Text("提前 3 天送权益，当天只祝福不推销。", "A gift three days before; on the day only good wishes."),
    Text("权益留出 10 天有效期；没有生日的人不会进来，可在问卷里问。", "Let the gift last ten days; who has no birthday on file does not come in."),
    {"kind": "date", "field": "birthday", "offset_days": -3, "at": "10:00"},
    (
        coupon("生日礼", "the birthday's gift"),
        send("promotion", "生日礼已到账", "a gift for your birthday"),
        wait(days=3),
        send("value", "生日快乐", "happy birthday"),
    ),
    {"reentry": {"rule": "after_end", "min_days": 300}, "goal": {"event": "order_paid", "days": 10, "ends": False}},
)  # fmt: skip

CART = Template(
    "abandoned_cart",
    Text("加购未付款", "Abandoned cart"),
    Text("加了购物车没付款，多半是被打断；一小时内提醒最有用，折扣常常不必要。", "Most carts are interrupted, not refused: a reminder within the hour helps, a discount is often not needed."),
    Text("加入购物车(每个购物车一次)。", "Something is put into the cart, once a cart."),
    Text("等 1 小时，没付款就提醒一次；再等 1 天，仍没有才给权益。付款立即离开。", "Waits an hour, reminds once; a day later, and only then, an offer. Whoever pays leaves at once."),
    Text("没有 cart_id 属性时，把「按属性区分」清空并限定间隔。", "If your events carry no cart_id, empty the key and set the least days between entries."),
    {"kind": "event", "name": "cart_added", "key": "cart_id"},
    (
        wait(hours=1),
        send("service", "购物车还在", "your cart is waiting"),
        until("order_paid", 1, (OVER,), ()),
        coupon("小额权益", "a small offer"),
        send("promotion", "给你留了一张券", "a little something to decide"),
    ),
    {"reentry": {"rule": "after_end", "min_days": 7}, "goal": {"event": "order_paid", "days": 3}, "exit": [BOUGHT]},
)  # fmt: skip

FESTIVAL = Template(
    "festival",
    Text("节日活动，库存说真话", "A festival, with true stock"),
    Text("节日人人在发，说真库存、只提醒没买的人，才不招人烦。", "At festivals everybody writes; true stock and no reminder for buyers keep people's patience."),
    Text("定在活动前两天的一个时间，一次。", "Once, at a time two days before it begins."),
    Text("预热只讲内容；开场发券，券库存用完自动停；第二天只提醒领了券还没买的人。", "Content first; coupons as long as there is stock; the day after only those with a coupon and without an order are reminded."),
    Text("先填日期和分群；库存写在优惠券里，发完的人走「未领到」。", "Set the date and the segment; the stock is the coupon's, and whoever comes too late goes the other way."),
    {"kind": "schedule", "every": "once", "at": "10:00"},
    (
        send("value", "预热：为什么值得等", "why it is worth waiting"),
        wait(days=2), DAYTIME,
        Part("coupon", {}, Text("活动券，库存有限", "the festival's coupon, limited stock"), edges=("done", "refused"), ways={"refused": (OVER,)}, instead="done", choose=COUPON),
        send("promotion", "开场：剩余数量如实写", "it begins: say what is left"),
        until("order_paid", 1, (OVER,), ()),
        send("service", "你的券今天到期", "your coupon ends today"),
    ),
    {"goal": {"event": "order_paid", "days": 4}, "exit": [BOUGHT]},
    SEGMENT,
)  # fmt: skip

SLEEPING = Template(
    "sleeping_wakeup",
    Text("沉睡唤醒", "Sleeping customers"),
    Text("久不来的人先看还愿不愿意听；不愿意的放手，比群发便宜也更安全。", "Find out who still listens; letting the others go is cheaper and safer than writing to all."),
    Text("每月 1 日，沉睡分群的全部成员。", "On the first of each month, everybody in the sleeping segment."),
    Text("一条没有促销的内容,7 天内点开的人再给权益；没有反应的打标签，半年内不再打扰。", "One piece without an offer; who opens it within 7 days gets one; the others are tagged and left alone for half a year."),
    Text("沉睡按你的品类定天数；「沉睡无反应」可加到其他活动的排除分群。", "Define sleeping by your category; exclude the tag elsewhere."),
    {"kind": "schedule", "every": "month", "day": 1, "at": "10:00"},
    (
        send("value", "你走之后的新变化", "what is new since you left"),
        until("link_opened", 7, (coupon("回归权益", "an offer to return"), send("promotion", "欢迎回来", "welcome back")), (tag("沉睡无反应"),)),
    ),
    {"reentry": {"rule": "after_end", "min_days": 180}, "goal": {"event": "order_paid", "days": 21}},
    SEGMENT,
)  # fmt: skip

LOST = Template(
    "lost_carrier",
    Text("失联找回", "A lost carrier"),
    Text("好友关系断了，人不一定走了；还有别的载体可以说一句。", "The friendship ended, the customer may not have; another carrier can still say a word."),
    Text("好友关系结束(对方删除，或员工离职没有接上)。", "A contact was removed."),
    Text("隔一天从公众号、短信或邮件说明怎样再联系上，等 7 天；回来的打标签，没回来的不再追。", "A day later the official account, SMS or e-mail says how to get in touch; 7 days; nobody is chased."),
    Text("话里给出理由和活码；删除你的人有自己的原因，只说一次。", "Give a reason and the live code; they had theirs, so say it once."),
    {"kind": "event", "name": "contact_removed"},
    (
        wait(days=1), DAYTIME,
        send("service", "怎样再联系到我们", "how to reach us again", "official_account", "sms", "email"),
        until("contact_added", 7, (tag("失联找回"),), ()),
    ),
    {"reentry": {"rule": "after_end", "min_days": 90}, "goal": {"event": "contact_added", "days": 14}},
)  # fmt: skip

PATH = Template(
    "account_to_group_to_order",
    Text("公众号到福利群到首单", "From the account to the group to the order"),
    Text("美妆品牌走通的路：公众号进来，抽奖加企业微信，进福利群,7 天内下单，到货再送礼。", "A path that beauty brands proved: official account, draw, WeCom, benefit group, an order within 7 days, a gift."),
    Text("有人扫活码加上企业微信(活码放在公众号菜单和抽奖结果页)。", "Somebody is added by the live code in the official account's menu and on the draw's page."),
    Text("抽奖、进群、券，等 7 天看首单；下单的送礼并谢，没下单的给一次提醒，再请导购问。", "Draw, group, coupon, seven days for the order; a gift and thanks, or one reminder and then staff."),
    Text("把活码选准，对照组留着：这条路贵，要知道它多带来多少。", "Choose the code, keep the hold-out: the path is dear, and one must know what it adds."),
    {"kind": "scan"},
    (
        tag("福利群路径"),
        send("service", "欢迎，说明福利群规则", "hello, and what the group is about", "wecom"),
        Part("draw", {}, Text("抽奖", "the draw"), choose=Text("哪个抽奖", "which draw")),
        Part("group", {}, Text("福利群", "the benefit group"), choose=Text("福利群", "the benefit group")),
        wait(days=1), DAYTIME,
        coupon("首单券", "the first order's coupon"),
        send("promotion", "首单权益", "the first order's offer"),
        until("order_paid", 7, (Part("points", {}, Text("到货礼", "the gift"), choose=Text("多少积分", "how many points")), send("service", "谢谢，礼物已到账", "thank you, your gift is there"), OVER), ()),
        send("value", "群友们在用什么", "what others use"),
        task("进群没下单", "问问有没有看中的，有什么顾虑。"),
    ),
    {"goal": {"event": "order_paid", "days": 8, "ends": False}},
)  # fmt: skip

TEMPLATES = (WELCOME, SERVICE, SECOND, GROWING, MATURE, CHURN, BIRTHDAY, CART, FESTIVAL, SLEEPING, LOST, PATH)
