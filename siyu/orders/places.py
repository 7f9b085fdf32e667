"""Places 取件处: folders of this server and S3-compatible buckets whose files of orders are imported as they come."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, insert, select, update

from siyu.foundation.errors import ConflictError, Fault, InvalidError, NotFoundError
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.orders import _tables, fields

KINDS = {"folder": Text("服务器文件夹", "Folder of this server"), "bucket": Text("对象存储(S3 兼容)", "S3-compatible bucket")}
AFTER = ("keep", "move")
_CONTEXT = "orders place credentials"
_FOLDER = {"path": r"/[^\0]{1,400}"}
_BUCKET = {"endpoint": r"https?://[^\s/?#@]{1,200}", "bucket": r"[A-Za-z0-9.-]{2,63}", "prefix": r"[^\\\0]{0,300}", "region": r"[a-z0-9-]{0,40}",
           "virtual_hosts": r"true|false|", "allow_private": r"true|false|"}  # fmt: skip
_BOTH = {"pattern": r"[^/\\\0]{0,200}", "after": "|".join(AFTER) + "|"}
_CREDENTIALS = {"access_key": r"[!-~]{3,200}", "secret_key": r"[!-~]{3,300}"}


@dataclass(frozen=True)
class Place:
    """`settings` of a folder: path; of a bucket: endpoint, bucket, prefix, region, virtual_hosts, allow_private; of both: pattern
    (names of files, with * and ;) and after (keep, or move into the folder `imported`). `mapping` None: the one saved for the source, else the one
    that is recognised."""

    id: int
    name: str
    kind: str
    source: str
    mapping: fields.Mapping | None
    settings: dict[str, str]
    every_minutes: int
    active: bool
    looked_at: datetime | None
    fault: dict[str, Any] | None
    created_at: datetime
    created_by: str

    @property
    def patterns(self) -> list[str]:
        return [one.strip() for one in (self.settings.get("pattern") or "*.csv;*.txt;*.xlsx;*.xls;*.parquet").split(";") if one.strip()]


def save(
    stores: Stores, tx: Connection, number: int | None, *, name: str, kind: str, source: str, settings: Mapping[str, str], credentials: Mapping[str, str],
    mapping: fields.Mapping | None, every_minutes: int, active: bool, by: str,
) -> Place:  # fmt: skip
    """Add a place, or change it; a credential that is not given keeps its value.

    Raises
    ------
    InvalidError
        With every fault.
    """
    given = {key: value.strip() for key, value in settings.items() if value.strip()}
    kept = credentials_of(stores, tx, number) if number is not None else {}
    secret = {**kept, **{key: value.strip() for key, value in credentials.items() if value.strip()}}
    faults = [*_faults(kind, given, secret), *_folder_faults(stores.settings, kind, given)]
    faults += [] if 0 < len(name.strip()) <= 80 else [Fault("name", Text("1 到 80 个字", "1 to 80 characters"))]
    faults += [] if 0 < len(source.strip()) <= 60 else [Fault("source", Text("1 到 60 个字", "1 to 60 characters"))]
    faults += [] if 1 <= every_minutes <= 10_080 else [Fault("every_minutes", Text("1 到 10080 分钟", "1 to 10080 minutes"))]
    faults += [Fault(f"mapping.{field}", Text("没有这个字段", "no such field")) for field in mapping or {} if field not in fields.BY_NAME]
    if faults:
        raise InvalidError(Text("取件处的资料有误", "the details of the place are not valid"), faults=faults)
    sealed = stores.secrets.seal([msgspec.json.encode(secret).decode()], _CONTEXT)[0] if kind == "bucket" else None
    values = {
        "name": name.strip(), "kind": kind, "source": source.strip(), "mapping": mapping or None, "settings": given, "credentials_sealed": sealed,
        "every_minutes": every_minutes, "active": active, "fault": None, "looked_at": None,
    }  # fmt: skip
    table = _tables.place
    if number is not None:
        find(tx, number)
        tx.execute(update(table).where(table.c.id == number).values(values))
        return find(tx, number)
    made = tx.execute(insert(table).values(**values, created_at=stores.now(), created_by=by)).inserted_primary_key
    assert made is not None
    return find(tx, int(made[0]))


def remove(tx: Connection, place_id: int, now: datetime) -> None:
    """It is looked at no more; what was imported stays."""
    find(tx, place_id)
    tx.execute(update(_tables.place).where(_tables.place.c.id == place_id).values(removed_at=now, active=False, credentials_sealed=None))


def find(tx: Connection, place_id: int) -> Place:
    row = tx.execute(select(_tables.place).where(_tables.place.c.id == place_id, _tables.place.c.removed_at.is_(None))).one_or_none()
    if row is None:
        raise NotFoundError(Text("没有这个取件处", "there is no such place"))
    return _place(row)


def list_places(tx: Connection) -> list[Place]:
    table = _tables.place
    return [_place(row) for row in tx.execute(select(table).where(table.c.removed_at.is_(None)).order_by(table.c.id))]


def due(tx: Connection, now: datetime) -> list[Place]:
    """Those whose time to be looked at has come."""
    return [one for one in list_places(tx) if one.active and (one.looked_at is None or one.looked_at + timedelta(minutes=one.every_minutes) <= now)]


def credentials_of(stores: Stores, tx: Connection, place_id: int) -> dict[str, str]:
    blob = tx.scalar(select(_tables.place.c.credentials_sealed).where(_tables.place.c.id == place_id))
    if blob is None:
        return {}
    opened = stores.secrets.open([blob], _CONTEXT)[0]
    if opened is None:
        raise ConflictError(
            Text("取件处的密钥无法解密", "the credentials of the place cannot be decrypted"),
            way_out=Text("恢复原来的主密钥，或重新填写", "restore the former master key, or enter them again"),
        )
    found: dict[str, str] = msgspec.json.decode(opened)
    return found


def folder_of(settings: Settings, path: str) -> Path:
    """The folder, with all links followed.

    Raises
    ------
    InvalidError
        When it lies in none of the folders that the server's owner has opened for this.
    """
    folder = Path(path).resolve()
    if not any(folder.is_relative_to(root.resolve()) for root in settings.importable):
        allowed = "、".join(str(root) for root in settings.importable)
        raise InvalidError(
            Text("这个文件夹没有开放给导入", "this folder is not open for imports"),
            faults=[Fault("settings.path", Text(f"只能在：{allowed}", f"must lie in: {allowed}"))],
            way_out=Text("用设置 SIYU_IMPORT_FOLDERS 开放它，再重启", "open it with the setting SIYU_IMPORT_FOLDERS and start again"),
        )
    return folder


def _faults(kind: str, settings: Mapping[str, str], credentials: Mapping[str, str]) -> list[Fault]:
    if kind not in KINDS:
        return [Fault("kind", Text(f"可用：{'、'.join(KINDS)}", f"use one of {', '.join(KINDS)}"))]
    known = {**(_FOLDER if kind == "folder" else _BUCKET), **_BOTH}
    wanted = ("path",) if kind == "folder" else ("endpoint", "bucket")
    found = [Fault(f"settings.{name}", Text("没有这一项", "there is no such entry")) for name in settings if name not in known]
    found += [Fault(f"settings.{name}", Text("请填写", "is missing")) for name in wanted if not settings.get(name)]
    found += [Fault(f"settings.{name}", Text("格式不对", "is not of the right form")) for name, value in settings.items() if name in known and not re.fullmatch(known[name], value)]
    for name, pattern in _CREDENTIALS.items() if kind == "bucket" else ():
        if not re.fullmatch(pattern, credentials.get(name, "")):
            found.append(Fault(f"credentials.{name}", Text("请填写", "is missing") if not credentials.get(name) else Text("格式不对", "is not of the right form")))
    return found


def _folder_faults(settings: Settings, kind: str, given: Mapping[str, str]) -> list[Fault]:
    if kind != "folder" or not given.get("path", "").startswith("/"):
        return []
    try:
        folder_of(settings, given["path"])
    except InvalidError as error:
        return error.faults
    return []


def _place(row: Row[Any]) -> Place:
    return Place(**{name: getattr(row, name) for name in Place.__dataclass_fields__})
