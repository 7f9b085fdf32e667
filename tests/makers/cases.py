"""How many examples a property is tried with: few in every run, all when asked for with ALL_CASES=1."""

from __future__ import annotations

import os


def cases(few: int, many: int) -> int:
    return many if os.environ.get("ALL_CASES") else few
