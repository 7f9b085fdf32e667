"""Server 服务: one process owns the data folder, and says where it listens; everybody else talks to it over HTTP."""

from __future__ import annotations

import atexit
import fcntl
import gc
import json
import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

import uvicorn

from siyu.foundation.errors import ConflictError, UnavailableError
from siyu.foundation.secrets import load_secrets
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.team.tokens import local_token_of

LOCK, ADDRESS = "owner.lock", "server.json"
WAIT_SECONDS = 600


@dataclass(frozen=True)
class Running:
    """Where the owner of the data folder listens, and the token by which this machine's user is known to it."""

    url: str
    token: str
    stores: Stores | None


def owner_url(settings: Settings) -> str | None:
    """The address of the server that owns the data folder now and answers; None if there is none."""
    if not _is_owned(settings):
        return None
    try:
        url = str(json.loads((settings.home / ADDRESS).read_text())["url"])
    except (FileNotFoundError, ValueError, KeyError):
        return None
    return url if _answers(url) else None


def serve(settings: Settings, ready: Callable[[Stores, str], None], waiting: Callable[[], None] = lambda: None) -> None:
    """Own the data folder and serve until interrupted; a clean stop gives running jobs back to the queue.

    A command that owns the folder just now is waited for; another server is an error.
    """
    with _owning(settings, waiting) as other:
        if other is not None:
            raise _busy(settings, other)
        stores, server, bound = _opened(settings, settings.host, settings.port)
        try:
            url = settings.public_url or f"http://{_shown(settings.host)}:{bound.getsockname()[1]}"
            _tell_address(settings, f"http://{_shown(settings.host)}:{bound.getsockname()[1]}")
            threading.Thread(target=_when_ready, args=(server, lambda: ready(stores, url)), daemon=True).start()
            server.run(sockets=[bound])
        finally:
            (settings.home / ADDRESS).unlink(missing_ok=True)
            stores.close()


@contextmanager
def reached(settings: Settings, waiting: Callable[[], None] = lambda: None) -> Iterator[Running]:
    """The server that owns the data folder, or one of our own for the length of the block.

    Another command that owns the folder just now is waited for, never an error.
    """
    token = local_token_of(load_secrets(settings))
    with _owning(settings, waiting) as url:
        if url is not None:
            yield Running(url, token, None)
            return
        stores, server, bound = _opened(settings, "127.0.0.1", 0)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, name="server", daemon=True)
        try:
            thread.start()
            _wait_started(server)
            yield Running(f"http://127.0.0.1:{bound.getsockname()[1]}", token, stores)
        finally:
            server.should_exit = True
            thread.join(timeout=30)
            stores.close()


@contextmanager
def alone(settings: Settings, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Own the data folder with no server on it; one that runs is an error, a command is waited for."""
    with _owning(settings, waiting) as other:
        if other is not None:
            raise _busy(settings, other)
        yield


def _opened(settings: Settings, host: str, port: int) -> tuple[Stores, uvicorn.Server, socket.socket]:
    # Imported here because a command that reaches a running server needs none of it, and it takes seconds to load. What is
    # loaded stays: looking through it for circles, again and again, would take a fifth of that time.
    gc.disable()
    from siyu.app import build, open_stores

    gc.freeze()
    # Else DuckDB takes what is frozen for leaked when the process ends, and says so in fifty lines.
    atexit.register(gc.unfreeze)
    gc.enable()
    try:
        bound = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise UnavailableError(
            Text(f"{host}:{port} 已被占用", f"{host}:{port} is in use"),
            way_out=Text("换一个端口:SIYU_PORT=8761 siyu serve", "choose another port: SIYU_PORT=8761 siyu serve"),
        ) from error
    try:
        stores = open_stores(settings)
    except BaseException:
        bound.close()
        raise
    # Sets of events are many small objects that live for a moment: by default the collector of circles takes a quarter of their time.
    gc.set_threshold(50_000, 20, 50)
    # Who answers waits this long for whoever computes in another thread, a few times a request.
    sys.setswitchinterval(0.001)
    # h11, because it bounds the size of headers; 64 KiB, because pages send events in the address of an image.
    config = uvicorn.Config(build(stores), http="h11", h11_max_incomplete_event_size=65_536, log_level="warning", access_log=False, lifespan="on", timeout_graceful_shutdown=5)
    return stores, uvicorn.Server(config), bound


@contextmanager
def _owning(settings: Settings, waiting: Callable[[], None]) -> Iterator[str | None]:
    """Own the folder (None), or know the server that owns it (its address); a command that does is waited for."""
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (settings.home / LOCK).open("a") as lock:
        until, told = time.monotonic() + WAIT_SECONDS, False
        while not _locked(lock):
            # Looked at in every round: the owner may be a server that is only starting.
            if (url := owner_url(settings)) is not None:
                yield url
                return
            if time.monotonic() >= until:
                raise _busy(settings, None)
            if not told:
                waiting()
                told = True
            time.sleep(0.2)
        # Left behind by a server that was killed; a command must not be sent there.
        (settings.home / ADDRESS).unlink(missing_ok=True)
        yield None


def _locked(lock: TextIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _busy(settings: Settings, url: str | None) -> ConflictError:
    at = f" ({url})" if url else ""
    return ConflictError(
        Text(f"另一个 siyu 正在使用 {settings.home}{at}", f"another siyu is using {settings.home}{at}"),
        way_out=Text("它在运行时，命令行会自动连到它；要重启请先停下它", "commands reach it while it runs; stop it first to start it anew"),
    )


def _is_owned(settings: Settings) -> bool:
    try:
        with (settings.home / LOCK).open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _answers(url: str) -> bool:
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 80), timeout=5).close()
    except OSError:
        return False
    return True


def _tell_address(settings: Settings, url: str) -> None:
    path: Path = settings.home / ADDRESS
    new = path.with_suffix(".new")
    new.write_text(json.dumps({"url": url, "pid": os.getpid()}))
    new.replace(path)


def _when_ready(server: uvicorn.Server, ready: Callable[[], None]) -> None:
    _wait_started(server)
    ready()


def _wait_started(server: uvicorn.Server) -> None:
    until = time.monotonic() + 60
    while not server.started and time.monotonic() < until:
        time.sleep(0.02)
    if not server.started:
        logging.getLogger("siyu").error("the server did not start within a minute")


def _shown(host: str) -> str:
    return "127.0.0.1" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host  # noqa: S104  shown, not bound
