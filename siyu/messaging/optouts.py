"""Opt-outs 退订: a word sent back, or the mail program's button, becomes a withdrawal with its proof, at once; another word takes it back."""

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
BACK = frozenset({"订阅", "恢复订阅", "重新订阅", "subscribe"})
BACK_BY_SMS = BACK | {"start"}
PURPOSES = ("promotion", "content")
"""What a word ends on its carrier, or begins again; messages about orders go on."""
WITHDRAWN: State = "withdrawn"
GRANTED: State = "granted"
_MARKS = " \t\r\n。.!!,,、\"'“”‘’【】[]()()"


@dataclass(frozen=True)
class Wish:
    """Somebody wants no more messages on a carrier, or (`back`) wants them again; `said` is the proof."""

    customer_id: int
    carrier: str
    at: datetime
    said: str
    back: bool = False


def is_opt_out(text: str, carrier: str) -> bool:
    """Does a message say that, and nothing else?"""
    return _word(text) in (BY_SMS if carrier == "sms" else EVERYWHERE)


def is_opt_in(text: str, carrier: str) -> bool:
    """Does a message ask for messages again, and say nothing else?"""
    return _word(text) in (BACK_BY_SMS if carrier == "sms" else BACK)


def fulfil(stores: Stores, tx: Connection, wishes: Sequence[Wish]) -> dict[tuple[int, str], bool]:
    """Write the wishes down, each with its proof; (customer, carrier) → whether they are `back`, of those for whom something else holds
    now than before."""
    before = _standing(tx, wishes)
    for said in sorted({wish.said for wish in wishes}):
        statements = [
            Statement(wish.customer_id, purpose, wish.carrier, GRANTED if wish.back else WITHDRAWN, wish.at) for wish in wishes if wish.said == said for purpose in PURPOSES
        ]
        consent.record(stores, tx, statements, Proof("feed", "reply", said))
    after = _standing(tx, wishes)
    return {who: state == GRANTED for who, state in after.items() if state in (GRANTED, WITHDRAWN) and state != before[who]}


def _standing(tx: Connection, wishes: Sequence[Wish]) -> dict[tuple[int, str], State]:
    """What holds of the first purpose that a word is about."""
    found: dict[tuple[int, str], State] = {}
    for carrier in sorted({wish.carrier for wish in wishes}):
        ids = sorted({wish.customer_id for wish in wishes if wish.carrier == carrier})
        found |= {(customer, carrier): state for customer, state in consent.states(tx, ids, PURPOSES[0], carrier).items()}
    return found


def _word(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip(_MARKS).lower()
