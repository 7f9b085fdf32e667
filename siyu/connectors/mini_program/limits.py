"""Limits of a Mini Program 小程序限制: numbers that have moved are settings, the newer value is the default (vendor's pages, 2025)."""

from __future__ import annotations

from dataclasses import dataclass

from siyu.connectors._wechat.limits import number
from siyu.connectors._wechat.talk import Trigger, Window
from siyu.connectors.ports import Rate

_DAY = 86_400


@dataclass(frozen=True)
class MiniProgramLimits:
    subscribe_messages: int = number(
        10_000_000,
        "每日订阅消息数(开通支付 3000 万)",
        "subscription messages a day (30 million with payment)",
    )
    links: int = number(500_000, "每日链接数(Scheme 与 URL Link 合计)", "links a day, both kinds together")
    codes_per_minute: int = number(5000, "每分钟小程序码数", "codes a minute")
    link_days: int = number(30, "链接最长有效天数", "days of a link")
    query_characters: int = number(1024, "链接参数字数", "characters of a link's query")
    scene_characters: int = number(32, "小程序码场景值字数", "characters of a code's scene")
    code_path_bytes: int = number(128, "小程序码路径字节数", "bytes of a code's path")
    check_characters: int = number(2500, "内容检查字数", "characters of a content check")
    message_count: int = number(5, "客户发消息后可回条数", "answers after a message")
    message_hours: int = number(48, "客户发消息后可回小时数", "hours for answers after a message")
    enter_count: int = number(2, "进入会话后可发条数", "messages after entering the session")
    enter_seconds: int = number(60, "进入会话后可发秒数", "seconds for them")

    def windows(self) -> dict[Trigger, Window]:
        """How many customer messages may follow what, for the gate that decides."""
        return {
            "message": Window(self.message_count, self.message_hours * 3600),
            "enter": Window(self.enter_count, self.enter_seconds),
        }

    def api_rates(self) -> dict[str, tuple[Rate, ...]]:
        return {
            "/cgi-bin/message/subscribe/send": (Rate(self.subscribe_messages, _DAY),),
            "/wxa/generate_urllink": (Rate(self.links, _DAY),),
            "/wxa/generatescheme": (Rate(self.links, _DAY),),
            "/wxa/getwxacodeunlimit": (Rate(self.codes_per_minute, 60),),
        }
