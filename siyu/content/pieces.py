"""Pieces 素材: what may be sent, in versions; found again, kept in order, taken out of use, and thrown away with a way back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, func, insert, or_, select, type_coerce, update
from sqlalchemy import Text as SqlText

from siyu.content import _tables, addresses, articles, files, variables
from siyu.content.bodies import Body, plain, read_body
from siyu.content.fits import check_all
from siyu.content.kinds import KINDS, PURPOSES, Kind, Purpose, Status
from siyu.content.templates import faults_of, names_in
from siyu.foundation.database import among, insert_ignore
from siyu.foundation.errors import ConflictError, Fault, InvalidError, NotFoundError
from siyu.foundation.text import Text

_t = _tables.piece
_v = _tables.version
MOST_LABELS = 20


@dataclass(frozen=True)
class Piece:
    """One piece. `version` is the newest, `approved_version` the one that is sent; `edit` goes up with every change."""

    id: int
    name: str
    kind: Kind
    purpose: Purpose
    status: Status
    version: int
    approved_version: int | None
    folder: str
    labels: list[str]
    owner: str
    valid_from: datetime | None
    valid_until: datetime | None
    trashed_at: datetime | None
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str
    edit: int

    def is_valid(self, at: datetime) -> bool:
        return (self.valid_from is None or self.valid_from <= at) and (self.valid_until is None or at < self.valid_until)


@dataclass(frozen=True)
class Version:
    """What a piece said. `fits` has for each carrier how many of its limits are broken."""

    piece_id: int
    version: int
    body: Body
    fits: dict[str, int]
    status: str
    created_at: datetime
    created_by: str
    author: str
    decided_at: datetime | None
    decided_by: str | None


@dataclass(frozen=True)
class Draft:
    """What somebody writes. `body` as in bodies.Body."""

    name: str
    kind: Kind
    purpose: Purpose
    body: dict[str, Any]
    folder: str = ""
    labels: tuple[str, ...] = ()
    owner: str = ""
    valid_from: datetime | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True)
class Author:
    """`key` is kind and number, such as member:7."""

    key: str
    name: str


@dataclass(frozen=True)
class Use:
    """Who used a piece: `ref` such as send:12."""

    ref: str
    name: str
    version: int
    at: datetime


def add(tx: Connection, draft: Draft, by: Author, now: datetime) -> Piece:
    """A new piece with its first version.

    Raises
    ------
    InvalidError
    """
    body = _checked(tx, draft)
    row = {
        **_columns(draft, body), "kind": draft.kind, "status": "draft", "version": 1, "owner": draft.owner or by.name, "created_at": now, "created_by": by.name,
        "updated_at": now, "updated_by": by.name, "edit": 1,
    }  # fmt: skip
    key = tx.execute(insert(_t).values(row)).inserted_primary_key
    assert key is not None
    _write_version(tx, int(key[0]), 1, draft.kind, body, by, now)
    return find(tx, int(key[0]))


def save(tx: Connection, piece_id: int, draft: Draft, by: Author, now: datetime, *, edit: int | None = None) -> Piece:
    """Change a piece. Other words are a new version, unless the newest is a draft that nobody has looked at yet.

    Raises
    ------
    ConflictError
        With another `edit` than the piece has: somebody else saved meanwhile.
    InvalidError, NotFoundError
    """
    held = find(tx, piece_id, locked=True)
    if edit is not None and edit != held.edit:
        raise ConflictError(
            Text(f"{held.updated_by} 已改过这条素材", f"{held.updated_by} has changed this piece meanwhile"), way_out=Text("重新打开后再改", "open it again, then change it")
        )
    if held.trashed_at is not None:
        raise ConflictError(Text("素材在回收站里", "the piece is in the trash"), way_out=Text("先恢复它", "take it back first"))
    if draft.kind != held.kind:
        raise InvalidError(Text("类型不能改", "the kind cannot change"), faults=[Fault("kind", Text(f"这条是{KINDS[held.kind].zh}", f"this is: {KINDS[held.kind].en}"))])
    body, newest = _checked(tx, draft), version_of(tx, piece_id, held.version)
    changed = body != newest.body or (draft.purpose != held.purpose and newest.status != "draft")
    number, status = held.version, held.status
    if changed:
        number, status = (held.version if newest.status == "draft" else held.version + 1), "draft"
        _write_version(tx, piece_id, number, held.kind, body, by, now)
    values = {**_columns(draft, body), "version": number, "status": status, "owner": draft.owner or held.owner}
    _touch(tx, [piece_id], values, by, now)
    return find(tx, piece_id)


def find(tx: Connection, piece_id: int, *, locked: bool = False) -> Piece:
    query = select(*_PIECE).where(_t.c.id == piece_id)
    row = tx.execute(query.with_for_update() if locked else query).first()
    if row is None:
        raise NotFoundError(Text("没有这条素材", "there is no such piece"), way_out=Text("回到素材库查找", "look for it in the library"))
    return Piece(**row._mapping)


def find_some(tx: Connection, piece_ids: Sequence[int]) -> dict[int, Piece]:
    """Those that there are, by id."""
    return {row.id: Piece(**row._mapping) for row in tx.execute(select(*_PIECE).where(among(tx, _t.c.id, list(piece_ids))))}


def version_of(tx: Connection, piece_id: int, version: int) -> Version:
    row = tx.execute(select(_v).where(_v.c.piece_id == piece_id, _v.c.version == version)).first()
    if row is None:
        raise NotFoundError(Text(f"没有版本 {version}", f"there is no version {version}"))
    return _version(row)


def versions(tx: Connection, piece_id: int) -> list[Version]:
    """All of them, the newest first."""
    return [_version(row) for row in tx.execute(select(_v).where(_v.c.piece_id == piece_id).order_by(_v.c.version.desc()))]


@dataclass(frozen=True)
class Filter:
    q: str = ""
    kind: str | None = None
    purpose: str | None = None
    status: str | None = None
    folder: str | None = None
    label: str | None = None
    carrier: str | None = None
    usable: bool = False
    trashed: bool = False
    owner: str | None = None


def listed(tx: Connection, wanted: Filter, now: datetime, *, before: tuple[datetime, int] | None = None, limit: int = 50) -> list[Piece]:
    """Pieces, the one changed last first. A folder holds what is below it; `usable`: can be sent now; `carrier`: breaks no limit there."""
    query = select(*_PIECE).where(_t.c.trashed_at.isnot(None) if wanted.trashed else _t.c.trashed_at.is_(None))
    for column, value in ((_t.c.kind, wanted.kind), (_t.c.purpose, wanted.purpose), (_t.c.status, wanted.status), (_t.c.owner, wanted.owner)):
        if value is not None:
            query = query.where(column == value)
    for word in wanted.q.lower().split():
        query = query.where(_t.c.words.contains(word, autoescape=True))
    if wanted.folder is not None:
        query = query.where(or_(_t.c.folder == wanted.folder, _t.c.folder.startswith(wanted.folder + "/", autoescape=True)))
    if wanted.label is not None:
        query = query.where(_t.c.words.contains(f"#{wanted.label.lower()} ", autoescape=True))
    if wanted.usable:
        query = query.where(
            _t.c.approved_version.isnot(None), _t.c.status != "retired", or_(_t.c.valid_from.is_(None), _t.c.valid_from <= now), or_(_t.c.valid_until.is_(None), _t.c.valid_until > now)
        )
    if wanted.carrier is not None:
        shown = func.coalesce(_t.c.approved_version, _t.c.version) if wanted.usable else _t.c.version
        query = query.join(_v, and_(_v.c.piece_id == _t.c.id, _v.c.version == shown)).where(type_coerce(_v.c.fits, SqlText).contains(f'"{wanted.carrier}":0', autoescape=True))
    if before is not None:
        query = query.where(or_(_t.c.updated_at < before[0], and_(_t.c.updated_at == before[0], _t.c.id < before[1])))
    return [Piece(**row._mapping) for row in tx.execute(query.order_by(_t.c.updated_at.desc(), _t.c.id.desc()).limit(limit))]


def folders(tx: Connection) -> dict[str, int]:
    """Folder → pieces in it (not below)."""
    rows = tx.execute(select(_t.c.folder, func.count()).where(_t.c.trashed_at.is_(None)).group_by(_t.c.folder).order_by(_t.c.folder))
    return {folder: int(count) for folder, count in rows}


def owners(tx: Connection) -> dict[str, int]:
    rows = tx.execute(select(_t.c.owner, func.count()).where(_t.c.trashed_at.is_(None)).group_by(_t.c.owner).order_by(_t.c.owner))
    return {owner: int(count) for owner, count in rows}


def labels(tx: Connection) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in tx.execute(select(_t.c.labels).where(_t.c.trashed_at.is_(None))):
        for label in row.labels:
            found[label] = found.get(label, 0) + 1
    return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))


def sendable(tx: Connection, wanted: Mapping[int, int | None], at: datetime) -> dict[int, Version]:
    """The versions that may be sent at a moment, by piece; a null version means the approved one.

    Raises
    ------
    InvalidError
        With a fault for each piece that there is not, was thrown away or retired, is not valid then, or whose version nobody approved.
    """
    held, faults, found = find_some(tx, list(wanted)), [], {}
    for piece_id, number in wanted.items():
        piece = held.get(piece_id)
        if piece is None or piece.trashed_at is not None:
            faults.append(Fault(f"piece:{piece_id}", Text("没有这条素材", "there is no such piece")))
            continue
        shown = f"piece:{piece_id}"
        if piece.status == "retired":
            faults.append(Fault(shown, Text(f"「{piece.name}」已停用", f"“{piece.name}” is retired")))
        if not piece.is_valid(at):
            faults.append(Fault(shown, Text(f"「{piece.name}」那时不在有效期内", f"“{piece.name}” is not valid then")))
        number = number or piece.approved_version
        row = tx.execute(select(_v).where(_v.c.piece_id == piece_id, _v.c.version == number)).first() if number else None
        if row is None or row.status != "approved":
            faults.append(Fault(shown, Text(f"「{piece.name}」还没有通过审核", f"“{piece.name}” has not been approved")))
        else:
            found[piece_id] = _version(row)
    if faults:
        raise InvalidError(Text("素材不能发送", "these pieces cannot be sent"), faults=faults, way_out=Text("到素材库送审或改有效期", "have them approved in the library, or change until when they are valid"))
    return found


def note_use(tx: Connection, piece_id: int, version: int, ref: str, name: str, now: datetime) -> None:
    """Write down who uses a version (`ref` such as send:12); the same twice is once."""
    insert_ignore(tx, _tables.use, [{"piece_id": piece_id, "version": version, "ref": ref, "name": name[:80], "at": now}])


def uses(tx: Connection, piece_id: int) -> list[Use]:
    table = _tables.use
    rows = tx.execute(select(table).where(table.c.piece_id == piece_id).order_by(table.c.at.desc(), table.c.ref))
    return [Use(row.ref, row.name, row.version, row.at) for row in rows]


def use_counts(tx: Connection, piece_ids: Sequence[int]) -> dict[int, int]:
    table = _tables.use
    rows = tx.execute(select(table.c.piece_id, func.count()).where(among(tx, table.c.piece_id, list(piece_ids))).group_by(table.c.piece_id))
    return {piece_id: int(count) for piece_id, count in rows}


def change(tx: Connection, piece_ids: Sequence[int], values: Mapping[str, Any], by: Author, now: datetime) -> None:
    """Give pieces other columns (status, folder, trashed_at …) at once."""
    _touch(tx, piece_ids, values, by, now)


def copy(tx: Connection, piece_id: int, by: Author, now: datetime) -> Piece:
    """The newest version as a new draft of its own."""
    held = find(tx, piece_id)
    newest = version_of(tx, piece_id, held.version)
    name = f"{held.name[:74]} (副本)"
    return add(tx, Draft(name, held.kind, held.purpose, plain(newest.body), held.folder, tuple(held.labels), by.name, held.valid_from, held.valid_until), by, now)


def words_of(name: str, labels: Sequence[str], body: Body) -> str:
    """What a piece is found by. Labels stand between # and a blank, so that they can be told from words."""
    marks = "".join(f"#{label} " for label in labels)
    said = " ".join((body.text, body.title, body.desc, body.url, articles.words(body.html)[:4000]))
    return f"{name} {marks}{said}".lower()[:8000]


