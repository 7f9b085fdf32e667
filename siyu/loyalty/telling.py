"""Telling 记事: what became of points and coupons, into the log: activities of people, which segments and journeys hear."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection

from siyu.events import log
from siyu.events.catalogue.loyalty import COUPONS_CHANGED, POINTS_CHANGED
from siyu.foundation.clock import to_ms
from siyu.foundation.ids import Ints, key64_numbers
from siyu.foundation.stores import Stores
from siyu.loyalty import balances
from siyu.loyalty._sets import People


def points(
    stores: Stores, tx: Connection, people: People, posting_id: int, kind: str, ids: Ints, amounts: Ints, *, reason: str, ref: str, marks: Ints | None = None
) -> None:  # fmt: skip
    """What an act changed for these people (below zero: what left them), and what they have now. `marks` tell parts of one act apart."""
    size = len(ids)
    if not size:
        return
    now_ms = to_ms(stores.now())
    have = balances.of(stores, tx, ids.tolist())
    columns = {
        "event_key": pa.array(key64_numbers(np.full(size, posting_id), ids if marks is None else marks).astype(np.int64)), "identity_key": people.keys_of(ids),
        "posting_id": [posting_id] * size, "kind": [kind] * size, "points": amounts, "balance": [have.get(one, 0) for one in ids.tolist()],
        "reason": [reason] * size, "ref": [ref] * size, "at_ms": [now_ms] * size,
    }  # fmt: skip
    log.append(tx, POINTS_CHANGED, POINTS_CHANGED.table(dict(columns)), now=stores.now())


def coupons(stores: Stores, tx: Connection, name: str, rows: list[dict[str, Any]]) -> None:
    """That codes were issued, redeemed, given back, ended or withdrawn: rows of code_id, mark, identity_key, coupon (a record), ref, value_fen, order_no."""
    if not rows:
        return
    now_ms, size = to_ms(stores.now()), len(rows)
    marks = [np.array([row[part] for row in rows], np.int64) for part in ("code_id", "mark")]
    kinds = np.full(size, ("coupon_issued", "coupon_redeemed", "coupon_reversed", "coupon_expired", "coupon_withdrawn").index(name))
    columns: dict[str, object] = {
        "event_key": pa.array(key64_numbers(*marks, kinds).astype(np.int64)), "name": [name] * size, "at_ms": [now_ms] * size,
        **{part: [row[part] for row in rows] for part in ("identity_key", "code_id", "ref", "value_fen", "order_no")},
        **{f"coupon_{part}": [getattr(row["coupon"], part) for row in rows] for part in ("id", "name", "kind")},
    }  # fmt: skip
    log.append(tx, COUPONS_CHANGED, COUPONS_CHANGED.table(columns), now=stores.now())
