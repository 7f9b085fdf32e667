"""What is learned from draws, and whether budgets made of it do better than an even cap on people they were not made from."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.foundation.clock import DAY_MS, to_ms
from siyu.messaging.cells import CODES, NAMES, Happened, cells_at
from siyu.messaging.policy import DEFAULT, PURPOSES, Cap, Policy
from siyu.messaging.proposing import LACKS, Terms, propose, weekly_most
from siyu.messaging.responses import Draws, learn
from siyu.messaging.restraint import HISTORY, PEOPLE, ROUTES, Request, decide
from tests.makers.budgets import LIKES, PLACES, SENDS, base, evidence, true_gain

DUE = datetime(2026, 3, 2, 4, tzinfo=UTC)
CAPPED = Policy(caps=(Cap(PLACES, "rolling", 7),), quotas=(), mix=None, quiet=None)


def test_effects_are_found_though_whoever_buys_anyway_is_told_more_often() -> None:
    found = evidence(1)
    curves = learn(found.draws, len(CODES), PLACES)
    assert curves.depth == PLACES
    off = (curves.effect - LIKES) / curves.error
    assert np.abs(off).max() < 4.5
    assert (np.abs(off) < 1.96).mean() > 0.85
    # What is credited to those who were told is far above what the message caused: they would have bought anyway.
    assert (curves.observed > curves.effect).all()


def test_a_cell_with_few_draws_is_drawn_towards_all_and_is_never_certain() -> None:
    chance = np.random.default_rng(2)
    size = 40_000
    cell, told = (chance.random(size) < 0.0005).astype(np.int64), chance.random(size) < 0.8
    outcome = np.where(cell == 1, 0.0, chance.gamma(0.1, 1_000, size) + 50 * told)
    curves = learn(Draws(np.arange(size), cell, np.zeros(size, np.int64), told, np.full(size, 0.8), outcome), 2, 1)
    assert np.isnan(curves.own[1, 0])
    assert curves.effect[1, 0] == pytest.approx(curves.effect[0, 0])
    assert curves.error[1, 0] >= curves.error[0, 0] > 1


def test_two_draws_of_one_person_are_not_twice_the_evidence() -> None:
    chance = np.random.default_rng(3)
    size = 5_000
    told, outcome = chance.random(size) < 0.5, chance.normal(100, 50, size)
    once = Draws(np.arange(size), np.zeros(size, np.int64), np.zeros(size, np.int64), told, np.full(size, 0.5), outcome)
    twice = Draws(*(np.concatenate([each, each]) for each in vars(once).values()))
    one, two = (learn(each, 1, 1) for each in (once, twice))
    assert two.own_error[0, 0] == pytest.approx(one.own_error[0, 0], rel=0.02)


def test_budgets_beat_the_even_cap_out_of_sample() -> None:
    """Told again for four weeks with the product's own gate, by luck that the budgets were not made from."""
    past = evidence(4)
    found, levels = propose(past, Terms(least=0), PLACES)
    assert not found.lacking
    truth = true_gain(past, levels, found.top)
    assert truth > 0
    assert found.gain.low < truth < found.gain.high
    with_budgets, evenly = (_lived(4, len(levels), each) for each in (levels, None))
    assert with_budgets[0] > evenly[0] * 1.05
    assert with_budgets[1] < evenly[1]


