"""The inbox: what cannot be taken as it is meant is still on disk before it is answered, and harms nothing beside it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from sqlalchemy import select

from siyu.carriers import welcome
from siyu.carriers.accounts import Account
from siyu.carriers.inbox import Arrival
from siyu.carriers.running import Carriers
from siyu.connectors.happenings import Happening
from siyu.foundation.database import metadata
from siyu.foundation.stores import Stores
from tests.makers.carriers import wecom_account

AT = datetime(2026, 1, 1, 11, 59, tzinfo=UTC)


def arrival(account: Account, key: str, staff: str) -> Arrival:
    told = Happening("contact_added", AT, f"wm{key}", staff, {"welcome_code": f"code {key}"}, key)
    return Arrival.of(account, [told], b"<xml/>", AT)


def test_one_strange_callback_is_kept_and_the_others_are_taken_as_ever(any_stores: Stores) -> None:
    account = wecom_account(any_stores)
    with any_stores.ledger.begin() as tx:
        welcome.save_welcome(
            tx, account, number=None, name="all", states=[], staff=[], content={"text": "hi"}, active=True, check=lambda _: None, now=any_stores.now(), by="t"
        )
    carriers = Carriers(any_stores)
    carriers.calls.start()
    carriers.inbox.start()

    async def told() -> None:
        # Longer than any carrier's name of its staff; PostgreSQL refuses it in the greeting's row.
        news = [arrival(account, "1", "lin"), arrival(account, "2", "x" * 300), arrival(account, "3", "chen")]
        await asyncio.gather(*(carriers.inbox.put(one) for one in news))

    try:
        asyncio.run(told())
    finally:
        carriers.inbox.stop()
        carriers.calls.stop()
    inbox, dispatch = metadata.tables["carriers_inbox"], metadata.tables["carriers_welcome_dispatch"]
    with any_stores.ledger.read() as tx:
        assert len(tx.execute(select(inbox.c.position)).all()) == 3
        assert set(tx.scalars(select(dispatch.c.external_id))) >= {"wm1", "wm3"}
