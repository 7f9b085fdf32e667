"""What the tracking plan costs an event, beside decoding the event's JSON.

Run: python bench/plan.py [events]

Work: events of forty names with nine properties each, as batching SDKs send them, are held against a plan of two hundred events (types,
required, allowed values); one in fifty carries a phone that is sealed. CPU time of one thread.
Limit: 3 µs an event; the peer is msgspec decoding the same events.
"""

from __future__ import annotations

import random
import sys
import time
from typing import Any

import msgspec

from siyu.collect.plan import Kind, Plan, PlannedEvent, PlannedProperty
from siyu.collect.plan_checks import Checks
from siyu.foundation.secrets import Secrets

LIMIT_MICROSECONDS = 3.0
KINDS: tuple[Kind, ...] = ("text", "number", "text", "boolean", "any", "number", "text", "any")


def main(count: int) -> None:
    draw = random.Random(5)
    plan = Plan(1, {f"event {number}": _planned(number) for number in range(200)}, {1: "quarantine"})
    names = [f"event {draw.randrange(40)}" for _ in range(count)]
    bodies = [msgspec.json.encode(_properties(draw, number)) for number in range(count)]
    began = time.process_time()
    decoded: list[dict[str, Any]] = [msgspec.json.decode(body) for body in bodies]
    decoding = time.process_time() - began
    checks, secrets = Checks(plan), Secrets(b"a" * 32, b"b" * 32, b"c" * 32)
    began = time.process_time()
    for start in range(0, count, 5_000):
        checks.examine(secrets, 1, names[start : start + 5_000], decoded[start : start + 5_000])
    examining = time.process_time() - began
    each, peer = examining / count * 1e6, decoding / count * 1e6
    print(f"{count:,} events of 40 names held against a plan of 200; one in fifty with a phone to seal")
    print(f"plan {each:.2f} µs an event; decoding its JSON {peer:.2f} µs; ratio {each / peer:.2f}")
    print(f"limit {LIMIT_MICROSECONDS} µs: {'kept' if each <= LIMIT_MICROSECONDS else 'NOT KEPT'}")


def _planned(number: int) -> PlannedEvent:
    properties = [PlannedProperty(f"p{place}", kind, required=place < 3) for place, kind in enumerate(KINDS)]
    return PlannedEvent(f"event {number}", "", (*properties, PlannedProperty("channel", "text", allowed=("app", "shop", "web"))))


def _properties(draw: random.Random, number: int) -> dict[str, Any]:
    values: dict[str, Any] = {"p0": "T-01", "p1": draw.random(), "p2": "白茶", "p3": True, "p4": 3, "p5": number, "p6": "https://example.com/", "p7": None}
    values["channel"] = draw.choice(("app", "shop", "web"))
    if number % 50 == 0:
        values["mobile"] = f"138{draw.randrange(10**8):08d}"
    return values


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
