"""Holdings 持有处: where in the ledger something of a person is kept, found by what columns mean, in every room's tables.

A column that names a person (`customer_id`, `identity_key` …) makes its row theirs; so does a reference to such a row. A
room that keeps people under another name adds that name to `NAMES`. Nothing has to be registered for a new table, and so
none is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from sqlalchemy import Column, ColumnElement, Connection, Table, delete, func, or_, select

from siyu.foundation.database import metadata
from siyu.rights.people import People

Leads = Callable[[People], tuple[int | str, ...]]
NAMES: dict[str, Leads] = {
    **dict.fromkeys(("customer_id", "survivor_id", "absorbed_id", "left_customer_id", "right_customer_id", "from_customer_id", "to_customer_id", "low_id", "high_id", "first_id", "inviter_id"), lambda people: people.customer_ids),
    **dict.fromkeys(("identity_key", "anchor_key", "left_key", "right_key", "buyer_key", "payer_key"), lambda people: people.identity_keys),
    **dict.fromkeys(("external_id", "receiver"), lambda people: people.carrier_ids),
}
SHARED: tuple[tuple[str, str], ...] = (("identity_operation_customer", "operation_id"),)
"""Lists of the people of something that several share, and the column that names it: it goes whole, with all that belongs to it."""
STAYS = ("identity_customer", "rights_", "team_", "jobs_", "foundation_", "alembic")
"""Numbers that must never be given again, the requests and the accounts of who did what: they name a number and nobody."""


@cache
def holdings() -> tuple[Table, ...]:
    """Every table with rows of people, those that refer to others first."""
    return tuple(table for table in reversed(metadata.sorted_tables) if _holds(table))


def of_people(table: Table, people: People) -> ColumnElement[bool]:
    """Which rows of a table are about these people."""
    mine: list[ColumnElement[bool]] = [column.in_(NAMES[column.name](people)) for column in _naming(table)]
    for column in table.columns:
        for reference in column.foreign_keys:
            other = reference.column.table
            if other is not table and _holds(other):
                mine.append(column.in_(select(reference.column).where(of_people(other, people))))
    return or_(*mine)


def count_rows(tx: Connection, people: People) -> dict[str, int]:
    """By table, the rows about these people."""
    counts = {str(table.name): int(tx.scalar(select(func.count()).select_from(table).where(of_people(table, people))) or 0) for table in holdings()}
    return {name: count for name, count in counts.items() if count}


def remove_rows(tx: Connection, people: People) -> dict[str, int]:
    """Delete every row about these people; returns how many, by table."""
    for name, column in SHARED:
        members = metadata.tables[name]
        (reference,) = members.c[column].foreign_keys
        mine = tx.scalars(select(members.c[column]).where(of_people(members, people)).distinct()).all()
        remove_with_children(tx, reference.column.table, reference.column.in_(mine))
    counts = {str(table.name): tx.execute(delete(table).where(of_people(table, people))).rowcount for table in holdings()}
    return {name: count for name, count in counts.items() if count}


def remove_with_children(tx: Connection, table: Table, mine: ColumnElement[bool]) -> None:
    """Rows, and those of other tables that refer to them."""
    for other in reversed(metadata.sorted_tables):
        for column in other.columns:
            for reference in column.foreign_keys:
                if reference.column.table is table and other is not table:
                    tx.execute(delete(other).where(column.in_(select(reference.column).where(mine))))
    tx.execute(delete(table).where(mine))


def _naming(table: Table) -> list[Column[object]]:
    return [column for column in table.columns if column.name in NAMES]


def _holds(table: Table) -> bool:
    if table.name.startswith(STAYS):
        return False
    return bool(_naming(table)) or any(
        reference.column.table is not table and _holds(reference.column.table) for column in table.columns for reference in column.foreign_keys
    )
