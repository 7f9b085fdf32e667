"""Reading 读取详情: a new contact's name, how it was added, and who it is elsewhere (unionid), soon after it arrives."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

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
from siyu.connectors.wecom.customers import CustomerWithFollows
from siyu.events.recording import Senders, record_profiles
from siyu.foundation.clock import to_ms
from siyu.foundation.stores import Stores

TOGETHER = 100
AT_ONCE = 8
GENDERS = {1: "M", 2: "F"}
Read = tuple[Contact, CustomerWithFollows | None]
_log = logging.getLogger("siyu.carriers")


def read_new(calls: Calls) -> int:
    """Read the details of some contacts that nobody has read yet; returns how many were read."""
    stores = calls.stores
    done = 0
    with stores.ledger.read() as tx:
        waiting = [(account, contacts.unread(tx, account.id, TOGETHER)) for account in accounts.list_accounts(tx, ["wecom"]) if account.status == "connected"]
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
        rows = [{"b_id": c.id, "name": (d.customer.name or None) if d else None, "kind": d.customer.type if d else None, "read_at": now} for c, d in found]
        tx.execute(update(_tables.contact).where(_tables.contact.c.id == bindparam("b_id")), rows)
        present = [(contact, detail) for contact, detail in found if detail is not None]
        relations.take_in(stores, tx, [news for pair in present for news in _news(account, *pair)], found_by="reconcile")
        marks.take_in(stores, tx, account, dict(one for pair in present for one in _tags(*pair)), {c.id: c.identity_key for c, _ in present})
        _record(stores, tx, account, present)
    return len(found)


def _news(account: Account, contact: Contact, detail: CustomerWithFollows) -> list[News]:
    """Who holds the relation, since when and how, as the carrier's own record says."""
    return [
        News(account.id, contact.identity_key, Pair(contact.id, f.userid), (Change(to_ms(f.added_at), True, None, f.state or None, f.add_way),))
        for f in detail.follows
        if f.added_at is not None
    ]


def _tags(contact: Contact, detail: CustomerWithFollows) -> list[tuple[Pair, tuple[str, ...]]]:
    """The corp's tags on each relation; personal ones have no id."""
    return [(Pair(contact.id, f.userid), tuple(tag.tag_id for tag in f.tags if tag.tag_id)) for f in detail.follows]


def _record(stores: Stores, tx: Connection, account: Account, present: Sequence[tuple[Contact, CustomerWithFollows]]) -> None:
    if not present:
        return
    now_ms = to_ms(stores.now())
    customers = [detail.customer for _, detail in present]
    who = Senders({
        account.namespace: pa.array([contact.external_id for contact, _ in present]),
        "unionid": pa.array([customer.unionid or None for customer in customers], pa.string()),
    })  # fmt: skip
    traits = [{name: value for name, value in (("name", c.name), ("gender", GENDERS.get(c.gender))) if value} for c in customers]
    record_profiles(
        tx, stores.secrets, who, ids=pa.array([f"contact {contact.id} {now_ms}" for contact, _ in present]),
        at_ms=pa.array([now_ms] * len(present), pa.int64()), traits=traits, now=stores.now(), dedup_key=f"contacts {account.id} {present[0][0].id} {now_ms}",
    )  # fmt: skip


async def _asked(calls: Calls, account: Account, some: Sequence[Contact]) -> list[Read]:
    connector, places = calls.connector(account), asyncio.Semaphore(AT_ONCE)

    async def one(contact: Contact) -> Read | None:
        async with places:
            try:
                return contact, await connector.customers.get(contact.external_id)
            except Refused:
                return contact, None
            except CarrierError as error:
                _log.info("details of a contact are not to be had now: %s", error.vendor_code)
                return None

    with patient(30):
        answers = await asyncio.gather(*(one(contact) for contact in some))
    return [answer for answer in answers if answer is not None]