def _lived(seed: int, people: int, levels: Any) -> tuple[float, int]:
    """True worth of all messages, fen, and how many they were: three sends a week for three weeks through the gate."""
    crowd, ids = base(seed, people), np.arange(people)
    table = pa.table({field.name: pa.array(ids) if field.name == "customer_id" else pa.nulls(people, field.type) for field in PEOPLE})
    if levels is not None:
        table = table.set_column(table.column_names.index("budget"), "budget", pa.array(levels, pa.int16()))
    ways = {"customer_id": ids, "rank": np.zeros(people), "account_id": np.ones(people), "carrier": ["sms"] * people, "identity_key": ids, "staff": [""] * people, "consented": [True] * people}
    routes = pa.table({name: pa.array(ways[name]).cast(ROUTES.field(name).type) for name in ways})
    at, who, worth = np.zeros(0, np.int64), np.zeros(0, np.int64), 0.0
    for turn in range(3 * SENDS):
        due = to_ms(DUE + timedelta(days=7 * (turn // SENDS) + 2 * (turn % SENDS)))
        past = {"customer_id": who, "at_ms": at, "purpose": np.ones(len(at)), "exempt": np.zeros(len(at), bool), "floating": np.zeros(len(at), bool), "status": np.full(len(at), 2), "account_id": np.ones(len(at)), "carrier": ["sms"] * len(at), "staff": [""] * len(at)}
        history = pa.table({field.name: pa.array(past[field.name]).cast(field.type) if field.name in past else pa.nulls(len(at), field.type) for field in HISTORY})
        verdict = decide(CAPPED, Request(turn + 1, "value", due, due), table, routes, history).table["verdict"].to_numpy(zero_copy_only=False)
        told = ids[verdict == "allow"]
        place = np.bincount(who[at > due - 7 * DAY_MS], minlength=people)
        worth += float(LIKES[crowd.cell[told], place[told]].sum())
        at, who = np.concatenate([at, np.full(len(told), due)]), np.concatenate([who, told])
    return worth, len(at)


def test_the_interval_of_the_gain_holds_the_truth_and_says_nothing_where_nothing_is() -> None:
    held = 0
    for seed in range(10, 20):
        past = evidence(seed, people=4_000, weeks=6)
        found, levels = propose(past, Terms(least=0), PLACES)
        held += found.gain.low <= true_gain(past, levels, found.top) <= found.gain.high
    assert held >= 8


def test_a_volume_is_kept_and_no_even_share_of_it_does_better() -> None:
    past = evidence(5, people=6_000)
    for per_person in (0.5, 1.0, 1.7):
        found, levels = propose(past, Terms(least=0, per_person=per_person), PLACES)
        assert levels.sum() <= round(per_person * len(levels))
        assert levels.max() <= PLACES
        assert found.gain.point > found.even_gain_fen
        assert sum(found.after) == sum(found.before) == found.people == len(levels)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 2), st.none() | st.floats(0, 3), st.integers(0, 400), st.integers(2, 3))
def test_whatever_the_terms_budgets_lie_between_the_least_and_the_cap(seed: int, least: int, per_person: float | None, worth_fen: int, most: int) -> None:
    past = evidence(seed, people=600, weeks=5)
    found, levels = propose(replace(past, messages=past.messages[:, :most]), Terms(least=least, per_person=per_person and max(per_person, least), worth_fen=worth_fen), most)
    assert levels.min() >= min(least, most)
    assert levels.max() <= most
    assert found.messages_after <= found.messages_before + 1e-9


def test_where_there_is_too_little_nothing_is_proposed_and_the_words_say_what_lacks() -> None:
    past = evidence(6, people=2_000)
    nobody = np.zeros(len(past.draws.told), bool)
    for short, terms, most, code in (
        (replace(past, draws=past.draws.take(nobody), lost=past.lost[nobody], before=past.before[nobody]), Terms(), PLACES, "no_controls"),
        (replace(past, days=20.0), Terms(), PLACES, "too_short"),
        (replace(past, draws=past.draws.take(past.draws.place == 0), lost=past.lost[past.draws.place == 0], before=past.before[past.draws.place == 0]), Terms(), PLACES, "too_few"),
        (replace(past, messages=past.messages[:, :1]), Terms(), 1, "no_cap"),
    ):
        found, levels = propose(short, terms, most)
        assert code in found.lacking
        assert set(levels.tolist()) == {most}
        assert (found.gain.point, found.messages_after) == (0.0, found.messages_before)
        assert LACKS[code].zh
        assert LACKS[code].en


def test_a_place_that_was_never_drawn_is_left_as_it_is() -> None:
    past = evidence(7, people=8_000)
    shallow = past.draws.place < 2
    found, levels = propose(replace(past, draws=past.draws.take(shallow), lost=past.lost[shallow], before=past.before[shallow]), Terms(least=0), PLACES)
    assert found.top == 2
    assert levels.max() == 2
    assert all(cell["places"][2]["effect_fen"] is None for cell in found.cells)
    # Who is given less than that gives the third message up, too; who is not follows the policy.
    counts = np.bincount(past.cell, minlength=len(CODES))
    often = past.messages / counts[:, None] / past.weeks
    kept = sum(float(often[cell, : level if level < 2 else PLACES].sum()) for cell, level in zip(past.cell.tolist(), levels.tolist(), strict=True))
    assert found.messages_after == pytest.approx(kept)


def test_messages_that_drive_people_away_are_given_up() -> None:
    past = evidence(8, people=8_000)
    chance = np.random.default_rng(8)
    driven = (chance.random(len(past.lost)) < np.where(past.draws.told & (past.draws.place >= 1), 0.03, 0.001)).astype(float)
    found, levels = propose(replace(past, lost=driven, lost_fen=20_000.0), Terms(least=1), PLACES)
    assert set(levels.tolist()) == {1}
    assert found.lost.low > 0
    assert found.gain.low > 0
    assert all(cell["places"][1]["lost_rate"] > 0.01 for cell in found.cells)


def test_caps_of_any_window_say_what_a_week_leaves() -> None:
    for caps, most in (
        (DEFAULT.caps, 3), ((), 7), ((Cap(1, "day"),), 7), ((Cap(1, "rolling", 3),), 3), ((Cap(2, "rolling", 28),), 2), ((Cap(1, "rolling", 7, purpose="promotion"),), 7),
        ((Cap(2, "week"),), 4), ((Cap(1, "rolling", 7, carrier="sms"),), 7),
    ):  # fmt: skip
        assert weekly_most(replace(DEFAULT, caps=caps)) == most


def test_cells_are_what_was_known_at_the_instant_by_a_plain_count() -> None:
    chance = np.random.default_rng(9)
    person, at = chance.integers(0, 6, 60), chance.integers(0, 500, 60) * DAY_MS
    said, when = chance.integers(0, 6, 60), chance.integers(0, 500, 60) * DAY_MS
    bought, answered = Happened.of(person, at, 0, 500 * DAY_MS), Happened.of(said, when, 0, 500 * DAY_MS)
    for who, day in product(range(6), (370, 400, 455, 499)):
        now = day * DAY_MS
        year = sum(now - 365 * DAY_MS <= x < now for p, x in zip(person, at, strict=True) if p == who)
        lately = sum(now - 60 * DAY_MS <= x < now for p, x in zip(person, at, strict=True) if p == who)
        kind = "none" if not year else "earlier" if not lately else "lately" if year < 3 else "often"
        heard = any(now - 28 * DAY_MS <= x < now for p, x in zip(said, when, strict=True) if p == who)
        (cell,) = cells_at(np.array([who]), np.array([now]), bought, answered)
        assert CODES[cell] == f"{kind}_{'answers' if heard else 'silent'}"
    assert len({str(NAMES[code]) for code in CODES}) == len(CODES)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 4), st.lists(st.sampled_from([None, 0, 1, 2, 3, 9]), min_size=4, max_size=4), st.lists(st.tuples(st.integers(0, 240), st.sampled_from(["value", "promotion", "feedback"]), st.integers(0, 3)), min_size=3, max_size=14))
