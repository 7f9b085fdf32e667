"""`python -m siyu_sandbox serve`: run the sandbox's servers."""

from __future__ import annotations

import argparse
import gc
import os
import sys
import threading
import time
from pathlib import Path

import uvicorn

from siyu_sandbox.control import controls
from siyu_sandbox.products import PRODUCTS
from siyu_sandbox.sandbox import Sandbox
from siyu_sandbox.server import build_app


def parser() -> argparse.ArgumentParser:
    """Options of the command."""
    options = argparse.ArgumentParser(prog="siyu_sandbox serve", description="Run the carriers' servers.")
    options.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (no log-in: keep it local)"
    )
    options.add_argument("--port", type=int, default=8770, help="HTTP port")
    options.add_argument("--smtp-port", type=int, default=8771, help="SMTP port; 0 for none")
    options.add_argument("--seed", type=int, default=0, help="equal seeds behave alike")
    options.add_argument("--speed", type=float, default=1.0, help="virtual seconds in a real one")
    options.add_argument(
        "--journal", type=Path, help="file to which the comings and goings of simulated people are added"
    )
    options.add_argument(
        "--with-parent",
        action="store_true",
        help="end when the process that started this one has ended, however",
    )
    return options


def run(arguments: list[str]) -> int:
    """Serve until stopped; return the exit code."""
    chosen = parser().parse_args(arguments)
    if chosen.with_parent:
        threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    box = Sandbox(PRODUCTS, chosen.seed, chosen.speed)
    box.base_url = f"http://{chosen.host}:{chosen.port}"
    box.journal = chosen.journal
    smtp = (chosen.host, chosen.smtp_port) if chosen.smtp_port else None
    app = build_app(box, controls(box), smtp)
    gc.freeze()
    sys.stdout.write(f"sandbox on {box.base_url}/sandbox/\n")
    sys.stdout.flush()
    uvicorn.run(
        app,
        host=chosen.host,
        port=chosen.port,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    return 0


def _end_with(parent: int) -> None:
    """A process that lost its parent is given another one."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)
