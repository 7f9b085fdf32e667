"""Sandbox 沙盒 beside the product: started as a program of its own, spoken to over HTTP, ended with whoever started it."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from siyu.client import Control
from siyu.foundation.errors import UnavailableError
from siyu.foundation.text import Text

HOST = "127.0.0.1"
START_SECONDS = 30


@dataclass(frozen=True)
class Beside:
    """A running sandbox."""

    url: str
    smtp_port: int
    process: subprocess.Popen[bytes]
    control: Control


@contextmanager
def beside(port: int = 0, smtp_port: int = 0, *, seed: int = 0, speed: float = 1.0, journal: Path | None = None) -> Iterator[Beside]:
    """A sandbox for the length of the block; it ends too when this process is killed. Port 0 is any that is free.

    Raises
    ------
    UnavailableError
        When it does not start: a port that is taken, as a rule.
    """
    port, smtp_port = port or _free_port(), smtp_port or _free_port()
    command = [sys.executable, "-m", "siyu_sandbox", "serve", "--host", HOST, "--port", str(port), "--smtp-port", str(smtp_port)]
    command += ["--seed", str(seed), "--speed", str(speed), "--with-parent"]
    command += ["--journal", str(journal)] if journal else []
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603  our own program, no shell
    control = Control(f"http://{HOST}:{port}")
    try:
        _wait(control, process)
        yield Beside(control.url, smtp_port, process, control)
    finally:
        control.close()
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _wait(control: Control, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        try:
            control.ask("GET", "health")
        except UnavailableError:
            time.sleep(0.1)
        else:
            return
    raise UnavailableError(
        Text("沙盒没有启动", "the sandbox did not start"),
        way_out=Text("端口可能被占用；用 --port 和 --smtp-port 换一个", "a port may be in use; choose others with --port and --smtp-port"),
    )
