"""A running sandbox for tests, and a client of its control API."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest


@dataclass
class SandboxClient:
    """The control API of one running sandbox, and calls of its vendors' addresses."""

    url: str
    smtp_port: int
    http: httpx.Client = field(repr=False)

    def control(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """Call `/sandbox/<path>`; a refusal is an error of the test."""
        answer = self.http.request(method, f"/sandbox/{path}", json=body, params=query)
        assert answer.status_code == 200, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def post(self, path: str, body: Any = None) -> Any:
        return self.control("POST", path, body or {})

    def get(self, path: str, **query: Any) -> Any:
        return self.control("GET", path, None, **query)

    def patch(self, path: str, body: Any) -> Any:
        return self.control("PATCH", path, body)

    def reset(self, **wish: Any) -> None:
        self.post("reset", {"seed": 1, "speed": 1, **wish})

    def advance(self, **span: float) -> None:
        """Jump by seconds, minutes, hours or days."""
        factor = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
        self.post("clock", {"advance_seconds": sum(factor[unit] * count for unit, count in span.items())})

    def now(self) -> float:
        return float(self.get("health")["now"])

    def inbox(self, phone: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get(f"phones/{phone}")["inbox"]
        return found

    def call(self, method: str, path: str, token: str = "", body: Any = None, **query: Any) -> Any:
        """One call of a vendor's address; answers its JSON, errcode and all."""
        params = {"access_token": token, **query} if token else query
        answer = self.http.request(method, path, params=params, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[SandboxClient]:
    """One sandbox process for the whole session."""
    port, smtp_port = free_port(), free_port()
    command = [
        sys.executable,
        "-m",
        "siyu_sandbox",
        "serve",
        "--port",
        str(port),
        "--smtp-port",
        str(smtp_port),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
        _wait(client, process)
        yield SandboxClient(url, smtp_port, client)
    process.terminate()
    process.wait(10)


@pytest.fixture
def sandbox(sandbox_server: SandboxClient) -> SandboxClient:
    """The running sandbox with an empty world."""
    sandbox_server.reset()
    return sandbox_server


def wait_for(what: Any, seconds: float = 5) -> Any:
    """Call until it answers something true; fails after so many seconds."""
    end = time.monotonic() + seconds
    while True:
        found = what()
        if found:
            return found
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def _wait(client: httpx.Client, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        assert process.poll() is None, "the sandbox ended at once"
        try:
            client.get("/sandbox/health")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the sandbox did not start")
