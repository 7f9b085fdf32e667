"""Places over HTTP: folders and buckets that are looked at, and what became of their files."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, Response
from pydantic import BaseModel, Field

from siyu.foundation.clock import from_ms
from siyu.foundation.http import Body, Items, Line, Router, RowId
from siyu.orders import folders, place_tasks, places
from siyu.orders.shop_routes import OrderFault
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(tags=["places"])
Reader = Annotated[Access, Depends(require("imports.read"))]
Writer = Annotated[Access, Depends(require("imports.write"))]
Kind = Literal["folder", "bucket"]


class PlaceDraft(Body):
    """`settings` of a folder: path; of a bucket: endpoint, bucket, prefix, region, virtual_hosts (true for 阿里云 OSS), allow_private; of both:
    pattern (`*.csv;*.xlsx`) and after (keep or move). `credentials`: access_key, secret_key; one that is not given keeps its value."""

    name: Line
    kind: Kind
    source: Line
    settings: dict[Line, Line]
    credentials: dict[Line, Line] = {}
    mapping: dict[Line, Line] | None = None
    every_minutes: Annotated[int, Field(ge=1, le=10_080)] = 10
    active: bool = True


class PlaceInfo(BaseModel):
    """`fault`: why the last look failed. Credentials are never shown."""

    id: int
    name: str
    kind: Kind
    source: str
    settings: dict[str, str]
    mapping: dict[str, str] | None
    every_minutes: int
    active: bool
    looked_at: datetime | None
    fault: OrderFault | None
    files: dict[str, int]
    created_at: datetime
    created_by: str


class PlaceFile(BaseModel):
    """`status`: waiting (perhaps still being written), importing, done or failed."""

    path: str
    bytes: int
    modified_at: datetime
    status: str
    import_id: str | None
    fault: OrderFault | None
    seen_at: datetime


class SeenFile(BaseModel):
    path: str
    bytes: int
    modified_at: datetime


class PlaceRoots(BaseModel):
    """Folders of this server that are open for imports."""

    folders: list[str]


class FileName(Body):
    path: Line


class StartedLook(BaseModel):
    job_id: str


@router.get("/places", summary="Folders and buckets whose files are imported as they come")
def list_places(access: Reader) -> Items[PlaceInfo]:
    with access.stores.ledger.read() as tx:
        return Items(items=[_info(tx, one) for one in places.list_places(tx)])


@router.get("/places/roots", summary="Folders of this server that are open for imports")
def list_roots(access: Reader) -> PlaceRoots:
    return PlaceRoots(folders=[str(root) for root in access.stores.settings.importable])


@router.post("/places", summary="Add a folder or bucket", status_code=201)
def add_place(body: PlaceDraft, access: Writer) -> PlaceInfo:
    return _saved(access, None, body)


@router.put("/places/{place_id}", summary="Change a folder or bucket")
def change_place(place_id: RowId, body: PlaceDraft, access: Writer) -> PlaceInfo:
    return _saved(access, place_id, body)


@router.delete("/places/{place_id}", summary="Look at a folder or bucket no more; what was imported stays", status_code=204)
def remove_place(place_id: RowId, access: Writer) -> Response:
    stores = access.stores
    with stores.ledger.begin() as tx:
        places.remove(tx, place_id, stores.now())
        audit.record(tx, access.actor, "places.removed", f"place:{place_id}", {}, stores.now())
    return Response(status_code=204)


@router.post("/places/{place_id}/check", summary="Try to read a folder or bucket: the files that fit, nothing is imported")
def check_place(place_id: RowId, access: Writer) -> Items[SeenFile]:
    stores = access.stores
    with stores.ledger.read() as tx:
        place, credentials = places.find(tx, place_id), places.credentials_of(stores, tx, place_id)
    found = folders.try_out(stores, place, credentials)
    return Items(items=[SeenFile(path=one.path, bytes=one.bytes, modified_at=from_ms(one.modified_ms)) for one in found[:100]])


@router.post("/places/{place_id}/look", summary="Look at a folder or bucket now, as a job", status_code=202)
def look_now(place_id: RowId, access: Writer) -> StartedLook:
    stores = access.stores
    with stores.ledger.begin() as tx:
        places.find(tx, place_id)
        job_id = place_tasks.ask_look(tx, place_id, stores=stores, by=access.actor.name)
        audit.record(tx, access.actor, "places.looked", f"place:{place_id}", {}, stores.now())
    return StartedLook(job_id=job_id)


@router.get("/places/{place_id}/files", summary="Files of a folder or bucket, and what became of them; the latest 200")
def list_files(place_id: RowId, access: Reader) -> Items[PlaceFile]:
    with access.stores.ledger.read() as tx:
        places.find(tx, place_id)
        found = folders.list_found(tx, place_id)
    return Items(items=[_file(one) for one in found])


@router.post("/places/{place_id}/files/again", summary="Try a file again that failed", status_code=204)
def try_again(place_id: RowId, body: FileName, access: Writer) -> Response:
    stores = access.stores
    with stores.ledger.begin() as tx:
        places.find(tx, place_id)
        folders.again(tx, place_id, body.path)
        audit.record(tx, access.actor, "places.file_again", f"place:{place_id}", {"path": body.path}, stores.now())
    return Response(status_code=204)


def _saved(access: Access, number: int | None, body: PlaceDraft) -> PlaceInfo:
    stores = access.stores
    with stores.ledger.begin() as tx:
        made = places.save(
            stores, tx, number, name=body.name, kind=body.kind, source=body.source, settings=body.settings, credentials=body.credentials, mapping=body.mapping,
            every_minutes=body.every_minutes, active=body.active, by=access.actor.name,
        )  # fmt: skip
        detail = {"name": made.name, "kind": made.kind, "source": made.source, "settings": made.settings}
        audit.record(tx, access.actor, "places.added" if number is None else "places.changed", f"place:{made.id}", detail, stores.now())
        return _info(tx, made)


def _info(tx: Any, one: places.Place) -> PlaceInfo:
    plain = {name: getattr(one, name) for name in ("id", "name", "kind", "source", "settings", "mapping", "every_minutes", "active", "looked_at", "created_at", "created_by")}
    return PlaceInfo(**plain, fault=OrderFault.of(one.fault), files=folders.counts(folders.list_found(tx, one.id, limit=None)))


def _file(one: folders.Found) -> PlaceFile:
    plain = {name: getattr(one, name) for name in ("path", "bytes", "status", "import_id", "seen_at")}
    return PlaceFile(**plain, modified_at=from_ms(one.modified_ms), fault=OrderFault.of(one.fault))
