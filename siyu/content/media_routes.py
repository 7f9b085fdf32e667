"""Files of pieces over HTTP: they come in within bounds, and are shown in the console."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from siyu.content import files
from siyu.content.files import Media
from siyu.foundation.errors import TooLargeError
from siyu.foundation.http import Cursor, Limit, Line, Page, Router, allow_body, decode_cursor, encode_cursor
from siyu.foundation.text import Text
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/content/media", tags=["content"])
Reader = Annotated[Access, Depends(require("content.read"))]
Writer = Annotated[Access, Depends(require("content.write"))]
MOST = max(files.MOST_BYTES.values())
_SHOWN = {"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "private, max-age=3600"}


class MediaFile(BaseModel):
    """`media` stands in a piece's picture, file or video, and in the src of an article's pictures. `url` shows it to customers once an approved version does."""

    media: str
    kind: str
    type: str
    name: str
    size_bytes: int
    width: int | None
    height: int | None
    shown: bool
    url: str
    created_at: datetime
    created_by: str

    @classmethod
    def of(cls, one: Media) -> MediaFile:
        return cls(**{name: value for name, value in vars(one).items() if name != "content_hash"}, media=one.media, url=f"/m/{one.content_hash}")


@router.put("", summary="Upload a file for pieces", status_code=201)
async def put_file(request: Request, access: Writer, name: Annotated[Line, Query(min_length=1, max_length=120)]) -> MediaFile:
    """The body is the file. What it is, is told by its content; the same content again is the same file."""
    allow_body(request, MOST + 1)
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > MOST:
            raise TooLargeError(Text(f"文件超过 {MOST >> 20} MB", f"the file is larger than {MOST >> 20} MB"))
    return MediaFile.of(await run_in_threadpool(_kept, access, name, bytes(content)))


@router.get("", summary="Uploaded files, the newest first")
def list_files(access: Reader, kind: Literal["image", "video", "file"] | None = None, limit: Limit = 50, cursor: Cursor = None) -> Page[MediaFile]:
    stores, scope = access.stores, f"content media {kind}"
    place = decode_cursor(stores, scope, cursor)
    with stores.ledger.read() as tx:
        found = files.listed(tx, kind=kind, before=(datetime.fromisoformat(place[0]), place[1]) if place else None, limit=limit)
    after = encode_cursor(stores, scope, found[-1].created_at.isoformat(), found[-1].content_hash) if len(found) == limit else None
    return Page(items=[MediaFile.of(one) for one in found], next_cursor=after, total=None)


@router.get("/{digest}", summary="A file, to be shown in the console", response_class=Response, responses={200: {"content": {"application/octet-stream": {}}}})
def read_file(digest: Line, access: Reader) -> Response:
    """Pictures and videos are shown; everything else is saved, never opened as a page of ours."""
    with access.stores.ledger.read() as tx:
        found = files.find(tx, digest[:32])
    content = files.content_of(access.stores, found.content_hash)
    how = {} if found.kind in ("image", "video") else {"Content-Disposition": "attachment"}
    return Response(content, media_type=found.type, headers={**_SHOWN, **how})


def _kept(access: Access, name: str, content: bytes) -> Media:
    made = files.put(access.stores, name, content, access.actor.name)
    with access.stores.ledger.begin() as tx:
        audit.record(tx, access.actor, "content.file_added", f"file:{made.content_hash}", {"name": name, "type": made.type, "size_bytes": made.size_bytes}, access.stores.now())
    return made
