"""Radar 素材雷达: what became of a piece: sent, opened, how long it was read, passed on by whom to whom. Set-based, from facts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from sqlalchemy import Connection, select

from siyu.content import _tables
from siyu.content.facts import CONTENT_TOUCH
from siyu.content.touches import counted
from siyu.customers.facts import CUSTOMERS_ACTIVITY, CUSTOMERS_PROPERTY
from siyu.foundation.warehouse.engines import Session

MOST_EDGES = 2_000


@dataclass(frozen=True)
class Reading:
    """What became of one version, variant and send (`None`: all together).

    `people` are known customers, `visitors` browsers that nobody knows, `counted` openings of whom only the number is kept: they allow no
    more. `clicked` are those of both who opened an address within; `read_count` visits told how long: `median_seconds`, `seconds` in all.
    `sharers` passed it on, to `shared_to` browsers.
    """

    send_id: int | None
    variant: str
    sent: int
    opened: int
    people: int
    visitors: int
    counted: int
    clicked: int
    read_count: int
    seconds: int
    median_seconds: float | None
    sharers: int
    shared_to: int


@dataclass(frozen=True)
class Person:
    """What one customer did with a piece; times in epoch ms."""

    customer_id: int
    opened: int
    clicked: int
    seconds: int
    shared_to: int
    first_ms: int
    last_ms: int


@dataclass(frozen=True)
class Click:
    """Openings of one address of a version; `number` 0 is the article itself."""

    version: int
    number: int
    url: str
    opened: int
    people: int
    visitors: int


@dataclass(frozen=True)
class Edge:
    """Passed on by one to another: customers where they are known, else browsers (a short name of each)."""

    from_customer: int
    from_visitor: str
    to_customer: int
    to_visitor: str
    at_ms: int


def readings(tx: Connection, session: Session, piece_id: int, send_id: int | None = None) -> list[Reading]:
    """All together first, then each send and variant, the newest send first."""
    touches = _of(piece_id, send_id)
    every = _summed(session, touches.mutate(send_id=ibis.literal(-1, "int64"), variant=ibis.literal("")))
    each = _summed(session, touches)
    links = _links(tx, piece_id, send_id)
    numbers = counted(tx, [row.id for row in links])
    known: dict[tuple[int, str], int] = defaultdict(int)
    for row in links:
        known[row.send_id, row.variant] += numbers.get((row.id, "link_opened"), 0)
    sent = _sent(session, sorted({row.send_id for row in links} - {0}))
    keys = sorted({*each, *known}, key=lambda key: (-key[0], key[1]))
    told = {key: _told(sent, *key) for key in keys}
    whole = _reading(None, "", sum(told.values()), sum(known.values()), every.get((-1, ""), {}))
    return [whole, *(_reading(key[0], key[1], told[key], known.get(key, 0), each.get(key, {})) for key in keys)]


def read_last(session: Session) -> int | None:
    """The piece that somebody opened or read last; None where nobody ever did."""
    table = CONTENT_TOUCH.table
    rows = session.query(table.order_by([ibis.desc("at_ms"), "piece_id"]).limit(1).select("piece_id")).to_pylist()
    return int(rows[0]["piece_id"]) if rows else None


def clicks(tx: Connection, session: Session, piece_id: int, send_id: int | None = None) -> list[Click]:
    """Each address of each version, most opened first."""
    touches = _of(piece_id, send_id)
    opened = touches.filter(touches.name == "link_opened")
    rows = session.query(opened.group_by("version", "number").agg(opened=opened.count(), people=_people(opened), visitors=_visitors(opened))).to_pylist()
    urls = {(row.version, row.number): row.url for row in _links(tx, piece_id, send_id)}
    found = [Click(row["version"], row["number"], urls.get((row["version"], row["number"]), ""), row["opened"], row["people"], row["visitors"]) for row in rows]
    return sorted(found, key=lambda one: (-one.opened, one.version, one.number))


def people(session: Session, piece_id: int, send_id: int | None = None, *, after: tuple[int, int] | None = None, limit: int = 50) -> list[Person]:
    """Known customers, who acted last first; `after` is (last_ms, customer_id) of the one before."""
    touches = _of(piece_id, send_id)
    mine = touches.filter(touches.customer_id > 0)
    summed = mine.group_by("customer_id").agg(
        opened=(mine.name == "link_opened").sum(), clicked=((mine.name == "link_opened") & (mine.number > 0)).sum(), seconds=mine.seconds.sum().fill_null(0),
        shared_to=mine.other_visitor.nunique(where=mine.name == "content_shared"), first_ms=mine.at_ms.min(), last_ms=mine.at_ms.max(),
    )  # fmt: skip
    if after is not None:
        summed = summed.filter((summed.last_ms < after[0]) | ((summed.last_ms == after[0]) & (summed.customer_id > after[1])))
    rows = session.query(summed.order_by([ibis.desc("last_ms"), "customer_id"]).limit(limit)).to_pylist()
    return [Person(**{name: int(value) for name, value in row.items()}) for row in rows]


def chain(session: Session, piece_id: int, send_id: int | None = None) -> list[Edge]:
    """Who passed it on to whom, the oldest first; at most `MOST_EDGES`. A browser that became known is the customer's, also before."""
    touches = _of(piece_id, send_id)
    shared = touches.filter(touches.name == "content_shared").select("visitor", "other_visitor", "at_ms")
    rows = session.query(shared.order_by(["at_ms", "visitor", "other_visitor"]).limit(MOST_EDGES)).to_pylist()
    known = touches.filter((touches.customer_id > 0) & (touches.visitor > 0))
    whose = session.query(known.group_by("visitor").agg(customer_id=known.customer_id.max()))
    owner = dict(zip(whose["visitor"].to_pylist(), whose["customer_id"].to_pylist(), strict=True))
    return [
        Edge(owner.get(row["visitor"], 0), _short(row["visitor"]), owner.get(row["other_visitor"], 0), _short(row["other_visitor"]), row["at_ms"]) for row in rows
    ]


