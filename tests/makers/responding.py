"""Campaigns with a known true effect: the sandbox's people are drawn by the product's own gate, told or kept back, and buy as they respond.

Each repetition is a campaign of its own to people of its own, who differ as the sandbox's do and respond by its model. Whoever is kept back
and whoever is told has the same luck, so the truth is what the model says of the message, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
from msgspec import structs

from siyu.campaigns.campaigns import find
from siyu.campaigns.report import Report, compute
from siyu.foundation.clock import DAY_MS
from siyu.foundation.ids import Ints
from siyu.foundation.stores import Stores
from siyu.messaging import restraint
from siyu.messaging.policy import DEFAULT
from siyu.messaging.restraint import HISTORY, PEOPLE, ROUTES, Request
from siyu_sandbox.people import response
from siyu_sandbox.people.chance import hashed
from siyu_sandbox.people.sources import Source, draw
from tests.makers.campaigns import put_bought, put_decided

DEPTH, WINDOW_DAYS, MEAN_FEN = 0.25, 7, 12_000
NEED = 0.02
"""Mean purchases a day: one in eight buys within a week of themselves."""
Column = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Truth:
    """What the model says of everybody: the share that buys within the window if kept back, and what the message adds to it."""

    base: float
    effect: float


@cache
def truth(effective: bool = True) -> Truth:
    """Of a million people, so that the truth is known to .0005 and better."""
    people = draw(_source(), 1_000_000, np.random.default_rng(1))
    alone, told = _chances(people, effective)
    return Truth(float(alone.mean()), float((told - alone).mean()))


def _source() -> Source:
    return replace(Source("人群"), need=NEED)


def _chances(people: dict[str, Column], effective: bool) -> tuple[Column, Column]:
    """The chance to buy within the window of each: left alone, and told once (read or not)."""
    fresh, none = np.zeros(len(people["need"])), np.zeros(len(people["need"]), bool)
    alone = 1 - np.exp(-people["need"] * WINDOW_DAYS)
    if not effective:
        return alone, alone
    reads = response.read_rate("chat", fresh, people["trust"], none)
    boost = response.boost(response.PROMOTION, DEPTH, people["price"], people["trust"], people["hunter"], fresh)
    days = np.arange(WINDOW_DAYS)[:, None]
    hazard = (people["need"] * np.exp(boost * np.exp2(-days / response.HALF_LIFE_DAYS[response.PROMOTION]))).sum(axis=0)
    return alone, reads * (1 - np.exp(-hazard)) + (1 - reads) * alone


def gated(ids: Ints, salt: str, rate: float, at_ms: int) -> pa.Table:
    """What the gate decides about people whom nothing holds back."""
    count = len(ids)

    def table(schema: pa.Schema, **columns: Any) -> pa.Table:
        return pa.table([pa.array(columns[field.name], field.type) if field.name in columns else pa.nulls(count, field.type) for field in schema], schema)

    people = table(PEOPLE, customer_id=ids)
    routes = table(ROUTES, customer_id=ids, rank=np.zeros(count, int), account_id=np.ones(count, int), carrier=["sms"] * count, identity_key=ids, staff=[""] * count, consented=np.ones(count, bool))
    request = Request(1, "value", at_ms, at_ms + 3 * DAY_MS, salt=salt, control_rate=rate)
    return restraint.decide(DEFAULT, request, people, routes, HISTORY.empty_table()).table


def put_repetition(stores: Stores, number: int, count: int, at_ms: int, *, rate: float = 0.3, seed: int = 0, effective: bool = True) -> int:
    """One campaign, told and answered, as facts; returns the number of its send. Its people are numbered from `number * count` on."""
    ids: Ints = np.arange(count, dtype=np.int64) + number * count + 1
    decided = gated(ids, f"{seed} repetition {number}", rate, at_ms)
    reason = np.array(decided["reason"].to_pylist(), object)
    assert set(reason) <= {None, "holdout"}
    control = reason == "holdout"
    people = draw(_source(), count, np.random.default_rng([seed, number]))
    alone, told = _chances(people, effective)
    buys = hashed(seed, "buys", number, ids) < np.where(control, alone, told)
    put_decided(stores, number + 1, ids, at_ms, control=control)
    spend = np.maximum(100, np.random.default_rng([seed, number, 1]).gamma(2, MEAN_FEN / 2, int(buys.sum()))).astype(int)
    when = at_ms + (hashed(seed, "when", number, ids[buys]) * WINDOW_DAYS * DAY_MS * 0.999).astype(np.int64)
    put_bought(stores, ids[buys], when, spend, first_key=number * count + 1)
    return number + 1


def report_of(stores: Stores, campaign_id: int, send_id: int, **plan: Any) -> Report:
    """The product's report of a campaign whose one wave was this send."""
    with stores.ledger.read() as tx:
        campaign = find(tx, campaign_id)
    wave = replace(campaign.waves[0], send_id=send_id)
    return compute(stores, replace(campaign, waves=(wave,), plan=structs.replace(campaign.plan, **plan)))
