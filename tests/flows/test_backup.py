"""A backup made while the server works is put back into a new folder, and every number is the same there."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from siyu import backup_seal
from siyu.foundation.settings import Settings
from tests.faults.commands import Command
from tests.faults.home import Home, assert_same
from tests.makers.files import csv_bytes, good_rows, row_with

RULES = {"三件以上": {"kind": "orders", "measure": "quantity", "op": ">=", "value": 3}, "新客": {"kind": "rfm", "r": [4, 5]}}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def new_home(path: Path, **environment: str) -> Home:
    home = Home(path)
    home.environment = {**home.environment, **environment, "LANG": "en_US.UTF-8", "SIYU_PORT": str(free_port())}
    return home


def refused(home: Home, *arguments: str) -> str:
    """What a command says that ends with 2, without the breaks of its lines."""
    return " ".join(home.run(*arguments, code=2).stderr.split())


def bring(home: Home, count: int, source: str = "shop") -> None:
    rows = [*good_rows(count), *(row_with(order=f"P{n}", account=f"u{n}", phone=f"1380013{n:04d}", quantity=n % 7 + 1) for n in range(count))]
    file = home.path.parent / f"{source}-{count}.csv"
    file.write_bytes(csv_bytes(rows))
    home.run("import", "orders", str(file), "--source", source)


@contextmanager
def served(home: Home) -> Iterator[Command]:
    server = home.start("serve")
    until = time.monotonic() + 90
    while not (home.path / "server.json").exists():
        assert time.monotonic() < until
        time.sleep(0.1)
    try:
        yield server
    finally:
        server.signal(signal.SIGTERM)
        server.communicate(timeout=60)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Path]:
    """A home with orders and segments, and a backup made beside its running server."""
    folder = tmp_path_factory.mktemp("backup")
    home = new_home(folder / "home", SIYU_BRAND_NAME="澄")
    del home.environment["SIYU_SECRET_KEY"]
    with served(home):
        bring(home, 30)
        told = home.run("backup", str(folder / "one.tar"))
    assert "master.key" in told.stdout
    assert "can never be read" in told.stdout
    return home, folder / "one.tar"


def test_every_number_is_the_same_after_a_restore(kept: tuple[Home, Path], tmp_path: Path) -> None:
    home, file = kept
    assert file.stat().st_mode & 0o077 == 0
    there = new_home(tmp_path / "there")
    del there.environment["SIYU_SECRET_KEY"]
    (there.path / "secrets").mkdir()
    shutil.copy(home.path / "secrets" / "master.key", there.path / "secrets" / "master.key")
    shutil.copytree(home.path / "keys", there.path / "keys")
    there.run("restore", str(file))
    assert_same(there.state(), home.state())
    assert "running" not in json.dumps(there.jobs("backup.make")), "the backup itself is not taken up where it was restored"
    assert not list((home.path / "files" / "backups").glob("*")), "the server keeps no second copy"


def test_what_is_written_meanwhile_is_in_or_out_as_a_whole(tmp_path: Path) -> None:
    home = new_home(tmp_path / "home")
    with served(home):
        bring(home, 40)
        more = home.path.parent / "more.csv"
        more.write_bytes(csv_bytes([row_with(order=f"Q{n}", account=f"v{n}") for n in range(20_000)]))
        importing = home.start("import", "orders", str(more), "--source", "more")
        home.wait_until_running("orders.import")
        home.run("backup", str(tmp_path / "meanwhile.tar"))
        assert importing.communicate(timeout=200)[1] is not None
    there = new_home(tmp_path / "there")
    shutil.copytree(home.path / "keys", there.path / "keys")
    there.run("restore", str(tmp_path / "meanwhile.tar"))
    assert_same(there.state(), home.state())


def test_the_key_goes_in_when_asked_and_is_needed(kept: tuple[Home, Path], tmp_path: Path) -> None:
    home, file = kept
    there = new_home(tmp_path / "there")
    assert "the key of this backup is not here" in refused(there, "restore", str(file))
    shutil.copytree(home.path / "keys", there.path / "keys")
    told = refused(there, "restore", str(file))
    assert "master key" in told
    assert "put its master.key at" in told
    assert not (there.path / "ledger.sqlite").exists(), "nothing was put in place"
    home.run("backup", str(tmp_path), "--with-key")
    (complete,) = tmp_path.glob("siyu-*.tar")
    there = new_home(tmp_path / "elsewhere")
    del there.environment["SIYU_SECRET_KEY"]
    there.run("restore", str(complete))
    assert (there.path / "secrets" / "master.key").read_text() == (home.path / "secrets" / "master.key").read_text()


def test_a_folder_with_data_and_a_damaged_file_are_refused(kept: tuple[Home, Path], tmp_path: Path) -> None:
    home, file = kept
    assert "holds data already" in refused(home, "restore", str(file))
    assert "exists and is not overwritten" in refused(home, "backup", str(file))
    whole = file.read_bytes()
    assert b"SQLite format 3" not in whole, "it is sealed"
    there = new_home(tmp_path / "there")
    shutil.copytree(home.path / "keys", there.path / "keys")
    middle = len(whole) // 2
    changed = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    for name, data in (("short", whole[:middle]), ("changed", changed), ("other", b"nothing")):
        (tmp_path / name).write_bytes(data)
        assert "not a whole backup" in refused(there, "restore", str(tmp_path / name)), name
        assert {path.name for path in there.path.iterdir()} <= {"owner.lock", "secrets", "keys"}


def test_nothing_is_written_outside_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "evil").write_text("evil")
    with tarfile.open(tmp_path / "evil.tar", "w") as tar:
        tar.add(tmp_path / "evil", "../evil-was-here")
    there = new_home(tmp_path / "there")
    assert "not a whole backup" in refused(there, "restore", str(tmp_path / "evil.tar"))
    assert not list(tmp_path.rglob("evil-was-here"))


def test_with_postgresql_the_rest_is_kept_and_the_dump_is_asked_for(postgres_url: str, tmp_path: Path) -> None:
    server = create_engine(postgres_url, isolation_level="AUTOCOMMIT")

    def made(name: str, template: str = "template0") -> str:
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        return make_url(postgres_url).set(database=name).render_as_string(hide_password=False)

    home = new_home(tmp_path / "home", SIYU_DATABASE_URL=made("kept_whole"))
    bring(home, 10)
    told = home.run("backup", str(tmp_path / "rest.tar"), "--with-key").stdout
    assert "pg_dump" in told
    opened = backup_seal.open_sealed(Settings(home=home.path), tmp_path / "rest.tar", (file := (tmp_path / "rest.tar").open("rb")))
    with file, tarfile.open(fileobj=opened, mode="r|") as tar:
        names = set(tar.getnames())
    assert {"warehouse.duckdb", "manifest.json"} <= names
    assert "ledger.sqlite" not in names
    too_early = new_home(tmp_path / "early", SIYU_DATABASE_URL=made("kept_nothing"))
    assert "pg_restore" in refused(too_early, "restore", str(tmp_path / "rest.tar"))
    there = new_home(tmp_path / "there", SIYU_DATABASE_URL=made("kept_copy", "kept_whole"))
    there.run("restore", str(tmp_path / "rest.tar"))
    found, expected = there.state(), home.state()
    assert_same(found, expected)
    server.dispose()
