"""Traces 痕迹: identifiers of people in places that are not about people: bodies of callbacks, rejected cells, saved searches.

Sealed bodies are opened and searched; a row that speaks of a person goes whole. In texts only the identifier is blotted
out, so that the rest stays readable. Short values are not searched for: they would be found in everything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import unquote

from sqlalchemy import Column, Connection, String, Table, and_, func, or_, select, type_coerce, update
from sqlalchemy import Text as SqlText

from siyu.collect.journal import Arrival
from siyu.collect.quarantine import open_arrival
from siyu.collect.wire.body import TooLarge, Unreadable, unpack
from siyu.foundation.database import Json, metadata
from siyu.foundation.secrets import Secrets
from siyu.rights.holdings import STAYS, holdings, remove_with_children
from siyu.rights.people import NAME, People

SHORTEST, SHORTEST_NUMBER = 6, 10
_PAGE = 500
_NEVER = ("team_member", "team_session", "team_token", "team_store", "team_staff", "team_look", "foundation_", "alembic", "carriers_account", "carriers_token", "rights_")
_SEARCHED = ("team_audit", "jobs_job")


Opened = Callable[[Secrets, Sequence[bytes | None]], list[str | None]]


@dataclass(frozen=True)
class Body:
    """A sealed column outside of people's tables. With `blank` the column is emptied, else the whole row goes."""

    table: str
    column: str
    opened: Opened
    blank: bool = False
    names: bool = False
    """Also a name alone is enough: statements of payments have nothing else."""


def _by(context: str) -> Opened:
    return lambda secrets, sealed: secrets.open(sealed, context)


def _arrivals(secrets: Secrets, sealed: Sequence[bytes | None]) -> list[str | None]:
    return [text_of(one) if blob and (one := open_arrival(secrets, blob)) else None for blob in sealed]


def text_of(arrival: Arrival) -> str:
    """What a request says, however its client has wrapped it; and as it came."""
    raw = arrival.body.decode("utf-8", "replace")
    try:
        plain = unpack(arrival.body).plain.decode("utf-8", "replace")
    except (TooLarge, Unreadable):
        plain = ""
    return f"{raw}\n{unquote(raw)}\n{plain}"


BODIES: tuple[Body, ...] = (
    Body("carriers_inbox", "body_sealed", _by("carriers inbox")),
    Body("carriers_delivery", "body_sealed", _by("carriers delivery")),
    Body("collect_quarantine", "arrival_sealed", _arrivals),
    Body("collect_live", "entries_sealed", _by("collect live"), names=True),
    Body("orders_payment", "text_sealed", _by("payment text"), blank=True, names=True),
    Body("segments_view", "q_sealed", _by("segments_view q"), blank=True),
)


def patterns(people: People, *, names: bool = False) -> re.Pattern[str] | None:
    """Matches any of their identifiers that is long enough to be told from chance, with `names` any name too; None when there is none."""
    values = {value for space, value in people.values if len(value) >= (SHORTEST_NUMBER if value.isdigit() else SHORTEST) or (names and space == NAME)}
    return re.compile("|".join(re.escape(value) for value in sorted(values, key=len, reverse=True)), re.IGNORECASE) if values else None


def blot(found: re.Match[str]) -> str:
    """As long as it was, and still a number where it was one, so that JSON stays JSON."""
    return ("1" if found.group().isdigit() else "*") * len(found.group())


def remove_bodies(tx: Connection, secrets: Secrets, people: People) -> dict[str, int]:
    """Open every sealed body once and take out those that speak of these people."""
    counts: dict[str, int] = {}
    for body in BODIES:
        wanted = patterns(people, names=body.names)
        table = metadata.tables.get(body.table)
        if table is None or wanted is None:
            continue
        found = list(_speaking(tx, secrets, body, table, wanted))
        for start in range(0, len(found), _PAGE):
            mine = _key(table).in_(found[start : start + _PAGE])
            if body.blank:
                tx.execute(update(table).where(mine).values({body.column: None}))
            else:
                remove_with_children(tx, table, mine)
        if found:
            counts[body.table] = len(found)
    return counts


