"""Errors of identity."""

from __future__ import annotations

from siyu.foundation.errors import ConflictError
from siyu.foundation.text import Text


class OverLimitError(ConflictError):
    """One customer would have more identifiers of a namespace than the limits allow."""

    code = "over_limit"
    title = Text("超过标识上限", "Over the limit of identifiers")


class InTheWayError(ConflictError):
    """A later operation changed the same customers and has to be undone first."""

    code = "in_the_way"
    title = Text("有更晚的操作", "A later operation is in the way")
