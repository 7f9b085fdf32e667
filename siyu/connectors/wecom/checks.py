"""The steps of connecting WeCom 企业微信接入检查: each asks one question and says what to put right, and where.

Steps only read; nothing is made or changed at the corp.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from siyu.connectors.errors import CarrierError, Throttled, Unavailable
from siyu.connectors.vendor import Check, Found
from siyu.foundation.text import Text

if TYPE_CHECKING:
    from siyu.connectors.wecom.connector import WeCom

_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.IGNORECASE)
_WHERE = {
    "84074": Text(
        "到管理后台「客户联系 → 权限配置」设置可使用客户联系的成员",
        "set who may use customer contact under Customer Contact → rights in the admin console",
    ),
}


async def _token(wecom: WeCom) -> Found:
    """Corp id and secret. An address that is not trusted is told by calls, not by the token."""
    return await _asked(
        wecom.staff.department_ids,
        Text("企业 ID 与 Secret 正确", "corp id and secret are right"),
        passing=("60020", "60011", "48002"),
    )


async def _trusted_ip(wecom: WeCom) -> Found:
    return await _asked(
        wecom.staff.department_ids,
        Text("本服务器 IP 已被信任", "this server's address is trusted"),
        passing=("60011", "48002"),
    )


async def _external_contact(wecom: WeCom) -> Found:
    """May the app use customer contact, and does anybody serve customers?"""
    serving: tuple[str, ...] = ()

    async def ask() -> None:
        nonlocal serving
        serving = await wecom.staff.serving()

    found = await _asked(ask, Text("应用可以调用客户联系接口", "the app may call customer contact"))
    if found.ok and not serving:
        return Found(
            False,
            Text(
                "没有任何成员在应用可见范围内并开通客户联系",
                "nobody in the app's visible range has the right to customer contact",
            ),
            Text(
                "到管理后台把成员加入应用「可见范围」和「客户联系 → 权限配置」的使用范围",
                "add staff to the app's visible range and to Customer Contact → rights in the admin console",
            ),
        )
    return found


async def _contact_way(wecom: WeCom) -> Found:
    """Listing live codes needs the same permission as making them."""

    async def ask() -> None:
        async for _ in wecom.contact_ways.ids():
            return

    return await _asked(ask, Text("应用可以管理活码", "the app may manage live codes"))


async def _tags(wecom: WeCom) -> Found:
    return await _asked(wecom.tags.list, Text("应用可以读取企业标签", "the app may read the corp's tags"))


async def _trusted_domain(wecom: WeCom) -> Found:
    """Only the form can be checked from here; WeCom answers 50001 to a visitor when it is not entered there."""
    domain = wecom.login_domain
    if not domain:
        return Found(
            True,
            Text(
                "未填写可信域名：员工扫码登录和侧边栏不可用",
                "no trusted domain is set: staff log-in and the sidebar do not work",
            ),
            Text("需要时在账号设置里填写", "enter it in the account's settings when they are needed"),
        )
    if not _DOMAIN.fullmatch(domain):
        return Found(
            False,
            Text(f"「{domain}」不是域名", f"“{domain}” is no domain name"),
            Text(
                "只填域名，不带 https://、端口和路径，也不能是 IP",
                "only the name: no https://, port or path, and no IP address",
            ),
        )
    return Found(
        True,
        Text(f"可信域名 {domain} 格式正确", f"the trusted domain {domain} is well formed"),
        Text(
            "请确认管理后台应用详情「网页授权及JS-SDK」已加入该域名并通过所有权校验",
            "make sure that it stands under Web authorisation and JS-SDK of the app and is proven to be yours",
        ),
    )


async def _asked(ask: Callable[[], Awaitable[object]], well: Text, passing: tuple[str, ...] = ()) -> Found:
    """Ask, and put the answer in words. `passing` are codes that another step speaks of."""
    try:
        await ask()
    except Throttled as error:
        at = error.retry_at.isoformat(timespec="seconds")
        return Found(False, error.message, Text(f"{at} 之后再试", f"try again after {at}"), error.vendor_code)
    except Unavailable as error:
        fix = error.way_out or Text(
            "稍后再试；检查接口地址和网络", "try again later; check the base URL and the network"
        )
        return Found(False, error.message, fix, error.vendor_code)
    except CarrierError as error:
        if error.vendor_code in passing:
            return Found(True, well)
        return Found(False, error.message, _WHERE.get(error.vendor_code, error.way_out), error.vendor_code)
    return Found(True, well)


CHECKS = (
    Check("token", Text("企业 ID 与 Secret", "Corp id and secret"), _token),
    Check("trusted_ip", Text("企业可信 IP", "Trusted IP"), _trusted_ip),
    Check("external_contact", Text("客户联系权限", "Customer contact"), _external_contact),
    Check("contact_way", Text("活码权限", "Live codes"), _contact_way),
    Check("tags", Text("企业标签权限", "Corp tags"), _tags),
    Check("trusted_domain", Text("可信域名", "Trusted domain"), _trusted_domain),
)
"""In this order: a later step is of no use while an earlier one fails."""
