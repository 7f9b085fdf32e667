"""Directory 客户列表: who is in a list (search, rule, segment), in which order, page by page, and how many in all.

Who is in it is found first, as ids; the columns of the page's people are read last. The order is found on the table
that has the column, in two groups: people with a value there, and people without. Pages of one kind differ by values
only, so their expressions are made and compiled once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import ibis
import ibis.expr.types as ir
import msgspec
from sqlalchemy import Connection

from siyu.customers.facts import CUSTOMERS_PROFILE
from siyu.foundation.clock import to_ms
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.warehouse.engines import Session, Values
from siyu.foundation.warehouse.facts import Tables
from siyu.identity.identifiers import look_up
from siyu.segments import rules
from siyu.segments.directory_columns import DEFAULT_SORT, Column, Order, columns_of, parse_sort
from siyu.segments.directory_rows import CustomerRow, load_rows
from siyu.segments.evaluate import members, names_many
from siyu.segments.numbers import as_now
from siyu.segments.rules import AllOf, Attribute, Event, InSegment, LastEvent, Orders, Rule
from siyu.segments.segments import check_uses, find_segment
from siyu.segments.windows import NOW, Moment

CHOSEN = ibis.table({"customer_id": "int64"}, name="_chosen")
"""Whom a list is about, kept for a session by `choose`."""
_BASE = CUSTOMERS_PROFILE.table
DEFAULT_ORDER = parse_sort(DEFAULT_SORT)
_COUNTED = ("order_count", "spend_fen", "first_order", "last_order", "last_active")
NARROW_BELOW = 250_000
"""Reading only the rows of people found so far pays while they are few (measured with a million customers on two cores)."""
BIGGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class Asked:
    """What a list is asked for. Everybody when nothing is asked."""

    q: str = ""
    rule: Rule | None = None
    segment_id: int | None = None
    order: Order = DEFAULT_ORDER

    @property
    def is_everybody(self) -> bool:
        return not self.q and self.rule is None and self.segment_id is None

    @property
    def key(self) -> str:
        """Equal for the same list in the same order: cursors are bound to it."""
        rule = rules.rule_key(self.rule) if self.rule else ""
        return "\0".join((self.q, rule, str(self.segment_id or ""), self.order.column.key, str(self.order.descending)))


class Place(NamedTuple):
    """Where a page ended: the group (0, then 1), the value there, the customer; and the instant the list is true for."""

    group: int
    value: Any
    customer_id: int
    now_ms: int


@dataclass(frozen=True)
class DirectoryPage:
    """`total` counts all pages, exactly; `next` is where the following page begins."""

    rows: list[CustomerRow]
    next: Place | None
    total: int


def parse_asked(tx: Connection, *, q: str = "", filter: Any = None, segment_id: int | None = None, sort: str | None = None) -> Asked:
    """Read what is asked. `filter` is a rule as plain data, or as JSON text.

    Raises
    ------
    InvalidError
        When the rule or the order is not valid, with the paths of all faults below `filter`.
    NotFoundError
        When there is no such segment.
    """
    order = parse_sort(sort or DEFAULT_SORT, columns_of(tx))
    rule = None if filter in (None, "") else parse_filter(tx, filter)
    if segment_id is not None:
        find_segment(tx, segment_id)
    return Asked(q.strip(), rule, segment_id, order)


def parse_filter(tx: Connection, filter: Any) -> Rule:
    try:
        rule = rules.parse(msgspec.json.decode(filter) if isinstance(filter, str) else filter)
        faults = check_uses(tx, rule, None)
    except msgspec.DecodeError as error:
        faults = [Fault("", Text("不是有效的 JSON", f"not valid JSON: {error}"))]
    except InvalidError as error:
        faults = error.faults
    if faults:
        at_filter = [Fault(f"filter.{fault.field}" if fault.field else "filter", fault.message) for fault in faults]
        raise InvalidError(Text("筛选条件有误", "the filter is not valid"), faults=at_filter)
    return as_now(tx, rule)


def read_page(stores: Stores, asked: Asked, *, after: Place | None = None, limit: int = 50, columns: Sequence[Column] = ()) -> DirectoryPage:
    """One page of the list, with the traits that are among `columns`. Every page of one list answers for the instant of its first page."""
    moment = Moment(after.now_ms if after else to_ms(stores.now()), stores.calendar)
    with stores.ledger.read() as tx, stores.warehouse.read() as session:
        total = choose(stores, session, tx, asked, moment)
        found = find_places(session, asked, after, min(limit + 1, total), moment)
        rows = load_rows(stores, session, tx, [place.customer_id for place in found[:limit]], columns)
    return DirectoryPage(rows, found[limit - 1] if len(found) > limit else None, total)


def choose(stores: Stores, session: Session, tx: Connection, asked: Asked, moment: Moment) -> int:
    """Find the customers asked for and keep them for this session as `CHOSEN`, unless it is everybody; returns how many.

    Conditions are answered from the one that costs least to the one that costs most. Once few people are left, only
    their rows are read.
    """
    count: int | None = None
    if asked.q:
        count = _keep_chosen(session, *_search(asked.q, look_up(stores, tx, asked.q)))
    for rule in _by_cost(asked):
        of: Whom = "everybody" if count is None else "few" if count < NARROW_BELOW else "many"
        part = _Part(rules.rule_key(rule), moment.today, str(moment.calendar.zone), of, rule, stores.warehouse.tables, moment)
        found = _found.__wrapped__(part) if names_many(rule) else _found(part)
        count = _keep_chosen(session, found, {NOW: moment.now_ms})
    return int(session.scalar(_COUNTS[0])) if count is None else count


_COUNTS = (_BASE.count(), CHOSEN.count())


def _keep_chosen(session: Session, found: ir.Table, values: Values) -> int:
    session.keep(CHOSEN.get_name(), found, values)
    return int(session.scalar(_COUNTS[1]))


Whom = Literal["everybody", "few", "many"]


@dataclass(frozen=True)
class _Part:
    """A condition of a list, and of whom it is asked: of everybody, or of the few or many in `CHOSEN`. For one local day."""

    key: str
    day: date
    zone: str
    of: Whom
    rule: Rule = field(compare=False)
    tables: Tables = field(compare=False)
    moment: Moment = field(compare=False)


@lru_cache(64)
def _found(part: _Part) -> ir.Table:
    moment = part.moment.as_parameter(NOW)
    if part.of == "few":
        return members(part.rule, _Narrowed(part.tables), moment)
    found = members(part.rule, part.tables, moment)
    return found if part.of == "everybody" else found.semi_join(CHOSEN, "customer_id")


def find_places(session: Session, asked: Asked, after: Place | None, count: int, moment: Moment) -> list[Place]:
    """The next customers in order, at most `count`, of those that `choose` kept."""
    found: list[Place] = []
    # Few different limits, so that a page is compiled once also when fewer people are left than it has room for.
    most = 1 << max(count - 1, 0).bit_length()
    for group in (0, 1):
        if (after is not None and group < after.group) or len(found) >= count:
            continue
        begins = after if after is not None and group == after.group else None
        page = _page(asked.order.column, asked.order.descending, group, not asked.is_everybody, begins is not None, most)
        values = {page.value: begins.value, page.customer_id: begins.customer_id} if begins else None
        rows = session.query(page.rows, values).slice(0, count - len(found)).to_pylist()
        found += [Place(group, row["value"], row["customer_id"], moment.now_ms) for row in rows]
    return found


class _Page(NamedTuple):
    """The next rows of one group, and the parameters that say behind which value and customer they begin."""

    rows: ir.Table
    value: ir.Scalar
    customer_id: ir.Scalar


@lru_cache(256)
def _page(column: Column, descending: bool, group: int, chosen_only: bool, behind: bool, most: int) -> _Page:
    rows = _groups(column, descending, chosen_only)[group]
    value, customer = ibis.param(rows.value.type()), ibis.param("int64")
    if behind:
        further = rows.value < value if descending else rows.value > value
        rows = rows.filter(further | ((rows.value == value) & (rows.customer_id > customer)))
    by = rows.value.desc() if descending else rows.value.asc()
    return _Page(rows.order_by([by, rows.customer_id]).limit(most), value, customer)


def groups(order: Order, *, chosen_only: bool) -> tuple[ir.Table, ir.Table]:
    """Customers in two groups, the first before the second; columns customer_id and value (never null)."""
    return _groups(order.column, order.descending, chosen_only)


@lru_cache(256)
def _groups(column: Column, descending: bool, chosen_only: bool) -> tuple[ir.Table, ir.Table]:
    assert column.fact is not None
    assert column.value is not None
    table = column.fact.table
    valued = table.select("customer_id", value=column.value(table))
    present = valued.filter(valued.value.notnull() & (valued.value != 0) if column.zero else valued.value.notnull())
    absent = (CHOSEN if chosen_only else _BASE).anti_join(present, "customer_id").select("customer_id", value=_nothing(present.value))
    if chosen_only:
        present = present.semi_join(CHOSEN, "customer_id")
    return (absent, present) if column.zero and not descending else (present, absent)


def _nothing(value: ir.Value) -> ir.Value:
    return ibis.literal("" if value.type().is_string() else 0, value.type())


_TEXT = ibis.param("string")


def _search(q: str, known: Sequence[int]) -> tuple[ir.Table, Values]:
    """Whose name has the text in it, whose number it is, and who has exactly this identifier."""
    cased = q.lower() != q.upper()
    ids = [*known, *([int(q)] if q.isascii() and q.isdigit() and int(q) <= BIGGEST_ID else [])]
    return _named(cased, tuple(ids)), {_TEXT: q.lower() if cased else q}


@lru_cache(64)
def _named(cased: bool, ids: tuple[int, ...]) -> ir.Table:
    named = (_BASE.name.lower() if cased else _BASE.name).contains(_TEXT)
    return _BASE.filter(named.fill_null(False) | _BASE.customer_id.isin(ids) if ids else named).select("customer_id")


def _by_cost(asked: Asked) -> list[Rule]:
    """The conditions in at most two parts: those on a customer's own row, and those on rows of orders and activities."""
    parts = [*(asked.rule.of if isinstance(asked.rule, AllOf) else [asked.rule] if asked.rule else [])]
    parts += [InSegment(asked.segment_id)] if asked.segment_id is not None else []
    costly = [part for part in parts if any(_is_costly(leaf) for leaf in rules.leaves(part))]
    plain = [part for part in parts if part not in costly]
    return [AllOf(some) for some in (plain, costly) if some]


def _is_costly(leaf: Rule) -> bool:
    return isinstance(leaf, Orders | Event | LastEvent) or (isinstance(leaf, Attribute) and leaf.field in _COUNTED)


class _Narrowed(Mapping[str, ir.Table]):
    """The tables with the rows of `CHOSEN` only; each is made when it is asked for."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def __getitem__(self, name: str) -> ir.Table:
        table = self._tables[name]
        return table.semi_join(CHOSEN, "customer_id") if "customer_id" in table.columns else table

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)
