"""Reading 读取详情: a new contact's name, how it was added, and who it is elsewhere (unionid), soon after it arrives."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, bindparam, update

from siyu.carriers import _tables, accounts, contacts, marks, relations
from siyu.carriers._limits import patient
from siyu.carriers.accounts import Account
from siyu.carriers.calls import Calls
from siyu.carriers.contacts import Contact
from siyu.carriers.lanes import Lanes
from siyu.carriers.relations import News, Pair
from siyu.carriers.rests import Rests
from siyu.carriers.spells import Change
from siyu.connectors.errors import CarrierError, Refused
from siyu.connectors.official_account.connector import OfficialAccount
from siyu.connectors.official_account.followers import Follower
from siyu.connectors.wecom.customers import CustomerWithFollows
from siyu.events.recording import Senders, record_profiles
from siyu.foundation.clock import to_ms
from siyu.foundation.stores import Stores

TOGETHER = 100
AT_ONCE = 8
LONG_SECONDS = 30.0
GENDERS = {1: "M", 2: "F"}
PRODUCTS = ("wecom", "official_account")
_log = logging.getLogger("siyu.carriers")


@dataclass(frozen=True)
class Held:
    """Who holds the relation (staff; '' for the account itself), how it began, and the carrier's tags on it."""

    staff: str
    began: Change
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Details:
    """What a carrier knows of a contact. `kind` is its own number (WeCom: 1 a person on WeChat, 2 on WeCom)."""

    name: str | None
    gender: str | None
    unionid: str | None
    kind: int | None
    held: tuple[Held, ...]


Asked = dict[str, Details | None]
"""By the carrier's id of the contact; None: it is gone. One that could not be asked for is not in it."""


