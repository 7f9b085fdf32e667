"""What costs every test the same and proves nothing is done once a process, or not at all. pytest loads it before the product.

Two cores run some five thousand tests: a tenth of a second in each is five minutes.
"""

from __future__ import annotations

import atexit
import gc
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

COLLECTING = (50_000, 20, 20)
MEMORY, ROOMY = Path("/dev/shm"), 6 << 30
"""Where folders of tests lie if so many bytes are free there."""
products_own: dict[str, Any] = {}
"""What the product works with, where a test looks at that."""


LONG = ("tests/browser/", "tests/collect_clients/", "tests/faults/", "tests/flows/")
"""Files in which few tests take long, and wait for most of it: servers, browsers, kills."""
EARLY = 0.75


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    # What is imported stays: looking through it for rubbish again and again is a fifth of the time that loading takes.
    gc.disable()
    # Matrices of tests are small: a second thread of BLAS would only spin.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def pytest_sessionstart() -> None:
    _work_cheaply()


def pytest_configure(config: pytest.Config) -> None:
    if config.option.basetemp is None and "PYTEST_DEBUG_TEMPROOT" not in os.environ and is_roomy():
        # A disk that is waited for at each commit proves nothing: a kill takes the process, not the machine.
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(MEMORY)


    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Several at a time: the long files one by one among the others, so that waiting and computing go together, and none of them at the end."""
    if not hasattr(config, "workerinput"):
        return
    files: dict[str, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.nodeid.rsplit("::", 1)[0], []).append(item)
    long = sorted((name for name in files if name.startswith(LONG)), key=lambda name: -len(files[name]))
    order = sorted(files.keys() - set(long), key=lambda name: (-len(files[name]), name))
    for number, name in enumerate(long):
        order.insert(number + round(number * EARLY * (len(files) - len(long)) / len(long)), name)
    items[:] = [item for name in order for item in files[name]]


def is_roomy() -> bool:
    return MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOMY


def pytest_collection_finish() -> None:
    """What is there before the first test is there to the end."""
    gc.freeze()
    gc.set_threshold(*COLLECTING)
    gc.enable()
    # Else libraries take it for leaks at the end, and say so at length.
    atexit.register(_let_go)


def _let_go() -> None:
    gc.unfreeze()
    gc.collect()


def _work_cheaply() -> None:
    """Once the product is loaded: as it is, but for what makes its work dear on purpose, or again what was made before."""
    from argon2 import PasswordHasher

    from siyu.foundation.warehouse.engines import duckdb
    from siyu.team import passwords
    from tests.makers import warehouses

    products_own["hasher"] = passwords._HASHER
    # The real algorithm with the least work.
    passwords._HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    # A server asks the same few hundred statements for days; this process asks those of every room within minutes.
    duckdb.COMPILED = 4_000
    _compile_once()
    warehouses.use_again()


def _compile_once() -> None:
    """Statements are compiled for the first ledger of a kind that runs them; by default every ledger compiles its own."""
    from sqlalchemy import Engine
    from sqlalchemy.util import LRUCache

    from siyu.foundation import database

    make, compiled = database.create_engine, LRUCache[Any, Any](3_000)

    def again(*what: Any, **how: Any) -> Engine:
        engine = make(*what, **how)
        engine._compiled_cache = compiled
        # What is remembered is found by the statement and the dialect; those of one kind are alike here.
        kind: Any = type(engine.dialect)
        kind.__eq__, kind.__hash__ = _is_alike, _kind
        return engine

    database.create_engine = again


def _is_alike(one: object, other: object) -> bool:
    return type(one) is type(other)


def _kind(one: object) -> int:
    return hash(type(one))
