"""Points, coupons and surveys within a journey: once each, the refused go the other way with the reason, an answer wakes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from siyu.foundation.stores import Stores
from siyu.journeys import giving
from siyu.loyalty import balances, coupons, points
from siyu.river import flow
from siyu.surveys import questions, responses, surveys
from siyu.surveys.surveys import Survey
from tests.conftest import SetClock
from tests.makers.content import put_piece
from tests.makers.journey_steps import (
    edges,
    enter,
    journey,
    pass_to,
    refused_by_checks,
    remarks,
    sms_account,
    ways,
    willing,
)
from tests.makers.loyalty import people, put_coupon

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
"""12:00 in Shanghai, the brand's zone."""
FORM = {"title": {"zh": "满意吗"}, "questions": [{"kind": "nps", "title": {"zh": "会推荐吗"}}]}


def published(stores: Stores, name: str = "售后") -> Survey:
    with stores.ledger.begin() as tx:
        made = surveys.add(stores, tx, name, questions.read(FORM), repeats=False, by="Alice")
        return surveys.publish(stores, tx, made.id, by="Alice")


def have(stores: Stores, who: list[int]) -> list[int]:
    with stores.ledger.read() as tx:
        found = balances.of(stores, tx, who)
    return [found.get(one, 0) for one in who]


def test_points_are_given_and_taken_on_the_way(any_stores: Stores, clock: SetClock) -> None:
    clock.at = NOON
    rich, poor = people(any_stores, 2)
    with any_stores.ledger.begin() as tx:
        points.grant(any_stores, tx, [rich], [100], reason="x", ref="x", by="test")
    nodes = {"n1": ("points", {"points": 20, "reason": "欢迎", "valid_days": 3}, {"next": "n2"}), "n2": ("points", {"do": "spend", "points": 50}, {"done": None, "refused": None})}
    made = journey(any_stores, nodes, reentry={"rule": "always"})
    enter(any_stores, clock, made, [rich, poor])
    assert ways(any_stores, made, "n2") == {rich: "done", poor: "refused"}
    assert remarks(any_stores, made, "n2") == {rich: None, poor: "too_few"}
    assert have(any_stores, [rich, poor]) == [70, 20]
    enter(any_stores, clock, made, [poor])
    assert have(any_stores, [poor]) == [40], "who comes in again is given again"
    clock.at += timedelta(days=4)
    assert have(any_stores, [rich, poor]) == [70, 0], "what came in is over; of what was spent it went first"


def test_coupons_go_to_as_many_as_there_are(any_stores: Stores, clock: SetClock) -> None:
    clock.at = NOON
    who = people(any_stores, 5)
    coupon = put_coupon(any_stores, stock=3)
    made = journey(any_stores, {"n1": ("coupon", {"coupon": coupon.id}, {"done": None, "refused": None})}, reentry={"rule": "always"})
    enter(any_stores, clock, made, who)
    assert edges(any_stores, made, "n1") == {"done": 3, "refused": 2}
    assert sorted(filter(None, remarks(any_stores, made, "n1").values())) == ["none_left"] * 2
    with any_stores.ledger.read() as tx:
        assert coupons.find(tx, coupon.id).issued == 3


def test_the_refs_of_one_tick_tell_runs_of_one_person_apart() -> None:
    import numpy as np

    from siyu.journeys.people import People

    class Here:
        journey_id, version, node, tick = 1, 2, "n1", "t"

    size = 5
    customers = np.array([7, 8, 7, 9, 7])
    blank = np.zeros(size, np.int64)
    some = People(np.arange(10, 15), customers, customers, blank, blank, blank, blank > 0, blank > 0, blank > 0)
    found = [(ref, places.tolist()) for ref, places in giving.rounds(Here(), some)]  # type: ignore[arg-type]  only these are asked
    assert [places for _, places in found] == [[0, 1, 3], [2], [4]]
    assert len({ref for ref, _ in found}) == 3


def test_a_survey_is_sent_and_the_answer_wakes(any_stores: Stores, clock: SetClock) -> None:
    clock.at = NOON
    sms_account(any_stores)
    ann, ben = willing(any_stores, 2)
    (deaf,) = people(any_stores, 1)
    survey = published(any_stores)
    piece = put_piece(any_stores, {"text": "想听听你的意见 {问卷:售后}"}, purpose="feedback", approve=True)
    settings = {"survey": survey.id, "piece": piece.id, "carriers": ["sms"], "timeout": {"minutes": 30}}
    made = journey(any_stores, {"n1": ("survey", settings, {"answered": None, "timeout": None})})
    enter(any_stores, clock, made, [ann, ben, deaf])
    pass_to(any_stores, clock, NOON + timedelta(minutes=5))
    assert ways(any_stores, made, "n1") == {deaf: "timeout"}, "who cannot be told does not wait"
    with any_stores.ledger.begin() as tx:
        responses.answer(any_stores, tx, survey.id, ann, 1, {"q1": ["9"]})
    flow(any_stores)
    pass_to(any_stores, clock, NOON + timedelta(minutes=8))
    assert ways(any_stores, made, "n1") == {deaf: "timeout", ann: "answered"}
    pass_to(any_stores, clock, NOON + timedelta(minutes=40))
    assert ways(any_stores, made, "n1")[ben] == "timeout"


def test_what_is_set_wrong_is_said(stores: Stores) -> None:
    assert set(refused_by_checks(stores, "points", {}, ["next"])) == {"points"}
    assert set(refused_by_checks(stores, "coupon", {"coupon": 9}, ["done", "refused"])) == {"coupon"}
    sms_account(stores)
    survey, other = published(stores), put_piece(stores, {"text": "没有链接"}, purpose="feedback")
    assert "survey" in refused_by_checks(stores, "survey", {"survey": 99, "piece": other.id, "carriers": ["sms"]}, ["answered", "timeout"])
    found = refused_by_checks(stores, "survey", {"survey": survey.id, "piece": other.id, "carriers": ["sms"]}, ["answered", "timeout"])
    assert "{survey:售后}" in found["piece"]
