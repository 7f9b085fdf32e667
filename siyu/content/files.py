"""Files 文件: pictures, videos and documents of pieces: taken in within bounds, known by their content, served again.

A file's kind comes from its first bytes, never from its name. It lies beside the carriers' media, under the hash of its content, so
that a message names it (`media:<hash>`) and the carriers' room uploads it anew whenever a carrier's copy has ended.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select, update

from siyu.carriers import media
from siyu.content import _tables
from siyu.content.articles import pictures
from siyu.content.bodies import Body
from siyu.content.fits import File
from siyu.foundation.database import insert_ignore
from siyu.foundation.errors import Fault, InvalidError, NotFoundError
from siyu.foundation.ids import content_hash
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

MOST_BYTES = {"image": 10 << 20, "video": 20 << 20, "file": 20 << 20}
MOST_PIXELS = 60_000_000
"""A picture that is small as a file can be huge when it is shown: 60 million points are a sheet of A3 in print."""
PREFIX = "media:"
_t = _tables.media


@dataclass(frozen=True)
class Media:
    """One file. `shown`: customers' pages may show it, because an approved version does."""

    content_hash: str
    kind: str
    type: str
    name: str
    size_bytes: int
    width: int | None
    height: int | None
    shown: bool
    created_at: datetime
    created_by: str

    @property
    def media(self) -> str:
        return PREFIX + self.content_hash


class Seen(NamedTuple):
    """What the content is: its kind and type, and the size of a picture in points."""

    kind: str
    type: str
    width: int | None = None
    height: int | None = None


def put(stores: Stores, name: str, content: bytes, by: str) -> Media:
    """Keep a file; the same content again is the same file.

    Raises
    ------
    InvalidError
        When it is empty, too large, or of no kind that can be sent.
    """
    seen = look(content)
    if seen is None:
        raise _wrong(Text("认不出这种文件：可用 JPG、PNG、GIF、WebP、MP4、PDF、Word、Excel、PPT、ZIP、文本", "this kind of file is not known; use JPEG, PNG, GIF, WebP, MP4, PDF, Office, ZIP or plain text"))
    most = MOST_BYTES[seen.kind]
    if len(content) > most:
        raise _wrong(Text(f"最多 {most} 字节，现为 {len(content)} 字节", f"at most {most} bytes; it has {len(content)}"))
    if (seen.width or 0) * (seen.height or 0) > MOST_PIXELS:
        raise _wrong(Text(f"图片太大：{seen.width}×{seen.height}", f"the picture is too large: {seen.width}×{seen.height}"))
    digest = content_hash([content])
    media.keep(stores, digest, content, name)
    row = {
        "content_hash": digest, "kind": seen.kind, "type": seen.type, "name": name[:120], "size_bytes": len(content), "width": seen.width, "height": seen.height,
        "shown": False, "created_at": stores.now(), "created_by": by[:80],
    }  # fmt: skip
    with stores.ledger.begin() as tx:
        insert_ignore(tx, _t, [row])
        return find(tx, digest)


def find(tx: Connection, digest: str) -> Media:
    row = tx.execute(select(_t).where(_t.c.content_hash == digest)).first()
    if row is None:
        raise NotFoundError(Text("没有这个文件", "there is no such file"), way_out=Text("请先上传", "upload it first"))
    return Media(**row._mapping)


def listed(tx: Connection, *, kind: str | None = None, before: tuple[datetime, str] | None = None, limit: int = 50) -> list[Media]:
    """The newest first."""
    query = select(_t).order_by(_t.c.created_at.desc(), _t.c.content_hash).limit(limit)
    if kind is not None:
        query = query.where(_t.c.kind == kind)
    if before is not None:
        query = query.where((_t.c.created_at < before[0]) | ((_t.c.created_at == before[0]) & (_t.c.content_hash > before[1])))
    return [Media(**row._mapping) for row in tx.execute(query)]


def content_of(stores: Stores, digest: str) -> bytes:
    return media.content_of(stores, digest)


def named_by(body: Body) -> list[str]:
    """Names of the files that a body shows or sends."""
    return list(dict.fromkeys([name for name in (body.picture, body.file, body.video) if name] + pictures(body.html)))


def known(tx: Connection, body: Body) -> dict[str, File]:
    """What is known of the files that a body names."""
    names = named_by(body)
    rows = tx.execute(select(_t).where(_t.c.content_hash.in_([name.removeprefix(PREFIX) for name in names]))) if names else ()
    return {PREFIX + row.content_hash: File(row.kind, row.type, row.size_bytes, row.width, row.height) for row in rows}


def show(tx: Connection, bodies: Sequence[Body]) -> None:
    """Let customers' pages show the pictures of these bodies."""
    show_named(tx, [name for body in bodies for name in named_by(body)])


def show_named(tx: Connection, names: Sequence[str]) -> None:
    """Let customers' pages show these pictures (`media:<hash>`)."""
    if names:
        tx.execute(update(_t).where(_t.c.content_hash.in_([name.removeprefix(PREFIX) for name in names])).values(shown=True))


def look(content: bytes) -> Seen | None:
    """What some bytes are; None for what is not known, or broken where its size should stand."""
    for begins, kind, found_type in _BEGINNINGS:
        if content.startswith(begins):
            return Seen(kind, found_type)
    if content[4:8] == b"ftyp":
        return Seen("video", "video/mp4")
    if (size := _size(content)) is not None:
        return Seen("image", *size)
    return Seen("file", "text/plain") if _is_text(content) else None


_BEGINNINGS = (
    (b"%PDF-", "file", "application/pdf"),
    (b"PK\x03\x04", "file", "application/zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "file", "application/x-ole-storage"),
)


def _size(content: bytes) -> tuple[str, int, int] | None:
    """Type, width and height of a picture, from its own head; None when it has none."""
    try:
        if content.startswith(b"\x89PNG\r\n\x1a\n"):
            return ("image/png", *struct.unpack(">II", content[16:24])) if content[12:16] == b"IHDR" else None
        if content.startswith((b"GIF87a", b"GIF89a")):
            return ("image/gif", *struct.unpack("<HH", content[6:10]))
        if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
            return _webp(content)
        if content.startswith(b"\xff\xd8\xff"):
            return next(_jpeg(content), None)
    except (struct.error, IndexError):
        pass
    return None


def _webp(content: bytes) -> tuple[str, int, int] | None:
    """RFC 9649: VP8X, lossless and lossy streams keep their size in three ways."""
    if content[12:16] == b"VP8X":
        return "image/webp", 1 + int.from_bytes(content[24:27], "little"), 1 + int.from_bytes(content[27:30], "little")
    if content[12:16] == b"VP8L":
        bits = int.from_bytes(content[21:25], "little")
        return "image/webp", 1 + (bits & 0x3FFF), 1 + ((bits >> 14) & 0x3FFF)
    width, height = struct.unpack("<HH", content[26:30])
    return "image/webp", width & 0x3FFF, height & 0x3FFF


def _jpeg(content: bytes) -> Iterator[tuple[str, int, int]]:
    """The first frame header (ITU T.81 B.2.2)."""
    at = 2
    while at + 9 < len(content) and content[at] == 0xFF:
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            yield "image/jpeg", width, height
        at += 2 + max(length, 2)


def _is_text(content: bytes) -> bool:
    """Plain text in UTF-8 that no browser takes for a page."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return bool(text.strip()) and "\0" not in text and "<" not in text[:1024]


def _wrong(says: Text) -> InvalidError:
    return InvalidError(Text("文件不能用", "the file cannot be used"), faults=[Fault("file", says)])
