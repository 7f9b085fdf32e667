"""Secrets: the key file is made once and whole, is this user's alone, and no value shows in words."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.foundation.errors import UnavailableError
from siyu.foundation.secrets import KEY_FILE, load_secrets
from siyu.foundation.settings import Settings

SECRETS = load_secrets(Settings(secret_key="ab" * 32))
OTHER = load_secrets(Settings(secret_key="cd" * 32))
PLAIN = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def test_the_key_file_is_made_once_and_is_this_users_alone(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    first = load_secrets(settings)
    folder = tmp_path / "home" / "secrets"
    assert [file.name for file in folder.iterdir()] == [KEY_FILE]
    assert stat.S_IMODE((folder / KEY_FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert load_secrets(settings).sign(b"x") == first.sign(b"x")


def test_two_that_start_at_once_have_the_same_key(tmp_path: Path) -> None:
    for number in range(20):
        settings = Settings(home=tmp_path / str(number))
        found: list[bytes | str] = []

        def start(settings: Settings = settings, found: list[bytes | str] = found) -> None:
            try:
                found.append(load_secrets(settings).sign(b"x"))
            except UnavailableError as error:
                found.append(str(error))

        threads = [threading.Thread(target=start) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(found)) == 1
        assert isinstance(found[0], bytes)


def test_a_key_file_that_lost_its_content_is_told_not_replaced(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    load_secrets(settings)
    (tmp_path / "secrets" / KEY_FILE).write_text("abc")
    with pytest.raises(UnavailableError) as told:
        load_secrets(settings)
    assert told.value.way_out is not None
    assert (tmp_path / "secrets" / KEY_FILE).read_text() == "abc"


def test_keys_do_not_show() -> None:
    assert repr(SECRETS) == str(SECRETS) == "Secrets(…)"


@given(PLAIN, PLAIN)
def test_what_is_sealed_opens_with_this_key_and_in_this_place_only(plain: str, context: str) -> None:
    sealed = SECRETS.seal([plain, None], context)
    assert SECRETS.open(sealed, context) == [plain, None]
    assert SECRETS.open(sealed, context + "x") == [None, None]
    assert OTHER.open(sealed, context) == [None, None]
    assert SECRETS.seal([plain], context) != SECRETS.seal([plain], context)


@given(st.binary(max_size=60))
def test_what_was_never_sealed_is_none_not_an_error(blob: bytes) -> None:
    assert SECRETS.open([blob], "x") == [None]


@given(st.lists(PLAIN, unique=True, max_size=30))
def test_the_blind_index_is_stable_per_key_and_place(values: list[str]) -> None:
    keys = SECRETS.index(values, "phone")
    assert keys == SECRETS.index(values, "phone")
    assert len(set(keys)) == len(values)
    assert all(0 <= key < 2**63 for key in keys)
    if values:
        assert keys != SECRETS.index(values, "email")
        assert keys != OTHER.index(values, "phone")
