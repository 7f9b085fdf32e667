"""Offers under fire: people who all ask at once over HTTP while the server is killed and started again; tills that redeem one code at once."""

from __future__ import annotations

import asyncio
import random
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from scipy.stats import chi2
from sqlalchemy import func, select

from siyu.acquisition import draws, offer_links, offers
from siyu.acquisition.offers import Offer
from siyu.app import open_stores
from siyu.foundation.database import metadata
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores, closing
from siyu.loyalty import codes
from siyu.team.tokens import local_token_of
from tests.faults.home import Home
from tests.makers.loyalty import people, put_coupon
from tests.makers.offers import put_draw
from tests.makers.sandbox import free_port, wait_for

PRIZES = (("一等奖", 10, 2_000), ("二等奖", 30, 6_000), ("三等奖", 60, 12_000))
"""A hundred prizes; of 5,000 tickets a hundred draw one on average."""
PATIENCE = 180.0


@dataclass
class Fired:
    """What was asked and what the ledger holds in the end. `answers`: how often each status came; `chi2_p`: of the drawn numbers against the published odds."""

    people: int
    kills: int = 0
    seconds: float = 0.0
    answers: Counter[int] = field(default_factory=Counter)
    claims: int = 0
    persons: int = 0
    tickets: int = 0
    given: dict[str, int] = field(default_factory=dict)
    stock: dict[str, int] = field(default_factory=dict)
    codes: int = 0
    winners: int = 0
    as_drawn: bool = False
    chi2_p: float = 0.0

    @property
    def exact(self) -> bool:
        """Everybody once, each ticket once, a code for each prize and for nothing else, no prize more often than there is, each as its seed says."""
        numbers = {self.claims, self.persons, self.tickets, self.people}
        return len(numbers) == 1 and self.codes == self.winners == sum(self.given.values()) and all(self.given[one] <= self.stock[one] for one in self.stock) and self.as_drawn


@dataclass(frozen=True)
class Redeemed:
    """`first`: how many answers said that the code was redeemed now; `rows`: redemptions in the ledger."""

    asked: int
    first: int
    refused: int
    other: int
    rows: int
    seconds: float


def ask_all(folder: Path, size: int, kills: int, *, url: str | None = None, connections: int = 200, seed: int = 1) -> Fired:
    """Everybody asks as soon as there is a connection, and again until they are answered; the server dies at random moments meanwhile."""
    home, draw, found = _home(folder, url), random.Random(seed), Fired(size)
    with _opened(home, url) as stores:
        who = people(stores, size)
        offer = put_draw(stores, *PRIZES)
        paths = ["/o/" + one.rsplit("/", 1)[1] for one in offer_links.addresses(stores, offer.id, who)]
    base = f"http://127.0.0.1:{home.environment['SIYU_PORT']}"
    server = home.start("serve")
    try:
        _wait(base)
        began = time.perf_counter()
        asking = threading.Thread(target=lambda: asyncio.run(_ask(base, paths, found.answers, connections)), daemon=True)
        asking.start()
        for _ in range(kills):
            before = found.answers[303]
            wait_for(lambda before=before: found.answers[303] > before or not asking.is_alive(), PATIENCE)
            time.sleep(draw.uniform(0, 0.4))
            if not asking.is_alive():
                break
            server.signal(signal.SIGKILL)
            server.communicate()
            found.kills += 1
            server = home.start("serve")
        asking.join(PATIENCE + size / 8)
        found.seconds = time.perf_counter() - began
    finally:
        server.signal(signal.SIGKILL)
        server.communicate()
    with _opened(home, url) as stores:
        _audit(stores, offer, found)
    return found


