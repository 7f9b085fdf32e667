"""The known answers of others, which lie beside the repository."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def vectors(shared_reference: Path) -> dict[str, Any]:
    """`wechat_vectors.json`: read, never copied."""
    file = shared_reference / "wechat_vectors.json"
    if not file.is_file():
        pytest.skip(f"the known answers are not at {file}: this check against others did not run")
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found
