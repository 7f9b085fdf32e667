"""Words 用语: the codes that sources write into properties and attributes, as people read them."""

from __future__ import annotations

from siyu.foundation.text import Text

GENDERS = {"F": Text("女", "female"), "M": Text("男", "male")}
VALUES: dict[str, dict[str, Text]] = {
    "gender": GENDERS,
    "carrier": {
        "wecom": Text("企业微信", "WeCom"),
        "wechat_oa": Text("公众号", "WeChat official account"),
        "official_account": Text("公众号", "WeChat official account"),
        "miniprogram": Text("小程序", "WeChat mini program"),
        "mini_program": Text("小程序", "WeChat mini program"),
        "sms": Text("短信", "text message"),
        "email": Text("邮件", "e-mail"),
        "douyin": Text("抖音", "Douyin"),
        "xiaohongshu": Text("小红书", "Xiaohongshu"),
        "taobao": Text("淘宝", "Taobao"),
        "weibo": Text("微博", "Weibo"),
    },
    "source": {
        "taobao_card": Text("淘宝包裹卡", "Taobao parcel card"),
        "douyin_live": Text("抖音直播间", "Douyin live"),
        "xiaohongshu_note": Text("小红书种草", "Xiaohongshu note"),
        "store_code": Text("门店活码", "Store QR code"),
        "elevator_ad": Text("电梯广告", "Lift advert"),
        "referral": Text("老带新", "Referral"),
        "fission_draw": Text("抽奖裂变", "Prize draw"),
        "oa_article": Text("公众号文章", "WeChat article"),
        "organic": Text("自然搜索", "Organic search"),
    },
    "purpose": {
        "promotion": Text("促销", "promotion"),
        "value": Text("有用的内容", "something of use"),
        "service": Text("服务", "service"),
        "welcome": Text("欢迎", "welcome"),
    },
    "kind": {
        "grant": Text("发放", "granted"),
        "spend": Text("消耗", "spent"),
        "expire": Text("到期", "ended"),
        "reverse": Text("冲回", "taken back"),
        "amount": Text("满减券", "amount off"),
        "percent": Text("折扣券", "percent off"),
        "gift": Text("兑换券", "gift"),
    },
    "how": {
        "live_code": Text("扫活码", "scanned a live code"),
        "referral": Text("老客介绍", "by a customer"),
        "group": Text("在客户群里", "in a group chat"),
        "search": Text("搜索手机号", "by searching the phone number"),
        "card": Text("名片分享", "by a shared card"),
    },
}
ACTORS = {
    "local command line": Text("本机命令行", "command line here"),
    "system": Text("系统", "system"),
    "sample": Text("示例品牌", "sample brand"),
}
BOOLEANS = {"true": Text("是", "yes"), "false": Text("否", "no")}


def actor(name: str) -> Text:
    """Who did something: a person by name, the product's own hands in words."""
    return ACTORS.get(name, Text(name, name))


def in_words(path: str, value: str) -> Text:
    """A value in both languages; one that is no known code is the same in both."""
    known = VALUES.get(path.rsplit(".", 1)[-1].lower(), {})
    return known.get(value) or BOOLEANS.get(value) or Text(value, value)
