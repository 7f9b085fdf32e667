"""Populations (大规模客户): a million relations at once, as columns, without a callback; and silent change (漂移)."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu_sandbox.control import arrow
from siyu_sandbox.registry import Answer, Control, Json
from siyu_sandbox.sandbox import Sandbox
from siyu_sandbox.wecom.control import corp_of, hire_all
from siyu_sandbox.wecom.relations import GONE, LIVE, ONE_WAY, STATUS_NAMES
from siyu_sandbox.wecom.world import Corp

YEAR = 365 * 86400
STATES = ("", "store-a", "store-b", "parcel-card", "fair", "friend")
WAYS = (1, 2, 3, 4, 16)
OVERLAP = 0.03


def populate(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """{corpid, contacts, staff, seed?, overlap?}: contacts over staff; a share `overlap` has a second one."""
    corp = corp_of(box, str(body.get("corpid")))
    random = np.random.default_rng(body.get("seed", 0))
    contacts, wanted = int(body.get("contacts", 1_000_000)), int(body.get("staff", 200))
    if len(corp.roster) < wanted:
        first = len(corp.roster)
        names = [{"userid": f"seller{n + 1:04d}", "name": f"导购{n + 1}"} for n in range(first, wanted)]
        hire_all(corp, {"staff": names})
    held = np.array([s.number for s in corp.staff.values() if s.external][:wanted])
    corp.limits.contacts_per_staff = max(corp.limits.contacts_per_staff, 4 * contacts // max(wanted, 1))
    phones = np.arange(*_span(box.phones.reserve(contacts)))
    _begin(corp, random, phones, held[_shares(random, contacts, len(held))])
    second = (
        phones[random.random(contacts) < float(body.get("overlap", OVERLAP))] if len(held) > 1 else phones[:0]
    )
    _begin_beside(corp, random, second, held)
    return _counts(corp)


def _span(reserved: range) -> tuple[int, int]:
    return reserved.start, reserved.stop


def _shares(random: np.random.Generator, count: int, staff: int) -> npt.NDArray[np.int64]:
    """Staff differ: the busiest has several times the customers of the idlest."""
    weights = random.gamma(4, 1, staff)
    return random.choice(staff, count, p=weights / weights.sum())


def _begin(corp: Corp, random: np.random.Generator, phones: Any, staff: Any) -> None:
    states = np.array([corp.relations.state_number(state) for state in STATES])
    now = corp.box.clock.second()
    created = now - random.integers(86400, YEAR, len(phones))
    corp.relations.add_many(
        staff,
        phones,
        created,
        states[random.integers(0, len(states), len(phones))],
        np.array(WAYS)[random.integers(0, len(WAYS), len(phones))],
    )


def _begin_beside(corp: Corp, random: np.random.Generator, phones: Any, held: Any) -> None:
    """A second staff member for these, never the one they have."""
    first = [int(corp.relations.staff[corp.relations.of_phone(int(phone))[0]]) for phone in phones]
    place = np.searchsorted(held, first) if len(held) else np.zeros(0, int)
    step = random.integers(1, max(len(held), 2), len(phones))
    if len(phones):
        _begin(corp, random, phones, held[(place + step) % len(held)])


def drift(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """{corpid, lost, gained, seed?, lost_by?: "staff"|"customer"}: relations end and begin, and nobody is told.

    Where the customer left, the vendor goes on listing the relation: only a failed send shows it.
    """
    corp = corp_of(box, str(body.get("corpid")))
    relations, random = corp.relations, np.random.default_rng(body.get("seed", 1))
    living = np.flatnonzero(relations.status[: relations.count] == LIVE)
    lost = random.choice(living, min(int(body.get("lost", 0)), len(living)), replace=False)
    relations.status[lost] = ONE_WAY if body.get("lost_by") == "customer" else GONE
    gained = int(body.get("gained", 0))
    if gained:
        held = np.array([s.number for s in corp.staff.values() if s.external])
        phones = np.arange(*_span(box.phones.reserve(gained)))
        _begin(corp, random, phones, held[random.integers(0, len(held), gained)])
    return {"lost": len(lost), "gained": gained, **_counts(corp)}


def _counts(corp: Corp) -> Json:
    status = corp.relations.status[: corp.relations.count]
    counted = np.bincount(status, minlength=len(STATUS_NAMES)).tolist()
    listed = np.flatnonzero(status <= ONE_WAY)
    contacts = len(np.unique(corp.relations.phone[listed]))
    by_status = dict(zip(STATUS_NAMES, counted, strict=True))
    return {"contacts": contacts, "relations": len(listed), "staff": len(corp.staff), "by_status": by_status}


def relations(box: Sandbox, params: dict[str, str], body: Json) -> Answer:
    """GET …/relations?format=arrow|jsonl: what is true, ended relations too."""
    corp = corp_of(box, params["corpid"])
    rows, count = corp.relations, corp.relations.count
    table = pa.table(
        {
            "external_userid": corp.ids.many(rows.phone[:count].tolist()),
            "userid": pa.array([s.userid for s in corp.roster]).take(pa.array(rows.staff[:count])),
            "phone": rows.phone[:count],
            "created": rows.created[:count],
            "state": pa.array(rows.states).take(pa.array(rows.state[:count])),
            "add_way": rows.add_way[:count],
            "status": pa.array(STATUS_NAMES).take(pa.array(rows.status[:count])),
        }
    )
    if params.get("format") == "arrow":
        return arrow(table)
    lines = b"".join(msgspec.json.encode(row) + b"\n" for row in table.to_pylist())
    return Answer(lines, "application/x-ndjson")


def counts(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """How many there are."""
    return _counts(corp_of(box, params["corpid"]))


CONTROLS = (
    Control("POST", "/sandbox/population", populate),
    Control("POST", "/sandbox/population/drift", drift),
    Control("GET", "/sandbox/population/{corpid}", counts),
    Control("GET", "/sandbox/population/{corpid}/relations", relations),
)
