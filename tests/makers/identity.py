"""Sightings of people for tests, as the event that sources write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from siyu.events import log
from siyu.events.catalogue.identity import IDENTIFIERS_CUT, PEOPLE_SEEN
from siyu.events.identifiers import rank
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.facts import Batch

SPACES = ("member", "account:jd", "account:taobao", "phone", "email", "anonymous")
MORE = (*SPACES, "unionid", "openid:wx")
Identifier = tuple[str, int]
Sighting = tuple[Identifier, Identifier]
"""(identifier, its anchor)."""


def key_of(identifier: Identifier) -> int:
    return MORE.index(identifier[0]) * 1_000 + identifier[1] + 1


def sightings(people: Sequence[Sequence[Identifier]]) -> list[Sighting]:
    """Rows as an importer writes them: each identifier beside the strongest of its row."""
    rows: list[Sighting] = []
    for row in people:
        anchor = min(row, key=lambda each: (rank(each[0]), each[0], each[1]))
        rows += [(each, anchor) for each in sorted(set(row), key=lambda each: (each != anchor, each))]
    return rows


def seen_rows(rows: Sequence[Sighting]) -> pa.Table:
    columns: dict[str, Any] = {
        "identity_key": [key_of(each) for each, _ in rows],
        "namespace": [each[0] for each, _ in rows],
        "value_sealed": [b"sealed"] * len(rows),
        "anchor_key": [key_of(anchor) for _, anchor in rows],
        "seen_ms": pa.array(range(len(rows)), pa.int64()),
    }
    return PEOPLE_SEEN.table(columns)


def batch_of(rows: Sequence[Sighting]) -> Batch:
    return Batch(1, PEOPLE_SEEN.name, seen_rows(rows))


def see(stores: Stores, *people: Sequence[Identifier]) -> None:
    """Append one sighting of each person: all identifiers of one row together."""
    with stores.ledger.begin() as tx:
        log.append(tx, PEOPLE_SEEN, seen_rows(sightings(people)), now=stores.now())


def cut(stores: Stores, *pairs: tuple[Identifier, Identifier]) -> None:
    columns = {
        "identity_key": [key_of(one) for one, _ in pairs],
        "anchor_key": [key_of(other) for _, other in pairs],
        "cut_ms": [0] * len(pairs),
    }
    with stores.ledger.begin() as tx:
        log.append(tx, IDENTIFIERS_CUT, IDENTIFIERS_CUT.table(columns), now=stores.now())