def redeem_at_once(folder: Path, times: int, *, url: str | None = None) -> Redeemed:
    """Tills ask to redeem one code at the same moment, each by a key of its own."""
    home = _home(folder, url)
    with _opened(home, url) as stores:
        (ann,) = people(stores, 1)
        coupon = put_coupon(stores)
        with stores.ledger.begin() as tx:
            code = codes.issue(stores, tx, coupon.id, [ann], ref="fire").codes[0]
        token = local_token_of(stores.secrets)
    base = f"http://127.0.0.1:{home.environment['SIYU_PORT']}"
    server = home.start("serve")
    try:
        _wait(base)
        began = time.perf_counter()
        answers = asyncio.run(_redeem(base, code, token, times))
        seconds = time.perf_counter() - began
    finally:
        server.signal(signal.SIGKILL)
        server.communicate()
    with _opened(home, url) as stores, stores.ledger.read() as tx:
        rows = int(tx.scalar(select(func.count()).select_from(metadata.tables["loyalty_redemption"])) or 0)
    return Redeemed(times, answers[200], answers[409], times - answers[200] - answers[409], rows, seconds)


async def _ask(base: str, paths: list[str], answers: Counter[int], connections: int) -> None:
    waiting = list(paths)
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=30, limits=limits) as client:

        async def one_after_the_other() -> None:
            while waiting:
                path = waiting.pop()
                while True:
                    try:
                        status = (await client.post(path, data={"lang": "zh"})).status_code
                    except httpx.TransportError:
                        status = 0
                    answers[status] += 1
                    if status == 303:
                        break
                    await asyncio.sleep(0.1)

        await asyncio.gather(*(one_after_the_other() for _ in range(connections)))


async def _redeem(base: str, code: str, token: str, times: int) -> Counter[int]:
    limits = httpx.Limits(max_connections=times)
    async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=60, limits=limits, headers={"Authorization": f"Bearer {token}"}) as client:

        async def one(number: int) -> int:
            answer = await client.post("/api/v1/acquisition/redemptions", json={"code": code, "order_fen": 12000}, headers={"Idempotency-Key": f"till-{number}"})
            return answer.status_code

        return Counter(await asyncio.gather(*(one(number) for number in range(times))))


def _audit(stores: Stores, offer: Offer, found: Fired) -> None:
    claim, code = metadata.tables["acquisition_claim"], metadata.tables["loyalty_code"]
    with stores.ledger.read() as tx:
        now, seed = offers.find(tx, offer.id), offers.seed_of(stores, tx, offer.id)
        found.claims = int(tx.scalar(select(func.count()).where(claim.c.offer_id == offer.id)) or 0)
        found.persons = int(tx.scalar(select(func.count(claim.c.customer_id.distinct())).where(claim.c.offer_id == offer.id)) or 0)
        found.winners = int(tx.scalar(select(func.count(claim.c.code_id.distinct())).where(claim.c.offer_id == offer.id, claim.c.prize_id.is_not(None))) or 0)
        found.codes = int(tx.scalar(select(func.count()).select_from(code)) or 0)
        told = draws.tickets(tx, offer.id, limit=10**6)
    found.tickets = len({number for number, _ in told})
    found.given, found.stock = {one.name: one.given for one in now.prizes}, {one.name: one.stock for one in now.prizes}
    fresh = [draws.Prize(one.name, one.coupon_id, one.stock, one.odds_ppm, one.id) for one in now.prizes]
    places = draws.drawn(seed, [number for number, _ in told], fresh)
    found.as_drawn = [fresh[place].id if place >= 0 else None for place in places.tolist()] == [prize for _, prize in told]
    found.chi2_p = _fits(draws.numbers(seed, [number for number, _ in told]), [one.odds_ppm for one in fresh])


def _fits(numbers: Any, odds: list[int]) -> float:
    """How likely numbers that are as far from the published odds are by chance alone."""
    edges = np.concatenate([[0], np.cumsum(odds), [draws.MILLION]])
    counts, want = np.histogram(numbers, edges)[0], np.diff(edges) / draws.MILLION * len(numbers)
    return float(chi2.sf(float(((counts - want) ** 2 / want).sum()), len(want) - 1))


def _home(folder: Path, url: str | None) -> Home:
    home = Home(folder)
    home.environment["SIYU_PORT"] = str(free_port())
    if url is not None:
        home.environment["SIYU_DATABASE_URL"] = url
    return home


def _opened(home: Home, url: str | None) -> Any:
    return closing(open_stores(Settings(home=home.path, secret_key="ab" * 32, database_url=url)))


def _wait(base: str) -> None:
    def is_up() -> bool:
        try:
            return httpx.get(f"{base}/health", timeout=5, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    wait_for(is_up, PATIENCE)
