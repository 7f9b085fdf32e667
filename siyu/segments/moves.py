"""Moves 搬移: what somebody was said not to be follows them when customers are merged, split or parted again."""

from __future__ import annotations

from siyu.identity.moves import Move
from siyu.segments import _quality_tables

MOVES = (Move(_quality_tables.mark, copied_on_split=True),)
"""A mark protects its person: of two who are merged one mark is enough, and who leaves takes it along."""
