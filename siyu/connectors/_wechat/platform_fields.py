"""What is filled in for an Official Account or a Mini Program alike 公众平台账号资料."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from siyu.connectors._wechat.api import Manner
from siyu.connectors._wechat.platform import BASE_URL
from siyu.connectors.fields import (
    ALLOW_PRIVATE,
    MESSAGE_COST,
    base_url,
    callback_token,
    encoding_aes_key,
    reach_of,
)
from siyu.connectors.ports import Rate
from siyu.connectors.vendor import Field
from siyu.foundation.text import Text

CREDENTIALS = (
    Field(
        "appid",
        Text("AppID", "AppID"),
        Text(
            "后台「设置与开发 → 基本配置」，以 wx 开头",
            "In the console under Basic settings; it begins with wx",
        ),
        pattern=r"wx[A-Za-z0-9_-]{4,62}",
    ),
    Field(
        "secret",
        Text("AppSecret", "AppSecret"),
        Text("同一页面生成；重置后旧值失效", "Made on the same page; a reset voids the old one"),
        secret=True,
        pattern=r"[A-Za-z0-9_-]{16,128}",
    ),
    callback_token(r"[A-Za-z0-9]{3,32}", Text("服务器配置里的 Token", "The Token of the server settings")),
    encoding_aes_key(Text("43 位；选择「安全模式」时必填，明文模式留空", "43 characters; needed in safe mode, empty in plain mode")),
)
SETTINGS = (
    base_url(BASE_URL),
    ALLOW_PRIVATE,
    Field(
        "stable_token",
        Text("使用稳定版凭证", "Use the stable token"),
        Text(
            "关闭后，别的系统取凭证会使这里的失效",
            "Without it, another system that asks for a token voids the one held here",
        ),
        pattern=r"true|false",
        required=False,
        default="true",
    ),
    MESSAGE_COST,
)


def manner_of(settings: Mapping[str, Any], api_rates: Mapping[str, tuple[Rate, ...]]) -> Manner:
    return Manner(str(settings.get("base_url") or BASE_URL), reach_of(settings), (), api_rates)
