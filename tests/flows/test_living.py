"""The sample brand lives: people come from its sources, and a journal tells the next sandbox who was there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from siyu import living
from siyu.client import Control
from siyu.sandbox import beside
from tests.makers.sandbox import wait_for

STAFF = [f"S{number}" for number in range(8)]
NOBODY = "http://127.0.0.1:9/sa"


def _world(control: Control) -> None:
    staff = [{"userid": one, "name": one} for one in STAFF]
    control.ask("POST", "corps", {"corpid": living.CORP, "name": "澄山里", "apps": [{"agentid": 1, "secret": "s" * 43}], "staff": staff})
    control.ask("POST", "official_accounts", {"appid": living.SERVICE, "secret": "s" * 32})
    control.ask("POST", "mini_programs", {"appid": living.MINI, "secret": "s" * 32})


def test_people_come_and_the_next_sandbox_is_told_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(living, "PACE", 8000)
    journal = tmp_path / "arrivals.jsonl"

    def have_come() -> bool:
        life = living.Life.read(journal)
        return len(life.friends) > 60 and len(life.followers) > 5

    with beside(seed=1, journal=journal) as first:
        _world(first.control)
        living.come_alive(first.control, living.Life(), STAFF, NOBODY)
        wait_for(have_come, seconds=30)
        first.control.ask("PATCH", "people/plan", {"paused": True})
        names = {one["name"] for one in first.control.ask("GET", "people/plan")["sources"] if one["came"]}
        assert names == {name for name, _ in living.STATES} | {living.ARTICLE}
        rows = first.control.ask("GET", "people/acts")["acts"]
    again = living.Life.read(journal)
    left = {row["phone"] for row in rows if row["act"] == "delete_staff"}
    came = {(row["phone"], row["userid"]) for row in rows if row["act"] == "add_staff" and row["phone"] not in left}
    assert came <= set(again.friends)
    assert not left & {phone for phone, _ in again.friends}
    with beside(seed=1) as second:
        _world(second.control)
        living._tell(second.control, again)
        living.come_alive(second.control, again, STAFF, NOBODY)
        plan: dict[str, Any] = second.control.ask("GET", "people/plan")
        known = {phone for phone, _ in again.friends} | again.followers
        assert plan["people"]["all"] >= len(known)
