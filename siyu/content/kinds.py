"""Kinds 类型 and purposes 用途 of pieces, in words, and the consent that a purpose rests on."""

from __future__ import annotations

from typing import Literal

from siyu.foundation.text import Text

Kind = Literal["text", "image", "link", "mini_program", "file", "video", "article"]
Purpose = Literal["promotion", "value", "service", "feedback"]
Status = Literal["draft", "in_review", "approved", "retired"]
Carrier = Literal["wecom", "official_account", "mini_program", "sms", "email", "webhook"]
KINDS: dict[Kind, Text] = {
    "text": Text("文字", "Text"),
    "image": Text("图片", "Picture"),
    "link": Text("链接卡片", "Link card"),
    "mini_program": Text("小程序卡片", "Mini program card"),
    "file": Text("文件", "File"),
    "video": Text("视频", "Video"),
    "article": Text("长文章", "Article"),
}
PURPOSES: dict[Purpose, Text] = {
    "promotion": Text("促销", "Promotion"),
    "value": Text("价值内容", "Value"),
    "service": Text("服务通知", "Service"),
    "feedback": Text("征集反馈", "Feedback"),
}
CONSENTS: dict[Purpose, str] = {"promotion": "promotion", "value": "content", "service": "service", "feedback": "content"}
"""The purpose of consent (customers.purposes) without which nobody is told."""
STATUSES: dict[Status, Text] = {
    "draft": Text("草稿", "Draft"),
    "in_review": Text("审核中", "In review"),
    "approved": Text("已通过", "Approved"),
    "retired": Text("已停用", "Retired"),
}
CARRIERS: dict[Carrier, Text] = {
    "wecom": Text("企业微信", "WeCom"),
    "official_account": Text("公众号", "Official account"),
    "mini_program": Text("小程序订阅消息", "Mini program notice"),
    "sms": Text("短信", "Text message"),
    "email": Text("邮件", "E-mail"),
    "webhook": Text("Webhook", "Webhook"),
}
