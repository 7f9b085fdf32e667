"""Visits of the sample brand 示例品牌的访问: who opened a page or scanned a code before they were added, and who went away again.

Set work over everybody who was added; chance is drawn from their numbers, so the same brand has the same visits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection

from siyu.acquisition import landing, short_links, sources, touches, visits
from siyu.acquisition.landing import Look, Tint
from siyu.content.tokens import VISITOR_BITS
from siyu.foundation.clock import DAY_MS, to_ms
from siyu.foundation.ids import Ints, draw_rows, key64_numbers
from siyu.foundation.stores import Stores

VISITED = {
    "taobao_card": 0.82, "douyin_live": 0.48, "xiaohongshu_note": 0.56, "store_code": 0.93, "elevator_ad": 0.34, "referral": 0.75, "fission_draw": 0.8, "oa_article": 0.66,
}  # fmt: skip
"""Of a source's visitors, how many were added."""
ELSEWHERE = ("douyin_live", "xiaohongshu_note", "oa_article")
STRAYED = 0.22
"""So many had looked at one of these before they were added somewhere else."""
SHOP = "https://shop.chengshanli.example.com"
PAGES: tuple[tuple[str, str, str, str, str, Tint], ...] = (
    ("xiaohongshu_note", "小红书·春茶种草页", "第一次喝白茶，从这一小罐开始", "三种口味各 5 克，冲泡卡一张。", "领取试饮装", "leaf"),
    ("douyin_live", "抖音直播间·主播同款", "直播间里喝的就是这一款", "今晚下单的朋友，开箱附冲泡卡。", "看主播同款", "brick"),
    ("elevator_ad", "电梯广告·写字楼", "下午三点，给自己泡杯茶", "写字楼专享，扫码看门店地址。", "找附近门店", "ink"),
)
LAST_DAYS = 30
MOST_OPENED = 5_000


@dataclass(frozen=True)
class Came:
    """Everybody who was added, parallel: who, when, by which source of the files, its number (code or source) and their city."""

    identity_key: Ints
    at_ms: Ints
    source: tuple[str, ...]
    source_id: Ints
    region: tuple[str, ...]


def record(stores: Stores, tx: Connection, came: Came, tops: dict[str, int]) -> int:
    """Write down everybody's visits, and whose browser it was of those who were added; returns visits."""
    if not len(came.at_ms):
        return 0
    mine = _browsers(came.identity_key, np.zeros(len(came.at_ms), np.int64))
    parts = [_before_the_add(came, mine), _went_away(stores, came), _elsewhere(came, mine, tops)]
    table = pa.concat_tables(parts)
    touches.record(stores, tx, table, dedup_key="sample visits")
    touches.known(stores, tx, pa.array(mine), pa.array(came.identity_key))
    return int(table.num_rows)


def pages(stores: Stores, tx: Connection, tops: dict[str, int], by: str) -> None:
    """The pages that adverts lead to; the one of the lifts was closed with its advert."""
    for source, name, title, words, button, tint in PAGES:
        if source in tops:
            look = Look(title, words, act="link", button=button, url=f"{SHOP}/{source}", footer="澄山里 · 茶与生活", tint=tint)
            made = landing.add(stores, tx, name=name, source_id=tops[source], look=look, by=by)
            landing.publish(stores, tx, made.id, "closed" if source == "elevator_ad" else "live", by)


def opened(stores: Stores) -> None:
    """How often the pages were opened and their button pressed lately, as the visits of their sources say. Done again it changes nothing."""
    now = to_ms(stores.now())
    with stores.ledger.read() as tx:
        held = {one.source_id: one.id for one in landing.listed(tx) if one.created_by and one.status == "live"}
        counted = short_links.counted(tx, "page", list(held.values()))
    if not held or any(count for counts in counted.values() for count in counts.values()):
        return
    touch = stores.warehouse.tables["acquisition_touch"]
    with stores.warehouse.read() as session:
        lately = touch.filter((touch.step == "visit") & (touch.at_ms >= now - LAST_DAYS * DAY_MS) & (touch.at_ms < now))
        rows = session.query(lately.select("source_id", "visitor_key", "at_ms").order_by("at_ms", "visitor_key").limit(MOST_OPENED)).to_pylist()
    with stores.ledger.read() as tx:
        page_of = _by_source(tx, held, {row["source_id"] for row in rows})
    seen = [(page_of[row["source_id"]], row["at_ms"], row["visitor_key"]) for row in rows if row["source_id"] in page_of]
    pressed = draw_rows("sample pressed", np.array([visitor for *_, visitor in seen], np.int64)) < 0.4
    told = [visits.Visit("page", page, what, at_ms) for (page, at_ms, _), press in zip(seen, pressed.tolist(), strict=True) for what in ("visit", *(("press",) if press else ()))]
    if told:
        visits.write(stores, told, set())


