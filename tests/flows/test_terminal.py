"""What commands print: in the language of the environment or of --lang, and whole where there is no edge."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.home import Home
from tests.makers.files import csv_bytes, good_rows, row_with

MONTHS = [(2023 + n // 12, 1 + n % 12) for n in range(30)]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    folder = tmp_path_factory.mktemp("terminal")
    home = Home(folder / "home")
    rows = [row_with(at=f"{year}-{month:02d}-03 10:00:00", order=f"M{n}", account="always") for n, (year, month) in enumerate(MONTHS)]
    (folder / "orders.csv").write_bytes(csv_bytes([*rows, *good_rows(5)]))
    home.run("import", "orders", str(folder / "orders.csv"), "--source", "shop")
    return home


def shown(home: Home, *arguments: str, **environment: str) -> str:
    """Output of a command in exactly this environment (of what decides about language and width)."""
    before = dict(home.environment)
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "COLUMNS"):
        home.environment.pop(name, None)
    home.environment.update(environment)
    try:
        return home.run(*arguments).stdout
    finally:
        home.environment = before


def test_a_process_of_its_own_ends_without_a_word(home: Home) -> None:
    """Not forked, and without pandas, as where only the product is installed."""
    program = "import sys, tests.faults.loaded; from siyu.cli import main; sys.argv = ['siyu', 'jobs', '--json']; main()"
    done = subprocess.run([sys.executable, "-c", program], env=home.environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["items"]


REPORTS = {
    "overview": ("本期", "This period"), "monthly": ("月份", "Month"), "rfm": ("客群", "Group"), "cohorts": ("首单月", "First order"),
    "concentration": ("占比", "Share"), "value": ("模型", "model"), "lifecycle": ("阶段", "Stage"),
}  # fmt: skip


@pytest.mark.parametrize("name", REPORTS)
def test_reports_speak_the_language_of_the_environment(home: Home, name: str) -> None:
    zh, en = REPORTS[name]
    told = {"zh": shown(home, "report", name, LANG="zh_CN.UTF-8"), "en": shown(home, "report", name, LANG="en_GB.UTF-8")}
    assert zh in told["zh"]
    assert en in told["en"]
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in told["en"])


def test_an_option_wins_over_the_environment_and_chinese_is_the_default(home: Home) -> None:
    assert "Kind" in shown(home, "--lang", "en", "jobs", LANG="zh_CN.UTF-8")
    assert "类型" in shown(home, "--lang", "zh", "jobs", LANG="en_US.UTF-8")
    assert "类型" in shown(home, "jobs", LANG="C.UTF-8")
    assert "类型" in shown(home, "jobs", LC_ALL="zh_CN.UTF-8", LANG="en_US.UTF-8")


def test_cohorts_are_whole_in_a_pipe(home: Home) -> None:
    lines = shown(home, "report", "cohorts", LANG="en_US.UTF-8").splitlines()
    head = next(line for line in lines if "First order" in line)
    assert all(f"+{offset} " in head for offset in range(30))
    assert not any("…" in line for line in lines)


@pytest.mark.parametrize("columns", [40, 80, 132])
def test_cohorts_on_a_narrow_terminal_say_what_is_left_out(home: Home, columns: int) -> None:
    lines = shown(home, "report", "cohorts", LANG="en_US.UTF-8", COLUMNS=str(columns)).splitlines()
    table = [line for line in lines if line.startswith(("┃", "│"))]
    assert {len(line) for line in table} <= set(range(columns + 1))
    listed = table[0].count("+")
    left = int(next(line for line in lines if "do not fit" in line).split()[1])
    assert listed >= 1
    assert listed + left == 30
    assert "2023-01" in table[1]


def test_json_is_always_whole(home: Home) -> None:
    found = json.loads(shown(home, "report", "cohorts", "--json", COLUMNS="40"))
    assert len(found["cohorts"][0]["cells"]) == 30


def test_an_unknown_state_of_jobs_is_an_error_that_names_the_states(home: Home, tmp_path: Path) -> None:
    told = home.run("jobs", "--status", "nope", code=2).stderr
    assert all(state in told for state in ("queued", "running", "done", "failed", "cancelled"))
