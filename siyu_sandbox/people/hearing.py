"""What a message does to those who receive it (收到消息之后): read or not, a boost, fatigue, trust, and what they want to do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siyu_sandbox.people import response
from siyu_sandbox.people.chance import Column, hashed
from siyu_sandbox.people.crowd import Crowd
from siyu_sandbox.people.messages import Heard, Messages
from siyu_sandbox.people.reading import PROMOTION, Said
from siyu_sandbox.phones import Received

SAFE = np.float32(1.0001)
"""Bounds are kept in single precision; they must not fall below what they bound."""


@dataclass(frozen=True)
class Reaction:
    """Rows of those who will press a link, write back, silence the account, or bring a friend."""

    message: int
    clicked: Column
    asked: Column
    muted: Column
    brought: Column


def hear(
    crowd: Crowd, messages: Messages, rows: Column, received: Received, said: Said, day: float, seed: int
) -> Reaction:
    """Let these rows receive something; `day` is when they next live."""
    number = messages.number(said)

    def lucky(subject: str, rate: Column | float) -> Column:
        return np.asarray(hashed(seed, subject, number, rows) < rate)

    trust, muted = crowd.trust[rows], crowd.muted[rows]
    tired = response.fatigue_now(crowd.fatigue[rows], crowd.touched[rows], day)
    read = lucky("read", response.read_rate(received.kind, tired, trust, muted))
    clicked = read & lucky("click", response.CLICK[said.kind] * (0.5 + trust)) & bool(said.links)
    asked = read & lucky("ask", response.ASK[said.kind])
    brought = read & lucky("bring", response.BRING_WHEN_INVITED * (0.5 + trust)) & said.invites
    _touch(crowd, rows, said, read, tired, day)
    _impress(crowd, rows[read], tired[read], said, number, day)
    silenced = ~muted & lucky("mute", response.MUTE * crowd.fatigue[rows])
    crowd.muted[rows[silenced]] = True
    crowd.last[rows] = number
    bound(crowd, messages, rows, day)
    messages.all.append(Heard(received, said, rows.astype(np.int32), read, clicked, asked))
    return Reaction(number, rows[clicked], rows[asked], rows[silenced], rows[brought])


def _touch(crowd: Crowd, rows: Column, said: Said, read: Column, tired: Column, day: float) -> None:
    """Everybody reached grows more tired; too many promotions cost trust, what is of use earns it."""
    cost = np.where(crowd.muted[rows], response.MUTED_FATIGUE, 1) * response.FATIGUE_COST[said.kind]
    crowd.fatigue[rows], crowd.touched[rows] = tired + cost, day
    trust = crowd.trust[rows]
    if said.kind == PROMOTION:
        trust = np.where(tired > response.OVER_TOUCHED, trust - response.TRUST_LOSS, trust)
    trust = np.where(read, trust + response.TRUST_GAIN[said.kind] * (1 - trust), trust)
    crowd.trust[rows] = np.clip(trust, 0, 1)
    crowd.rewarded[rows] |= read & said.is_reward


def _impress(crowd: Crowd, rows: Column, tired: Column, said: Said, number: int, day: float) -> None:
    """Readers carry the message with them: in the newest slot, the oldest goes."""
    effect = response.boost(
        said.kind, said.depth, crowd.price[rows], crowd.trust[rows], crowd.hunter[rows], tired
    )
    for slots, newest in ((crowd.boost, effect), (crowd.since, day), (crowd.by, number)):
        slots[rows, :-1] = slots[rows, 1:]
        slots[rows, -1] = newest


def most_boost(hunter: Column) -> Column:
    """How far messages together can go."""
    return np.asarray(np.where(hunter, response.MOST_HUNTER_BOOST, response.MOST_BOOST))


def bound(crowd: Crowd, messages: Messages, rows: Column, day: float) -> None:
    """Set the bounds of the daily rates: all that moves them decays until the next touch."""
    boosts = response.boosts_now(crowd.boost[rows], crowd.since[rows], messages.half[crowd.by[rows]], day)
    lift = np.exp(np.minimum(boosts.sum(axis=1), most_boost(crowd.hunter[rows])))
    crowd.cap[rows] = crowd.need[rows] * np.maximum(lift, 1) * SAFE
    hunter, rewarded = crowd.hunter[rows], crowd.rewarded[rows]
    tired = response.fatigue_now(crowd.fatigue[rows], crowd.touched[rows], day)
    own = response.leave_rate(tired, crowd.trust[rows], hunter, rewarded)
    twin = response.leave_rate(
        np.zeros(len(rows)), crowd.trust_first[rows], hunter, np.zeros(len(rows), bool)
    )
    crowd.leave_cap[rows] = np.maximum(own, twin) * SAFE
