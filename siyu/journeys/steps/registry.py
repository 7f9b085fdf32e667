"""Registry 节点登记: every kind of step there is. A new step is one new file and one line here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from siyu.foundation.errors import Fault
from siyu.foundation.text import Text
from siyu.journeys.definition import Definition, Node
from siyu.journeys.steps import (
    ab,
    attribute,
    branch,
    coupon,
    end,
    enter,
    group,
    handover,
    holdout,
    leave,
    points,
    send,
    split,
    staff_task,
    survey,
    tag,
    until_allowed,
    until_date,
    until_time,
    wait,
    wait_until,
    webhook,
    window,
)
from siyu.journeys.steps.step import Step
from siyu.segments.rules import at, fault_of

STEPS: dict[str, Step] = {
    step.kind: step
    for step in (
        send.STEP,
        staff_task.STEP,
        handover.STEP,
        survey.STEP,
        group.STEP,
        wait.STEP,
        until_time.STEP,
        until_date.STEP,
        window.STEP,
        wait_until.STEP,
        until_allowed.STEP,
        branch.STEP,
        split.STEP,
        ab.STEP,
        holdout.STEP,
        tag.STEP,
        attribute.STEP,
        points.STEP,
        coupon.STEP,
        webhook.STEP,
        enter.STEP,
        leave.STEP,
        end.STEP,
    )
}


@dataclass(frozen=True)
class Placed:
    """A node with its step and typed settings."""

    id: str
    step: Step
    settings: Any
    node: Node

    @cached_property
    def edges(self) -> tuple[str, ...]:
        return self.step.edges(self.settings)


def placed(node_id: str, node: Node) -> Placed | Fault:
    """A node as its step understands it, or what is wrong with it."""
    step = STEPS.get(node.step)
    field = f"nodes.{node_id}"
    if step is None:
        return Fault(f"{field}.step", Text(f"没有这种节点：{node.step}", f"there is no such step: {node.step}"))
    try:
        return Placed(node_id, step, msgspec.convert(node.with_, step.Settings), node)
    except msgspec.ValidationError as error:
        return fault_of(at(field, "with"), str(error))


def all_placed(definition: Definition) -> dict[str, Placed]:
    """Every node of a definition that `checks` has passed."""
    found = {}
    for node_id, node in definition.nodes.items():
        one = placed(node_id, node)
        assert isinstance(one, Placed), one
        found[node_id] = one
    return found
