"""A real Chromium before real servers: one that shows the sample brand, one with an empty home."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from siyu.web import build
from tests.browser.house import WRITES, OpenPage, Server, Watched, start, stop

INSTALL = "apt-get install -y chromium fonts-wqy-microhei fonts-noto-color-emoji"
QUIET = ("no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking", "disable-component-update", "disable-sync")
SAMPLE_CUSTOMERS = 600
PATIENCE_MS = 20_000
"""A busy machine is no fault of a page."""
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Debian's Chromium; nothing is downloaded."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip(f"there is no chromium: {INSTALL}")
    if not Path("/usr/share/fonts/truetype/wqy").is_dir():
        pytest.skip(f"there are no Chinese letters: {INSTALL}")
    return {"executable_path": path, "args": [f"--{name}" for name in QUIET]}


@pytest.fixture(scope="session")
def console_built() -> None:
    result = build.build(quiet=True)
    if not result.ok:
        pytest.skip(f"the console cannot be built here: {result.detail}")


@pytest.fixture(scope="session")
def sample(console_built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The sample brand, loaded through the API as the console's button does, with everything computed. Processes that test beside each
    other have copies of one."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "sample"
    shared.mkdir(exist_ok=True)
    with (shared / "lock").open("w") as lock, tempfile.TemporaryDirectory() as folder:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "known").exists():
            _load(shared)
        fcntl.flock(lock, fcntl.LOCK_UN)
        login, password = (shared / "known").read_text().split()
        server = start(Path(shutil.copytree(shared / "home", Path(folder) / "home")), (login, password))
        try:
            yield server
        finally:
            stop(server)


def _load(shared: Path) -> None:
    (shared / "home").mkdir()
    server = start(shared / "home")
    try:
        server.cli("demo", "--customers", str(SAMPLE_CUSTOMERS))
    finally:
        stop(server)
    (shared / "known").write_text(f"{server.login} {server.password}")


@pytest.fixture(scope="session")
def empty(console_built: None) -> Iterator[Server]:
    """A home into which nothing has been put."""
    with tempfile.TemporaryDirectory() as folder:
        server = start(Path(folder))
        try:
            yield server
        finally:
            stop(server)


@pytest.fixture
def watched() -> Iterator[Watched]:
    """Fails the test afterwards for errors on the console, requests to other hosts, and texts that are missing."""
    seen = Watched()
    yield seen
    assert seen.errors == []


@pytest.fixture
def open_page(browser: Browser, watched: Watched) -> Iterator[OpenPage]:
    """`open_page(server, "/rfm", language="en", theme="dark", width=390, login=(…))`: a page, logged in."""
    opened: list[BrowserContext] = []

    def open_one(
        server: Server, path: str = "/", *, language: str = "zh-CN", theme: str = "light", width: int = 1440,
        login: tuple[str, str] | None = None, logged_in: bool = True,
    ) -> Page:  # fmt: skip
        context = browser.new_context(
            viewport={"width": width, "height": 900}, locale=language, reduced_motion="reduce", accept_downloads=True, base_url=server.url
        )
        opened.append(context)
        watched.watch(context, server.url)
        # A page that is not the console's has no storage of its own.
        stored = f"localStorage['siyu.language'] ??= '{language}'; localStorage['siyu.theme'] ??= '{theme}'"
        context.add_init_script(f"if (location.protocol === 'http:') {{ {stored} }}")
        context.set_default_timeout(PATIENCE_MS)
        if logged_in:
            name, password = login or (server.login, server.password)
            answer = context.request.post("/api/v1/session", data={"login": name, "password": password}, headers=WRITES)
            assert answer.ok, answer.text()
        page = context.new_page()
        page.goto(path)
        return page

    yield open_one
    for context in opened:
        context.close()
