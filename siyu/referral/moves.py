"""Moves 搬移: invitations, friends, rewards and decisions of people who are merged, split or parted again.

Who counts is found anew afterwards (`arriving.changed`): rows follow their person, and what was paid twice is taken back there."""

from __future__ import annotations

from siyu.identity.moves import Move, keep_newest, most_restrictive
from siyu.referral import _tables

MOVES = (
    Move(_tables.invitation), Move(_tables.friend), Move(_tables.friend, customer="inviter_id"), Move(_tables.reward),
    Move(_tables.case_person), Move(_tables.risk, unite=keep_newest("score")), Move(_tables.verdict, unite=most_restrictive("verdict", ("blocked", "trusted"))),
)  # fmt: skip
