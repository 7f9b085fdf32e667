"""Log-ins 登录: who opened the mini program, and their phone number where they tapped to give it.

The session key stays on the server. It changes with each log-in of the client: what cannot be opened with it needs a new one.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import msgspec

from siyu.connectors._wechat.crypto import decrypt_user_data, raw_data_signature, same
from siyu.connectors._wechat.platform import Nothing, Platform
from siyu.connectors.errors import BadSignature
from siyu.foundation.text import Text


class Session(msgspec.Struct, frozen=True):
    """`unionid` only where the mini program is bound to an Open Platform account."""

    openid: str
    session_key: str
    unionid: str = ""

    def __repr__(self) -> str:
        return f"Session({self.openid})"


class Watermark(msgspec.Struct, frozen=True):
    timestamp: int = 0
    appid: str = ""


class Phone(msgspec.Struct, frozen=True):
    """`number` has its country's prefix where it is a foreign one, `pure_number` never has."""

    number: str = msgspec.field(name="phoneNumber")
    pure_number: str = msgspec.field(name="purePhoneNumber", default="")
    country: str = msgspec.field(name="countryCode", default="")
    watermark: Watermark = Watermark()

    @property
    def international(self) -> str:
        """The number with its country ("+8613800000000")."""
        return f"+{self.country or '86'}{self.pure_number or self.number}"

    def __repr__(self) -> str:
        return "Phone(…)"


class _Phone(msgspec.Struct, frozen=True):
    phone_info: Phone


class Logins:
    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def session(self, js_code: str) -> Session:
        """A code is good once, for five minutes (40029 wrong, 40163 used); 100 a minute for one person (45011)."""
        return await self._platform.ask(
            "/sns/jscode2session", Session, js_code=js_code, grant_type="authorization_code"
        )

    async def check(self, session: Session) -> None:
        """Raises where the session key is no longer that of the client (87009)."""
        signature = hmac.new(session.session_key.encode(), b"", hashlib.sha256).hexdigest()
        await self._platform.get(
            "/wxa/checksession", Nothing, openid=session.openid, signature=signature, sig_method="hmac_sha256"
        )

    async def phone(self, code: str) -> Phone:
        """The number that somebody gave by tapping; the code is good once, for five minutes, and each costs the brand money."""
        path = "/wxa/business/getuserphonenumber"
        return (await self._platform.post(path, {"code": code}, _Phone, idempotent=False)).phone_info

    def open_user_data(self, session_key: str, iv: str, encrypted_data: str) -> dict[str, Any]:
        """What the client encrypted (BadBody with another key: log in again; BadSignature for another app)."""
        return decrypt_user_data(session_key, iv, encrypted_data, self._platform.account.ref)

    def check_raw_data(self, session_key: str, raw_data: str, signature: str) -> None:
        """BadSignature where `rawData` was not signed with this session key."""
        if not same(raw_data_signature(raw_data, session_key), signature):
            raise BadSignature(
                Text("小程序数据的签名不符", "the signature of the mini program's data is wrong")
            )
