"""A stored rule that this version does not take holds back its own segment, and nobody else's work."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from siyu.foundation.database import metadata
from siyu.foundation.stores import Stores
from tests.makers.door import Door, door_of
from tests.makers.files import csv_bytes, good_rows

BOUGHT = {"kind": "orders", "measure": "count", "op": ">=", "value": 1}
OLD = {"kind": "moon_phase", "is": "full"}


@pytest.fixture
def door(stores: Stores) -> Door:
    door = door_of(stores)
    door.bring(csv_bytes(good_rows(3)))
    return door


def save(door: Door, name: str, rule: dict[str, Any]) -> int:
    answer = door.client.post("/api/v1/segments", json={"name": name, "rule": rule})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def spoil(door: Door, segment: int) -> None:
    """As if it had been saved by a version that knew another kind of condition."""
    table = metadata.tables["segments_version"]
    with door.stores.ledger.begin() as tx:
        tx.execute(update(table).where(table.c.segment_id == segment).values(rule=OLD))


def test_it_is_shown_as_invalid_at_once_and_blocks_nobody(door: Door) -> None:
    old, other, third = (save(door, name, BOUGHT) for name in ("old", "other", "third"))
    spoil(door, old)
    listed = {row["id"]: row["status"] for row in door.client.get("/api/v1/segments").json()["items"]}
    assert listed[old] == "invalid"
    assert listed[other] != "invalid"
    shown = door.client.get(f"/api/v1/segments/{old}").json()
    assert shown["problems"]
    assert door.client.delete(f"/api/v1/segments/{other}").status_code == 204
    inner = {"kind": "segment", "segment": third}
    assert save(door, "new", inner)
    assert door.client.put(f"/api/v1/segments/{third}", json={"name": "third", "rule": {"kind": "everyone"}}).status_code == 200
    door.app.state.runner.run_pending()
    assert door.client.post("/api/v1/segments/preview", json={"rule": inner}).json()["count"] == 3


def test_what_would_use_it_is_refused_with_its_name(door: Door) -> None:
    old = save(door, "old", BOUGHT)
    spoil(door, old)
    inner = {"kind": "all", "of": [BOUGHT, {"kind": "segment", "segment": old}]}
    for path, body in (("segments", {"name": "new", "rule": inner}), ("segments/preview", {"rule": inner})):
        answer = door.client.post(f"/api/v1/{path}", json=body)
        assert answer.status_code == 422
        assert "old" in answer.json()["errors"][0]["message"]


def test_it_keeps_its_people_until_it_is_mended_or_deleted(door: Door) -> None:
    old = save(door, "old", BOUGHT)
    door.app.state.runner.run_pending()
    spoil(door, old)
    job = door.client.post("/api/v1/segments/recompute").json()["job_id"]
    door.app.state.runner.run_pending()
    assert door.client.get(f"/api/v1/jobs/{job}").json()["status"] == "done"
    assert door.client.get(f"/api/v1/segments/{old}").json()["customer_count"] == 3
    mended = door.client.put(f"/api/v1/segments/{old}", json={"name": "old", "rule": BOUGHT}).json()
    assert (mended["status"], mended["problems"]) != ("invalid", [])
    assert mended["problems"] == []
    spoil(door, old)
    assert door.client.delete(f"/api/v1/segments/{old}").status_code == 204
