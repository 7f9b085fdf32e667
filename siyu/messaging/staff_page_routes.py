"""The page of tasks on a member of staff's phone: server-rendered, without scripts, reached by a link that is its own key."""

from __future__ import annotations

from functools import cache
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape
from starlette.concurrency import run_in_threadpool

from siyu.foundation.errors import NotAllowedError, SiyuError
from siyu.foundation.http import RowId, language_of
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.messaging import staff_links, staff_tasks, todos
from siyu.team.access import anyone

router = APIRouter(prefix="/t", include_in_schema=False)
Anyone = Annotated[Stores, Depends(anyone())]
PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}
STATES: dict[str, Text] = {"open": Text("待发送", "To send"), "sent": Text("已发送", "Sent"), "cancelled": Text("已取消", "Cancelled"), "over": Text("已截止", "Over")}
ATTACHMENTS: dict[str, Text] = {
    "image": Text("图片", "picture"), "link": Text("链接", "link"), "miniprogram": Text("小程序", "mini program"), "video": Text("视频", "video"), "file": Text("文件", "file"),
}  # fmt: skip
TODO_STATES: dict[str, Text] = {
    "open": Text("待完成", "To do"), "done": Text("已完成", "Done"), "not_reached": Text("未联系上", "Not reached"), "over": Text("已截止", "Over"), "cancelled": Text("已取消", "Cancelled"),
}  # fmt: skip
BIGGEST = 20_000


@router.get("/{token}")
def show(token: str, request: Request, stores: Anyone) -> HTMLResponse:
    """What this member of staff has to send, and what was sent."""
    try:
        account_id, staff = staff_links.open_token(stores, token)
        with stores.ledger.read() as tx:
            found, asked = staff_tasks.of_staff(stores, tx, account_id, staff), todos.of_staff(tx, account_id, staff)
    except SiyuError as error:
        return _refused(request, stores, error)
    return _shown(request, stores, tasks=found, asked=asked, said="", way_out="")


@router.post("/{token}/todos/{id}")
async def answer(token: str, id: RowId, request: Request, stores: Anyone) -> Response:
    """What they say of one thing that they were asked to do: done, or the customer was not reached; and a note."""
    body = (await request.body())[:BIGGEST]
    sent = dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=20)) if body.count(b"&") < 20 else {}
    return await run_in_threadpool(_answer, token, id, request, stores, sent)


def _answer(token: str, id: int, request: Request, stores: Stores, sent: dict[str, str]) -> Response:
    try:
        _must_be_own(request)
        account_id, staff = staff_links.open_token(stores, token)
        with stores.ledger.begin() as tx:
            todos.answer(stores, tx, id, account_id=account_id, staff=staff, status=sent.get("status", ""), note=sent.get("note", ""))
    except SiyuError as error:
        return _refused(request, stores, error)
    language = f"?lang={sent['lang']}" if sent.get("lang") in ("zh", "en") else ""
    return RedirectResponse(f"/t/{token}{language}", 303, PRIVATE)


def _must_be_own(request: Request) -> None:
    """A browser says from which page a form was sent; another site's is turned away."""
    origin = request.headers.get("origin", "")
    is_foreign = origin not in ("", "null") and urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower()
    if is_foreign or request.headers.get("sec-fetch-site", "same-origin") == "cross-site":
        raise NotAllowedError(Text("请从你自己的任务页操作", "please use your own page of tasks"))


def _refused(request: Request, stores: Stores, error: SiyuError) -> HTMLResponse:
    lang = _language(request)
    answer = _shown(request, stores, tasks=None, asked=[], said=error.message.to(lang), way_out=error.way_out.to(lang) if error.way_out else "")
    answer.status_code = error.http_status
    return answer


def _shown(request: Request, stores: Stores, **parts: object) -> HTMLResponse:
    lang = _language(request)
    html = _page().render(lang=lang, brand=request.app.state.sample_name(stores) or stores.settings.brand_name, token=request.path_params["token"], **parts, **_words(lang, stores))
    return HTMLResponse(html, headers={**PRIVATE, "Content-Language": "zh-CN" if lang == "zh" else "en"})


def _language(request: Request) -> str:
    asked = request.query_params.get("lang")
    return asked if asked in ("zh", "en") else language_of(request)


def _words(lang: str, stores: Stores) -> dict[str, object]:
    return {
        "t": lambda zh, en: zh if lang == "zh" else en, "state": lambda name: STATES[name].to(lang), "todo_state": lambda name: TODO_STATES[name].to(lang), "kind": lambda name: ATTACHMENTS[name].to(lang) if name in ATTACHMENTS else name,
        "at": lambda moment: f"{moment.astimezone(stores.calendar.zone):%m-%d %H:%M}" if moment else "",
    }  # fmt: skip


@cache
def _page() -> Template:
    return Environment(loader=PackageLoader("siyu.messaging"), autoescape=select_autoescape(default=True), undefined=StrictUndefined, trim_blocks=True).get_template("tasks.html")
