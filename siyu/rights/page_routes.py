"""The preference page over HTTP: server-rendered, without scripts, reached by a link that is its own key.

Nothing is stored in the browser: no cookie, so no other site can act for the person; a post from another site's page is
turned away all the same. Every answer says that it must be neither indexed nor kept.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool

from siyu.customers import preference_links as links
from siyu.customers.preference_links import Link
from siyu.foundation.errors import NotAllowedError, SiyuError
from siyu.foundation.http import address_of, language_of
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.rights import export, preferences, requests
from siyu.rights.pace import Pace
from siyu.team.access import anyone

router = APIRouter(prefix="/p", include_in_schema=False)
Anyone = Annotated[Stores, Depends(anyone())]
PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}
TOLD: dict[str, Text] = {
    "save": Text("已保存，马上生效。", "Saved; it takes effect at once."),
    "same": Text("没有改动。", "Nothing was changed."),
    "withdraw": Text("已全部撤回，马上生效。", "All withdrawn; it takes effect at once."),
    "undo": Text("已撤销，恢复成上一次的选择。", "Taken back; it is as it was before."),
    "ask": Text("已收到，编号见下面的办理记录。", "Received; your number is below."),
    "take_back": Text("请求已取消。", "The request was taken back."),
}
ASKED = ("access", "correct", "restrict", "erase")
BIGGEST = 20_000


@router.get("/{token}")
async def show(token: str, request: Request, stores: Anyone, told: str = "") -> Response:
    return await run_in_threadpool(_show, token, request, stores, told)


@router.post("/{token}")
async def change(token: str, request: Request, stores: Anyone) -> Response:
    sent = await _form(request)
    return await run_in_threadpool(_change, token, request, stores, sent)


@router.get("/{token}/unsubscribe")
async def ask_first(token: str, request: Request, stores: Anyone) -> Response:
    """A person follows the link of a letter: one button, because programs follow links too."""
    return await run_in_threadpool(_ask_first, token, request, stores)


@router.post("/{token}/unsubscribe")
async def unsubscribe(token: str, request: Request, stores: Anyone) -> Response:
    """One tap in the mail program (RFC 8058): no log-in, no question, no redirect."""
    return await run_in_threadpool(_unsubscribe, token, request, stores)


@router.get("/{token}/files/{request_id}")
async def fetch(token: str, request_id: str, request: Request, stores: Anyone) -> Response:
    return await run_in_threadpool(_fetch, token, request_id, request, stores)


def _show(token: str, request: Request, stores: Stores, told: str) -> Response:
    try:
        link = _opened(stores, token, request)
    except SiyuError as error:
        return _gone(request, stores, error)
    with stores.ledger.read() as tx:
        page = preferences.read(stores, tx, link.customer_id)
    return _page("page.html", request, stores, page=page, token=token, told=told and TOLD.get(told), undoable=told in ("save", "withdraw"), now=stores.now())


def _change(token: str, request: Request, stores: Stores, sent: list[tuple[str, str]]) -> Response:
    try:
        _must_be_own(request)
        link, fields = _opened(stores, token, request), dict(sent)
        told = _do(stores, link, fields, {value for name, value in sent if name == "on"}, f"{address_of(request)} {request.headers.get('user-agent', '')}"[:200])
    except SiyuError as error:
        return _gone(request, stores, error)
    language = f"&lang={fields['lang']}" if fields.get("lang") in ("zh", "en") else ""
    return RedirectResponse(f"/p/{token}?told={told}{language}", 303, PRIVATE)


def _do(stores: Stores, link: Link, fields: dict[str, str], on: set[str], evidence: str) -> str:
    act = fields.get("act", "")
    with stores.ledger.begin() as tx:
        page = preferences.read(stores, tx, link.customer_id)
        if act == "undo":
            return "undo" if preferences.undo(stores, tx, link.customer_id) else "same"
        if act == "withdraw":
            return "withdraw" if preferences.withdraw(stores, tx, link.customer_id, purpose="", carrier="", evidence=evidence) else "same"
        if act in ASKED:
            requests.open_request(stores, tx, page.customer_id, act, preferences.PERSON, source="page", said=fields.get("said", "")[:500])
            return "ask"
        if act == "take_back":
            if fields.get("request") in {one.id for one in page.requests}:
                requests.take_back(stores, tx, fields["request"], preferences.PERSON)
            return "take_back"
        wanted = {(offer.purpose.purpose, choice.carrier): f"{offer.purpose.purpose}.{choice.carrier}" in on for offer in page.offers for choice in offer.choices}
        return "save" if act == "save" and preferences.set_choices(stores, tx, page, wanted, evidence) else "same"


def _ask_first(token: str, request: Request, stores: Stores) -> Response:
    try:
        _opened(stores, token, request)
    except SiyuError as error:
        return _gone(request, stores, error)
    title = Text("不再接收这类消息?", "No more messages of this kind?")
    return _page("gone.html", request, stores, title=title, said=Text("点一下就生效。", "One tap, and it takes effect at once."), confirm=Text("退订", "Unsubscribe"))


def _unsubscribe(token: str, request: Request, stores: Stores) -> Response:
    try:
        link = _opened(stores, token, request)
    except SiyuError as error:
        return _gone(request, stores, error)
    with stores.ledger.begin() as tx:
        preferences.withdraw(stores, tx, link.customer_id, purpose=link.purpose, carrier=link.carrier, evidence="one click, RFC 8058")
    return _page("gone.html", request, stores, title=Text("已退订", "Unsubscribed"), said=Text("马上生效。", "It takes effect at once."), confirm=None)


def _fetch(token: str, request_id: str, request: Request, stores: Stores) -> Response:
    try:
        link = _opened(stores, token, request)
        with stores.ledger.begin() as tx:
            page = preferences.read(stores, tx, link.customer_id)
            path = export.find_file(stores, tx, request_id, of={one.id for one in page.requests}, reader=preferences.PERSON)
    except SiyuError as error:
        return _gone(request, stores, error)
    return FileResponse(path, media_type="application/zip", filename="my-data.zip", headers=PRIVATE)


def _opened(stores: Stores, token: str, request: Request) -> Link:
    pace: Pace = request.app.state.__dict__.setdefault("rights_pace", Pace())
    pace.count(address_of(request), token, stores.now())
    return links.open_token(stores, token)


def _must_be_own(request: Request) -> None:
    """A browser says from which page a form was sent; another site's is turned away. Programs that say nothing know the link."""
    origin = request.headers.get("origin", "")
    is_foreign = origin not in ("", "null") and urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower()
    if is_foreign or request.headers.get("sec-fetch-site", "same-origin") == "cross-site":
        raise NotAllowedError(Text("请从你自己的偏好页操作", "please use your own preference page"))


