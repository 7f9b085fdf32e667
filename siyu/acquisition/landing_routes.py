"""Landing pages, short links and places of stores over HTTP, for the console."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from pydantic import Field

from siyu.acquisition import landing, places, posters, short_links, showing, sources
from siyu.acquisition.landing import Look, Page
from siyu.acquisition.places import Spot
from siyu.acquisition.short_links import Link, To
from siyu.foundation.http import (
    Body,
    Cursor,
    Id,
    Items,
    Limit,
    Line,
    Router,
    RowId,
    decode_cursor,
    encode_cursor,
)
from siyu.foundation.http import Page as Paged
from siyu.foundation.stores import Stores
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/acquisition", tags=["acquisition"])
Reader = Annotated[Access, Depends(require("acquisition.read"))]
Writer = Annotated[Access, Depends(require("acquisition.write"))]
Name = Annotated[Line, Field(min_length=1, max_length=80)]


class LandingLook(Body):
    """`act`: a live code, the stores with theirs, a button to an address, or into a mini program of `account_id`. `picture`: `media:<hash>` or empty."""

    title: Annotated[Line, Field(max_length=60)]
    words: Annotated[Line, Field(max_length=2000)] = ""
    picture: Annotated[Line, Field(max_length=60)] = ""
    act: landing.Act = "none"
    button: Annotated[Line, Field(max_length=20)] = ""
    code_id: Id | None = None
    url: Annotated[Line, Field(max_length=2000)] = ""
    account_id: Id | None = None
    path: Annotated[Line, Field(max_length=200)] = ""
    query: Annotated[Line, Field(max_length=1024)] = ""
    footer: Annotated[Line, Field(max_length=200)] = ""
    tint: landing.Tint = "leaf"

    def look(self) -> Look:
        return Look(**self.model_dump())


class LandingDraft(Body):
    name: Name
    source_id: Id
    look: LandingLook


class LandingChange(LandingDraft):
    """`edit` as it was read: who saves over somebody else's change is told."""

    edit: Annotated[int, Field(ge=1, le=2**31 - 1)]


class LandingStatus(Body):
    status: Literal["live", "closed"]


class LandingInfo(LandingDraft):
    """`visits`, `presses`: since ever; `programs`: openings by nobody. `link`: its first short link."""

    id: int
    status: Literal["draft", "live", "closed"]
    source_name: str
    address: str
    link: str
    visits: int
    presses: int
    programs: int
    edit: int
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str


class ShortLinkDraft(Body):
    """It leads to one of three: a live code, a landing page, or `url`. `region`: the city where it hangs."""

    name: Name
    source_id: Id
    code_id: Id | None = None
    page_id: Id | None = None
    url: Annotated[Line, Field(max_length=2000)] = ""
    region: Annotated[Line, Field(max_length=40)] = ""

    def to(self) -> To:
        return To(self.code_id, self.page_id, self.url)


class NewShortLink(ShortLinkDraft):
    """`code`: 3 to 16 small letters, digits or hyphens; drawn where it is empty."""

    code: Annotated[Line, Field(max_length=16)] = ""


class ShortLinkInfo(ShortLinkDraft):
    id: int
    code: str
    address: str
    source_name: str
    visits: int
    programs: int
    created_at: datetime
    created_by: str
    closed_at: datetime | None


class StoreSpotDraft(Body):
    """Degrees; both or none."""

    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    code_id: Id | None = None
    hours: Annotated[Line, Field(max_length=80)] = ""


class StoreSpot(StoreSpotDraft):
    store_id: int
    name: str
    city: str | None
    address: str | None


@router.get("/pages", summary="Landing pages, the newest first")
def list_pages(access: Reader) -> Items[LandingInfo]:
    with access.stores.ledger.read() as tx:
        return Items(items=_pages(access.stores, tx, landing.listed(tx)))


