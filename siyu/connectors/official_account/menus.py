"""Menus 自定义菜单: buttons below the chat, for all or for those who match a rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from siyu.connectors._wechat.limits import Faults
from siyu.connectors._wechat.platform import Nothing, Platform
from siyu.connectors.official_account.limits import AccountLimits

NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "click": ("key",),
    "view": ("url",),
    "miniprogram": ("url", "appid", "pagepath"),
    "scancode_push": ("key",),
    "scancode_waitmsg": ("key",),
    "pic_sysphoto": ("key",),
    "pic_photo_or_album": ("key",),
    "pic_weixin": ("key",),
    "location_select": ("key",),
    "media_id": ("media_id",),
    "view_limited": ("media_id",),
    "article_id": ("article_id",),
    "article_view_limited": ("article_id",),
}
"""What each type of button must say."""


class Button(msgspec.Struct, frozen=True, omit_defaults=True):
    """A button, or with `sub_button` a drawer of them (which then has no type)."""

    name: str
    type: str = ""
    key: str = ""
    url: str = ""
    media_id: str = ""
    appid: str = ""
    pagepath: str = ""
    article_id: str = ""
    sub_button: tuple[Button, ...] = ()


class Menu(msgspec.Struct, frozen=True):
    """`rule` is empty for the menu of all."""

    buttons: tuple[Button, ...] = msgspec.field(name="button", default=())
    id: int = msgspec.field(name="menuid", default=0)
    rule: dict[str, Any] = msgspec.field(name="matchrule", default_factory=dict)


class Menus(msgspec.Struct, frozen=True):
    default: Menu = msgspec.field(name="menu", default_factory=Menu)
    conditional: tuple[Menu, ...] = msgspec.field(name="conditionalmenu", default=())


class _Id(msgspec.Struct, frozen=True):
    menuid: int


class _Current(msgspec.Struct, frozen=True):
    is_menu_open: int = 0
    selfmenu_info: dict[str, Any] = msgspec.field(default_factory=dict)


class MenuBoard:
    def __init__(self, platform: Platform, limits: AccountLimits) -> None:
        self._platform, self._limits = platform, limits

    async def get(self) -> Menus:
        """The menus made by API; none where there are none (46003)."""
        return await self._platform.get("/cgi-bin/menu/get", Menus, accepts=frozenset({"46003"}))

    async def current(self) -> dict[str, Any]:
        """What people see now, also where it was made in the console; as the vendor writes it."""
        found = await self._platform.get("/cgi-bin/get_current_selfmenu_info", _Current)
        return {"open": found.is_menu_open == 1, **found.selfmenu_info}

    async def set(self, buttons: Sequence[Button]) -> None:
        """Replace the menu of all. People see it within about five minutes (a day, older pages say)."""
        self._check(buttons)
        await self._platform.post("/cgi-bin/menu/create", {"button": _wire(buttons)}, Nothing)

    async def delete(self) -> None:
        """Take all menus away, those with rules too."""
        await self._platform.get("/cgi-bin/menu/delete", Nothing)

    async def add_conditional(self, buttons: Sequence[Button], rule: Mapping[str, str]) -> int:
        """A menu for those who match (`tag_id`, `client_platform_type`); there must be one for all."""
        faults = Faults()
        faults.needed("rule", rule)
        faults.tell()
        self._check(buttons)
        body = {"button": _wire(buttons), "matchrule": dict(rule)}
        return (await self._platform.post("/cgi-bin/menu/addconditional", body, _Id, idempotent=False)).menuid

    async def delete_conditional(self, id: int) -> None:
        await self._platform.post("/cgi-bin/menu/delconditional", {"menuid": id}, Nothing)

    async def try_match(self, user: str) -> Menu:
        """The menu that this person (openid or WeChat id) sees."""
        return await self._platform.post("/cgi-bin/menu/trymatch", {"user_id": user}, Menu)

    def _check(self, buttons: Sequence[Button]) -> None:
        faults, limits = Faults(), self._limits
        faults.count("button", buttons, limits.buttons)
        for number, button in enumerate(buttons):
            at = f"button.{number}"
            self._check_one(faults, at, button, limits.button_name_bytes)
            if button.sub_button:
                faults.count(f"{at}.sub_button", button.sub_button, limits.sub_buttons)
            for inner, sub in enumerate(button.sub_button):
                self._check_one(faults, f"{at}.sub_button.{inner}", sub, limits.sub_button_name_bytes)
                if sub.sub_button:
                    faults.add(f"{at}.sub_button.{inner}", "最多两级", "there are only two levels")
        faults.tell()

    def _check_one(self, faults: Faults, at: str, button: Button, most_bytes: int) -> None:
        faults.needed(f"{at}.name", button.name.strip())
        faults.bytes(f"{at}.name", button.name, most_bytes)
        if button.sub_button:
            if button.type:
                faults.add(f"{at}.type", "有下级菜单时不能有动作", "a drawer has no action of its own")
            return
        if button.type not in NEEDS:
            faults.add(
                f"{at}.type", f"没有这种按钮：{button.type}", f"there is no such type of button: {button.type}"
            )
        for name in NEEDS.get(button.type, ()):
            faults.needed(f"{at}.{name}", getattr(button, name))
        faults.bytes(f"{at}.key", button.key, self._limits.button_key_bytes)
        faults.bytes(f"{at}.url", button.url, self._limits.button_url_bytes)
        if button.url and not button.url.startswith(("http://", "https://")):
            faults.add(f"{at}.url", "必须以 http:// 或 https:// 开头", "must begin with http:// or https://")


def _wire(buttons: Sequence[Button]) -> list[Any]:
    return [msgspec.to_builtins(button) for button in buttons]