def _checked(tx: Connection, draft: Draft) -> Body:
    """The body, sanitised; every fault of the draft at once."""
    faults = [] if 0 < len(draft.name.strip()) <= 80 else [Fault("name", Text("1 到 80 个字", "1 to 80 characters"))]
    if draft.kind not in KINDS:
        faults.append(Fault("kind", Text(f"可用：{'、'.join(KINDS)}", f"use {', '.join(KINDS)}")))
    if draft.purpose not in PURPOSES:
        faults.append(Fault("purpose", Text(f"可用：{'、'.join(PURPOSES)}", f"use {', '.join(PURPOSES)}")))
    if len(draft.folder) > 120 or any(not part.strip() for part in draft.folder.split("/") if draft.folder):
        faults.append(Fault("folder", Text("最多 120 字，用 / 分层，每层都要有名字", "at most 120 characters, levels with / between, each with a name")))
    if len(draft.labels) > MOST_LABELS or any(not 0 < len(label.strip()) <= 30 or "#" in label for label in draft.labels):
        faults.append(Fault("labels", Text(f"最多 {MOST_LABELS} 个，每个 1 到 30 字，不含 #", f"at most {MOST_LABELS}, each 1 to 30 characters without #")))
    if draft.valid_from and draft.valid_until and draft.valid_until <= draft.valid_from:
        faults.append(Fault("valid_until", Text("要晚于开始时间", "must be later than the beginning")))
    try:
        body = read_body(draft.kind, draft.body)
    except InvalidError as error:
        raise InvalidError(Text("素材有误", "the piece is not valid"), faults=[*faults, *error.faults]) from None
    body, found = looked_at(body, variables.known(tx))
    if faults or found:
        raise InvalidError(Text("素材有误", "the piece is not valid"), faults=[*faults, *found])
    return body


