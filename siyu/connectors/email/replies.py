"""Replies 服务器答复: what an SMTP code means for the person, the account or the hour (RFC 5321, RFC 3463)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from siyu.connectors.errors import (
    AccountRestricted,
    BadCredentials,
    CarrierError,
    Refused,
    Throttled,
    Unavailable,
)
from siyu.foundation.text import Text

ENHANCED = re.compile(r"^([245]\.\d{1,3}\.\d{1,3})\b")
GREY_SECONDS = 600
"""Greylisting and rate rules of receivers mostly open again within minutes; ten is the usual advice to senders."""
_LOGIN_CODES = {530, 534, 535, 538}
_NO_MAILBOX, _NO_ADDRESS = {550, 551, 553}, re.compile(r"5\.1\.(1|2|3|6|10)|5\.2\.1")
"""At RCPT: no such mailbox, host or syntax, moved without a new address, disabled. What concerns the sender or a policy (5.1.8, 5.7.x) says nothing about the address."""
# Policy and rate (4.7.x), too many recipients or messages (4.5.3), system or mailbox full (4.2.2, 4.3.1).
_THROTTLING = re.compile(r"4\.(7\.\d+|5\.3|2\.2|3\.1)")


def enhanced(words: str) -> str:
    """The enhanced status ("5.1.1") that begins a reply's text, or ""."""
    found = ENHANCED.match(words.strip())
    return found[1] if found else ""


def said(words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return " ".join(text.split())[:500]


def refused_reply(stage: str, code: int, words: str, now: datetime) -> CarrierError:
    """The error of a negative reply; `stage` is connect, login, sender, recipient or content.

    A 4xx of policy or of fullness is Throttled, another 4xx Unavailable; a 5xx about the recipient or the content is Refused
    (this person), one about the connection or the sender concerns the whole account.
    """
    status = enhanced(words)
    name = status or str(code)
    if stage == "login":
        return _login(code, words, name)
    if 400 <= code < 500:
        if _THROTTLING.fullmatch(status) or code in (450, 452):
            later = now + timedelta(seconds=GREY_SECONDS)
            return Throttled(
                Text(f"对方服务器要求稍后再发：{words}", f"the server asks to try later: {words}"),
                later, vendor_code=name, vendor_message=words, api=stage,
            )  # fmt: skip
        return _unavailable(stage, words, name)
    if code in _LOGIN_CODES:
        return _login(code, words, name)
    if stage in ("connect", "sender"):
        return AccountRestricted(
            Text(f"服务器不接受这个发件账号：{words}", f"the server does not take mail from this account: {words}"),
            vendor_code=name, vendor_message=words, api=stage,
            way_out=Text("在邮件服务商处确认发件地址已验证、账号未被停用", "see with the provider that the sender is verified and not suspended"),
        )  # fmt: skip
    return Refused(
        Text(f"邮件被拒收：{words}", f"the mail is refused: {words}"),
        vendor_code=name,
        vendor_message=words,
        api=stage,
        gone=stage == "recipient" and (code in _NO_MAILBOX if not status else _NO_ADDRESS.fullmatch(status) is not None),
    )


def _login(code: int, words: str, name: str) -> CarrierError:
    if 400 <= code < 500:
        return _unavailable("login", words, name)
    return BadCredentials(
        Text(f"登录被拒绝：{words}", f"the login is refused: {words}"),
        vendor_code=name, vendor_message=words, api="login",
        way_out=Text("检查用户名与密码；很多服务商要用单独的 SMTP 授权码", "check user name and password; many providers want a separate SMTP password"),
    )  # fmt: skip


def _unavailable(stage: str, words: str, name: str) -> Unavailable:
    return Unavailable(
        Text(f"邮件服务器暂时不可用：{words}", f"the mail server is not available just now: {words}"),
        reached=True, vendor_code=name, vendor_message=words, api=stage,
    )  # fmt: skip