class Reader:
    """Reads the details of contacts that nobody has read yet, for all accounts side by side."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._lanes: Lanes[Asked] = Lanes(calls.rests)

    def read_on(self) -> int:
        """Begin where there is something to read, and write down what has come; returns how many that were."""
        stores, done = self._calls.stores, 0
        with stores.ledger.read() as tx:
            ready = [account for account in accounts.list_accounts(tx, PRODUCTS) if account.status == "connected" and self._lanes.is_free(account)]
            waiting = [(account, contacts.unread(tx, account.id, TOGETHER)) for account in ready]
        for account, some in waiting:
            if some:
                # In any order, so that some who cannot be read never stand before all others.
                names = random.sample([contact.external_id for contact in some], len(some))
                self._lanes.begin(account, self._calls.soon(_asked(self._calls, account, names, LONG_SECONDS, self._calls.rests)))
        for account, found in self._lanes.finished():
            with stores.ledger.begin() as tx:
                write(stores, tx, account, found)
            done += len(found)
        return done


def ask(calls: Calls, wanted: Sequence[tuple[Account, Sequence[str]]], seconds: float) -> list[tuple[Account, Asked]]:
    """What the carriers know of these contacts, as far as they tell in so many seconds. One that did not answer lately is not asked."""
    ready = [(account, names) for account, names in wanted if names and account.product in PRODUCTS and account.status == "connected"]
    asked = [
        (account, calls.soon(_asked(calls, account, names, seconds, calls.brief_rests)))
        for account, names in ready
        if not calls.brief_rests.is_resting(account.id, account.version)
    ]
    found = []
    for account, future in asked:
        try:
            found.append((account, future.result()))
        except Exception:
            calls.brief_rests.begin(account.id, account.version)
            _log.exception("account %s could not be asked about newcomers", account.id)
    return found


def write(stores: Stores, tx: Connection, account: Account, found: Asked) -> None:
    """Write down details of contacts of one account: who they are, who holds the relation, which tags lie on it."""
    now = stores.now()
    known = contacts.known(stores, tx, account, list(found), now)
    rows = [{"b_id": known[name].id, "name": d.name if d else None, "kind": d.kind if d else None, "read_at": now} for name, d in found.items()]
    if not rows:
        return
    tx.execute(update(_tables.contact).where(_tables.contact.c.id == bindparam("b_id")), rows)
    present = [(known[name], details) for name, details in found.items() if details is not None]
    news = [News(account.id, c.identity_key, Pair(c.id, held.staff), (held.began,)) for c, d in present for held in d.held]
    relations.take_in(stores, tx, news, found_by="reconcile")
    tags = {Pair(c.id, held.staff): held.tags for c, d in present for held in d.held}
    marks.take_in(stores, tx, account, tags, {c.id: c.identity_key for c, _ in present})
    _record(stores, tx, account, present)


def _record(stores: Stores, tx: Connection, account: Account, present: Sequence[tuple[Contact, Details]]) -> None:
    if not present:
        return
    now_ms = to_ms(stores.now())
    who = Senders({
        account.namespace: pa.array([contact.external_id for contact, _ in present]),
        "unionid": pa.array([details.unionid for _, details in present], pa.string()),
    })  # fmt: skip
    traits = [{name: value for name, value in (("name", d.name), ("gender", d.gender)) if value} for _, d in present]
    record_profiles(
        tx, stores.secrets, who, ids=pa.array([f"contact {contact.id} {now_ms}" for contact, _ in present]),
        at_ms=pa.array([now_ms] * len(present), pa.int64()), traits=traits, now=stores.now(), dedup_key=f"contacts {account.id} {present[0][0].id} {now_ms}",
    )  # fmt: skip


async def _asked(calls: Calls, account: Account, external_ids: Sequence[str], seconds: float, rests: Rests) -> Asked:
    """What is told within so many seconds. When nothing is, the account rests."""
    asked = _Round(calls.connector(account))
    try:
        with patient(seconds):
            async with asyncio.timeout(seconds):
                if account.product == "official_account":
                    await _followers(asked.connector, external_ids, asked.found)
                else:
                    await asyncio.gather(*(asked.customer(name) for name in external_ids))
    except (CarrierError, TimeoutError) as error:
        asked.error = error
    if asked.error is not None:
        _log.info("details of contacts are not to be had now: %s", getattr(asked.error, "vendor_code", "slow"))
    if asked.error is not None and not asked.found:
        rests.begin(account.id, account.version, asked.error)
    else:
        rests.end(account.id)
    return asked.found


async def _followers(connector: OfficialAccount, openids: Sequence[str], found: Asked) -> None:
    for start in range(0, len(openids), TOGETHER):
        some = openids[start : start + TOGETHER]
        told = {follower.openid: follower for follower in await connector.followers.get_many(some)}
        found.update({openid: _of_follower(told.get(openid)) for openid in some})


def _of_follower(follower: Follower | None) -> Details | None:
    if follower is None or not follower.follows:
        return None
    held = (Held("", Change(to_ms(follower.followed_at), True, None, follower.scene or None)),) if follower.followed_at else ()
    return Details(None, None, follower.unionid or None, None, held)


class _Round:
    """Customers of one corp, a few at a time. When the first are not to be had, or many, the rest are not asked for."""

    def __init__(self, connector: Any) -> None:
        self.connector = connector
        self.found: Asked = {}
        self.error: CarrierError | TimeoutError | None = None
        self._failed_count = 0
        self._places = asyncio.Semaphore(AT_ONCE)

    async def customer(self, external_id: str) -> None:
        async with self._places:
            if self._failed_count >= (AT_ONCE if self.found else 1):
                return
            try:
                self.found[external_id] = _of_customer(await self.connector.customers.get(external_id))
            except Refused:
                self.found[external_id] = None
            except CarrierError as error:
                self._failed_count, self.error = self._failed_count + 1, error


def _of_customer(found: CustomerWithFollows) -> Details:
    customer = found.customer
    held = tuple(
        # Personal tags have no id.
        Held(f.userid, Change(to_ms(f.added_at), True, None, f.state or None, f.add_way), tuple(tag.tag_id for tag in f.tags if tag.tag_id))
        for f in found.follows
        if f.added_at is not None
    )
    return Details(customer.name or None, GENDERS.get(customer.gender), customer.unionid or None, customer.type, held)
