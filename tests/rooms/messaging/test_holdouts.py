"""The global hold-out: drawn once, stored, comparable, readable later, and stricter when people are merged."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from siyu.foundation.stores import Stores
from siyu.identity.merge import merge
from siyu.messaging import holdout_routes, holdouts, planning
from tests.conftest import SetClock
from tests.makers.content import open_desk
from tests.makers.customers import Desk
from tests.makers.messaging import make, people_with
from tests.rooms.messaging.test_planning import _account, _people


def _draw(stores: Stores, rate: float = 0.1, days: int | None = None) -> holdouts.Holdout:
    with stores.ledger.begin() as tx:
        return holdouts.draw(stores, tx, rate=rate, days=days, by="test")


def _arms(stores: Stores, number: int) -> dict[str, Any]:
    with stores.ledger.read() as tx:
        return holdouts.arms(tx, number)


def _held(stores: Stores, ids: list[int]) -> list[int]:
    with stores.ledger.read() as tx:
        return np.array(sorted(ids))[holdouts.held_out(stores, tx, np.array(sorted(ids)))].tolist()


def test_pol_012_as_many_again_are_kept_for_comparison_and_nobody_is_in_both(any_stores: Stores) -> None:
    people_with(any_stores, [{"phone": f"139{n:08d}"} for n in range(3_000)])
    drawn = _draw(any_stores)
    arms = _arms(any_stores, drawn.id)
    assert (drawn.control_count, drawn.compared_count) == (len(arms["control"]), len(arms["compared"]))
    assert not set(arms["control"]) & set(arms["compared"])
    # 300 of 3,000 each, within four standard deviations.
    assert abs(drawn.control_count - 300) < 66
    assert abs(drawn.compared_count - 300) < 66


def test_newcomers_are_drawn_as_they_come_and_the_draw_sticks(stores: Stores) -> None:
    first = [customer for customer, _ in people_with(stores, [{"phone": f"139{n:08d}"} for n in range(200)])]
    drawn = _draw(stores, rate=0.2)
    before = _held(stores, first)
    second = [customer for customer, _ in people_with(stores, [{"phone": f"137{n:08d}"} for n in range(200)])]
    assert 15 < len(_held(stores, second)) < 70
    people_with(stores, [{"phone": "13900000001", "email": "a@example.com"}])
    assert _held(stores, first) == before
    assert set(_held(stores, first + second)) == set(_arms(stores, drawn.id)["control"].tolist())


def test_pol_014_an_earlier_group_stays_readable_when_another_is_drawn(stores: Stores, clock: SetClock) -> None:
    ids = [customer for customer, _ in people_with(stores, [{"phone": f"139{n:08d}"} for n in range(300)])]
    first = _draw(stores, rate=0.2, days=30)
    earlier = _arms(stores, first.id)["control"].tolist()
    clock.at += timedelta(days=31)
    assert _held(stores, ids) == []
    second = _draw(stores, rate=0.2)
    assert _arms(stores, first.id)["control"].tolist() == earlier
    assert _held(stores, ids) == _arms(stores, second.id)["control"].tolist() != earlier
    with stores.ledger.read() as tx:
        assert [one.id for one in holdouts.holdouts(tx)] == [second.id, first.id]


def test_whoever_is_merged_with_somebody_held_out_is_held_out(any_stores: Stores) -> None:
    ids = [customer for customer, _ in people_with(any_stores, [{"phone": f"139{n:08d}"} for n in range(60)])]
    _draw(any_stores, rate=0.2)
    out = _held(any_stores, ids)
    free = next(one for one in ids if one not in out)
    with any_stores.ledger.begin() as tx:
        merge(any_stores, tx, [(out[0], free)], by="test", beyond_limits=True)
    with any_stores.ledger.read() as tx:
        both = np.array(sorted({out[0], free}))
        assert holdouts.held_out(any_stores, tx, both).any()


def test_pol_011_the_held_out_are_told_nothing_but_what_is_transactional(stores: Stores) -> None:
    _account(stores)
    willing = _people(stores, 100)
    _draw(stores, rate=0.2)
    out = len(_held(stores, willing))
    promotion = planning.plan(stores, make(stores, "p", customers=willing, use_global_holdout=True).id)
    assert (promotion.counts["reasons"], promotion.counts["allow"]) == ({"global_holdout": out}, 100 - out)
    receipt = planning.plan(stores, make(stores, "r", customers=willing, purpose="service", exempt=True, use_global_holdout=True).id)
    assert (receipt.counts.get("reasons", {}), receipt.counts["allow"]) == ({}, 100)


@pytest.fixture
def desk(stores: Stores) -> Desk:
    return open_desk(stores, holdout_routes.router)


def test_it_is_drawn_and_ended_over_http_by_whoever_may(desk: Desk) -> None:
    where = "/api/v1/messaging/holdouts"
    assert desk.as_("bob").post(where, json={}).status_code == 403
    assert desk.nobody().get(where).status_code == 401
    made = desk.as_("alice").post(where, json={"rate": 0.05, "days": 92})
    assert (made.status_code, made.json()["is_active"]) == (201, True)
    assert desk.as_("alice").post(where, json={"rate": 0.5}).status_code == 422
    assert desk.as_("alice").delete(where).status_code == 204
    assert [one["is_active"] for one in desk.as_("ann").get(where).json()["items"]] == [False]
    assert [action for _, action, _ in desk.audited()] == ["messaging.holdout_drawn", "messaging.holdout_ended"]
