"""Activity 活跃: what counts as a customer's own doing, as against what was done to them."""

from __future__ import annotations

import ibis.expr.types as ir

PASSIVE = ("message_sent",)
"""Activities in which the customer did nothing."""


def own(rows: ir.Table) -> ir.BooleanValue:
    """Whether an activity was the customer's own."""
    return rows["name"].notin(PASSIVE)