@router.get("/pages/{page_id}", summary="A landing page")
def read_page(page_id: RowId, access: Reader) -> LandingInfo:
    with access.stores.ledger.read() as tx:
        return _pages(access.stores, tx, [landing.find(tx, page_id)])[0]


@router.post("/pages", status_code=201, summary="Write a landing page")
def add_page(body: LandingDraft, access: Writer) -> LandingInfo:
    stores = access.stores
    with stores.ledger.begin() as tx:
        page = landing.add(stores, tx, name=body.name, source_id=body.source_id, look=body.look.look(), by=access.actor.name)
        _audit(tx, access, "page_added", f"page:{page.id}", {"name": page.name})
        return _pages(stores, tx, [page])[0]


@router.put("/pages/{page_id}", summary="Change a landing page")
def change_page(page_id: RowId, body: LandingChange, access: Writer) -> LandingInfo:
    """Of a page that is live everybody sees it at once."""
    stores = access.stores
    with stores.ledger.begin() as tx:
        page = landing.change(stores, tx, page_id, name=body.name, source_id=body.source_id, look=body.look.look(), edit=body.edit, by=access.actor.name)
        _audit(tx, access, "page_changed", f"page:{page_id}", {"name": page.name, "look": msgspec.to_builtins(page.look)})
        return _pages(stores, tx, [page])[0]


@router.post("/pages/{page_id}/status", summary="Show a landing page to everybody, or no more")
def set_page_status(page_id: RowId, body: LandingStatus, access: Writer) -> LandingInfo:
    stores = access.stores
    with stores.ledger.begin() as tx:
        page = landing.publish(stores, tx, page_id, body.status, access.actor.name)
        _audit(tx, access, "page_status", f"page:{page_id}", {"status": body.status})
        return _pages(stores, tx, [page])[0]


@router.post("/pages/preview", summary="A landing page as it will be seen, before it is saved", response_class=HTMLResponse)
def preview_page(body: LandingLook, access: Reader, request: Request, lang: Literal["zh", "en"] = "zh") -> HTMLResponse:
    """The carrier's code is stood in for by one of ours; stores are those that have a code."""
    stores, look = access.stores, body.look()
    parts: dict[str, Any] = {"go": "#" if look.act in ("link", "mini_program") else ""}
    if look.picture:
        parts["picture"] = f"/api/v1/content/media/{look.picture.removeprefix('media:')}"
    if look.act == "code":
        parts["qr"] = posters.qr_data(short_links.base(stores.settings))
    if look.act == "stores":
        with stores.ledger.read() as tx:
            parts |= {"finder": True, "cities": places.by_city([one for one in places.listed(tx) if one.code_id is not None])}
    brand = request.app.state.sample_name(stores) or stores.settings.brand_name
    return HTMLResponse(showing.page(look, brand=brand, lang=lang, **parts))


@router.get("/links", summary="Short links, the newest first")
def list_links(access: Reader, limit: Limit = 50, cursor: Cursor = None) -> Paged[ShortLinkInfo]:
    stores = access.stores
    place = decode_cursor(stores, "acquisition links", cursor)
    with stores.ledger.read() as tx:
        found = short_links.listed(tx, before=place[0] if place else None, limit=limit)
        items = _links(stores, tx, found)
    after = encode_cursor(stores, "acquisition links", found[-1].id) if len(found) == limit else None
    return Paged(items=items, next_cursor=after, total=None)


@router.post("/links", status_code=201, summary="Make a short link")
def add_link(body: NewShortLink, access: Writer) -> ShortLinkInfo:
    stores = access.stores
    with stores.ledger.begin() as tx:
        link = short_links.add(stores, tx, name=body.name, to=body.to(), source_id=body.source_id, by=access.actor.name, code=body.code, region=body.region)
        _audit(tx, access, "link_added", f"link:{link.id}", {"code": link.code, "to": vars(link.to)})
        return _links(stores, tx, [link])[0]


