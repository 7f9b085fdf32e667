"""Definitions of SMS gateways for tests: the shipped one with some entries changed."""

from __future__ import annotations

import copy
import json
import tomllib
from typing import Any

from siyu.connectors.sms.definition import SHIPPED


def definition(changes: dict[str, Any] | None = None) -> str:
    """The sandbox's definition as JSON, with values put at dotted paths (None takes the entry out)."""
    made: dict[str, Any] = copy.deepcopy(
        tomllib.loads((SHIPPED / "sandbox.toml").read_text(encoding="utf-8"))
    )
    for path, value in (changes or {}).items():
        *way, last = path.split(".")
        table = made
        for step in way:
            table = table.setdefault(step, {})
        if value is None:
            table.pop(last, None)
        else:
            table[last] = value
    return json.dumps(made)
