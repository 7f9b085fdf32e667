"""Settings: every fault at once, and no secret in any message."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from siyu.foundation.database import open_ledger
from siyu.foundation.errors import InvalidError
from siyu.foundation.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SIYU_")]:
        monkeypatch.delenv(name)


def faults_of(home: Path) -> dict[str, str]:
    with pytest.raises(InvalidError) as told:
        load_settings(home)
    assert told.value.way_out is not None
    return {fault.field: fault.message.zh + fault.message.en for fault in told.value.faults}


def test_every_fault_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "siyu.toml").write_text('time_zone = "Mars/Olympus"\nbrend_name = 1\ncurrency = "yuan"\n')
    monkeypatch.setenv("SIYU_PORT", "99999")
    monkeypatch.setenv("SIYU_PROT", "1")
    monkeypatch.setenv("SIYU_DATABASE_URL", "mysql://root@localhost/x")
    assert set(faults_of(tmp_path)) >= {"time_zone", "brend_name", "currency", "port", "SIYU_PROT", "database_url"}


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "siyu.toml").write_text('brand_name = "甲"\ncurrency = "USD"\n')
    monkeypatch.setenv("SIYU_BRAND_NAME", "乙")
    settings = load_settings(tmp_path)
    assert (settings.brand_name, settings.currency) == ("乙", "USD")


def test_a_file_that_is_not_toml_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "siyu.toml").write_bytes(b"brand_name = \xb5\xc4\n")
    assert list(faults_of(tmp_path)) == [str(tmp_path.resolve() / "siyu.toml")]


@pytest.mark.parametrize("url", ["nonsense", "postgresql://u:hush-hush@host:port/x", "nosuch://u:hush-hush@host/x"])
def test_a_wrong_database_url_is_a_fault_that_keeps_the_password(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIYU_DATABASE_URL", url)
    found = faults_of(tmp_path)
    assert list(found) == ["database_url"]
    assert "hush-hush" not in found["database_url"]


def test_a_wrong_key_is_not_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIYU_SECRET_KEY", "c0ffee" * 10)
    assert "c0ffee" not in faults_of(tmp_path)["secret_key"]


def test_settings_do_not_show_their_secrets(tmp_path: Path) -> None:
    shown = repr(Settings(home=tmp_path, secret_key="c0ffeec0" * 8, database_url="postgresql+psycopg://u:hush-hush@host/x"))
    assert "c0ffee" not in shown
    assert "hush-hush" not in shown


@pytest.mark.parametrize("name", ["我的 数据", "a?b=c", "50%20#x", "quote'd"])
def test_the_data_folder_may_have_any_name(name: str, tmp_path: Path) -> None:
    home = tmp_path / name
    home.mkdir()
    ledger = open_ledger(load_settings(home).ledger_url)
    with ledger.begin() as tx:
        tx.exec_driver_sql("CREATE TABLE t (x INTEGER)")
    ledger.close()
    assert (home / "ledger.sqlite").is_file()