@router.put("/links/{link_id}", summary="Lead a short link elsewhere")
def change_link(link_id: RowId, body: ShortLinkDraft, access: Writer) -> ShortLinkInfo:
    """Its code stays, as it is printed; what it counted stays with its source of then."""
    stores = access.stores
    with stores.ledger.begin() as tx:
        link = short_links.change(stores, tx, link_id, name=body.name, to=body.to(), source_id=body.source_id, region=body.region, by=access.actor.name)
        _audit(tx, access, "link_changed", f"link:{link_id}", {"code": link.code, "to": vars(link.to), "source": link.source_id})
        return _links(stores, tx, [link])[0]


@router.post("/links/{link_id}/close", summary="Take a short link out of use")
def close_link(link_id: RowId, access: Writer) -> ShortLinkInfo:
    stores = access.stores
    with stores.ledger.begin() as tx:
        link = short_links.close(stores, tx, link_id)
        _audit(tx, access, "link_closed", f"link:{link_id}", {"code": link.code})
        return _links(stores, tx, [link])[0]


@router.get("/places", summary="Stores, where they are and which live code stands for each")
def list_places(access: Reader) -> Items[StoreSpot]:
    with access.stores.ledger.read() as tx:
        return Items(items=[_spot(one) for one in places.listed(tx)])


@router.put("/places/{store_id}", summary="Say where a store is and which live code stands for it")
def put_place(store_id: RowId, body: StoreSpotDraft, access: Writer) -> StoreSpot:
    stores = access.stores
    with stores.ledger.begin() as tx:
        spot = places.put(tx, store_id, latitude=body.latitude, longitude=body.longitude, code_id=body.code_id, hours=body.hours)
        _audit(tx, access, "place_put", f"store:{store_id}", body.model_dump())
        return _spot(spot)


def _pages(stores: Stores, tx: Any, found: list[Page]) -> list[LandingInfo]:
    named, counted = sources.names(tx, [page.source_id for page in found]), short_links.counted(tx, "page", [page.id for page in found])
    links = short_links.of_pages(tx, [page.id for page in found])
    own = ("id", "name", "source_id", "status", "edit", "created_at", "created_by", "updated_at", "updated_by")
    return [
        LandingInfo(
            **{name: getattr(page, name) for name in own}, look=LandingLook(**msgspec.to_builtins(page.look)), source_name=named.get(page.source_id, ""),
            address=f"{short_links.base(stores.settings)}/h/{page.token}", link=short_links.address(stores.settings, links[page.id].code) if page.id in links else "",
            visits=counted[page.id]["visit"], presses=counted[page.id]["press"], programs=counted[page.id]["program"],
        )
        for page in found
    ]


def _links(stores: Stores, tx: Any, found: list[Link]) -> list[ShortLinkInfo]:
    named, counted = sources.names(tx, [link.source_id for link in found]), short_links.counted(tx, "link", [link.id for link in found])
    return [
        ShortLinkInfo(
            id=link.id, code=link.code, name=link.name, source_id=link.source_id, code_id=link.to.code_id, page_id=link.to.page_id, url=link.to.url, region=link.region,
            address=short_links.address(stores.settings, link.code), source_name=named.get(link.source_id, ""), visits=counted[link.id]["visit"],
            programs=counted[link.id]["program"], created_at=link.created_at, created_by=link.created_by, closed_at=link.closed_at,
        )
        for link in found
    ]


def _spot(one: Spot) -> StoreSpot:
    return StoreSpot(
        store_id=one.store.id, name=one.store.name, city=one.store.city, address=one.store.address, latitude=one.latitude, longitude=one.longitude, code_id=one.code_id, hours=one.hours
    )


def _audit(tx: Any, access: Access, what: str, about: str, detail: dict[str, Any]) -> None:
    audit.record(tx, access.actor, f"acquisition.{what}", about, detail, access.stores.now())
