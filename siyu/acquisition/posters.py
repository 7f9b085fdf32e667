"""Posters 海报: the picture of a code, and sheets that are printed with it.

A sheet is written as SVG in millimetres with bleed and crop marks: words stay words, so whoever opens it draws Chinese with the fonts of
their own machine (the console draws it to PNG), and no font is needed here. The code is drawn as one path and stays sharp at any size.
"""

from __future__ import annotations

import io
import re
import zipfile
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import escape

import segno

from siyu.content import files
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

Template = Literal["plain", "picture", "band"]
Size = Literal["a4", "a3", "60x90", "phone"]
SIZES: dict[str, tuple[Text, int, int, int]] = {
    "a4": (Text("A4 台卡", "A4"), 210, 297, 3),
    "a3": (Text("A3 张贴", "A3"), 297, 420, 3),
    "60x90": (Text("60×90 海报", "60×90 cm"), 600, 900, 5),
    "phone": (Text("手机转发", "For phones"), 90, 160, 0),
}
"""Name, width and height of the trimmed sheet in mm, and the bleed on each side (60×90: 5 mm, as large printers ask)."""
TEMPLATES: dict[str, Text] = {
    "plain": Text("留白", "Plain"),
    "picture": Text("大图", "Picture"),
    "band": Text("色带", "Band"),
}
FONTS = "'PingFang SC','HarmonyOS Sans SC','Microsoft YaHei','Noto Sans CJK SC','Noto Sans SC','WenQuanYi Micro Hei',sans-serif"
LENGTHS = {"title": 40, "words": 120, "call": 30, "name": 40}
MOST_TOGETHER = 500
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_MARK_MM = 5


@dataclass(frozen=True)
class Design:
    """What stands on a sheet. `call`: beneath the code. `name`: at the foot; '' for the code's own name. `picture`: `media:<hash>`, or ''. `marks`: crop marks."""

    template: Template = "plain"
    size: Size = "a4"
    title: str = ""
    words: str = ""
    call: str = "微信扫一扫"
    name: str = ""
    picture: str = ""
    colour: str = "#2f6b4f"
    marks: bool = True


def qr_svg(text: str, size_mm: float | None = None) -> str:
    """The code alone as SVG; level Q: a quarter of it may be dirty."""
    path, modules = _path(text)
    size = f' width="{size_mm:g}mm" height="{size_mm:g}mm"' if size_mm else ""
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {modules} {modules}"{size}><path fill="#fff" d="M0 0h{modules}v{modules}H0z"/><path d="{path}"/></svg>'


def qr_data(text: str) -> str:
    """The code alone, to stand in a page."""
    return f"data:image/svg+xml;base64,{b64encode(qr_svg(text).encode()).decode()}"


