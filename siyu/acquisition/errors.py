"""Errors of acquisition."""

from __future__ import annotations

from siyu.foundation.errors import ConflictError
from siyu.foundation.text import Text


class AlreadyCorrectedError(ConflictError):
    """The entry was taken back before; what took its place can be corrected."""

    code = "already_corrected"
    title = Text("已更正过", "Already corrected")
