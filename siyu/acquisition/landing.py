"""Landing pages 落地页: what an advert, a post or a printed link leads to: a picture, words, and one button or code.

Server-rendered, a few kilobytes, without scripts. Publishing shows the picture to everybody; a page that is not live says so.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, insert, select, update

from siyu.acquisition import _code_tables, codes, marks, short_links, sources
from siyu.acquisition.marks import Mark
from siyu.acquisition.short_links import To
from siyu.carriers import accounts
from siyu.content import files
from siyu.foundation.clock import to_ms
from siyu.foundation.errors import ConflictError, Fault, InvalidError, NotFoundError, SiyuError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

Act = Literal["code", "stores", "link", "mini_program", "none"]
Tint = Literal["leaf", "brick", "ink", "plum"]
_t = _code_tables.page
_LETTERS = "23456789abcdefghjkmnpqrstvwxyz"
LENGTHS = {"title": 60, "words": 2000, "button": 20, "footer": 200, "url": 2000, "path": 200, "query": 1024}


class Look(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a page shows and does. `picture`: `media:<hash>` of an uploaded picture. `act`: a live code's picture, the list of stores with theirs, a
    button to an address, or one into a mini program (of `account_id`, at `path` with `query`)."""

    title: str
    words: str = ""
    picture: str = ""
    act: Act = "none"
    button: str = ""
    code_id: int | None = None
    url: str = ""
    account_id: int | None = None
    path: str = ""
    query: str = ""
    footer: str = ""
    tint: Tint = "leaf"


@dataclass(frozen=True)
class Page:
    """`status`: draft · live · closed."""

    id: int
    token: str
    name: str
    source_id: int
    look: Look
    status: str
    edit: int
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str


def listed(tx: Connection) -> list[Page]:
    """The newest first."""
    return [_page(row) for row in tx.execute(select(_t).order_by(_t.c.id.desc()))]


def find(tx: Connection, page_id: int) -> Page:
    """
    Raises
    ------
    NotFoundError
    """
    row = tx.execute(select(_t).where(_t.c.id == page_id)).first()
    if row is None:
        raise NotFoundError(Text(f"没有落地页 {page_id}", f"there is no landing page {page_id}"))
    return _page(row)


def find_by_token(tx: Connection, token: str) -> Page | None:
    row = tx.execute(select(_t).where(_t.c.token == token)).first()
    return None if row is None else _page(row)


def add(stores: Stores, tx: Connection, *, name: str, source_id: int, look: Look, by: str) -> Page:
    """A draft, with a short link of its own."""
    _check(tx, name, source_id, look)
    now = stores.now()
    row = {
        "token": "p" + "".join(secrets.choice(_LETTERS) for _ in range(11)), "name": name.strip(), "source_id": source_id, "look": msgspec.to_builtins(look), "status": "draft",
        "edit": 1, "created_at": now, "created_by": by[:80], "updated_at": now, "updated_by": by[:80],
    }  # fmt: skip
    number = int(tx.execute(insert(_t).values(row).returning(_t.c.id)).scalar_one())
    short_links.add(stores, tx, name=name, to=To(page_id=number), source_id=source_id, by=by)
    page = find(tx, number)
    _mark(stores, tx, page, by, first=True)
    return page


def change(stores: Stores, tx: Connection, page_id: int, *, name: str, source_id: int, look: Look, edit: int, by: str) -> Page:
    """Write it anew; of a live page everybody sees it at once.

    Raises
    ------
    InvalidError, NotFoundError
    ConflictError
        When somebody else changed it meanwhile.
    """
    held = find(tx, page_id)
    _check(tx, name, source_id, look)
    values = {"name": name.strip(), "source_id": source_id, "look": msgspec.to_builtins(look), "edit": edit + 1, "updated_at": stores.now(), "updated_by": by[:80]}
    if not tx.execute(update(_t).where(_t.c.id == page_id, _t.c.edit == edit).values(values)).rowcount:
        raise ConflictError(Text("别人刚改过这个落地页", "somebody else has changed this page"), way_out=Text("刷新后再改", "reload and change it again"))
    page = find(tx, page_id)
    if page.status == "live":
        _show(tx, page)
    if page.source_id != held.source_id:
        _mark(stores, tx, page, by)
    return page


def publish(stores: Stores, tx: Connection, page_id: int, status: Literal["live", "closed"], by: str) -> Page:
    """Show it to everybody, or no more."""
    page = find(tx, page_id)
    if status == "live":
        _check(tx, page.name, page.source_id, page.look)
        _show(tx, page)
    tx.execute(update(_t).where(_t.c.id == page_id).values(status=status, edit=_t.c.edit + 1, updated_at=stores.now(), updated_by=by[:80]))
    return find(tx, page_id)


def _show(tx: Connection, page: Page) -> None:
    if page.look.picture:
        files.show_named(tx, [page.look.picture])


def _mark(stores: Stores, tx: Connection, page: Page, by: str, *, first: bool = False) -> None:
    mark = Mark(kind="page", mark=page.token, source_id=page.source_id, from_ms=0 if first else to_ms(stores.now()))
    marks.put(stores, tx, [mark], by=by)


def _check(tx: Connection, name: str, source_id: int, look: Look) -> None:
    faults = [] if 0 < len(name.strip()) <= 80 else [Fault("name", Text("1 到 80 个字", "1 to 80 characters"))]
    if sources.missing(tx, [source_id]):
        faults.append(Fault("source_id", Text("请选来源", "choose the source")))
    faults += [Fault(f"look.{field}", Text(f"最多 {most} 个字", f"at most {most} characters")) for field, most in LENGTHS.items() if len(getattr(look, field)) > most]
    if not look.title.strip():
        faults.append(Fault("look.title", Text("请写标题", "it needs a title")))
    if look.picture and not _is_picture(tx, look.picture):
        faults.append(Fault("look.picture", Text("没有这张图片：请先上传", "there is no such picture: upload it first")))
    if look.act in ("link", "mini_program") and not look.button.strip():
        faults.append(Fault("look.button", Text("请写按钮上的字", "the button needs words")))
    if look.act == "link" and not short_links.is_address(look.url):
        faults.append(Fault("look.url", Text("须以 http:// 或 https:// 开头", "it begins with http:// or https://")))
    if look.act == "code" and not _is_there(lambda: codes.find(tx, look.code_id or 0)):
        faults.append(Fault("look.code_id", Text("请选活码", "choose the live code")))
    if look.act == "mini_program" and not _is_program(tx, look.account_id):
        faults.append(Fault("look.account_id", Text("请选小程序账号", "choose a mini program's account")))
    if faults:
        raise InvalidError(Text("落地页有误", "the landing page is not valid"), faults=faults)


def _is_picture(tx: Connection, name: str) -> bool:
    return _is_there(lambda: files.find(tx, name.removeprefix(files.PREFIX))) and files.find(tx, name.removeprefix(files.PREFIX)).kind == "image"


def _is_program(tx: Connection, account_id: int | None) -> bool:
    return any(one.id == account_id for one in accounts.list_accounts(tx, ["mini_program"]))


def _is_there(look: Any) -> bool:
    try:
        look()
    except SiyuError:
        return False
    return True


def _page(row: Any) -> Page:
    values = {name: getattr(row, name) for name in Page.__dataclass_fields__}
    return Page(**{**values, "look": msgspec.convert(row.look, Look)})
