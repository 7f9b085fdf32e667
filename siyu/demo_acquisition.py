"""Acquisition of the sample brand 示例品牌的获客: its sources with their live codes, two years of spend, budgets, and who came by which.

All of it is done once: sources that are there stay. 电梯广告 cost a fixed fee and brought few who stayed; 抽奖裂变 brought deal-hunters.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy import Connection

from siyu import demo_visits
from siyu.acquisition import budgets, marks, sources, spend, touches
from siyu.acquisition.marks import Mark
from siyu.acquisition.sources import Draft, Level, Platform
from siyu.acquisition.spend import Kind, Spending
from siyu.demo_visits import Came
from siyu.events.identifiers import identify
from siyu.foundation.clock import month_number
from siyu.foundation.stores import Stores

BY = "示例品牌"
PLATFORMS: dict[str, tuple[Platform, Kind, str, int]] = {
    "taobao_card": ("taobao", "other", "包裹里放卡片，买过的人愿意加", 600),
    "douyin_live": ("douyin", "media", "直播间的人看完就加", 8000),
    "xiaohongshu_note": ("xiaohongshu", "kol", "种草的人客单更高", 8000),
    "store_code": ("shop", "gift", "到店的人最常回来", 1000),
    "elevator_ad": ("lift", "media", "写字楼里喝茶的人多", 8000),
    "referral": ("referral", "commission", "老客带来的人像老客", 3000),
    "fission_draw": ("other", "gift", "抽奖能快速加人", 500),
    "oa_article": ("wechat_search", "media", "读文章的人会加", 1000),
}
"""Of each source of the files: platform, kind of spend, what was hoped for, and what a person may cost, fen."""


def load(stores: Stores, tx: Connection, folder: Path, customers: pa.Table, namespace: str) -> int:
    """Returns how many people were added by a source."""
    if any(one.created_by == BY for one in sources.listed(tx, archived=True)):
        return 0
    tops, codes = _sources(stores, tx, folder)
    _spend(stores, tx, folder, tops)
    demo_visits.pages(stores, tx, tops, BY)
    return _touches(stores, tx, customers, namespace, tops, codes)


def tops(tx: Connection, folder: Path) -> dict[str, int]:
    """Key of the files → the source here, for those that are there."""
    names = {row["name"]: row["source"] for row in pq.read_table(folder / "sources.parquet").to_pylist()}
    return {names[one.name]: one.id for one in sources.listed(tx, archived=True) if one.created_by == BY and one.level == "platform" and one.name in names}


def _sources(stores: Stores, tx: Connection, folder: Path) -> tuple[dict[str, int], dict[str, int]]:
    """The tree: a source of each platform, below it its live codes. (key → number, live code → number.)"""
    tops: dict[str, int] = {}
    for row in pq.read_table(folder / "sources.parquet").to_pylist():
        if row["source"] in PLATFORMS:
            platform, _, hope, target = PLATFORMS[row["source"]]
            draft = Draft(row["name"], begins_on=row["began_on"], hypothesis=hope, target_cac_fen=target, platform=platform)
            tops[row["source"]] = sources.create(stores, tx, draft, by=BY).id
    codes: dict[str, int] = {}
    taken: Counter[tuple[int, str]] = Counter()
    for row in pq.read_table(folder / "live_codes.parquet").to_pylist():
        if (parent := tops.get(row["source"])) is None:
            continue
        taken[parent, row["name"]] += 1
        again = taken[parent, row["name"]]
        level: Level = "place" if row["store_id"] else "creative"
        draft = Draft(row["name"] if again == 1 else f"{row['name']} {again}", begins_on=row["created_on"])
        codes[row["live_code_id"]] = sources.create(stores, tx, draft, level=level, parent_id=parent, by=BY).id
    return tops, codes


def _spend(stores: Stores, tx: Connection, folder: Path, tops: dict[str, int]) -> None:
    """A month's spend is paid week by week; the budgets were a tenth above it, and this month's stand for the next one."""
    today = stores.calendar.on(stores.now())
    said: list[Spending] = []
    cells: list[budgets.Cell] = []
    for row in pq.read_table(folder / "spend.parquet").to_pylist():
        if (source_id := tops.get(row["source"])) is None:
            continue
        days = _mondays(row["month"], today)
        parts = np.diff(np.round(np.linspace(0, row["spend_fen"], len(days) + 1)).astype(np.int64)).tolist()
        said += [
            spend.spending(day, source_id, PLATFORMS[row["source"]][1], fen, ref=f"sample:{row['source']}:{day}", evidence="示例品牌的账")
            for day, fen in zip(days, parts, strict=True) if fen > 0
        ]  # fmt: skip
        cells.append(budgets.Cell(source_id, month_number(row["month"]), round(row["spend_fen"] * 1.1)))
    spend.post(stores, tx, said, by=BY, origin="file")
    budgets.set(stores, tx, cells, by=BY, origin="sheet")


def _mondays(month: date, today: date) -> list[date]:
    """The Mondays of a month up to today; its first day where there is none yet."""
    days = [month + timedelta(days=number) for number in range(31)]
    found = [day for day in days if day.month == month.month and day.weekday() == 0 and day <= today]
    return found or [month]


def _touches(stores: Stores, tx: Connection, customers: pa.Table, namespace: str, tops: dict[str, int], codes: dict[str, int]) -> int:
    """Everybody was added when they registered, by the code that they scanned."""
    mine = customers.filter(pc.is_in(customers["source"], pa.array(list(tops))))
    rows: list[dict[str, Any]] = mine.select(["source", "live_code_id", "city"]).to_pylist()
    source_ids = [codes.get(row["live_code_id"] or "", tops[row["source"]]) for row in rows]
    keys = mine["customer_key"].cast(pa.string()).combine_chunks()
    identity = identify(stores.secrets, namespace, keys).keys
    at_ms = mine["registered_at"].cast(pa.timestamp("ms", tz="UTC"), safe=False).cast(pa.int64())
    region = [row["city"] or "" for row in rows]
    person = identity.to_numpy(zero_copy_only=False).astype(np.int64)
    # Their profiles say by which source they came; by which code of it is told under the same keys.
    marks.put(stores, tx, [Mark("profile", key, source_id) for key, source_id in tops.items()], by=BY)
    table = pa.table(
        {
            "event_key": marks.touch_keys(person, np.zeros(len(person), np.int64)),
            "identity_key": identity,
            "at_ms": at_ms,
            "step": ["add"] * mine.num_rows,
            "source_id": source_ids,
            "region": region,
        }
    )
    own = tuple(row["source"] for row in rows)
    came = Came(person, at_ms.to_numpy(), own, np.array(source_ids, np.int64), tuple(region))
    demo_visits.record(stores, tx, came, tops)
    return touches.record(stores, tx, table, dedup_key="sample touches")
