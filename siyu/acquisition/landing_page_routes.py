"""Landing pages and the pages of live codes as customers see them: server-rendered, a few kilobytes, without scripts but one that may find the nearest store."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, BackgroundTasks, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool

from siyu.acquisition import codes, landing, places, short_links, showing
from siyu.acquisition.landing import Look, Page
from siyu.acquisition.places import Spot
from siyu.acquisition.visits import Visit, Visits
from siyu.carriers import accounts
from siyu.connectors.errors import CarrierError
from siyu.content import visitors
from siyu.content.programs import is_program, is_wechat
from siyu.foundation.clock import to_ms
from siyu.foundation.errors import NotFoundError, SiyuError
from siyu.foundation.http import language_of
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.team.access import anyone

router = APIRouter(prefix="/h", include_in_schema=False)
Anyone = Annotated[Stores, Depends(anyone())]
PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer", "Permissions-Policy": "geolocation=(self)"}
GONE = Text("这个页面已停用", "This page is not in use any more")
CODE_GONE = Text("这个二维码暂时不可用，请稍后再来", "This code is not available at the moment; please come back later")
LINK_SECONDS = 6.0
_PAGES = Path(__file__).parent / "pages"


@dataclass(frozen=True)
class Seen:
    """What is shown, and for which source the visit counts."""

    of: str
    of_id: int
    look: Look
    source_id: int
    code_id: int
    offer_id: int
    region: str = ""
    qr: str = ""
    kind: str = "staff"
    store: Spot | None = None
    spots: tuple[Spot, ...] = ()
    failed: bool = False


@router.get("/near.js")
async def near_script() -> Response:
    return Response(_near_js(), media_type="text/javascript; charset=utf-8", headers={"Cache-Control": "public, max-age=3600"})


@router.api_route("/{token}", methods=["GET", "HEAD"])
async def show(token: str, request: Request, stores: Anyone, after: BackgroundTasks) -> Response:
    try:
        seen = await run_in_threadpool(_seen, stores, token, request.query_params.get("g", ""), request.query_params.get("store", ""))
    except SiyuError as error:
        return _gone(request, stores, error)
    answer = _page(request, stores, token, seen)
    _note(request, stores, answer, after, seen, "visit")
    return answer


@router.get("/{token}/go")
async def press(token: str, request: Request, stores: Anyone, after: BackgroundTasks) -> Response:
    """The button. A link into a mini program belongs to whoever opens it first, so it is made for each press."""
    try:
        seen = await run_in_threadpool(_seen, stores, token, request.query_params.get("g", ""), "")
        to = await _target(request, stores, seen.look)
    except (SiyuError, TimeoutError) as error:
        return _gone(request, stores, error if isinstance(error, NotFoundError) else None)
    answer = RedirectResponse(to, 302, PRIVATE, background=after)
    _note(request, stores, answer, after, seen, "press")
    return answer


def _seen(stores: Stores, token: str, link_code: str, store: str) -> Seen:
    with stores.ledger.read() as tx:
        link = short_links.find_by_code(tx, link_code) if short_links.SIGNS.fullmatch(link_code) else None
        code = codes.find_by_token(tx, token)
        if code is not None:
            standing = codes.standing(tx, [code])[code.id]
            city = next((spot.store.city for spot in places.listed(tx) if spot.store.id == code.store_id), None) if code.store_id else None
            qr = standing.qr_code if code.status == "open" and standing.status == "open" else None
            source = link.source_id if link is not None and link.to.code_id == code.id else code.source_id
            region = (link.region if link else "") or city or ""
            return Seen("code", code.id, Look(title=""), source, code.id, code.offer_id, region, qr or "", code.kind, failed=not qr)
        page = landing.find_by_token(tx, token)
        if page is None or page.status != "live":
            raise NotFoundError(GONE)
        counts_for = link.source_id if link is not None and link.to.page_id == page.id else page.source_id
        region = link.region if link is not None and link.to.page_id == page.id else ""
        return _of_page(stores, tx, page, counts_for, region, store)


def _of_page(stores: Stores, tx: Any, page: Page, source_id: int, region: str, store: str) -> Seen:
    look = page.look
    if look.act == "code":
        code = codes.find(tx, look.code_id or 0)
        standing = codes.standing(tx, [code])[code.id]
        qr = standing.qr_code if code.status == "open" and standing.status == "open" else None
        return Seen("page", page.id, look, source_id, 0, 0, region, qr or "", code.kind, failed=not qr)
    if look.act != "stores":
        return Seen("page", page.id, look, source_id, 0, 0, region)
    found = codes.listed(tx, status="open")
    standings = codes.standing(tx, found)
    shown = {code.id: standings[code.id] for code in found if standings[code.id].status == "open" and standings[code.id].qr_code}
    spots = places.with_codes(places.listed(tx), set(shown))
    chosen = next((spot for spot in spots if store.isascii() and store.isdecimal() and spot.store.id == int(store)), None)
    if chosen is None:
        return Seen("page", page.id, look, source_id, 0, 0, region, spots=tuple(spots))
    code = next(one for one in found if one.id == chosen.code_id)
    return Seen("page", page.id, look, source_id, 0, 0, chosen.store.city or region, shown[code.id].qr_code or "", code.kind, store=chosen)


def _page(request: Request, stores: Stores, token: str, seen: Seen) -> HTMLResponse:
    lang, look = _language(request), seen.look
    brand = request.app.state.sample_name(stores) or stores.settings.brand_name
    asked = request.query_params
    q, here = asked.get("q", "")[:40], _position(asked.get("at", ""))
    spots = places.matching(seen.spots, q) if seen.spots else []
    finder = look.act == "stores" and seen.store is None
    g = asked.get("g", "") if short_links.SIGNS.fullmatch(asked.get("g", "")) else ""
    parts: dict[str, Any] = {"words": CODE_GONE.to(lang)} if seen.failed else {}
    if seen.store is not None:
        parts["store"] = " ".join(part for part in (seen.store.store.name, seen.store.store.address, seen.store.hours) if part)
    if look.act in ("link", "mini_program"):
        parts["go"] = f"/h/{token}/go" + (f"?g={g}" if g else "")
    if finder:
        parts |= {"finder": True, "q": q, "g": g, "near": places.nearest(spots, *here) if here else [], "cities": places.by_city(spots)}
    address = short_links.base(stores.settings) + request.url.path
    html = showing.page(look, brand=brand, lang=lang, kind=seen.kind, qr=seen.qr, wechat=is_wechat(request.headers), here=address, **parts)
    host = urlsplit(seen.qr)
    images = f"'self' {host.scheme}://{host.netloc}" if seen.qr else "'self'"
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; img-src {images}; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
    # The console shows a page in a phone's frame; what stands on it can be read by everybody anyway.
    return HTMLResponse(html, 503 if seen.failed else 200, {**PRIVATE, "Content-Security-Policy": policy, "Content-Language": "zh-CN" if lang == "zh" else "en"})


async def _target(request: Request, stores: Stores, look: Look) -> str:
    if look.act == "link":
        return look.url
    if look.act != "mini_program":
        raise NotFoundError(GONE)
    calls = request.app.state.carriers.calls

    def account() -> accounts.Account:
        with stores.ledger.read() as tx:
            return accounts.find_account(tx, look.account_id or 0)

    found = await run_in_threadpool(account)

    async def ask() -> str:
        return str(await calls.connector(found).links.url_link(look.path, look.query, days=1))

    return await asyncio.wait_for(asyncio.wrap_future(calls.soon(ask())), LINK_SECONDS)


def _note(request: Request, stores: Stores, answer: Response, after: BackgroundTasks, seen: Seen, what: str) -> None:
    """Who looks is written down after they have their answer."""
    visits: Visits = request.app.state.visits
    program = is_program(request.method, request.headers)
    told = visitors.number_in(stores.secrets, request.cookies.get(visitors.COOKIE, ""))
    visitor = 0 if program else told or visitors.new_number()
    if visitor:
        secure = (stores.settings.public_url or "").lower().startswith("https://")
        value = visitors.cookie_value(stores.secrets, visitor)
        answer.set_cookie(visitors.COOKIE, value, max_age=visitors.COOKIE_SECONDS, path="/", secure=secure, httponly=True, samesite="lax")
    what = "program" if program else what
    visit = Visit(seen.of, seen.of_id, what, to_ms(stores.now()), visitor, seen.source_id, seen.code_id, seen.offer_id, seen.region)
    after.add_task(visits.put, visit)
    answer.background = after


def _gone(request: Request, stores: Stores, error: SiyuError | TimeoutError | None) -> HTMLResponse:
    lang = _language(request)
    brand = request.app.state.sample_name(stores) or stores.settings.brand_name
    known = error if isinstance(error, SiyuError) and not isinstance(error, CarrierError) else None
    said = known.message if known is not None else Text("暂时打不开，请稍后再试", "It cannot be opened right now; please try again later")
    html = showing.page(Look(title=""), brand=brand, lang=lang, words=said.to(lang))
    policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
    return HTMLResponse(html, known.http_status if known is not None else 503, {**PRIVATE, "Content-Security-Policy": policy})


def _position(told: str) -> tuple[float, float] | None:
    """`31.230,121.474`; what is no place on earth is none."""
    try:
        latitude, longitude = (float(part) for part in told[:40].split(","))
    except ValueError:
        return None
    return (latitude, longitude) if -90 <= latitude <= 90 and -180 <= longitude <= 180 else None


def _language(request: Request) -> str:
    asked = request.query_params.get("lang")
    return asked if asked in ("zh", "en") else language_of(request)


@cache
def _near_js() -> bytes:
    return (_PAGES / "near.js").read_bytes()