async def _form(request: Request) -> list[tuple[str, str]]:
    body = (await request.body())[:BIGGEST]
    return parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=100) if body.count(b"&") < 100 else []


def _gone(request: Request, stores: Stores, error: SiyuError) -> HTMLResponse:
    answer = _page("gone.html", request, stores, title=error.message, said=error.way_out or error.title, confirm=None)
    answer.status_code = error.http_status
    return answer


def _page(name: str, request: Request, stores: Stores, **parts: Any) -> HTMLResponse:
    asked = request.query_params.get("lang")
    lang = asked if asked in ("zh", "en") else language_of(request)

    def tt(text: Text | str | None) -> str:
        return text.to(lang) if isinstance(text, Text) else text or ""

    said = {key: tt(value) if isinstance(value, Text) else value for key, value in parts.items()}
    html = _templates().get_template(name).render(
        **said, lang=lang, brand=request.app.state.sample_name(stores) or stores.settings.brand_name, t=lambda zh, en: zh if lang == "zh" else en, tt=tt, kinds=requests.KINDS, states=requests.STATES,
        open_states=requests.OPEN, day=lambda at: stores.calendar.on(at).isoformat(), stay=lambda: Markup(f'<input type="hidden" name="lang" value="{lang}">') if asked else "",  # noqa: S704  one of two words
    )  # fmt: skip
    return HTMLResponse(html, headers={**PRIVATE, "Content-Language": "zh-CN" if lang == "zh" else "en"})


@cache
def _templates() -> Environment:
    return Environment(loader=PackageLoader("siyu.rights"), autoescape=select_autoescape(default=True), undefined=StrictUndefined, trim_blocks=True)
