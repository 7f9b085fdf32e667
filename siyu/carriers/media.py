"""Media 素材: files that messages refer to. A carrier forgets an upload after three days, so the file is kept here.

A message names a file by its content (`media:<hash>`); the carrier's id of the moment is put in its place when the message
goes out. Each content is uploaded once for an account and use, and again before its days are over, as long as it is used.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any

from sqlalchemy import Connection, select, update

from siyu.carriers import _work_tables, accounts
from siyu.carriers.accounts import Account
from siyu.carriers.calls import Calls
from siyu.connectors.errors import CarrierError
from siyu.foundation.database import upsert
from siyu.foundation.errors import Fault, InvalidError, NotFoundError
from siyu.foundation.ids import content_hash
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

KINDS = ("image", "voice", "video", "file")
FOR_MOMENTS = "moment_"
EARLY = timedelta(hours=12)
"""An id that ends within this time is replaced before it is used."""
USED_WITHIN = timedelta(days=30)
"""What no message has named for so long is not uploaded again by itself."""
_NAMED = re.compile(r"media:([0-9a-f]{32})")


@dataclass(frozen=True)
class Media:
    """One file of an account. `kind` begins with `moment_` for uploads that only moments may use."""

    account_id: int
    content_hash: str
    kind: str
    name: str
    media_id: str | None
    expires_at: datetime | None
    used_at: datetime


async def put(calls: Calls, account: Account, kind: str, name: str, content: bytes) -> Media:
    """Keep a file and upload it; the same content again is the same file, and uploaded only when its id is about to end.

    Raises
    ------
    ContentError, CarrierError
        When the carrier's limits or the carrier refuse it; the file is then not kept.
    """
    if kind not in KINDS:
        raise InvalidError(Text("没有这种素材", "there is no such kind of media"), faults=[Fault("kind", Text("、".join(KINDS), ", ".join(KINDS)))])
    digest, stores = content_hash([content]), calls.stores
    with stores.ledger.read() as tx:
        held = _find(tx, account.id, digest, kind)
    if held is None or not lasts(held, stores.now()):
        held = await _upload(calls, account, kind, name, digest, content)
    keep(stores, digest, content)
    return held


async def filled(calls: Calls, account: Account, attachments: Sequence[dict[str, Any]], *, for_moments: bool = False) -> list[dict[str, Any]]:
    """The attachments with the carrier's ids in place of `media:<hash>`."""
    ids: dict[str, str] = {}
    for kind, digest in _named(attachments):
        ids[digest] = await _id_of(calls, account, (FOR_MOMENTS if for_moments else "") + kind, digest)
    return [_with(one, ids) for one in attachments]


def missing(tx: Connection, account_id: int, attachments: Sequence[dict[str, Any]]) -> list[Fault]:
    """A fault for each file that is named and was never uploaded for this account."""
    table = _work_tables.media
    known = set(tx.scalars(select(table.c.content_hash).where(table.c.account_id == account_id)))
    says = Text("没有这个素材：请先上传", "there is no such file: upload it first")
    return [Fault(f"attachments.{number}", says) for number, one in enumerate(attachments) for _, digest in _named([one]) if digest not in known]


def refresh(calls: Calls) -> int:
    """Upload again what is in use and about to end; returns how many."""
    done = 0
    for account, media in due(calls.stores):
        try:
            calls.run(_again(calls, account, media))
        except (CarrierError, NotFoundError):
            # It is due again with the next round; a message that needs it meanwhile uploads it itself.
            continue
        done += 1
    return done


def due(stores: Stores) -> list[tuple[Account, Media]]:
    table, now = _work_tables.media, stores.now()
    with stores.ledger.read() as tx:
        rows = tx.execute(select(table).where(table.c.expires_at < now + EARLY, table.c.used_at > now - USED_WITHIN)).all()
        owners = {account.id: account for account in accounts.list_accounts(tx, ["wecom"]) if account.status == "connected"} if rows else {}
    return [(owners[row.account_id], Media(**row._mapping)) for row in rows if row.account_id in owners]


def lasts(media: Media, now: datetime) -> bool:
    return media.media_id is not None and media.expires_at is not None and media.expires_at > now + EARLY


