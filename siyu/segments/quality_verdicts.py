"""Verdicts 判定: yes, no, or not known yet, read from a row of `segments_quality`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Verdict = Literal["yes", "no", "not_known"]
NOT_KNOWN: Verdict = "not_known"


def verdict_of(row: Mapping[str, Any], what: str) -> Verdict:
    """Of `what` (zombie or deal_hunter). Whom somebody said not to be one is none, known or not."""
    short = "zombie" if what == "zombie" else "hunter"
    if row[f"is_{short}"]:
        return "yes"
    return "no" if row[what] is not None or row[f"not_{short}"] else NOT_KNOWN
