"""Windows 可发窗口: whom a carrier lets us write to now because they turned to us or allowed it, as columns of the routes. Set-based.

What a variant says decides what it needs: the same words for many on an Official Account are a mass send, which needs nothing; words of
each one's own need an open 48-hour window; a notice, and all that goes by a Mini Program, needs a permit of its template. What other
sends have planned and not sent yet the gate takes off itself, by the same `form`: it may give way to something dearer.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from siyu.carriers.accounts import Account
from siyu.carriers.openings import PRODUCTS
from siyu.connectors.official_account.mass import LEAST_PEOPLE
from siyu.content import pieces, render
from siyu.content.kinds import Carrier
from siyu.foundation.stores import Stores
from siyu.messaging import quotas
from siyu.messaging.outbox import ANSWER
from siyu.messaging.policy import MASS
from siyu.messaging.sends import SendSpec
from siyu.messaging.ways import ENDLESS

WINDOW = ""
"""What an answer needs; else it is the template whose permit is needed."""


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
    if spec.said:
        return dict.fromkeys(spec.content, WINDOW)
    found: dict[str, str | None] = {}
    for variant, (piece_id, version) in spec.content.items():
        body, kind = pieces.version_of(tx, piece_id, version).body, pieces.find(tx, piece_id).kind
        program = render.compile_for(stores, kind, body, carrier)
        found[variant] = None if program.is_alike else program.fixed.get("template_id", WINDOW)
    return found


def forms(stores: Stores, tx: Connection, spec: SendSpec, accounts: Iterable[Account]) -> dict[tuple[str, str], str]:
    """(carrier, variant) → what that is to a carrier that counts: mass, answer or notice:<template>.

    Raises
    ------
    NotFoundError
        When there is no such version.
    """
    products = {account.product for account in accounts} & set(PRODUCTS)
    return {(product, variant): _form(need) for product in sorted(products) for variant, need in needs(stores, tx, spec, product).items()}


def _form(need: str | None) -> str:
    return MASS if need is None else f"notice:{need}"[:80] if need else ANSWER


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
    """The routes with `closed` as window_closed where nothing is open at that moment, and opens_ms, closes_ms, free_count where it is;
    and with their `form`.

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
    kinds: list[str] = []
    kind = np.full(size, -1)
    for account in limited:
        for variant, need in needs(stores, tx, spec, account.product).items():
            need = WINDOW if need is None and few else need
            rows = np.flatnonzero((account_ids == account.id) & (place == names.index(variant)))
            kind[rows], kinds = len(kinds), [*kinds, _form(need)]
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
            free[rows] = pc.fill_null(open_["free_count"], ENDLESS).to_numpy()[at_row]
    plain = routes["closed"].combine_chunks()
    closed = plain.dictionary_decode() if pa.types.is_dictionary(plain.type) else plain
    closed = pc.if_else(pc.and_(pa.array(shut), pc.is_null(closed)), "window_closed", closed)
    columns = {"opens_ms": pa.array(opens, mask=opens < 0), "closes_ms": pa.array(closes, mask=closes < 0), "free_count": pa.array(free, pa.int32(), mask=free == ENDLESS)}
    columns["form"] = pa.array(kinds, pa.string()).take(pa.array(kind, mask=kind < 0)) if kinds else pa.nulls(size, pa.string())
    found = routes.set_column(routes.schema.get_field_index("closed"), "closed", closed)
    for name, column in columns.items():
        found = found.append_column(name, column)
    return found


def are_few(people_count: int, audience_count: int) -> bool:
    """Whether these are all there are, and too few for a mass send."""
    return people_count < LEAST_PEOPLE and audience_count <= people_count
