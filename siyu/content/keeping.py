"""Keeping 整理: many pieces at once: into a folder, with labels, retired, thrown away and taken back. Each answers with how it was, to undo."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection

from siyu.content import pieces
from siyu.content.pieces import Author, Piece
from siyu.foundation.errors import Fault, InvalidError, NotFoundError
from siyu.foundation.text import Text

Act = Literal["move", "label", "unlabel", "retire", "bring_back", "trash", "restore"]
MOST = 500


def apply(tx: Connection, act: Act, piece_ids: Sequence[int], value: str, by: Author, now: datetime) -> list[Piece]:
    """Do one thing to some pieces; returns those that changed, as they are now.

    Raises
    ------
    NotFoundError
        With a fault for each that there is not; nothing is changed then.
    InvalidError
    """
    held = pieces.find_some(tx, piece_ids)
    if missing := [number for number in dict.fromkeys(piece_ids) if number not in held]:
        faults = [Fault(f"piece:{number}", Text("没有这条素材", "there is no such piece")) for number in missing]
        raise NotFoundError(Text("有的素材不存在", "some of these pieces do not exist"), faults=faults)
    if len(held) > MOST:
        raise InvalidError(Text(f"一次最多 {MOST} 条", f"at most {MOST} at once"), faults=[Fault("ids", Text(f"现为 {len(held)} 条", f"there are {len(held)}"))])
    if act in ("label", "unlabel") and not (0 < len(value.strip()) <= 30 and "#" not in value):
        raise InvalidError(Text("标签有误", "the label is not valid"), faults=[Fault("value", Text("1 到 30 字，不含 #", "1 to 30 characters without #"))])
    if act == "move" and len(value) > 120:
        raise InvalidError(Text("文件夹名太长", "the folder's name is too long"), faults=[Fault("value", Text("最多 120 字", "at most 120 characters"))])
    changed = [piece for piece in held.values() if _differs(act, piece, value.strip())]
    if act in ("label", "unlabel"):
        for piece in changed:
            body = pieces.version_of(tx, piece.id, piece.version).body
            labels = [*piece.labels, value.strip()] if act == "label" else [one for one in piece.labels if one != value.strip()]
            pieces.change(tx, [piece.id], {"labels": labels, "words": pieces.words_of(piece.name, labels, body)}, by, now)
    elif act == "bring_back":
        for piece in changed:
            pieces.change(tx, [piece.id], {"status": _status_of(tx, piece)}, by, now)
    elif changed:
        values: dict[str, dict[str, Any]] = {"move": {"folder": value.strip()}, "retire": {"status": "retired"}, "trash": {"trashed_at": now}, "restore": {"trashed_at": None}}
        pieces.change(tx, [piece.id for piece in changed], values[act], by, now)
    return list(pieces.find_some(tx, [piece.id for piece in changed]).values())


def _differs(act: Act, piece: Piece, value: str) -> bool:
    if act == "move":
        return piece.folder != value
    if act in ("label", "unlabel"):
        return (value not in piece.labels) == (act == "label") and (act == "unlabel" or len(piece.labels) < pieces.MOST_LABELS)
    if act in ("retire", "bring_back"):
        return (piece.status == "retired") == (act == "bring_back")
    return (piece.trashed_at is None) == (act == "trash")


def _status_of(tx: Connection, piece: Piece) -> str:
    status = pieces.version_of(tx, piece.id, piece.version).status
    return "draft" if status == "rejected" else status
