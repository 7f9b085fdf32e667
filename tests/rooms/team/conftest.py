"""Three persons: Alice owns, Bob is a guide, Charlie was deactivated and must see nothing."""

from __future__ import annotations

import glob
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from siyu.team import members, passwords
from siyu.team.audit import SYSTEM
from siyu.team.members import MemberChange
from tests.rooms.team.house import PASSWORDS, House, open_house


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real algorithm with the least work, or every test would wait for it."""
    hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "_HASHER", hasher)
    monkeypatch.setattr(passwords, "_NOBODY", hasher.hash("nobody"))


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    url: str = request.getfixturevalue("team_postgres_url")
    return url


@pytest.fixture
def house(ledger_url: str, tmp_path: Path) -> Iterator[House]:
    """A house with Alice, Bob and Charlie in it."""
    house = open_house(ledger_url, tmp_path)
    for who, role in (("alice", "owner"), ("bob", "guide"), ("charlie", "operator")):
        name = who.capitalize()
        house.people[who] = members.add_member(
            house.stores, SYSTEM, login=who, name=name, role=role, password=PASSWORDS[who]
        )
    members.change_member(house.stores, SYSTEM, house.people["charlie"].id, MemberChange(active=False))
    yield house
    house.stores.close()


@pytest.fixture
def empty_house(ledger_url: str, tmp_path: Path) -> Iterator[House]:
    house = open_house(ledger_url, tmp_path)
    yield house
    house.stores.close()


@pytest.fixture(scope="session")
def team_postgres_url() -> Iterator[str]:
    """A PostgreSQL of its own on a free port; skips when Debian's binaries are not there."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL is not installed (Debian: postgresql): its half of this test did not run")
    programs, folder = Path(found[-1]).parent, Path(tempfile.mkdtemp(prefix="siyu-pg-"))
    user = "postgres" if os.geteuid() == 0 else None  # It refuses to run as root.
    if user:
        shutil.chown(folder, user)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    data = folder / "data"
    make: list[str | Path] = [
        programs / "initdb",
        "-D",
        data,
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
    serve: list[str | Path] = [
        programs / "postgres",
        "-D",
        data,
        "-p",
        port,
        "-k",
        folder,
        "-h",
        "127.0.0.1",
        "-c",
        "fsync=off",
    ]
    with open(folder / "log", "wb") as log:
        server = subprocess.Popen(serve, user=user, stdout=log, stderr=log, cwd=folder)
    ready: list[str | Path] = [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", port, "-U", "siyu"]
    try:
        for _ in range(150):
            if subprocess.run(ready, check=False).returncode == 0:
                break
            time.sleep(0.1)
        yield f"postgresql+psycopg://siyu@127.0.0.1:{port}/postgres"
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)
