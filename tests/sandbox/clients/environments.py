"""Environments of clients that others wrote: one for each locked group, made on first use beside the tests' own."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
DRIVERS = Path(__file__).parent / "drivers"
FOLDER = Path(sys.prefix) / "clients"
INSTALL_SECONDS = 180
DRIVE_SECONDS = 120


def environment(name: str) -> Path:
    """Return the Python of an environment with exactly what `locks/<name>.txt` names; skips where it cannot be had."""
    lock = ROOT / "locks" / f"{name}.txt"
    folder, wanted = FOLDER / name, hashlib.sha256(lock.read_bytes()).hexdigest()
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / f"{name}.lock").open("w") as held:
        # Two test processes may want it at once.
        fcntl.flock(held, fcntl.LOCK_EX)
        stamp = folder / "stamp"
        if not stamp.is_file() or stamp.read_text() != wanted:
            _install(name, lock, folder)
            stamp.write_text(wanted)
    return folder / "bin" / "python"


def _install(name: str, lock: Path, folder: Path) -> None:
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if uv is None:
        pytest.skip(
            f"uv is missing, so {name} cannot be installed: its client did not drive the sandbox (./test installs uv)"
        )
    python = folder / "bin" / "python"
    make = [uv, "venv", "-q", "--clear", "--python", sys.executable, str(folder)]
    fill = [uv, "pip", "sync", "-q", "--require-hashes", "--python", str(python), str(lock)]
    try:
        for command in (make, fill):
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=INSTALL_SECONDS)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as wrong:
        said = str(wrong.stderr or wrong).strip()[-400:]
        pytest.skip(
            f"{name} could not be installed from the package registry: its client did not drive the sandbox\n{said}"
        )


def drive(name: str, driver: str, **order: Any) -> dict[str, Any]:
    """Run a driver in an environment of its own; return what it printed."""
    command = [str(environment(name)), str(DRIVERS / f"{driver}.py")]
    clean = {
        key: value
        for key, value in os.environ.items()
        if not key.lower().endswith("_proxy") and not key.startswith("PYTHON")
    }
    ran = subprocess.run(
        command, input=json.dumps(order), capture_output=True, text=True, timeout=DRIVE_SECONDS, env=clean
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found
