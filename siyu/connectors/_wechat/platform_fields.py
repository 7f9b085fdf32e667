"""What is filled in for an Official Account or a Mini Program alike 公众平台账号资料."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from siyu.connectors._http import Reach
from siyu.connectors._wechat.api import Manner
from siyu.connectors._wechat.platform import BASE_URL
from siyu.connectors.ports import Rate
from siyu.connectors.vendor import Field
from siyu.foundation.text import Text

CREDENTIALS = (
    Field(
        "appid",
        Text("AppID", "AppID"),
        Text(
            "后台「设置与开发 → 基本配置」,以 wx 开头",
            "In the console under Basic settings; it begins with wx",
        ),
        pattern=r"wx[A-Za-z0-9_-]{4,62}",
    ),
    Field(
        "secret",
        Text("AppSecret", "AppSecret"),
        Text("同一页面生成;重置后旧值失效", "Made on the same page; a reset voids the old one"),
        secret=True,
        pattern=r"[A-Za-z0-9_-]{16,128}",
    ),
    Field(
        "callback_token",
        Text("回调 Token", "Callback token"),
        Text("服务器配置里的 Token", "The Token of the server settings"),
        secret=True,
        pattern=r"[A-Za-z0-9]{3,32}",
        required=False,
    ),
    Field(
        "encoding_aes_key",
        Text("回调 EncodingAESKey", "Callback EncodingAESKey"),
        Text(
            "43 位;选择「安全模式」时必填,明文模式留空",
            "43 characters; needed in safe mode, empty in plain mode",
        ),
        secret=True,
        pattern=r"[A-Za-z0-9+/]{43}",
        required=False,
    ),
)
SETTINGS = (
    Field(
        "base_url",
        Text("接口地址", "Base URL"),
        pattern=r"https?://[^\s?#]+",
        required=False,
        default=BASE_URL,
    ),
    Field(
        "allow_private",
        Text("允许内网地址", "Allow private addresses"),
        pattern=r"true|false",
        required=False,
        default="false",
    ),
    Field(
        "stable_token",
        Text("使用稳定版凭证", "Use the stable token"),
        Text(
            "关闭后,别的系统取凭证会使这里的失效",
            "Without it, another system that asks for a token voids the one held here",
        ),
        pattern=r"true|false",
        required=False,
        default="true",
    ),
)


def is_true(value: object, default: bool = False) -> bool:
    return default if value in (None, "") else str(value).lower() in ("1", "true", "yes", "on")


def manner_of(settings: Mapping[str, Any], api_rates: Mapping[str, tuple[Rate, ...]]) -> Manner:
    reach = Reach(allow_private=is_true(settings.get("allow_private")))
    return Manner(str(settings.get("base_url") or BASE_URL), reach, (), api_rates)
