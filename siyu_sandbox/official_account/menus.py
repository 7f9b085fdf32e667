"""The menu (自定义菜单): at most three buttons, five below each; also menus for one tag (个性化菜单)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from siyu_sandbox.registry import Endpoint, Json, Refusal

if TYPE_CHECKING:
    from siyu_sandbox.official_account.account import Follower, OfficialAccount
    from siyu_sandbox.sandbox import Sandbox

PRODUCT = "official_account"
OK = {"errcode": 0, "errmsg": "ok"}
TOP, BELOW = 3, 5
KEYED = {"click", "scancode_push", "scancode_waitmsg", "pic_sysphoto", "pic_photo_or_album", "pic_weixin", "location_select"}  # fmt: skip
NEEDED = {
    **dict.fromkeys(KEYED, ("key",)),
    "view": ("url",),
    "miniprogram": ("url", "appid", "pagepath"),
    "media_id": ("media_id",),
    "view_limited": ("media_id",),
    "article_id": ("article_id",),
    "article_view_limited": ("article_id",),
}
# Codes at the top, codes below: type, name, key, url.
CODES = ((40017, 40018, 40019, 40020), (40024, 40025, 40026, 40027))
WORDS = ("type", "name size", "key size", "url size")


def check(account: OfficialAccount, buttons: object) -> list[Json]:
    """Return the buttons as they will be shown; refuse what the vendor would."""
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= TOP:
        raise Refusal(40016, "invalid button size")
    return [_top(account, button) for button in buttons]


def _top(account: OfficialAccount, button: Any) -> Json:
    if not isinstance(button, dict):
        raise Refusal(40016, "invalid button size")
    below = button.get("sub_button") or []
    if not isinstance(below, list) or len(below) > BELOW:
        raise Refusal(40023, "invalid sub button size")
    if not below:
        return _button(account, button, 0) | {"sub_button": []}
    _size(button.get("name"), account.limits.menu_name_bytes, 0, 1)
    return {
        "name": button["name"],
        "sub_button": [_button(account, one, 1) | {"sub_button": []} for one in below],
    }


def _button(account: OfficialAccount, button: Any, level: int) -> Json:
    if not isinstance(button, dict):
        raise Refusal(40023, "invalid sub button size")
    if level and button.get("sub_button"):
        raise Refusal(40022, "invalid sub button level")
    limits = account.limits
    _size(button.get("name"), (limits.menu_name_bytes, limits.menu_sub_name_bytes)[level], level, 1)
    kind = button.get("type")
    if not isinstance(kind, str) or kind not in NEEDED:
        raise _refusal(level, 0)
    for field in NEEDED[kind]:
        most, word = (limits.menu_url_bytes, 3) if field == "url" else (limits.menu_key_bytes, 2)
        _size(button.get(field), most, level, word)
    if kind == "view" and not str(button["url"]).startswith(("http://", "https://")):
        raise Refusal(40055 if not level else 40054, "invalid button url domain")
    return {name: button[name] for name in ("type", "name", *NEEDED[kind])}


def _size(value: object, most: int, level: int, word: int) -> None:
    if not isinstance(value, str) or not 1 <= len(value.encode()) <= most:
        raise _refusal(level, word)


def _refusal(level: int, word: int) -> Refusal:
    return Refusal(CODES[level][word], f"invalid {'sub ' * level}button {WORDS[word]}")


def create(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/menu/create."""
    account.menu = {"button": check(account, body.get("button"))}
    return OK


def show(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """GET /cgi-bin/menu/get."""
    if account.menu is None:
        raise Refusal(46003, "menu no exist")
    more = [{"menuid": number, **menu} for number, menu in account.conditional_menus.items()]
    return {"menu": account.menu, **({"conditionalmenu": more} if more else {})}


def delete(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """GET /cgi-bin/menu/delete: the conditional ones go too."""
    account.menu = None
    account.conditional_menus.clear()
    return OK


def current(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """GET /cgi-bin/get_current_selfmenu_info."""
    buttons = []
    for button in (account.menu or {"button": []})["button"]:
        below = button["sub_button"]
        shown = {name: value for name, value in button.items() if name != "sub_button"}
        lists = [{name: value for name, value in one.items() if name != "sub_button"} for one in below]
        buttons.append(shown | ({"sub_button": {"list": lists}} if below else {}))
    return {"is_menu_open": int(account.menu is not None), "selfmenu_info": {"button": buttons}}


def add_conditional(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/menu/addconditional; of the rules, only the tag is still of use."""
    if account.menu is None:
        raise Refusal(65301, "not exist menu")
    rule = body.get("matchrule")
    if not isinstance(rule, dict) or not any(rule.values()):
        raise Refusal(65303, "match rule empty")
    buttons = check(account, body.get("button"))
    number = 400_000_000 + len(account.conditional_menus) + 1
    account.conditional_menus[number] = {"button": buttons, "matchrule": rule}
    return {"menuid": str(number)}


def delete_conditional(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/menu/delconditional."""
    number = str(body.get("menuid", ""))
    if not number.isdigit() or account.conditional_menus.pop(int(number), None) is None:
        raise Refusal(65301, "not exist menuid")
    return OK


def menu_of(account: OfficialAccount, follower: Follower) -> Json:
    """Return the menu that a follower sees: the newest conditional one that fits, else the common one."""
    for menu in reversed(account.conditional_menus.values()):
        wanted = menu["matchrule"].get("tag_id")
        if wanted is not None and int(wanted) in follower.tags:
            return {"button": menu["button"]}
    return account.menu or {"button": []}


def try_match(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/menu/trymatch."""
    follower = account.followers.get(str(body.get("user_id")))
    if follower is None:
        raise Refusal(65309, "user not subscribe")
    return menu_of(account, follower)


def leaves(menu: Json) -> Iterator[Json]:
    """Yield the buttons that can be pressed."""
    for button in menu["button"]:
        yield from button["sub_button"] or [button]


ENDPOINTS = (
    Endpoint("POST", "/cgi-bin/menu/create", create, PRODUCT),
    Endpoint("GET", "/cgi-bin/menu/get", show, PRODUCT),
    Endpoint("GET", "/cgi-bin/menu/delete", delete, PRODUCT),
    Endpoint("GET", "/cgi-bin/get_current_selfmenu_info", current, PRODUCT),
    Endpoint("POST", "/cgi-bin/menu/addconditional", add_conditional, PRODUCT),
    Endpoint("POST", "/cgi-bin/menu/delconditional", delete_conditional, PRODUCT),
    Endpoint("POST", "/cgi-bin/menu/trymatch", try_match, PRODUCT),
)
