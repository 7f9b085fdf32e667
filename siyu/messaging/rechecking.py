"""Rechecking 复核: what the gate says of messages at the last moment, as sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from siyu.customers import consent
from siyu.foundation.clock import to_ms
from siyu.foundation.stores import Stores
from siyu.messaging import policies, quiet, suppression
from siyu.messaging.carriers.port import Part
from siyu.messaging.outbox import PURPOSES, Dispatch
from siyu.messaging.planning import zones_of
from siyu.messaging.policy import Quiet
from siyu.messaging.quiet import Zones
from siyu.messaging.sends import CONSENT_FOR


@dataclass(frozen=True)
class Checked:
    """`refused`: (reason, messages). `waits`: (until when, epoch ms, reason, messages)."""

    may: pa.Table
    refused: Sequence[tuple[str, pa.Table]]
    waits: Sequence[tuple[int, str, pa.Table]]


def recheck(stores: Stores, tx: Connection, dispatch: Dispatch, messages: pa.Table) -> Checked:
    """What may have changed since planning: consent, restriction, minors, and that it is night where somebody lives.

    Caps need no second look: these messages hold their slots. Relations and addresses are looked at where addresses are had.
    """
    if not messages.num_rows:
        return Checked(messages, [], [])
    purpose = PURPOSES[messages["purpose"][0].as_py()]
    allowed = consent.may(stores, tx, messages["customer_id"].to_pylist(), CONSENT_FOR[purpose], dispatch.carrier)
    may = pc.is_in(messages["customer_id"], pa.array(sorted(allowed), pa.int64()))
    refused = [("no_consent", some)] if (some := messages.filter(pc.invert(may))).num_rows else []
    messages = messages.filter(may)
    stopped = pa.array(sorted(suppression.suppressed_among(tx, dispatch.carrier, messages["identity_key"].to_pylist())), pa.int64())
    is_stopped = pc.is_in(messages["identity_key"], stopped)
    refused += [("suppressed", messages.filter(is_stopped))] if len(stopped) else []
    messages = messages.filter(pc.invert(is_stopped))
    policy = policies.active(tx)
    if policy.quiet is None or policy.is_exempt(bool(messages["exempt"][0].as_py()) if messages.num_rows else True, purpose):
        return Checked(messages, refused, [])
    return _awake(stores, policy.quiet, messages, refused)


def _awake(stores: Stores, hours: Quiet, messages: pa.Table, refused: list[tuple[str, pa.Table]]) -> Checked:
    ids = messages["customer_id"].to_numpy()
    people, place = np.unique(ids, return_inverse=True)
    now = np.full(len(ids), to_ms(stores.now()), np.int64)
    zones = Zones.of(zones_of(stores, people), str(stores.calendar.zone)).take(place)
    until = quiet.wait(hours, zones, now)
    asleep = messages.filter(pa.array(until > now))
    if not asleep.num_rows:
        return Checked(messages, refused, [])
    awake = messages.filter(pa.array(until <= now))
    if hours.then == "refuse":
        return Checked(awake, [*refused, ("quiet", asleep)], [])
    waits = [(int(end), "quiet", messages.filter(pa.array(until == end))) for end in np.unique(until[until > now])]
    return Checked(awake, refused, waits)


def barred(stores: Stores, tx: Connection, dispatch: Dispatch, messages: pa.Table) -> list[Part]:
    """Who may not be told any more, or not now, by place."""
    checked = recheck(stores, tx, dispatch, messages.append_column("row", pa.array(range(messages.num_rows), pa.int64())))
    some = [*checked.refused, *((code, waiting) for _, code, waiting in checked.waits)]
    return [Part("refused", rows["row"].to_pylist(), code) for code, rows in some]
