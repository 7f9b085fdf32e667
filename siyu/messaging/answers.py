"""Answers 自动确认: whoever opts out by a word, or comes back by one, is told once that it was done, where they said it.

An answer is a message like any other: it is written down in the transaction that took the word in, goes out by the outbox, and is
shown with its send. It is of service and exempt, so it comes at once and uses nothing up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

import msgspec
import pyarrow as pa
from sqlalchemy import Connection, insert

from siyu.carriers.accounts import Account
from siyu.connectors.fields import is_true
from siyu.events import log
from siyu.events.catalogue.messaging import MESSAGES_DECIDED
from siyu.foundation.clock import to_ms
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.messaging import _inserting, _tables, sends
from siyu.messaging.outbox import ANSWER
from siyu.messaging.sends import SendSpec
from siyu.segments.audience import AudienceRule

What = Literal["optout", "optin"]
NAMES: dict[What, Text] = {"optout": Text("退订确认", "Opt-outs confirmed"), "optin": Text("重新订阅确认", "Subscriptions confirmed")}
CARRIERS = ("official_account", "sms")
"""Where an account can write to whoever has just written to it."""
WORTH = timedelta(hours=1)
"""A confirmation that comes later than this would only puzzle; nobody is told then."""
VARIANT = "a"


@dataclass(frozen=True)
class Answer:
    """One person is to be told, on the account and by the identifier by which they spoke."""

    account_id: int
    customer_id: int
    identity_key: int
    what: What


def words_of(account: Account, what: What) -> dict[str, str]:
    """What is said: a text, or a template of the account's gateway; empty where this account does not answer."""
    told = account.all_settings
    if not is_true(told.get("confirm_words"), default=account.product in CARRIERS):
        return {}
    said = {"template": str(told.get(f"{what}_template") or "")}, {"text": str(told.get(f"{what}_answer") or "")}
    return next((one for one in said if all(one.values())), {})


def answer(stores: Stores, tx: Connection, accounts: Mapping[int, Account], wanted: Sequence[Answer], *, ref: str) -> int:
    """Write down that these are told, in the caller's transaction; `ref` names what made it necessary. Returns how many are."""
    groups: defaultdict[tuple[int, What], dict[int, int]] = defaultdict(dict)
    for one in wanted:
        if one.account_id in accounts and words_of(accounts[one.account_id], one.what):
            groups[one.account_id, one.what][one.customer_id] = one.identity_key
    for (account_id, what), people in sorted(groups.items()):
        _write(stores, tx, accounts[account_id], what, people, f"answer:{what}:{account_id}:{ref}"[:120])
    return sum(len(people) for people in groups.values())


def _write(stores: Stores, tx: Connection, account: Account, what: What, people: Mapping[int, int], ref: str) -> None:
    now, size = stores.now(), len(people)
    spec = SendSpec(
        AudienceRule(customer_ids=tuple(sorted(people))), {VARIANT: (0, 0)}, (account.product,), salt=ref, split={VARIANT: 1.0}, control_rate=0.0, use_global_holdout=False,
        accounts=(account.id,), said=words_of(account, what),
    )  # fmt: skip
    counts = {"audience": size, "included": size, "excluded": 0, "planned": size, "allow": size, "variants": {VARIANT: size}, "carriers": {account.product: size}, "accounts": {str(account.id): size}}
    row = {
        "ref": ref, "name": NAMES[what].zh, "purpose": "service", "exempt": True, "priority_fen": 0, "spec": msgspec.to_builtins(spec), "due_at": now, "until_at": now + WORTH,
        "status": "ready", "planned_at": now, "counts": counts, "created_at": now, "created_by": "system",
    }  # fmt: skip
    key = tx.execute(insert(_tables.send).values(row)).inserted_primary_key
    assert key is not None
    send = sends.find(tx, int(key[0]))
    ids = sorted(people)

    def same(value: Any, kind: pa.DataType) -> pa.Array:
        return pa.array([value] * size, kind)

    rows = pa.table(
        {
            "customer_id": pa.array(ids, pa.int64()), "route": same(0, pa.int16()), "identity_key": pa.array([people[one] for one in ids], pa.int64()),
            "account_id": same(account.id, pa.int64()), "carrier": same(account.product, pa.string()), "staff": same("", pa.string()),
            "variant": same(VARIANT, pa.string()), "at_ms": same(to_ms(now), pa.int64()), "floating": same(False, pa.bool_()),
        }
    )  # fmt: skip
    _inserting.write(tx, send, rows, due_ms=to_ms(now), now_ms=to_ms(now), forms={("official_account", VARIANT): ANSWER})
    decided = {name: rows[name] for name in ("customer_id", "route", "identity_key", "account_id", "carrier", "staff", "variant", "at_ms")}
    decided |= {"send_id": same(send.id, pa.int64()), "verdict": same("allow", pa.string()), "purpose": same("service", pa.string()), "decided_ms": same(to_ms(now), pa.int64())}
    log.append(tx, MESSAGES_DECIDED, MESSAGES_DECIDED.table(decided), now=now)
