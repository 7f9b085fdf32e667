"""The same seed and the same messages give the same lives, and the truth about each purchase is exact."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.makers.sandbox import SandboxClient
from tests.makers.sandbox_people import DEAL, PLAIN, Population, make_population

HABIT = "送长辈的礼,怎么送到心里"


def _messages(people: Population) -> None:
    """Three weeks with too much in the middle of them."""
    half = [phone for phone in people.phones if phone % 2]
    people.send(DEAL, half)
    people.live(4)
    people.send(HABIT, half)
    people.live(3)
    for _ in range(7):
        people.send("今天特价,限时秒杀", half)
        people.live(1)
    people.live(7)


def test_the_same_seed_and_messages_give_the_same_lives(sandbox: SandboxClient) -> None:
    found = []
    for _ in range(2):
        people = make_population(sandbox, 2000)
        _messages(people)
        lives = [
            (row["person"], row["trust"], row["fatigue"], row["gone"], row["why"], row["gone_by"])
            for row in people.truth("lives")
        ]
        bought = [
            (row["person"], row["paid_fen"], row["cause"], row["message"])
            for row in people.truth("purchases")
        ]
        found.append((lives, bought, people.truth("touches")))
    assert found[0] == found[1]
    assert found[0][1]


def test_another_seed_gives_other_lives(sandbox: SandboxClient) -> None:
    found = []
    for seed in (1, 2):
        people = make_population(sandbox, 2000, seed=seed)
        people.live(10)
        found.append(people.bought())
    assert found[0] != found[1]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_twin_is_the_life_without_messages(sandbox: SandboxClient, seed: int) -> None:
    """Bought anyway plus prevented, person by person, is what the same people buy in a world where nobody writes."""
    source = PLAIN | {"deal_hunters": 0.2}
    silent = make_population(sandbox, 3000, source, seed=seed)
    silent.live(21)
    alone = silent.bought()
    gone = {row["person"] for row in silent.truth("lives") if row["gone"] and row["person"] in silent.phones}
    people = make_population(sandbox, 3000, source, seed=seed)
    _messages(people)
    prevented = Counter(row["person"] for row in people.truth("prevented") if row["person"] in people.phones)
    caused = people.bought("message")
    assert people.bought("anyway") + prevented == alone
    assert caused
    assert prevented
    would = {
        row["person"]
        for row in people.truth("lives")
        if row["would_have_left"] and row["person"] in people.phones
    }
    assert gone <= would


def test_every_effect_has_a_message_that_reached_the_person(sandbox: SandboxClient) -> None:
    people = make_population(sandbox, 3000)
    _messages(people)
    reached = {(row["message"], row["person"]) for row in people.truth("touches")}
    effects = [row for row in people.truth("purchases") if row["cause"] == "message"] + people.truth(
        "prevented"
    )
    assert {(row["message"], row["person"]) for row in effects} <= reached
    messages = people.truth("messages")
    touches = people.truth("touches")
    for what in ("caused", "prevented", "left", "friends"):
        assert sum(row[f"{what}_count"] for row in messages) == sum(row[f"{what}_count"] for row in touches)
    assert sum(row["caused_count"] for row in messages) == sum(
        row["cause"] == "message" for row in people.truth("purchases")
    )
    anyway = [row for row in people.truth("purchases") if row["cause"] != "message"]
    assert all(row["message"] is None for row in anyway)
    assert any(row["given_away_fen"] for row in anyway)


def test_a_source_is_told_apart_from_what_it_brought(sandbox: SandboxClient) -> None:
    draw = {"name": "抽奖裂变", "share": 1, "deal_hunters": 0.6, "need": 0.01, "cost_fen": 320}
    store = {"name": "门店活码", "share": 3, "deal_hunters": 0, "need": 0.03, "cost_fen": 600}
    people = make_population(sandbox, 4000, draw, store)
    people.live(30)
    rows = {row["source"]: row for row in people.truth("sources")}
    assert 800 < rows["抽奖裂变"]["arrived_count"] < 1200
    assert 0.5 < rows["抽奖裂变"]["came_for_gift_count"] / rows["抽奖裂变"]["arrived_count"] < 0.7
    assert rows["门店活码"]["purchase_count"] > 5 * rows["抽奖裂变"]["purchase_count"]
    for row in rows.values():
        paying = [one for one in people.truth("arrivals") if one["source"] == row["source"]]
        assert row["cost_fen"] == sum(one["cost_fen"] for one in paying)
        assert row["without_messages_count"] == row["purchase_count"]
        assert row["caused_count"] == 0
