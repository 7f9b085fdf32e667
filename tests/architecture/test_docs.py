"""The documentation is complete, its links lead somewhere, and the generated pages are what the code says."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from siyu import app
from siyu.events.catalogue import CATALOGUE
from siyu.foundation.settings import Settings
from siyu.measurement.metrics import METRICS
from siyu.segments import rules
from tests.architecture.house import ROOT, pages
from tools import reference

LINK = re.compile(r"(?<!\!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
ROOMS = sorted(path.name for path in (ROOT / "siyu").iterdir() if (path / "__init__.py").exists())


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_generated_reference_is_what_the_code_says() -> None:
    assert not list(reference.stale()), "run `make docs`"


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_has_a_page(room: str) -> None:
    assert (ROOT / "docs" / "rooms" / f"{room}.md").exists()


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("settings", [f"SIYU_{name.upper()}" for name in Settings.model_fields]),
        ("events", list(CATALOGUE)),
        ("facts", [fact.name for fact in app.FACTS]),
        ("metrics", list(METRICS)),
        ("rules", list(rules._KINDS)),
        ("commands", [path for path, _ in reference.commands()]),
        ("errors", [error.code for error in reference.errors() if error.__module__ != "siyu.client"]),
        ("jobs", [kind.name for kind in app.job_kinds()]),
    ],
)
def test_everything_is_in_the_reference(page: str, names: list[str]) -> None:
    text = _text(f"docs/reference/{page}.md")
    assert names
    assert not [name for name in names if f"`{name}`" not in text]


def test_every_column_and_property_says_what_it_means() -> None:
    assert not [(fact.name, column.name) for fact in app.FACTS for column in fact.columns if not column.meaning.strip()]
    assert not [(event.name, p.name) for event in CATALOGUE.values() for p in event.properties if not p.meaning.strip()]
    assert not [name for name, field in Settings.model_fields.items() if not field.description]
    assert not [path for path, command in reference.commands() if not (command.help or "").strip()]


def test_links_between_pages_lead_somewhere() -> None:
    broken = []
    for page in pages():
        for one in LINK.finditer(FENCE.sub("", page.read_text(encoding="utf-8"))):
            target = one.group(1) or one.group(2)
            if target.startswith(("http://", "https://", "mailto:")):
                continue
            name, _, anchor = target.partition("#")
            file = (page.parent / name) if name else page
            if not file.exists() or (anchor and anchor not in _anchors(file)):
                broken.append(f"{page.relative_to(ROOT)} → {target}")
    assert not broken


def _anchors(page: Path) -> set[str]:
    """Anchors of the headings, as Markdown viewers make them."""
    heads = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.strip().lower()).replace(" ", "-") for head in heads}


def test_every_page_can_be_reached_from_the_documentation_index() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md" or not page.exists():
            continue
        seen.add(page)
        for one in LINK.finditer(page.read_text(encoding="utf-8")):
            target = (one.group(1) or one.group(2) or "").partition("#")[0]
            if target and "://" not in target:
                waiting.append((page.parent / target).resolve())
    assert not [str(page.relative_to(ROOT)) for page in pages() if page not in seen and not page.is_relative_to(ROOT / "console")]


def test_commands_in_the_documentation_exist() -> None:
    known = {path for path, _ in reference.commands()}
    options = {path: {o for p in command.params for o in p.opts} | {"--help"} for path, command in reference.commands()}
    wrong = []
    for page in pages():
        if page.is_relative_to(reference.FOLDER):
            continue
        for line in re.findall(r"(?:^|[`\s/])(siyu(?: [a-z\-]\S*)+)", "\n".join(FENCE.findall(page.read_text(encoding="utf-8"))), re.MULTILINE):
            words = line.split()
            path = next((" ".join(words[:n]) for n in (3, 2) if " ".join(words[:n]) in known), None)
            if path is None or any(word.partition("=")[0] not in options[path] for word in words if word.startswith("--")):
                wrong.append(f"{page.relative_to(ROOT)}: {line}")
    assert not wrong


def test_scripts_named_in_the_readme_exist_and_can_be_run() -> None:
    for name in re.findall(r"(?:^|\s)\./(\w+)", "\n".join(FENCE.findall(_text("README.md"))), re.MULTILINE):
        assert (ROOT / name).stat().st_mode & 0o111, name


def test_make_targets_in_the_documentation_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", _text("Makefile"), re.MULTILINE))
    named = {name for page in pages() for name in re.findall(r"`make ([a-z]+)`", page.read_text(encoding="utf-8"))}
    assert named <= targets


def test_both_readmes_tell_the_same() -> None:
    english, chinese = _text("README.md"), _text("README.zh-CN.md")

    def shape(text: str) -> list[str]:
        return re.findall(r"^(#+) ", FENCE.sub("", text), re.MULTILINE)

    def targets(text: str) -> set[str]:
        return {one.group(1) or one.group(2) for one in LINK.finditer(text)} - {"README.md", "README.zh-CN.md"}

    assert shape(english) == shape(chinese)
    assert targets(english) == targets(chinese)
    commands = [[line for block in FENCE.findall(text) for line in re.sub(r"#.*", "", block).splitlines()] for text in (english, chinese)]
    assert [line.strip() for line in commands[0]] == [line.strip() for line in commands[1]]


def test_the_changelog_begins_with_this_version() -> None:
    version = tomllib.loads(_text("pyproject.toml"))["project"]["version"]
    assert re.findall(r"^## (\S+)", _text("CHANGELOG.md"), re.MULTILINE)[0] == version


def test_every_bench_is_in_the_list_of_benchmarks() -> None:
    text = _text("docs/benchmarks.md")
    assert not [path.name for path in (ROOT / "bench").glob("*.py") if f"bench/{path.name}" not in text]


def test_everything_in_where_is_it_is_there() -> None:
    text = _text("docs/where-is-it.md")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 30
    shell = _text("console/src/shell/routes.tsx")
    paths = {re.sub(r"\{(\w+):\w+\}", r"{\1}", path.removeprefix("/api/v1")) for _, path, _ in reference.routes()}
    commands = {path.removeprefix("siyu ") for path, _ in reference.commands()}
    missing = []
    for _, page, command, route, code, tests in (row for row in rows if len(row) == 6):
        missing += [p for p in re.findall(r"`(/[^`]*)`", page) if f'"{p}"' not in shell]
        missing += [c for c in re.findall(r"`([a-z ]+?)(?: --[a-z-]+)?`", command) if not {c, c.split()[0]} & commands]
        missing += [r for r in re.findall(r"…(/[^`]+)", route) if r not in paths]
        missing += [f for f in re.findall(r"`([^`]+/[^`]*)`", f"{code} {tests}") if not list(ROOT.glob(f.rstrip("/")))]
    assert not missing
