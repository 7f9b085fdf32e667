"""Servers to look at, and what is watched while they are looked at."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request

from tests.faults.commands import Command

WRITES = {"X-Siyu-Request": "console"}
OpenPage = Callable[..., Page]
LOG = "serve.log"
START_SECONDS = 180
"""A start takes three seconds; on a machine that does ten other things it has taken a minute and more."""


@dataclass(frozen=True)
class Server:
    """`siyu serve` of its own data folder, and the owner's log-in as it was printed."""

    url: str
    home: Path
    login: str
    password: str
    process: Command

    def cli(self, *arguments: str, given: str = "") -> str:
        """What a command prints; it reaches the running server by itself."""
        command = Command(list(arguments), environment(self.home), self.home, given=given)
        out, err = command.communicate()
        assert command.returncode == 0, out + err
        return out

    def json(self, *arguments: str, given: str = "") -> Any:
        return json.loads(self.cli(*arguments, "--json", given=given))


@dataclass
class Watched:
    """What a page must never do, collected while it is used."""

    errors: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def watch(self, context: BrowserContext, url: str) -> None:
        context.on("console", self._on_console)
        context.on("weberror", lambda raised: self.errors.append(f"page error: {raised.error}"))
        context.on("request", lambda request: self._on_request(request, url))

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(part in message.text for part in self.expected):
            self.errors.append(f"console: {message.text}")

    def _on_request(self, request: Request, url: str) -> None:
        if not request.url.startswith((url, "data:", "blob:")):
            self.errors.append(f"another host: {request.url}")


def environment(home: Path) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("SIYU_")}
    return {**plain, "SIYU_HOME": str(home), "SIYU_SANDBOX": "false", "LANG": "C.UTF-8", "SIYU_LOG_LEVEL": "WARNING"}


def start(home: Path, known: tuple[str, str] | None = None) -> Server:
    """`known`: log-in and password of a home that was started before; they are printed only once."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    (home / LOG).write_text("")
    server = Server(f"http://127.0.0.1:{port}", home, *(known or ("", "")), run(home, port))
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.process.returncode is None:
        said = re.search(r"Log in\s+(\S+)\s.*password\s+(\S+)", (home / LOG).read_text(encoding="utf-8"))
        if said:
            return server if known else replace(server, login=said[1], password=said[2])
        time.sleep(0.1)
    kill(server)
    raise AssertionError(f"the server did not come up:\n{(home / LOG).read_text(encoding='utf-8')}")


def run(home: Path, port: int) -> Command:
    return Command(["serve"], {**environment(home), "SIYU_PORT": str(port)}, home, log=home / LOG)


def stop(server: Server) -> None:
    server.process.signal(signal.SIGTERM)
    server.process.communicate(timeout=30)


def kill(server: Server) -> None:
    server.process.signal(signal.SIGKILL)
    server.process.communicate()


def api(page: Page, path: str) -> Any:
    """What the API answers to the person who is logged in on this page."""
    answer = page.request.get(f"/api/v1{path}")
    assert answer.ok, answer.text()
    return answer.json()


def pick(page: Page, label: str, option: str, within: Locator | None = None) -> None:
    """Choose in the last of the selects with this label."""
    (within or page.locator("body")).get_by_role("combobox", name=label, exact=True).last.click()
    page.locator(".ant-select-dropdown:visible").get_by_title(option, exact=True).first.click()


def figure(page: Page, label: str) -> str:
    """What a figure with this name shows."""
    named = page.locator(".figure").filter(has=page.locator(".figure-label").get_by_text(label, exact=True))
    return named.first.locator(".figure-value").inner_text()
