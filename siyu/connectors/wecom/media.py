"""Media 素材: upload (an id that lasts three days), pictures with a lasting address, attachments of moments, and download."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from siyu.connectors._http import Upload
from siyu.connectors._wechat.api import Download
from siyu.connectors.wecom.client import Client
from siyu.connectors.wecom.content import Faults

Kind = Literal["image", "voice", "video", "file"]
LIFE = timedelta(days=3)
LEAST_BYTES = 6
FOR_MOMENTS, FOR_ALBUM = 1, 2


class Uploaded(msgspec.Struct, frozen=True):
    """An id that every app of the corp may use until `expires_at`."""

    media_id: str
    created_at: datetime
    type: str = ""

    @property
    def expires_at(self) -> datetime:
        return self.created_at + LIFE


class _Url(msgspec.Struct, frozen=True):
    url: str


class Media:
    def __init__(self, client: Client) -> None:
        self._client = client

    async def upload(self, kind: Kind, filename: str, content: bytes, content_type: str = "") -> Uploaded:
        self._check(kind, content)
        upload = Upload("media", filename, content, content_type or "application/octet-stream")
        return await self._client.upload("/cgi-bin/media/upload", upload, Uploaded, type=kind)

    async def upload_attachment(
        self, kind: Kind, filename: str, content: bytes, content_type: str = "", *, purpose: int = FOR_MOMENTS
    ) -> Uploaded:
        """For moments (or the product album); other ids do not work there."""
        self._check(kind, content)
        upload = Upload("media", filename, content, content_type or "application/octet-stream")
        path = "/cgi-bin/media/upload_attachment"
        return await self._client.upload(path, upload, Uploaded, media_type=kind, attachment_type=purpose)

    async def upload_picture(self, filename: str, content: bytes, content_type: str = "image/png") -> str:
        """The lasting address of a picture; only such addresses may stand as `pic_url` in a message."""
        self._check("image", content)
        upload = Upload("media", filename, content, content_type)
        return (await self._client.upload("/cgi-bin/media/uploadimg", upload, _Url)).url

    async def get(self, media_id: str) -> Download:
        return await self._client.download("/cgi-bin/media/get", media_id=media_id)

    def _check(self, kind: Kind, content: bytes) -> None:
        limits, faults = self._client.limits, Faults()
        most = {
            "image": limits.image_bytes,
            "voice": limits.voice_bytes,
            "video": limits.video_bytes,
            "file": limits.file_bytes,
        }[kind]
        if not LEAST_BYTES <= len(content) <= most:
            faults.add(
                "content",
                f"大小应在 {LEAST_BYTES} 到 {most} 字节之间，现为 {len(content)}",
                f"{LEAST_BYTES} to {most} bytes; it has {len(content)}",
            )
        faults.tell()
