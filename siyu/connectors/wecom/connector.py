"""The connector 连接器 of WeCom: one corp's self-built app with all that it can do, by subject."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from siyu.connectors._wechat.limits import limit_fields
from siyu.connectors.fields import (
    ALLOW_PRIVATE,
    MESSAGE_COST,
    base_url,
    callback_token,
    encoding_aes_key,
    reach_of,
)
from siyu.connectors.ports import AccountKey, Ports
from siyu.connectors.vendor import Field, Vendor
from siyu.connectors.wecom.acquisition import Acquisition
from siyu.connectors.wecom.callbacks import callback
from siyu.connectors.wecom.checks import CHECKS
from siyu.connectors.wecom.client import BASE_URL, Client
from siyu.connectors.wecom.codes import CODES
from siyu.connectors.wecom.customers import Customers
from siyu.connectors.wecom.groups import Groups
from siyu.connectors.wecom.limits import WeComLimits
from siyu.connectors.wecom.media import Media
from siyu.connectors.wecom.messages import Messages
from siyu.connectors.wecom.moments import Moments
from siyu.connectors.wecom.sends import Sends
from siyu.connectors.wecom.staff import Staff
from siyu.connectors.wecom.tags import Tags
from siyu.connectors.wecom.transfer import Transfer
from siyu.connectors.wecom.ways import ContactWays, JoinWays
from siyu.connectors.wecom.web import Web
from siyu.connectors.wecom.welcome import Welcome
from siyu.foundation.text import Text


class WeCom:
    """Calls by subject. `limits` are the numbers of this account; `login_domain` is where staff log in by OAuth."""

    def __init__(
        self, account: AccountKey, credentials: Mapping[str, str], settings: Mapping[str, Any], ports: Ports
    ) -> None:
        self.account = account
        self.limits = WeComLimits.of(settings)
        self.login_domain = str(settings.get("login_domain") or "")
        agentid = int(settings["agentid"]) if settings.get("agentid") not in (None, "") else None
        address = str(settings.get("base_url") or BASE_URL)
        self.client = client = Client(account, credentials["secret"], self.limits, ports, base_url=address, reach=reach_of(settings))
        self.staff = Staff(client)
        self.customers = Customers(client)
        self.tags = Tags(client)
        self.contact_ways = ContactWays(client)
        self.join_ways = JoinWays(client)
        self.acquisition = Acquisition(client)
        self.welcome = Welcome(client)
        self.groups = Groups(client)
        self.sends = Sends(client)
        self.moments = Moments(client)
        self.transfer = Transfer(client)
        self.messages = Messages(client, agentid)
        self.media = Media(client)
        self.web = Web(client, agentid)

    def __repr__(self) -> str:
        return f"WeCom({self.account.ref})"


_CREDENTIALS = (
    Field(
        "corpid",
        Text("企业 ID", "Corp id"),
        Text("管理后台「我的企业」页面底部", "At the foot of My Company in the admin console"),
        pattern=r"[A-Za-z0-9_-]{4,64}",
    ),
    Field(
        "secret",
        Text("应用 Secret", "App secret"),
        Text(
            "管理后台「应用管理」中自建应用的 Secret;该应用须勾选在「客户联系 → 可调用接口的应用」",
            "Of a self-built app under Apps; the app must be ticked under Customer Contact → apps that may call the API",
        ),
        secret=True,
        pattern=r"[A-Za-z0-9_-]{16,128}",
    ),
    callback_token(r"[A-Za-z0-9]{1,32}", Text("应用「接收消息」设置里的 Token", "The Token under Receive Messages of the app")),
    encoding_aes_key(Text("应用「接收消息」设置里的 EncodingAESKey,43 位", "The EncodingAESKey under Receive Messages of the app, 43 characters")),
)
_SETTINGS = (
    Field("agentid", Text("应用编号 AgentID", "AgentID"), pattern=r"\d{1,10}", required=False),
    Field(
        "login_domain",
        Text("可信域名", "Trusted domain"),
        Text(
            "员工登录与侧边栏页面所在的域名，不带 https:// 和路径",
            "Where staff log in and the sidebar lives, without https:// and path",
        ),
        required=False,
    ),
    base_url(BASE_URL),
    ALLOW_PRIVATE,
)

VENDOR = Vendor(
    product="wecom",
    name=Text("企业微信", "WeCom"),
    ref_field="corpid",
    credentials=_CREDENTIALS,
    settings=(*_SETTINGS, MESSAGE_COST, *limit_fields(WeComLimits)),
    connect=WeCom,
    callback=callback,
    checks=CHECKS,
    codes=CODES,
)
