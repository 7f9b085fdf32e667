"""What the state of a live code stands for, told to the marks of sources; a code that moves to another source counts for the old one up to then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection

from siyu.acquisition import marks, sources
from siyu.acquisition.marks import Mark
from siyu.foundation.clock import to_ms
from siyu.foundation.errors import Fault
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

if TYPE_CHECKING:
    from siyu.acquisition.codes import Code


def put(stores: Stores, tx: Connection, code: Code, by: str, *, first: bool) -> None:
    """`first`: nobody can have come by this state before."""
    mark = Mark(
        kind="join" if code.kind == "group" else "way", account_id=code.account_id, mark=code.state, source_id=code.source_id, code_id=code.id, offer_id=code.offer_id,
        store_id=code.store_id, from_ms=0 if first else to_ms(stores.now()),
    )  # fmt: skip
    marks.put(stores, tx, [mark], by=by)


def faults(tx: Connection, source_id: int) -> list[Fault]:
    """Whether there is such a source."""
    return [Fault("source_id", Text("请选来源", "choose the source"))] if sources.missing(tx, [source_id]) else []
