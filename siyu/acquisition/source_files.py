"""Files of sources 来源文件: a tree from a table, one row a source, named by the columns of its level; what is there already is brought into line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow.compute as pc
from sqlalchemy import Connection

from siyu.acquisition import sources
from siyu.acquisition.sources import LEVELS, PLATFORMS, Draft, Source
from siyu.foundation.clock import from_ms
from siyu.foundation.errors import Fault, InvalidError, SiyuError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.orders import cells, fields, reading, uploads
from siyu.orders.fields import Field

MOST_ROWS = 20_000
FIELDS = (
    Field("kind", Text("平台类别", "Kind of platform"), Text("", ""), ("平台类别", "平台类型", "platform_kind", "kind")),
    Field("platform", Text("平台", "Platform"), Text("", ""), ("平台", "媒体", "渠道", "platform", "media", "channel"), required=True),
    Field("campaign", Text("活动", "Campaign"), Text("", ""), ("活动", "计划", "campaign", "campaign_name")),
    Field("creative", Text("创意", "Creative"), Text("", ""), ("创意", "素材", "creative", "ad")),
    Field("place", Text("点位", "Place"), Text("", ""), ("点位", "位置", "place", "placement")),
    Field("owner", Text("负责人", "Owner"), Text("", ""), ("负责人", "owner")),
    Field("begins_on", Text("开始日", "First day"), Text("", ""), ("开始日", "开始日期", "begins_on", "start", "from")),
    Field("ends_on", Text("结束日", "Last day"), Text("", ""), ("结束日", "结束日期", "ends_on", "end", "to")),
    Field("hypothesis", Text("假设", "Hypothesis"), Text("", ""), ("假设", "hypothesis")),
    Field("target_cac", Text("目标获客成本(元)", "Target CAC"), Text("", ""), ("目标获客成本", "目标获客成本(元)", "目标cac", "target_cac")),
)  # fmt: skip
_WORDS = {word.lower(): kind for kind, text in PLATFORMS.items() for word in (kind, text.zh, text.en)}


@dataclass
class Taken:
    """`faults`: (line, what is wrong); those rows were left out."""

    made: int = 0
    changed: int = 0
    same: int = 0
    faults: list[tuple[int, Text]] = field(default_factory=list)


def take_in(stores: Stores, tx: Connection, upload_id: str, *, by: str) -> Taken:
    """Make and change sources by a file; levels above a row's own are made where they are missing.

    Raises
    ------
    NotFoundError
    InvalidError
        When no column names platforms, or it has more than 20,000 rows.
    """
    upload = uploads.find_upload(stores, tx, upload_id)
    shape = reading.inspect(upload.path)
    mapping = fields.guess(shape.columns, FIELDS)
    if "platform" not in mapping:
        raise InvalidError(Text("没有平台列", "no column names platforms"), faults=[Fault("platform", Text("列名写「平台」", "name a column platform"))])
    held = _Held(stores, tx, by)
    count = 0
    for chunk in reading.read(upload.path, shape, sorted(set(mapping.values()))):
        count += len(chunk.lines)
        if count > MOST_ROWS:
            raise InvalidError(Text(f"最多 {MOST_ROWS:,} 行", f"at most {MOST_ROWS:,} rows"), faults=[Fault("file", Text("请分成几个文件", "make several files of it"))])
        held.taken.faults += [(line, Text("这一行读不出来", "the row cannot be read")) for line, _, _ in chunk.broken]
        for line, said in zip(chunk.lines.to_pylist(), _rows(stores, chunk, mapping), strict=True):
            held.take(line, said)
    return held.taken


def import_rows(stores: Stores, tx: Connection, rows: list[dict[str, Any]], *, by: str) -> Taken:
    """As `take_in`, of rows with the names of `FIELDS`; dates as dates, `target_cac` in yuan."""
    held = _Held(stores, tx, by)
    for line, said in enumerate(rows, 1):
        held.take(line, {one.name: said.get(one.name) for one in FIELDS})
    return held.taken


class _Held:
    """The tree as it is while rows come in."""

    def __init__(self, stores: Stores, tx: Connection, by: str) -> None:
        self._stores, self._tx, self._by = stores, tx, by
        self._at: dict[tuple[int | None, str], Source] = {(one.parent_id, one.name): one for one in sources.listed(tx, archived=True)}
        self.taken = Taken()

    def take(self, line: int, said: Mapping[str, Any]) -> None:
        names = [(level, str(said[level]).strip()) for level in LEVELS if said.get(level) and str(said[level]).strip()]
        kind = _WORDS.get(str(said.get("kind") or (names[0][1] if names else "")).strip().lower(), "other")
        if not names or names[0][0] != "platform":
            self.taken.faults.append((line, Text("没有写平台", "it names no platform")))
            return
        try:
            with self._tx.begin_nested():
                self._take(names, kind, said)
        except SiyuError as error:
            first = error.faults[0].message if error.faults else error.message
            self.taken.faults.append((line, first))

    def _take(self, names: list[tuple[str, str]], kind: str, said: Mapping[str, Any]) -> None:
        parent: Source | None = None
        made: list[Source] = []
        for level, name in names:
            number = parent.id if parent else None
            one = self._at.get((number, name))
            if one is None:
                one = sources.create(self._stores, self._tx, self._draft(name, kind if parent is None else None, said if name == names[-1][1] and level == names[-1][0] else {}), level=level, parent_id=number, by=self._by)  # type: ignore[arg-type]
                made.append(one)
            parent = one
        assert parent is not None
        if made and made[-1].id == parent.id:
            self.taken.made += len(made)
        else:
            parent = self._brought_into_line(parent, said)
        for one in [*made, parent]:
            self._at[one.parent_id, one.name] = one

    def _brought_into_line(self, held: Source, said: Mapping[str, Any]) -> Source:
        """What the file says; where it says nothing, what was there."""
        wanted = self._draft(held.name, None, said)
        own = {name: getattr(wanted, name) or getattr(held, name) for name in ("owner", "begins_on", "ends_on", "hypothesis", "target_cac_fen")}
        if all(getattr(held, name) == value for name, value in own.items()):
            self.taken.same += 1
            return held
        self.taken.changed += 1
        return sources.change(self._stores, self._tx, held.id, Draft(held.name, **own), by=self._by)

    @staticmethod
    def _draft(name: str, platform: Any, said: Mapping[str, Any]) -> Draft:
        target = said.get("target_cac")
        return Draft(
            name, owner=str(said.get("owner") or ""), begins_on=said.get("begins_on"), ends_on=said.get("ends_on"), hypothesis=str(said.get("hypothesis") or ""),
            target_cac_fen=None if target is None else round(float(target) * 100), platform=platform,
        )  # fmt: skip


def _rows(stores: Stores, chunk: reading.Chunk, mapping: Mapping[str, str]) -> list[dict[str, Any]]:
    size = len(chunk.lines)
    found: dict[str, list[Any]] = {}
    for one in FIELDS:
        column = chunk.columns[mapping[one.name]] if one.name in mapping else None
        if column is None:
            found[one.name] = [None] * size
        elif one.name in ("begins_on", "ends_on"):
            days = cells.times(column, stores.calendar.zone, False).values.to_pylist()
            found[one.name] = [None if day is None else stores.calendar.on(from_ms(day)) for day in days]
        elif one.name == "target_cac":
            found[one.name] = pc.if_else(pc.is_valid(cells.numbers(column).values), cells.numbers(column).values, None).to_pylist()
        else:
            found[one.name] = cells.texts(column).to_pylist()
    return [{name: values[at] for name, values in found.items()} for at in range(size)]
