"""Customers' doors over HTTP: tracked links, article pages, pictures, and the way out of being tracked.

A token is its own key; a redirect goes only where the piece says. Nobody waits for what is written down about them longer
than it takes to write, and a link works also when nothing can be written.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from secrets import randbits
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool

from siyu.content import article_pages, files, quiet, tokens, visitors
from siyu.content.article_pages import Article
from siyu.content.links import ARTICLE, Link, public
from siyu.content.programs import is_program, is_wechat
from siyu.content.recognising import Recogniser
from siyu.content.tokens import Ticket
from siyu.content.touches import Touch, Touches
from siyu.foundation.clock import to_ms
from siyu.foundation.errors import NotAllowedError, NotFoundError, SiyuError
from siyu.foundation.http import RowId, language_of
from siyu.foundation.ids import content_hash
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.team.access import anyone

router = APIRouter(include_in_schema=False)
Anyone = Annotated[Stores, Depends(anyone())]
PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}
LONGEST_SECONDS = 3600
BIGGEST = 1_000
_CHINESE = re.compile("[\u4e00-\u9fff]")
_PAGES = Path(__file__).parent / "pages"


@router.api_route("/l/{token}", methods=["GET", "HEAD"])
async def open_link(token: str, request: Request, stores: Anyone) -> Response:
    """Lead on to the address in the piece, and write down that somebody opened it."""
    try:
        ticket, link = await _found(stores, request, token)
    except SiyuError as error:
        return _gone(request, stores, error)
    if link.number == ARTICLE:
        return RedirectResponse(f"/a/{token}", 302, PRIVATE)
    if (asked := await _asked_for(request, stores, token, ticket)) is not None:
        return asked
    return await _led_on(request, stores, ticket, link)


@router.api_route("/a/{token}", methods=["GET", "HEAD"])
async def read_article(token: str, request: Request, stores: Anyone) -> Response:
    if token == "read.js":  # noqa: S105  the script of the page, no secret
        return _script(request)
    try:
        ticket, link = await _found(stores, request, token)
    except SiyuError as error:
        return _gone(request, stores, error)
    if link.number != ARTICLE:
        return RedirectResponse(f"/l/{token}", 302, PRIVATE)
    if (asked := await _asked_for(request, stores, token, ticket)) is not None:
        return asked
    return await _article(request, stores, token, ticket, link)


@router.post("/a/{token}/seen")
async def read_on(token: str, request: Request, stores: Anyone) -> Response:
    """How long the page was in sight, as its script tells."""
    try:
        _must_be_own(request)
        ticket, _ = await _found(stores, request, token)
    except SiyuError as error:
        return Response(status_code=error.http_status)
    told = parse_qs((await request.body())[:BIGGEST].decode("utf-8", "replace"), max_num_fields=10)
    visit, part, seconds = (_number(told, name) for name in ("visit", "part", "seconds"))
    if visit and seconds and not is_program(request.method, request.headers):
        touch = _touch(request, stores, ticket)
        touch.visit, touch.part, touch.seconds = visit % (1 << 63), min(part, 10_000), min(seconds, LONGEST_SECONDS)
        await _touches(request).put(touch)
    return Response(status_code=204, headers=PRIVATE)


@router.get("/l/{token}/stop")
async def ask_first(token: str, request: Request, stores: Anyone) -> Response:
    """One button, because programs follow links too."""
    try:
        await _found(stores, request, token)
    except SiyuError as error:
        return _gone(request, stores, error)
    title, said = Text("不再记录我的阅读?", "Do not record my reading?"), Text("点一下就生效，链接照常能用。", "One tap, and it takes effect at once. Links go on working.")
    return _said(request, stores, title, said, (f"/l/{token}/stop", Text("不再记录", "Do not record")))


@router.post("/l/{token}/stop")
async def stop(token: str, request: Request, stores: Anyone) -> Response:
    try:
        _must_be_own(request)
        ticket, _ = await _found(stores, request, token)
        touch = _touch(request, stores, ticket)
        await run_in_threadpool(quiet.stop, stores, touch)
    except SiyuError as error:
        return _gone(request, stores, error)
    said = Text("从现在起不记录你打开和阅读了什么，链接照常能用。", "From now on we do not record what you open and read. Links go on working.")
    answer = _said(request, stores, Text("已停止记录", "Not recorded any more"), said, (f"/l/{token}/track", Text("撤销", "Undo")))
    _keep_cookie(answer, stores, touch.visitor)
    return answer


@router.post("/l/{token}/track")
async def take_back(token: str, request: Request, stores: Anyone) -> Response:
    try:
        _must_be_own(request)
        ticket, _ = await _found(stores, request, token)
        await run_in_threadpool(quiet.resume, stores, _touch(request, stores, ticket))
    except SiyuError as error:
        return _gone(request, stores, error)
    return _said(request, stores, Text("已撤销", "Taken back"), Text("和原来一样。", "It is as it was before."), None)


@router.get("/l/{token}/wx/{account_id}")
async def named_by_wechat(token: str, account_id: RowId, request: Request, stores: Anyone, code: str = "") -> Response:
    """WeChat sends the reader back here with a code; whoever it names, they are led on."""
    try:
        ticket, link = await _found(stores, request, token)
    except SiyuError as error:
        return _gone(request, stores, error)
    known = await _recogniser(request).named(account_id, code) if code else 0
    if link.number == ARTICLE:
        return await _article(request, stores, token, ticket, link, known)
    return await _led_on(request, stores, ticket, link, known)


@router.api_route("/m/{digest}", methods=["GET", "HEAD"])
async def show_picture(digest: str, request: Request, stores: Anyone) -> Response:
    """A picture that an approved version shows; others are for the console only."""
    try:
        found, content = await run_in_threadpool(_picture, stores, digest)
    except SiyuError as error:
        return Response(status_code=error.http_status)
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "Cross-Origin-Resource-Policy": "cross-origin", "Content-Security-Policy": "default-src 'none'; sandbox"}
    return Response(content, media_type=found.type, headers=headers)


def _picture(stores: Stores, digest: str) -> tuple[files.Media, bytes]:
    with stores.ledger.read() as tx:
        found = files.find(tx, digest)
    if not found.shown or found.kind != "image":
        raise NotFoundError(Text("没有这张图片", "there is no such picture"))
    return found, files.content_of(stores, digest)


async def _found(stores: Stores, request: Request, token: str) -> tuple[Ticket, Link]:
    ticket = tokens.open_token(stores.secrets, token)
    if ticket is None:
        raise NotFoundError(Text("链接无效", "the link is not valid"), way_out=Text("请联系我们要一个新的链接", "ask us for a new one"))
    touches = _touches(request)
    held = touches.held(ticket.link_id)
    return ticket, held if held is not None else await run_in_threadpool(touches.find, ticket.link_id)


async def _asked_for(request: Request, stores: Stores, token: str, ticket: Ticket) -> Response | None:
    """Where many share a link, WeChat can say who reads: the reader is sent there and comes straight back, once."""
    if ticket.who == "customer" or visitors.COOKIE in request.cookies or not is_wechat(request.headers) or is_program(request.method, request.headers):
        return None
    if not stores.settings.public_url:
        # WeChat sends people back to an address on the net only.
        return None
    address = await _recogniser(request).address(f"{public(stores.settings)}/l/{token}/wx")
    return None if address is None else RedirectResponse(address, 302, PRIVATE)


async def _led_on(request: Request, stores: Stores, ticket: Ticket, link: Link, known: int = 0) -> Response:
    answer = RedirectResponse(link.url, 302, PRIVATE)
    touch = await _noted(request, stores, ticket, known)
    if touch is not None:
        _keep_cookie(answer, stores, touch.visitor)
    return answer


async def _article(request: Request, stores: Stores, token: str, ticket: Ticket, link: Link, known: int = 0) -> Response:
    touch = await _noted(request, stores, ticket, known)
    article = await _loaded(request, stores, link)
    own, who, person = token, ticket.who, ticket.person
    if touch is not None and touch.recorded and touch.visitor and not (ticket.who == "customer" and touch.reader):
        who, person = "visitor", touch.visitor
        own = tokens.seal(stores.secrets, link.id, [person], who="visitor")[0]
    html, go = article_pages.shown(stores, article, who, person)
    language = language_of(request)
    page = _environment().get_template("article.html").render(
        title=article.title, desc=article.desc, author=article.author, html=Markup(html), go=go, token=token, own=own,  # noqa: S704  sanitised when it was written
        brand=_brand(request, stores), visit=randbits(52) if touch is not None and touch.recorded else 0, quiet=touch is not None and not touch.recorded,
        lang=language, said_in="zh-CN" if _CHINESE.search(html) else "en", t=lambda zh, en: zh if language == "zh" else en,
    )  # fmt: skip
    answer = HTMLResponse(page, headers=PRIVATE)
    if touch is not None:
        _keep_cookie(answer, stores, touch.visitor)
    return answer


async def _noted(request: Request, stores: Stores, ticket: Ticket, known: int) -> Touch | None:
    """Write the opening down; None where nobody reads, or it could not be written."""
    if is_program(request.method, request.headers):
        return None
    touch = _touch(request, stores, ticket)
    touch.known_key = known
    return touch if await _touches(request).put(touch) else None


def _touch(request: Request, stores: Stores, ticket: Ticket) -> Touch:
    told = visitors.number_in(stores.secrets, request.cookies.get(visitors.COOKIE, ""))
    return Touch(ticket, to_ms(stores.now()), told or visitors.new_number(), told != 0)


def _keep_cookie(answer: Response, stores: Stores, visitor: int) -> None:
    if visitor:
        secure = (stores.settings.public_url or "").lower().startswith("https://")
        value = visitors.cookie_value(stores.secrets, visitor)
        answer.set_cookie(visitors.COOKIE, value, max_age=visitors.COOKIE_SECONDS, path="/", secure=secure, httponly=True, samesite="lax")


async def _loaded(request: Request, stores: Stores, link: Link) -> Article:
    held: dict[int, Article] = request.app.state.__dict__.setdefault("content_articles", {})
    if link.id not in held:
        if len(held) > 500:
            held.clear()
        held[link.id] = await run_in_threadpool(article_pages.load, stores, link)
    return held[link.id]


def _touches(request: Request) -> Touches:
    touches: Touches = request.app.state.touches
    return touches


def _recogniser(request: Request) -> Recogniser:
    state = request.app.state
    if not hasattr(state, "recogniser"):
        state.recogniser = Recogniser(state.carriers.calls)
    found: Recogniser = state.recogniser
    return found


def _must_be_own(request: Request) -> None:
    """A browser says from which page a form was sent; another site's is turned away."""
    origin = request.headers.get("origin", "")
    is_foreign = origin not in ("", "null") and urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower()
    if is_foreign or request.headers.get("sec-fetch-site", "same-origin") == "cross-site":
        raise NotAllowedError(Text("请从文章页操作", "please use the page itself"))