def looked_at(body: Body, is_known: Callable[[str], bool]) -> tuple[Body, list[Fault]]:
    """The body with its article sanitised, and what must be mended: variables, addresses, pictures that are not in the library."""
    tidy, faults = articles.cleaned(body), []
    for field, text in texts_of(tidy).items():
        faults += faults_of(f"body.{field}", text, is_known)
        for address in addresses.broken_by_variables(text):
            faults.append(Fault(f"body.{field}", Text(f"网址后面要空一格再写变量：{address[:60]}", f"leave a blank between an address and a variable: {address[:60]}")))
    faults += articles.faults_of(tidy)
    for address in articles.strangers(body.html) if body.html else ():
        faults.append(Fault("body.html", Text(f"图片要先上传到素材库：{address[:60]}", f"pictures must be uploaded to the library: {address[:60]}")))
    return tidy, faults


def variables_of(body: Body) -> list[str]:
    return names_in(texts_of(body).values())


def texts_of(body: Body) -> dict[str, str]:
    """The texts that may hold variables, by field."""
    found = {name: getattr(body, name) for name in ("text", "title", "desc", "subject", "html")}
    found |= {f"sms.params.{name}": value for name, value in body.sms.params.items()}
    found |= {f"notices.{product}.values.{name}": value for product, notice in body.notices.items() for name, value in notice.values.items()}
    return {name: value for name, value in found.items() if value}


