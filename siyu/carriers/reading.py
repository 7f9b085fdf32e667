"""Reading 读取详情: a new contact's name, how it was added, and who it is elsewhere (unionid), soon after it arrives."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
from sqlalchemy import Connection, bindparam, update

from siyu.carriers import _tables, accounts, contacts, marks, relations
from siyu.carriers._limits import patient
from siyu.carriers.accounts import Account
from siyu.carriers.calls import Calls
from siyu.carriers.contacts import Contact
from siyu.carriers.relations import News, Pair
from siyu.carriers.spells import Change
from siyu.connectors.errors import CarrierError, Refused
from siyu.connectors.official_account.connector import OfficialAccount
from siyu.connectors.official_account.followers import Follower
from siyu.connectors.wecom.connector import WeCom
from siyu.connectors.wecom.customers import CustomerWithFollows
from siyu.events.recording import Senders, record_profiles
from siyu.foundation.clock import to_ms
from siyu.foundation.stores import Stores

TOGETHER = 100
AT_ONCE = 8
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


Read = tuple[Contact, Details | None]


def read_new(calls: Calls) -> int:
    """Read the details of some contacts that nobody has read yet; returns how many were read."""
    stores, done = calls.stores, 0
    with stores.ledger.read() as tx:
        waiting = [(account, contacts.unread(tx, account.id, TOGETHER)) for account in accounts.list_accounts(tx, PRODUCTS) if account.status == "connected"]
    for account, some in waiting:
        if some:
            done += take_in(stores, account, calls.run(_asked(calls, account, some)))
    return done


def take_in(stores: Stores, account: Account, found: Sequence[Read]) -> int:
    """Write down details of contacts of one account; `found` pairs each with what the carrier told (None: it is gone)."""
    now = stores.now()
    if not found:
        return 0
    with stores.ledger.begin() as tx:
        rows = [{"b_id": c.id, "name": d.name if d else None, "kind": d.kind if d else None, "read_at": now} for c, d in found]
        tx.execute(update(_tables.contact).where(_tables.contact.c.id == bindparam("b_id")), rows)
        present = [(contact, details) for contact, details in found if details is not None]
        news = [News(account.id, c.identity_key, Pair(c.id, held.staff), (held.began,)) for c, d in present for held in d.held]
        relations.take_in(stores, tx, news, found_by="reconcile")
        tags = {Pair(c.id, held.staff): held.tags for c, d in present for held in d.held}
        marks.take_in(stores, tx, account, tags, {c.id: c.identity_key for c, _ in present})
        _record(stores, tx, account, present)
    return len(found)


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


async def _asked(calls: Calls, account: Account, some: Sequence[Contact]) -> list[Read]:
    """What the carrier knows of them; those it cannot tell of just now are left out."""
    connector = calls.connector(account)
    with patient(30):
        if account.product == "official_account":
            return await _followers(connector, some)
        places = asyncio.Semaphore(AT_ONCE)
        answers = await asyncio.gather(*(_customer(connector, places, contact) for contact in some))
    return [answer for answer in answers if answer is not None]


async def _followers(connector: OfficialAccount, some: Sequence[Contact]) -> list[Read]:
    try:
        found = await connector.followers.get_many([contact.external_id for contact in some])
    except CarrierError as error:
        _log.info("details of followers are not to be had now: %s", error.vendor_code)
        return []
    told = {follower.openid: follower for follower in found}
    return [(contact, _of_follower(told.get(contact.external_id))) for contact in some]


def _of_follower(follower: Follower | None) -> Details | None:
    if follower is None or not follower.follows:
        return None
    held = (Held("", Change(to_ms(follower.followed_at), True, None, follower.scene or None)),) if follower.followed_at else ()
    return Details(None, None, follower.unionid or None, None, held)


async def _customer(connector: WeCom, places: asyncio.Semaphore, contact: Contact) -> Read | None:
    async with places:
        try:
            return contact, _of_customer(await connector.customers.get(contact.external_id))
        except Refused:
            return contact, None
        except CarrierError as error:
            _log.info("details of a contact are not to be had now: %s", error.vendor_code)
            return None


def _of_customer(found: CustomerWithFollows) -> Details:
    customer = found.customer
    held = tuple(
        # Personal tags have no id.
        Held(f.userid, Change(to_ms(f.added_at), True, None, f.state or None, f.add_way), tuple(tag.tag_id for tag in f.tags if tag.tag_id))
        for f in found.follows
        if f.added_at is not None
    )
    return Details(customer.name or None, GENDERS.get(customer.gender), customer.unionid or None, customer.type, held)
