"""App 组装: the only file that names every room. It opens the stores, lets events flow, and builds the server."""

from __future__ import annotations

import threading
from pathlib import Path

from siyu.customers.facts import FACTS as CUSTOMER_FACTS
from siyu.events import log, reactions
from siyu.foundation.database import open_ledger
from siyu.foundation.secrets import load_secrets
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.connect import open_warehouse
from siyu.foundation.warehouse.publish import publish
from siyu.identity.facts import IDENTITY_LINK
from siyu.identity.resolve import RESOLVE
from siyu.orders.facts import ORDERS_LINE, ORDERS_ORDER
from siyu.segments.facts import FACTS as SEGMENT_FACTS

FACTS = (IDENTITY_LINK, *CUSTOMER_FACTS, ORDERS_LINE, ORDERS_ORDER, *SEGMENT_FACTS)
REACTIONS = (RESOLVE,)
_flowing = threading.Lock()


def open_stores(settings: Settings) -> Stores:
    """Open (or make) the stores of the data folder."""
    Path(settings.home).mkdir(parents=True, exist_ok=True, mode=0o700)
    return Stores(settings, open_ledger(settings.ledger_url), open_warehouse(settings, FACTS), load_secrets(settings))


def flow(stores: Stores) -> int:
    """Let what has been appended run through: identities resolved, facts published. Returns the rows that came in."""
    with _flowing:
        for reaction in REACTIONS:
            reactions.advance(stores, reaction)
        with stores.ledger.read() as tx:
            resolved, head = reactions.position(tx, RESOLVE), log.head(tx)
        return publish(
            stores.warehouse,
            lambda after, through, events: log.read(stores.ledger, after, through, events),
            resolved_through=resolved,
            head=head,
        )
