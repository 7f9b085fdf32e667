"""Media 素材 of Official Accounts and Mini Programs: temporary ones (three days), lasting pictures, and what people send in."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from siyu.connectors._http import Upload
from siyu.connectors._wechat.api import Download
from siyu.connectors._wechat.limits import Faults
from siyu.connectors._wechat.platform import Platform

MediaKind = Literal["image", "voice", "video", "thumb"]
LIFE = timedelta(days=3)
MOST_BYTES: dict[MediaKind, int] = {
    "image": 10 * 1024 * 1024,
    "voice": 2 * 1024 * 1024,
    "video": 10 * 1024 * 1024,
    "thumb": 64 * 1024,
}
PICTURE_BYTES = 1024 * 1024
"""Of a picture inside an article (uploadimg): jpg or png, at most 1 MB."""


class Uploaded(msgspec.Struct, frozen=True):
    """A temporary id that works until `expires_at`."""

    created_at: datetime
    type: str = ""
    media_id: str = ""
    thumb_media_id: str = ""

    @property
    def id(self) -> str:
        """Thumbs come under a name of their own."""
        return self.media_id or self.thumb_media_id

    @property
    def expires_at(self) -> datetime:
        return self.created_at + LIFE


class _Url(msgspec.Struct, frozen=True):
    url: str


class Media:
    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def upload(
        self, kind: MediaKind, filename: str, content: bytes, content_type: str = ""
    ) -> Uploaded:
        _check(content, MOST_BYTES[kind])
        upload = Upload("media", filename, content, content_type or "application/octet-stream")
        return await self._platform.upload("/cgi-bin/media/upload", upload, Uploaded, type=kind)

    async def upload_picture(self, filename: str, content: bytes, content_type: str = "image/png") -> str:
        """The lasting address of a picture inside an article."""
        _check(content, PICTURE_BYTES)
        upload = Upload("media", filename, content, content_type)
        return (await self._platform.upload("/cgi-bin/media/uploadimg", upload, _Url)).url

    async def get(self, media_id: str) -> Download:
        return await self._platform.download("/cgi-bin/media/get", media_id=media_id)


def _check(content: bytes, most: int) -> None:
    faults = Faults()
    faults.between("content", len(content), 1, most)
    faults.tell()
