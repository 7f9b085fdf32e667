"""Ready-made journeys: whatever steps there are, a template draws no dead node, and only choices of the brand are left open."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.foundation.stores import Stores
from siyu.journeys import people_routes, routes, templates
from siyu.journeys.field import TEMPLATES
from siyu.journeys.steps.registry import STEPS
from siyu.journeys.templates import Part, Template
from tests.makers.customers import Desk, open_desk

J = "/api/v1/journeys"
OPEN = re.compile(r"^(entry\.(segment|on|survey)|nodes\.n\d+\.with.*)$")


@pytest.fixture
def desk(stores: Stores) -> Desk:
    return open_desk(stores, routes.router, people_routes.router)


def kinds_of(parts: tuple[Part, ...]) -> set[str]:
    return {part.step for part in parts}.union(*(kinds_of(way) for part in parts for way in part.ways.values()))


def test_the_journeys_of_the_field_are_all_there(desk: Desk) -> None:
    told = desk.as_("ann").get(f"{J}/templates").json()["items"]
    assert [one["code"] for one in told] == [
        "welcome_7_days", "service_after_purchase", "first_to_second_purchase", "growing", "mature", "churn_warning", "birthday", "abandoned_cart", "festival",
        "sleeping_wakeup", "lost_carrier", "account_to_group_to_order",
    ]  # fmt: skip
    for one in told:
        for part in ("name", "why", "when", "does", "adapt"):
            assert one[part]["zh"]
            assert one[part]["en"]
        assert set(one["steps"]) <= set(STEPS)


@pytest.mark.parametrize("code", [one.code for one in TEMPLATES])
def test_a_template_makes_a_draft_whose_only_faults_are_open_choices(desk: Desk, code: str) -> None:
    answer = desk.as_("olga").post(f"{J}/templates/{code}", headers={"Accept-Language": "en"})
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["status"] == "draft"
    told = desk.as_("olga").post(f"{J}/{made['id']}/check", json={"definition": made["definition"]}).json()
    assert [one for one in told["faults"] if not OPEN.match(one["field"])] == []
    assert [one for one in told["warnings"] if one["field"].startswith("nodes.")] == [], "a template keeps within the policy that is in force at first"
    assert told["faults"], "a template that needs nothing chosen would go out as it is"
    listed = {one["code"]: one for one in desk.as_("ann").get(f"{J}/templates").json()["items"]}[code]
    assert listed["choices"]


def test_an_unknown_template_is_refused_and_a_guide_may_not_use_any(desk: Desk) -> None:
    assert desk.as_("olga").post(f"{J}/templates/moonshot").status_code == 404
    assert desk.as_("bob").post(f"{J}/templates/birthday").status_code == 403
    assert desk.as_("ann").post(f"{J}/templates/birthday").status_code == 403


@settings(max_examples=60, deadline=None)
@given(template=st.sampled_from(TEMPLATES), data=st.data())
def test_steps_that_are_not_there_leave_no_gap(template: Template, data: st.DataObject) -> None:
    """Any of its steps may be missing but the end: the way goes through, and nobody is sent anywhere that is not drawn."""
    used = sorted(kinds_of(template.parts) - {"end"})
    kinds = {"end", *data.draw(st.sets(st.sampled_from(used)))}
    made = templates.definition_of(template, kinds, "zh")
    assert {node.step for node in made.nodes.values()} <= kinds
    seen, stack = set[str](), [made.start] if made.start else []
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        stack += [after for after in made.nodes[node].to.values() if after is not None]
    assert seen == set(made.nodes)
