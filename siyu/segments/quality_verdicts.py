"""Verdicts 判定: yes, no, or not known yet, read from a row of `segments_quality`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Verdict = Literal["yes", "no", "not_known"]
NOT_KNOWN: Verdict = "not_known"
UNCLEAR_FROM = 0.5
"""A score from here on that makes nobody called so says neither yes nor no."""


def verdict_of(row: Mapping[str, Any], what: str) -> Verdict:
    """Of `what` (zombie or deal_hunter). Whom somebody said not to be one is none, known or not."""
    short = "zombie" if what == "zombie" else "hunter"
    if row[f"is_{short}"]:
        return "yes"
    clear = row[what] is not None and row[what] < UNCLEAR_FROM
    return "no" if clear or row[f"not_{short}"] else NOT_KNOWN
