"""Relations (好友关系), contact × staff, as columns: a million of them weigh some 40 MB and are never objects.

One row is one relation and keeps its number for ever; rows end by their status. Bulk rows are found through sorted
arrays, rows that came one by one through dicts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]

LIVE, ONE_WAY, GONE, MOVED, HALF = range(5)
STATUS_NAMES = ("live", "deleted_by_customer", "deleted_by_staff", "transferred", "half")
STAFF_BITS = 16


@dataclass
class Detail:
    """What only few relations have."""

    remark: str = ""
    description: str = ""
    remark_corp_name: str = ""
    remark_mobiles: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    oper_userid: str = ""
    link: str = ""


class Relations:
    """All relations of one corp."""

    def __init__(self) -> None:
        self.count = 0
        self.details: dict[int, Detail] = {}
        self.states: list[str] = [""]
        self._state_numbers = {"": 0}
        self._grow(1024)
        self._index(0)

    def _grow(self, room: int) -> None:
        columns = {"staff": np.int32, "phone": np.int64, "created": np.int64, "state": np.int32}
        columns |= {"add_way": np.uint8, "status": np.uint8}
        for name, kind in columns.items():
            fresh = np.zeros(room, dtype=kind)
            if self.count:
                fresh[: self.count] = getattr(self, name)[: self.count]
            setattr(self, name, fresh)

    staff: npt.NDArray[np.int32]
    phone: Rows
    created: Rows
    state: npt.NDArray[np.int32]
    add_way: npt.NDArray[np.uint8]
    status: npt.NDArray[np.uint8]

    def _index(self, upto: int) -> None:
        """Sort the first `upto` rows by pair and by staff; later ones go into dicts."""
        pairs = (self.phone[:upto] << STAFF_BITS) | self.staff[:upto]
        self._by_pair = np.argsort(pairs, kind="stable")
        self._pairs = pairs[self._by_pair]
        self._by_staff = np.argsort(self.staff[:upto], kind="stable")
        ordered = self.staff[:upto][self._by_staff]
        self._staff_begins = np.searchsorted(ordered, np.arange(1 << STAFF_BITS, dtype=np.int32))
        self._new_pairs: dict[int, int] = {}
        self._new_of_staff: dict[int, list[int]] = {}
        self._new_of_phone: dict[int, list[int]] = {}

    def state_number(self, state: str) -> int:
        """States are few: rows hold their number."""
        if state not in self._state_numbers:
            self._state_numbers[state] = len(self.states)
            self.states.append(state)
        return self._state_numbers[state]

    def state_of(self, row: int) -> str:
        """The `state` with which the relation began."""
        return self.states[int(self.state[row])]

    def add(self, staff: int, phone: int, at: float, state: str = "", add_way: int = 1) -> int:
        """Begin one relation; answers its row."""
        if self.count == len(self.staff):
            self._grow(self.count * 2)
        row = self.count
        self.staff[row], self.phone[row], self.created[row] = staff, phone, int(at)
        self.state[row], self.add_way[row], self.status[row] = self.state_number(state), add_way, LIVE
        self.count += 1
        self._new_pairs[(phone << STAFF_BITS) | staff] = row
        self._new_of_staff.setdefault(staff, []).append(row)
        self._new_of_phone.setdefault(phone, []).append(row)
        return row

    def add_many(self, staff: Any, phone: Any, created: Any, state: Any, add_way: Any) -> Rows:
        """Begin many at once, given as columns (`state` as numbers); answers their rows."""
        first, upto = self.count, self.count + len(phone)
        if upto > len(self.staff):
            self._grow(upto + 1024)
        for name, values in (("staff", staff), ("phone", phone), ("created", created)):
            getattr(self, name)[first:upto] = values
        self.state[first:upto], self.add_way[first:upto], self.status[first:upto] = state, add_way, LIVE
        self.count = upto
        self._index(upto)
        return np.arange(first, upto)

    def find(self, staff: int, phone: int) -> int | None:
        """The latest row of a pair, whatever its status."""
        pair = (phone << STAFF_BITS) | staff
        row = self._new_pairs.get(pair)
        if row is not None:
            return row
        place = int(np.searchsorted(self._pairs, pair, side="right")) - 1
        return int(self._by_pair[place]) if place >= 0 and self._pairs[place] == pair else None

    def of_staff(self, staff: int) -> Rows:
        """Every row a staff member ever had, in row order."""
        low, high = self._staff_begins[staff], self._staff_begins[staff + 1]
        new = self._new_of_staff.get(staff)
        rows = self._by_staff[low:high]
        return np.concatenate([rows, np.array(new)]) if new else rows

    def of_phone(self, phone: int) -> Rows:
        """Every row of one contact, in row order."""
        low, high = np.searchsorted(self._pairs, (phone << STAFF_BITS, (phone + 1) << STAFF_BITS))
        return np.sort(
            np.concatenate([self._by_pair[low:high], np.array(self._new_of_phone.get(phone, []), int)])
        )

    def of_phones(self, phones: Rows) -> Rows:
        """Every row of many contacts, in no order."""
        low = np.searchsorted(self._pairs, phones << STAFF_BITS)
        lengths = np.searchsorted(self._pairs, (phones + 1) << STAFF_BITS) - low
        inside = np.repeat(low - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())
        new = [row for phone in phones.tolist() for row in self._new_of_phone.get(phone, ())]
        return np.concatenate([self._by_pair[inside], np.array(new, dtype=np.int64)])

    def listed(self, rows: Rows) -> Rows:
        """Those that the vendor still shows: where the customer alone has left, the staff's side goes on."""
        shown: Rows = rows[self.status[rows] <= ONE_WAY]
        return shown

    def live(self, rows: Rows) -> Rows:
        """Those where a message arrives."""
        living: Rows = rows[self.status[rows] == LIVE]
        return living

    def page(self, staff: int, after: int, limit: int) -> Rows:
        """The next listed rows of a staff member behind row `after`."""
        rows = self.of_staff(staff)
        place = int(np.searchsorted(rows, after, side="right"))
        found: list[Rows] = []
        missing = limit
        while missing > 0 and place < len(rows):
            taken = rows[place : place + missing * 2]
            chosen = self.listed(taken)[:missing]
            found.append(chosen)
            missing -= len(chosen)
            place += len(taken)
        return np.concatenate(found) if found else rows[:0]

    def detail(self, row: int) -> Detail:
        """The rare fields of a row, to be written to."""
        return self.details.setdefault(row, Detail())
