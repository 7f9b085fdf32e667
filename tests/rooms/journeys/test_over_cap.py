"""More messages than the policy allows are seen while a journey is drawn."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.journeys.definition import read
from siyu.journeys.over_cap import over_cap
from siyu.journeys.steps.registry import Placed, placed
from siyu.messaging.policy import Cap, Policy
from tests.makers.journeys import drawn

DAYS = 7


def send(after: str | None, purpose: str = "value", **more: Any) -> tuple[str, dict[str, Any], dict[str, Any]]:
    return "send", {"content": {"a": {"piece": 1}}, "purpose": purpose, **more}, {"next": after}


def wait(after: str | None, **span: float) -> tuple[str, dict[str, Any], dict[str, Any]]:
    return "wait", span, {"next": after}


def steps_of(nodes: dict[str, Any]) -> dict[str, Placed]:
    found = {node_id: placed(node_id, node) for node_id, node in read(drawn({"kind": "manual"}, nodes, next(iter(nodes)))).nodes.items()}
    return {node_id: one for node_id, one in found.items() if isinstance(one, Placed)}


def fields(nodes: dict[str, Any], policy: Policy | None = None) -> list[str]:
    return [fault.field for fault in over_cap(policy or Policy(), steps_of(nodes))]


def test_the_fourth_message_within_a_week_is_named() -> None:
    nodes = {"a": send("b"), "b": send("w"), "w": wait("c", days=2), "c": send("d"), "d": send(None)}
    assert fields(nodes) == ["nodes.d.with"]
    assert fields({**nodes, "w": wait("c", days=7)}) == []
    assert fields({**nodes, "w": wait("c", days=6.99)}) == ["nodes.d.with"]


def test_a_second_promotion_within_a_week_is_named_and_says_so() -> None:
    nodes = {"a": send("w", "promotion"), "w": wait("b", days=3), "b": send(None, "promotion")}
    (told,) = over_cap(Policy(), steps_of(nodes))
    assert told.field == "nodes.b.with"
    assert "7 天内会收到超过 1 条促销" in told.message.zh
    assert fields({**nodes, "b": send(None, "value")}) == []


def test_what_is_exempt_and_goes_by_another_carrier_does_not_count() -> None:
    service: dict[str, Any] = {"purpose": "service", "exempt": True}
    assert fields({"a": send("b", **service), "b": send("c", **service), "c": send("d", **service), "d": send(None, **service)}) == []
    mail = Policy(caps=(Cap(1, "rolling", 7, carrier="email"),))
    assert fields({"a": send("b", carriers=["wecom"]), "b": send(None, carriers=["email"])}, mail) == []
    assert fields({"a": send("b", carriers=["email"]), "b": send(None, carriers=["wecom", "email"])}, mail) == ["nodes.b.with"]


def test_a_loop_that_sends_each_day_is_named_and_a_time_out_is_a_wait() -> None:
    assert fields({"a": send("w"), "w": wait("a", days=1)}) == ["nodes.a.with"]
    assert fields({"a": send("w"), "w": wait("a", days=3)}) == []
    until = ("wait_until", {"event": "order_paid", "timeout": {"days": 8}}, {"happened": None, "timeout": "a"})
    assert fields({"a": send("u"), "u": until}) == []
    assert fields({"a": send("u"), "u": ("wait_until", until[1], {"happened": "a", "timeout": None})}) == ["nodes.a.with"]


WAYS = st.integers(2, 6).flatmap(
    lambda size: st.lists(
        st.tuples(st.sampled_from(["send", "wait"]), st.integers(1, 5), st.one_of(st.none(), st.integers(0, size - 1))), min_size=size, max_size=size
    )
)


@settings(max_examples=60)
@given(WAYS, st.integers(1, 4))
def test_every_way_is_counted_as_somebody_who_walks_it_would(ways: list[tuple[str, int, int | None]], most: int) -> None:
    """Against a plain walk from every step, message by message, until the window or the way ends."""
    nodes = {f"n{at}": send(f"n{to}" if to is not None else None) if kind == "send" else wait(f"n{to}" if to is not None else None, days=days) for at, (kind, days, to) in enumerate(ways)}
    expected = set()
    for first, (kind, _, _) in enumerate(ways):
        if kind != "send":
            continue
        here: int | None = first
        elapsed = count = 0
        for _ in range(100):
            if here is None or elapsed >= DAYS:
                break
            count += ways[here][0] == "send"
            if count > most:
                expected.add(f"nodes.n{here}.with")
                break
            elapsed += ways[here][1] if ways[here][0] == "wait" else 0
            here = ways[here][2]
    assert set(fields(nodes, Policy(caps=(Cap(most, "rolling", DAYS),)))) == expected
