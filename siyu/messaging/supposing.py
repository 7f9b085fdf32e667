"""Supposing 设想: what the gate would say at another time, to people with messages that were never really sent. Nothing is written.

The same routes, rules and history as in planning, read once; the gate itself then decides as often as it is asked. So whoever rehearses
what may come gets the very answers that planning would give, as far as the future is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.foundation.clock import DAY_MS, from_ms
from siyu.foundation.ids import Ints, draw_rows
from siyu.foundation.stores import Stores
from siyu.messaging import outbox, policies, restraint, routing, windows
from siyu.messaging._past import past
from siyu.messaging.planning import _people, _plain, _reach, _variants
from siyu.messaging.policy import PURPOSES, Policy
from siyu.messaging.restraint import HISTORY, Request
from siyu.messaging.sends import Send, SendSpec

NO_SEND = -1
_CHOSEN = ("account_id", "identity_key", "carrier", "staff", "floating", "form")


@dataclass(frozen=True)
class Kind:
    """What would be sent: as in a send, without a time."""

    spec: SendSpec
    purpose: str
    exempt: bool = False
    priority_fen: int = 0


@dataclass(frozen=True)
class Ground:
    """What is known of some people before anything is supposed.

    `ids` ascending; `people` (`restraint.PEOPLE`) in that order; `routes` and `history` by customer_id. `costs`: account → fen a message.
    """

    kind: Kind
    policy: Policy
    zone: str
    ids: Ints
    people: pa.Table
    routes: pa.Table
    history: pa.Table
    costs: Mapping[int, int]


@dataclass(frozen=True)
class Case:
    """Who is asked about: `key` is a number of its own for each (ascending), `place` their place in `Ground.ids`. One customer may
    stand in several cases, each with a future of its own. `more`: `restraint.HISTORY` whose customer_id is a key."""

    key: Ints
    place: Ints
    more: pa.Table


def ground(stores: Stores, kind: Kind, ids: Ints, *, since_ms: int, until_ms: int) -> Ground:
    """Read what the gate asks about, for a time from `since_ms` to `until_ms`.

    Raises
    ------
    InvalidError
        When no account could send it.
    """
    ids = np.unique(ids)
    with stores.ledger.read() as tx:
        policy, by = policies.active(tx), routing.ways(tx, kind.spec, kind.purpose)
    reach = _reach(stores, ids, by)
    span = policy.reach_days * DAY_MS
    with stores.ledger.read() as tx:
        names = _variants(_as_send(stores, kind), reach.routes["customer_id"].to_numpy())
        routes = windows.within(stores, tx, kind.spec, by.accounts, reach.routes, names, from_ms(since_ms), few=False)
        products = {account.id: account.product for account in by.accounts}
        history, _ = past(tx, ids, since_ms=since_ms - span, until_ms=until_ms + span, send_id=NO_SEND, products=products)
        people = _people(stores, tx, policy, ids, reach)
    order = np.argsort(history["customer_id"].to_numpy(), kind="stable")
    return Ground(kind, policy, str(stores.calendar.zone), ids, people, routes, history.take(pa.array(order)), {account.id: outbox.cost_fen(account.all_settings) for account in by.accounts})


def decide(known: Ground, case: Case, *, due_ms: int, until_ms: int) -> pa.Table:
    """What the gate would say at `due_ms`: `restraint.DECISIONS` in the order of the cases, with the way that was chosen
    (account_id, identity_key, carrier, staff, floating, form; null where there is none)."""
    people = known.people.take(pa.array(case.place)).set_column(0, "customer_id", pa.array(case.key))
    whose, kind = known.ids[case.place], known.kind
    # Drawn for the customer, whatever number a case has.
    control = draw_rows(kind.spec.salt, whose) < kind.spec.control_rate
    people = people.append_column("arm", pa.array(np.where(control, "control", "told")))
    routes = _taken(known.routes, whose, case.key)
    history = pa.concat_tables([_taken(known.history, whose, case.key).cast(HISTORY), case.more.cast(HISTORY)])
    request = Request(
        NO_SEND, kind.purpose, due_ms, max(until_ms, due_ms), priority_fen=kind.priority_fen, exempt=known.policy.is_exempt(kind.exempt, kind.purpose),
        salt=kind.spec.salt, control_rate=kind.spec.control_rate, use_global_holdout=kind.spec.use_global_holdout, may_displace=False,
    )  # fmt: skip
    table = restraint.decide(known.policy, request, people, _plain(routes), history, zone=known.zone).table
    way = table["way"].combine_chunks()
    for name in _CHOSEN:
        if name not in routes.column_names:
            table = table.append_column(name, pa.nulls(table.num_rows, pa.string()))
            continue
        column = routes[name].combine_chunks()
        plain = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
        table = table.append_column(name, plain.take(way))
    return table


def messages(known: Ground, decided: pa.Table) -> pa.Table:
    """Those who would be told, as `restraint.HISTORY` for what is supposed next."""
    told = decided.filter(pc.not_equal(decided["verdict"], "refuse"))
    size = told.num_rows
    exempt = known.policy.is_exempt(known.kind.exempt, known.kind.purpose)

    def same(value: object, kind: pa.DataType) -> pa.Array:
        return pa.repeat(pa.scalar(value, kind), size)

    columns = {
        **{name: told[name] for name in ("customer_id", "at_ms", "account_id", "carrier", "staff", "identity_key", "form")}, "floating": same(False, pa.bool_()),
        "purpose": same(PURPOSES.index(known.kind.purpose), pa.int8()), "exempt": same(exempt, pa.bool_()), "status": same(outbox.SENT, pa.int8()),
        "priority_fen": same(known.kind.priority_fen, pa.int64()), "send_id": same(NO_SEND, pa.int64()), "route": same(0, pa.int16()),
    }  # fmt: skip
    return pa.table([columns[field.name].cast(field.type) for field in HISTORY], schema=HISTORY)


def variant_of(spec: SendSpec, ids: Ints) -> list[str]:
    """Which variant each of these people would get."""
    names = sorted(spec.split)
    place = np.searchsorted(np.cumsum([spec.split[name] for name in names])[:-1], draw_rows(f"{spec.salt} variant", ids), side="right")
    return [names[one] for one in place.tolist()]


def _taken(table: pa.Table, whose: Ints, key: Ints) -> pa.Table:
    """The rows of a table by customer_id, once for each case of that customer, named by the case."""
    ids = table["customer_id"].to_numpy()
    first, last = np.searchsorted(ids, whose), np.searchsorted(ids, whose, side="right")
    count = last - first
    start = np.cumsum(count) - count
    rows = np.arange(int(count.sum())) - np.repeat(start - first, count)
    return table.take(pa.array(rows)).set_column(0, table.schema.field(0).name, pa.array(np.repeat(key, count)))


def _as_send(stores: Stores, kind: Kind) -> Send:
    now = stores.now()
    return Send(NO_SEND, "supposed", "supposed", kind.purpose, kind.exempt, kind.priority_fen, kind.spec, now, now, "planning", None, None, None, {}, now, "supposed")
