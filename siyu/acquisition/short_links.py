"""Short links 短链: /g/<code> on the brand's own domain, to a live code, a landing page or any address.

What a printed link leads to can be changed after printing; what it counted stays.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from siyu.acquisition import _code_tables, marks, sources
from siyu.acquisition.marks import Mark
from siyu.foundation.clock import to_ms
from siyu.foundation.database import among
from siyu.foundation.errors import ConflictError, Fault, InvalidError, NotFoundError
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

_t, _count, _page, _code = _code_tables.link, _code_tables.count, _code_tables.page, _code_tables.code
_LETTERS = "23456789abcdefghjkmnpqrstvwxyz"
SIGNS = re.compile(r"[a-z0-9][a-z0-9-]{2,15}")
"""What a code looks like. Codes of groups' pages, at the same address, hold an underscore."""
_DRAWN = 7


@dataclass(frozen=True)
class To:
    """Where a link leads: one of the three."""

    code_id: int | None = None
    page_id: int | None = None
    url: str = ""


@dataclass(frozen=True)
class Link:
    """`path`: where it leads as an address (of ours: from /h/). `region`: the city where it hangs; '' for none."""

    id: int
    code: str
    name: str
    to: To
    path: str
    source_id: int
    offer_id: int
    region: str
    created_at: datetime
    created_by: str
    closed_at: datetime | None


def add(stores: Stores, tx: Connection, *, name: str, to: To, source_id: int, by: str, code: str = "", region: str = "") -> Link:
    """Make a link; its code is drawn where none is given.

    Raises
    ------
    InvalidError, ConflictError
        A code that is taken.
    """
    code = code.strip().lower()
    _check(tx, name, to, source_id, code, region)
    row = {
        "name": name.strip(), "code_id": to.code_id, "page_id": to.page_id, "url": to.url, "source_id": source_id, "region": region.strip(),
        "created_at": stores.now(), "created_by": by[:80], "code": code or "".join(secrets.choice(_LETTERS) for _ in range(_DRAWN)),
    }  # fmt: skip
    try:
        with tx.begin_nested():
            number = int(tx.execute(insert(_t).values(row).returning(_t.c.id)).scalar_one())
    except IntegrityError:
        fault = Fault("code", Text("这个短码已被使用", "this code is taken"))
        raise ConflictError(Text("这个短码已被使用", "this code is taken"), faults=[fault]) from None
    link = find(tx, number)
    _mark(stores, tx, [link], by, first=True)
    return link


def change(stores: Stores, tx: Connection, link_id: int, *, name: str, to: To, source_id: int, region: str, by: str) -> Link:
    """Lead it elsewhere, or count it for another source from now on."""
    held = find(tx, link_id)
    _check(tx, name, to, source_id, "", region)
    values = {"name": name.strip(), "code_id": to.code_id, "page_id": to.page_id, "url": to.url, "source_id": source_id, "region": region.strip()}
    tx.execute(update(_t).where(_t.c.id == link_id).values(values))
    link = find(tx, link_id)
    if link.source_id != held.source_id:
        _mark(stores, tx, [link], by)
    return link


def close(stores: Stores, tx: Connection, link_id: int) -> Link:
    """Whoever opens it is told that it is over."""
    find(tx, link_id)
    tx.execute(update(_t).where(_t.c.id == link_id, _t.c.closed_at.is_(None)).values(closed_at=stores.now()))
    return find(tx, link_id)


def follow(stores: Stores, tx: Connection, code_id: int, source_id: int, by: str) -> None:
    """A live code has another source: its own link goes with it."""
    first = tx.scalar(select(func.min(_t.c.id)).where(_t.c.code_id == code_id))
    if first is not None:
        tx.execute(update(_t).where(_t.c.id == first).values(source_id=source_id))
        _mark(stores, tx, [find(tx, int(first))], by)


def find(tx: Connection, link_id: int) -> Link:
    """
    Raises
    ------
    NotFoundError
    """
    row = tx.execute(_query().where(_t.c.id == link_id)).first()
    if row is None:
        raise NotFoundError(Text(f"没有短链 {link_id}", f"there is no short link {link_id}"))
    return _link(row)


def find_by_code(tx: Connection, code: str) -> Link | None:
    row = tx.execute(_query().where(_t.c.code == code)).first()
    return None if row is None else _link(row)


