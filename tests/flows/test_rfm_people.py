"""From a number of the RFM report to the people it counts, by the rule that the report itself gives."""

from __future__ import annotations

import json

from siyu.foundation.stores import Stores
from siyu.segments import rfm
from tests.makers.door import door_of
from tests.makers.files import csv_bytes


def test_every_group_and_cell_leads_to_exactly_its_people(stores: Stores) -> None:
    door = door_of(stores)
    rows = [
        [f"2025-{1 + (buyer * 7 + n) % 12:02d}-{1 + buyer % 28:02d} 10:00:00", f"A{buyer}-{n}", f"u{buyer}", "", "护手霜", 1 + buyer % 5, f"{9 + buyer}.90"]
        for buyer in range(60)
        for n in range(1 + buyer % 6)
    ]
    door.bring(csv_bytes(rows))
    report = door.client.get("/api/v1/segments/rfm").json()

    def people(rule: object) -> int:
        return int(door.client.get("/api/v1/customers", params={"filter": json.dumps(rule)}).json()["total"])

    assert sum(group["count"] for group in report["groups"]) == report["customer_count"] == 60
    assert sum(group["count"] > 0 for group in report["groups"]) >= 5
    for group in report["groups"]:
        assert people(group["rule"]) == group["count"], group["key"]
    for square in report["rf"]:
        assert people({"kind": "rfm", "r": [square["r"]], "f": [square["f"]]}) == square["count"]
    for cell in report["grid"]:
        assert people({"kind": "rfm", "r": [cell["r"]], "f": [cell["f"]], "m": [cell["m"]]}) == cell["count"]


def test_the_rules_of_the_groups_share_out_the_cube() -> None:
    """Each of the 125 cells is in the rule of its own group and of no other."""

    def holds(rule: dict[str, object], cell: tuple[int, int, int]) -> bool:
        boxes = rule["of"] if rule["kind"] == "any" else [rule]
        assert isinstance(boxes, list)
        return any(all(mark in box.get(name, range(1, 6)) for name, mark in zip("rfm", cell, strict=True)) for box in boxes)

    rules = {group.key: rfm.rule_of(group) for group in rfm.GROUPS}
    for r in range(1, 6):
        for f in range(1, 6):
            for m in range(1, 6):
                assert [key for key, rule in rules.items() if holds(rule, (r, f, m))] == [rfm.group_of(r, f, m).key]