def _of(piece_id: int, send_id: int | None) -> ir.Table:
    table = CONTENT_TOUCH.table
    mine = table.filter(table.piece_id == piece_id)
    return mine if send_id is None else mine.filter(mine.send_id == send_id)


def _people(rows: ir.Table) -> ir.IntegerScalar:
    return rows.customer_id.nunique(where=rows.customer_id > 0)


def _visitors(rows: ir.Table) -> ir.IntegerScalar:
    return rows.visitor.nunique(where=(rows.customer_id == 0) & (rows.visitor > 0))


def _summed(session: Session, rows: ir.Table) -> dict[tuple[int, str], dict[str, Any]]:
    """Measures by send and variant."""
    key = ["send_id", "variant"]
    reader = (rows.customer_id > 0).ifelse(rows.customer_id, -rows.visitor)
    acted = rows.name != "content_shared"
    plain = rows.group_by(key).agg(
        opened=(rows.name == "link_opened").sum(), people=rows.customer_id.nunique(where=acted & (rows.customer_id > 0)),
        visitors=rows.visitor.nunique(where=acted & (rows.customer_id == 0) & (rows.visitor > 0)), clicked=reader.nunique(where=(rows.name == "link_opened") & (rows.number > 0)),
        sharers=reader.nunique(where=rows.name == "content_shared"), shared_to=rows.other_visitor.nunique(where=rows.name == "content_shared"),
    )  # fmt: skip
    reads = rows.filter(rows.name == "content_read")
    visits = reads.group_by([*key, "visit"]).agg(seconds=reads.seconds.sum())
    lengths = visits.group_by(key).agg(read_count=visits.count(), seconds=visits.seconds.sum(), median_seconds=visits.seconds.median())
    found: dict[tuple[int, str], dict[str, Any]] = defaultdict(dict)
    for table in (plain, lengths):
        for row in session.query(table).to_pylist():
            found[row["send_id"], row["variant"]] |= row
    return found


def _reading(send_id: int | None, variant: str, sent: int, known: int, row: dict[str, Any]) -> Reading:
    numbers = {name: int(row.get(name) or 0) for name in ("opened", "people", "visitors", "clicked", "read_count", "seconds", "sharers", "shared_to")}
    return Reading(send_id, variant, sent, counted=known, median_seconds=row.get("median_seconds"), **{**numbers, "opened": numbers["opened"] + known})


def _links(tx: Connection, piece_id: int, send_id: int | None) -> Sequence[Any]:
    table = _tables.link
    query = select(table.c.id, table.c.send_id, table.c.variant, table.c.version, table.c.number, table.c.url).where(table.c.piece_id == piece_id)
    return tx.execute(query if send_id is None else query.where(table.c.send_id == send_id)).all()


def _told(sent: dict[tuple[int, str], int], send_id: int, variant: str) -> int:
    """Customers who were sent this variant; where the link is that of all variants, or none was written down, those of the send."""
    every = sum(count for (send, _), count in sent.items() if send == send_id)
    return sent.get((send_id, variant), 0 if any(send == send_id and name for send, name in sent) else every) if variant else every


def _sent(session: Session, send_ids: Sequence[int]) -> dict[tuple[int, str], int]:
    """Customers who were sent a message, by send and variant: activities say so."""
    if not send_ids:
        return {}
    acts, said = CUSTOMERS_ACTIVITY.table, CUSTOMERS_PROPERTY.table
    of_sends = said.filter(said.path.isin(["send", "send_id"]) & said.number.isin([float(one) for one in send_ids])).select("event_key", "number")
    variants = said.filter(said.path == "variant").select("event_key", variant=said.text)
    mine = acts.filter(acts.name == "message_sent").inner_join(of_sends, "event_key").left_join(variants, "event_key").drop("event_key_right")
    rows = session.query(mine.group_by("number", "variant").agg(n=mine.customer_id.nunique())).to_pylist()
    return {(int(row["number"]), row["variant"] or ""): int(row["n"]) for row in rows}


def _short(visitor: int) -> str:
    return f"{visitor & 0xFFFFF:05x}" if visitor else ""
