"""What the architecture tests look at: the files that belong to the repository, and the code as syntax trees."""

from __future__ import annotations

import ast
import shutil
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("siyu", "siyu_sandbox")
MADE = {".git", ".venv", "node_modules", "__pycache__", "static", "dist", ".hypothesis", "test-results"}


@cache
def tracked() -> tuple[Path, ...]:
    """Every text file that git tracks or would track, generated locks left out."""
    names = _names()
    paths = [ROOT / name for name in names if name and not name.startswith(("locks/", "console/package-lock"))]
    return tuple(path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:8000])


def _names() -> list[str]:
    """By git; without it (an unpacked archive), every file that does not lie in a folder that tools make."""
    command = ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    if (ROOT / ".git").exists() and shutil.which("git"):
        return subprocess.run(command, capture_output=True, check=True).stdout.decode().split("\0")
    files = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return [str(path) for path in files if not set(path.parts) & MADE and not any(part.endswith("_cache") for part in path.parts)]


@cache
def code() -> dict[Path, ast.Module]:
    """Every module of the product and of the sandbox."""
    found = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in found}


@cache
def pages() -> tuple[Path, ...]:
    """Every page of documentation."""
    return tuple(path for path in tracked() if path.suffix == ".md")