def qr_png(text: str, pixels: int = 1000) -> bytes:
    """The code alone as PNG, at least so many points wide (whole points a module, so that no edge is blurred)."""
    code = segno.make(text, error="q", micro=False)
    modules = code.symbol_size(border=4)[0]
    out = io.BytesIO()
    code.save(out, kind="png", scale=max(1, -(-pixels // modules)), border=4)
    return out.getvalue()


def check(stores: Stores, design: Design) -> bytes | None:
    """The picture of a design, if it has one.

    Raises
    ------
    InvalidError
    """
    faults = [Fault(name, Text(f"最多 {most} 个字", f"at most {most} characters")) for name, most in LENGTHS.items() if len(getattr(design, name)) > most]
    if not _COLOUR.fullmatch(design.colour):
        faults.append(Fault("colour", Text("形如 #2f6b4f", "such as #2f6b4f")))
    content = None
    if design.picture:
        with stores.ledger.read() as tx:
            found = files.find(tx, design.picture.removeprefix(files.PREFIX))
        if found.kind != "image":
            faults.append(Fault("picture", Text("请选一张图片", "choose a picture")))
        content = files.content_of(stores, found.content_hash)
    elif design.template == "picture":
        faults.append(Fault("picture", Text("这个模板要一张图片", "this template needs a picture")))
    if faults:
        raise InvalidError(Text("海报有误", "the poster is not valid"), faults=faults)
    return content


def sheet(design: Design, address: str, name: str, picture: bytes | None) -> str:
    """One sheet as SVG: the trimmed sheet lies at (0, 0), the bleed around it; with crop marks there is room around the bleed."""
    _, width, height, bleed = SIZES[design.size]
    room = bleed + (_MARK_MM + 2 if design.marks and bleed else 0)
    parts = [f'<rect x="{-bleed}" y="{-bleed}" width="{width + 2 * bleed}" height="{height + 2 * bleed}" fill="#fff"/>']
    parts += {"plain": _plain, "picture": _picture, "band": _band}[design.template](design, address, design.name or name, picture, width, height, bleed)
    if room > bleed:
        parts.append(_crop(width, height, bleed))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width + 2 * room}mm" height="{height + 2 * room}mm" '
        f'viewBox="{-room} {-room} {width + 2 * room} {height + 2 * room}" font-family="{FONTS}">{"".join(parts)}</svg>'
    )


def bundle(design: Design, picture: bytes | None, sheets: Sequence[tuple[str, str]]) -> bytes:
    """A ZIP of (name, address): for each its sheet as SVG and its code as SVG and PNG."""
    out, used = io.BytesIO(), set[str]()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, address in sheets:
            stem = file_name(name, used)
            packed.writestr(f"{stem}.svg", sheet(design, address, name, picture))
            packed.writestr(f"{stem}-qr.svg", qr_svg(address, 100))
            packed.writestr(f"{stem}-qr.png", qr_png(address))
    return out.getvalue()


def file_name(name: str, used: set[str]) -> str:
    """A name that every file system takes, and that none of the others has."""
    stem = re.sub(r'[\\/:*?"<>|\x00-\x1f]+', "_", name).strip(" .")[:60] or "code"
    found, number = stem, 2
    while found.casefold() in used:
        found, number = f"{stem} {number}", number + 1
    used.add(found.casefold())
    return found


def lines(text: str, width: float, size: float) -> list[str]:
    """Words broken into lines of at most `width`, for letters of `size`: a Chinese sign is as wide as it is high, others a little over half."""
    found: list[str] = []
    for paragraph in text.splitlines():
        line, used = "", 0.0
        for sign in paragraph:
            wide = size * (1.0 if ord(sign) > 0x2E7F else 0.56)
            if line and used + wide > width:
                found.append(line.rstrip())
                line, used = "", 0.0
            line, used = line + sign, used + wide
        found.append(line.rstrip())
    return found


def _plain(design: Design, address: str, name: str, picture: bytes | None, w: int, h: int, bleed: int) -> list[str]:
    side = w * 0.5
    parts = [_text(design.title, w / 2, h * 0.14, w * 0.075, w * 0.84, design.colour, bold=True), _text(design.words, w / 2, h * 0.27, w * 0.036, w * 0.76, "#444")]
    parts += [_code(address, (w - side) / 2, h * 0.4, side), _text(design.call, w / 2, h * 0.4 + side + w * 0.075, w * 0.05, w * 0.84, "#1f2421", bold=True)]
    return [*parts, _text(name, w / 2, h * 0.93, w * 0.034, w * 0.84, "#666")]


def _picture(design: Design, address: str, name: str, picture: bytes | None, w: int, h: int, bleed: int) -> list[str]:
    """The picture fills the upper three fifths up to the edge of the bleed."""
    top, side = h * 0.6, w * 0.34
    box = f'x="{-bleed}" y="{-bleed}" width="{w + 2 * bleed}" height="{top + bleed:g}"'
    parts = [f'<image {box} preserveAspectRatio="xMidYMid slice" href="{_data(picture or b"")}"/>', _code(address, w * 0.07, top + h * 0.05, side)]
    left, room = w * 0.46, w * 0.48
    parts.append(_text(design.title, left, top + h * 0.09, w * 0.058, room, design.colour, bold=True, anchor="start"))
    parts.append(_text(design.words, left, top + h * 0.2, w * 0.032, room, "#444", anchor="start"))
    parts.append(_text(design.call, w * 0.07 + side / 2, top + h * 0.05 + side + w * 0.05, w * 0.036, side, "#1f2421", bold=True))
    return [*parts, _text(name, left, h * 0.95, w * 0.03, room, "#666", anchor="start")]


def _band(design: Design, address: str, name: str, picture: bytes | None, w: int, h: int, bleed: int) -> list[str]:
    """A band of colour at the head, over the bleed; the code on white below."""
    top, side = h * 0.36, w * 0.52
    parts = [f'<rect x="{-bleed}" y="{-bleed}" width="{w + 2 * bleed}" height="{top + bleed:g}" fill="{design.colour}"/>']
    parts.append(_text(design.title, w / 2, top * 0.42, w * 0.085, w * 0.86, "#fff", bold=True))
    parts.append(_text(design.words, w / 2, top * 0.78, w * 0.036, w * 0.8, "#fff"))
    parts += [_code(address, (w - side) / 2, h * 0.43, side), _text(design.call, w / 2, h * 0.43 + side + w * 0.07, w * 0.05, w * 0.84, "#1f2421", bold=True)]
    return [*parts, _text(name, w / 2, h * 0.95, w * 0.034, w * 0.84, "#666")]


def _code(address: str, x: float, y: float, side: float) -> str:
    path, modules = _path(address)
    scale = side / modules
    return f'<g transform="translate({x:g} {y:g}) scale({scale:.6g})"><path fill="#fff" d="M0 0h{modules}v{modules}H0z"/><path d="{path}" shape-rendering="crispEdges"/></g>'


def _text(text: str, x: float, y: float, size: float, width: float, colour: str, *, bold: bool = False, anchor: str = "middle") -> str:
    weight = ' font-weight="700"' if bold else ""
    rows = [f'<tspan x="{x:g}" dy="{0 if at == 0 else size * 1.4:g}">{escape(line) or " "}</tspan>' for at, line in enumerate(lines(text, width, size))]
    return f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" text-anchor="{anchor}" fill="{colour}"{weight}>{"".join(rows)}</text>' if text.strip() else ""


def _crop(width: int, height: int, bleed: int) -> str:
    """Marks where the sheet is cut: outside of the bleed, a quarter of a millimetre wide."""
    near, far = bleed + 1, bleed + 1 + _MARK_MM
    marks = [f"M{x} {-near}V{-far}M{x} {height + near}V{height + far}" for x in (0, width)] + [f"M{-near} {y}H{-far}M{width + near} {y}H{width + far}" for y in (0, height)]
    return f'<path d="{"".join(marks)}" stroke="#000" stroke-width=".25" fill="none"/>'


def _path(text: str) -> tuple[str, int]:
    """The dark modules as one path of horizontal runs, with the quiet zone of four modules that the norm asks for; and how many modules wide it is."""
    code = segno.make(text, error="q", micro=False)
    rows = [bytes(row) for row in code.matrix_iter(border=4)]
    parts = []
    for y, row in enumerate(rows):
        at = 0
        while at < len(row):
            end = at
            while end < len(row) and row[end]:
                end += 1
            if end > at:
                parts.append(f"M{at} {y}h{end - at}v1H{at}z")
            at = max(end, at) + 1
    return "".join(parts), len(rows)


def _data(content: bytes) -> str:
    seen = files.look(content)
    return f"data:{seen.type if seen else 'image/png'};base64,{b64encode(content).decode()}"
