"""Moves 搬移: batches of points and codes of people who are merged, split or parted again."""

from __future__ import annotations

from siyu.identity.moves import Move
from siyu.loyalty import _tables

MOVES = (Move(_tables.lot), Move(_tables.code))
"""All batches and codes of both are the person's: balances add up. Entries follow their batch, so that after an undo each has what is left
of their own, and nobody is below zero whatever was spent meanwhile."""