def _by_source(tx: Connection, held: dict[int, int], asked: set[int]) -> dict[int, int]:
    """Source → the page of the source that it hangs under."""
    found = {}
    for one in sources.listed(tx, archived=True):
        page = next((held[above] for above in one.ancestors if above in held), None)
        if one.id in asked and page is not None:
            found[one.id] = page
    return found


def _before_the_add(came: Came, mine: Ints) -> pa.Table:
    """Most look for some minutes, every fourth for some days."""
    minutes = (1 + draw_rows("sample minutes", mine) * 25) * 60_000
    days = (0.5 + draw_rows("sample days", mine) * 10) * DAY_MS
    ago = np.where(draw_rows("sample slow", mine) < 0.25, days, minutes).astype(np.int64)
    return _table(mine, came.at_ms - ago, came.source_id, came.region)


def _went_away(stores: Stores, came: Came) -> pa.Table:
    """For everybody who was added those who looked at the same time at the same place, and were not."""
    rate = np.array([VISITED[one] for one in came.source])
    more = 1 / rate - 1
    own = _browsers(came.identity_key, np.full(len(rate), -1))
    times = (np.floor(more) + (draw_rows("sample more", own) < more % 1)).astype(np.int64)
    place = np.repeat(np.arange(len(rate)), times)
    nth = np.arange(len(place)) - np.repeat(np.cumsum(times) - times, times)
    others = _browsers(came.identity_key[place], nth + 1)
    shift = ((draw_rows("sample shift", others) - 0.5) * 6 * DAY_MS).astype(np.int64)
    latest = stores.calendar.midnight_ms(stores.calendar.on(stores.now()))
    return _table(others, np.minimum(came.at_ms[place] + shift, latest), came.source_id[place], tuple(came.region[one] for one in place.tolist()))


def _elsewhere(came: Came, mine: Ints, tops: dict[str, int]) -> pa.Table:
    """Who had looked elsewhere days before they were added."""
    places = np.array([tops[one] for one in ELSEWHERE if one in tops], np.int64)
    own = np.array([tops[one] for one in came.source], np.int64)
    size = len(places)
    if not size:
        return _table(mine[:0], mine[:0], mine[:0], ())
    which = places[np.minimum((draw_rows("sample which", mine) * size).astype(np.int64), size - 1)]
    strayed = (draw_rows("sample strayed", mine) < STRAYED) & (which != own)
    at_ms = came.at_ms - ((1 + draw_rows("sample ago", mine) * 24) * DAY_MS).astype(np.int64)
    return _table(mine[strayed], at_ms[strayed], which[strayed], tuple(came.region[one] for one in np.flatnonzero(strayed).tolist()))


def _browsers(identity_key: Ints, nth: Ints) -> Ints:
    """Numbers of browsers: each person's own, and those of people who came at the same time."""
    keys = key64_numbers(identity_key, nth).astype(np.int64)
    return np.maximum(keys % (1 << VISITOR_BITS), 1)


def _table(visitors: Ints, at_ms: Ints, source_ids: Ints, region: tuple[str, ...]) -> pa.Table:
    keys = key64_numbers(visitors, source_ids, at_ms).astype(np.int64)
    size = len(visitors)
    return pa.table(
        {
            "event_key": pa.array(keys), "visitor_key": pa.array(visitors), "at_ms": pa.array(at_ms), "step": pa.array(["visit"] * size, pa.string()), "source_id": pa.array(source_ids),
            "region": pa.array(region, pa.string()),
        }
    )  # fmt: skip
