"""The steps of connecting an Official Account 公众号接入检查: each asks one question. Nothing is made or changed there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu.connectors._wechat.asking import asked
from siyu.connectors.vendor import Check, Found
from siyu.foundation.text import Text

if TYPE_CHECKING:
    from siyu.connectors.official_account.connector import OfficialAccount

_IP = "40164"
_NO_RIGHT = "48001"
_VERIFY = Text(
    "到公众平台「设置与开发 → 接口权限」查看；未认证的账号没有这个接口，请先完成微信认证",
    "see API rights in the console; accounts that are not verified lack this API: have the account verified first",
)
_SERVICE = Text(
    "模板消息、网页授权用户信息、带参二维码需要已认证的服务号；订阅号请把账号类型设为订阅号",
    "template messages, visitors' profiles and scene codes need a verified service account; set the kind to subscription if it is one",
)


async def _secret(account: OfficialAccount) -> Found:
    """AppID and AppSecret. An address that is not allowed is told by the next step."""
    return await asked(
        account.platform.check_token,
        Text("AppID 与 AppSecret 正确", "AppID and AppSecret are right"),
        passing=(_IP,),
    )


async def _ip(account: OfficialAccount) -> Found:
    return await asked(
        account.platform.check_token,
        Text("本服务器 IP 在白名单中", "this server's address is on the IP list"),
    )


async def _followers(account: OfficialAccount) -> Found:
    """The list of followers needs a verified account."""
    well = Text("可以读取粉丝", "followers can be read")
    return await asked(account.followers.total, well, fixes={_NO_RIGHT: _VERIFY})


async def _kind(account: OfficialAccount) -> Found:
    """Does it have the abilities of the kind that is set?"""
    well = Text("具备已认证服务号的接口能力", "it has the abilities of a verified service account")
    found = await asked(account.templates.list, well, fixes={_NO_RIGHT: _SERVICE})
    if account.kind == "subscription" and (found.ok or found.code == _NO_RIGHT):
        return Found(
            True,
            Text(
                "订阅号：每天可群发 1 次，没有模板消息与带参二维码",
                "a subscription account: one mass send a day, no template messages or scene codes",
            ),
            Text("若已升级为服务号，请修改账号类型", "change the kind if it has become a service account")
            if found.ok
            else None,
        )
    return found


async def _menu(account: OfficialAccount) -> Found:
    return await asked(
        account.menus.current, Text("可以读取自定义菜单", "the menu can be read"), fixes={_NO_RIGHT: _VERIFY}
    )


CHECKS = (
    Check("secret", Text("AppID 与 AppSecret", "AppID and AppSecret"), _secret),
    Check("ip", Text("IP 白名单", "IP list"), _ip),
    Check("followers", Text("认证与粉丝", "Verification and followers"), _followers),
    Check("kind", Text("账号类型", "Kind of account"), _kind),
    Check("menu", Text("菜单权限", "Menu"), _menu),
)
"""In this order: a later step is of no use while an earlier one fails. The callback is checked by who receives it."""