def _number(told: dict[str, list[str]], name: str) -> int:
    value = told.get(name, [""])[0]
    return int(value) if value.isdecimal() and value.isascii() and len(value) <= 19 else 0


def _gone(request: Request, stores: Stores, error: SiyuError) -> HTMLResponse:
    answer = _said(request, stores, error.message, error.way_out or error.title, None)
    answer.status_code = error.http_status
    return answer


def _said(request: Request, stores: Stores, title: Text, said: Text, act: tuple[str, Text] | None) -> HTMLResponse:
    lang = language_of(request)
    page = _environment().get_template("quiet.html").render(
        lang=lang, brand=_brand(request, stores), title=title.to(lang), said=said.to(lang), act=(act[0], act[1].to(lang)) if act else None,
    )  # fmt: skip
    return HTMLResponse(page, headers=PRIVATE)


def _brand(request: Request, stores: Stores) -> str:
    return stores.settings.brand_name


@cache
def _environment() -> Environment:
    return Environment(loader=PackageLoader("siyu.content", "pages"), autoescape=select_autoescape(default=True), undefined=StrictUndefined, trim_blocks=True)


@cache
def _read_js() -> tuple[bytes, str]:
    body = (_PAGES / "read.js").read_bytes()
    return body, f'"{content_hash([body])}"'


def _script(request: Request) -> Response:
    body, tag = _read_js()
    headers = {"Cache-Control": "public, max-age=3600", "ETag": tag}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="text/javascript; charset=utf-8", headers=headers)


