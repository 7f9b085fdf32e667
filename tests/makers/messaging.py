"""Sends and messages for tests: a send as a campaign would ask for it, and messages as planning would leave them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pyarrow as pa

from siyu.events import log
from siyu.events.identifiers import identify
from siyu.events.recording import Senders, record_profiles
from siyu.foundation.clock import to_ms
from siyu.foundation.stores import Stores
from siyu.identity.identifiers import customers_of
from siyu.messaging import _inserting, sends
from siyu.messaging.sends import Draft, Send, SendSpec
from siyu.river import flow
from siyu.segments.audience import AudienceRule


def draft(stores: Stores, ref: str = "test:1", *, include: Sequence[int] = (), exclude: Sequence[int] = (), customers: Sequence[int] | None = None, **changes: Any) -> Draft:
    """A promotion by SMS, due now and for two days, without controls; `changes` of the spec or of the draft."""
    names = Draft.__dataclass_fields__.keys()
    spec: dict[str, Any] = {
        "audience": AudienceRule(tuple(include), tuple(exclude), None if customers is None else tuple(customers)), "content": {"a": (1, 1)},
        "carriers": ("sms",), "salt": ref, "control_rate": 0.0, "use_global_holdout": False,
    }  # fmt: skip
    spec |= {name: value for name, value in changes.items() if name not in names}
    given: dict[str, Any] = {"name": ref, "purpose": "promotion", "due_at": stores.now(), "until_at": stores.now() + timedelta(days=2)}
    given |= {name: value for name, value in changes.items() if name in names}
    return Draft(ref=ref, spec=SendSpec(**spec), **given)


def make(stores: Stores, ref: str = "test:1", **changes: Any) -> Send:
    with stores.ledger.begin() as tx:
        return sends.create(stores, tx, draft(stores, ref, **changes), by="tests")


def put_messages(stores: Stores, send: Send, people: Sequence[tuple[int, int]], *, account_id: int = 1, carrier: str = "sms", staff: str = "", at_ms: int | None = None) -> None:
    """Planned messages of (customer, identity key), as planning writes them."""
    size, due_ms = len(people), to_ms(send.due_at)

    def same(value: Any, kind: pa.DataType) -> pa.Array:
        return pa.array([value] * size, kind)

    ordered = sorted(people)
    rows = pa.table(
        {
            "customer_id": [one[0] for one in ordered], "route": same(0, pa.int16()), "identity_key": [one[1] for one in ordered],
            "account_id": same(account_id, pa.int64()), "carrier": same(carrier, pa.string()), "staff": same(staff, pa.string()),
            "variant": same("a", pa.string()), "at_ms": same(due_ms if at_ms is None else at_ms, pa.int64()), "floating": same(bool(staff), pa.bool_()),
        }
    )  # fmt: skip
    with stores.ledger.begin() as tx:
        _inserting.write(tx, send, rows, due_ms=due_ms, now_ms=to_ms(stores.now()))


def people_with(stores: Stores, people: Sequence[dict[str, str]]) -> list[tuple[int, dict[str, int]]]:
    """People with identifiers by namespace, through the public door of recording → (customer, key by namespace) each."""
    spaces = sorted({space for one in people for space in one})
    columns = {space: pa.array([one.get(space) for one in people], pa.string()) for space in spaces}
    size, now = len(people), stores.now()
    with stores.ledger.begin() as tx:
        key = f"people {log.head(tx)}"
        record_profiles(
            tx, stores.secrets, Senders(columns), ids=pa.array([f"{key} {n}" for n in range(size)]), at_ms=pa.array([to_ms(now)] * size), traits=[{}] * size, now=now, dedup_key=key,
        )  # fmt: skip
    flow(stores)
    keys = {space: identify(stores.secrets, space, column).keys.to_pylist() for space, column in columns.items()}
    with stores.ledger.read() as tx:
        whose = customers_of(tx, [key for column in keys.values() for key in column if key])
    found = []
    for place, one in enumerate(people):
        mine = {space: keys[space][place] for space in one}
        found.append((whose[next(iter(mine.values()))], mine))
    return found
