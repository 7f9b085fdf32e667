"""Windows 可发窗口: whom a carrier lets us write to now because they turned to us or allowed it, as columns of the routes. Set-based.

What a variant says decides what it needs: the same words for many on an Official Account are a mass send, which needs nothing; words of
each one's own need an open 48-hour window; a notice, and all that goes by a Mini Program, needs a permit of its template. What other
sends have planned and not sent yet is taken off: the sender must not have to refuse anybody who was planned.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, and_, func, or_, select

from siyu.carriers.accounts import Account
from siyu.carriers.openings import PRODUCTS
from siyu.connectors.official_account.mass import LEAST_PEOPLE
from siyu.content import pieces, render
from siyu.content.kinds import Carrier
from siyu.foundation.database import among
from siyu.foundation.ids import Ints
from siyu.foundation.stores import Stores
from siyu.messaging import _tables, quotas, sends
from siyu.messaging.outbox import PLANNED
from siyu.messaging.sends import SendSpec

WINDOW = ""
"""What an answer needs; else it is the template whose permit is needed."""
ENDLESS = 2**31 - 1
_m, _d = _tables.message, _tables.dispatch


def needs(stores: Stores, tx: Connection, spec: SendSpec, product: str) -> dict[str, str | None]:
    """Variant → what it needs of each person on a carrier: None nothing, `WINDOW`, or a template.

    Raises
    ------
    NotFoundError
        When there is no such version.
    """
    carrier = next((name for name in get_args(Carrier) if name == product), None)
    if carrier is None or product not in PRODUCTS:
        return dict.fromkeys(spec.content)
    found: dict[str, str | None] = {}
    for variant, (piece_id, version) in spec.content.items():
        body, kind = pieces.version_of(tx, piece_id, version).body, pieces.find(tx, piece_id).kind
        program = render.compile_for(stores, kind, body, carrier)
        found[variant] = None if program.is_alike else program.fixed.get("template_id", WINDOW)
    return found


def check(stores: Stores, tx: Connection, spec: SendSpec, accounts: Iterable[Account]) -> None:
    """That what the variants need can be told.

    Raises
    ------
    NotFoundError
        When there is no such version.
    """
    for product in {account.product for account in accounts}:
        needs(stores, tx, spec, product)


def within(
    stores: Stores, tx: Connection, spec: SendSpec, accounts: Iterable[Account], routes: pa.Table, variants: pa.DictionaryArray, at: datetime, *, few: bool = False
) -> pa.Table:  # fmt: skip
    """The routes with `closed` as window_closed where nothing is open at that moment, and opens_ms, closes_ms, free_count where it is.

    Parameters
    ----------
    variants
        What each row's person is told.
    few
        So few people that they are no mass send: the sender writes to each of them.
    """
    limited = [account for account in accounts if account.product in PRODUCTS]
    if not limited or not routes.num_rows:
        return routes
    size = routes.num_rows
    keys, account_ids = routes["identity_key"].to_numpy(), routes["account_id"].to_numpy()
    place, names = variants.indices.to_numpy(), variants.dictionary.to_pylist()
    shut, opens, closes, free = np.zeros(size, bool), np.full(size, -1), np.full(size, -1), np.full(size, ENDLESS)
    for account in limited:
        for variant, need in needs(stores, tx, spec, account.product).items():
            need = WINDOW if need is None and few else need
            rows = np.flatnonzero((account_ids == account.id) & (place == names.index(variant)))
            if need is None or not len(rows):
                continue
            template = need or (None if account.product == "official_account" else need)
            open_ = quotas.open_to(tx, account, np.unique(keys[rows]).tolist(), at, template=template)
            known = open_["identity_key"].to_numpy()
            at_row = np.searchsorted(known, keys[rows])
            held = np.isin(keys[rows], known)
            shut[rows] = ~held
            rows, at_row = rows[held], at_row[held]
            for column, name in ((opens, "opens_ms"), (closes, "closes_ms")):
                column[rows] = pc.fill_null(open_[name], -1).to_numpy()[at_row]
            free[rows] = pc.fill_null(open_["free_count"], ENDLESS).to_numpy()[at_row] - _booked(stores, tx, account, routes["customer_id"].to_numpy()[rows], keys[rows], need)
    plain = routes["closed"].combine_chunks()
    closed = plain.dictionary_decode() if pa.types.is_dictionary(plain.type) else plain
    closed = pc.if_else(pc.and_(pa.array(shut), pc.is_null(closed)), "window_closed", closed)
    columns = {"opens_ms": pa.array(opens, mask=opens < 0), "closes_ms": pa.array(closes, mask=closes < 0), "free_count": pa.array(free, pa.int32(), mask=free == ENDLESS)}
    found = routes.set_column(routes.schema.get_field_index("closed"), "closed", closed)
    for name, column in columns.items():
        found = found.append_column(name, column)
    return found


def _booked(stores: Stores, tx: Connection, account: Account, ids: Ints, keys: Ints, need: str) -> Ints:
    """How many messages wait for each of these people that will use up the same thing."""
    if not len(ids):
        return np.zeros(0, np.int64)
    mine = and_(among(tx, _m.c.customer_id, np.unique(ids).tolist()), _m.c.account_id == account.id, _m.c.status == PLANNED)
    joined = select(_d.c.send_id, _d.c.variant).join_from(_m, _d, _d.c.id == _m.c.dispatch_id).where(mine).distinct()
    same = [and_(_d.c.send_id == send_id, _d.c.variant == variant) for send_id, variant in tx.execute(joined).all() if _needs_of(stores, tx, send_id, account).get(variant) == need]
    if not same:
        return np.zeros(len(keys), np.int64)
    counted = select(_m.c.identity_key, func.count()).join_from(_m, _d, _d.c.id == _m.c.dispatch_id).where(mine, or_(*same)).group_by(_m.c.identity_key)
    rows = np.array([tuple(row) for row in tx.execute(counted.order_by(_m.c.identity_key))], np.int64).reshape(-1, 2)
    place = np.minimum(np.searchsorted(rows[:, 0], keys), max(0, len(rows) - 1))
    return np.where(rows[place, 0] == keys, rows[place, 1], 0) if len(rows) else np.zeros(len(keys), np.int64)


def _needs_of(stores: Stores, tx: Connection, send_id: int, account: Account) -> Mapping[str, str | None]:
    return needs(stores, tx, sends.find(tx, send_id).spec, account.product)


def are_few(people_count: int, audience_count: int) -> bool:
    """Whether these are all there are, and too few for a mass send."""
    return people_count < LEAST_PEOPLE and audience_count <= people_count
