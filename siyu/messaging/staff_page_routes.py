"""The page of tasks on a member of staff's phone: server-rendered, without scripts, reached by a link that is its own key."""

from __future__ import annotations

from functools import cache
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape

from siyu.foundation.errors import SiyuError
from siyu.foundation.http import language_of
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.messaging import staff_links, staff_tasks
from siyu.team.access import anyone

router = APIRouter(prefix="/t", include_in_schema=False)
Anyone = Annotated[Stores, Depends(anyone())]
PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}
STATES: dict[str, Text] = {"open": Text("待发送", "To send"), "sent": Text("已发送", "Sent"), "cancelled": Text("已取消", "Cancelled"), "over": Text("已截止", "Over")}
ATTACHMENTS: dict[str, Text] = {
    "image": Text("图片", "picture"), "link": Text("链接", "link"), "miniprogram": Text("小程序", "mini program"), "video": Text("视频", "video"), "file": Text("文件", "file"),
}  # fmt: skip


@router.get("/{token}")
def show(token: str, request: Request, stores: Anyone) -> HTMLResponse:
    """What this member of staff has to send, and what was sent."""
    asked = request.query_params.get("lang")
    lang = asked if asked in ("zh", "en") else language_of(request)
    brand = request.app.state.sample_name(stores) or stores.settings.brand_name
    try:
        account_id, staff = staff_links.open_token(stores, token)
        with stores.ledger.read() as tx:
            found = staff_tasks.of_staff(stores, tx, account_id, staff)
    except SiyuError as error:
        html = _page().render(lang=lang, brand=brand, tasks=None, said=error.message.to(lang), way_out=error.way_out.to(lang) if error.way_out else "", **_words(lang, stores))
        return HTMLResponse(html, error.http_status, PRIVATE)
    html = _page().render(lang=lang, brand=brand, tasks=found, said="", way_out="", **_words(lang, stores))
    return HTMLResponse(html, headers={**PRIVATE, "Content-Language": "zh-CN" if lang == "zh" else "en"})


def _words(lang: str, stores: Stores) -> dict[str, object]:
    return {
        "t": lambda zh, en: zh if lang == "zh" else en, "state": lambda name: STATES[name].to(lang), "kind": lambda name: ATTACHMENTS[name].to(lang) if name in ATTACHMENTS else name,
        "at": lambda moment: f"{moment.astimezone(stores.calendar.zone):%m-%d %H:%M}" if moment else "",
    }  # fmt: skip


@cache
def _page() -> Template:
    return Environment(loader=PackageLoader("siyu.messaging"), autoescape=select_autoescape(default=True), undefined=StrictUndefined, trim_blocks=True).get_template("tasks.html")
