"""Imports at the command line: exit codes, words in two languages, and where the refused rows go."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.faults.home import Home
from tests.makers.files import csv_bytes, good_rows, row_with

GOOD = csv_bytes(good_rows(3))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("cli") / "home")


@pytest.mark.parametrize(
    ("name", "data", "options", "words"),
    [
        ("empty.csv", b"", [], "文件是空的"),
        ("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9, [], "不是 CSV"),
        ("orders.parquet", b"PAR1" + bytes(90), [], "已损坏"),
        ("orders.csv", GOOD, ["--map", "account=没有这列"], "没有这列"),
        ("orders.csv", GOOD, ["--map", "colour=单价"], "colour"),
        ("orders.csv", GOOD, ["--map", "account"], "account"),
        ("one.csv", "下单时间\r\n2025-01-01\r\n".encode(), [], "金额"),
    ],
)
def test_what_cannot_be_used_ends_with_2_and_says_why(name: str, data: bytes, options: list[str], words: str, home: Home, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_bytes(data)
    assert words in home.run("import", "orders", str(file), *options, code=2).stderr.replace("\n", "")


def test_a_directory_and_a_missing_file_end_with_2(home: Home, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.csv"):
        assert str(path.name)[:20] in home.run("import", "orders", str(path), code=2).stderr.replace("\n", "")


def test_refused_rows_go_beside_the_file_or_where_one_says(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "bad orders.csv"
    file.write_bytes(csv_bytes([*good_rows(3), row_with(at="", order="Z1"), row_with(price="九块九", order="Z2")]))
    shown = home.run("import", "orders", str(file), "--source", "bad").stdout
    assert "没有下单时间" in shown
    assert "no order time" in shown
    beside = (tmp_path / "bad orders.rejects.csv").read_text(encoding="utf-8-sig").splitlines()
    assert [row.split(",")[0] for row in beside] == ["line", '"5"', '"6"']
    told = tmp_path / "elsewhere.csv"
    done = json.loads(home.run("import", "orders", str(file), "--source", "bad", "--rejects", str(told), "--json").stdout)
    assert (done["rejects_file"], done["unchanged_count"], done["rejected_count"]) == (str(told), 3, 2)
    assert told.read_text(encoding="utf-8-sig").splitlines() == beside


def test_a_report_that_cannot_be_written_is_told_after_the_import(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_bytes(csv_bytes([*good_rows(2), row_with(at="", order="Z1")]))
    told = home.run("import", "orders", str(file), "--source", "w", "--rejects", "/proc/none/x.csv", code=2)
    assert "/proc/none/x.csv" in told.stderr.replace("\n", "")
    assert json.loads(home.run("import", "orders", str(file), "--source", "w", "--json").stdout)["unchanged_count"] == 2
