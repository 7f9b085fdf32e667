"""Draws 抽奖: published odds, real stock, and a seed whose hash is published before and which is published after, so that anybody can check.

Ticket n of a draw is SHA-256 of `<seed>:<n>` (the seed as 64 hexadecimal signs): its first 13 signs, read as a number, times 10⁶, over 16¹³,
rounded down, is u, a number from 0 to 999,999. Prizes stand in their order with their odds in parts of a million one after the other; the prize
in whose part u lies is drawn, none where u lies behind the last. Whoever draws a prize of which none is left draws no prize:
its odds go to no prize, not to another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from secrets import token_bytes

import numpy as np
import scipy
from sqlalchemy import Connection, select

from siyu.acquisition import _offer_tables
from siyu.foundation.ids import Ints
from siyu.foundation.stores import Stores

MILLION = 1_000_000
MOST_PRIZES = 12
_CONTEXT = "acquisition draw seed"
_p, _k = _offer_tables.prize, _offer_tables.ticket


@dataclass(frozen=True)
class PrizeDraft:
    """`odds_ppm`: of a million tickets so many draw it."""

    name: str
    coupon_id: int
    stock: int
    odds_ppm: int


@dataclass(frozen=True)
class Prize(PrizeDraft):
    id: int = 0
    given: int = 0

    @property
    def left(self) -> int:
        return self.stock - self.given


@dataclass(frozen=True)
class Expected:
    """Of one prize, when so many take part: how many are given on average, and how likely it runs out."""

    given: float
    runs_out_rate: float


def prizes_of(tx: Connection, offer_ids: Sequence[int]) -> dict[int, tuple[Prize, ...]]:
    found: dict[int, tuple[Prize, ...]] = {}
    rows = tx.execute(select(_p).where(_p.c.offer_id.in_(offer_ids)).order_by(_p.c.offer_id, _p.c.place)) if offer_ids else ()
    for row in rows:
        found[row.offer_id] = (*found.get(row.offer_id, ()), Prize(row.name, row.coupon_id, row.stock, row.odds_ppm, row.id, row.given))
    return found


def new_seed(stores: Stores) -> tuple[bytes, str]:
    """(a new seed as it is kept, the hash that is published)."""
    seed = token_bytes(32).hex()
    sealed = stores.secrets.seal([seed], _CONTEXT)[0]
    assert sealed is not None
    return sealed, hash_of(seed.encode())


def open_seed(stores: Stores, sealed: bytes) -> bytes:
    """The seed as 64 hexadecimal signs."""
    seed = stores.secrets.open([sealed], _CONTEXT)[0]
    assert seed is not None
    return seed.encode()


def hash_of(seed: bytes) -> str:
    return sha256(seed).hexdigest()


def numbers(seed: bytes, tickets: Sequence[int]) -> Ints:
    """The number u of each ticket, 0 to 999,999."""
    found: Ints = np.array([int(sha256(b"%s:%d" % (seed, one)).hexdigest()[:13], 16) * MILLION >> 52 for one in tickets], np.int64)
    return found


def drawn(seed: bytes, tickets: Sequence[int], prizes: Sequence[Prize]) -> Ints:
    """For each ticket (ascending) the place of its prize among `prizes`, -1 for none; of each no more than are left."""
    edges = np.cumsum([one.odds_ppm for one in prizes])
    places: Ints = np.searchsorted(edges, numbers(seed, tickets), side="right").astype(np.int64)
    places[places >= len(prizes)] = -1
    for place, one in enumerate(prizes):
        winners = np.flatnonzero(places == place)
        places[winners[max(0, one.left) :]] = -1
    return places


def expected(prizes: Sequence[PrizeDraft], people: int) -> list[Expected]:
    """What happens on average when so many take part: E[min(Bin(n, p), stock)] and P(Bin(n, p) > stock), each prize by itself."""
    found = []
    for one in prizes:
        rate = one.odds_ppm / MILLION
        # E[min(X, s)] = n·p·P(X' ≤ s − 2) + s·P(X ≥ s), X' ~ Bin(n − 1, p): no sum over people.
        given = people * rate * float(scipy.stats.binom.cdf(one.stock - 2, people - 1, rate)) + one.stock * float(scipy.stats.binom.sf(one.stock - 1, people, rate)) if people else 0.0
        found.append(Expected(given, float(scipy.stats.binom.sf(one.stock, people, rate)) if people else 0.0))
    return found


def tickets(tx: Connection, offer_id: int, *, after: int = 0, limit: int = 10_000) -> list[tuple[int, int | None]]:
    """(ticket, prize) in order: what was drawn, without whose it was."""
    query = select(_k.c.number, _k.c.prize_id).where(_k.c.offer_id == offer_id, _k.c.number > after).order_by(_k.c.number).limit(limit)
    return [(int(number), prize) for number, prize in tx.execute(query)]
