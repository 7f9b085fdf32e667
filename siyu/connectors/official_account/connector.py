"""The connector 连接器 of one Official Account, by subject."""

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
from siyu.connectors.fields import answers, is_true
from siyu.connectors.official_account.callbacks import callback
from siyu.connectors.official_account.checks import CHECKS
from siyu.connectors.official_account.codes import PICTURE_URL, Codes
from siyu.connectors.official_account.drafts import Drafts
from siyu.connectors.official_account.followers import Followers
from siyu.connectors.official_account.limits import AccountLimits
from siyu.connectors.official_account.mass import MassSend
from siyu.connectors.official_account.menus import MenuBoard
from siyu.connectors.official_account.oauth import OPEN_URL, OAuth
from siyu.connectors.official_account.statistics import Statistics
from siyu.connectors.official_account.tags import Tags
from siyu.connectors.official_account.templates import Templates
from siyu.connectors.ports import AccountKey, Ports
from siyu.connectors.vendor import Field, Vendor
from siyu.foundation.text import Text

TALK_KINDS = frozenset({
    "text", "image", "voice", "video", "music", "news", "mpnews", "mpnewsarticle", "msgmenu", "wxcard", "miniprogrampage",
})  # fmt: skip


class OfficialAccount:
    """Calls by subject. `kind` is what the brand says it is: service or subscription; `limits.windows()` are those of `talk`."""

    def __init__(
        self, account: AccountKey, credentials: Mapping[str, str], settings: Mapping[str, Any], ports: Ports
    ) -> None:
        self.account = account
        self.limits = limits_of(AccountLimits, settings)
        self.kind = str(settings.get("kind") or "service")
        manner = platform_fields.manner_of(settings, self.limits.api_rates())
        stable = is_true(settings.get("stable_token"), default=True)
        self.platform = platform = Platform(account, credentials["secret"], manner, ports, stable=stable)
        self.followers = Followers(platform, self.limits)
        self.tags = Tags(platform, self.limits)
        self.oauth = OAuth(platform, str(settings.get("open_url") or OPEN_URL))
        self.codes = Codes(platform, self.limits, str(settings.get("picture_url") or PICTURE_URL))
        self.menus = MenuBoard(platform, self.limits)
        self.talk = Talk(platform, TALK_KINDS)
        self.templates = Templates(platform)
        self.notice_templates = NoticeTemplates(platform)
        self.mass = MassSend(platform, self.limits)
        self.drafts = Drafts(platform)
        self.media = Media(platform)
        self.statistics = Statistics(platform)

    def __repr__(self) -> str:
        return f"OfficialAccount({self.account.ref})"


_SETTINGS = (
    Field("kind", Text("账号类型", "Kind of account"), Text("service 服务号,subscription 订阅号", "service or subscription"), pattern=r"service|subscription", required=False, default="service"),
    *platform_fields.SETTINGS,
    Field("open_url", Text("网页授权地址", "Address for log-ins"), pattern=r"https?://[^\s?#]+", required=False, default=OPEN_URL),
    Field("picture_url", Text("二维码图片地址", "Address of codes' pictures"), pattern=r"https?://[^\s?#]+", required=False, default=PICTURE_URL),
    *answers("已为您退订，不会再向您推送营销消息。回复“订阅”可恢复。", "已为您恢复订阅。回复“退订”可随时取消。"),
)  # fmt: skip

VENDOR = Vendor(
    product="official_account",
    name=Text("公众号", "Official Account"),
    ref_field="appid",
    credentials=platform_fields.CREDENTIALS,
    settings=(*_SETTINGS, *limit_fields(AccountLimits)),
    connect=OfficialAccount,
    callback=callback,
    checks=CHECKS,
    codes=CODES,
)
