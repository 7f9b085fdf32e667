"""Pictures of live codes over HTTP: the code as SVG or PNG, one sheet for print, and many as a ZIP."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Query, Response
from pydantic import BaseModel, Field

from siyu.acquisition import codes, posters, short_links
from siyu.acquisition.posters import SIZES, TEMPLATES, Design
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.http import Body, Id, Items, Label, Line, Router, RowId
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/acquisition", tags=["acquisition"])
Reader = Annotated[Access, Depends(require("acquisition.read"))]
_SHOWN = {"Content-Security-Policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox", "Cache-Control": "private, no-cache"}
_SVG, _PNG, _ZIP = "image/svg+xml", "image/png", "application/zip"


class PosterDesign(Body):
    """What stands on a sheet; see the room's page. `picture`: `media:<hash>` of an uploaded picture, or empty."""

    template: posters.Template = "plain"
    size: posters.Size = "a4"
    title: Annotated[Line, Field(max_length=40)] = ""
    words: Annotated[Line, Field(max_length=120)] = ""
    call: Annotated[Line, Field(max_length=30)] = "微信扫一扫"
    name: Annotated[Line, Field(max_length=40)] = ""
    picture: Annotated[Line, Field(max_length=60)] = ""
    colour: Annotated[Line, Field(max_length=7)] = "#2f6b4f"
    marks: bool = True

    def design(self) -> Design:
        return Design(**self.model_dump())



class PosterBatch(PosterDesign):
    code_ids: Annotated[list[Id], Field(min_length=1, max_length=posters.MOST_TOGETHER)]


class PosterSize(BaseModel):
    """In mm: the trimmed sheet, and the bleed on each side."""

    key: str
    name: Label
    width: int
    height: int
    bleed: int


class PosterChoice(BaseModel):
    templates: list[dict[str, str]]
    sizes: list[PosterSize]


class PosterSheet(BaseModel):
    """A sheet as SVG, by the name of its code."""

    code_id: int
    name: str
    file_name: str
    svg: str


@router.get("/codes/{code_id}/qr", summary="The picture of a live code", response_class=Response, responses={200: {"content": {_SVG: {}, _PNG: {}}}})
def read_qr(code_id: RowId, access: Reader, format: Literal["svg", "png"] = "svg", pixels: Annotated[int, Query(ge=100, le=8000)] = 1000) -> Response:
    """It says the short link of the code: what it leads to can be changed after printing, and openings are counted."""
    address = _addresses(access.stores, [code_id])[0][1]
    content, kind = (posters.qr_svg(address).encode(), _SVG) if format == "svg" else (posters.qr_png(address, pixels), _PNG)
    return Response(content, media_type=kind, headers=_SHOWN)


@router.get("/posters", summary="Templates and sizes of posters")
def list_choices(access: Reader) -> PosterChoice:
    sizes = [PosterSize(key=key, name=Label.of(name), width=width, height=height, bleed=bleed) for key, (name, width, height, bleed) in SIZES.items()]
    return PosterChoice(templates=[{"key": key, "zh": name.zh, "en": name.en} for key, name in TEMPLATES.items()], sizes=sizes)


@router.post("/posters/sheets", summary="Posters of live codes as SVG, in millimetres with bleed")
def draw_sheets(body: PosterBatch, access: Reader) -> Items[PosterSheet]:
    """Up to 500 codes; words stay words and are drawn with the fonts of whoever opens them."""
    stores, design = access.stores, PosterDesign(**body.model_dump(exclude={"code_ids"})).design()
    picture = posters.check(stores, design)
    used: set[str] = set()
    found = zip(body.code_ids, _addresses(stores, body.code_ids), strict=True)
    items = [
        PosterSheet(code_id=code_id, name=name, file_name=posters.file_name(name, used), svg=posters.sheet(design, address, name, picture)) for code_id, (name, address) in found
    ]
    return Items(items=items)


@router.post("/posters/zip", summary="Posters of live codes as a ZIP of SVG and PNG", response_class=Response, responses={200: {"content": {_ZIP: {}}}})
def zip_sheets(body: PosterBatch, access: Reader) -> Response:
    """For each code its sheet as SVG for the printer, and its code alone as SVG and PNG."""
    stores, design = access.stores, PosterDesign(**body.model_dump(exclude={"code_ids"})).design()
    content = posters.bundle(design, posters.check(stores, design), _addresses(stores, body.code_ids))
    with stores.ledger.begin() as tx:
        audit.record(tx, access.actor, "acquisition.posters_made", f"codes:{len(body.code_ids)}", {"codes": body.code_ids[:50], "size": design.size}, stores.now())
    return Response(content, media_type=_ZIP, headers={"Content-Disposition": 'attachment; filename="posters.zip"'})


def _addresses(stores: Stores, code_ids: list[int]) -> list[tuple[str, str]]:
    """(name, short link) of each code."""
    with stores.ledger.read() as tx:
        links = short_links.of_codes(tx, code_ids)
        found = [(codes.find(tx, code_id).name, links.get(code_id)) for code_id in code_ids]
    missing = [Fault(f"code_ids.{number}", Text("这个活码没有短链", "this live code has no short link")) for number, (_, link) in enumerate(found) if link is None]
    if missing:
        raise InvalidError(Text("海报有误", "the poster is not valid"), faults=missing)
    return [(name, short_links.address(stores.settings, link.code)) for name, link in found if link is not None]
