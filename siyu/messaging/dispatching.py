"""Dispatching 派发: what is planned and due is handed to the carriers, each message once, or known to be unknown.

planned → claimed → sent | refused | failed (again at `next_at`) | unknown. Who is told is on disk as under way before any call
(`_begin`), and what became of them after it (`_end`). What a killed process leaves under way becomes unknown when its lease
is over, and is asked about (`reconcile`), never sent again by itself. One step an account at a time, the accounts side by side:
a carrier that is slow or dying holds up nobody else, and each person hears of an account in order.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from siyu.carriers import accounts
from siyu.carriers.accounts import Account
from siyu.carriers.calls import Calls
from siyu.carriers.lanes import Lanes
from siyu.carriers.rests import Rests
from siyu.foundation import faults
from siyu.foundation.clock import to_ms
from siyu.foundation.errors import SiyuError
from siyu.foundation.ids import new_id
from siyu.messaging import (
    bell,
    lease,
    outbox,
    pace,
    readying,
    rechecking,
    reconcile,
    sends,
    settling,
    staff_tasks,
    zones,
)
from siyu.messaging.carriers import registry
from siyu.messaging.carriers.port import Chunk, Content, Outcome, Sender, outcome_of
from siyu.messaging.outbox import ATTEMPTING, CANCELLED, FAILED, PLANNED, RELEASED, Dispatch
from siyu.messaging.saying import Say
from siyu.messaging.sends import Send
from siyu.messaging.settling import Step

IDLE_SECONDS = 1.0
SWEPT_EVERY = timedelta(seconds=5)
_log = logging.getLogger("siyu.messaging")


@dataclass
class _Held:
    """A dispatch that this process has claimed. `left`: its messages that were not tried yet, with their `place` in `content`."""

    dispatch: Dispatch
    send: Send
    account: Account
    sender: Sender
    left: pa.Table
    content: Content
    no_value: pa.Array = field(default_factory=lambda: pa.array([], pa.int64()))


@dataclass(frozen=True)
class _Ended:
    held: _Held
    step: Step
    outcome: Outcome


class Dispatcher:
    """One a process; several at once are harmless. `look` does what is due now and writes down what has ended."""

    def __init__(self, calls: Calls, say: Say, senders: dict[str, Sender] | None = None) -> None:
        self.stores = calls.stores
        self._calls = calls
        self._say = say
        self._senders = registry.SENDERS if senders is None else senders
        self._me = new_id("disp")
        self._lanes: Lanes[_Ended] = Lanes(Rests(calls.stores))
        self._held: dict[int, _Held] = {}
        self._unwritten: dict[int, _Ended] = {}
        self._swept_at: datetime | None = None
        self._taken_back: set[int] = set()
        self._bell = bell.listen(calls.stores.ledger)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="dispatching", daemon=True)

    def start(self, *, alone: bool) -> None:
        """`alone`: no other process sends from this ledger, so whatever is claimed was left by one that died."""
        if alone:
            with self.stores.ledger.begin() as tx:
                lease.expire(tx, self.stores.now(), everybodys=True)
        self._thread.start()

    def stop(self) -> None:
        """Calls under way are cut off by `Calls.stop`; until then what ends is written down."""
        self._stopping.set()
        self._bell.set()
        self._thread.join(timeout=10)

    def _keep(self) -> None:
        while not self._stopping.is_set():
            self._bell.clear()
            try:
                worked = self.look() > 0
            except Exception:
                _log.exception("dispatching stopped for a moment; it goes on with the next look")
                worked = False
                self._stopping.wait(IDLE_SECONDS)
            if not worked and not self._held:
                self._bell.wait(IDLE_SECONDS)

    @property
    def is_busy(self) -> bool:
        """Whether something is under way or still to be written down."""
        return bool(self._held or self._unwritten or self._lanes.count)

    def look(self) -> int:
        """Begin what is due on every account that is free, write down what has ended; returns how many steps began or ended."""
        done, now = self._write(), self.stores.now()
        if self._swept_at is None or abs(now - self._swept_at) >= SWEPT_EVERY:
            self._swept_at = now
            self._sweep(now)
        with self.stores.ledger.read() as tx:
            due = lease.due_accounts(tx, now) | self._held.keys()
            unknown = reconcile.due(tx, now)
            well = {one.id: one for one in accounts.list_accounts(tx) if one.status == "connected"} if due or unknown else {}
        for account in well.values():
            if not self._lanes.is_free(account) or account.id in self._unwritten:
                continue
            if (account.id in unknown and self._ask(account, unknown[account.id])) or (account.id in due and self._begin(account)):
                done += 1
        for account, ended in self._lanes.finished():
            self._unwritten[account.id] = ended
        return done + self._write()

    def _sweep(self, now: datetime) -> None:
        with self.stores.ledger.begin() as tx:
            for account_id, held in list(self._held.items()):
                if not lease.hold(tx, held.dispatch, now):
                    del self._held[account_id]
            lease.expire(tx, now)
            late = [number for number in staff_tasks.to_take_back(tx, now) if number not in self._taken_back]
        for number in late:
            # Tried again with a later look, where the carrier cannot be had now.
            self._taken_back.add(number)
            self._calls.soon(self._take_back(number))

    async def _take_back(self, number: int) -> None:
        try:
            await staff_tasks.take_back(self._calls, number)
        except SiyuError as error:
            _log.warning("the task of dispatch %s could not be taken back: %s", number, error.code)
        finally:
            self._taken_back.discard(number)

    def _begin(self, account: Account) -> bool:
        """Claim the next step of an account and call its carrier."""
        held = self._held.get(account.id) or self._take(account)
        begun = self._readied(held) if held is not None else None
        if held is None or begun is None:
            return False
        step, chunk, content = begun
        faults.reach("dispatch.claimed")
        self._lanes.begin(account, self._calls.soon(self._called(held, step, self._handed(held.sender, chunk, content))))
        return True

    def _take(self, account: Account) -> _Held | None:
        """Claim the next dispatch of an account, and render what its people are told. Content that cannot be had fails them, with the reason."""
        sender = self._senders.get(account.product)
        if sender is None:
            return None
        with self.stores.ledger.begin() as tx:
            dispatch = lease.take(tx, account.id, self._me, self.stores.now())
            if dispatch is None:
                return None
            send = sends.find(tx, dispatch.send_id)
            left = outbox.people_of(tx, dispatch.id)
        left = left.filter(pc.equal(left["status"], PLANNED))
        # Where they live is asked once for the whole dispatch, not at each of its steps.
        left = left.append_column("place", pa.array(range(left.num_rows), pa.int64())).append_column("zone", zones.of(self.stores, left["customer_id"].to_numpy()))
        held = _Held(dispatch, send, account, sender, left, Content([{}]))
        try:
            held.content, no_value = self._say(self.stores, send, dispatch, left)
        except SiyuError as error:
            self._give_up(held, FAILED, error.code)
            return None
        held.no_value = pa.array(sorted(no_value), pa.int64())
        self._held[account.id] = held
        return held

    def _readied(self, held: _Held) -> tuple[Step, Chunk, Content] | None:
        """Look at everything again and mark who is told as under way, in one transaction; None: nothing to call for."""
        size = held.sender.step(held.content)
        with self.stores.ledger.begin() as tx:
            now = self.stores.now()
            if not self._goes_on(tx, held, now):
                return None
            wanted = held.left.slice(0, size)
            count, next_at = pace.allowed(tx, held.send, wanted.num_rows, now, whole=size >= held.sender.chunk)
            if not count and wanted.num_rows:
                self._held.pop(held.account.id, None)
                lease.put_back(tx, held.dispatch, next_at=next_at, code="pace", untried=True)
                return None
            messages, held.left = wanted.slice(0, count), held.left.slice(count)
            lacking = pc.is_in(messages["customer_id"], held.no_value)
            if pc.any(lacking).as_py():
                outbox.mark(tx, messages.filter(lacking), RELEASED, now=now, code="no_value", was=(PLANNED,))
            told = readying.ready(self.stores, tx, held.dispatch, held.account, messages.filter(pc.invert(lacking)), now)
            if not told.num_rows:
                self._end_if_empty(tx, held, now)
                return None
            outbox.mark(tx, told, ATTEMPTING, now=now, was=(PLANNED,), tell=False)
            lease.hold(tx, held.dispatch, now, attempted_at=now)
        step = Step(replace(held.dispatch, attempted_at=now), told, held.left.num_rows)
        return step, chunk_of(held.dispatch, held.account, held.send, told, now), held.content.take(told["place"].to_pylist())

    def _give_up(self, held: _Held, status: int, code: str) -> None:
        """Nobody who is left of a dispatch is told, for this reason."""
        with self.stores.ledger.begin() as tx:
            if lease.is_held(tx, held.dispatch):
                now = self.stores.now()
                outbox.mark(tx, held.left, status, now=now, code=code[:32], was=(PLANNED,))
                held.left = held.left.slice(0, 0)
                self._end_if_empty(tx, held, now, code[:32])

    def _goes_on(self, tx: Connection, held: _Held, now: datetime) -> bool:
        """Whether the dispatch is still ours, its send still goes, and it is not too late."""
        if not lease.is_held(tx, held.dispatch):
            self._held.pop(held.account.id, None)
            return False
        send = sends.find(tx, held.send.id)
        if send.status == "ready" and now <= send.until_at:
            return True
        self._held.pop(held.account.id, None)
        if send.status == "cancelled" or now > send.until_at:
            status, code = (CANCELLED, send.status_code) if send.status == "cancelled" else (RELEASED, "stale")
            outbox.mark(tx, held.left, status, now=now, code=code, was=(PLANNED,))
            held.left = held.left.slice(0, 0)
            self._end_if_empty(tx, held, now)
        else:
            lease.put_back(tx, held.dispatch, next_at=now, code=send.status, untried=True)
        return False

    def _end_if_empty(self, tx: Connection, held: _Held, now: datetime, code: str | None = None) -> None:
        """A step came to nothing: the dispatch goes on with its rest, or is over."""
        if held.left.num_rows:
            return
        self._held.pop(held.account.id, None)
        if not lease.is_held(tx, held.dispatch):
            # All of them wait: it was put back.
            return
        counts = outbox.find_dispatch(tx, held.dispatch.id).counts
        status = "sent" if counts.get("sent") or counts.get("received") else "cancelled" if counts.get("cancelled") else "refused"
        outbox.settle(tx, held.dispatch.id, status, now=now, code=code)
        sends.close_finished(tx, [held.send.id])

    async def _handed(self, sender: Sender, chunk: Chunk, content: Content) -> Outcome:
        outcome = await sender.send(self._calls, chunk, content)
        faults.reach("dispatch.called")
        return outcome

    async def _called(self, held: _Held, step: Step, call: Coroutine[Any, Any, Outcome | None]) -> _Ended:
        """Whatever happens is an outcome: nothing is left undecided but what is truly not known."""
        try:
            outcome = await call or Outcome("unknown", "no_answer")
        except Exception as error:
            if not isinstance(error, SiyuError):
                _log.exception("dispatch %s broke off in its sender", step.dispatch.id)
            outcome = outcome_of(error)
        return _Ended(held, step, outcome)

    def _write(self) -> int:
        """Write down what has ended. What cannot be written (a full disk) stays here, and its account waits until it can."""
        done = 0
        for account_id, ended in list(self._unwritten.items()):
            goes_on = False
            try:
                with self.stores.ledger.begin() as tx:
                    mine = settling.settle(self.stores, tx, ended.step, ended.outcome, self.stores.now())
                    goes_on = mine and bool(ended.held.left.num_rows) and outbox.find_dispatch(tx, ended.step.dispatch.id).status == "claimed"
                    faults.reach("dispatch.settling")
            except OperationalError:
                raise
            except Exception:
                # Its lease runs out, and it is asked about as one that was never answered.
                _log.exception("what became of dispatch %s could not be written down", ended.step.dispatch.id)
                goes_on = False
            faults.reach("dispatch.settled")
            del self._unwritten[account_id]
            if not goes_on:
                self._held.pop(account_id, None)
            done += 1
        return done

    def _ask(self, account: Account, dispatch_id: int) -> bool:
        """Ask the carrier what became of an unknown dispatch; where a key tells nobody twice, by handing it over once more."""
        sender, now = self._senders.get(account.product), self.stores.now()
        if sender is None:
            return False
        with self.stores.ledger.begin() as tx:
            dispatch = lease.take_unknown(tx, dispatch_id, self._me, now)
            if dispatch is None:
                return False
            send = sends.find(tx, dispatch.send_id)
            messages = readying.with_addresses(self.stores, tx, account, reconcile.unknown_of(tx, dispatch))
            chunk = chunk_of(dispatch, account, send, messages, dispatch.attempted_at or now)
            repeats = sender.idempotent and send.status == "ready" and now - chunk.attempted_at < reconcile.KEYS_HOLD
            barred = rechecking.barred(self.stores, tx, dispatch, messages) if repeats else None
        content = self._say(self.stores, send, dispatch, messages)[0] if barred is not None else None
        held = _Held(dispatch, send, account, sender, messages.slice(0, 0), Content([{}]))
        asked = reconcile.asked(self._calls, sender, chunk, content, barred or [])
        self._lanes.begin(account, self._calls.soon(self._called(held, Step(dispatch, messages, 0), asked)))
        return True


def chunk_of(dispatch: Dispatch, account: Account, send: Send, messages: pa.Table, attempted_at: datetime) -> Chunk:
    people = messages.select(["customer_id", "identity_key", "route", "address"])
    return Chunk(dispatch.id, dispatch.fence, send.id, account, dispatch.staff, dispatch.variant, send.purpose, _key(dispatch), people, attempted_at)


def _key(dispatch: Dispatch) -> str:
    """With the moment at which it was made: a ledger that was restored from a backup gives its numbers once more."""
    return f"s{dispatch.id:x}-{to_ms(dispatch.created_at):x}"
