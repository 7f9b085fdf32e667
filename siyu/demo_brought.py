"""Brought 带来的: what the sample brand did with its sources after its past is known: offers, referral, trials, and the advice it took."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pyarrow as pa
from sqlalchemy import Connection

from siyu import demo_acquisition, demo_judged, demo_offers, demo_referral, demo_visits
from siyu.foundation.stores import Stores

ARTICLE = "N101"
"""The article that newcomers are given."""
Begin = Callable[[], AbstractContextManager[Connection]]


def load(stores: Stores, begin: Begin, folder: Path, customers: pa.Table, namespace: str, piece_ids: dict[str, int], flow: Callable[[Stores], int]) -> None:
    """Everything in turn; each part leaves alone what is there."""
    with begin() as tx:
        tops = demo_acquisition.tops(tx, folder)
        demo_referral.load(stores, tx, customers, namespace)
    demo_visits.opened(stores)
    demo_offers.load(stores, customers, namespace, tops, piece_ids.get(ARTICLE))
    flow(stores)
    demo_referral.settle(stores)
    flow(stores)
    demo_judged.load(stores, customers, tops)