async def _id_of(calls: Calls, account: Account, kind: str, digest: str) -> str:
    stores = calls.stores
    held = await asyncio.to_thread(_used, stores, account.id, kind, digest)
    if held is not None and held.kind == kind and lasts(held, stores.now()):
        return str(held.media_id)
    made = await _upload(calls, account, kind, held.name if held else await asyncio.to_thread(name_of, stores, digest), digest, content_of(stores, digest))
    return str(made.media_id)


async def _again(calls: Calls, account: Account, media: Media) -> None:
    await _upload(calls, account, media.kind, media.name, media.content_hash, content_of(calls.stores, media.content_hash), used_at=media.used_at)


async def _upload(
    calls: Calls, account: Account, kind: str, name: str, digest: str, content: bytes, *, used_at: datetime | None = None
) -> Media:
    connector, stores = calls.connector(account).media, calls.stores
    if kind.startswith(FOR_MOMENTS):
        uploaded = await connector.upload_attachment(kind.removeprefix(FOR_MOMENTS), name, content)
    else:
        uploaded = await connector.upload(kind, name, content)
    # By our own clock: the carrier's may differ, and only how long it lasts matters.
    expires_at = stores.now() + (uploaded.expires_at - uploaded.created_at)
    made = Media(account.id, digest, kind, name[:120], uploaded.media_id, expires_at, used_at or stores.now())
    with stores.ledger.begin() as tx:
        upsert(tx, _work_tables.media, [vars(made)], ["account_id", "content_hash", "kind"])
    return made


def _used(stores: Stores, account_id: int, kind: str, digest: str) -> Media | None:
    """The file as it is held; that it is in use is written down once a day."""
    table, now = _work_tables.media, stores.now()
    with stores.ledger.read() as tx:
        held = _find(tx, account_id, digest, kind) or _find(tx, account_id, digest, kind.removeprefix(FOR_MOMENTS))
    if held is not None and held.used_at < now - timedelta(days=1):
        with stores.ledger.begin() as tx:
            tx.execute(update(table).where(table.c.account_id == account_id, table.c.content_hash == digest).values(used_at=now))
    return held


def _find(tx: Connection, account_id: int, digest: str, kind: str) -> Media | None:
    table = _work_tables.media
    row = tx.execute(select(table).where(table.c.account_id == account_id, table.c.content_hash == digest, table.c.kind == kind)).first()
    return None if row is None else Media(**row._mapping)


def _named(attachments: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    """(kind, hash) of every file that is named. Pictures of links and cards are images."""
    values = [(one["msgtype"], value) for one in attachments for value in (one.get(one.get("msgtype", "")) or {}).values() if isinstance(value, str)]
    return [(kind if kind in KINDS else "image", match[1]) for kind, value in values if (match := _NAMED.fullmatch(value))]


def _with(attachment: dict[str, Any], ids: dict[str, str]) -> dict[str, Any]:
    kind = attachment.get("msgtype", "")
    fields = {
        name: ids[match[1]] if isinstance(value, str) and (match := _NAMED.fullmatch(value)) else value
        for name, value in (attachment.get(kind) or {}).items()
    }
    return {**attachment, kind: fields}


def _path(stores: Stores, digest: str) -> Path:
    return stores.settings.files / "media" / digest[:2] / digest


def keep(stores: Stores, digest: str, content: bytes, name: str = "") -> None:
    """Keep a file under the hash of its content, whole or not at all; `name` is what receivers are shown."""
    path = _path(stores, digest)
    if name:
        _write(path.with_name(f"{path.name}.name"), name.encode("utf-8", "replace"))
    _write(path, content)


def name_of(stores: Stores, digest: str) -> str:
    """The name that a file was kept under, else its hash."""
    try:
        return _path(stores, digest).with_name(f"{digest}.name").read_text("utf-8")
    except FileNotFoundError:
        return digest


def _write(path: Path, content: bytes) -> None:
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f"{path.name}.{token_hex(4)}")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def content_of(stores: Stores, digest: str) -> bytes:
    try:
        return _path(stores, digest).read_bytes()
    except FileNotFoundError:
        raise NotFoundError(
            Text(f"素材 {digest} 的文件不在", f"the file of {digest} is not there"), way_out=Text("请重新上传", "upload it again")
        ) from None
