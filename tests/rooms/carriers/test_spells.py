"""Whatever order carriers tell things in, and however often: the spells of a relation come out the same."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from siyu.carriers.spells import Change, Spell, fold, merged

MINUTE = 60_000


def _lived(gaps: list[int], by: list[str]) -> tuple[list[Change], list[Spell]]:
    """A true history, a beginning and an end in turn, and the spells that it is made of."""
    at_ms, changes, spells = 0, [], []
    for number, gap in enumerate(gaps):
        at_ms += gap * MINUTE
        reason = by[number % len(by)]
        if number % 2 == 0:
            changes.append(Change(at_ms, True, None, f"s{number}", 1))
            spells.append(Spell(at_ms, True, f"s{number}", 1, None, None))
        else:
            changes.append(Change(at_ms, False, reason))
            spells[-1] = spells[-1]._replace(ended_ms=at_ms, by=reason)
    return changes, spells


histories = st.builds(
    _lived, st.lists(st.integers(1, 500), min_size=1, max_size=9), st.lists(st.sampled_from(["customer", "staff", "transfer"]), min_size=1, max_size=4)
)


@given(histories, st.randoms(use_true_random=False), st.integers(1, 3))
def test_a_history_told_in_any_order_and_several_times_gives_its_spells(history: tuple[list[Change], list[Spell]], order: object, copies: int) -> None:
    changes, spells = history
    told = changes * copies
    order.shuffle(told)  # type: ignore[attr-defined]
    assert fold(told) == spells


@given(histories, st.randoms(use_true_random=False), st.integers(1, 5))
def test_taking_it_in_piece_by_piece_is_the_same_as_at_once(history: tuple[list[Change], list[Spell]], order: object, pieces: int) -> None:
    changes, spells = history
    told = list(changes)
    order.shuffle(told)  # type: ignore[attr-defined]
    held: list[Change] = []
    for start in range(0, len(told), pieces):
        held = merged(held, told[start : start + pieces])
    assert fold(held) == spells


changes_of_any_kind = st.builds(
    Change, st.integers(0, 6).map(lambda n: n * 1000), st.booleans(), st.sampled_from([None, "customer", "staff", "unknown"]), st.sampled_from([None, "a", "b"]), st.sampled_from([None, 1, 2])
)


@given(st.lists(changes_of_any_kind, max_size=12), st.randoms(use_true_random=False))
def test_nonsense_too_gives_one_answer_whatever_its_order(news: list[Change], order: object) -> None:
    shuffled = list(news)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    spells = fold(news)
    assert fold(shuffled) == spells
    for one, following in pairwise(spells):
        assert one.ended_ms is not None
        assert one.ended_ms <= following.began_ms


def test_an_end_without_a_beginning_is_kept_as_such() -> None:
    assert fold([Change(5, False, "customer")]) == [Spell(5, False, None, None, 5, "customer")]
    late = fold([Change(5, False, "customer"), Change(2, True, None, "poster", 1)])
    assert late == [Spell(2, True, "poster", 1, 5, "customer")]


def test_the_customer_left_first_and_the_staff_cleaned_up_later() -> None:
    """Whoever ended it first ended it; the record of a relation that is over does not change."""
    told = [Change(1, True), Change(5, False, "customer"), Change(9, False, "staff")]
    assert fold(told)[0].by == "customer"


def test_a_delayed_goodbye_does_not_end_the_relation_that_began_again() -> None:
    assert fold([Change(1, True), Change(20, True), Change(15, False, "customer")])[-1].ended_ms is None
