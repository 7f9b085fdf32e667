"""Limits of an Official Account 公众号限制: numbers that have moved are settings, the newer value is the default.

Sources: the vendor's pages API_Call_Limits, Batch_Sends, Customer_Service, api_batchtagging, as of 2025. Daily numbers are those
of an account with fewer than 100,000 followers; larger ones get more.
"""

from __future__ import annotations

from dataclasses import dataclass

from siyu.connectors._wechat.limits import number
from siyu.connectors._wechat.talk import ACCOUNT_WINDOWS, Trigger, Window
from siyu.connectors.ports import Rate

_DAY = 86_400


@dataclass(frozen=True)
class AccountLimits:
    # A day.
    plain_tokens: int = number(2000, "每日获取普通凭证次数", "plain tokens a day")
    stable_tokens: int = number(500_000, "每日获取稳定凭证次数", "stable tokens a day")
    menu_changes: int = number(1000, "每日修改菜单次数", "changes of the menu a day")
    menu_reads: int = number(10_000, "每日查询菜单次数", "readings of the menu a day")
    media_uploads: int = number(100_000, "每日上传素材次数", "uploads a day")
    media_downloads: int = number(200_000, "每日下载素材次数", "downloads a day")
    talk_messages: int = number(500_000, "每日客服消息次数", "customer messages a day")
    template_messages: int = number(100_000, "每日模板消息次数", "template messages a day")
    mass_sends: int = number(100, "每日群发接口次数", "calls of mass send a day")
    mass_sends_per_minute: int = number(60, "每分钟群发接口次数", "calls of mass send a minute")
    codes: int = number(100_000, "每日创建二维码次数", "codes made a day")
    follower_lists: int = number(500, "每日拉取粉丝列表次数", "readings of the list of followers a day")
    follower_infos: int = number(5_000_000, "每日读取粉丝信息次数", "readings of a follower a day")
    remarks: int = number(10_000, "每日修改备注次数", "remarks a day")
    drafts: int = number(1000, "每日新建草稿次数", "drafts made a day")
    logins_per_minute: int = number(50_000, "每分钟网页授权次数", "log-ins a minute")
    # Content.
    remark_characters: int = number(30, "备注字数", "characters of a remark")
    tag_name_characters: int = number(30, "标签名字数", "characters of a tag's name")
    tags_per_person: int = number(20, "每人标签数", "tags a person")
    people_per_tagging: int = number(50, "一次打标签人数", "people tagged at once")
    people_per_block: int = number(20, "一次拉黑人数", "people blocked at once")
    people_per_info: int = number(100, "一次读取粉丝数", "followers read at once")
    buttons: int = number(3, "一级菜单数", "buttons of the menu")
    sub_buttons: int = number(5, "二级菜单数", "buttons below one")
    button_name_bytes: int = number(16, "一级菜单名字节数", "bytes of a button's name")
    sub_button_name_bytes: int = number(
        60, "二级菜单名字节数(旧 40)", "bytes of a lower button's name (40 once)"
    )
    button_key_bytes: int = number(128, "菜单键字节数", "bytes of a button's key")
    button_url_bytes: int = number(1024, "菜单链接字节数", "bytes of a button's address")
    code_seconds: int = number(2_592_000, "临时二维码最长秒数", "seconds of a temporary code")
    lasting_scenes: int = number(100_000, "永久二维码最大场景值", "largest scene of a lasting code")
    scene_characters: int = number(64, "场景字符串长度", "characters of a scene")
    mass_people: int = number(10_000, "一次群发人数", "people of one mass send")
    clientmsgid_bytes: int = number(32, "群发编号字节数(文档 64)", "bytes of clientmsgid (64 on the page)")
    # Windows of customer messages.
    message_count: int = number(5, "客户发消息后可回条数(旧 20)", "answers after a message (20 once)")
    message_hours: int = number(48, "客户发消息后可回小时数", "hours for answers after a message")
    touch_count: int = number(
        3, "关注、扫码、点菜单后可发条数", "messages after following, scanning or a menu"
    )
    touch_seconds: int = number(60, "关注、扫码、点菜单后可发秒数", "seconds for them")

    def windows(self) -> dict[Trigger, Window]:
        """How many customer messages may follow what, for the gate that decides."""
        short = Window(self.touch_count, self.touch_seconds)
        long = Window(self.message_count, self.message_hours * 3600)
        return {**ACCOUNT_WINDOWS, "message": long, "menu": short, "follow": short, "scan": short}

    def api_rates(self) -> dict[str, tuple[Rate, ...]]:
        mass = (Rate(self.mass_sends_per_minute, 60), Rate(self.mass_sends, _DAY))
        daily = {
            "/cgi-bin/token": self.plain_tokens,
            "/cgi-bin/stable_token": self.stable_tokens,
            "/cgi-bin/menu/create": self.menu_changes,
            "/cgi-bin/menu/addconditional": self.menu_changes,
            "/cgi-bin/menu/get": self.menu_reads,
            "/cgi-bin/media/upload": self.media_uploads,
            "/cgi-bin/media/get": self.media_downloads,
            "/cgi-bin/message/custom/send": self.talk_messages,
            "/cgi-bin/message/template/send": self.template_messages,
            "/cgi-bin/qrcode/create": self.codes,
            "/cgi-bin/user/get": self.follower_lists,
            "/cgi-bin/user/info": self.follower_infos,
            "/cgi-bin/user/info/batchget": self.follower_infos // 100,
            "/cgi-bin/user/info/updateremark": self.remarks,
            "/cgi-bin/draft/add": self.drafts,
        }
        return {
            **{path: (Rate(limit, _DAY),) for path, limit in daily.items()},
            "/cgi-bin/message/mass/sendall": mass,
            "/cgi-bin/message/mass/send": mass,
            "/sns/oauth2/access_token": (Rate(self.logins_per_minute, 60),),
        }
