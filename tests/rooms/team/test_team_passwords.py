"""Passwords: the floor, the easy ones, and the random ones."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.team.passwords import hash_password, is_password, needs_rehash, new_password, password_faults
from tests.thrift import products_own


@pytest.mark.parametrize(
    "password",
    [
        "password123", "Passw0rd!!!", "1234567890", "0987654321", "aaaaaaaaaaaa", "qwertyuiop", "admin12345",
        "siyu123456", "woaini1234", "1qaz2wsx3edc", "abcabcabcabc", "iloveyou!!", "1111122222",
    ],
)  # fmt: skip
def test_bad_ones_are_refused(password: str) -> None:
    assert password_faults(password, "alice")


@pytest.mark.parametrize(
    "password", ["correct horse battery", "我家的猫叫做小白很可爱", "blau-Kiesel-41", "k7m2-x9qf-aa22"]
)
def test_good_ones_pass(password: str) -> None:
    assert password_faults(password, "alice") == []


def test_the_login_must_not_be_in_it() -> None:
    assert "login" in password_faults("xx-ALICE-8351-yy", "alice")[0].en
    assert len(password_faults("x" * 300, "alice")) == 1


def test_random_ones_pass_and_differ() -> None:
    made = [new_password() for _ in range(200)]
    assert len(set(made)) == 200
    assert not any(password_faults(password, "owner") for password in made)
    assert not set("01ilo") & set("".join(made))


@given(st.text(min_size=1, max_size=40))
def test_a_password_is_known_again_and_no_other_is(password: str) -> None:
    digest = hash_password(password)
    assert is_password(digest, password)
    assert is_password(digest, unicodedata.normalize("NFD", password))
    assert not is_password(digest, password + "x")
    assert not is_password(None, password)
    assert not needs_rehash(digest)


def test_guessing_costs_as_much_as_the_standard_asks() -> None:
    """RFC 9106, 7.4: the second recommended option. The other tests hash with less."""
    hasher = products_own["hasher"]
    assert (hasher.type.name, hasher.memory_cost, hasher.time_cost, hasher.parallelism) == ("ID", 64 << 10, 3, 4)


def test_a_damaged_hash_is_nobodys() -> None:
    assert not is_password("not a hash", "blau-Kiesel-41")
