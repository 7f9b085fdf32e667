"""Codes of a mini program (小程序码): unlimited ones with a scene, and a hundred thousand fixed ones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from siyu_sandbox.mini_program.account import MiniProgram
from siyu_sandbox.registry import Answer, Endpoint, Json, Refusal
from siyu_sandbox.weixin.pictures import code_picture
from siyu_sandbox.windows import Window

if TYPE_CHECKING:
    from siyu_sandbox.sandbox import Sandbox

PRODUCT = "mini_program"
SCENE = re.compile(r"[0-9a-zA-Z!#$&'()*+,/:;=?@\-._~]+")
WIDTHS = range(280, 1281)
WIDTH = 430
PATH_BYTES = 1024
QR_PATH_BYTES = 128


def _picture(account: MiniProgram, page: str, scene: str, body: Json) -> Answer:
    width = body.get("width") or WIDTH
    # Narrower and wider ones are cut to the bounds, as the vendor does.
    width = min(max(int(width), WIDTHS.start), WIDTHS.stop - 1) if str(width).isdigit() else WIDTH
    text = f"{account.appid}/{page}?scene={scene}"
    account.code_pages[text] = (page, scene)
    return Answer(code_picture(text, width, _color(body.get("line_color"))), "image/png")


def _color(wish: Any) -> tuple[int, int, int]:
    try:
        red, green, blue = (int(wish[part]) & 255 for part in "rgb")
    except (KeyError, TypeError, ValueError):
        return 0, 0, 0
    return red, green, blue


def unlimited(box: Sandbox, account: MiniProgram, query: dict[str, str], body: Json) -> Answer:
    """POST /wxa/getwxacodeunlimit."""
    box.windows.take(
        account.appid, "/wxa/getwxacodeunlimit:minute", [Window(account.limits.codes_per_minute, 60)]
    )
    scene = body.get("scene")
    if (
        not isinstance(scene, str)
        or len(scene) > account.limits.scene_characters
        or not SCENE.fullmatch(scene)
    ):
        raise Refusal(40129, "invalid scene")
    page = str(body.get("page") or "")
    checked = body.get("check_path", True)
    if page.startswith("/") or "?" in page or (page and checked and not account.has_page(page)):
        raise Refusal(41030, "invalid page hint")
    if body.get("env_version", "release") not in ("release", "trial", "develop"):
        raise Refusal(40097, "invalid args")
    return _picture(account, page, scene, body)


def _fixed(account: MiniProgram, body: Json, most: int) -> Answer:
    path = str(body.get("path") or "")
    if not path or len(path.encode()) > most:
        raise Refusal(40159, "invalid length for path, or the data is not json string")
    if account.fixed_codes >= account.limits.fixed_codes:
        raise Refusal(45029, "qrcode count out of limit")
    account.fixed_codes += 1
    return _picture(account, path, "", body)


def fixed(box: Sandbox, account: MiniProgram, query: dict[str, str], body: Json) -> Answer:
    """POST /wxa/getwxacode."""
    return _fixed(account, body, PATH_BYTES)


def fixed_square(box: Sandbox, account: MiniProgram, query: dict[str, str], body: Json) -> Answer:
    """POST /cgi-bin/wxaapp/createwxaqrcode."""
    return _fixed(account, body, QR_PATH_BYTES)


ENDPOINTS = (
    Endpoint("POST", "/wxa/getwxacodeunlimit", unlimited, PRODUCT),
    Endpoint("POST", "/wxa/getwxacode", fixed, PRODUCT),
    Endpoint("POST", "/cgi-bin/wxaapp/createwxaqrcode", fixed_square, PRODUCT),
)