def test_nobody_is_ever_told_more_than_the_cap_or_more_than_their_budget(cap: int, given_: list[int | None], sends: list[tuple[int, str, int]]) -> None:
    policy = Policy(caps=(Cap(cap, "rolling", 7),), quotas=(), mix=None, quiet=None)
    people = pa.Table.from_pylist([{"customer_id": n, "budget": level} for n, level in enumerate(given_)], PEOPLE)
    routes = pa.Table.from_pylist([{"customer_id": n, "rank": 0, "account_id": 1, "carrier": "sms", "identity_key": n, "staff": "", "consented": True} for n in range(4)], ROUTES)
    told: list[dict[str, Any]] = []
    for number, (hour, purpose, days) in enumerate(sends):
        due = to_ms(DUE) + hour * 3_600_000
        history = pa.Table.from_pylist(told, HISTORY)
        for row in decide(policy, Request(number, purpose, due, due + days * DAY_MS), people, routes, history).table.to_pylist():
            if row["verdict"] != "refuse":
                told.append({"customer_id": row["customer_id"], "at_ms": row["at_ms"], "purpose": PURPOSES.index(purpose), "exempt": False, "floating": False, "status": 2, "account_id": 1, "carrier": "sms", "staff": ""})
            else:
                most = given_[row["customer_id"]]
                assert row["reason"] == ("budget" if most is not None and most < cap else row["reason"])
                assert row["reason"] in ("budget", "capped")
    for n, level in enumerate(given_):
        mine = sorted(one["at_ms"] for one in told if one["customer_id"] == n)
        allowed = min(cap, cap if level is None else level)
        assert all(sum(at <= x < at + 7 * DAY_MS for x in mine) <= allowed for at in mine)
