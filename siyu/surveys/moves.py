"""Moves 搬移: responses of people who are merged, split or parted again."""

from __future__ import annotations

from siyu.identity.moves import Move
from siyu.surveys import _tables

MOVES = (Move(_tables.response),)
"""The person has said what both have said; their answers follow the response."""
