"""The steps of connecting a Mini Program 小程序接入检查. Nothing is made or sent there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu.connectors._wechat.asking import asked
from siyu.connectors.vendor import Check, Found
from siyu.foundation.text import Text

if TYPE_CHECKING:
    from siyu.connectors.mini_program.connector import MiniProgram

_IP = "40164"


async def _secret(program: MiniProgram) -> Found:
    """AppID and AppSecret. An address that is not allowed is told by the next step."""
    return await asked(
        program.platform.check_token,
        Text("AppID 与 AppSecret 正确", "AppID and AppSecret are right"),
        passing=(_IP,),
    )


async def _ip(program: MiniProgram) -> Found:
    return await asked(
        program.platform.check_token, Text("本服务器 IP 可以调用", "this server's address may call")
    )


async def _templates(program: MiniProgram) -> Found:
    """Are there templates, and among them those that the account says it uses?"""
    there: set[str] = set()

    async def ask() -> None:
        there.update(one.id for one in await program.notice_templates.list())

    found = await asked(
        ask, Text("可以读取订阅消息模板", "the templates of subscription messages can be read")
    )
    if not found.ok:
        return found
    missing = [one for one in program.template_ids if one not in there]
    if missing:
        return Found(
            False,
            Text(
                f"没有这些模板：{'、'.join(missing)}", f"these templates are not there: {', '.join(missing)}"
            ),
            Text(
                "到小程序后台「功能 → 订阅消息」核对模板 ID",
                "compare the template ids under Subscription messages in the console",
            ),
            "40037",
        )
    if not there:
        return Found(
            True,
            Text("还没有订阅消息模板", "there are no templates of subscription messages yet"),
            Text(
                "到小程序后台「功能 → 订阅消息」选用模板后才能发送",
                "choose templates under Subscription messages in the console before sending",
            ),
        )
    return Found(
        True,
        Text(f"有 {len(there)} 个订阅消息模板", f"there are {len(there)} templates of subscription messages"),
    )


CHECKS = (
    Check("secret", Text("AppID 与 AppSecret", "AppID and AppSecret"), _secret),
    Check("ip", Text("IP 白名单", "IP list"), _ip),
    Check("templates", Text("订阅消息模板", "Templates"), _templates),
)
