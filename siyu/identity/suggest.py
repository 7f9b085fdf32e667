"""Suggest 疑似同一人: pairs of customers who are probably one person, with how probable and why. Nothing is merged here.

Grain in: one row is one record of a person (a customer with two phones has two). Grain out: one row is one pair of customers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import scipy

from siyu.foundation.ids import content_hash
from siyu.foundation.linkage import BUDGET, Ints, Linked, link, one_to_one
from siyu.identity.suggest_fields import Field, Plan, plan

PEOPLE = (
    Field("name", "name"), Field("phone", "phone"), Field("email", "email"), Field("birthday", "birthday"),
    Field("address", "address"), Field("city", "place"),
)  # fmt: skip
"""What is known of customers, and compared."""


@dataclass(frozen=True)
class Suggested:
    """Pairs, likeliest first: low_id, high_id (int64), probability, weight (bits), levels (`name=equal,phone=ends`) and weights (`9.1,5.3`, bits)."""

    pairs: pa.Table
    record_count: int
    linked: Linked
    model: str
    """Names what the pairs were weighed with: the same records give the same."""


def suggest(people: pa.Table, fields: Sequence[Field] = PEOPLE, *, least: float = 0.5, budget: int = BUDGET, memory: str = "2GB", threads: int = 0) -> Suggested:
    """Pairs of customers who are probably one.

    Parameters
    ----------
    people
        `customer_id` (int64) and a column of text for each field; null where nothing is known.
    least
        Probability from which a pair is told, 0 to 1.

    Raises
    ------
    TooManyPairsError
    """
    chosen, linked = match([people], fields, least=least, budget=budget, memory=memory, threads=threads)
    ids = people["customer_id"].to_numpy()
    ends = np.sort(np.stack([ids[linked.pairs[side].to_numpy()] for side in ("left", "right")]), axis=0)
    _, first = np.unique(ends, axis=1, return_index=True)
    kept = np.sort(first[ends[0, first] != ends[1, first]])
    rows = linked.pairs.take(pa.array(kept))
    columns = {
        "low_id": pa.array(ends[0, kept]),
        "high_id": pa.array(ends[1, kept]),
        "probability": rows["probability"],
        "weight": rows["weight"],
        "levels": linked.level_names(rows, chosen.comparisons),
        "weights": linked.level_weights(rows, chosen.comparisons),
    }
    version = content_hash([repr(sorted(linked.model.items())).encode()])[:16]
    return Suggested(pa.table(columns), people.num_rows, linked, version)


def match(lists: Sequence[pa.Table], fields: Sequence[Field], *, least: float = 0.5, budget: int = BUDGET, memory: str = "2GB", threads: int = 0) -> tuple[Plan, Linked]:
    """Pairs of rows (numbered through, the second list after the first) that are probably one person: within one list, or across two."""
    tables, start = [], 0
    for rows in lists:
        texts = {field.column: _text(rows[field.column]) for field in fields if field.column in rows.column_names}
        tables.append(pa.table({"id": pa.array(np.arange(start, start + rows.num_rows)), **texts}))
        start += rows.num_rows
    known = [field for field in fields if all(field.column in table.column_names for table in tables)]
    chosen = plan(known, {field.column: _variety(tables, field.column, start) for field in known})
    return chosen, link(tables, chosen.clean, chosen.comparisons, chosen.rules, least=least, budget=budget, memory=memory, threads=threads)


def clusters(count: int, linked: Linked, least: float) -> Ints:
    """For each of `count` rows the number of its group: rows joined, directly or through others, by pairs of at least this probability."""
    sure = linked.pairs.filter(pc.greater_equal(linked.pairs["probability"], least))
    left, right = sure["left"].to_numpy(), sure["right"].to_numpy()
    graph = scipy.sparse.coo_array((np.ones(left.size, np.int8), (left, right)), shape=(count, count))
    labels: Ints = scipy.sparse.csgraph.connected_components(graph, directed=False)[1].astype(np.int64)
    return labels


def best_pairs(linked: Linked) -> pa.Table:
    """Of the pairs across two lists those that stay when each row may be in one."""
    pairs = linked.pairs
    return pairs.filter(pa.array(one_to_one(*(pairs[name].to_numpy() for name in ("left", "right", "weight")))))


def _text(column: pa.ChunkedArray) -> pa.Array:
    """Trimmed lower-case text in one form of writing; blank is null."""
    text = pc.utf8_lower(pc.utf8_trim_whitespace(pc.utf8_normalize(column.cast(pa.string()), form="NFKC")))
    return pc.if_else(pc.equal(text, ""), None, text)


def _variety(tables: Sequence[pa.Table], column: str, count: int) -> float:
    """Different values as a share of all rows; 0 for a column of one value."""
    different = len(pc.unique(pa.chunked_array([chunk for table in tables for chunk in table[column].chunks]).drop_null()))
    return 0 if different < 2 else different / count

