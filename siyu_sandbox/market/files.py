"""The files of a market, as a brand would have them; `truth/` beside them is for tests and benches alone."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from siyu_sandbox.brand.digits import numbered, pick, scrambled, yuan
from siyu_sandbox.market import truth
from siyu_sandbox.market.behaviour import NAMES
from siyu_sandbox.market.buying import GOODS
from siyu_sandbox.market.plan import CYCLE_DAYS, DAY, ZONE_SECONDS
from siyu_sandbox.market.shape import CREATIVE_NAMES, CREATIVES, REGIONS
from siyu_sandbox.market.world import World

SHOP: Final = "小程序商城"
STAFF: Final = tuple(f"guide{number:02d}" for number in range(1, 13))
PHONE_SHARE: Final = 0.5
"""People whose phone the brand knows without an order."""
TARGET_YUAN: Final = 12


def write(world: World, folder: Path) -> dict[str, int]:
    """Write every file as it stands at the plan's moment; returns rows by file."""
    seen = world.plan.seen
    (folder / "truth").mkdir(parents=True, exist_ok=True)
    tables = {
        "touches": touch_table(world, seen), "relations": relation_table(world, seen), "activities": activity_table(world),
        "orders": order_table(world, seen), "people": people_table(world, seen), "truth/persons": truth.persons(world, seen),
    }  # fmt: skip
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet", compression="zstd", compression_level=1)
    sources, spend = source_rows(world), spend_rows(world, seen)
    (folder / "sources.csv").write_text(_csv(sources), encoding="utf-8")
    (folder / "spend.csv").write_text(_csv(spend), encoding="utf-8")
    _json(folder / "experiments.json", experiments(world, seen))
    _json(folder / "truth" / "buckets.json", truth.told(world, seen))
    _json(folder / "truth" / "response.json", truth.response(world))
    return {name: table.num_rows for name, table in tables.items()} | {"sources": len(sources), "spend": len(spend)}


