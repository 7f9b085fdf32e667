"""Asking 询问: what the gate would say of some people now, without a send and without a trace; and whom a carrier reaches at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from siyu.carriers.accounts import list_accounts
from siyu.customers import consent
from siyu.foundation.clock import DAY_MS
from siyu.foundation.errors import InvalidError
from siyu.foundation.ids import Ints
from siyu.foundation.stores import Stores
from siyu.messaging import budgets, cooldowns, holdouts, policies, restraint, routing, zones
from siyu.messaging._past import past
from siyu.messaging.blocks import Flags
from siyu.messaging.restraint import DECISIONS, PEOPLE, ROUTES, Request
from siyu.messaging.sends import CONSENT_FOR, SendSpec
from siyu.segments.audience import AudienceRule

NO_SEND = 0


def ask(
    stores: Stores, tx: Connection, customer_ids: Ints, *, purpose: str, carriers: Sequence[str], accounts: tuple[int, ...] | None = None,
    at_ms: int, until_ms: int, exempt: bool = False, use_global_holdout: bool = True,
) -> pa.Table:  # fmt: skip
    """When each of these people may be told of something by one of these carriers, first and last instant included.

    What a carrier allows only within its own windows depends on the piece, and is looked at when one is sent.

    Parameters
    ----------
    customer_ids
        Ascending, each once.

    Returns
    -------
    pa.Table
        `restraint.DECISIONS`, one row a person in their order: allow (now), wait (until at_ms) or refuse, and why.
    """
    routes = _routes(stores, tx, customer_ids, purpose, carriers, accounts)
    policy = policies.active(tx)
    reach_ms = policy.reach_days * DAY_MS
    products = {account.id: account.product for account in list_accounts(tx)}
    history, _ = past(tx, customer_ids, since_ms=at_ms - reach_ms, until_ms=until_ms + reach_ms, send_id=NO_SEND, products=products)
    restricted, minors, _ = (np.array(sorted(some), np.int64) for some in consent.kept_from(stores, tx, CONSENT_FOR[purpose]))
    known: dict[str, Any] = {
        "customer_id": pa.array(customer_ids), "zone": zones.of(stores, customer_ids), "restricted": pa.array(np.isin(customer_ids, restricted)),
        "minor": pa.array(np.isin(customer_ids, minors)), "cool_until_ms": pa.array(cooldowns.until(tx, policy, customer_ids)),
        "in_holdout": pa.array(holdouts.held_out(stores, tx, customer_ids)), "budget": budgets.levels(tx, customer_ids, stores.now()),
    }  # fmt: skip
    people = pa.table([known.get(field.name, pa.nulls(len(customer_ids), field.type)) for field in PEOPLE], schema=PEOPLE)
    request = Request(NO_SEND, purpose, at_ms, max(until_ms, at_ms), exempt=policy.is_exempt(exempt, purpose), use_global_holdout=use_global_holdout, may_displace=False)
    return restraint.decide(policy, request, people, routes, history, zone=str(stores.calendar.zone)).table.select(DECISIONS.names)


def reachable(stores: Stores, tx: Connection, customer_ids: Ints, *, purpose: str, carriers: Sequence[str]) -> Flags:
    """Whom one of these carriers reaches now and who allow it for this purpose; caps and hours do not count. Ids in any order."""
    ids = np.unique(customer_ids)
    routes = _routes(stores, tx, ids, purpose, carriers, None)
    open_ = routes.filter(pc.and_(pc.is_null(routes["closed"]), pc.fill_null(routes["consented"], False)))
    return np.isin(customer_ids, np.setdiff1d(open_["customer_id"].to_numpy(), np.array(sorted(consent.kept_from(stores, tx, CONSENT_FOR[purpose])[0]), np.int64)))


def served(stores: Stores, tx: Connection, customer_ids: Ints) -> pa.Table:
    """Who serves each of these people on WeCom now: customer_id, account_id, staff, identity_key; who has nobody is absent. Ids in any order."""
    routes = _routes(stores, tx, np.unique(customer_ids), "service", ("wecom",), None)
    staffed = pc.and_(pc.is_null(routes["closed"]), pc.not_equal(routes["staff"], ""))
    best = routes.filter(staffed).sort_by([("customer_id", "ascending"), ("rank", "ascending")])
    first = np.diff(best["customer_id"].to_numpy(), prepend=-1) != 0
    return best.filter(pa.array(first)).select(["customer_id", "account_id", "staff", "identity_key"])


def _routes(stores: Stores, tx: Connection, ids: Ints, purpose: str, carriers: Sequence[str], accounts: tuple[int, ...] | None) -> pa.Table:
    """`ROUTES` of these people, minors without a guardian's consent as not consenting; none where no account of these carriers is connected."""
    spec = SendSpec(AudienceRule(), {}, tuple(carriers), salt="", accounts=accounts)
    try:
        by = routing.ways(tx, spec, purpose)
    except InvalidError:
        return ROUTES.empty_table()
    with stores.warehouse.read() as session:
        found = routing.candidates(session, ids, by)
    waiting = np.array(sorted(consent.kept_from(stores, tx, by.purpose)[2]), np.int64)
    if len(waiting):
        child = pa.array(np.isin(found["customer_id"].to_numpy(), waiting))
        found = found.set_column(found.schema.get_field_index("consented"), "consented", pc.and_not(found["consented"].combine_chunks(), child))
    return pa.table(
        [found[field.name].cast(field.type) if field.name in found.column_names else pa.nulls(found.num_rows, field.type) for field in ROUTES], schema=ROUTES
    ).combine_chunks()
