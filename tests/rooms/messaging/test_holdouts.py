"""The global hold-out: drawn once, stored, comparable, readable later, and stricter when people are merged."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import delete

from siyu.foundation.database import metadata
from siyu.foundation.stores import Stores
from siyu.identity.merge import merge
from siyu.messaging import holdout_routes, holdouts, planning
from tests.conftest import SetClock
from tests.makers.content import open_desk
from tests.makers.customers import Desk
from tests.makers.messaging import make, people_with
from tests.makers.orders import Order, lay_orders
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


def _fen(number: int) -> int:
    return 10_000 + number % 7 * 1_000


def test_what_the_groups_bought_is_read_out_with_its_doubt_and_its_price(desk: Desk, clock: SetClock) -> None:
    stores, where = desk.stores, "/api/v1/messaging/holdouts"
    people = [customer for customer, _ in people_with(stores, [{"phone": f"139{n:08d}"} for n in range(2_000)])]
    made = desk.as_("alice").post(where, json={"rate": 0.2, "days": 90}).json()
    young = desk.as_("ann").get(f"{where}/{made['id']}").json()
    assert (young["bought"], young["missed"]) == (None, None)
    assert "day" in young["why_not"]["en"]
    arms = _arms(stores, made["id"])
    clock.at += timedelta(days=5)
    # Three in ten of those who are told buy, one in ten of those who are not; orders of before and of after count for nobody.
    told = [Order(int(one), clock.at - timedelta(days=1), _fen(place)) for place, one in enumerate(arms["compared"][: len(arms["compared"]) * 3 // 10])]
    quiet = [Order(int(one), clock.at - timedelta(days=2), _fen(place)) for place, one in enumerate(arms["control"][: len(arms["control"]) // 10])]
    early = [Order(int(one), clock.at - timedelta(days=9)) for one in arms["control"]]
    lay_orders(stores, [*told, *quiet, *early])
    found = desk.as_("ann").get(f"{where}/{made['id']}").json()
    assert (found["compared"]["buyer_count"], found["control"]["buyer_count"]) == (len(told), len(quiet))
    assert found["compared"]["spend_fen"] == sum(order.fen for order in told)
    expected = len(told) / len(arms["compared"]) - len(quiet) / len(arms["control"])
    assert found["bought"]["difference"] == pytest.approx(expected)
    assert found["bought"]["low"] < expected < found["bought"]["high"]
    assert found["bought"]["is_detected"]
    assert found["others_count"] == len(people) - len(arms["control"])
    each = found["spend"]["difference"]
    assert found["missed"]["fen"] == round(each * len(arms["control"]))
    assert found["brought"]["low_fen"] < found["brought"]["fen"] == round(each * found["others_count"]) < found["brought"]["high_fen"]
    assert found["left"]["difference"] == 0

    outlook = desk.as_("ann").get(f"{where}/outlook", params={"rate": 0.1, "days": 30}).json()
    assert (outlook["people_count"], outlook["held_count"]) == (2_000, 200)
    smaller = desk.as_("ann").get(f"{where}/outlook", params={"rate": 0.02, "days": 30}).json()
    assert 0 < outlook["smallest_share"] < smaller["smallest_share"]
    assert 1 <= outlook["quarter_days"] <= 92


def test_a_split_that_is_not_the_drawn_one_is_not_read(desk: Desk, clock: SetClock) -> None:
    stores, where = desk.stores, "/api/v1/messaging/holdouts"
    people_with(stores, [{"phone": f"139{n:08d}"} for n in range(600)])
    made = desk.as_("alice").post(where, json={"rate": 0.2}).json()
    lost = _arms(stores, made["id"])["compared"][20:].tolist()
    with stores.ledger.begin() as tx:
        tx.execute(delete(metadata.tables["messaging_held"]).where(metadata.tables["messaging_held"].c.customer_id.in_(lost)))
    clock.at += timedelta(days=3)
    found = desk.as_("ann").get(f"{where}/{made['id']}").json()
    assert found["mismatch_p"] < 0.001
    assert (found["bought"], found["spend"], found["missed"], found["brought"]) == (None, None, None, None)
    assert "sample-ratio" in found["why_not"]["en"]


def test_who_is_in_it_is_listed_masked_and_taken_as_a_file_by_those_who_may(desk: Desk) -> None:
    stores, where = desk.stores, "/api/v1/messaging/holdouts"
    people_with(stores, [{"phone": f"139{n:08d}"} for n in range(200)])
    made = desk.as_("alice").post(where, json={"rate": 0.2}).json()
    control = _arms(stores, made["id"])["control"].tolist()
    pages, cursor = [], None
    while cursor is not None or not pages:
        page = desk.as_("ann").get(f"{where}/{made['id']}/people", params={"limit": 15, **({"cursor": cursor} if cursor else {})}).json()
        assert page["total"] == len(control)
        pages += page["items"]
        cursor = page["next_cursor"]
    assert [one["customer_id"] for one in pages] == control
    assert all(one["customer"] is None or "****" in one["customer"]["phone_masked"] for one in pages)
    answer = desk.as_("ann").get(f"{where}/{made['id']}/people.csv", params={"arm": "control"})
    assert answer.text.removeprefix("\ufeff").splitlines() == ["customer_id,arm", *(f"{one},control" for one in control)]
    assert desk.as_("bob").get(f"{where}/{made['id']}/people.csv").status_code == 403
    assert desk.as_("ann").get(f"{where}/999/people").status_code == 404
    assert ("messaging.holdout_exported", {"arm": "control", "row_count": len(control)}) in [(action, detail) for _, action, detail in desk.audited()]
