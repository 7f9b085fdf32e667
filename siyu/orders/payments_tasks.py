"""Task of payments: take a statement in, and propose orders for every payment that has none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa

from siyu.foundation.clock import to_ms
from siyu.foundation.jobs import JobKind, Running
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.orders import payments_ledger, uploads
from siyu.orders.payments import match_payments
from siyu.orders.payments_file import read_statement

PAYMENTS = "orders.payments"
Names = Callable[[Stores], pa.Table]


def payments_kind(names: Names) -> JobKind:
    """The kind of job that imports a statement; `names` tells the buyers' names (customer_id, name)."""

    def run(running: Running) -> dict[str, Any]:
        stores, file_id = running.stores, running.arguments["file_id"]
        with stores.ledger.read() as tx:
            mine = payments_ledger.find_file(tx, file_id)
            if mine.ended_at is not None:
                return dict(mine.counts)
            upload = uploads.find_upload(stores, tx, mine.upload_id)
        running.progress(0, 3, Text("正在读流水", "reading the statement"))
        found = read_statement(upload, mine.source, mine.mapping, stores.calendar.zone, to_ms(stores.now()))
        with running.begin() as tx:
            new = payments_ledger.keep_payments(stores, tx, file_id, mine.source, found.payments)
        running.progress(1, 3, Text("正在对账", "matching orders"))
        proposed = propose(running, names)
        counts = {
            "row_count": found.row_count, "payment_count": found.payments.num_rows, "new_count": new, "match_count": proposed,
            "reasons": {code: count for code, count in found.reasons.items() if count},
        }  # fmt: skip
        with running.begin() as tx:
            payments_ledger.end_file(tx, file_id, counts, stores.now())
        uploads.discard(upload)
        return counts

    return JobKind(PAYMENTS, Text("导入收款并对账", "Import payments and match orders"), run, link=lambda _: "/imports")


def propose(running: Running, names: Names) -> int:
    """Match every payment that has no order anew; returns how many have a proposal."""
    stores = running.stores
    known = names(stores)
    with stores.ledger.read() as tx:
        payments = payments_ledger.open_payments(stores, tx)
        if not payments.num_rows:
            return 0
        orders = payments_ledger.open_orders(stores, tx, payments, known)
    if min(payments.num_rows, orders.num_rows) < payments_ledger.FEWEST:
        matched = payments_ledger.by_reference(orders, payments)
    else:
        matched = match_payments(orders, payments).pairs
    with running.begin() as tx:
        return payments_ledger.keep_matches(tx, matched, orders)
