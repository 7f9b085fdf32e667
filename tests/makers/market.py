"""A market of the sandbox in the product: its files through the doors that a brand's own would take. Nothing reads its truth but tests."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from siyu.acquisition import marks, sources, spend, touches
from siyu.acquisition.marks import Mark
from siyu.acquisition.sources import Draft
from siyu.events import log
from siyu.events.catalogue.carriers import RELATIONS_CHANGED
from siyu.events.identifiers import identify
from siyu.events.recording import Senders, record_activities, record_profiles
from siyu.foundation import jobs
from siyu.foundation.ids import key64_rows
from siyu.foundation.stores import Stores
from siyu.measurement import acquisition_reports, advice, experiments, returns, waste_reports
from siyu.orders import imports, uploads
from siyu.orders import tasks as order_tasks
from siyu.river import flow
from siyu.segments.tasks import RECOMPUTE
from siyu.segments.tasks import job_kinds as segment_jobs
from siyu_sandbox.market import files
from siyu_sandbox.market.plan import CYCLE_DAYS, Plan
from siyu_sandbox.market.truth import BUCKETS
from siyu_sandbox.market.world import World, build
from tests.makers.carriers import wecom_account

WHO, SHOP = "account:market", "market"
BY = "test"


@dataclass(frozen=True)
class Market:
    """A market as loaded. `source_ids`: the world's key of a source or creative → its number here."""

    world: World
    folder: Path
    account_id: int
    source_ids: dict[str, int]

    @property
    def top(self) -> list[int]:
        """The eight sources, in the world's order."""
        return [self.source_ids[key] for key in self.world.shape.key]

    def cycle_on(self, cycle: int) -> tuple[date, date]:
        """First and last day of a cycle."""
        first = self.world.plan.began_on + timedelta(days=cycle * CYCLE_DAYS)
        return first, first + timedelta(days=CYCLE_DAYS - 1)


def moment(plan: Plan) -> datetime:
    """When a plan's market is looked at: the midnight that ends its last day, and a breath."""
    day = plan.began_on + timedelta(days=plan.cycle * CYCLE_DAYS + plan.days)
    return datetime.combine(day, time(), UTC) - timedelta(hours=8) + timedelta(seconds=1)


def open_market(stores: Stores, folder: Path, plan: Plan) -> Market:
    """Load a market into stores whose clock stands at `moment(plan)`, or after."""
    account = wecom_account(stores)
    world = _written(folder, plan)
    with stores.ledger.begin() as tx:
        ids = _sources(stores, tx, folder, account.id)
    market = Market(world, folder, account.id, ids)
    _load(stores, market, None)
    return market


def go_on(stores: Stores, market: Market, plan: Plan) -> Market:
    """Load what has happened since: the same market, seen later or with further cycles; the clock was moved before."""
    before = market.world.plan
    later = replace(market, world=_written(market.folder, plan))
    _load(stores, later, moment(before))
    return later


def _written(folder: Path, plan: Plan) -> World:
    world = build(plan)
    files.write(world, folder)
    return world


def _rows(folder: Path, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((folder / name).read_text(encoding="utf-8").splitlines()))


def _sources(stores: Stores, tx: Any, folder: Path, account_id: int) -> dict[str, int]:
    """The tree, with the mark of each creative's live code."""
    ids: dict[str, int] = {}
    found: list[Mark] = []
    for row in _rows(folder, "sources.csv"):
        draft = Draft(row["name"], begins_on=date.fromisoformat(row["begins_on"]), target_cac_fen=int(row["target_cac_yuan"]) * 100, platform=row["platform"])  # type: ignore[arg-type]
        level: Any = row["level"]
        ids[row["source"]] = sources.create(stores, tx, draft, level=level, parent_id=ids.get(row["parent"]), by=BY).id
        if row["mark"]:
            found.append(Mark("way", row["mark"], ids[row["source"]], account_id=account_id))
    marks.put(stores, tx, found, by=BY)
    return ids


