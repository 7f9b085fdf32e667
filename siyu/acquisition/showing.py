"""Showing 页面渲染: the one template of pages that customers see, filled; what is not given is not there."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from siyu.acquisition.landing import Look
from siyu.content import files
from siyu.foundation.text import Text

TINTS = {"leaf": ("#2f6b4f", "#7cc29f"), "brick": ("#a5432c", "#e08a72"), "ink": ("#2b4a73", "#8fb3e0"), "plum": ("#713a63", "#cf97c1")}
"""By day and by night."""
CALLS = {"staff": Text("长按识别二维码，添加我们", "Press and hold the code to add us"), "group": Text("长按识别二维码，加入客户群", "Press and hold the code to join the group")}
_NOTHING: dict[str, Any] = {"picture": "", "qr": "", "call": "", "wechat": True, "here": "", "store": "", "go": "", "button": "", "footer": "", "finder": False, "q": "", "g": "", "near": [], "cities": {}}


def page(look: Look, *, brand: str, lang: str, kind: str = "staff", **parts: Any) -> str:
    """`parts`: qr, wechat, here, store, go, finder, q, g, near, cities, and words or picture in place of the look's own."""
    mine = {"words": look.words, "picture": f"/m/{look.picture.removeprefix(files.PREFIX)}" if look.picture else "", "button": look.button, "footer": look.footer}
    given = {**_NOTHING, **mine, "call": CALLS[kind].to(lang), **parts}
    return _environment().get_template("landing.html").render(
        lang=lang, brand=brand, title=look.title or brand, tint=TINTS[look.tint], t=lambda zh, en: zh if lang == "zh" else en, **given
    )


@cache
def _environment() -> Environment:
    return Environment(loader=PackageLoader("siyu.acquisition", "pages"), autoescape=select_autoescape(default=True), undefined=StrictUndefined, trim_blocks=True)
