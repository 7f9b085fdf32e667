"""Tokens: they say what was put in, to nobody else, and none can be altered, made up or counted through."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from siyu.content import tokens, visitors
from siyu.content.tokens import Ticket
from siyu.foundation.secrets import Secrets

SECRETS, OTHERS = Secrets(b"a" * 32, b"b" * 32, b"c" * 32), Secrets(b"a" * 32, b"b" * 32, b"d" * 32)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
links = st.integers(1, 2**28 - 1)
people = st.integers(0, 2**34 - 1)


@given(link=links, persons=st.lists(people, min_size=1, max_size=5), who=st.sampled_from(["nobody", "customer", "visitor"]), short=st.booleans())
def test_a_token_says_what_was_put_in(link: int, persons: list[int], who: tokens.Who, short: bool) -> None:
    made = tokens.seal(SECRETS, link, persons, who=who, short=short)
    assert [tokens.open_token(SECRETS, one) for one in made] == [Ticket(link, who, person) for person in persons]
    assert {len(one) for one in made} == {16 if short else 22}
    assert all(tokens.open_token(OTHERS, one) is None for one in made)


@given(link=st.integers(1, 2**32 - 1), person=st.integers(0, 2**46 - 1))
def test_numbers_too_large_for_the_short_form_take_the_long_one(link: int, person: int) -> None:
    (made,) = tokens.seal(SECRETS, link, [person], short=True)
    assert tokens.open_token(SECRETS, made) == Ticket(link, "customer", person)


@given(link=links, person=people, place=st.integers(0, 21), sign=st.sampled_from(ALPHABET), short=st.booleans())
def test_one_other_sign_and_it_is_nobodys(link: int, person: int, place: int, sign: str, short: bool) -> None:
    (made,) = tokens.seal(SECRETS, link, [person], short=short)
    place %= len(made)
    altered = made[:place] + sign + made[place + 1 :]
    assert (tokens.open_token(SECRETS, altered) is None) == (altered != made)


@given(text=st.text(st.sampled_from(ALPHABET), min_size=16, max_size=22) | st.text(max_size=30))
def test_what_was_made_up_opens_nothing(text: str) -> None:
    assert tokens.open_token(SECRETS, text) is None


def test_neighbours_have_nothing_in_common() -> None:
    made = tokens.seal(SECRETS, 7, range(1, 2001), short=True)
    assert len(set(made)) == 2000
    same = [sum(a == b for a, b in zip(one, two, strict=True)) for one, two in itertools.pairwise(made)]
    # Of 16 signs one in 64 is the same by chance.
    assert sum(same) / len(same) < 0.5
    assert max(same) < 6


@given(visitor=st.integers(1, 2**46 - 1), garbage=st.text(max_size=30))
def test_a_browser_shows_only_a_number_it_was_given(visitor: int, garbage: str) -> None:
    value = visitors.cookie_value(SECRETS, visitor)
    assert visitors.number_in(SECRETS, value) == visitor
    assert visitors.number_in(OTHERS, value) == 0
    assert visitors.number_in(SECRETS, garbage) == 0
