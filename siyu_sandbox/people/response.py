"""How people respond (响应模型): rates and curves; the constants are the model's truth, and nothing outside may read them.

All functions take and return columns, one row a person. Rates are per day of the people's time. Response is concave in what
is received: receptivity falls with fatigue by a Hill curve, and past a limit messages do harm.
"""

from __future__ import annotations

import numpy as np

from siyu_sandbox.people.chance import Column
from siyu_sandbox.people.reading import FEEDBACK, PROMOTION, SERVICE, VALUE

# Share of those reached who read, when fresh and of middling trust.
READ = {
    "welcome": 0.80, "chat": 0.75, "service": 0.75, "group_send": 0.35, "moment": 0.15, "template": 0.30,
    "subscribe": 0.40, "sms": 0.25, "email": 0.18,
}  # fmt: skip
READ_ELSE = 0.15
MUTED_READ, MOST_READ = 0.05, 0.97
# By kind of content: promotion, value, service, feedback.
FATIGUE_COST = np.array([1.0, 0.4, 0.15, 0.5], np.float32)
HALF_LIFE_DAYS = np.array([2.0, 6.0, 3.0, 3.0], np.float32)
TRUST_GAIN = np.array([0.0, 0.05, 0.03, 0.01], np.float32)
CLICK = np.array([0.18, 0.22, 0.15, 0.20])
ASK = np.array([0.03, 0.02, 0.05, 0.08])
FATIGUE_HALF_LIFE_DAYS = 7.0
MUTED_FATIGUE = 0.2
HALF_RECEPTIVE = 4.0
OVER_TOUCHED, TRUST_LOSS = 3.0, 0.03
ANNOYED_FROM, ANNOYANCE, MOST_ANNOYED = 5.0, 0.08, 0.5
PROMOTION_EFFECT, VALUE_EFFECT, SERVICE_EFFECT, FEEDBACK_EFFECT = 6.0, 0.5, 0.15, 0.1
MOST_BOOST, MOST_HUNTER_BOOST, DEEP = 1.4, 3.0, 0.3
SATED, SATED_HALF_LIFE_DAYS = 0.7, 10.0
GONE_NEED = 0.4
LEAVE, HUNTER_LEAVE, REWARDED_LEAVE, TIRED_LEAVE, MOST_LEAVE = 0.0008, 0.05, 0.25, 0.003, 0.3
MUTE = 0.012
BRING_AFTER_PURCHASE, BRING_WHEN_INVITED = 0.06, 0.04
FRESH = -1e9
"""When somebody last bought who never did, in days."""


def fatigue_now(fatigue: Column, touched: Column, day: float) -> Column:
    """Fatigue halves every week without a touch."""
    return np.asarray(fatigue * np.exp2((touched - day) / FATIGUE_HALF_LIFE_DAYS))


def receptivity(fatigue: Column) -> Column:
    """1 when fresh, one half at `HALF_RECEPTIVE`: a Hill curve of order 2."""
    return np.asarray(1 / (1 + (fatigue / HALF_RECEPTIVE) ** 2))


def read_rate(message_kind: str, fatigue: Column, trust: Column, muted: Column) -> Column:
    """The chance that a message is read."""
    rate = READ.get(message_kind, READ_ELSE) * (0.5 + trust) * receptivity(fatigue)
    return np.asarray(np.minimum(np.where(muted, rate * MUTED_READ, rate), MOST_READ))


def boost(kind: int, depth: float, price: Column, trust: Column, hunter: Column, fatigue: Column) -> Column:
    """What reading adds to the logarithm of the hazard of buying."""
    if kind == PROMOTION:
        patient = np.minimum(PROMOTION_EFFECT * depth * price, MOST_BOOST)
        greedy = MOST_HUNTER_BOOST if depth >= DEEP else 0.0
        return np.asarray(np.where(hunter, greedy, patient) * receptivity(fatigue))
    strength = {VALUE: VALUE_EFFECT, SERVICE: SERVICE_EFFECT, FEEDBACK: FEEDBACK_EFFECT}[kind]
    return np.asarray(np.where(hunter, 0.0, strength * trust) * receptivity(fatigue))


def boosts_now(boost: Column, since: Column, half: Column, day: float) -> Column:
    """What is left of each boost; each halves by its own kind's time."""
    return np.asarray(boost * np.exp2((since - day) / half))


def annoyance(fatigue: Column) -> Column:
    """The share of need that over-touching puts off."""
    return np.asarray(np.clip(ANNOYANCE * (fatigue - ANNOYED_FROM), 0, MOST_ANNOYED))


def appetite(bought: Column, gone: Column, day: float) -> Column:
    """The factor on need from what was bought lately, and from having left."""
    rested = 1 - SATED * np.exp2(np.maximum(bought - day, -1000) / SATED_HALF_LIFE_DAYS)
    return np.asarray(np.where(gone, rested * GONE_NEED, rested))


def leave_rate(fatigue: Column, trust: Column, hunter: Column, rewarded: Column) -> Column:
    """The chance a day to leave the brand's accounts."""
    base = np.where(hunter, HUNTER_LEAVE, LEAVE) + np.where(rewarded & hunter, REWARDED_LEAVE, 0)
    tired = TIRED_LEAVE * np.maximum(0, fatigue - OVER_TOUCHED) ** 2
    return np.asarray(np.minimum((base + tired) * (1.5 - trust), MOST_LEAVE))
