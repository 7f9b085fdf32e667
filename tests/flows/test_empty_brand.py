"""A brand without orders is told so in words, with what to do; no table of zeros, no parameters fitted to nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from siyu.foundation.stores import Stores
from tests.faults.home import Home
from tests.makers.door import door_of
from tests.makers.files import csv_bytes, good_rows

REPORTS = ("overview", "monthly", "rfm", "cohorts", "concentration", "value", "lifecycle")
WHY, WAY_OUT = "There is no valid order up to", "siyu import orders FILE"


def numbers(value: Any) -> list[float]:
    """Every number anywhere in a payload."""
    if isinstance(value, dict):
        return [n for part in value.values() for n in numbers(part)]
    if isinstance(value, list):
        return [n for part in value for n in numbers(part)]
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else []


@pytest.mark.parametrize("name", ["rfm", "value"])
def test_the_api_says_so_and_gives_no_figures(stores: Stores, name: str) -> None:
    door = door_of(stores)
    found = door.client.get(f"/api/v1/segments/{name}").json()
    assert WHY in found["no_orders"]["message"]["en"]
    assert WAY_OUT in found["no_orders"]["way_out"]["en"]
    assert set(numbers(found)) <= {0, 90}, "the horizon is a setting, not a result"
    csv = door.client.get(f"/api/v1/segments/{name}", params={"format": "csv"})
    assert len(csv.text.splitlines()) == 1, "a file has its header and no row"


def test_with_orders_nothing_is_said(stores: Stores) -> None:
    door = door_of(stores)
    door.bring(csv_bytes(good_rows(3)))
    for name in ("rfm", "value"):
        found = door.client.get(f"/api/v1/segments/{name}").json()
        assert found["no_orders"] is None
        assert found["customer_count"] == 3
        before = door.client.get(f"/api/v1/segments/{name}", params={"as_of": "2025-02-01"}).json()
        assert WHY + " 2025-02-01" in before["no_orders"]["message"]["en"], "nobody had bought by then"


def test_the_command_line_says_so(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.environment["LANG"] = "en_US.UTF-8"
    for name in REPORTS:
        shown = home.run("report", name).stdout
        assert WHY in shown, name
        assert WAY_OUT in shown, name
        assert "│" not in shown, name
