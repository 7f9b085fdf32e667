"""Callbacks of a Mini Program 小程序消息推送: XML or JSON, in safe mode where there is an EncodingAESKey, in plain mode without."""

from __future__ import annotations

from collections.abc import Mapping

from siyu.connectors._wechat.callback import PlatformCallback
from siyu.connectors._wechat.pushes import translate


def callback(credentials: Mapping[str, str]) -> PlatformCallback:
    """The codec of an account; KeyError where its token is not entered."""
    key = credentials.get("encoding_aes_key", "")
    return PlatformCallback(credentials["callback_token"], key, credentials["appid"], translate)
