"""Following 跟进: what became of the codes that offers gave: used, given back, ended or withdrawn; and so what is committed and what is spent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow.compute as pc
from sqlalchemy import Connection, bindparam, func, select, update

from siyu.acquisition import _offer_tables
from siyu.events.catalogue.loyalty import COUPONS_CHANGED
from siyu.events.reactions import Reaction
from siyu.foundation.database import among
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.facts import Batch

STATE_OF = {"coupon_redeemed": "used", "coupon_reversed": "given", "coupon_expired": "ended", "coupon_withdrawn": "void"}
_t, _o = _offer_tables.claim, _offer_tables.offer


def follow(stores: Stores, tx: Connection, batches: Sequence[Batch]) -> None:
    """The last that was heard of each code decides."""
    last: dict[int, dict[str, Any]] = {}
    for batch in batches:
        rows = batch.rows.select(["code_id", "name", "value_fen"])
        last |= {row["code_id"]: row for row in rows.filter(pc.not_equal(rows["name"], "coupon_issued")).to_pylist()}
    ours = set(tx.scalars(select(_t.c.code_id).where(among(tx, _t.c.code_id, list(last))))) if last else set()
    changed = {code: row for code, row in last.items() if code in ours}
    if not changed:
        return
    touched = [int(one) for one in tx.scalars(select(_t.c.offer_id).where(among(tx, _t.c.code_id, list(changed))).distinct())]
    # The offer's row first: who claims holds it too.
    tx.execute(select(_o.c.id).where(among(tx, _o.c.id, touched)).order_by(_o.c.id).with_for_update()).all()
    before = _sums(tx, list(changed))
    mine = update(_t).where(_t.c.code_id == bindparam("code"))
    tx.execute(mine.values(state=bindparam("now"), spent_fen=bindparam("spent")), [
        {"code": code, "now": STATE_OF[row["name"]], "spent": row["value_fen"] or 0 if row["name"] == "coupon_redeemed" else 0} for code, row in changed.items()
    ])  # fmt: skip
    after = _sums(tx, list(changed))
    for offer_id in touched:
        committed, spent = (after[offer_id][side] - before[offer_id][side] for side in (0, 1))
        tx.execute(update(_o).where(_o.c.id == offer_id).values(committed_fen=_o.c.committed_fen + committed, redeemed_fen=_o.c.redeemed_fen + spent))


def _sums(tx: Connection, code_ids: list[int]) -> dict[int, tuple[int, int]]:
    """Offer → (what these codes can still cost, what they took off)."""
    open_fen = func.coalesce(func.sum(_t.c.cost_fen).filter(_t.c.state == "given"), 0)
    query = select(_t.c.offer_id, open_fen, func.coalesce(func.sum(_t.c.spent_fen), 0)).where(among(tx, _t.c.code_id, code_ids)).group_by(_t.c.offer_id)
    return {int(offer): (int(committed), int(spent)) for offer, committed, spent in tx.execute(query)}


FOLLOW_CODES = Reaction("offers follow their codes", (COUPONS_CHANGED.name,), follow)
