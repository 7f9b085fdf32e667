"""Readings of the sample brand 示例品牌的阅读: who opened, read and passed on what its one measured broadcast said, as the content radar shows it.

Only of people who allow that it is known what they read; whoever was passed a page is a browser that nobody knows.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy import Connection

from siyu.content import links
from siyu.content.links import Links
from siyu.content.tokens import VISITOR_BITS
from siyu.customers import consent
from siyu.demo_past import Past
from siyu.events import log
from siyu.events.catalogue.content import CONTENT_TOUCHED
from siyu.events.identifiers import identify
from siyu.foundation.clock import to_ms
from siyu.foundation.ids import key64
from siyu.foundation.stores import Stores
from siyu.identity.identifiers import customers_of

_LATER_MS = 40 * 60_000
"""Whoever is passed a page opens it so long afterwards, at the earliest."""


def load_readings(stores: Stores, tx: Connection, folder: Path, past: Past, namespace: str) -> int:
    """Write down what became of the trial's pages; returns touches. Done again it changes nothing.

    Grain in: one row of trial.parquet a person who clicked. Grain out: an opening, a reading, and for each other two more.
    """
    if past.trial is None or past.trial_id is None:
        return 0
    rows = pq.read_table(folder / "trial.parquet")
    rows = rows.filter(pc.is_valid(rows["clicked_at"]))
    keys = identify(stores.secrets, namespace, rows["customer_key"].cast(pa.string()).combine_chunks()).keys.to_pylist()
    owner = customers_of(tx, keys)
    allowed = consent.may(stores, tx, sorted(set(owner.values())), "profiling")
    now = stores.now()
    ways = {arm: links.prepare(tx, piece, version, send_id=past.trial_id, variant=arm, now=now) for arm, (piece, version) in past.trial.content.items()}
    touches = [
        touch
        for row, key in zip(rows.to_pylist(), keys, strict=True)
        if owner.get(key) in allowed and (way := ways.get(row["arm"])) is not None
        for touch in _of_one(row, key, way, {"send_id": past.trial_id, "variant": row["arm"], "sender": ""} | _version(past, row["arm"]))
    ]
    if touches:
        columns: dict[str, object] = {field.name: [touch.get(field.name) for touch in touches] for field in CONTENT_TOUCHED.schema}
        log.append(tx, CONTENT_TOUCHED, CONTENT_TOUCHED.table(columns), now=now, dedup_key="sample readings")
    return len(touches)


def _version(past: Past, arm: str) -> dict[str, Any]:
    assert past.trial is not None
    piece, version = past.trial.content[arm]
    return {"piece_id": piece, "version": version}


def _of_one(row: dict[str, Any], key: int, way: Links, about: dict[str, Any]) -> list[dict[str, Any]]:
    """An opening; a reading; a passing on with the other's opening, as often as it happened."""
    number, link = min(way.ids.items())
    at, seconds, me = to_ms(row["clicked_at"]), row["read_seconds"], _visitor(key)
    mine = {**about, "link_id": link, "number": number, "identity_key": key, "visitor": me, "visit": 0, "other_visitor": 0}
    found = [{**mine, "event_key": key64("sample opened", link, key), "name": "link_opened", "at_ms": at}]
    if seconds:
        visit = key64("sample visit", link, key)
        found.append({**mine, "event_key": key64("sample read", visit), "name": "content_read", "at_ms": at + seconds * 1000, "visit": visit, "seconds": seconds})
    for place in range(row["passed_to"]):
        other, later = _visitor(key64("sample other", key, place)), at + seconds * 1000 + _LATER_MS * (place + 1)
        found.append({**mine, "event_key": key64("sample shared", link, me, other), "name": "content_shared", "at_ms": later, "other_visitor": other})
        opened = {"event_key": key64("sample opened", link, other), "identity_key": 0, "visitor": other, "name": "link_opened", "at_ms": later, "other_visitor": me}
        found.append({**mine, **opened})
    return found


def _visitor(key: int) -> int:
    return key % (1 << VISITOR_BITS) or 1
