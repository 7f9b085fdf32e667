"""Telling of claims 记事: that somebody has claimed an offer, into the log: an activity of theirs, and a touch of the offer's source."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import pyarrow as pa
from sqlalchemy import Connection

from siyu.acquisition import touches
from siyu.acquisition.offers import Offer
from siyu.events import log
from siyu.events.catalogue.customers import ACTIVITY_RECORDED
from siyu.foundation.clock import to_ms
from siyu.foundation.ids import Ints, key64_numbers
from siyu.foundation.stores import Stores

CLAIMED = "offer_claimed"


def told(stores: Stores, tx: Connection, offer: Offer, identity_keys: Sequence[int], tickets: Ints, prizes: Sequence[str], states: Sequence[str]) -> None:
    """Columns are parallel: one row a claim."""
    size, now_ms = len(tickets), to_ms(stores.now())
    keys = key64_numbers(np.full(size, offer.id), tickets).astype(np.int64)
    common = {"offer": offer.id, "offer_name": offer.name, "form": offer.form}
    properties = [
        msgspec.json.encode({**common, "result": state, **({"prize": prize} if prize else {})}).decode() for prize, state in zip(prizes, states, strict=True)
    ]
    columns: dict[str, object] = {"event_key": keys, "identity_key": list(identity_keys), "name": [CLAIMED] * size, "at_ms": [now_ms] * size, "properties": properties}
    log.append(tx, ACTIVITY_RECORDED, ACTIVITY_RECORDED.table(columns), now=stores.now())
    if offer.source_id is None:
        return
    touches.record(stores, tx, pa.table({
        "event_key": keys, "identity_key": pa.array(identity_keys, pa.int64()), "at_ms": np.full(size, now_ms), "step": pa.array(["claim"] * size),
        "source_id": np.full(size, offer.source_id), "offer_id": np.full(size, offer.id),
    }))  # fmt: skip
