"""Every collected case of journeys has a test: by its number as a parameter, or in the name of a test."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

KINDS = {"journey", "delay", "entry", "exit", "send_window"}
OF_JOURNEYS = {"rob-001", "rob-007", "rob-010", "rob-011", "rob-014", "rob-017", "rob-019", "rob-020"}
BY_PARAMETER = {"journey": "test_cases.py", "delay": "test_local_cases.py", "send_window": "test_local_cases.py"}
"""Where all cases of a kind that can be played are parameters."""


def test_every_case_of_journeys_is_tried() -> None:
    file = Path(__file__).parents[4] / "shared" / "reference" / "segment_journey_cases.jsonl"
    if not file.exists():
        pytest.skip(f"{file.name} is not beside the repository")
    cases = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    folder = Path(__file__).parent
    texts = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("test_*.py") if path.name != Path(__file__).name}
    said = " ".join(name for text in texts.values() for name in re.findall(r"^def (test_\w+)", text, re.MULTILINE))
    missing = []
    for case in cases:
        if case["kind"] not in KINDS and case["id"] not in OF_JOURNEYS:
            continue
        by_parameter = texts.get(BY_PARAMETER.get(case["kind"], ""), "")
        is_played = (not case.get("declarative") or 'case.get("declarative")' in by_parameter) and "ref" not in case and f'"{case["kind"]}"' in by_parameter
        kind, number = case["id"].split("-")
        is_named = f"{kind}_{number}" in said or re.search(rf"{kind}_\d+(_\w*)?_and_{number}_", said)
        if not (is_played or is_named):
            missing.append(f"{case['id']} {case['title']}")
    assert missing == []
