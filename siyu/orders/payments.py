"""Payments 收款: which payment belongs to which order, by amount, delay and text; learnt from the two lists alone.

Grain in: one row is one order, or one payment. Grain out: one row is one pair; each order and each payment is in one at most.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.foundation.linkage import Comparison, Floats, Ints, Level, Linked, link, one_to_one
from siyu.foundation.text import Text

LATEST_DAYS = 31
"""A payment comes at most so long after its order."""
EARLIEST_DAYS = 3
"""Or so long before: clocks, time zones, and orders that were written down late."""
LEVELS = {
    "equal": Text("相同", "equal"),
    "percent_1": Text("相差 1% 以内", "within 1 %"),
    "percent_5": Text("相差 5% 以内", "within 5 %"),
    "percent_15": Text("相差 15% 以内", "within 15 %"),
    "percent_40": Text("相差 40% 以内", "within 40 %"),
    "begins": Text("一个是另一个的开头", "one begins with the other"),
    "close": Text("很像", "much alike"),
    "like": Text("有些像", "somewhat alike"),
    "word": Text("第一个词相同", "the first word is equal"),
    "days_1": Text("1 天内", "within a day"),
    "days_3": Text("2 到 3 天", "2 to 3 days"),
    "days_7": Text("4 到 7 天", "4 to 7 days"),
    "days_14": Text("8 到 14 天", "8 to 14 days"),
    "days_31": Text("15 到 31 天", "15 to 31 days"),
    "differ": Text("不同", "different"),
    "nothing": Text("无法比较", "nothing to compare"),
}
_WORD = "split_part(text, ' ', {})"
_TEXT = "trim(regexp_replace(text, '[\\s,.·#()*-]+', ' ', 'g'))"
_CLEAN = {
    "day": "day",
    "amount": "amount_fen",
    "text": f"nullif({_TEXT}, '')",
    "reference": "nullif(reference, '')",
    "initials": "nullif(left(regexp_replace({0}, '(\\S)\\S*\\s*', '\\1', 'g'), 2), '')".replace("{0}", _TEXT),
    "opening": f"nullif(left({_TEXT}, 4), '')",
    "size": "round(log10(amount_fen) * 5)",
}


def _percent(most: int) -> Level:
    return Level(f"percent_{most}", f"abs(amount_l - amount_r) <= {most / 100} * greatest(amount_l, amount_r)", 0.15)


def _days(least: int, most: int, m: float) -> Level:
    return Level(f"days_{most}", f"day_r - day_l BETWEEN {least} AND {most}", m)


COMPARISONS = (
    Comparison("amount", (Level("equal", "amount_l = amount_r", 0.4), *(_percent(most) for most in (1, 5, 15, 40)), Level("differ", "ELSE", 0.05)), by_frequency=True),
    Comparison("day", (_days(0, 1, 0.3), _days(2, 3, 0.2), _days(4, 7, 0.2), _days(8, 14, 0.15), _days(15, LATEST_DAYS, 0.1), Level("differ", "ELSE", 0.05)), is_equality=False),
    Comparison(
        "text",
        (
            Level("equal", "text_l = text_r", 0.3),
            Level("begins", "starts_with(text_l, text_r) OR starts_with(text_r, text_l)", 0.3),
            Level("close", "jaro_winkler_similarity(text_l, text_r) >= 0.9", 0.15),
            Level("word", "split_part(text_l, ' ', 1) = split_part(text_r, ' ', 1)", 0.1),
            Level("like", "jaro_winkler_similarity(text_l, text_r) >= 0.75", 0.1),
            Level("differ", "ELSE", 0.05),
        ),
        by_frequency=True,
    ),
    Comparison("reference", (Level("equal", "reference_l = reference_r", 0.95), Level("differ", "ELSE", 0.05)), by_frequency=True),
)
RULES = (("reference",), ("amount",), ("text", "size"), ("opening",), ("initials", "size"))
WITHIN = f"r.day - l.day BETWEEN {-EARLIEST_DAYS} AND {LATEST_DAYS}"


@dataclass(frozen=True)
class Matched:
    """`pairs`, likeliest first: order_key, payment_key (int64), probability, levels (`amount=equal,day=days_1`) and weights (`9.1,2.0`, bits)."""

    pairs: pa.Table
    linked: Linked


def match_payments(orders: pa.Table, payments: pa.Table, *, least: float = 0.5, memory: str = "2GB", threads: int = 0) -> Matched:
    """Pair orders with payments, each at most once.

    Parameters
    ----------
    orders, payments
        `key` (int64), `day` (days since 1970-01-01), `amount_fen` (> 0), `text` (names, goods, memos; may be null) and
        `reference` (an order number; may be null).
    least
        Probability from which a pair is told, after all others that the order and the payment might be in have been weighed.

    Raises
    ------
    TooManyPairsError
    """
    comparisons = [each for each in COMPARISONS if all(_says(rows, each.column) for rows in (orders, payments))]
    rules = [rule for rule in RULES if "reference" not in rule or any(each.column == "reference" for each in comparisons)]
    lists = [_numbered(orders, 0), _numbered(payments, orders.num_rows)]
    linked = link(lists, _CLEAN, comparisons, rules, within=WITHIN, least=0.001, memory=memory, threads=threads)
    left, right, alone = (linked.pairs[name].to_numpy() for name in ("left", "right", "probability"))
    likely = competing(left, right, alone)
    kept = one_to_one(left, right, likely) & (likely >= least)
    rows = linked.pairs.filter(pa.array(kept))
    columns = {
        "order_key": orders["key"].take(rows["left"]),
        "payment_key": payments["key"].take(pc.subtract(rows["right"], orders.num_rows)),
        "probability": pa.array(likely[kept]),
        "levels": linked.level_names(rows, comparisons),
        "weights": linked.level_weights(rows, comparisons),
    }
    return Matched(pa.table(columns).sort_by([("probability", "descending"), ("order_key", "ascending")]), linked)


def competing(left: Ints, right: Ints, alone: Floats) -> Floats:
    """The probability of each pair when each record may be in one: its odds against those of all others that it or its partner might be in.

    o / (1 + the sum of the odds of all pairs that share a record with it, itself counted once).
    """
    odds = alone / np.maximum(1e-12, 1 - alone)
    rows, columns = (np.bincount(np.unique(ids, return_inverse=True)[1], odds)[np.unique(ids, return_inverse=True)[1]] for ids in (left, right))
    likely: Floats = odds / (1 + rows + columns - odds)
    return likely


def _numbered(rows: pa.Table, start: int) -> pa.Table:
    texts = {name: pc.utf8_lower(rows[name].cast(pa.string())) for name in ("text", "reference")}
    return pa.table({"id": pa.array(np.arange(start, start + rows.num_rows)), "day": rows["day"].cast(pa.int64()), "amount_fen": rows["amount_fen"], **texts})


def _says(rows: pa.Table, column: str) -> bool:
    name = {"amount": "amount_fen"}.get(column, column)
    return bool(rows[name].null_count < rows.num_rows)
