"""Rechecking 复核: the gate is asked again at the last moment about messages that have their slots, as sets.

Between planning and sending people take consent back, complain, are held out, and nights fall. What is asked is the same
calculation, at this instant and for the one way that each message has; its own slot does not count against it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from siyu.carriers.accounts import list_accounts
from siyu.customers import consent
from siyu.foundation.clock import DAY_MS, to_ms
from siyu.foundation.stores import Stores
from siyu.messaging import (
    budgets,
    cooldowns,
    holdouts,
    outbox,
    policies,
    restraint,
    sends,
    suppression,
    zones,
)
from siyu.messaging._past import past
from siyu.messaging.carriers.port import Part
from siyu.messaging.outbox import PLANNED, Dispatch
from siyu.messaging.restraint import ROUTES, Request
from siyu.messaging.sends import CONSENT_FOR


@dataclass(frozen=True)
class Checked:
    """`refused`: (reason, messages). `waits`: (until when, epoch ms, reason, messages)."""

    may: pa.Table
    refused: Sequence[tuple[str, pa.Table]]
    waits: Sequence[tuple[int, str, pa.Table]]


def recheck(stores: Stores, tx: Connection, dispatch: Dispatch, messages: pa.Table) -> Checked:
    """Who of `messages` (one a person) may be told now, who waits until when, and who is not told any more. Their column `zone` is read
    where they have one."""
    if not messages.num_rows:
        return Checked(messages, [], [])
    messages = messages.sort_by("customer_id")
    decided = _decided(stores, tx, dispatch, messages)
    verdict, reason, at_ms = (decided[name].combine_chunks() for name in ("verdict", "reason", "at_ms"))

    def those(wanted: str) -> list[tuple[str, int, pa.Table]]:
        """(reason, instant, messages) of each that there is."""
        keys = pa.table({"reason": reason, "at_ms": at_ms}).filter(pc.equal(verdict, wanted)).group_by(["reason", "at_ms"]).aggregate([]).to_pylist()
        return [
            (one["reason"], one["at_ms"], messages.filter(pc.and_(pc.equal(verdict, wanted), pc.and_(pc.equal(reason, one["reason"]), pc.equal(at_ms, one["at_ms"])))))
            for one in keys
        ]

    refused = [(code, rows) for code, _, rows in those("refuse")]
    waits = [(until_ms, code, rows) for code, until_ms, rows in those("wait")]
    return Checked(messages.filter(pc.equal(verdict, "allow")), refused, waits)


def _decided(stores: Stores, tx: Connection, dispatch: Dispatch, messages: pa.Table) -> pa.Table:
    """`restraint.DECISIONS`, one row a message, in their order."""
    send, policy, now_ms = sends.find(tx, dispatch.send_id), policies.active(tx), to_ms(stores.now())
    ids = messages["customer_id"].to_numpy()
    reach_ms, until_ms = policy.reach_days * DAY_MS, max(to_ms(send.until_at), now_ms)
    products = {account.id: account.product for account in list_accounts(tx)}
    history, _ = past(tx, ids, since_ms=now_ms - reach_ms, until_ms=until_ms + reach_ms, send_id=send.id, products=products)
    # Whoever comes first is told first: what is only planned looks again when its own time comes.
    others = history.filter(pc.not_equal(history["status"], PLANNED))
    restricted = consent.restricted(tx, ids.tolist()) if send.purpose != "service" else set()
    people = pa.table(
        {
            "customer_id": ids, "zone": messages["zone"] if "zone" in messages.column_names else zones.of(stores, ids), "restricted": np.isin(ids, sorted(restricted)),
            "cool_until_ms": cooldowns.until(tx, policy, ids), "in_holdout": holdouts.held_out(stores, tx, ids), "budget": budgets.levels(tx, ids, stores.now()),
        }
    )  # fmt: skip
    exempt = policy.is_exempt(send.exempt, send.purpose)
    request = Request(
        send.id, send.purpose, now_ms, until_ms, priority_fen=send.priority_fen, exempt=exempt, use_global_holdout=send.spec.use_global_holdout, may_displace=False
    )  # fmt: skip
    found = restraint.decide(policy, request, people, _ways(stores, tx, dispatch, messages, send.purpose), others, zone=str(stores.calendar.zone))
    return found.table


def _ways(stores: Stores, tx: Connection, dispatch: Dispatch, messages: pa.Table, purpose: str) -> pa.Table:
    """The one way that each message has."""
    size, ids = messages.num_rows, messages["customer_id"].to_pylist()
    allowed = consent.may(stores, tx, ids, CONSENT_FOR[purpose], dispatch.carrier)
    stopped = suppression.suppressed_among(tx, dispatch.carrier, messages["identity_key"].to_pylist())
    closed = pa.array(["suppressed" if key in stopped else None for key in messages["identity_key"].to_pylist()], pa.string())
    known = {
        "customer_id": messages["customer_id"].combine_chunks(), "identity_key": messages["identity_key"].combine_chunks(), "rank": pa.array(np.zeros(size), pa.int16()),
        "account_id": pa.array(np.full(size, dispatch.account_id)), "carrier": pa.repeat(pa.scalar(dispatch.carrier), size), "staff": pa.repeat(pa.scalar(dispatch.staff), size),
        "form": pa.array([outbox.real_form(dispatch.form, dispatch.people_count)] * size, pa.string()), "consented": pa.array([one in allowed for one in ids], pa.bool_()), "floating": messages["floating"].combine_chunks(), "closed": closed,
    }  # fmt: skip
    return pa.table([known.get(field.name, pa.nulls(size, field.type)) for field in ROUTES], schema=ROUTES)


def barred(stores: Stores, tx: Connection, dispatch: Dispatch, messages: pa.Table) -> list[Part] | None:
    """Who may not be told any more, by place; None while somebody has to wait: then nobody is handed over once more just now."""
    checked = recheck(stores, tx, dispatch, messages.append_column("row", pa.array(range(messages.num_rows), pa.int64())))
    return None if checked.waits else [Part("refused", rows["row"].to_pylist(), code) for code, rows in checked.refused]
