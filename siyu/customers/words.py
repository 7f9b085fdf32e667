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
    "purpose": {
        "promotion": Text("促销", "promotion"),
        "value": Text("有用的内容", "something of use"),
        "service": Text("服务", "service"),
        "welcome": Text("欢迎", "welcome"),
    },
    "how": {
        "live_code": Text("扫活码", "scanned a live code"),
        "referral": Text("老客介绍", "by a customer"),
        "group": Text("在客户群里", "in a group chat"),
        "search": Text("搜索手机号", "by searching the phone number"),
        "card": Text("名片分享", "by a shared card"),
    },
}
BOOLEANS = {"true": Text("是", "yes"), "false": Text("否", "no")}


def in_words(path: str, value: str) -> Text:
    """A value in both languages; one that is no known code is the same in both."""
    known = VALUES.get(path.rsplit(".", 1)[-1].lower(), {})
    return known.get(value) or BOOLEANS.get(value) or Text(value, value)
