"""People for tests: what they are and do, through the public door of recording."""

from __future__ import annotations

from typing import Any

import msgspec
import pyarrow as pa

from siyu.app import flow
from siyu.events.recording import Senders, record_activities, record_profiles
from siyu.foundation.clock import to_ms
from siyu.foundation.stores import Stores


def record(stores: Stores, messages: list[dict[str, Any]], key: str) -> None:
    """Messages {user, at_ms, id, traits} or {user, at_ms, id, event, properties} into the log."""
    said = [m for m in messages if "event" not in m]
    done = [m for m in messages if "event" in m]
    now = stores.now()
    with stores.ledger.begin() as tx:
        if said:
            record_profiles(
                tx, stores.secrets, _who(said), ids=_texts(said, "id"), at_ms=_times(said),
                traits=[m["traits"] for m in said], now=now, dedup_key=f"{key} said",
            )  # fmt: skip
        if done:
            record_activities(
                tx, stores.secrets, _who(done), ids=_texts(done, "id"), at_ms=_times(done), names=_texts(done, "event"),
                properties=pa.array([msgspec.json.encode(m.get("properties") or {}).decode() for m in done], pa.string()),
                now=now, dedup_key=f"{key} done",
            )  # fmt: skip


def customers_by_user(stores: Stores, users: list[str]) -> dict[str, int]:
    """The customer of each user name, once identified."""
    from siyu.identity.identifiers import look_up

    flow(stores)
    with stores.ledger.read() as tx:
        found = {user: look_up(stores, tx, user) for user in users}
    return {user: ids[0] for user, ids in found.items() if ids}


def now_ms(stores: Stores) -> int:
    return to_ms(stores.now())


def _who(messages: list[dict[str, Any]]) -> Senders:
    return Senders({"member": _texts(messages, "user")})


def _texts(messages: list[dict[str, Any]], name: str) -> pa.Array:
    return pa.array([m[name] for m in messages], pa.string())


def _times(messages: list[dict[str, Any]]) -> pa.Array:
    return pa.array([m["at_ms"] for m in messages], pa.int64())
