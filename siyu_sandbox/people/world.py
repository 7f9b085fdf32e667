"""The people of one sandbox (人群世界): who is there, which step comes next, and what follows from it over the carriers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from siyu_sandbox.people.acts import Acts
from siyu_sandbox.people.chance import Column, hashed, stream
from siyu_sandbox.people.crowd import FAILED, Crowd
from siyu_sandbox.people.hearing import Reaction, hear
from siyu_sandbox.people.living import Lived, Step, live
from siyu_sandbox.people.messages import Messages
from siyu_sandbox.people.pace import Pace
from siyu_sandbox.people.reading import understand
from siyu_sandbox.people.response import BRING_AFTER_PURCHASE
from siyu_sandbox.people.shop import Columns, Shop
from siyu_sandbox.people.sources import Source, draw
from siyu_sandbox.people.telling import LOOKS_A_DAY, LOOKS_ON_ARRIVAL, Telling
from siyu_sandbox.registry import Refusal

if TYPE_CHECKING:
    from siyu_sandbox.phones import Received
    from siyu_sandbox.sandbox import Sandbox
    from siyu_sandbox.tokens import Token
    from siyu_sandbox.windows import Window

HESITATION_DAYS = 0.02
"""Mean time to press, ask or silence after reading."""


class PeopleWorld:
    """A product without addresses of its own: it can be met over the carriers only."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box
        self.seed = box.seed
        self.accounts: dict[str, Any] = {}
        self.sources: list[Source] = []
        self.crowd = Crowd()
        self.messages = Messages()
        self.shop = Shop(self.seed)
        self.prevented = Columns(at=float, row=int, by=np.int32)
        self.acts = Acts(box)
        self.telling: Telling | None = None
        self.pace = Pace()
        self.quiet = False
        self.steps = 0
        self._friends: list[tuple[int, int]] = []
        self._chain = itertools.count(1)
        self._link = 0
        self.next_at = 0.0
        box.phones.heard.append(self.hear)

    def start(self) -> None:
        """From now on a step follows the other; the first begins after the length of one."""
        self._link = next(self._chain)
        self._plan_next(self.box.clock.now())

    def _plan_next(self, after: float) -> None:
        self.next_at = after + self.pace.step_seconds
        self.box.clock.at(self.next_at, partial(self._due, self._link))

    def _due(self, link: int) -> None:
        if link != self._link:
            return
        began = self.next_at
        self.step(began)
        # A world that fell behind goes on from now: a clock at full speed must not starve the servers.
        self._plan_next(max(began, self.box.clock.now() - self.pace.step_seconds))

    def step(self, began: float) -> None:
        """Everybody lives one step that begins at this virtual moment."""
        pace = self.pace
        step = Step(self.steps, pace.day, pace.step_days, pace.shape(began))
        known = self.crowd.count
        lived = live(self.crowd, self.messages, step, self.seed)
        self._sell(lived, began)
        self._let_go(lived.left, began)
        self._bring(began)
        for place, source in enumerate(self.sources):
            self._arrivals(place, source, began)
        if self.crowd.count > known:
            self.crowd.touched[known : self.crowd.count] = pace.day
        self.steps += 1
        pace.day += pace.step_days

    def _moments(self, subject: str, rows: Column, began: float) -> Column:
        """When in the step each of these acts."""
        return began + hashed(self.seed, subject, self.steps, rows) * self.pace.step_seconds

    def _sell(self, lived: Lived, began: float) -> None:
        rows, day = lived.bought, self.pace.day_seconds
        self.shop.sell(rows, self._moments("buy", rows, began), lived.depth, lived.anyway, lived.by, day)
        self._tell(lived, began)
        if len(lived.prevented):
            at = self._moments("buy", lived.prevented, began)
            self.prevented.add(at=at, row=lived.prevented, by=lived.prevented_by)
        brings = hashed(self.seed, "friend", self.steps, rows) < BRING_AFTER_PURCHASE * self.crowd.trust[rows]
        brings &= ~self.crowd.gone[rows]
        self._friends += zip(rows[brings].tolist(), lived.by[brings].tolist(), strict=True)

    def _tell(self, lived: Lived, began: float) -> None:
        """The buyers of this step, and those who only look, as the shop's mini program tells of them."""
        telling, crowd = self.telling, self.crowd
        if telling is None or self.quiet:
            return
        bought = len(lived.bought)
        names = ("row", "at", "sku", "quantity", "paid_fen")
        orders = zip(*(self.shop.orders.column(name)[self.shop.orders.count - bought :].tolist() for name in names), strict=True)
        for row, at, sku, quantity, paid_fen in orders:
            self.box.clock.at(at, partial(telling.buy, int(crowd.phone[row]), sku, quantity, paid_fen))
        random = stream(self.seed, "lookers", self.steps)
        lookers = np.flatnonzero(random.random(crowd.count) < LOOKS_A_DAY * self.pace.step_days)
        lookers = lookers[~crowd.gone[lookers]]
        for row, at in zip(lookers.tolist(), self._moments("look", lookers, began).tolist(), strict=True):
            self.box.clock.at(at, partial(telling.look, int(crowd.phone[row]), self.shop.pick(random.random())))

    def _let_go(self, rows: Column, began: float) -> None:
        if not len(rows):
            return
        crowd, moments = self.crowd, self._moments("leave", rows, began)
        crowd.gone_at[rows] = moments
        if self.quiet:
            self.acts.leave_silently(self.sources, crowd.source[rows], crowd.phone[rows])
            return
        for row, at in zip(rows.tolist(), moments.tolist(), strict=True):
            by = int(crowd.gone_by[row])
            last = self.messages.all[by].received if by >= 0 else None
            source = self.sources[crowd.source[row]]
            self.box.clock.at(at, partial(self.acts.leave, source, int(crowd.phone[row]), last))

    def _arrivals(self, place: int, source: Source, began: float) -> None:
        if source.paused or not source.per_day:
            return
        random = stream(self.seed, f"arrivals of {source.name}", self.steps)
        count = int(random.poisson(source.per_day * self.pace.step_days * self.pace.shape(began)))
        if count:
            columns = draw(source, count, random)
            self._come(place, columns, began + random.random(count) * self.pace.step_seconds)

    def _bring(self, began: float) -> None:
        """Friends of those who bought or were invited to share come by the same source, at no cost."""
        friends, self._friends = np.array(self._friends, np.int64).reshape(-1, 2), []
        sources = self.crowd.source[friends[:, 0]]
        for place in np.unique(sources).tolist():
            source, mine = self.sources[place], friends[sources == place]
            random = stream(self.seed, f"friends of {source.name}", self.steps)
            at = began + random.random(len(mine)) * self.pace.step_seconds
            self._come(
                place,
                draw(source, len(mine), random),
                at,
                cost_fen=0,
                inviter=mine[:, 0],
                invited_by=mine[:, 1],
            )

    def _come(self, place: int, columns: dict[str, Column], at: Column, **more: Any) -> None:
        """New people with new phones, who come over the carriers at their moments."""
        source = self.sources[place]
        ids = np.array(self.box.phones.reserve(len(at)), np.int64)
        more = {"cost_fen": source.cost_fen, "arrived": at} | more
        rows = self.crowd.add(ids, source=place, **columns, **more)
        for row, when in zip(rows.tolist(), at.tolist(), strict=True):
            if self.quiet:
                self._arrive(source, row)
            else:
                self.box.clock.at(when, partial(self._arrive, source, row))

    def _arrive(self, source: Source, row: int) -> None:
        by = int(self.crowd.inviter[row])
        inviter = int(self.crowd.phone[by]) if by >= 0 else None
        phone, at = int(self.crowd.phone[row]), float(self.crowd.arrived[row])
        come = partial(self.acts.arrive_silently, at=at) if self.quiet else self.acts.arrive
        if not come(source, phone, inviter):
            self.crowd.gone[row] = self.crowd.twin_gone[row] = True
            self.crowd.why[row], self.crowd.gone_at[row] = FAILED, self.box.clock.now()
            self.crowd.need[row] = self.crowd.cap[row] = 0
        elif self.telling and not self.quiet and (luck := self.box.random.random()) < LOOKS_ON_ARRIVAL:
            self.telling.look(phone, self.shop.pick(luck / LOOKS_ON_ARRIVAL))

    def hear(self, ids: Column, received: Received) -> None:
        """Phones tell what they received; who has left the brand no longer cares."""
        rows = self.crowd.rows_of(ids)
        rows = rows[~self.crowd.gone[rows]]
        if not len(rows):
            return
        said = understand(received)
        reaction = hear(self.crowd, self.messages, rows, received, said, self.pace.day, self.seed)
        self._friends += [(row, reaction.message) for row in reaction.brought.tolist()]
        if not self.quiet:
            self._react(reaction, received, said.links)

    def _react(self, reaction: Reaction, received: Received, links: Sequence[str]) -> None:
        phones = self.crowd.phone
        for row in reaction.clicked.tolist():
            self._soon(reaction.message, row, partial(self.acts.click, int(phones[row]), links[0]))
        for row in reaction.asked.tolist():
            self._soon(reaction.message, row, partial(self.acts.ask, int(phones[row]), received))
        for row in reaction.muted.tolist():
            self._soon(reaction.message, row, partial(self.acts.mute, int(phones[row]), received))

    def _soon(self, message: int, row: int, act: Callable[[], object]) -> None:
        luck = float(hashed(self.seed, "hesitation", message, np.array([row]))[0])
        days = -np.log1p(-luck) * HESITATION_DAYS
        self.box.clock.after(float(days) * self.pace.day_seconds, act)

    def caller(self, token: Token) -> Any:
        """Nobody calls people."""
        raise Refusal(40014, "people have no address")

    def windows(self, api: str) -> Sequence[Window]:
        """None: there are no addresses."""
        return ()

    def concurrency(self, api: str) -> int | None:
        """None: there are no addresses."""
        return None

    def errmsg(self, refusal: Refusal, ip: str) -> str:
        """Never heard."""
        return refusal.errmsg

    def counts(self) -> dict[str, int]:
        """How many live here, for `/sandbox/health`."""
        crowd, now = self.crowd, self.box.clock.now()
        here = crowd.arrived[: crowd.count] <= now
        gone = crowd.gone[: crowd.count] & (crowd.gone_at[: crowd.count] <= now)
        sold = int((self.shop.orders.column("at") <= now).sum())
        return {"all": int(here.sum()), "stay": int((here & ~gone).sum()), "orders": sold}
