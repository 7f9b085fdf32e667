"""Statements 陈述: consents and birthdays that come in as attributes from outside (`consent.promotion`, `birthday`).

An attribute `consent.<purpose>` or `consent.<purpose>.<carrier>` whose value says yes or no is a statement of consent. A
birthday tells who is a minor. Both are read in the order of the log, by one reaction, for sets of people.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, delete

from siyu.customers import _consent_tables as _t
from siyu.customers.consent import Proof, State, Statement, record
from siyu.customers.purposes import ALL_CARRIERS, CARRIERS, PURPOSES
from siyu.events.catalogue.customers import PROFILE_RECORDED
from siyu.events.reactions import Reaction
from siyu.foundation.clock import day_number, from_day_number, from_ms
from siyu.foundation.database import upsert
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.facts import Batch
from siyu.identity.identifiers import customers_of

PREFIX, BIRTHDAY = "consent.", "birthday"
YES, NO = {"true", "1", "yes", "granted", "是"}, {"false", "0", "no", "refused", "withdrawn", "否"}
CHILD_YEARS, ADULT_YEARS = 14, 18
_DAY_MS = 86_400_000


def read_statements(stores: Stores, tx: Connection, batches: Sequence[Batch]) -> None:
    rows = pa.concat_tables([batch.rows.select(["identity_key", "path", "text", "time_ms", "set_ms"]) for batch in batches])
    told = rows.filter(pc.or_(pc.starts_with(rows["path"], PREFIX), pc.equal(rows["path"], BIRTHDAY))).to_pylist()
    if not told:
        return
    owner = customers_of(tx, sorted({row["identity_key"] for row in told}))
    said = [statement for row in told if row["identity_key"] in owner if (statement := _statement(owner[row["identity_key"]], row)) is not None]
    record(stores, tx, said, Proof("feed", "profile attribute"))
    born = {owner[row["identity_key"]]: row for row in sorted(told, key=lambda row: row["set_ms"] or 0) if row["path"] == BIRTHDAY and row["identity_key"] in owner}
    _note_minors(stores, tx, {customer: from_day_number(row["time_ms"] // _DAY_MS) for customer, row in born.items() if row["time_ms"] is not None})


STATEMENTS = Reaction("customers.statements", (PROFILE_RECORDED.name,), read_statements)


def _statement(customer_id: int, row: dict[str, Any]) -> Statement | None:
    """None where the attribute names no purpose or carrier, or says neither yes nor no: it stays an attribute."""
    purpose, _, carrier = row["path"].removeprefix(PREFIX).partition(".")
    answer = (row["text"] or "").strip().lower()
    state: State | None = "granted" if answer in YES else "withdrawn" if answer in NO else None
    if not row["path"].startswith(PREFIX) or purpose not in PURPOSES or carrier not in (ALL_CARRIERS, *CARRIERS) or state is None:
        return None
    return Statement(customer_id, purpose, carrier, state, from_ms(row["set_ms"]))


def _note_minors(stores: Stores, tx: Connection, born: dict[int, date]) -> None:
    """Keep who is under 18; somebody whose birthday says otherwise is no minor (any more)."""
    if not born:
        return
    today = stores.calendar.on(stores.now())
    young = {customer: day for customer, day in born.items() if anniversary(day, ADULT_YEARS) > today}
    tx.execute(delete(_t.minor).where(_t.minor.c.customer_id.in_(sorted(born.keys() - young.keys()))))
    rows = [
        {"customer_id": customer, "fourteen_on": day_number(anniversary(day, CHILD_YEARS)), "adult_on": day_number(anniversary(day, ADULT_YEARS))}
        for customer, day in young.items()
    ]
    upsert(tx, _t.minor, rows, ["customer_id"])


def anniversary(born: date, years: int) -> date:
    """The day on which somebody becomes so old; who was born on a 29 February does on 1 March of a common year."""
    try:
        return born.replace(year=born.year + years)
    except ValueError:
        return date(born.year + years, 3, 1)
