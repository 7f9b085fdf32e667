"""Spreading 分摊: the amount of an order that every one of its rows repeats is spread over them; it is never added up."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.foundation.ids import Ints, key64_rows
from siyu.orders._seen import Seen
from siyu.orders.reading import Chunk
from siyu.orders.states import Mask


def differ(amounts: pa.Array, order_no: pa.Array) -> pa.Array:
    """Rows of orders whose rows do not all tell the same amount."""
    group = _groups(order_no)
    told = np.round(pc.fill_null(amounts, np.nan).to_numpy(zero_copy_only=False) * 100)
    least, most = np.full(_count(group), np.inf), np.full(_count(group), -np.inf)
    np.fmin.at(least, group, told)
    np.fmax.at(most, group, told)
    return pa.array((least < most)[group])


def over_rows(amounts: pa.Array, worth_micro: Ints, order_no: pa.Array, taken: Mask) -> pa.Array:
    """For each row its part of the order's amount, in the currency's unit; null where the row is not taken.

    In proportion to what the row is worth (millionths of the currency's unit), evenly where nothing is; to the fen, so that the parts add up
    to the amount: rows with the largest remainders get one fen more.
    """
    group = _groups(order_no)
    size = _count(group)
    total = np.zeros(size, np.int64)
    fen = np.round(np.nan_to_num(pc.fill_null(amounts, 0).to_numpy(zero_copy_only=False).astype(np.float64)) * 100).astype(np.int64)
    total[group] = fen
    weight = np.where(taken, np.maximum(worth_micro, 0), 0).astype(np.float64)
    empty = np.bincount(group, weight, size)[group] == 0
    weight = np.where(empty & taken, 1.0, weight)
    share = total[group] * weight / np.maximum(np.bincount(group, weight, size), 1e-9)[group]
    part = np.floor(share).astype(np.int64)
    given = np.zeros(size, np.int64)
    np.add.at(given, group, part)
    left = (total - given)[group]
    order = np.lexsort((np.arange(len(group)), -(share - part), ~taken, group))
    first = np.concatenate([[0], np.flatnonzero(np.diff(group[order])) + 1]) if len(group) else np.zeros(0, np.int64)
    place = np.empty(len(group), np.int64)
    place[order] = np.arange(len(group)) - np.repeat(first, np.diff(np.append(first, len(group))))
    part = part + (taken & (place < left))
    return pc.if_else(pa.array(taken), pa.array(part / 100), None)


def whole_orders(chunks: Iterator[Chunk], column: str) -> Iterator[Chunk]:
    """The same rows in chunks that cut no order in two, as long as an order's rows stand together (they do in exports).

    Rows of an order that ended in an earlier chunk are told as broken: their part of its amount cannot be known any more.
    """
    seen, held = Seen(), None
    for chunk in chunks:
        joined = chunk if held is None else _joined(held, chunk)
        numbers = joined.columns[column].cast(pa.string())
        keep = len(numbers) - _tail(numbers)
        held = _part(joined, keep, len(numbers), [])
        yield _known(_part(joined, 0, keep, joined.broken), column, seen)
    if held is not None:
        yield _known(held, column, seen)


def _known(chunk: Chunk, column: str, seen: Seen) -> Chunk:
    keys, at = np.unique(key64_rows(chunk.columns[column].cast(pa.string())), return_inverse=True)
    late = (seen.add(keys) > 0)[at]
    if not late.any():
        return chunk
    apart = pa.array(late)
    broken = [(line, "order_apart", str(number)) for line, number in zip(chunk.lines.filter(apart).to_pylist(), chunk.columns[column].filter(apart).to_pylist(), strict=True)]
    rest = pa.array(~late)
    return Chunk(chunk.lines.filter(rest), {name: values.filter(rest) for name, values in chunk.columns.items()}, [*chunk.broken, *broken])


def _tail(numbers: pa.Array) -> int:
    """How many rows at the end carry the number of the last."""
    if not len(numbers):
        return 0
    other = pc.fill_null(pc.not_equal(numbers, numbers[-1]), True).to_numpy(zero_copy_only=False)
    return len(numbers) - (int(np.flatnonzero(other)[-1]) + 1 if other.any() else 0)


def _part(chunk: Chunk, start: int, end: int, broken: list[tuple[int, str, str]]) -> Chunk:
    return Chunk(chunk.lines[start:end], {name: values[start:end] for name, values in chunk.columns.items()}, broken)


def _joined(one: Chunk, other: Chunk) -> Chunk:
    columns = {name: pa.concat_arrays([one.columns[name], values]) for name, values in other.columns.items()}
    return Chunk(pa.concat_arrays([one.lines, other.lines]), columns, [*one.broken, *other.broken])


def _groups(order_no: pa.Array) -> Ints:
    _, group = np.unique(key64_rows(order_no), return_inverse=True)
    return np.asarray(group, np.int64)


def _count(group: Ints) -> int:
    return int(group.max()) + 1 if group.size else 0
