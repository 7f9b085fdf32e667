"""The connector 连接器 of one Mini Program, by subject."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from siyu.connectors._wechat import platform_fields
from siyu.connectors._wechat.limits import limit_fields, limits_of
from siyu.connectors._wechat.media import Media
from siyu.connectors._wechat.notices import NoticeTemplates
from siyu.connectors._wechat.platform import Platform
from siyu.connectors._wechat.platform_codes import CODES
from siyu.connectors._wechat.talk import Talk
from siyu.connectors.fields import is_true
from siyu.connectors.mini_program.callbacks import callback
from siyu.connectors.mini_program.checks import CHECKS
from siyu.connectors.mini_program.content_checks import ContentChecks
from siyu.connectors.mini_program.limits import MiniProgramLimits
from siyu.connectors.mini_program.links import Links
from siyu.connectors.mini_program.logins import Logins
from siyu.connectors.mini_program.notices import Notices
from siyu.connectors.ports import AccountKey, Ports
from siyu.connectors.vendor import Field, Vendor
from siyu.foundation.text import Text

TALK_KINDS = frozenset({"text", "image", "link", "miniprogrampage"})


class MiniProgram:
    """Calls by subject. `template_ids` are the templates that the account says it uses; `limits.windows()` are those of `talk`."""

    def __init__(
        self, account: AccountKey, credentials: Mapping[str, str], settings: Mapping[str, Any], ports: Ports
    ) -> None:
        self.account = account
        self.limits = limits_of(MiniProgramLimits, settings)
        self.template_ids = tuple(str(settings.get("template_ids") or "").replace(",", " ").split())
        manner = platform_fields.manner_of(settings, self.limits.api_rates())
        stable = is_true(settings.get("stable_token"), default=True)
        self.platform = platform = Platform(account, credentials["secret"], manner, ports, stable=stable)
        self.logins = Logins(platform)
        self.notices = Notices(platform)
        self.notice_templates = NoticeTemplates(platform)
        self.links = Links(platform, self.limits)
        self.talk = Talk(platform, TALK_KINDS)
        self.media = Media(platform)
        self.content_checks = ContentChecks(platform, self.limits)

    def __repr__(self) -> str:
        return f"MiniProgram({self.account.ref})"


_SETTINGS = (
    *platform_fields.SETTINGS,
    Field(
        "template_ids",
        Text("使用的订阅消息模板", "Templates in use"),
        Text(
            "模板 ID,用空格隔开；接入检查会核对", "Template ids with spaces between; the check looks for them"
        ),
        pattern=r"[A-Za-z0-9_\-, ]+",
        required=False,
    ),
)

VENDOR = Vendor(
    product="mini_program",
    name=Text("小程序", "Mini Program"),
    ref_field="appid",
    credentials=platform_fields.CREDENTIALS,
    settings=(*_SETTINGS, *limit_fields(MiniProgramLimits)),
    connect=MiniProgram,
    callback=callback,
    checks=CHECKS,
    codes=CODES,
)
