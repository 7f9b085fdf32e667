"""Views 常用视图: a search, a filter, an order and columns under a name; private, or shared with everybody in the team."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, or_, select, update

from siyu.foundation.errors import Fault, InvalidError, NotAllowedError, NotFoundError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.segments import rules
from siyu.segments._directory_tables import view as table
from siyu.segments.directory import parse_filter
from siyu.segments.directory_columns import DEFAULT_SORT, check_columns, columns_of, parse_sort
from siyu.team.audit import Actor, record

MOST_VIEWS = 200
_CONTEXT = "segments_view q"


@dataclass(frozen=True)
class ViewDraft:
    """What is kept. `filter` is a rule as plain data; no columns means the usual ones."""

    name: str
    shared: bool = False
    q: str = ""
    filter: dict[str, Any] | None = None
    sort: str = DEFAULT_SORT
    columns: Sequence[str] = ()


@dataclass(frozen=True)
class View:
    id: int
    name: str
    shared: bool
    mine: bool
    q: str
    filter: dict[str, Any] | None
    sort: str
    columns: list[str]


@dataclass(frozen=True)
class Person:
    """Who asks, and whether they may share. A token has views of its own: it is not the member who made it."""

    actor: Actor
    may_share: bool

    @property
    def owner(self) -> str:
        return f"{self.actor.kind}:{self.actor.id or 0}"


def list_views(stores: Stores, tx: Connection, person: Person) -> list[View]:
    """One's own views, then those that others share, by name."""
    rows = tx.execute(select(table).where(or_(_owned(person), table.c.shared)).order_by(table.c.name, table.c.id)).all()
    return sorted((_view(stores, row, person) for row in rows), key=lambda view: not view.mine)


def add_view(stores: Stores, tx: Connection, person: Person, draft: ViewDraft) -> View:
    """Keep a new view.

    Raises
    ------
    InvalidError
    NotAllowedError
        When it is shared and the person may not share.
    """
    values = _values(stores, tx, person, draft)
    if (tx.scalar(select(func.count()).select_from(table).where(_owned(person))) or 0) >= MOST_VIEWS:
        raise InvalidError(Text(f"最多保存 {MOST_VIEWS} 个视图", f"at most {MOST_VIEWS} views are kept"))
    key = tx.execute(insert(table).values(**values, owner=person.owner, created_at=stores.now())).inserted_primary_key
    assert key is not None
    _record(stores, tx, person, "view.added", key[0], draft)
    return find_view(stores, tx, person, key[0])


def change_view(stores: Stores, tx: Connection, person: Person, view_id: int, changes: dict[str, Any]) -> View:
    """Change some fields of one's own view.

    Raises
    ------
    NotFoundError, NotAllowedError, InvalidError
    """
    own = _own(stores, tx, person, view_id)
    kept = {name: value for name, value in asdict(own).items() if name not in ("id", "mine")}
    draft = ViewDraft(**{**kept, **changes})
    tx.execute(update(table).where(table.c.id == view_id).values(**_values(stores, tx, person, draft)))
    _record(stores, tx, person, "view.changed", view_id, draft)
    return find_view(stores, tx, person, view_id)


def delete_view(stores: Stores, tx: Connection, person: Person, view_id: int) -> None:
    own = _own(stores, tx, person, view_id)
    tx.execute(delete(table).where(table.c.id == view_id))
    record(tx, person.actor, "view.removed", f"view:{view_id}", {"name": own.name, "shared": own.shared}, stores.now())


def find_view(stores: Stores, tx: Connection, person: Person, view_id: int) -> View:
    """A view that this person can see: another's private one does not exist for them."""
    row = tx.execute(select(table).where(table.c.id == view_id, or_(_owned(person), table.c.shared))).one_or_none()
    if row is None:
        raise NotFoundError(Text(f"没有视图 {view_id}", f"there is no view {view_id}"))
    return _view(stores, row, person)


def _own(stores: Stores, tx: Connection, person: Person, view_id: int) -> View:
    found = find_view(stores, tx, person, view_id)
    if not found.mine:
        raise NotAllowedError(
            Text("只有创建者能改动这个视图", "only the one who made this view may change it"),
            way_out=Text("另存为自己的视图", "save it as a view of your own"),
        )
    return found


def _owned(person: Person) -> ColumnElement[bool]:
    return table.c.owner == person.owner


def _values(stores: Stores, tx: Connection, person: Person, draft: ViewDraft) -> dict[str, Any]:
    name = draft.name.strip()
    if not 1 <= len(name) <= 80:
        fault = Fault("name", Text("名称要 1 到 80 个字", "a name has 1 to 80 characters"))
        raise InvalidError(Text("视图有误", "the view is not valid"), faults=[fault])
    if draft.shared and not person.may_share:
        raise NotAllowedError(Text("共享视图需要权限 customers.write", "sharing a view needs the permission customers.write"))
    columns = columns_of(tx)
    parse_sort(draft.sort, columns)
    return {
        "name": name,
        "shared": draft.shared,
        "q_sealed": stores.secrets.seal([draft.q.strip() or None], _CONTEXT)[0],
        "filter": None if draft.filter is None else rules.dump(parse_filter(tx, draft.filter)),
        "sort": draft.sort,
        "columns": [column.key for column in check_columns(list(draft.columns), columns)],
        "updated_at": stores.now(),
    }


def _view(stores: Stores, row: Row[Any], person: Person) -> View:
    q = stores.secrets.open([row.q_sealed], _CONTEXT)[0] or ""
    return View(row.id, row.name, row.shared, row.owner == person.owner, q, row.filter, row.sort, row.columns)


def _record(stores: Stores, tx: Connection, person: Person, action: str, view_id: int, draft: ViewDraft) -> None:
    detail = {"name": draft.name, "shared": draft.shared, "filter": draft.filter, "sort": draft.sort, "columns": list(draft.columns)}
    record(tx, person.actor, action, f"view:{view_id}", detail, stores.now())
