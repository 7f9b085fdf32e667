"""The reference's cases of caps, quiet hours, hold-outs, broadcasts, subscriptions, send times and robustness: each is a test by its name."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]
KINDS = ("frequency_cap", "quiet_hours", "holdout", "broadcast", "subscription", "send_time", "robustness")
CASES = (
    "seg-054", "seg-070", "brd-001", "brd-002", "brd-004", "brd-005", "brd-007", "brd-008", "pol-001", "pol-002", "pol-004", "pol-005", "pol-007", "pol-008", "pol-009", "pol-011",
    "pol-012", "pol-014", "pol-017", "rob-001", "rob-002", "rob-004", "rob-005", "rob-007", "rob-008", "rob-010", "rob-011", "rob-013", "rob-014", "rob-016", "rob-017", "rob-019",
    "rob-020", "rob-022", "rob-023", "rob-025", "rob-026", "rob-028",
)  # fmt: skip
OF_JOURNEYS = ("pol-002", "rob-001", "rob-014", "rob-019", "rob-020")
"""What only a journey can show; with `tests/rooms/journeys`, as are the kinds journey, delay, entry, exit and send_window."""
FAILURES = (
    "audience_silently_cut_at_10_000", "queue_acknowledged_before_work", "transaction_rolled_back_after_a_partial_send", "second_chunk_overwrites_the_firsts_message_id",
    "one_message_per_staff_member_to_the_same_person", "send_to_people_already_lost",
)  # fmt: skip
"""Read in existing systems."""


def _names() -> list[str]:
    """The names of all tests."""
    return [name for file in sorted(TESTS.rglob("test_*.py")) for name in re.findall(r"^(?:async )?def (test_\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)]


def _cases_in(names: list[str]) -> set[str]:
    """Cases that tests are named after: test_rob_010_and_013_… is two."""
    found = set()
    for name in names:
        for kind, first, others in re.findall(r"_(pol|brd|rob|seg)_(\d{3})((?:_and_\d{3})*)", name):
            found |= {f"{kind}-{number}" for number in (first, *re.findall(r"\d{3}", others))}
    return found


def test_every_case_of_the_reference_is_a_test_by_its_name() -> None:
    assert sorted(set(CASES) - set(OF_JOURNEYS) - _cases_in(_names())) == []


def test_every_failure_read_in_existing_systems_is_a_test_by_its_name() -> None:
    names = _names()
    assert [failure for failure in FAILURES if not any(failure in name for name in names)] == []


def test_no_case_of_the_reference_is_left_out_of_the_list() -> None:
    file = TESTS.parents[1] / "shared" / "reference" / "segment_journey_cases.jsonl"
    if not file.exists():
        pytest.skip(f"{file.name} is not beside the repository")
    cases = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert {case["id"] for case in cases if case["kind"] in KINDS} == set(CASES)
