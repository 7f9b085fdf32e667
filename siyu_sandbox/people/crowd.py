"""The crowd (人群): everything known of every simulated person, as columns; a person is a row and never an object."""

from __future__ import annotations

from typing import Any

import numpy as np

from siyu_sandbox.people.chance import Column
from siyu_sandbox.people.response import FRESH

SLOTS = 3
"""Messages that can act on a person at once; a further one takes the place of the oldest."""
GROWTH = 4
"""Room is made for a fourth more than is needed."""
NOBODY = -1
WHYS = ("", "anyway", "elsewhere", "fatigue", "reward", "could not come")
ANYWAY, ELSEWHERE, TIRED, REWARDED, FAILED = range(1, 6)
COLUMNS: dict[str, tuple[Any, Any]] = {
    "phone": (np.int64, 0), "source": (np.int16, 0), "cost_fen": (np.int32, 0), "arrived": (np.float64, 0),
    "need": (np.float32, 0), "price": (np.float32, 0), "hunter": (bool, False),
    "trust": (np.float32, 0), "trust_first": (np.float32, 0), "fatigue": (np.float32, 0), "touched": (np.float32, 0),
    "muted": (bool, False), "rewarded": (bool, False), "gone": (bool, False), "gone_at": (np.float64, 0),
    "why": (np.uint8, 0), "gone_by": (np.int32, NOBODY), "twin_gone": (bool, False),
    "bought": (np.float32, FRESH), "twin_bought": (np.float32, FRESH),
    "cap": (np.float32, 0), "leave_cap": (np.float32, 0),
    "last": (np.int32, NOBODY), "owes": (np.int32, NOBODY),
    "inviter": (np.int32, NOBODY), "invited_by": (np.int32, NOBODY),
}  # fmt: skip
SLOTTED = {"boost": (np.float32, 0), "since": (np.float32, 0), "by": (np.int32, NOBODY)}


class Crowd:
    """`cap` and `leave_cap` are upper bounds of the daily rates until the next touch; a step looks closer only at those
    whose luck falls inside. `gone` and `bought` are what happened, `twin_…` what happens to the twin without messages."""

    phone: Column
    source: Column
    cost_fen: Column
    arrived: Column
    need: Column
    price: Column
    hunter: Column
    trust: Column
    trust_first: Column
    fatigue: Column
    touched: Column
    muted: Column
    rewarded: Column
    gone: Column
    gone_at: Column
    why: Column
    gone_by: Column
    twin_gone: Column
    bought: Column
    twin_bought: Column
    cap: Column
    leave_cap: Column
    last: Column
    owes: Column
    inviter: Column
    invited_by: Column
    boost: Column
    since: Column
    by: Column

    def __init__(self) -> None:
        self.count = 0
        self._room = 0
        self._row_of = np.full(1024, NOBODY, np.int32)
        self._grow(256)

    def _grow(self, room: int) -> None:
        for name, (kind, empty) in (COLUMNS | SLOTTED).items():
            shape: Any = (room, SLOTS) if name in SLOTTED else room
            fresh = np.full(shape, empty, kind)
            if self.count:
                fresh[: self.count] = getattr(self, name)[: self.count]
            setattr(self, name, fresh)
        self._room = room

    def add(self, phones: Column, **columns: Any) -> Column:
        """New people; what is not given stays empty. Answers their rows."""
        first, upto = self.count, self.count + len(phones)
        if upto > self._room:
            self._grow(max(upto + upto // GROWTH, 256))
        rows = np.arange(first, upto)
        self.phone[first:upto] = phones
        for name, values in columns.items():
            getattr(self, name)[first:upto] = values
        self.count = upto
        highest = int(phones.max(initial=0))
        if highest >= len(self._row_of):
            longer = np.full(max(highest + 1, 2 * len(self._row_of)), NOBODY, np.int32)
            longer[: len(self._row_of)] = self._row_of
            self._row_of = longer
        self._row_of[phones] = rows
        return rows

    def rows_of(self, phones: Column) -> Column:
        """The rows of those phones that belong to simulated people."""
        known = phones[phones < len(self._row_of)]
        rows = self._row_of[known]
        return np.asarray(rows[rows != NOBODY], np.int64)
