"""River 数据流: what was appended runs through: identities are resolved, then facts published."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from siyu.acquisition.arrivals import FROM_PROFILES, FROM_RELATIONS
from siyu.acquisition.code_tasks import CAME
from siyu.acquisition.following import FOLLOW_CODES
from siyu.acquisition.offer_links import VARIABLES as OFFER_VARIABLES
from siyu.acquisition.offer_moves import MOVES as OFFER_MOVES
from siyu.carriers.tasks import FOLLOW_UP
from siyu.content import variables
from siyu.content.moves import MOVES as CONTENT_MOVES
from siyu.customers.carrier_tags import FROM_CARRIER, TO_CARRIER
from siyu.customers.moves import MOVES as CUSTOMER_MOVES
from siyu.customers.statements import STATEMENTS
from siyu.events import log, reactions
from siyu.events.reactions import Reaction
from siyu.foundation.brand import EPOCH_CURSOR, data_epoch
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.connect import CURSORS
from siyu.foundation.warehouse.publish import publish
from siyu.identity.moves import declare
from siyu.identity.resolve import RESOLVE
from siyu.journeys.calls import ANSWERS
from siyu.journeys.listening import LISTEN
from siyu.journeys.moves import MOVES as JOURNEY_MOVES
from siyu.loyalty.moves import MOVES as LOYALTY_MOVES
from siyu.loyalty.variables import VARIABLES as LOYALTY_VARIABLES
from siyu.messaging.cooldowns import COOL_DOWNS
from siyu.messaging.holdouts import NEWCOMERS
from siyu.messaging.moves import MOVES as MESSAGING_MOVES
from siyu.messaging.receipts import RECEIPTS
from siyu.messaging.results import RESULTS
from siyu.orders.shop_tasks import TAKE_IN
from siyu.referral.arriving import ARRIVING
from siyu.referral.moves import MOVES as REFERRAL_MOVES
from siyu.referral.variables import VARIABLES as REFERRAL_VARIABLES
from siyu.segments.moves import MOVES as SEGMENT_MOVES
from siyu.surveys.moves import MOVES as SURVEY_MOVES
from siyu.surveys.variables import VARIABLES as SURVEY_VARIABLES

REACTIONS: tuple[Reaction, ...] = (TAKE_IN, RESOLVE, STATEMENTS, FOLLOW_UP, FROM_CARRIER, TO_CARRIER, FROM_RELATIONS, FROM_PROFILES, RESULTS, RECEIPTS, COOL_DOWNS, NEWCOMERS, FOLLOW_CODES, ARRIVING, LISTEN, ANSWERS, CAME)
MOVES = (*CUSTOMER_MOVES, *SEGMENT_MOVES, *CONTENT_MOVES, *LOYALTY_MOVES, *SURVEY_MOVES, *MESSAGING_MOVES, *OFFER_MOVES, *REFERRAL_MOVES, *JOURNEY_MOVES)
"""Rows of the ledger that each room keeps by customer, and what becomes of them when customers are merged."""
declare(MOVES)
for source in (LOYALTY_VARIABLES, SURVEY_VARIABLES, OFFER_VARIABLES, REFERRAL_VARIABLES):
    variables.declare(source)
_flowing = threading.Lock()
_EPOCH = CURSORS.table.filter(CURSORS.table.fact == EPOCH_CURSOR)


def flow(stores: Stores) -> int:
    """Bring reactions and facts up to the end of the log; returns the rows that came in. Safe to call at any time."""
    with _flowing:
        _follow_epoch(stores)
        reactions.advance_all(stores, REACTIONS)
        with stores.ledger.read() as tx:
            resolved, head = reactions.position(tx, RESOLVE), log.head(tx)
        return publish(
            stores.warehouse,
            lambda after, through, events: log.read(stores.ledger, after, through, events),
            resolved_through=resolved,
            head=head,
        )


@contextmanager
def resting() -> Iterator[None]:
    """Nothing flows within the block: what is taken out of the warehouse is not brought back by a flow that read the log before."""
    with _flowing:
        yield


def _follow_epoch(stores: Stores) -> None:
    """Empty the warehouse if the ledger's data was put away since it was filled."""
    with stores.ledger.read() as tx:
        wanted = data_epoch(tx)
    with stores.warehouse.read() as session:
        rows = session.query(_EPOCH)
    if (rows["position"][0].as_py() if rows.num_rows else 0) == wanted:
        return
    with stores.warehouse.engine.write() as session:
        for fact in stores.warehouse.facts:
            session.clear(fact)
        # Positions go; by which definitions facts are derived stays true (see `refill`).
        names = pa.table({"fact": [*(fact.name for fact in stores.warehouse.facts), EPOCH_CURSOR]})
        session.delete(CURSORS, session.keep("_positions", names), CURSORS.key)
        session.insert(CURSORS, session.keep("_epoch", pa.table({"fact": [EPOCH_CURSOR], "position": [wanted]}, CURSORS.arrow)))
