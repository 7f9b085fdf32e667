"""Files and functions stay small enough to read in one go."""

from __future__ import annotations

import ast
from statistics import median

from tests.architecture.house import ROOT, code


def _ninth_tenth(values: list[int]) -> int:
    return sorted(values)[len(values) * 9 // 10]


def test_files_are_short() -> None:
    lines = {path.relative_to(ROOT): len(path.read_text(encoding="utf-8").splitlines()) for path in code()}
    assert median(lines.values()) <= 120
    assert _ninth_tenth(list(lines.values())) <= 350
    assert not {str(path): count for path, count in lines.items() if count > 600}


def test_functions_are_short() -> None:
    functions = [node for tree in code().values() for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert _ninth_tenth([(node.end_lineno or node.lineno) - node.lineno + 1 for node in functions]) <= 35