def _csv(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")


def source_rows(world: World) -> list[dict[str, Any]]:
    """The tree: eight sources of one platform each, and their creatives, which live codes point at by `mark`."""
    shape, began = world.shape, world.plan.began_on.isoformat()
    found = []
    for place, key in enumerate(shape.key):
        shared = {"platform": shape.platform[place], "begins_on": began, "target_cac_yuan": TARGET_YUAN}
        found.append({"source": key, "parent": "", "level": "platform", "name": shape.name[place], "mark": "", **shared})
        for creative, name in enumerate(CREATIVE_NAMES):
            child = shape.creative_key(place, creative)
            found.append({"source": child, "parent": key, "level": "creative", "name": f"{shape.name[place]}·{name}", "mark": f"mk-{child}", **shared})
    return found


def spend_rows(world: World, seen: float) -> list[dict[str, Any]]:
    """One row a day and creative with money spent, yuan to the fen; a `ref` for each."""
    found = []
    for cycle, spending in enumerate(world.spending):
        for place, key in enumerate(world.shape.key):
            for day, creative in np.argwhere(spending.paid_fen[place] > 0).tolist():
                number = cycle * CYCLE_DAYS + day
                if number * DAY < seen:
                    fen = int(spending.paid_fen[place, day, creative])
                    child = world.shape.creative_key(place, creative)
                    on = world.plan.on(number).isoformat()
                    found.append({"day": on, "source": child, "kind": "media", "amount_yuan": f"{fen // 100}.{fen % 100:02d}", "region": "", "ref": f"{on}:{key}-{creative + 1}"})
    return sorted(found, key=lambda row: row["ref"])


def _creatives(world: World, source: np.ndarray, creative: np.ndarray) -> pa.Array:
    names = [world.shape.creative_key(place, number) for place in range(len(world.shape.key)) for number in range(CREATIVES)]
    return pa.array(names, pa.string()).take(pa.array(source * CREATIVES + creative, mask=source < 0))


def _instants(world: World, seconds: np.ndarray, mask: np.ndarray | None = None) -> pa.Array:
    finite = np.where(np.isfinite(seconds), seconds, 0.0)
    return pa.array(world.plan.microseconds(finite), pa.int64(), mask=mask).cast(pa.timestamp("us", tz="UTC"))


def touch_table(world: World, seen: float) -> pa.Table:
    """One row a step: a visit, an add or a claim. People who came by themselves have an add without a source."""
    people, visits = world.arrivals, world.visits
    everybody = np.arange(len(people.at))
    rows = np.concatenate([visits.arrival, everybody, everybody])
    source = np.concatenate([visits.source, people.source, people.source])
    creative = np.concatenate([visits.creative, people.creative, people.creative])
    at = np.concatenate([visits.at, world.added, world.claimed])
    step = np.repeat([0, 1, 2], [len(visits.at), len(everybody), len(everybody)])
    order = np.flatnonzero(at < seen)
    order = order[np.argsort(at[order], kind="stable")]
    rows, at, step = rows[order], at[order], step[order]
    place = np.full(len(everybody), -1)
    place[world.member] = np.arange(len(world.member))
    known = np.where(world.added[rows] < seen, place[rows], -1)
    return pa.table(
        {
            "at": _instants(world, at),
            "visitor": rows + 1,
            "person": truth.person_keys(world).take(pa.array(known, mask=known < 0)),
            "source": _creatives(world, source[order], creative[order]),
            "step": pick(["visit", "add", "claim"], step),
            "region": pick(list(REGIONS), people.region[rows]),
        }
    )


def _phones(world: World) -> pa.Array:
    """Phones of members in the block 154, which no subscriber has; the market's seed moves them."""
    numbers = (np.arange(len(world.member)) + world.plan.seed * 100_003) % 100_000_000
    return numbered("154", scrambled(numbers, 8, 282_475_249), 8)


def people_table(world: World, seen: float) -> pa.Table:
    """One row a person the brand knows: added by now."""
    here = np.flatnonzero(world.since < seen)
    buyer = np.zeros(len(world.member), bool)
    orders = world.orders
    buyer[orders.person[world.since[orders.person] + orders.after * DAY < seen]] = True
    told = buyer | (world.plan.stream("phones").random(len(buyer)) < PHONE_SHARE)
    phones = pc.if_else(pa.array(told), _phones(world), pa.scalar(None, pa.string()))
    return pa.table(
        {
            "person": truth.person_keys(world).take(pa.array(here)),
            "phone": pc.binary_join_element_wise("+86", phones, "").take(pa.array(here)),
            "city": pick(list(REGIONS), world.arrivals.region[world.member[here]]),
            "added_at": _instants(world, world.since[here]),
        }
    )


def relation_table(world: World, seen: float) -> pa.Table:
    """One row a relation of a member with a guide; `state` is the mark of the code by which it began."""
    here = np.flatnonzero(world.since < seen)
    people, rows = world.arrivals, world.member[here]
    ended = world.left[here]
    stands = ended >= seen
    key = _creatives(world, people.source[rows], people.creative[rows])
    return pa.table(
        {
            "person": truth.person_keys(world).take(pa.array(here)),
            "staff": pick(list(STAFF), here % len(STAFF)),
            "state": pc.coalesce(pc.binary_join_element_wise("mk", key, "-"), pa.scalar("")),
            "began": _instants(world, world.since[here]),
            "ended": _instants(world, ended, stands),
            "by": pc.if_else(pa.array(stands), pa.scalar(None, pa.string()), pa.scalar("customer")),
        }
    )


def activity_table(world: World) -> pa.Table:
    """One row a thing that happened, in order of time; `properties` is a JSON object."""
    acts = world.acts
    said = ['{"purpose":"promotion","carrier":"wecom"}', '{"purpose":"value","carrier":"wecom"}', "{}"]
    number = np.arange(len(acts.at)) + 1
    return pa.table(
        {
            "event": numbered("A", number, 9),
            "person": truth.person_keys(world).take(pa.array(acts.person)),
            "at": _instants(world, acts.at),
            "name": pick(list(NAMES), acts.name),
            "properties": pick(said, np.where(acts.said < 0, 2, acts.said)),
        }
    )


def order_table(world: World, seen: float) -> pa.Table:
    """One row an order of one article, with a shop's headers, as it stands at `seen`."""
    orders = world.orders
    at = world.since[orders.person] + orders.after * DAY
    made = np.flatnonzero(at < seen)
    made = made[np.argsort(at[made], kind="stable")]
    orders, at = orders.only(made), at[made]
    back = world.since[orders.person] + orders.back * DAY < seen
    number = numbered("9", (world.plan.seed % 1000) * 1_000_000 + made, 11)
    local = (world.plan.microseconds(at) + ZONE_SECONDS * 1_000_000).astype("datetime64[us]")
    names = [name for _, name in GOODS]
    return pa.table(
        {
            "订单编号": number,
            "下单时间": pa.array(local, pa.timestamp("us")),
            "商品编码": pick([sku for sku, _ in GOODS], orders.good),
            "商品名称": pick(names, orders.good),
            "数量": pa.array(orders.quantity, pa.int32()),
            "单价": yuan(orders.unit_fen),
            "实付金额": yuan(orders.paid_fen),
            "买家账号": truth.person_keys(world).take(pa.array(orders.person)),
            "手机号": _phones(world).take(pa.array(orders.person)),
            "店铺/来源": pick([SHOP], np.zeros(len(at), np.int64)),
            "订单状态": pick(["已完成", "已退款"], back.astype(np.int64)),
        }
    )


def experiments(world: World, seen: float) -> list[dict[str, Any]]:
    """Hold-outs that were run: where and when a source was off."""
    found: list[dict[str, Any]] = []
    for test in world.tests:
        key = world.shape.key[test.source]
        on = [name for place, name in enumerate(REGIONS) if place not in test.off_regions]
        found.append(
            {
                "kind": test.kind, "source": key, "name": f"{world.shape.name[test.source]}·停投试验",
                "begins_on": world.plan.on(test.begins).isoformat(), "ends_on": world.plan.on(test.ends - 1).isoformat(),
                "off_regions": [REGIONS[place] for place in test.off_regions] if test.kind == "geo" else [], "on_regions": on if test.kind == "geo" else [],
                "off_periods": [[world.plan.on(first).isoformat(), world.plan.on(after - 1).isoformat()] for first, after in test.off_days],
            }
        )  # fmt: skip
    return [one for one in found if str(one["begins_on"]) <= world.plan.on(int(seen // DAY)).isoformat()]
