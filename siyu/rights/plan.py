"""Plan 删除方案: who is erased together, under which numbers their orders go on, and what has been counted so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property, reduce
from secrets import randbits
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, func, select

from siyu.events.catalogue.orders import ORDER_LINES_RECORDED
from siyu.foundation.database import insert_ignore, metadata
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.forget import ANONYMOUS
from siyu.messaging.references import shown
from siyu.rights.people import People, find_people
from siyu.rights.requests import Request

_CONTEXT = "rights erasure"
NAMING = ("identity_key", "anchor_key", "customer_id")
DETAIL = "detail"
"""A JSON text of the carrier's own fields, which may name a message of ours."""
KEPT_EVENTS = frozenset({ORDER_LINES_RECORDED.name})
"""Events whose rows stay under another key: what was sold stays sold."""
Ints = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True)
class One:
    """One erasure: a request, the person, and the number and key under which their orders go on."""

    request: str
    people: People
    number: int
    key: int


@dataclass(frozen=True)
class Plan:
    """Kept sealed with the job until it is over: once the rows are gone, nothing else knows who is meant."""

    ones: tuple[One, ...]
    through: int
    """Last position of the log that is rewritten: what comes later is somebody who came back."""
    place: dict[str, Ints] = field(default_factory=dict, compare=False, repr=False)

    def everybody(self) -> People:
        return People(
            tuple(number for one in self.ones for number in one.people.customer_ids),
            tuple(key for one in self.ones for key in one.people.identity_keys),
            tuple(value for one in self.ones for value in one.people.values),
        )

    def renumbering(self) -> pa.Table:
        rows = [(number, one.number, one.key) for one in self.ones for number in one.people.customer_ids]
        return pa.table(list(zip(*rows, strict=True)), names=ANONYMOUS.names).cast(ANONYMOUS)

    def change(self, event: str, rows: pa.Table, counts: dict[str, dict[str, int]], kept: dict[str, dict[str, int]]) -> tuple[pa.Table, int] | None:
        """A batch of the log without these people; rows are counted by request and event. None when nobody is in it."""
        owner = self._owners(rows)
        mine = owner >= 0
        if not mine.any():
            return None
        into = kept if event in KEPT_EVENTS else counts
        for place, count in zip(*np.unique(owner[mine], return_counts=True), strict=True):
            told = into.setdefault(self.ones[int(place)].request, {})
            told[event] = told.get(event, 0) + int(count)
        if event not in KEPT_EVENTS:
            return rows.filter(pa.array(~mine)), 0
        keys = np.array([one.key for one in self.ones], np.int64)
        anonymous = np.where(mine, keys[np.maximum(owner, 0)], rows["identity_key"].to_numpy())
        return rows.set_column(rows.schema.get_field_index("identity_key"), rows.schema.field("identity_key"), pa.array(anonymous)), int(mine.sum())

    def _owners(self, rows: pa.Table) -> Ints:
        """For each row the place of the person in `ones`; -1 for everybody else."""
        owner = np.full(rows.num_rows, -1, np.int64)
        for name in NAMING:
            if name in rows.schema.names:
                marks, places = self._marks("customer_id" if name == "customer_id" else "key")
                values = pc.fill_null(rows[name], 0).to_numpy()
                at = np.minimum(np.searchsorted(marks, values), marks.size - 1)
                owner = np.where((owner < 0) & (marks[at] == values), places[at], owner)
        if DETAIL in rows.schema.names and self._shown:
            told = rows[DETAIL].fill_null("")
            for row in np.flatnonzero(pc.match_substring_regex(told, "|".join(self._shown), ignore_case=True).to_numpy()):
                owner[row] = next(place for shown, place in self._shown.items() if shown in told[int(row)].as_py().lower())
        return owner

    @cached_property
    def _shown(self) -> dict[str, int]:
        """Keys as they stand in what carriers told: by themselves, and in the references of messages."""
        return {text: place for place, one in enumerate(self.ones) for key in one.people.identity_keys for text in (str(key), shown(key))}

    def _marks(self, kind: str) -> tuple[Ints, Ints]:
        if kind not in self.place:
            pairs = [
                (mark, place)
                for place, one in enumerate(self.ones)
                for mark in (one.people.customer_ids if kind == "customer_id" else one.people.identity_keys)
            ]
            # -1 is no number and no key: an empty set has something to be compared with.
            table = np.array(sorted(pairs) or [(-1, -1)], np.int64)
            self.place[kind], self.place[f"{kind} of"] = table[:, 0], table[:, 1]
        return self.place[kind], self.place[f"{kind} of"]

    def seal(self, stores: Stores) -> str:
        text = msgspec.json.encode({"ones": [asdict(one) for one in self.ones], "through": self.through}).decode()
        return (stores.secrets.seal([text], _CONTEXT)[0] or b"").hex()

    @classmethod
    def open(cls, stores: Stores, sealed: str) -> Plan:
        raw: dict[str, Any] = msgspec.json.decode(stores.secrets.open([bytes.fromhex(sealed)], _CONTEXT)[0] or "")
        ones = tuple(One(each["request"], People.unpack(msgspec.json.encode(each["people"]).decode()), each["number"], each["key"]) for each in raw["ones"])
        return cls(ones, raw["through"])


def rows_about(rows: pa.Table, people: People) -> pa.Table:
    """Rows of a batch that name these people."""
    marks = {"customer_id": people.customer_ids, "identity_key": people.identity_keys, "anchor_key": people.identity_keys}
    masks = [pc.is_in(rows[name], value_set=pa.array(marks[name], pa.int64())) for name in NAMING if name in rows.schema.names]
    return rows.filter(reduce(pc.or_, masks)) if masks else rows.slice(0, 0)


def make_plan(stores: Stores, tx: Connection, requests: Sequence[Request], through: int) -> Plan:
    """Find everybody, and give each a new number that no other customer will have and a key that no identifier leads to."""
    customer = metadata.tables["identity_customer"]
    start = int(tx.scalar(select(func.max(customer.c.id))) or 0)
    ones: list[One] = []
    taken: set[int] = set()
    for request in requests:
        people = find_people(stores, tx, [request.customer_id])
        if not taken & set(people.customer_ids):
            taken |= set(people.customer_ids)
            ones.append(One(request.id, people, start + 1 + len(ones), randbits(62) + 1))
    insert_ignore(tx, customer, [{"id": one.number, "created_at": stores.now()} for one in ones])
    return Plan(tuple(ones), through)
