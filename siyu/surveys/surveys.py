"""Surveys 问卷: drafts, versions that were published, and whether people may answer now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, delete, insert, select, update

from siyu.foundation.errors import ConflictError, Fault, InvalidError, NotFoundError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.surveys import _tables, questions
from siyu.surveys.questions import Form

Status = Literal["draft", "live", "closed"]
_t, _v = _tables.survey, _tables.version


@dataclass(frozen=True)
class Survey:
    """`draft` is what the editor holds; `version` the one that people see, 0 before the first. `responses`: all that ever came."""

    id: int
    name: str
    status: Status
    draft: Form
    version: int
    repeats: bool
    responses: int
    edit: int
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str


@dataclass(frozen=True)
class Version:
    survey_id: int
    number: int
    form: Form
    published_at: datetime
    published_by: str


def add(stores: Stores, tx: Connection, name: str, form: Form, *, repeats: bool, by: str) -> Survey:
    """
    Raises
    ------
    InvalidError
    """
    now = stores.now()
    row = {"name": _named(name), "status": "draft", "draft": questions.plain(questions.keyed(form, ())), "version": 0, "repeats": repeats, "responses": 0, "edit": 1}
    row |= {"created_at": now, "created_by": by[:80], "updated_at": now, "updated_by": by[:80]}
    return find(tx, int(tx.execute(insert(_t).values(row).returning(_t.c.id)).scalar_one()))


def change(stores: Stores, tx: Connection, survey_id: int, name: str, form: Form, *, repeats: bool, edit: int | None, by: str) -> Survey:
    """Write the draft; people go on seeing the version that is published.

    Raises
    ------
    NotFoundError, InvalidError
    ConflictError
        When somebody else changed it since `edit`.
    """
    held = find(tx, survey_id, hold=True)
    if edit is not None and edit != held.edit:
        raise ConflictError(Text("这份问卷刚被别人改过", "somebody else has changed this survey"), way_out=Text("刷新后再改", "load it again"))
    draft = questions.keyed(form, [one.form for one in versions(tx, survey_id)])
    values = {"name": _named(name), "draft": questions.plain(draft), "repeats": repeats, "edit": held.edit + 1, "updated_at": stores.now(), "updated_by": by[:80]}
    tx.execute(update(_t).where(_t.c.id == survey_id).values(values))
    return find(tx, survey_id)


def publish(stores: Stores, tx: Connection, survey_id: int, *, by: str) -> Survey:
    """Show the draft to people from now on; a draft that says the same as the last version only opens it again.

    Raises
    ------
    NotFoundError
    InvalidError
        With every fault of the draft.
    """
    held = find(tx, survey_id, hold=True)
    if faults := questions.check(held.draft):
        raise InvalidError(Text("问卷还有没写好的地方", "the survey is not ready"), faults=faults)
    number = held.version
    if not number or find_version(tx, survey_id, number).form != held.draft:
        number += 1
        tx.execute(insert(_v).values(survey_id=survey_id, number=number, form=questions.plain(held.draft), published_at=stores.now(), published_by=by[:80]))
    tx.execute(update(_t).where(_t.c.id == survey_id).values(status="live", version=number, edit=held.edit + 1, updated_at=stores.now(), updated_by=by[:80]))
    return find(tx, survey_id)


def close(stores: Stores, tx: Connection, survey_id: int, *, by: str) -> Survey:
    """No more answers.

    Raises
    ------
    NotFoundError, ConflictError
    """
    held = find(tx, survey_id, hold=True)
    if held.status == "draft":
        raise ConflictError(Text("还没有发布", "it was not published yet"))
    tx.execute(update(_t).where(_t.c.id == survey_id).values(status="closed", edit=held.edit + 1, updated_at=stores.now(), updated_by=by[:80]))
    return find(tx, survey_id)


def remove(tx: Connection, survey_id: int) -> Survey:
    """Remove one that was never published.

    Raises
    ------
    NotFoundError, ConflictError
    """
    held = find(tx, survey_id, hold=True)
    if held.version:
        raise ConflictError(Text("发布过的问卷不能删除", "a survey that was published cannot be removed"), way_out=Text("结束收集即可", "close it instead"))
    tx.execute(delete(_t).where(_t.c.id == survey_id))
    return held


def find(tx: Connection, survey_id: int, *, hold: bool = False) -> Survey:
    """
    Raises
    ------
    NotFoundError
    """
    query = select(_t).where(_t.c.id == survey_id)
    row = tx.execute(query.with_for_update() if hold else query).first()
    if row is None:
        raise NotFoundError(Text(f"没有问卷 {survey_id}", f"there is no survey {survey_id}"), way_out=Text("回到问卷列表", "go back to the list of surveys"))
    return _read(row)


def listed(tx: Connection, *, status: str | None = None, before_id: int | None = None, limit: int = 50) -> list[Survey]:
    """Surveys, the newest first."""
    query = select(_t).order_by(_t.c.id.desc()).limit(limit)
    if status is not None:
        query = query.where(_t.c.status == status)
    if before_id is not None:
        query = query.where(_t.c.id < before_id)
    return [_read(row) for row in tx.execute(query)]


def find_version(tx: Connection, survey_id: int, number: int) -> Version:
    """
    Raises
    ------
    NotFoundError
    """
    row = tx.execute(select(_v).where(_v.c.survey_id == survey_id, _v.c.number == number)).first()
    if row is None:
        raise NotFoundError(Text(f"问卷 {survey_id} 没有版本 {number}", f"survey {survey_id} has no version {number}"))
    return _version(row)


def versions(tx: Connection, survey_id: int) -> list[Version]:
    """What was published, the first version first."""
    return [_version(row) for row in tx.execute(select(_v).where(_v.c.survey_id == survey_id).order_by(_v.c.number))]


def _named(name: str) -> str:
    if not 0 < len(name.strip()) <= 80:
        raise InvalidError(Text("问卷有误", "the survey is not valid"), faults=[Fault("name", Text("名称 1 到 80 字", "a name of 1 to 80 characters"))])
    return name.strip()


def _read(row: Row[Any]) -> Survey:
    return Survey(**{**row._mapping, "draft": questions.read(row.draft)})


def _version(row: Row[Any]) -> Version:
    return Version(**{**row._mapping, "form": questions.read(row.form)})
