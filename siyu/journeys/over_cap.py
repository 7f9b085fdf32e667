"""Over the cap 超频: messages that a journey sends to one person in quicker succession than the policy allows.

Asked while it is drawn. Taken is the quickest way: waits last as long as they say, whatever may happen at once happens at once. Restraint
holds the rest back when the time comes; what is shown here is that it will have to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from heapq import heappop, heappush

from siyu.foundation.clock import DAY_MS
from siyu.foundation.errors import Fault
from siyu.foundation.text import Text
from siyu.journeys.sending import Wanted
from siyu.journeys.steps.registry import Placed
from siyu.messaging.policy import Cap, Policy

_DAYS = {"day": 1, "week": 7, "month": 31}


def over_cap(policy: Policy, steps: Mapping[str, Placed]) -> Iterator[Fault]:
    """A warning at each step whose message is one too many, for the first cap that it breaks."""
    told: set[str] = set()
    said = {node_id: wanted for node_id, one in steps.items() if (wanted := one.step.says(one.settings)) is not None}
    for cap in policy.caps:
        counted = {node_id for node_id, wanted in said.items() if _counts(policy, cap, wanted)}
        for first in sorted(counted):
            at = _one_too_many(steps, counted, cap, first)
            if at is not None and at not in told:
                told.add(at)
                yield Fault(f"nodes.{at}.with", _words(cap))


def _counts(policy: Policy, cap: Cap, wanted: Wanted) -> bool:
    if wanted.exempt and wanted.purpose in policy.exempt.purposes and not policy.exempt.counts:
        return False
    return cap.purpose in (None, wanted.purpose) and (cap.carrier is None or cap.carrier in wanted.carriers)


def _span_ms(cap: Cap) -> int:
    return (cap.days or 0 if cap.window == "rolling" else _DAYS[cap.window]) * DAY_MS


def _one_too_many(steps: Mapping[str, Placed], counted: set[str], cap: Cap, first: str) -> str | None:
    """The step at which somebody who is told at `first` is told more often than the cap allows within its window."""
    if cap.at_most is None:
        return None
    seen: set[tuple[str, int]] = set()
    # How long after the first message, how many until then (this step's own included), where.
    ways = [(0, 1, first)]
    while ways:
        elapsed, count, node_id = heappop(ways)
        if count > cap.at_most:
            return node_id
        if (node_id, count) in seen:
            continue
        seen.add((node_id, count))
        one = steps[node_id]
        for edge, after in one.node.to.items():
            later = elapsed + one.step.least_ms(one.settings, edge)
            if after is not None and after in steps and later < _span_ms(cap):
                heappush(ways, (later, count + (after in counted), after))
    return None


def _words(cap: Cap) -> Text:
    days, most = _span_ms(cap) // DAY_MS, cap.at_most
    zh, en = ("促销", "promotions") if cap.purpose == "promotion" else ("消息", "messages")
    return Text(
        f"走得最快的人在 {days} 天内会收到超过 {most} 条{zh}，多出的会被频控拦下；拉长等待或少发一条",
        f"whoever moves quickest would get more than {most} {en} in {days} days; restraint holds the rest back: wait longer or send one less",
    )