def _load(stores: Stores, market: Market, since: datetime | None) -> None:
    tag = f"market {market.world.plan.cycle}-{market.world.plan.days}"
    with stores.ledger.begin() as tx:
        _spend(stores, tx, market)
        _people(stores, tx, market, since, tag)
        _relations(stores, tx, market, since)
        _touches(stores, tx, market, since)
        _activities(stores, tx, market, since, tag)
    _orders(stores, market)
    flow(stores)


def _spend(stores: Stores, tx: Any, market: Market) -> None:
    said = [
        spend.spending(date.fromisoformat(row["day"]), market.source_ids[row["source"]], row["kind"], round(float(row["amount_yuan"]) * 100), ref=row["ref"])  # type: ignore[arg-type]
        for row in _rows(market.folder, "spend.csv")
    ]
    spend.post(stores, tx, said, by=BY, origin="file")


def _table(market: Market, name: str, since: datetime | None, at: str) -> pa.Table:
    table = pq.read_table(market.folder / f"{name}.parquet")
    return table if since is None else table.filter(pc.greater_equal(table[at], pa.scalar(since, pa.timestamp("us", tz="UTC"))))


def _ms(column: pa.ChunkedArray) -> pa.Array:
    return column.cast(pa.timestamp("ms", tz="UTC"), safe=False).cast(pa.int64()).combine_chunks()


def _people(stores: Stores, tx: Any, market: Market, since: datetime | None, tag: str) -> None:
    table = _table(market, "people", since, "added_at")
    traits = [{"city": city} for city in table["city"].to_pylist()]
    who = Senders({WHO: table["person"].combine_chunks(), "phone": table["phone"].combine_chunks()})
    ids = pc.binary_join_element_wise("market", table["person"].combine_chunks(), "-")
    record_profiles(tx, stores.secrets, who, ids=ids, at_ms=_ms(table["added_at"]), traits=traits, now=stores.now(), dedup_key=tag)


def _keys(stores: Stores, people: pa.ChunkedArray) -> pa.Array:
    return identify(stores.secrets, WHO, people.combine_chunks().cast(pa.string())).keys


def _relations(stores: Stores, tx: Any, market: Market, since: datetime | None) -> None:
    """New ones, and those that have ended since."""
    table = pq.read_table(market.folder / "relations.parquet")
    if since is not None:
        told = pa.scalar(since, pa.timestamp("us", tz="UTC"))
        table = table.filter(pc.or_(pc.greater_equal(table["began"], told), pc.fill_null(pc.greater_equal(table["ended"], told), False)))
    size = table.num_rows
    columns = {
        "identity_key": _keys(stores, table["person"]), "account_id": pa.array(np.full(size, market.account_id)), "staff": table["staff"], "began_ms": _ms(table["began"]),
        "began_known": pa.array(np.ones(size, bool)), "state": pc.if_else(pc.equal(table["state"], ""), pa.scalar(None, pa.string()), table["state"]),
        "add_way": pa.array(np.ones(size), pa.int32()), "ended_ms": _ms(table["ended"]), "by": table["by"], "void": pa.array(np.zeros(size, bool)),
        "found_by": pa.array(["callback"] * size),
    }  # fmt: skip
    log.append(tx, RELATIONS_CHANGED, RELATIONS_CHANGED.table(dict(columns)), now=stores.now())


def _touches(stores: Stores, tx: Any, market: Market, since: datetime | None) -> None:
    """Visits and claims; that somebody was added is told by the relation. Who was added is known for what they did before, too."""
    table = _table(market, "touches", since, "at")
    table = table.filter(pc.and_(pc.not_equal(table["step"], "add"), pc.is_valid(table["source"])))
    ids = pa.array([market.source_ids[key] for key in table["source"].to_pylist()], pa.int64())
    names = pc.binary_join_element_wise(table["step"], table["visitor"].cast(pa.string()), table["source"], pc.cast(table["at"].cast(pa.int64()), pa.string()), "|")
    columns = {
        "event_key": pa.array(key64_rows(pa.array(["touch"] * table.num_rows), names.combine_chunks()).astype(np.int64)), "at_ms": _ms(table["at"]), "step": table["step"],
        "source_id": ids, "visitor_key": table["visitor"], "region": table["region"], "identity_key": _keys(stores, table["person"]),
    }  # fmt: skip
    touches.record(stores, tx, pa.table(columns))
    added = _table(market, "touches", since, "at")
    added = added.filter(pc.and_(pc.equal(added["step"], "add"), pc.is_valid(added["source"])))
    touches.known(stores, tx, added["visitor"].combine_chunks(), _keys(stores, added["person"]))


