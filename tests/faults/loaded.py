"""What the process has loaded from which commands are forked."""

from __future__ import annotations

import gc
import sys
from importlib.abc import MetaPathFinder
from typing import Any


class _Without(MetaPathFinder):
    """Tests reckon with pandas; it is not among what is installed with the product, which must do without it."""

    def find_spec(self, name: str, *_where: Any) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)


sys.meta_path.insert(0, _Without())
gc.disable()

import siyu.app  # noqa: E402, F401
import tests.faults.commands  # noqa: E402, F401

gc.enable()
