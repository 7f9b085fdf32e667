"""Media over HTTP: a file goes in, and a name comes out that messages refer to it by."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Depends, Query, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from siyu.carriers import accounts, media
from siyu.carriers.accounts import Account
from siyu.carriers.callback_routes import carriers_of
from siyu.foundation.errors import InvalidError, TooLargeError
from siyu.foundation.http import Line, Router, RowId, allow_body
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/carriers/accounts/{id}/media", tags=["carriers"])
Writer = Annotated[Access, Depends(require("carriers.write"))]
MOST_BYTES = 20 << 20
WAIT_SECONDS = 120


class MediaInfo(BaseModel):
    """`media` stands in an attachment where the carrier wants a media_id: it stays valid when the carrier forgets the upload."""

    media: str
    kind: str
    name: str
    expires_at: datetime | None


@router.put("", summary="Upload a file for messages", status_code=201)
async def put_media(
    id: RowId, request: Request, access: Writer, name: Annotated[Line, Query(min_length=1, max_length=120)],
    kind: Annotated[Literal["image", "voice", "video", "file"], Query()] = "image",
) -> MediaInfo:  # fmt: skip
    """The body is the file. The same content again is not uploaded twice."""
    allow_body(request, MOST_BYTES * 2)
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > MOST_BYTES:
            raise TooLargeError(Text("文件超过 20 MB", "the file is larger than 20 MB"))
    account = await run_in_threadpool(_account, access, id, name, kind)
    calls = carriers_of(request).calls
    made = await run_in_threadpool(calls.run, media.put(calls, account, kind, name, bytes(content)), WAIT_SECONDS)
    return MediaInfo(media=f"media:{made.content_hash}", kind=made.kind, name=made.name, expires_at=made.expires_at)


def _account(access: Access, account_id: int, name: str, kind: str) -> Account:
    stores: Stores = access.stores
    with stores.ledger.begin() as tx:
        account = accounts.find_account(tx, account_id)
        if account.product != "wecom":
            raise InvalidError(Text("这种载体的素材还不能在此上传", "media of this carrier cannot be uploaded here"))
        audit.record(tx, access.actor, "carriers.media_added", f"account:{account_id}", {"name": name, "kind": kind}, stores.now())
        return account
