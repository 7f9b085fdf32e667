"""A real PostgreSQL for the session, and stores on either ledger."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from siyu.foundation.clock import Clock, system_clock
from siyu.foundation.database import metadata, open_ledger
from siyu.foundation.secrets import load_secrets
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.connect import open_warehouse

MakeStores = Callable[..., Stores]


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a PostgreSQL that lives as long as the session; skips without Debian's binaries."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not binaries:
        pytest.skip(
            "PostgreSQL is not installed (Debian package postgresql): its half of this test did not run"
        )
    programs = binaries[-1].parent
    # initdb and postgres refuse to run as root; a temporary folder of pytest would be closed to another user.
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="siyu-pg-"))
    if user is not None:
        shutil.chown(folder, user)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    make = [
        str(programs / "initdb"),
        "-D",
        f"{folder}/data",
        "-U",
        "siyu",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C",
        "--no-sync",
    ]
    subprocess.run(make, user=user, check=True, stdout=subprocess.DEVNULL, cwd=folder)
    options = [
        "-c",
        "listen_addresses=127.0.0.1",
        "-c",
        "fsync=off",
        "-c",
        f"unix_socket_directories={folder}",
    ]
    with (folder / "log").open("wb") as log:
        serve = [str(programs / "postgres"), "-D", f"{folder}/data", "-p", str(port), *options]
        server = subprocess.Popen(serve, user=user, stdout=log, stderr=log, cwd=folder)
    try:
        _wait_for(programs, port, folder / "log")
        yield f"postgresql+psycopg://siyu@127.0.0.1:{port}/postgres"
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(programs: Path, port: int, log: Path) -> None:
    ask = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port), "-U", "siyu"]
    for _ in range(150):
        if subprocess.run(ask, check=False).returncode == 0:
            return
        time.sleep(0.1)
    raise RuntimeError(f"PostgreSQL did not start: {log.read_text()}")


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty ledger of each kind; a database of its own for each test."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'ledger.sqlite'}"
        return
    server = create_engine(request.getfixturevalue("postgres_url"), isolation_level="AUTOCOMMIT")
    name = f"siyu_{uuid.uuid4().hex[:12]}"
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(str(server.url)).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture
def make_stores(ledger_url: str, tmp_path: Path) -> Iterator[MakeStores]:
    """Open the same ledger several times, as several processes would; each has a data folder of its own."""
    opened: list[Stores] = []

    def make(clock: Clock = system_clock, job_workers: int = 1) -> Stores:
        home = tmp_path / f"home{len(opened)}"
        home.mkdir()
        settings = Settings(home=home, database_url=ledger_url, job_workers=job_workers)
        ledger = open_ledger(ledger_url)
        metadata.create_all(ledger.engine)
        opened.append(Stores(settings, ledger, open_warehouse(settings, []), load_secrets(settings), clock))
        return opened[-1]

    yield make
    for stores in opened:
        stores.close()


@pytest.fixture
def stores(make_stores: MakeStores) -> Stores:
    return make_stores()
