"""Reviews 审核: a version is sent only after somebody who may approve has approved it, and not its own author where there is another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, insert, select, update

from siyu.content import _tables, files, pieces
from siyu.content.fits import check_all
from siyu.content.pieces import Author, Piece
from siyu.foundation.errors import ConflictError, Fault, InvalidError, NotAllowedError
from siyu.foundation.text import Text
from siyu.team import members
from siyu.team.roles import permissions_of

APPROVE = "content.approve"
Decision = Literal["approve", "reject"]
_v = _tables.version


@dataclass(frozen=True)
class Remark:
    """What somebody said of a version. `kind`: comment, asked, approved, rejected or taken_back."""

    id: int
    piece_id: int
    version: int
    kind: str
    said: str
    at: datetime
    by: str


def ask(tx: Connection, piece_id: int, by: Author, now: datetime, said: str = "") -> Piece:
    """Send the newest version to review.

    Raises
    ------
    ConflictError
        When it is not a draft.
    InvalidError
        With every limit it breaks, when it can be sent on no carrier at all.
    """
    piece = _latest(tx, piece_id, ("draft", "rejected"))
    body = pieces.version_of(tx, piece_id, piece.version).body
    broken = check_all(piece.kind, body, files.known(tx, body))
    if all(broken.values()):
        faults = {(one.field, one.message): Fault(one.field, one.message) for found in broken.values() for one in found}
        raise InvalidError(Text("没有一个载体能发这条素材", "no carrier can send this piece"), faults=list(faults.values()), way_out=Text("至少改到适合一个载体", "change it until one carrier fits"))
    return _settle(tx, piece, "in_review", "asked", said, by, now)


def take_back(tx: Connection, piece_id: int, by: Author, now: datetime, said: str = "") -> Piece:
    """Make a version that is in review a draft again."""
    return _settle(tx, _latest(tx, piece_id, ("in_review",)), "draft", "taken_back", said, by, now)


def decide(tx: Connection, piece_id: int, version: int, decision: Decision, by: Author, now: datetime, said: str = "") -> Piece:
    """Approve or reject the version that is in review.

    Raises
    ------
    ConflictError
        When another version is in review, or none.
    NotAllowedError
        When the author decides, although somebody else may.
    InvalidError
        When a rejection does not say why.
    """
    piece = _latest(tx, piece_id, ("in_review",))
    if version != piece.version:
        raise ConflictError(Text(f"审核中的是版本 {piece.version}", f"version {piece.version} is the one in review"), way_out=Text("重新打开后再审", "open it again"))
    if decision == "reject" and not said.strip():
        raise InvalidError(Text("请说明为什么不通过", "say why it is rejected"), faults=[Fault("said", Text("不能为空", "must not be empty"))])
    held = pieces.version_of(tx, piece_id, version)
    if held.author == by.key and others_may(tx, by):
        raise NotAllowedError(Text("不能审核自己写的内容", "nobody approves what they wrote themselves"), way_out=Text("请另一位有审核权限的成员来审", "ask another member who may approve"))
    if decision == "approve":
        files.show(tx, [held.body])
        return _settle(tx, piece, "approved", "approved", said, by, now, approved_version=version)
    return _settle(tx, piece, "draft", "rejected", said, by, now, version_status="rejected")


def others_may(tx: Connection, author: Author) -> bool:
    """Whether somebody else in the team may approve."""
    return any(f"member:{one.id}" != author.key for one in members.active_members(tx) if APPROVE in permissions_of(one.role))


def comment(tx: Connection, piece_id: int, version: int, said: str, by: Author, now: datetime) -> Remark:
    if not said.strip():
        raise InvalidError(Text("评论不能为空", "a comment must not be empty"), faults=[Fault("said", Text("不能为空", "must not be empty"))])
    pieces.version_of(tx, piece_id, version)
    return _remark(tx, piece_id, version, "comment", said, by, now)


def remarks(tx: Connection, piece_id: int) -> list[Remark]:
    """The oldest first."""
    table = _tables.remark
    return [Remark(**row._mapping) for row in tx.execute(select(table).where(table.c.piece_id == piece_id).order_by(table.c.id))]


def _latest(tx: Connection, piece_id: int, wanted: Sequence[str]) -> Piece:
    piece = pieces.find(tx, piece_id, locked=True)
    status = pieces.version_of(tx, piece_id, piece.version).status
    if piece.trashed_at is not None or piece.status == "retired" or status not in wanted:
        says = {"draft": Text("草稿", "a draft"), "in_review": Text("审核中", "in review"), "approved": Text("已通过", "approved"), "rejected": Text("未通过", "rejected")}[status]
        raise ConflictError(Text(f"版本 {piece.version} 现在是{says.zh}", f"version {piece.version} is {says.en}"), way_out=Text("重新打开后再试", "open the piece again"))
    return piece


def _settle(
    tx: Connection, piece: Piece, status: str, kind: str, said: str, by: Author, now: datetime, *, version_status: str = "", approved_version: int | None = None
) -> Piece:
    decided: dict[str, Any] = {"decided_at": now, "decided_by": by.name} if kind in ("approved", "rejected") else {}
    tx.execute(update(_v).where(_v.c.piece_id == piece.id, _v.c.version == piece.version).values(status=version_status or status, **decided))
    changed: dict[str, Any] = {"status": status} if approved_version is None else {"status": status, "approved_version": approved_version}
    pieces.change(tx, [piece.id], changed, by, now)
    _remark(tx, piece.id, piece.version, kind, said, by, now)
    return pieces.find(tx, piece.id)


def _remark(tx: Connection, piece_id: int, version: int, kind: str, said: str, by: Author, now: datetime) -> Remark:
    table = _tables.remark
    row = {"piece_id": piece_id, "version": version, "kind": kind, "said": said.strip()[:1000], "at": now, "by": by.name}
    key = tx.execute(insert(table).values(row)).inserted_primary_key
    assert key is not None
    return Remark(int(key[0]), **row)  # type: ignore[arg-type]
