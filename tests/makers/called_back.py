"""What carriers tell, through the inbox to whoever reacts to it."""

from __future__ import annotations

from siyu.carriers import inbox
from siyu.carriers.accounts import Account
from siyu.carriers.inbound import take_in
from siyu.connectors.happenings import Happening
from siyu.foundation.ids import key64
from siyu.foundation.stores import Stores
from siyu.river import flow


def tell(stores: Stores, account: Account, *happenings: Happening) -> None:
    """One callback with these happenings, taken in to the end of the river."""
    arrival = inbox.Arrival(account, key64("test", *(one.key for one in happenings)), happenings, b"", stores.now())
    inbox.store(stores, [arrival], lambda tx, arrivals: lambda: None)
    take_in(stores)
    flow(stores)
