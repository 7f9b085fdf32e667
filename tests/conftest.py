"""What every test may ask for: fresh stores with a clock of their own, and the shared real data."""

from __future__ import annotations

import asyncio
import contextvars
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from sqlalchemy import create_engine, make_url, text
from xdist.scheduler import LoadScopeScheduling

from siyu.app import FACTS
from siyu.foundation.database import metadata, open_ledger
from siyu.foundation.secrets import load_secrets
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.connect import attach
from siyu.foundation.warehouse.engines.duckdb import DuckDBEngine
from tests.makers.databases import Databases
from tests.makers.sandbox import sandbox, sandbox_server
from tests.thrift import MEMORY, is_roomy

__all__ = ["sandbox", "sandbox_server"]
# The same examples in every run, so that a run passes or fails for what was changed; RANDOM_CASES=1 looks for new ones.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("random", print_blob=True, deadline=None)
settings.load_profile("random" if os.environ.get("RANDOM_CASES") else "same")
_run = asyncio.run
WAITING = ("tests/faults/", "tests/flows/", "tests/collect_clients/", "tests/sandbox/")


class _ByFile(LoadScopeScheduling):  # type: ignore[misc]
    """The tests of a file run in one worker, those in the browser all in one: what they share is set up once.

    Groups by mark (`loadgroup`) do nothing with pytest 9.2 and xdist 3.8: the name that xdist changes is read no more.
    """

    def _split_scope(self, nodeid: str) -> str:
        return "browser" if nodeid.startswith("tests/browser/") else str(nodeid.split("::", 1)[0])

    def _assign_work_unit(self, node: Any) -> None:
        if "browser" in self.workqueue:
            self._long_ones_first()
        super()._assign_work_unit(node)

    def _long_ones_first(self) -> None:
        """The browser at once, or everybody waits for it at the end; and one that waits for processes beside each that computes."""
        units = dict(self.workqueue)
        self.workqueue.clear()
        self.workqueue["browser"] = units.pop("browser")
        waiting = [name for name in units if name.startswith(WAITING)]
        computing = [name for name in units if not name.startswith(WAITING)]
        for pair in zip_longest(waiting, computing):
            self.workqueue.update((name, units[name]) for name in pair if name)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _ByFile:
    return _ByFile(config, log)


def _run_beside(main: Coroutine[Any, Any, Any], **options: Any) -> Any:
    """`asyncio.run`, also where a loop runs already: the browser's driver keeps one in the thread of its worker's tests."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _run(main, **options)
    context = contextvars.copy_context()
    with ThreadPoolExecutor(1) as beside:
        return beside.submit(context.run, partial(_run, main, **options)).result()


asyncio.run = _run_beside


class SetClock:
    """A clock that stands still until it is set."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> SetClock:
    return SetClock(datetime(2026, 1, 1, 12, tzinfo=UTC))


@pytest.fixture(scope="session")
def blank_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite ledger with every table and nothing in it: copied, it is had sooner than made."""
    path = tmp_path_factory.mktemp("blank") / "ledger.sqlite"
    ledger = open_ledger(f"sqlite:///{path}")
    metadata.create_all(ledger.engine)
    ledger.close()
    return path


@pytest.fixture
def stores(tmp_path: Path, clock: SetClock, blank_ledger: Path) -> Iterator[Stores]:
    """A new SQLite ledger and a warehouse in memory."""
    shutil.copy(blank_ledger, tmp_path / "ledger.sqlite")
    opened = _opened(Settings(home=tmp_path, secret_key="ab" * 32), clock)
    yield opened
    opened.close()


def _opened(settings: Settings, clock: SetClock) -> Stores:
    warehouse = attach(DuckDBEngine(None, "1GB", 2), FACTS)
    return Stores(settings, open_ledger(settings.ledger_url), warehouse, load_secrets(settings), clock)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data that lies beside the repository."""
    folder = Path(os.environ.get("SIYU_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the shared data is not at {folder}; set SIYU_SHARED_DATA")
    return folder


@pytest.fixture(scope="session")
def shared_reference(shared_data: Path) -> Path:
    return shared_data.parent / "reference"


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
    folder = Path(tempfile.mkdtemp(prefix="siyu-pg-", dir=MEMORY if is_roomy() else None))
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
    # Nothing here outlives the run; and nobody is to tidy up while a test counts on the machine.
    wishes = {
        "listen_addresses": "127.0.0.1", "unix_socket_directories": folder, "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
        "wal_level": "minimal", "max_wal_senders": "0", "max_wal_size": "4GB", "checkpoint_timeout": "1h", "autovacuum": "off", "jit": "off",
    }  # fmt: skip
    options = [part for name, value in wishes.items() for part in ("-c", f"{name}={value}")]
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


@contextmanager
def _database(server_url: str) -> Iterator[str]:
    """The URL of a new database of that PostgreSQL, which goes afterwards."""
    server = create_engine(server_url, isolation_level="AUTOCOMMIT")
    name = f"siyu_{uuid.uuid4().hex[:12]}"
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A ledger of each kind without any table; a database of its own for each test."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'ledger.sqlite'}"
        return
    with _database(request.getfixturevalue("postgres_url")) as url:
        yield url


@pytest.fixture(scope="session")
def databases(postgres_url: str) -> Iterator[Databases]:
    """Databases with every table and nothing in them."""
    with _database(postgres_url) as url:
        ledger = open_ledger(url)
        metadata.create_all(ledger.engine)
        ledger.close()
        made = Databases(postgres_url, str(make_url(url).database))
        yield made
        made.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A ledger of each kind with every table and nothing in it; a database of its own for each test."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("blank_ledger"), tmp_path / "ledger.sqlite")
        yield f"sqlite:///{tmp_path / 'ledger.sqlite'}"
        return
    with request.getfixturevalue("databases").one() as url:
        yield url


@pytest.fixture
def any_stores(ledger_url: str, tmp_path: Path, clock: SetClock) -> Iterator[Stores]:
    """As `stores`, once on SQLite and once on PostgreSQL."""
    opened = _opened(Settings(home=tmp_path, secret_key="ab" * 32, database_url=ledger_url), clock)
    yield opened
    opened.close()
