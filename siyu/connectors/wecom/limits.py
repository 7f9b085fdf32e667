"""Limits of WeCom 企业微信限制: every number that has moved over the years is a setting; the newer value is the default.

Sources: the vendor's pages as of 2025-12 (document ids at each number where one was read).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from siyu.connectors._wechat.limits import limits_of, number
from siyu.connectors.ports import Rate


@dataclass(frozen=True)
class WeComLimits:
    """What may be sent and how often. `_bytes` are UTF-8 bytes, `_characters` are characters."""

    # Rates a corp and API [90454, 2023-08-28; 2,000 and 30,000 until 2020].
    calls_per_minute: int = number(10_000, "每接口每分钟调用次数", "calls a minute and API")
    calls_per_hour: int = number(150_000, "每接口每小时调用次数", "calls an hour and API")
    mark_tag_at_once: int = number(5, "打标签并发数", "tag changes at once")
    jsapi_tickets_per_hour: int = number(400, "企业侧边栏票据每小时次数", "corp tickets an hour")
    agent_tickets_per_hour: int = number(100, "应用侧边栏票据每小时次数", "app tickets an hour")
    pictures_per_day: int = number(1000, "永久图片每日上传数", "permanent pictures a day")
    pictures_per_month: int = number(3000, "永久图片每月上传数", "permanent pictures a month")
    moments_per_minute: int = number(10, "每分钟创建朋友圈任务数", "moment tasks a minute")
    conversions_per_hour: int = number(100_000, "unionid 转换每小时次数", "unionid conversions an hour")
    conversions_per_day: int = number(480_000, "unionid 转换每日次数", "unionid conversions a day")
    # Content.
    text_bytes: int = number(4000, "消息文字字节数", "bytes of a message's text")
    group_welcome_bytes: int = number(3000, "入群欢迎语字节数", "bytes of a group welcome")
    moment_characters: int = number(2000, "朋友圈文字字数", "characters of a moment's text")
    app_text_bytes: int = number(2048, "应用消息文字字节数", "bytes of an app message's text")
    attachments: int = number(9, "附件数", "attachments")
    link_title_bytes: int = number(128, "链接标题字节数", "bytes of a link's title")
    moment_link_title_bytes: int = number(64, "朋友圈链接标题字节数", "bytes of a link's title in a moment")
    link_desc_bytes: int = number(512, "链接描述字节数", "bytes of a link's description")
    link_url_bytes: int = number(2048, "链接地址字节数", "bytes of a link's address")
    mini_program_title_bytes: int = number(64, "小程序标题字节数", "bytes of a mini program card's title")
    name_characters: int = number(30, "名称、备注和渠道参数字数", "characters of names, remarks and state")
    room_name_characters: int = number(40, "群名前缀字数", "characters of a group's base name")
    customer_remark_characters: int = number(20, "客户备注字数", "characters of a customer's remark")
    customer_description_characters: int = number(
        150, "客户描述字数", "characters of a customer's description"
    )
    transfer_message_characters: int = number(200, "转接提示字数", "characters of the message of a transfer")
    channel_bytes: int = number(64, "获客链接渠道参数字节数", "bytes of an acquisition link's channel")
    # How many at once.
    batch_users: int = number(100, "批量读取的成员数", "staff in one batch")
    batch_customers: int = number(100, "批量读取每页客户数", "customers a page of a batch")
    contact_list_page: int = number(1000, "已服务联系人每页数", "served contacts a page")
    send_customers: int = number(10_000, "一次群发客户数", "customers of one send")
    send_groups: int = number(2000, "一次群发客户群数", "groups of one send")
    send_results_page: int = number(1000, "群发结果每页数", "results of a send a page")
    send_list_page: int = number(100, "群发记录每页数", "sends a page")
    moment_list_page: int = number(20, "朋友圈记录每页数", "moments a page")
    moment_tasks_page: int = number(1000, "朋友圈任务每页数", "tasks of a moment a page")
    moment_results_page: int = number(5000, "朋友圈送达每页数", "people reached by a moment a page")
    moment_staff: int = number(100_000, "朋友圈可见成员数", "staff of one moment")
    way_users: int = number(100, "活码成员数", "staff of one live code")
    ways_page: int = number(1000, "活码每页数", "live codes a page")
    join_groups: int = number(5, "入群码关联群数", "groups of one join code")
    groups_page: int = number(1000, "客户群每页数", "groups a page")
    transfer_customers: int = number(100, "一次转接客户数", "customers of one transfer")
    unassigned_page: int = number(1000, "待分配客户每页数", "unassigned customers a page")
    acquisition_page: int = number(100, "获客链接每页数", "acquisition links a page")
    acquisition_customers_page: int = number(1000, "获客客户每页数", "customers of a link a page")
    app_users: int = number(1000, "应用消息接收人数", "receivers of one app message")
    # Media.
    image_bytes: int = number(10 * 1024 * 1024, "图片字节数", "bytes of a picture")
    voice_bytes: int = number(2 * 1024 * 1024, "语音字节数", "bytes of a voice")
    video_bytes: int = number(10 * 1024 * 1024, "视频字节数", "bytes of a video")
    file_bytes: int = number(20 * 1024 * 1024, "文件字节数", "bytes of a file")
    # No call lasts so long, with all its tries: what is not there by then was never made.
    answer_seconds: int = number(300, "未答复的请求最长秒数", "seconds of a call that is not answered")
    # Days.
    behavior_days: int = number(30, "行为统计跨度天数", "days of behaviour in one question")
    send_list_days: int = number(31, "群发记录跨度天数", "days of sends in one question")
    moment_list_days: int = number(30, "朋友圈记录跨度天数", "days of moments in one question")
    history_days: int = number(180, "统计可回溯天数", "days that statistics reach back")

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> WeComLimits:
        """The defaults, with what the account's settings say otherwise."""
        return limits_of(cls, settings)

    def rates(self) -> tuple[Rate, ...]:
        return (Rate(self.calls_per_minute, 60), Rate(self.calls_per_hour, 3600))

    def api_rates(self) -> dict[str, tuple[Rate, ...]]:
        """Where an API has rates of its own, beside those of all."""
        return {
            "/cgi-bin/get_jsapi_ticket": (Rate(self.jsapi_tickets_per_hour, 3600),),
            "/cgi-bin/ticket/get": (Rate(self.agent_tickets_per_hour, 3600),),
            "/cgi-bin/media/uploadimg": (
                Rate(self.pictures_per_day, 86_400),
                Rate(self.pictures_per_month, 30 * 86_400),
            ),
            "/cgi-bin/externalcontact/add_moment_task": (
                Rate(self.moments_per_minute, 60),
                Rate(self.calls_per_hour, 3600),
            ),
            "/cgi-bin/idconvert/unionid_to_external_userid": (
                Rate(self.calls_per_minute, 60),
                Rate(self.conversions_per_hour, 3600),
                Rate(self.conversions_per_day, 86_400),
            ),
        }

    def concurrency(self) -> dict[str, int]:
        return {"/cgi-bin/externalcontact/mark_tag": self.mark_tag_at_once}
