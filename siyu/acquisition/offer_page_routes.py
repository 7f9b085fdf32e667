"""Offers over HTTP for customers: server-rendered, without scripts, reached by a link that is its own key."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from siyu.acquisition import claims, draws, offer_links, offer_pages, offers, parcels
from siyu.acquisition.claiming import Claiming
from siyu.acquisition.offers import Offer
from siyu.content import links, pieces
from siyu.foundation.errors import NotAllowedError, NotFoundError, SiyuError
from siyu.foundation.http import language_of
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.identity.current import current_one
from siyu.identity.identifiers import primary_keys
from siyu.team.access import anyone

router = APIRouter(prefix="/o", include_in_schema=False)
Anyone = Annotated[Stores, Depends(anyone())]
PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}
BIGGEST = 2_000


@router.api_route("/{token}", methods=["GET", "HEAD"])
async def show(token: str, request: Request, stores: Anyone, refused: str = "") -> Response:
    return await run_in_threadpool(_show, token, request, stores, refused)


@router.post("/{token}")
async def claim(token: str, request: Request, stores: Anyone) -> Response:
    """Asked twice it is claimed once; whoever comes back sees what they have."""
    sent = parse_qs((await request.body())[:BIGGEST].decode("utf-8", "replace"), max_num_fields=10)
    lang = sent.get("lang", [""])[0]
    try:
        _must_be_own(request)
        offer_id, person = await run_in_threadpool(_who, stores, token)
        if not person:
            raise NotAllowedError(Text("请从你的专属链接领取", "please use your own link"), way_out=Text("添加我们后，从聊天里的链接打开", "add us, and open it from the chat"))
        reason = await _claim(request, stores, offer_id, person)
    except SiyuError as error:
        return _gone(request, stores, error)
    query = "&".join(part for part in (f"lang={lang}" if lang in ("zh", "en") else "", f"refused={reason}" if reason else "") if part)
    return RedirectResponse(f"/o/{token}{'?' if query else ''}{query}", 303, PRIVATE)


@router.get("/{token}/mine")
async def mine(token: str, request: Request, stores: Anyone) -> Response:
    return await run_in_threadpool(_mine, token, request, stores)


@router.get("/{token}/proof")
async def proof(token: str, request: Request, stores: Anyone) -> Response:
    return await run_in_threadpool(_proof, token, request, stores)


@router.get("/{token}/proof.csv")
async def proof_file(token: str, request: Request, stores: Anyone) -> Response:
    """Every ticket and what it brought, once the draw has ended; it names nobody."""
    return await run_in_threadpool(_proof_file, token, request, stores)


async def _claim(request: Request, stores: Stores, offer_id: int, person: int) -> str | None:
    claiming: Claiming | None = getattr(request.app.state, "claiming", None)
    if claiming is not None:
        return await claiming.claim(offer_id, person)
    return (await run_in_threadpool(claims.claim, stores, offer_id, [person])).why(person)


def _show(token: str, request: Request, stores: Stores, refused: str) -> Response:
    lang = _language(request)
    try:
        offer_id, person = _who(stores, token)
        with stores.ledger.read() as tx:
            offer = _open(tx, offer_id)
            has = bool(person) and bool(claims.of_person(tx, person, offer_id))
        article = _article(stores, offer, person) if has and offer.piece_id is not None else ""
        parcel = parcels.newest(stores, person, offer.event) if person and offer.form == "logistics" and offer.event else None
        with stores.ledger.read() as tx:
            page = offer_pages.shown(stores, tx, offer, person, token=token, brand=_brand(request, stores), lang=lang, refused=refused, article=article, parcel=parcel)
            origin = offer_pages.picture_origins(tx, offer)
    except SiyuError as error:
        return _gone(request, stores, error)
    return _html(page, lang, origin=origin)


def _mine(token: str, request: Request, stores: Stores) -> Response:
    lang = _language(request)
    try:
        _, person = _who(stores, token)
        if not person:
            raise NotFoundError(Text("链接无效", "the link is not valid"), way_out=Text("请从聊天里的链接打开", "open it from the chat"))
        with stores.ledger.read() as tx:
            page = offer_pages.my_coupons(stores, tx, person, token=token, brand=_brand(request, stores), lang=lang)
    except SiyuError as error:
        return _gone(request, stores, error)
    return _html(page, lang)


def _proof(token: str, request: Request, stores: Stores) -> Response:
    lang = _language(request)
    try:
        offer = _drawn(stores, token)
        with stores.ledger.read() as tx:
            seed = offers.seed_of(stores, tx, offer.id).decode() if offers.is_over(offer, stores.now()) else ""
    except SiyuError as error:
        return _gone(request, stores, error)
    return _html(offer_pages.proof(offer, seed, token=token, brand=_brand(request, stores), lang=lang), lang)


def _proof_file(token: str, request: Request, stores: Stores) -> Response:
    try:
        offer = _drawn(stores, token)
        if not offers.is_over(offer, stores.now()):
            raise NotFoundError(Text("结束后才能下载", "it can be had when the draw has ended"))
    except SiyuError as error:
        return _gone(request, stores, error)
    headers = {**PRIVATE, "Content-Disposition": f'attachment; filename="draw-{offer.id}.csv"'}
    return StreamingResponse(_lines(stores, offer), media_type="text/csv; charset=utf-8", headers=headers)


def _lines(stores: Stores, offer: Offer) -> Iterator[str]:
    with stores.ledger.read() as tx:
        seed, after = offers.seed_of(stores, tx, offer.id), 0
        names = {one.id: one.name for one in offer.prizes}
        yield "ticket,number,prize\r\n"
        while some := draws.tickets(tx, offer.id, after=after):
            after = some[-1][0]
            text = io.StringIO()
            rows = csv.writer(text)
            for (number, prize), drawn in zip(some, draws.numbers(seed, [one[0] for one in some]).tolist(), strict=True):
                rows.writerow([number, drawn, names.get(prize or 0, "")])
            yield text.getvalue()


def _who(stores: Stores, token: str) -> tuple[int, int]:
    """(offer, whom the token stands for now); 0 for the shared link."""
    offer_id, customer_id = offer_links.open_token(stores, token)
    if not customer_id:
        return offer_id, 0
    with stores.ledger.read() as tx:
        person = current_one(tx, customer_id)
        if person not in primary_keys(tx, [person]):
            raise NotFoundError(Text("链接已失效", "the link has ended"), way_out=Text("请联系我们要一个新的链接", "ask us for a new one"))
    return offer_id, person


def _open(tx: Connection, offer_id: int) -> Offer:
    offer = offers.find(tx, offer_id)
    if offer.status == "draft":
        raise NotFoundError(Text("活动还没开始", "it has not begun"), way_out=Text("请稍后再来", "come back later"))
    return offer


def _drawn(stores: Stores, token: str) -> Offer:
    offer_id, _ = _who(stores, token)
    with stores.ledger.read() as tx:
        offer = _open(tx, offer_id)
    if offer.form != "draw":
        raise NotFoundError(Text("这不是抽奖", "this is no draw"))
    return offer


def _article(stores: Stores, offer: Offer, person: int) -> str:
    """The article's page, as a link of this person; '' where it cannot be read any more."""
    assert offer.piece_id is not None
    with stores.ledger.begin() as tx:
        piece = pieces.find(tx, offer.piece_id)
        if piece.approved_version is None:
            return ""
        tracked = links.prepare(tx, piece.id, piece.approved_version, send_id=0, variant="offer", now=stores.now())
    if tracked is None:
        return ""
    return links.shown_to(stores, tracked, links.ARTICLE, [person], "wecom")[0]


def _gone(request: Request, stores: Stores, error: SiyuError) -> HTMLResponse:
    lang = _language(request)
    said = (error.way_out or error.title).to(lang)
    return _html(offer_pages.gone(error.message.to(lang), said, brand=_brand(request, stores), lang=lang), lang, error.http_status)


def _html(page: str, lang: str, status: int = 200, origin: str = "") -> HTMLResponse:
    policy = f"default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data: {origin}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    return HTMLResponse(page, status, {**PRIVATE, "Content-Language": "zh-CN" if lang == "zh" else "en", "Content-Security-Policy": policy})


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
        raise NotAllowedError(Text("请从福利页操作", "please use the offer's own page"))
