"""Orders matched to payments without labels, on 45,326 true pairs whose memos, dates and amounts were distorted.

    python bench/payments.py

Peers, computed in the same run: the same amount and 0 to 3 days later; the same amount and 3 days before to 10 days later. CPU seconds
are those of the whole process. The rows are put in an order of their own, so that their places tell nothing.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from siyu.foundation.ids import key64_rows
from siyu.orders.payments import match_payments


def load(folder: Path, side: str) -> tuple[pa.Table, pa.Array]:
    """(rows as `match_payments` takes them, the truth)."""
    rows = pq.read_table(folder / f"splink_transactions_{side}.parquet")
    fen = pa.array(np.round(rows["amount"].to_numpy() * 100).astype(np.int64))
    table = pa.table({"day": rows["transaction_date"].cast(pa.date32()).cast(pa.int32()), "amount_fen": fen, "text": rows["memo"], "truth": rows["ground_truth"]})
    table = table.take(pa.array(np.random.default_rng(1).permutation(table.num_rows)))
    # Keys of the content: no number of the source is left in them.
    key = pa.array(key64_rows(*(table[name].combine_chunks() for name in ("day", "amount_fen", "text")), pa.array(range(table.num_rows))).astype(np.int64))
    return table.append_column("key", key).append_column("reference", pa.nulls(table.num_rows, pa.string())), table["truth"]


def main() -> None:
    folder = Path(os.environ.get("SIYU_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
    (orders, _), (payments, _) = load(folder, "origin"), load(folder, "destination")
    truth = {name: dict(zip(rows["key"].to_pylist(), rows["truth"].to_pylist(), strict=True)) for name, rows in (("order", orders), ("payment", payments))}
    began, cpu = time.monotonic(), time.process_time()
    matched = match_payments(orders.drop_columns("truth"), payments.drop_columns("truth"))
    print(f"{orders.num_rows:,} orders, {payments.num_rows:,} payments, {matched.linked.candidate_count:,} pairs compared: {time.monotonic() - began:.1f} s, {time.process_time() - cpu:.1f} CPU s")
    pairs = matched.pairs
    right = np.array([truth["order"][one] == truth["payment"][other] for one, other in zip(pairs["order_key"].to_pylist(), pairs["payment_key"].to_pylist(), strict=True)])
    likely = pairs["probability"].to_numpy()
    for least in (0.5, 0.8, 0.9, 0.95, 0.99):
        taken = likely >= least
        print(f"  probability {least}: precision {right[taken].mean():.4f}, recall {right[taken].sum() / orders.num_rows:.4f} ({taken.sum():,} pairs, mean probability {likely[taken].mean():.4f})")
    for name, low, high in (("same amount, 0 to 3 days", 0, 3), ("same amount, -3 to 10 days", -3, 10)):
        precision, recall = _peer(orders, payments, low, high)
        print(f"  peer: {name}: precision {precision:.4f}, recall {recall:.4f}")


def _peer(orders: pa.Table, payments: pa.Table, low: int, high: int) -> tuple[float, float]:
    both = orders.join(payments.rename_columns(["day_r", "amount_fen", "text_r", "truth_r", "key_r", "reference_r"]), "amount_fen", join_type="inner")
    delay = pc.subtract(both["day_r"], both["day"])
    taken = both.filter(pc.and_(pc.greater_equal(delay, low), pc.less_equal(delay, high)))
    right = pc.sum(pc.equal(taken["truth"], taken["truth_r"])).as_py()
    return right / taken.num_rows, right / orders.num_rows


if __name__ == "__main__":
    main()
