"""Markets: the files agree with each other and with the truth, whoever looks and when."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from siyu_sandbox.market import files, truth
from siyu_sandbox.market.command import run
from siyu_sandbox.market.plan import CYCLE_DAYS, DAY, Plan
from siyu_sandbox.market.shape import NO_EFFECT, REGIONS
from siyu_sandbox.market.world import World, build

SEED = 7


@pytest.fixture(scope="module")
def world() -> World:
    return build(Plan(SEED))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, world: World) -> Path:
    place = tmp_path_factory.mktemp("market")
    files.write(world, place)
    return place


def _rows(folder: Path, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((folder / name).read_text(encoding="utf-8").splitlines()))


def test_ten_thousand_people_for_100_000_yuan_bring_about_half_of_it(world: World, folder: Path) -> None:
    fen = sum(round(float(row["amount_yuan"]) * 100) for row in _rows(folder, "spend.csv"))
    margin = truth.standing(world, 60 * DAY).margin_fen
    assert fen == 10_000_000
    assert 8_000 < len(world.member) < 13_000
    assert 4_000_000 < margin.sum() < 7_500_000


def test_every_fen_lands_in_one_bucket(world: World) -> None:
    for known_only in (True, False):
        assert truth.split(world, 60 * DAY, known_only=known_only).sum() == pytest.approx(10_000_000, abs=1e-3)
    told: dict[str, Any] = truth.told(world, 60 * DAY)
    assert sum(told["buckets_fen"].values()) == pytest.approx(10_000_000, abs=len(truth.BUCKETS))


def test_the_same_world_is_seen_earlier(tmp_path: Path, folder: Path) -> None:
    """What had happened by day 30 is in both; only that orders were refunded meanwhile may differ."""
    run([str(tmp_path), "--seed", str(SEED), "--days", "30"])
    for name, columns in (("touches", ["at", "visitor", "source", "step"]), ("activities", ["event", "person", "at", "name"])):
        early, late = (pq.read_table(place / f"{name}.parquet", columns=columns) for place in (tmp_path, folder))
        assert late.slice(0, early.num_rows).combine_chunks().equals(early.combine_chunks())
    early, late = pq.read_table(tmp_path / "orders.parquet"), pq.read_table(folder / "orders.parquet")
    assert set(early["订单编号"].to_pylist()) < set(late["订单编号"].to_pylist())


def test_equal_seeds_are_equal_and_others_are_not(world: World) -> None:
    again, other = build(Plan(SEED)), build(Plan(SEED + 1))
    assert np.array_equal(again.orders.paid_fen, world.orders.paid_fen)
    assert np.array_equal(again.acts.at, world.acts.at)
    assert len(other.member) != len(world.member)


def test_people_orders_and_relations_belong_together(folder: Path) -> None:
    people = pq.read_table(folder / "people.parquet")
    keys = set(people["person"].to_pylist())
    for name, column in (("orders", "买家账号"), ("relations", "person"), ("activities", "person")):
        assert set(pq.read_table(folder / f"{name}.parquet")[column].to_pylist()) <= keys
    relations = pq.read_table(folder / "relations.parquet")
    marks = {row["mark"] for row in _rows(folder, "sources.csv") if row["mark"]}
    assert set(relations["state"].to_pylist()) - {""} <= marks
    phones = [phone for phone in people["phone"].to_pylist() if phone]
    assert len(phones) == len(set(phones))
    assert all(phone.startswith("+86154") for phone in phones)


def test_where_the_source_without_effect_was_off_nobody_is_missing(world: World) -> None:
    """Its people come by themselves: in the regions without it as many are added as elsewhere, within chance."""
    test = next(one for one in world.tests if one.kind == "geo")
    assert world.shape.role[test.source] == NO_EFFECT
    people, off = world.arrivals, np.isin(np.arange(len(REGIONS)), test.off_regions)
    day = people.at / DAY
    inside = (people.kind >= 0) & (day >= test.begins) & (day < test.ends)
    own = inside & (people.source == test.source)
    assert not own[off[people.region]].any()
    counts = np.bincount(people.region[inside], minlength=len(REGIONS))
    share = world.shape.region_share[off].sum()
    expected = share * counts.sum()
    assert abs(counts[off].sum() - expected) < 4 * np.sqrt(expected * (1 - share))
    assert own.sum() > expected * 0.05


def test_budgets_change_what_comes_next_and_bend() -> None:
    """Twice the money brings more people, and fewer than twice as many; nothing before changes."""
    shape = build(Plan(SEED, 3_000)).shape
    source = shape.of(2)
    base = {key: float(shape.weekly_yuan[place] * 6) for place, key in enumerate(shape.key)}
    twice = base | {shape.key[source]: base[shape.key[source]] * 2}
    worlds = [build(Plan(SEED, 3_000, cycle=1, budgets={1: budgets})) for budgets in (base, twice)]
    came = [int(((one.arrivals.source == source) & (one.arrivals.cycle == 1)).sum()) for one in worlds]
    assert came[0] * 1.15 < came[1] < came[0] * 1.95
    alone = build(Plan(SEED, 3_000))
    count = len(alone.member)
    for one in worlds:
        assert np.array_equal(one.left[:count], alone.left)
        assert np.array_equal(np.sort(one.orders.paid_fen[one.orders.person < count]), np.sort(alone.orders.paid_fen))
    assert truth.value_of(worlds[0], np.array(list(twice.values()))) > truth.value_of(worlds[0], np.array(list(base.values())))


def test_the_truth_of_a_person_is_told_for_those_who_came(folder: Path, world: World) -> None:
    table = pq.read_table(folder / "truth" / "persons.parquet")
    assert table.num_rows == int((world.arrivals.at < 60 * DAY).sum())
    assert set(table["class"].to_pylist()) == {None, "real", "browser", "zombie", "hunter", "leaver"}
    assert table.filter(pc.equal(table["class"], "zombie"))["bought"].to_pylist().count(True) == 0
    roi = json.loads((folder / "truth" / "buckets.json").read_text())["true_roi"]
    assert sorted(roi.values())[0] == 0
    assert max(roi.values()) > 1.5


def test_a_plan_that_cannot_be_names_all_its_faults() -> None:
    with pytest.raises(ValueError, match=f"people .*; days must be 1 to {CYCLE_DAYS}"):
        Plan(1, people=3, days=99)
