"""Moves 搬移: who does not want to be tracked, and whose browser is whose, when customers are merged, split or parted again."""

from __future__ import annotations

from siyu.content import _tables
from siyu.identity.moves import Move

MOVES = (Move(_tables.quiet, copied_on_split=True), Move(_tables.browser))
"""Of two who turn out to be one, either's wish not to be tracked holds for the person."""