def read_bodies(tx: Connection, secrets: Secrets, people: People) -> dict[str, list[str]]:
    """The opened bodies that speak of these people, by table; for a copy of everything."""
    found: dict[str, list[str]] = {}
    for body in BODIES:
        wanted = patterns(people)
        table = metadata.tables.get(body.table)
        if table is None or wanted is None or body.blank:
            continue
        keys = list(_speaking(tx, secrets, body, table, wanted))
        for start in range(0, len(keys), _PAGE):
            sealed = tx.scalars(select(table.c[body.column]).where(_key(table).in_(keys[start : start + _PAGE]))).all()
            found.setdefault(body.table, []).extend(text for text in body.opened(secrets, sealed) if text)
    return found


def _speaking(tx: Connection, secrets: Secrets, body: Body, table: Table, wanted: re.Pattern[str]) -> Iterable[Any]:
    key, after = _key(table), None
    while True:
        query = select(key, table.c[body.column]).where(table.c[body.column].is_not(None)).order_by(key).limit(_PAGE)
        rows = tx.execute(query if after is None else query.where(key > after)).all()
        for row, text in zip(rows, body.opened(secrets, [row[1] for row in rows]), strict=True):
            if text and wanted.search(text):
                yield row[0]
        if len(rows) < _PAGE:
            return
        after = rows[-1][0]


def forget_payers(tx: Connection, order_keys: Sequence[int]) -> int:
    """Who paid for these orders, and what the statement said; amount and time stay, they are accounts."""
    payment, match = metadata.tables["orders_payment"], metadata.tables["orders_payment_match"]
    count = 0
    for start in range(0, len(order_keys), _PAGE):
        mine = select(match.c.payment_key).where(match.c.order_key.in_(order_keys[start : start + _PAGE]))
        count += tx.execute(update(payment).where(payment.c.payment_key.in_(mine)).values(text_sealed=None, payment_no_sealed=None)).rowcount
    return count


def blot_texts(tx: Connection, people: People) -> dict[str, int]:
    """Blot their identifiers out of every text column that is not about people; returns rows changed by table."""
    wanted = patterns(people)
    counts: dict[str, int] = {}
    if wanted is None:
        return counts
    values = sorted({value.lower() for _, value in people.values if wanted.fullmatch(value)})
    for table, columns in _texts():
        for start in range(0, len(values), 50):
            part = values[start : start + 50]
            found = or_(*(func.lower(column, type_=SqlText()).contains(value, autoescape=True) for column in columns for value in part))
            rows = tx.execute(select(*table.primary_key.columns, *(_raw(column) for column in columns)).where(found)).all()
            for row in rows:
                key, texts = row[: len(table.primary_key.columns)], row[len(table.primary_key.columns) :]
                clean = {column: wanted.sub(blot, text) for column, text in zip(columns, texts, strict=True) if text}
                mine = and_(*(column == value for column, value in zip(table.primary_key.columns, key, strict=True)))
                tx.execute(update(table).where(mine).values({column.name: _typed(column, text) for column, text in clean.items()}))
            counts[str(table.name)] = counts.get(str(table.name), 0) + len(rows)
    return {name: count for name, count in counts.items() if count}


def _raw(column: Column[Any]) -> Any:
    """The column as the text that is stored."""
    return type_coerce(column, SqlText())


def _typed(column: Column[Any], text: str) -> Any:
    return column.type.process_result_value(text, None) if isinstance(column.type, Json) else text  # type: ignore[arg-type]


@cache
def _texts() -> Sequence[tuple[Table, list[Column[Any]]]]:
    """Text columns wide enough for an identifier, of tables that are not about people; keys stay as they are."""
    found = []
    for table in metadata.sorted_tables:
        if table.name.startswith(_NEVER) or table in holdings() or (table.name.startswith(STAYS) and not table.name.startswith(_SEARCHED)):
            continue
        columns = [column for column in table.columns if not column.primary_key and not column.foreign_keys and _is_wide(column)]
        if columns:
            found.append((table, columns))
    return found


def _is_wide(column: Column[Any]) -> bool:
    kind = column.type
    return isinstance(kind, Json | SqlText) or (isinstance(kind, String) and (kind.length or 400) > 60)


def _key(table: Table) -> Column[Any]:
    (key,) = table.primary_key.columns
    return key
