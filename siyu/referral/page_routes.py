"""Invitations over HTTP: a friend's page `/i/<token>`, which may be passed on, and an inviter's own page `/i/my/<token>`. No scripts."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool

from siyu.content import visitors
from siyu.content.links import public
from siyu.content.programs import is_program, is_wechat
from siyu.content.recognising import Recogniser
from siyu.foundation.errors import InvalidError, NotAllowedError, SiyuError
from siyu.foundation.http import RowId, language_of
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.referral import invitations, own_pages, showing
from siyu.referral.own_pages import Invited
from siyu.team.access import anyone

router = APIRouter(prefix="/i", include_in_schema=False)
Anyone = Annotated[Stores, Depends(anyone())]
PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}
BIGGEST = 2_000


@router.api_route("/my/{token}", methods=["GET", "HEAD"])
async def show_own(token: str, request: Request, stores: Anyone) -> Response:
    return await run_in_threadpool(_own, token, request, stores, False)


@router.post("/my/{token}")
async def open_group(token: str, request: Request, stores: Anyone) -> Response:
    return await run_in_threadpool(_own, token, request, stores, True)


@router.get("/my/{token}/poster.svg")
async def show_poster(token: str, request: Request, stores: Anyone) -> Response:
    try:
        drawn = await run_in_threadpool(own_pages.poster, stores, token, _language(request), _brand(request, stores))
    except SiyuError as error:
        return _gone(request, stores, error)
    return Response(drawn, media_type="image/svg+xml", headers={**PRIVATE, "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"})


@router.api_route("/{token}", methods=["GET", "HEAD"])
async def show_invitation(token: str, request: Request, stores: Anyone) -> Response:
    if (asked := await _asked_for(request, stores, token)) is not None:
        return asked
    return await run_in_threadpool(_invited, token, request, stores, 0)


@router.get("/{token}/wx/{account_id}")
async def named_by_wechat(token: str, account_id: RowId, request: Request, stores: Anyone, code: str = "") -> Response:
    """WeChat sends a friend back here with a code; whoever it names, they see the page."""
    known = await _recogniser(request).named(account_id, code) if code else 0
    return await run_in_threadpool(_invited, token, request, stores, known)


@router.post("/{token}")
async def leave_number(token: str, request: Request, stores: Anyone) -> Response:
    body = await request.body()
    given = parse_qs(body.decode("utf-8", "replace"), max_num_fields=10) if len(body) <= BIGGEST and body.count(b"&") < 10 else {}
    return await run_in_threadpool(_left_number, token, request, stores, given)


def _own(token: str, request: Request, stores: Stores, begin: bool) -> Response:
    lang = _language(request)
    try:
        if begin:
            _must_be_own(request)
            own_pages.begin_group(stores, token)
        shown = own_pages.own(stores, token, lang, _brand(request, stores), looks=not is_program(request.method, request.headers))
    except SiyuError as error:
        return _gone(request, stores, error)
    return HTMLResponse(shown, headers=_headers(lang))


def _invited(token: str, request: Request, stores: Stores, known: int) -> Response:
    lang = _language(request)
    try:
        shown = own_pages.invited(stores, token)
        visitor = 0
        if not is_program(request.method, request.headers):
            visitor = _visitor(request, stores) or visitors.new_number()
            own_pages.visited(stores, shown, visitor, known)
    except SiyuError as error:
        return _gone(request, stores, error)
    return _page(request, stores, shown, lang, visitor)


def _left_number(token: str, request: Request, stores: Stores, given: dict[str, list[str]]) -> Response:
    lang = _language(request)
    phone = given.get("phone", [""])[0].strip()[:30]
    try:
        _must_be_own(request)
        shown = own_pages.invited(stores, token)
        visitor = _visitor(request, stores)
        own_pages.left_number(stores, shown, phone, agreed=given.get("agreed") == ["1"], visitor=visitor)
    except InvalidError as error:
        return _page(request, stores, shown, lang, 0, fault=error.faults[0].message.to(lang), given=phone, status=422)
    except SiyuError as error:
        return _gone(request, stores, error)
    return _page(request, stores, shown, lang, visitor, sent=True)


def _page(request: Request, stores: Stores, shown: Invited, lang: str, visitor: int, *, sent: bool = False, fault: str = "", given: str = "", status: int = 200) -> Response:
    html = own_pages.invitation_page(stores, shown, lang, _brand(request, stores), wechat=is_wechat(request.headers), sent=sent, fault=fault, given=given)
    answer = HTMLResponse(html, status, _headers(lang, shown.code))
    if visitor:
        secure = (stores.settings.public_url or "").lower().startswith("https://")
        answer.set_cookie(visitors.COOKIE, visitors.cookie_value(stores.secrets, visitor), max_age=visitors.COOKIE_SECONDS, path="/", secure=secure, httponly=True, samesite="lax")
    return answer


async def _asked_for(request: Request, stores: Stores, token: str) -> Response | None:
    """Inside WeChat a connected Official Account can say who reads; the friend is sent there and comes straight back, once."""
    if visitors.COOKIE in request.cookies or not stores.settings.public_url or not is_wechat(request.headers) or is_program(request.method, request.headers):
        return None
    try:
        invitations.open_token(stores, token, invitations.INVITE)
    except SiyuError:
        return None
    address = await _recogniser(request).address(f"{public(stores.settings)}/i/{token}/wx")
    return None if address is None else RedirectResponse(address, 302, PRIVATE)


def _recogniser(request: Request) -> Recogniser:
    state = request.app.state
    if not hasattr(state, "recogniser"):
        state.recogniser = Recogniser(state.carriers.calls)
    found: Recogniser = state.recogniser
    return found


def _visitor(request: Request, stores: Stores) -> int:
    return visitors.number_in(stores.secrets, request.cookies.get(visitors.COOKIE, ""))


def _headers(lang: str, picture: str = "") -> dict[str, str]:
    """The picture of a live code lies with the carrier: it alone may be loaded from outside."""
    headers = {**PRIVATE, "Content-Language": "zh-CN" if lang == "zh" else "en"}
    if picture:
        parts = urlsplit(picture)
        headers["Content-Security-Policy"] = f"default-src 'none'; style-src 'unsafe-inline'; img-src 'self' {parts.scheme}://{parts.netloc}; form-action 'self'; frame-ancestors 'none'"
    return headers


def _gone(request: Request, stores: Stores, error: SiyuError) -> HTMLResponse:
    lang = _language(request)
    said = (error.way_out or error.title).to(lang)
    return HTMLResponse(showing.page("base.html", lang, title=error.message.to(lang), said=said, brand=_brand(request, stores)), error.http_status, _headers(lang))


def _language(request: Request) -> str:
    asked = request.query_params.get("lang")
    return asked if asked in ("zh", "en") else language_of(request)


def _brand(request: Request, stores: Stores) -> str:
    return request.app.state.sample_name(stores) or stores.settings.brand_name


def _must_be_own(request: Request) -> None:
    """A browser says from which page a form was sent; another site's is turned away."""
    origin = request.headers.get("origin", "")
    is_foreign = origin not in ("", "null") and urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower()
    if is_foreign or request.headers.get("sec-fetch-site", "same-origin") == "cross-site":
        raise NotAllowedError(Text("请从邀请页提交", "please use the invitation's own page"))
