"""Routing 分流: keeps every live code leading to whom its plan says, by changing the staff of its way at the carrier.

What is to be is decided here from sets (additions of today in one read an account) and compared with what the carrier has; only codes
that differ are called about, a few at once, within the carrier's rates. Before a call `asked` is written down: after a kill, or an
answer that never came, nobody knows what the carrier has, so it is told again (to say it twice is the same). The way itself is only
ever changed, so its config_id stays.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, or_, select, update

from siyu.acquisition import _code_tables, code_plans, codes
from siyu.acquisition.code_plans import Moment, Route
from siyu.acquisition.codes import Code
from siyu.carriers import accounts, begun, contact_ways
from siyu.carriers.accounts import Account
from siyu.carriers.calls import Calls
from siyu.carriers.contact_ways import Way
from siyu.connectors.errors import CarrierError, Throttled, Unavailable
from siyu.foundation.errors import ConflictError, InvalidError
from siyu.foundation.stores import Stores

Outcome = Literal["changed", "unanswered", "later", "refused"]
SURE_AFTER = timedelta(minutes=2)
"""A call has ended by then, or the process that made it."""
AGAIN_AFTER = timedelta(minutes=10)
"""What the carrier refused is asked for again after so long, or when the code is changed."""
AT_ONCE, ROUND = 5, 500
PATIENCE_SECONDS = 30.0
_t = _code_tables.code


@dataclass(frozen=True)
class Looked:
    """Codes that were looked at, and of those that had to change: done, to be tried again, refused by the carrier."""

    code_count: int
    changed_count: int
    later_count: int
    refused_count: int


@dataclass(frozen=True)
class Picture:
    """How the codes of an account stand now: additions of today by (code state, staff) and by staff, and their ways."""

    account: Account
    by_code: Mapping[str, Mapping[str, int]]
    all_day: Mapping[str, int]
    ways: Mapping[int, Way]

    def moment(self, tx: Connection, code: Code, local: datetime) -> Moment:
        on = self.ways[code.way_id].staff if code.way_id is not None else []
        return Moment(local, self.by_code.get(code.state, {}), self.all_day, codes.working(tx, self.account.id, code.plan), on)


@dataclass(frozen=True)
class _Due:
    account: Account
    code: Code
    way: Way
    staff: tuple[str, ...]


def picture(stores: Stores, tx: Connection, account: Account) -> Picture:
    """What is known of an account's additions since midnight in the brand's zone."""
    counts = begun.since(tx, account.id, stores.calendar.midnight(stores.calendar.on(stores.now())))
    by_code: dict[str, dict[str, int]] = defaultdict(dict)
    all_day: dict[str, int] = defaultdict(int)
    for (state, staff), count in counts.items():
        by_code[state][staff] = count
        all_day[staff] += count
    return Picture(account, by_code, all_day, {way.id: way for way in contact_ways.list_ways(tx, account.id)})


def routes(stores: Stores, tx: Connection, seen: Picture, found: Sequence[Code]) -> dict[int, Route]:
    """Code → who is to receive now, and why the others do not."""
    local = stores.now().astimezone(stores.calendar.zone)
    return {code.id: code_plans.decide(code.plan, seen.moment(tx, code, local)) for code in found if code.kind == "staff"}


def route(calls: Calls, only: Sequence[int] | None = None) -> Looked:
    """Bring all codes (or some) into line. An idle round is three small reads an account and calls nobody."""
    stores = calls.stores
    with stores.ledger.read() as tx:
        open_codes = [code for code in codes.listed(tx, status="open") if code.kind == "staff" and (only is None or code.id in only)]
        due = _due(stores, tx, open_codes)
    claimed = [one for one in due[:ROUND] if _claim(stores, one)]
    outcomes = calls.run(_ask_all(calls, claimed)) if claimed else []
    count = outcomes.count
    return Looked(len(open_codes), count("changed"), count("later") + count("unanswered"), count("refused"))


def _due(stores: Stores, tx: Connection, open_codes: Sequence[Code]) -> list[_Due]:
    now, mine = stores.now(), {code.account_id for code in open_codes}
    found: list[_Due] = []
    for account in accounts.list_accounts(tx, ["wecom"]):
        if account.id not in mine or account.status != "connected":
            continue
        seen = picture(stores, tx, account)
        own = [code for code in open_codes if code.account_id == account.id]
        wanted = routes(stores, tx, seen, own)
        for code in own:
            way = seen.ways.get(code.way_id or 0)
            staff = wanted[code.id].staff
            rests = code.retry_at is not None and code.retry_at > now
            if way is None or way.status != "open" or not staff or rests or (code.asked is None and set(staff) == set(way.staff)):
                continue
            if code.asked is None or code.asked_at is None or code.asked_at <= now - SURE_AFTER:
                found.append(_Due(account, code, way, staff))
    return found


def _claim(stores: Stores, one: _Due) -> bool:
    """Whoever writes down that it is asked makes the call; two rounds at once never speak about one code."""
    now = stores.now()
    free = or_(_t.c.asked.is_(None), _t.c.asked_at <= now - SURE_AFTER)
    with stores.ledger.begin() as tx:
        mine = update(_t).where(_t.c.id == one.code.id, _t.c.status == "open", _t.c.edit == one.code.edit, free)
        return tx.execute(mine.values(asked=list(one.staff), asked_at=now)).rowcount == 1


async def _ask_all(calls: Calls, claimed: Sequence[_Due]) -> list[Outcome]:
    places = asyncio.Semaphore(AT_ONCE)

    async def one(due: _Due) -> Outcome:
        async with places:
            return await _ask(calls, due)

    with calls.patient(PATIENCE_SECONDS):
        return list(await asyncio.gather(*(one(due) for due in claimed)))


async def _ask(calls: Calls, due: _Due) -> Outcome:
    stores = calls.stores
    try:
        await contact_ways.change(calls, due.account, due.way, {"staff": list(due.staff)})
    except Unavailable as error:
        if error.reached is None:
            # It may have been done: `asked` stays, so that it is told again whatever is wanted by then.
            return "unanswered"
        _settle(stores, due.code, asked=None, asked_at=None)
        return "later"
    except (Throttled, ConflictError):
        _settle(stores, due.code, asked=None, asked_at=None)
        return "later"
    except (CarrierError, InvalidError) as error:
        code = error.vendor_code if isinstance(error, CarrierError) else error.code
        _settle(stores, due.code, asked=None, asked_at=None, route_code=code, retry_at=stores.now() + AGAIN_AFTER)
        return "refused"
    _settle(stores, due.code, asked=None, asked_at=None, route_code=None, retry_at=None, routed_at=stores.now())
    return "changed"


def _settle(stores: Stores, code: Code, **values: Any) -> None:
    with stores.ledger.begin() as tx:
        tx.execute(update(_t).where(_t.c.id == code.id).values(values))


def unanswered(tx: Connection) -> list[int]:
    """Codes of which nobody knows yet what the carrier has."""
    return list(tx.scalars(select(_t.c.id).where(_t.c.asked.is_not(None), _t.c.status == "open")))