def of_codes(tx: Connection, code_ids: Sequence[int]) -> dict[int, Link]:
    """Live code → its own link (the one that was made with it)."""
    rows = tx.execute(_query().where(among(tx, _t.c.code_id, list(code_ids))).order_by(_t.c.id.desc()))
    return {int(row.code_id): _link(row) for row in rows}


def of_pages(tx: Connection, page_ids: Sequence[int]) -> dict[int, Link]:
    """Landing page → the link that was made with it."""
    rows = tx.execute(_query().where(among(tx, _t.c.page_id, list(page_ids))).order_by(_t.c.id.desc()))
    return {int(row.page_id): _link(row) for row in rows}


def listed(tx: Connection, *, before: int | None = None, limit: int = 50) -> list[Link]:
    """The newest first."""
    query = _query().order_by(_t.c.id.desc()).limit(limit)
    return [_link(row) for row in tx.execute(query if before is None else query.where(_t.c.id < before))]


def counted(tx: Connection, of: str, ids: Sequence[int], since_day: int = 0) -> dict[int, dict[str, int]]:
    """Of links, codes or pages: number → {visit, program, press} since a local day."""
    query = select(_count.c.of_id, _count.c.what, func.sum(_count.c.count)).where(_count.c.of == of, among(tx, _count.c.of_id, list(ids)), _count.c.day >= since_day)
    found: dict[int, dict[str, int]] = {one: {"visit": 0, "program": 0, "press": 0} for one in ids}
    for number, what, count in tx.execute(query.group_by(_count.c.of_id, _count.c.what)):
        found[int(number)][str(what)] = int(count)
    return found


def address(settings: Settings, code: str) -> str:
    """As it stands in print and in posts."""
    return f"{base(settings)}/g/{code}"


def base(settings: Settings) -> str:
    return (settings.public_url or f"http://{settings.host}:{settings.port}").rstrip("/")


def _mark(stores: Stores, tx: Connection, links: Sequence[Link], by: str, *, first: bool = False) -> None:
    at = 0 if first else to_ms(stores.now())
    marks.put(stores, tx, [Mark(kind="link", mark=one.code, source_id=one.source_id, code_id=one.to.code_id or 0, offer_id=one.offer_id, from_ms=at) for one in links], by=by)


def _check(tx: Connection, name: str, to: To, source_id: int, code: str, region: str) -> None:
    faults = [] if 0 < len(name.strip()) <= 80 else [Fault("name", Text("1 到 80 个字", "1 to 80 characters"))]
    if code and not SIGNS.fullmatch(code):
        faults.append(Fault("code", Text("3 到 16 位小写字母、数字或连字符", "3 to 16 small letters, digits or hyphens")))
    if sum((to.code_id is not None, to.page_id is not None, bool(to.url))) != 1:
        faults.append(Fault("to", Text("选一个去处：活码、落地页或网址", "choose one: a live code, a landing page or an address")))
    if to.url and not is_address(to.url):
        faults.append(Fault("url", Text("须以 http:// 或 https:// 开头", "it begins with http:// or https://")))
    for table, number, field in ((_code, to.code_id, "code_id"), (_page, to.page_id, "page_id")):
        if number is not None and tx.scalar(select(table.c.id).where(table.c.id == number)) is None:
            faults.append(Fault(field, Text("没有这个去处", "there is no such place")))
    if sources.missing(tx, [source_id]):
        faults.append(Fault("source_id", Text("请选来源", "choose the source")))
    if len(region.strip()) > 40:
        faults.append(Fault("region", Text("最多 40 个字", "at most 40 characters")))
    if faults:
        raise InvalidError(Text("短链有误", "the short link is not valid"), faults=faults)


def is_address(url: str) -> bool:
    """Whether people can be led there."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and len(url) <= 2000 and not re.search(r"[\s\x00-\x1f]", url)
    except ValueError:
        return False


def _query() -> Any:
    query = select(*_t.c, _code.c.token.label("code_token"), _code.c.offer_id, _page.c.token.label("page_token"))
    return query.outerjoin(_code, _code.c.id == _t.c.code_id).outerjoin(_page, _page.c.id == _t.c.page_id)


def _link(row: Any) -> Link:
    token = row.code_token or row.page_token
    return Link(
        row.id, row.code, row.name, To(row.code_id, row.page_id, row.url), f"/h/{token}?g={row.code}" if token else row.url, row.source_id, row.offer_id or 0,
        row.region, row.created_at, row.created_by, row.closed_at,
    )  # fmt: skip
