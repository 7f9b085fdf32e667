"""Rechecking 复核: what the gate says of messages at the last moment, as sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from siyu.customers import consent
from siyu.foundation.stores import Stores
from siyu.messaging.carriers.port import Part
from siyu.messaging.outbox import PURPOSES, Dispatch
from siyu.messaging.sends import CONSENT_FOR


@dataclass(frozen=True)
class Checked:
    """`refused`: (reason, messages). `waits`: (until when, epoch ms, reason, messages)."""

    may: pa.Table
    refused: Sequence[tuple[str, pa.Table]]
    waits: Sequence[tuple[int, str, pa.Table]]


def recheck(stores: Stores, tx: Connection, dispatch: Dispatch, messages: pa.Table) -> Checked:
    if not messages.num_rows:
        return Checked(messages, [], [])
    purpose = CONSENT_FOR[PURPOSES[messages["purpose"][0].as_py()]]
    allowed = consent.may(stores, tx, messages["customer_id"].to_pylist(), purpose, dispatch.carrier)
    may = pc.is_in(messages["customer_id"], pa.array(sorted(allowed), pa.int64()))
    refused = messages.filter(pc.invert(may))
    return Checked(messages.filter(may), [("no_consent", refused)] if refused.num_rows else [], [])


def barred(stores: Stores, tx: Connection, dispatch: Dispatch, messages: pa.Table) -> list[Part]:
    """Who may not be told any more, or not now, by place."""
    checked = recheck(stores, tx, dispatch, messages.append_column("row", pa.array(range(messages.num_rows), pa.int64())))
    some = [*checked.refused, *((code, waiting) for _, code, waiting in checked.waits)]
    return [Part("refused", rows["row"].to_pylist(), code) for code, rows in some]
