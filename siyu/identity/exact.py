"""Exact keys 精确匹配: records of a list that share a key, any of several, are one person; for files and before probable matches."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import scipy

SHARED_BY = 50


def clusters(records: pa.Table, keys: Sequence[str], *, shared_by: int = SHARED_BY) -> pa.Array:
    """Put records together that share a key, directly or through others.

    Grain: one row in is one record; one row out is the same record, in the same order.

    Parameters
    ----------
    records
        Columns of normalised keys (text or whole numbers), null where a record has none.
    keys
        The columns that tell people, such as unionid and phone.
    shared_by
        A value that more records than this carry tells nobody (a placeholder, the phone of a shop).

    Returns
    -------
    pa.Array
        int64, the number of each record's cluster: that of its first record. Union-find over records and values;
        O(records × keys).
    """
    size = records.num_rows
    found, beside, nodes = [], [], size
    for name in keys:
        encoded = records[name].combine_chunks().dictionary_encode()
        codes = pc.fill_null(encoded.indices, -1).to_numpy().astype(np.int64)
        counts = np.bincount(codes[codes >= 0], minlength=len(encoded.dictionary))
        telling = np.flatnonzero((codes >= 0) & (counts[codes] > 1) & (counts[codes] <= shared_by)) if counts.size else np.zeros(0, np.int64)
        found.append(telling)
        beside.append(nodes + codes[telling])
        nodes += counts.size
    record, value = (np.concatenate([np.zeros(0, np.int64), *parts]) for parts in (found, beside))
    labels = scipy.sparse.csgraph.connected_components(scipy.sparse.coo_array((np.ones(record.size, np.int8), (record, value)), shape=(nodes, nodes)), directed=False)[1][:size]
    _, first, of = np.unique(labels, return_index=True, return_inverse=True)
    return pa.array(first[of], pa.int64())
