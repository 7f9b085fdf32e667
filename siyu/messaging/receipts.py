"""Receipts 回执: what carriers tell of messages afterwards, taken into the messages, the suppression list and consent, in sets.

Every report may come late, twice, or before an earlier one: a message that was received stays so, and only who holds our
key can have made the reference by which it is found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec
import pyarrow as pa
from sqlalchemy import Connection

from siyu.carriers import accounts
from siyu.carriers.inbound import ABOUT_MESSAGE
from siyu.events.catalogue.carriers import CARRIER_REPORTED
from siyu.events.reactions import Reaction
from siyu.foundation.clock import from_ms
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.facts import Batch
from siyu.identity.identifiers import customers_of
from siyu.messaging import cooldowns, optouts, outbox, suppression
from siyu.messaging.optouts import Wish
from siyu.messaging.outbox import ATTEMPTING, FAILED, RECEIVED, REFUSED, SENT, UNKNOWN
from siyu.messaging.references import Reference, read
from siyu.messaging.suppression import Told

OPEN = (ATTEMPTING, SENT, UNKNOWN)
"""What a receipt may still change: whom a message has reached is not told otherwise by a later report."""
_KEYS = pa.schema([("customer_id", pa.int64()), ("send_id", pa.int64()), ("route", pa.int16()), ("identity_key", pa.int64())])


def _take_in(stores: Stores, tx: Connection, batches: Sequence[Batch]) -> None:
    rows = [row for batch in batches for row in batch.rows.to_pylist() if row["kind"] == ABOUT_MESSAGE]
    if not rows:
        return
    products = {account.id: account.product for account in accounts.list_accounts(tx)}
    told = [(row["at_ms"], products[row["account_id"]], msgspec.json.decode(row["detail"])) for row in rows if row["account_id"] in products]
    named = [(at, product, detail, read(stores.secrets, detail.get("reference"))) for at, product, detail in told]
    # An address may stand in anybody's mail: without a reference of ours it proves nothing there.
    known = [one for one in named if one[3] is not None or (one[1] != "email" and one[2].get("identity_key"))]
    owners = customers_of(tx, sorted({_key(detail, reference) for _, _, detail, reference in known}))
    _settle(stores, tx, known, owners)
    by_carrier: defaultdict[str, list[Told]] = defaultdict(list)
    wishes: list[Wish] = []
    complained: dict[int, int] = {}
    for at, product, detail, reference in known:
        key = _key(detail, reference)
        if kind := _about_address(detail):
            by_carrier[product].append(Told(key, kind, at, detail.get("status") or None))
            if kind == "complaint" and key in owners:
                complained[owners[key]] = max(complained.get(owners[key], 0), at)
        says_stop = detail["kind"] == "unsubscribed" or optouts.is_opt_out(detail.get("word") or "", product)
        if says_stop and key in owners:
            wishes.append(Wish(owners[key], product, from_ms(at), f"{detail['kind']} {detail.get('word') or ''}".strip()))
    for carrier, those in by_carrier.items():
        suppression.take_in(tx, carrier, those)
    cooldowns.note(tx, "complaint", complained)
    optouts.withdraw(stores, tx, wishes)


RECEIPTS = Reaction("messaging.receipts", (CARRIER_REPORTED.name,), _take_in)


def _settle(stores: Stores, tx: Connection, known: Sequence[tuple[int, str, dict[str, Any], Reference | None]], owners: dict[int, int]) -> None:
    """Received first: a failure of an earlier attempt that comes in the same set is then an old story."""
    groups: defaultdict[tuple[int, str | None], list[tuple[int, int, int, int]]] = defaultdict(list)
    for _, _, detail, reference in known:
        if reference is None or reference.identity_key not in owners:
            continue
        if (status := _status(detail)) is not None:
            code = None if status == RECEIVED else str(detail.get("status") or "")[:32] or None
            groups[status, code].append((owners[reference.identity_key], reference.send_id, reference.route, reference.identity_key))
    for (status, code), keys in sorted(groups.items(), key=lambda one: (one[0][0], one[0][1] or "")):
        columns = zip(*sorted(set(keys)), strict=True)
        table = pa.table([pa.array(column, field.type) for column, field in zip(columns, _KEYS, strict=True)], schema=_KEYS)
        outbox.mark(tx, table, status, now=stores.now(), code=code, was=OPEN)


def _status(detail: dict[str, Any]) -> int | None:
    if detail["kind"] in ("message_delivered", "message_complained", "message_received", "unsubscribed"):
        # Who complains or answers has it.
        return RECEIVED
    if detail["kind"] == "message_failed":
        return REFUSED if detail.get("permanent") else FAILED
    return None


def _about_address(detail: dict[str, Any]) -> str | None:
    if detail["kind"] == "message_failed":
        return "hard_bounce" if detail.get("permanent") else "soft"
    return {"message_complained": "complaint", "message_delivered": "delivered"}.get(detail["kind"])


def _key(detail: dict[str, Any], reference: Reference | None) -> int:
    return reference.identity_key if reference is not None else int(detail["identity_key"])