def _columns(draft: Draft, body: Body) -> dict[str, Any]:
    tidy = list(dict.fromkeys(label.strip() for label in draft.labels))
    return {
        "name": draft.name.strip(), "purpose": draft.purpose, "folder": draft.folder.strip(), "labels": tidy, "valid_from": draft.valid_from, "valid_until": draft.valid_until,
        "words": words_of(draft.name, tidy, body),
    }  # fmt: skip


def _write_version(tx: Connection, piece_id: int, number: int, kind: Kind, body: Body, by: Author, now: datetime) -> None:
    broken = check_all(kind, body, files.known(tx, body))
    row = {
        "body": plain(body), "fits": {carrier: len(found) for carrier, found in broken.items()}, "status": "draft", "created_at": now, "created_by": by.name,
        "author": by.key, "decided_at": None, "decided_by": None,
    }  # fmt: skip
    if not tx.execute(update(_v).where(_v.c.piece_id == piece_id, _v.c.version == number).values(row)).rowcount:
        tx.execute(insert(_v).values(piece_id=piece_id, version=number, **row))


def _touch(tx: Connection, piece_ids: Sequence[int], values: Mapping[str, Any], by: Author, now: datetime) -> None:
    tx.execute(update(_t).where(among(tx, _t.c.id, list(piece_ids))).values(**values, updated_at=now, updated_by=by.name, edit=_t.c.edit + 1))


def _version(row: Any) -> Version:
    values = dict(row._mapping)
    return Version(**{**values, "body": _kept(values["body"])})


def _kept(raw: dict[str, Any]) -> Body:
    return msgspec.convert(raw, Body)


_PIECE = [column for column in _t.c if column.name != "words"]

