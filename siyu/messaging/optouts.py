"""Opt-outs 退订: a word sent back, or the mail program's button, becomes a withdrawal with its proof, at once."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from siyu.customers import consent
from siyu.customers.consent import Proof, State, Statement
from siyu.foundation.stores import Stores

EVERYWHERE = frozenset({"退订", "取消订阅", "拒收", "td退订", "t退订", "回t退订", "unsubscribe", "stop"})
BY_SMS = EVERYWHERE | {"t", "td", "r", "n", "回t", "回td"}
"""In a text message one letter is enough; in a conversation it would be a slip of the finger."""
PURPOSES = ("promotion", "content")
"""What a word ends on its carrier; messages about orders go on."""
WITHDRAWN: State = "withdrawn"
_MARKS = " \t\r\n。.!!,,、\"'“”‘’【】[]()()"


@dataclass(frozen=True)
class Wish:
    """Somebody wants no more messages on a carrier; `said` is the proof."""

    customer_id: int
    carrier: str
    at: datetime
    said: str


def is_opt_out(text: str, carrier: str) -> bool:
    """Does a message say that, and nothing else?"""
    word = unicodedata.normalize("NFKC", text).strip(_MARKS).lower()
    return word in (BY_SMS if carrier == "sms" else EVERYWHERE)


def withdraw(stores: Stores, tx: Connection, wishes: Sequence[Wish]) -> int:
    """Write the withdrawals down, each with its proof; returns how many (person, purpose, carrier) changed."""
    changed = 0
    for said in sorted({wish.said for wish in wishes}):
        statements = [Statement(wish.customer_id, purpose, wish.carrier, WITHDRAWN, wish.at) for wish in wishes if wish.said == said for purpose in PURPOSES]
        changed += consent.record(stores, tx, statements, Proof("feed", "reply", said))
    return changed
