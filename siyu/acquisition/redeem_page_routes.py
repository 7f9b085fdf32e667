"""The page on which staff redeem codes on their phones: server-rendered, works without scripts, reached by the same sealed link as their tasks."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from secrets import token_urlsafe
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from siyu.acquisition import offer_pages, tills
from siyu.acquisition.tills import Till
from siyu.foundation.errors import Fault, InvalidError, NotAllowedError, SiyuError
from siyu.foundation.http import language_of
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.loyalty import codewords, coupons
from siyu.loyalty.errors import BelowThresholdError
from siyu.messaging import staff_links
from siyu.team import audit
from siyu.team.access import anyone
from siyu.team.audit import Actor

router = APIRouter(prefix="/r", include_in_schema=False)
Anyone = Annotated[Stores, Depends(anyone())]
TITLE = Text("核销优惠券", "Redeem a coupon")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; img-src 'self'; media-src 'self' blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
HEADERS = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer", "Permissions-Policy": "camera=(self)", "Content-Security-Policy": POLICY}
BIGGEST = 4_000
_PAGES = Path(__file__).parent / "pages"
Sent = dict[str, str]


@router.get("/scan.js")
def script() -> Response:
    return Response(_scan_js(), media_type="text/javascript; charset=utf-8", headers={"Cache-Control": "public, max-age=3600"})


@router.api_route("/{token}", methods=["GET", "HEAD"])
def show(token: str, request: Request, stores: Anyone) -> HTMLResponse:
    try:
        with stores.ledger.read() as tx:
            till = _till(stores, tx, token)
    except SiyuError as error:
        return _gone(request, stores, error)
    return _page(request, stores, till, {})


@router.post("/{token}/look")
async def look(token: str, request: Request, stores: Anyone) -> HTMLResponse:
    return await run_in_threadpool(_look, token, request, stores, await _sent(request))


@router.post("/{token}/redeem")
async def redeem(token: str, request: Request, stores: Anyone) -> HTMLResponse:
    return await run_in_threadpool(_redeem, token, request, stores, await _sent(request))


@router.post("/{token}/undo")
async def undo(token: str, request: Request, stores: Anyone) -> HTMLResponse:
    return await run_in_threadpool(_undo, token, request, stores, await _sent(request))


def _look(token: str, request: Request, stores: Stores, sent: Sent) -> HTMLResponse:
    try:
        _must_be_own(request)
        with stores.ledger.read() as tx:
            till = _till(stores, tx, token)
    except SiyuError as error:
        return _gone(request, stores, error)
    try:
        with stores.ledger.read() as tx:
            found = tills.look(stores, tx, sent.get("code", ""))
    except SiyuError as error:
        return _page(request, stores, till, sent, fault=error)
    # The mark of this look: however often the button is tapped, the code is redeemed once by it.
    return _page(request, stores, till, sent, shown=found, why=found.why_not, ref=token_urlsafe(12))


def _redeem(token: str, request: Request, stores: Stores, sent: Sent) -> HTMLResponse:
    ref = sent.get("ref", "")
    try:
        _must_be_own(request)
        with stores.ledger.read() as tx:
            till = _till(stores, tx, token)
    except SiyuError as error:
        return _gone(request, stores, error)
    try:
        order_fen = _fen(sent.get("yuan", ""))
        with stores.ledger.begin() as tx:
            made = tills.redeem(stores, tx, till, sent.get("code", ""), ref=ref, order_fen=order_fen)
            if not made.again:
                audit.record(tx, _actor(till), "acquisition.code_redeemed", f"code:{made.code_id}", {"value_fen": made.value_fen, "place": till.place}, stores.now())
            found = tills.look(stores, tx, sent.get("code", ""))
    except SiyuError as error:
        return _again(request, stores, till, sent, error)
    return _page(request, stores, till, sent, shown=found, done=made, ref=ref)


def _undo(token: str, request: Request, stores: Stores, sent: Sent) -> HTMLResponse:
    ref = sent.get("ref", "")
    try:
        _must_be_own(request)
        with stores.ledger.begin() as tx:
            till = _till(stores, tx, token)
            made = tills.undo(stores, tx, till, sent.get("code", ""), ref=ref, reason=sent.get("reason", ""))
            if not made.again:
                audit.record(tx, _actor(till), "acquisition.redemption_undone", f"code:{made.code_id}", {"reason": sent.get("reason", "")}, stores.now())
            found = tills.look(stores, tx, sent.get("code", ""))
    except SiyuError as error:
        return _gone(request, stores, error)
    return _page(request, stores, till, sent, shown=found, done=made, ref=ref)


def _again(request: Request, stores: Stores, till: Till, sent: Sent, error: SiyuError) -> HTMLResponse:
    """What is wrong beside the code; who has typed too small an amount may type it again."""
    try:
        with stores.ledger.read() as tx:
            found = tills.look(stores, tx, sent.get("code", ""))
    except SiyuError:
        return _page(request, stores, till, sent, fault=error)
    may_try = isinstance(error, (BelowThresholdError, InvalidError)) and found.why_not is None
    return _page(request, stores, till, sent, shown=found, why=error, ref=sent.get("ref", ""), may_try=may_try)


def _page(request: Request, stores: Stores, till: Till, sent: Sent, **parts: object) -> HTMLResponse:
    lang = _language(request, sent)
    shown, done, why, fault = (parts.get(name) for name in ("shown", "done", "why", "fault"))
    error = fault or why
    undo_until = done.at + tills.UNDO_WITHIN if done is not None and done.reversed_at is None and stores.now() <= done.at + tills.UNDO_WITHIN else None  # type: ignore[attr-defined]
    html = offer_pages.render(
        "redeem.html", lang, here=f"/r/{request.path_params['token']}", title=TITLE.to(lang), brand=_brand(request, stores), till=till, token=request.path_params["token"], shown=shown, done=done, ref=parts.get("ref", ""),
        why=why.message.to(lang) if isinstance(why, SiyuError) else "", fault=fault.message.to(lang) if isinstance(fault, SiyuError) else "",
        way_out=error.way_out.to(lang) if isinstance(error, SiyuError) and error.way_out else "", can=shown is not None and (why is None or bool(parts.get("may_try"))),
        code=codewords.shown(shown.code.code) if isinstance(shown, tills.Shown) else "", promise=coupons.promise(shown.coupon).to(lang) if isinstance(shown, tills.Shown) else "",
        until=f"{shown.code.ends_on(stores)}" if isinstance(shown, tills.Shown) else "", typed=sent.get("code", "")[:40], given_yuan=sent.get("yuan", "")[:12],
        undo_until=_at(stores, undo_until) if undo_until else "", reasons=[(key, words.to(lang)) for key, words in tills.UNDO_REASONS.items()], at=lambda moment: _at(stores, moment), yuan=coupons.yuan,
    )  # fmt: skip
    status = error.http_status if isinstance(error, SiyuError) else 200
    return HTMLResponse(html, status, {**HEADERS, "Content-Language": "zh-CN" if lang == "zh" else "en"})


def _till(stores: Stores, tx: Connection, token: str) -> Till:
    return tills.of_staff(tx, *staff_links.open_token(stores, token))


def _fen(said: str) -> int | None:
    """An amount in yuan as it was typed; None when nothing was.

    Raises
    ------
    InvalidError
    """
    if not said.strip():
        return None
    try:
        fen = Decimal(said.strip().replace(",", "")) * 100
    except InvalidOperation:
        fen = Decimal("-1")
    if not fen.is_finite() or fen < 0 or fen != fen.to_integral_value() or fen > 10**12:
        raise InvalidError(Text("金额不对", "the amount is not right"), faults=[Fault("yuan", Text("例如 128 或 99.9", "such as 128 or 99.9"))], way_out=Text("例如 128 或 99.9", "such as 128 or 99.9"))
    return int(fen)


def _actor(till: Till) -> Actor:
    return Actor(None, f"{till.name} ({till.staff})"[:80], "system")


async def _sent(request: Request) -> Sent:
    body = (await request.body())[:BIGGEST]
    return dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=20)) if body.count(b"&") < 20 else {}


def _at(stores: Stores, moment: datetime) -> str:
    return f"{moment.astimezone(stores.calendar.zone):%m-%d %H:%M}"


def _gone(request: Request, stores: Stores, error: SiyuError) -> HTMLResponse:
    lang = _language(request, {})
    page = offer_pages.gone(error.message.to(lang), (error.way_out or error.title).to(lang), brand=_brand(request, stores), lang=lang)
    return HTMLResponse(page, error.http_status, HEADERS)


def _language(request: Request, sent: Sent) -> str:
    asked = sent.get("lang") or request.query_params.get("lang")
    return asked if asked in ("zh", "en") else language_of(request)


def _brand(request: Request, stores: Stores) -> str:
    return request.app.state.sample_name(stores) or stores.settings.brand_name


def _must_be_own(request: Request) -> None:
    """A browser says from which page a form was sent; another site's is turned away."""
    origin = request.headers.get("origin", "")
    is_foreign = origin not in ("", "null") and urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower()
    if is_foreign or request.headers.get("sec-fetch-site", "same-origin") == "cross-site":
        raise NotAllowedError(Text("请从核销页操作", "please use the page itself"))


@cache
def _scan_js() -> bytes:
    return (_PAGES / "scan.js").read_bytes()
