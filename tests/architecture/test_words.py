"""Words that must not stand in the repository, and sentences that must stand in both languages."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.architecture.house import ROOT, code, tracked

HOLLOW = {"util", "utils", "helper", "helpers", "service", "services", "manager", "managers", "handler", "handlers", "common", "misc"}
"""Names that say nothing of what is inside."""
HERE = Path(__file__)
# Put together, so that this file does not hold them.
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK")) + r")\b")
PLACES = re.compile("|".join(("py" + r"pi\.org", "files" + r"\.pythonhosted", "registry" + r"\.npm", "npm" + r"mirror", "/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/")))


def _words(name: str) -> set[str]:
    return set(re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower().split("_"))


def _found(pattern: re.Pattern[str]) -> list[str]:
    lines = ((path, number, line) for path in tracked() if path != HERE for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1))
    return [f"{path.relative_to(ROOT)}:{number}" for path, number, line in lines if pattern.search(line)]


def test_no_file_has_a_hollow_name() -> None:
    assert not [str(p.relative_to(ROOT)) for p in tracked() for part in p.relative_to(ROOT).parts if _words(part.split(".")[0]) & HOLLOW]


def test_no_class_or_function_has_a_hollow_name() -> None:
    named = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    found = [(p.name, node.name) for p, tree in code().items() for node in ast.walk(tree) if isinstance(node, named) and _words(node.name) & HOLLOW]
    # `install_problem_handlers` and its like speak of the web framework's own exception handlers.
    assert not [pair for pair in found if pair[0] != "problems.py"]


def test_nothing_is_left_for_later() -> None:
    assert not _found(UNFINISHED)


def test_no_package_host_and_no_path_of_one_machine_is_named() -> None:
    assert not _found(PLACES)


def test_every_text_is_written_in_both_languages() -> None:
    half: list[str] = []
    for path, tree in code().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Text" and len(node.args) == 2:
                empty = [isinstance(part, ast.Constant) and not str(part.value).strip() for part in node.args]
                if any(empty) and not all(empty):
                    half.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not half


HALF_WIDTH = re.compile(r"[\u4e00-\u9fff][,:;?!](?:[\u4e00-\u9fff]|\{(?!\{name\}\}\}))|[})\]][,:;][\u4e00-\u9fff]")
"""Also before and after what is put in; the place of a survey's link in a text, {问卷:…}, is not a sentence."""


def test_chinese_sentences_have_chinese_punctuation() -> None:
    shown = [path for path in tracked() if path.is_relative_to(ROOT / "siyu") or "zh-CN" in str(path)]
    found = [f"{path.relative_to(ROOT)}:{number}" for path in shown for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if HALF_WIDTH.search(line)]
    assert not found
