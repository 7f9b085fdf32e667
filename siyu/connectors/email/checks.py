"""The steps of connecting an email account 邮件接入检查. Nothing is sent."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from siyu.connectors.email.letters import address_fault, ascii_domain
from siyu.connectors.email.mailbox import read_mailbox
from siyu.connectors.email.smtp import Conversation
from siyu.connectors.errors import CarrierError, Throttled
from siyu.connectors.vendor import Check, Found
from siyu.foundation.text import Text

if TYPE_CHECKING:
    from siyu.connectors.email.connector import Email

_NO_NETWORK = Text(
    "检查主机名、端口、加密方式(465 用 tls,587 用 starttls)与防火墙",
    "check host, port, TLS (465 is tls, 587 is starttls) and the firewall",
)


async def _connect(email: Email) -> Found:
    """Connection and TLS. It logs in too, because this is the step that is asked when an account may be well again."""

    def ask() -> None:
        with Conversation(email.server, email.ports.now):
            pass

    how = {"none": Text("未加密", "without TLS")}.get(email.server.tls, Text("已加密", "with TLS"))
    well = Text(f"可以连接邮件服务器({how.zh})", f"the mail server is reached ({how.en})")
    return await _asked(ask, well, email=email, passing="login")


async def _login(email: Email) -> Found:
    def ask() -> None:
        with Conversation(email.server, email.ports.now):
            pass

    if not email.server.username:
        return Found(
            True,
            Text("没有填写用户名，按免登录发送", "no user name is set: letters are handed in without a login"),
            Text("只有内部中继服务器才这样用", "only relays of one's own work like that"),
        )
    return await _asked(ask, Text("用户名与密码正确", "user name and password are right"), email=email)


async def _sender(email: Email) -> Found:
    """May this account write as this address? DNS records are not read here: they are the provider's subject."""
    for address in (email.sender.address, email.sender.envelope):
        if wrong := address_fault(address):
            return Found(False, Text(f"{address}:{wrong.zh}", f"{address}: {wrong.en}"), code="address")

    def ask() -> None:
        with Conversation(email.server, email.ports.now) as talk:
            talk.offer(email.sender)

    found = await _asked(ask, Text("服务器接受这个发件地址", "the server accepts the sender's address"))
    owner = ascii_domain(email.server.username.rpartition("@")[2]).lower()
    if found.ok and "@" in email.server.username and owner != email.sender.domain.lower():
        return replace(
            found,
            fix=Text(
                f"发件域名 {email.sender.domain} 与登录域名 {owner} 不同：请在服务商处验证域名，并在 DNS 加上它给的 SPF、DKIM、DMARC 记录",
                f"the sender's domain {email.sender.domain} is not that of the login ({owner}): verify it with the provider and add its SPF, DKIM and DMARC records to DNS",
            ),
        )
    return found


async def _mailbox(email: Email) -> Found:
    box = email.mailbox
    if box is None:
        return Found(
            True,
            Text(
                "没有填写退信邮箱：退信和投诉只能靠服务商推送",
                "no mailbox is set: bounces are known only where the provider pushes them",
            ),
            Text(
                "建议填写；不处理退信会损害发信信誉",
                "better set one: bounces that nobody reads cost reputation",
            ),
        )
    return await _asked(
        lambda: read_mailbox(box, "", 1), Text("可以读取退信邮箱", "the mailbox for bounces can be read")
    )


async def _asked(
    ask: Callable[[], object], well: Text, *, email: Email | None = None, passing: str = ""
) -> Found:
    """Ask, and put the answer in words. With `email` its watch sees it; an error of the step `passing` is for another check to tell."""
    failed: CarrierError | None = None
    began = time.monotonic()
    try:
        await asyncio.to_thread(ask)
    except CarrierError as error:
        failed = error
    if email is not None:
        email.saw("smtp/check", failed, time.monotonic() - began)
    if failed is None or (passing and failed.api == passing):
        return Found(True, well)
    if isinstance(failed, Throttled):
        at = failed.retry_at.isoformat(timespec="seconds")
        return Found(
            False, failed.message, Text(f"{at} 之后再试", f"try again after {at}"), failed.vendor_code
        )
    return Found(False, failed.message, failed.way_out or _NO_NETWORK, failed.vendor_code)


CHECKS = (
    Check("connect", Text("连接与加密", "Connection and TLS"), _connect),
    Check("login", Text("登录", "Login"), _login),
    Check("sender", Text("发件地址", "Sender"), _sender),
    Check("mailbox", Text("退信邮箱", "Mailbox for bounces"), _mailbox),
)
