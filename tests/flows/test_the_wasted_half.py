"""The question of the field: people for money from eight sources brought half of it back. Which half was wasted?

A small market of the sandbox, whose truth is known, goes through the doors that a brand's own data would take; pages are then read over HTTP.
`bench/waste.py` asks the same of a hundred large ones.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import kendalltau

from siyu.app import open_stores
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.measurement import advice_routes
from siyu.measurement.acquisition_routes import router
from siyu.team.audit import SYSTEM
from siyu.team.tokens import add_token
from siyu.web.application import build_application
from siyu_sandbox.market import truth
from siyu_sandbox.market.plan import DAY, Plan
from siyu_sandbox.market.shape import NO_EFFECT
from tests.makers.market import Market, enter_hold_outs, judge, moment, open_market, ranked

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

PLAN = Plan(seed=7, people=1_500, days=60)
OF_ALL = 0.05
"""Of so few people a bucket is right to this share of all money."""
PAGES = "/api/v1/measurement/acquisition"


@dataclass(frozen=True)
class Seen:
    stores: Stores
    market: Market
    pages: TestClient

    def page(self, name: str, **asked: Any) -> dict[str, Any]:
        answer = self.pages.get(f"{PAGES}/{name}", params={"from": PLAN.began_on.isoformat(), **asked})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    @property
    def idle(self) -> int:
        """The source without effect."""
        return self.market.top[self.market.world.shape.of(NO_EFFECT)]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    folder = tmp_path_factory.mktemp("wasted-half")
    stores = replace(open_stores(Settings(home=folder / "home", secret_key="ab" * 32)), clock=lambda: moment(PLAN))
    try:
        market = open_market(stores, folder / "market", PLAN)
        enter_hold_outs(stores, market)
        judge(stores, market)
        app = build_application(stores, [router, advice_routes.router], title="Siyu", version="0.0.test")
        secret, _ = add_token(stores, SYSTEM, None, name="owner", role="owner", expires_at=None)
        yield Seen(stores, market, TestClient(app, base_url="http://localhost", headers={"Authorization": f"Bearer {secret}"}))
    finally:
        stores.close()


def test_every_fen_of_the_ledger_is_in_one_bucket_and_people_stand_behind_it(seen: Seen) -> None:
    waste = seen.page("waste")
    spent = sum(int(one.paid_fen.sum()) for one in seen.market.world.spending)
    assert waste["total_fen"] == spent == sum(one["amount_fen"] for one in waste["buckets"])
    assert sum(one["total_fen"] for one in waste["by_source"] if one["parent_id"] is None) == spent
    for bucket in ("zombie", "deal_hunter"):
        amount = next(one["amount_fen"] for one in waste["buckets"] if one["bucket"] == bucket)
        behind, before = [], None
        while True:
            page = seen.page("waste/people", bucket=bucket, limit=200, **({} if before is None else {"before": before}))
            behind += page["items"]
            before = page["next_before"]
            if before is None:
                break
        assert sum(one["share_fen"] for one in behind) == amount


def test_money_is_found_where_it_truly_went(seen: Seen) -> None:
    found = {one["bucket"]: one["amount_fen"] for one in seen.page("waste")["buckets"]}
    true = dict(zip(truth.BUCKETS, truth.split(seen.market.world, 60 * DAY).sum(axis=0), strict=True))
    spent = sum(true.values())
    wrong = {name: (found[name] - true[name]) / spent for name in true}
    assert max(map(abs, wrong.values())) <= OF_ALL, wrong
    for name in ("never_added", "lost_7d"):
        assert found[name] == pytest.approx(true[name], rel=0.001)


def test_sources_are_ranked_by_what_they_truly_bring_better_than_by_the_last_touch(seen: Seen) -> None:
    world = seen.market.world
    real = truth.returns(world, 60 * DAY)
    credit = {one["source_id"]: one["credit"]["last"] / one["spend_fen"] for one in seen.page("attribution")["items"] if one["spend_fen"]}
    last_touch = np.array([credit[number] for number in seen.market.top])
    ours, peer = (float(kendalltau(order, real).statistic) for order in (ranked(seen.stores, seen.market), last_touch))
    assert ours >= 0.8
    assert ours > peer


def test_a_source_without_effect_is_seen_through_and_loses_its_budget_while_markov_credits_it(seen: Seen) -> None:
    credited = next(one for one in seen.page("attribution")["items"] if one["source_id"] == seen.idle)
    assert credited["incremental_low"] == 0
    assert credited["credit"]["markov"] > 20
    items = seen.page("advice")["items"]
    advised = next(one for one in items if one["source_id"] == seen.idle)
    assert advised["now_fen"] > 2 * advised["floor_fen"]
    assert advised["advised_fen"] == pytest.approx(advised["floor_fen"], abs=2)
    assert sum(one["advised_fen"] for one in items) == sum(one["now_fen"] for one in items)