def _activities(stores: Stores, tx: Any, market: Market, since: datetime | None, tag: str) -> None:
    table = _table(market, "activities", since, "at")
    who = Senders({WHO: table["person"].combine_chunks()})
    ids = pc.binary_join_element_wise(table["event"], table["person"], "-").combine_chunks()
    record_activities(
        tx, stores.secrets, who, ids=ids, at_ms=_ms(table["at"]), names=table["name"].combine_chunks(), properties=table["properties"].combine_chunks(),
        now=stores.now(), dedup_key=tag,
    )  # fmt: skip


def _orders(stores: Stores, market: Market) -> None:
    """The shop's export, as a person would import it; a later one brings new orders and what was refunded since."""
    upload = uploads.adopt(stores, market.folder / "orders.parquet", f"orders-{market.world.plan.cycle}-{market.world.plan.days}.parquet")
    mapping = uploads.inspect(stores, upload, SHOP).mapping
    with stores.ledger.begin() as tx:
        number = imports.plan_import(stores, tx, upload_id=upload.id, source=SHOP, mapping=mapping, dry_run=False, keep_sample=False, by=None)
        jobs.submit(tx, order_tasks.IMPORT, {"import_id": number}, now=stores.now())
    kind = order_tasks.import_kind(lambda running, mine: None, lambda running: None)
    assert jobs.Runner(stores, [kind]).run_pending() == 1


def enter_hold_outs(stores: Stores, market: Market) -> list[int]:
    """Write down the hold-outs that were run, as the brand knows them; the numbers of the experiments."""
    told = json.loads((market.folder / "experiments.json").read_text(encoding="utf-8"))
    found = []
    with stores.ledger.begin() as tx:
        for one in told:
            off = one["off_regions"] if one["kind"] == "geo" else ["/".join(span) for span in one["off_periods"]]
            draft = experiments.Draft(
                one["name"], one["kind"], market.source_ids[one["source"]], tuple(off), tuple(one["on_regions"]),
                date.fromisoformat(one["begins_on"]), date.fromisoformat(one["ends_on"]), "people",
            )  # fmt: skip
            found.append(experiments.create(stores, tx, draft, planned=None, by=BY).id)
    return found


def judge(stores: Stores, market: Market) -> None:
    """What jobs do at night: the quality of customers, and then true cost, as of the last whole day."""
    plan = market.world.plan
    day = plan.began_on + timedelta(days=plan.cycle * CYCLE_DAYS + plan.days - 1)
    with stores.ledger.begin() as tx:
        jobs.submit(tx, RECOMPUTE, {}, now=stores.now())
    jobs.Runner(stores, segment_jobs(flow)).run_pending()
    returns.recompute(stores, day)


def ranked(stores: Stores, market: Market) -> np.ndarray:
    """Margin per yuan of the eight sources as the product shows it: of what a source causes, where an experiment told."""
    rows = {row.source_id: row for row in acquisition_reports.source_report(stores, from_on=market.world.plan.began_on).items}
    found = [rows[number] for number in market.top]
    return np.array([row.true_roi if row.true_roi is not None else (row.roi or 0.0) for row in found])


def split_of(stores: Stores, market: Market) -> np.ndarray:
    """Fen by bucket, in the order of `siyu_sandbox.market.truth.BUCKETS`."""
    waste = waste_reports.waste_report(stores, from_on=market.world.plan.began_on)
    told = {one.bucket: one.amount_fen for one in waste.buckets}
    return np.array([told.get(name, 0) for name in BUCKETS], float)


def advised(stores: Stores, market: Market) -> np.ndarray:
    """The budgets that the product advises for the eight sources, fen; what it knows nothing of keeps none."""
    items = {item.source_id: item.advised_fen for item in advice.advice_report(stores).items}
    return np.array([items.get(number, 0) for number in market.top], float)
