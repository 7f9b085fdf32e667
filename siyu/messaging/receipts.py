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
from siyu.carriers.accounts import Account
from siyu.carriers.inbound import ABOUT_MESSAGE
from siyu.events.catalogue.carriers import CARRIER_REPORTED
from siyu.events.reactions import Reaction
from siyu.foundation.clock import from_ms
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.facts import Batch
from siyu.identity.identifiers import customers_of
from siyu.messaging import answers, cooldowns, finished, optouts, outbox, suppression
from siyu.messaging.answers import Answer
from siyu.messaging.finished import MASS_FINISHED, NOTICES_FINISHED
from siyu.messaging.optouts import Wish
from siyu.messaging.outbox import ATTEMPTING, FAILED, RECEIVED, REFUSED, SENT, UNKNOWN
from siyu.messaging.references import Reference, read
from siyu.messaging.suppression import Told

OPEN = (ATTEMPTING, SENT, UNKNOWN)
"""What a receipt may still change: whom a message has reached is not told otherwise by a later report."""
_KEYS = pa.schema([("customer_id", pa.int64()), ("send_id", pa.int64()), ("route", pa.int16()), ("identity_key", pa.int64())])


def _take_in(stores: Stores, tx: Connection, batches: Sequence[Batch]) -> None:
    rows = [row for batch in batches for row in batch.rows.to_pylist() if row["kind"] in (ABOUT_MESSAGE, MASS_FINISHED)]
    if not rows:
        return
    every = {account.id: account for account in accounts.list_accounts(tx)}
    decoded = [(row, msgspec.json.decode(row["detail"])) for row in rows if row["account_id"] in every]
    finished.take_masses(stores, tx, [(row["account_id"], detail) for row, detail in decoded if row["kind"] == MASS_FINISHED])
    about = [(row, detail) for row, detail in decoded if row["kind"] == ABOUT_MESSAGE]
    _take_notices(stores, tx, about)
    told = [(row["at_ms"], every[row["account_id"]], detail) for row, detail in about if detail["kind"] not in NOTICES_FINISHED]
    _take_told(stores, tx, every, told, ref=str(batches[0].position))


def _take_notices(stores: Stores, tx: Connection, about: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    mine = [(row, detail) for row, detail in about if detail["kind"] in NOTICES_FINISHED and detail.get("identity_key")]
    owners = customers_of(tx, sorted({int(detail["identity_key"]) for _, detail in mine}))
    finished.take_notices(stores, tx, [
        finished.Notice(
            row["account_id"], owners[key], key, str(detail.get("template_id") or ""), row["at_ms"], bool(detail.get("ok")), bool(detail.get("blocked")),
            str(detail.get("code") or detail.get("status") or "")[:32] or None,
        )
        for row, detail in mine
        if (key := int(detail["identity_key"])) in owners
    ])  # fmt: skip


def _take_told(stores: Stores, tx: Connection, every: dict[int, Account], told: Sequence[tuple[int, Account, dict[str, Any]]], *, ref: str) -> None:
    account_of: dict[tuple[int, str], tuple[int, int]] = {}
    named = [(at, account.product, detail, read(stores.secrets, detail.get("reference"))) for at, account, detail in told]
    # An address may stand in anybody's mail: without a reference of ours it proves nothing there.
    known = [one for one in named if one[3] is not None or (one[1] != "email" and one[2].get("identity_key"))]
    owners = customers_of(tx, sorted({_key(detail, reference) for _, _, detail, reference in known}))
    _settle(stores, tx, known, owners)
    by_carrier: defaultdict[str, list[Told]] = defaultdict(list)
    wishes: list[Wish] = []
    complained: dict[int, int] = {}
    for _, account, detail in told:
        if detail["kind"] == "message_received" and detail.get("identity_key") and (owner := owners.get(int(detail["identity_key"]))):
            account_of[owner, account.product] = account.id, int(detail["identity_key"])
    for at, product, detail, reference in known:
        key = _key(detail, reference)
        if kind := _about_address(detail):
            by_carrier[product].append(Told(key, kind, at, detail.get("status") or None))
            if kind == "complaint" and key in owners:
                complained[owners[key]] = max(complained.get(owners[key], 0), at)
        word = detail.get("word") or ""
        says_stop = detail["kind"] == "unsubscribed" or optouts.is_opt_out(word, product)
        if key in owners and (says_stop or optouts.is_opt_in(word, product)):
            wishes.append(Wish(owners[key], product, from_ms(at), f"{detail['kind']} {word}".strip(), back=not says_stop))
    for carrier, those in by_carrier.items():
        suppression.take_in(tx, carrier, those)
    cooldowns.note(tx, "complaint", complained)
    fulfilled = optouts.fulfil(stores, tx, wishes)
    fresh = {(wish.customer_id, wish.carrier) for wish in wishes if wish.said.startswith("message_received") and stores.now() - wish.at <= answers.WORTH}
    said_on = {who: place for who, place in account_of.items() if who in fresh}
    wanted = [Answer(said_on[who][0], who[0], said_on[who][1], "optin" if back else "optout") for who, back in sorted(fulfilled.items()) if who in said_on]
    answers.answer(stores, tx, every, wanted, ref=ref)


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
