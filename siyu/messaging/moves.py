"""Moves 搬移: messages of customers who are merged, split or parted again."""

from __future__ import annotations

from siyu.identity.moves import Move
from siyu.messaging import _tables

MOVES = (Move(_tables.message),)
"""All messages of both count for the person: what was sent twice was sent twice."""
