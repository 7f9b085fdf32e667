"""Errors of carriers 载体错误: whatever a vendor answers becomes one of five kinds, with what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from siyu.foundation.errors import InvalidError, Retry, SiyuError
from siyu.foundation.text import Text

Kind = Literal["throttled", "unavailable", "refused", "account_restricted", "bad_credentials"]


class CarrierError(SiyuError):
    """What a vendor answered, translated. `vendor_code` and `vendor_message` are its own words, `api` the call."""

    code = "carrier"
    http_status = 502
    kind: Kind = "unavailable"
    title = Text("载体出错", "The carrier reports an error")

    def __init__(
        self,
        message: Text,
        *,
        vendor_code: str = "",
        vendor_message: str = "",
        api: str = "",
        way_out: Text | None = None,
    ) -> None:
        super().__init__(message, way_out=way_out)
        self.vendor_code = vendor_code
        self.vendor_message = vendor_message
        self.api = api
        self.after_unknown = False
        """An earlier try of the same call ended without an answer and may have worked: this error then may be its echo."""


class Throttled(CarrierError):
    """Too much at once; nothing was done. The same call may be made at `retry_at`."""

    code = "carrier_throttled"
    http_status = 429
    retry = "at"
    kind: Kind = "throttled"
    title = Text("载体限流", "The carrier throttles")

    def __init__(
        self,
        message: Text,
        retry_at: datetime,
        *,
        vendor_code: str = "",
        vendor_message: str = "",
        api: str = "",
    ) -> None:
        super().__init__(message, vendor_code=vendor_code, vendor_message=vendor_message, api=api)
        self.retry_at = retry_at


class Unavailable(CarrierError):
    """No usable answer, or one that is not known.

    `reached` False: the vendor did nothing, the call never got there. True: it answered and did not do it.
    None: nobody knows whether it acted (a time-out after sending, a broken connection, HTTP 5xx): what is not idempotent
    is then `unknown_after_dispatch` and must not be repeated blindly.
    """

    code = "carrier_unavailable"
    http_status = 503
    retry: ClassVar[Retry] = "later"
    kind: Kind = "unavailable"
    title = Text("载体暂时不可用", "The carrier is not available just now")

    def __init__(
        self,
        message: Text,
        *,
        reached: bool | None = None,
        vendor_code: str = "",
        vendor_message: str = "",
        api: str = "",
        way_out: Text | None = None,
    ) -> None:
        super().__init__(
            message, vendor_code=vendor_code, vendor_message=vendor_message, api=api, way_out=way_out
        )
        self.reached = reached


class Refused(CarrierError):
    """No, for good, to this person, object or content: repeating the same call gives the same answer.

    `gone`: what was written to does not exist (any more), so no other message would get there either.
    """

    code = "carrier_refused"
    http_status = 422
    kind: Kind = "refused"
    title = Text("载体拒绝", "The carrier refuses")

    def __init__(
        self,
        message: Text,
        *,
        gone: bool = False,
        vendor_code: str = "",
        vendor_message: str = "",
        api: str = "",
        way_out: Text | None = None,
    ) -> None:
        super().__init__(
            message, vendor_code=vendor_code, vendor_message=vendor_message, api=api, way_out=way_out
        )
        self.gone = gone


class AccountRestricted(CarrierError):
    """The account may not do it: banned, without the permission, or not from this address. Feeds the account's health."""

    code = "carrier_account_restricted"
    http_status = 409
    kind: Kind = "account_restricted"
    title = Text("账号受限", "The account is restricted")


class BadCredentials(CarrierError):
    """The id, secret or token is not accepted, also after one refresh; a person must put it right."""

    code = "carrier_bad_credentials"
    http_status = 409
    kind: Kind = "bad_credentials"
    title = Text("凭证无效", "The credentials are not accepted")


class ContentError(InvalidError):
    """What was to be sent breaks a limit of the carrier; every fault is told, and nothing was called."""

    code = "carrier_content"
    title = Text("内容超出载体限制", "The content breaks a limit of the carrier")


class CallbackError(SiyuError):
    """A callback that cannot be accepted."""

    code = "callback"
    http_status = 400
    title = Text("回调无效", "The callback is not valid")


class BadSignature(CallbackError):
    """Not signed by the holder of the token, or meant for another account; nothing of it may be used."""

    code = "callback_signature"
    http_status = 403
    title = Text("回调签名不符", "The callback's signature is wrong")


class BadBody(CallbackError):
    """The body cannot be read: too large, not the agreed format, or broken."""

    code = "callback_body"
    title = Text("回调内容无法读取", "The callback's body cannot be read")


@dataclass(frozen=True)
class Known:
    """A vendor's code in our own words: its kind, what it says, and what to put right."""

    kind: Kind
    says: Text
    fix: Text | None = None


Codes = Mapping[str, Known]


def refusal(known: Known, *, code: str, vendor_message: str, api: str, retry_at: datetime) -> CarrierError:
    """The error of one known code; `retry_at` matters only to those that throttle."""
    if known.kind == "throttled":
        return Throttled(known.says, retry_at, vendor_code=code, vendor_message=vendor_message, api=api)
    if known.kind == "unavailable":
        return Unavailable(
            known.says,
            reached=True,
            vendor_code=code,
            vendor_message=vendor_message,
            api=api,
            way_out=known.fix,
        )
    kinds: dict[Kind, type[Refused | AccountRestricted | BadCredentials]] = {
        "refused": Refused,
        "account_restricted": AccountRestricted,
        "bad_credentials": BadCredentials,
    }
    return kinds[known.kind](
        known.says, vendor_code=code, vendor_message=vendor_message, api=api, way_out=known.fix
    )
