"""Experiments on sources: an ad without effect, one with, time blocks, power, and what may not be written down."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from siyu.foundation.errors import InvalidError
from siyu.foundation.stores import Stores
from siyu.measurement import experiments, returns
from siyu.measurement.acquisition_reports import source_report
from siyu.measurement.experiment_reports import experiment_report, plan_power
from siyu.measurement.experiments import Draft
from siyu.measurement.waste_reports import attribution_report, waste_report
from siyu.segments.quality_report import publish_quality
from tests.makers.true_cost import Spent, Touch, lay, make_source

BEGIN = date(2025, 11, 3)
CITIES = tuple(f"城{number}" for number in range(8))
GEO = Draft("停投", "geo", 0, CITIES[:4], (), BEGIN, BEGIN + timedelta(days=27), "people")


def world(stores: Stores, *, anyway: float, by_week: bool = False) -> tuple[int, int]:
    """Four weeks, eight cities. The ad was off in half of them (or in every second week); of its people a share comes anyway, by itself."""
    ad, other = make_source(stores, "电梯广告", platform="lift"), make_source(stores, "小红书")
    random, touches, spent, customer = np.random.default_rng(7), [], [], 0
    for day in range(28):
        on_day = BEGIN + timedelta(days=day)
        spent += [Spent(ad, on_day, 10_000), Spent(other, on_day, 10_000)]
        for number, city in enumerate(CITIES):
            off = day // 7 % 2 == 1 if by_week else number < 4
            for source, mean in ((ad, 2.0), (other, 3.0), (0, 1.0)):
                for _ in range(random.poisson(mean)):
                    came = 0 if source == ad and off else source
                    if source != ad or not off or random.random() < anyway:
                        customer += 1
                        touches.append(Touch(came, on_day, "add", customer, region=city))
                        if came == other and customer % 5 == 0:
                            touches.append(Touch(ad, on_day - timedelta(days=1), "visit", customer, region=city))
    lay(stores, touches=touches, spent=spent)
    return ad, other


def make(stores: Stores, draft: Draft) -> None:
    with stores.ledger.begin() as tx:
        experiments.create(stores, tx, draft, planned=None, by="test")


@pytest.fixture
def without_effect(stores: Stores) -> int:
    ad, _ = world(stores, anyway=1.0)
    make(stores, replace(GEO, source_id=ad))
    return ad


def test_an_ad_without_effect_contains_nothing(stores: Stores, without_effect: int) -> None:
    (row,) = experiment_report(stores).items
    effect = row.effects["people"]
    assert (row.status, row.units_off, row.units_on, row.problem) == ("ended", 4, 4, None)
    assert effect.rate_low < 0 < effect.rate_high
    assert abs(effect.rate) < 0.35
    ad = next(one for one in source_report(stores).items if one.source_id == without_effect)
    assert ad.incremental_low == 0
    found = waste_report(stores)
    assert sum(bucket.amount_fen for bucket in found.buckets) == found.total_fen == 560_000
    assert found.known_anyway_fen == 280_000
    assert {one.source_id for one in found.by_source if one.anyway_known} == {without_effect}
    assert attribution_report(stores).conversions == 0


def test_an_ad_that_brings_all_its_people_leaves_nothing_out(stores: Stores) -> None:
    ad, _ = world(stores, anyway=0.0)
    make(stores, replace(GEO, source_id=ad))
    effect = experiment_report(stores).items[0].effects["people"]
    assert effect.rate_low > 0.5
    assert effect.rate == pytest.approx(1.0, abs=0.3)
    assert effect.caused == pytest.approx(effect.booked, rel=0.3)


def test_weeks_without_the_ad_tell_as_much(stores: Stores) -> None:
    ad, _ = world(stores, anyway=0.0, by_week=True)
    spans = tuple(f"{BEGIN + timedelta(days=7 * week)}/{BEGIN + timedelta(days=7 * week + 6)}" for week in (1, 3))
    make(stores, replace(GEO, kind="time", source_id=ad, off=spans))
    row = experiment_report(stores).items[0]
    assert (row.units_off, row.units_on) == (2, 2)
    assert row.effects["people"].rate == pytest.approx(1.0, abs=0.35)


def test_a_cancelled_one_counts_no_more(stores: Stores, without_effect: int) -> None:
    assert waste_report(stores).known_anyway_fen
    with stores.ledger.begin() as tx:
        experiments.cancel(stores, tx, 1)
    assert not returns.newest(stores).is_newest
    returns.refresh(stores)
    assert waste_report(stores).known_anyway_fen == 0
    assert experiment_report(stores).items[0].status == "cancelled"


def test_what_is_said_of_people_anew_is_reckoned_anew(stores: Stores, without_effect: int) -> None:
    returns.recompute(stores)
    assert returns.newest(stores).is_newest
    publish_quality(stores, BEGIN)
    assert not returns.newest(stores).is_newest
    assert returns.refresh(stores).is_newest
    assert returns.newest(stores).is_newest


def test_with_one_place_a_side_nothing_is_said(stores: Stores) -> None:
    ad = make_source(stores, "电梯", platform="lift")
    lay(stores, touches=[Touch(ad, BEGIN, "add", 1, region="甲"), Touch(ad, BEGIN, "add", 2, region="乙")])
    make(stores, replace(GEO, source_id=ad, off=("甲", "丙")))
    row = experiment_report(stores).items[0]
    assert row.effects == {}
    assert row.problem is not None


def test_power_says_what_can_be_found(stores: Stores, without_effect: int) -> None:
    run = returns.recompute(stores, BEGIN + timedelta(days=27))
    planned = plan_power(stores, source_id=without_effect, kind="geo", units=8, off=4, days=28, run=run)
    assert planned.power.booked_a_day == pytest.approx(8, rel=0.25)
    assert planned.power.smallest_rate is not None
    assert 0.1 < planned.power.smallest_rate < 1
    assert len(planned.regions) == 8
    longer = experiments.power(rest_a_day=16, mine_a_day=8, other_a_day=24, units=8, off=4, days=112).smallest_rate
    shorter = experiments.power(rest_a_day=16, mine_a_day=8, other_a_day=24, units=8, off=4, days=28).smallest_rate
    assert longer is not None
    assert shorter is not None
    assert longer == pytest.approx(shorter / 2)
    assert experiments.power(rest_a_day=1, mine_a_day=1, other_a_day=1, units=3, off=2, days=28).smallest_rate is None


@pytest.mark.parametrize(
    "wrong",
    [{"off": ("甲",)}, {"name": " "}, {"ends_on": BEGIN - timedelta(days=1)}, {"kind": "time", "off": ("2025-11-03",)}, {"kind": "time", "off": ("2025-11-03/2025-11-30",)}, {"kind": "code", "off": ("a", "b"), "on": ("1", "2")}, {"on": (CITIES[0], "x")}],
)
def test_what_is_not_valid_is_refused(stores: Stores, wrong: dict[str, object]) -> None:
    source = make_source(stores, "电梯", platform="lift")
    with pytest.raises(InvalidError):
        make(stores, replace(GEO, source_id=source, **wrong))  # type: ignore[arg-type]
