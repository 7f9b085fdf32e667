"""Moves of offers 搬移: claims of people who are merged, split or parted again."""

from __future__ import annotations

from siyu.acquisition import _offer_tables
from siyu.identity.moves import Move, keep_newest

MOVES = (Move(_offer_tables.claim), Move(_offer_tables.refusal, unite=keep_newest("at_ms")))
"""Claims of both are the person's: they have used the offer. When they are parted, each has what was theirs, and who had not claimed may."""
