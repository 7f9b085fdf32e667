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

# What is imported stays: looking through it for rubbish again and again is a fifth of the time that loading takes.
gc.disable()
COLLECTING = (50_000, 20, 20)
MEMORY, ROOMY = Path("/dev/shm"), 6 << 30
"""Where folders of tests lie if so many bytes are free there."""
products_own: dict[str, Any] = {}
"""What the product works with, where a test looks at that."""


def pytest_configure(config: pytest.Config) -> None:
    if config.option.basetemp is None and "PYTEST_DEBUG_TEMPROOT" not in os.environ and is_roomy():
        # A disk that is waited for at each commit proves nothing: a kill takes the process, not the machine.
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(MEMORY)


def is_roomy() -> bool:
    return MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOMY


def pytest_collection_finish() -> None:
    """What is there before the first test is there to the end."""
    gc.freeze()
    gc.set_threshold(*COLLECTING)
    gc.enable()
    # Else libraries take it for leaks at the end, and say so at length.
    atexit.register(gc.unfreeze)


def work_cheaply() -> None:
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
    _include_once()
    warehouses.use_again()


def _include_once() -> None:
    """The routes of a router are worked out (a second for all of them) for the first application that has them, and used by the next."""
    from fastapi import FastAPI

    include = FastAPI.include_router

    def again(self: FastAPI, router: Any, **how: Any) -> None:
        known = vars(router).setdefault("_worked_out", {})
        key = (type(self), repr(sorted(how.items())))
        if key in known:
            self.router.routes.append(known[key])
            self.router._mark_routes_changed()
            return
        include(self, router, **how)
        known[key] = self.router.routes[-1]

    FastAPI.include_router = again  # type: ignore[method-assign, assignment]
