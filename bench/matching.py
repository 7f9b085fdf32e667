"""Probable matches, found without labels: FEBRL lists with known truth, and a simulated Chinese list of a million records.

    python bench/matching.py [febrl] [chinese] [payments] [--records 1000000]
    python bench/matching.py --list FILE.parquet --truth COLUMN --fields name=name,phone=phone,birthday=birthday [--one-to-one OTHER.parquet]

Precision, recall and F1 are over pairs of records. CPU seconds are those of the whole process.
Limits: FEBRL 3 (clusters) F1 .999, FEBRL 4 F1 .9996; the million: 15 s, precision 1.000, 2 GB.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import chinese_people
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from siyu.identity.suggest import best_pairs, clusters, match
from siyu.identity.suggest_fields import Field

FEBRL = [Field(*pair) for pair in (
    ("given_name", "given"), ("surname", "surname"), ("street_number", "number"), ("address_1", "address"), ("address_2", "address"), ("suburb", "place"),
    ("postcode", "place"), ("state", "place"), ("date_of_birth", "birthday"), ("soc_sec_id", "id"),
)]  # fmt: skip
CHINESE = [Field(*pair) for pair in (("unionid", "id"), ("phone", "phone"), ("name", "name"), ("birthday", "birthday"), ("city", "place"), ("address", "address"))]
LEAST = 0.8


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("what", nargs="*")
    asked.add_argument("--records", type=int, default=1_000_000)
    asked.add_argument("--list", type=Path)
    asked.add_argument("--truth")
    asked.add_argument("--fields")
    asked.add_argument("--one-to-one", type=Path)
    wanted = asked.parse_args()
    shared = Path(os.environ.get("SIYU_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if wanted.list:
        fields = [Field(*part.split("=")) for part in wanted.fields.split(",")]
        lists = [pq.read_table(path) for path in (wanted.list, wanted.one_to_one) if path]
        _list(wanted.list.name, lists, wanted.truth, fields)
        return
    what = wanted.what or ["febrl", "chinese"]
    if "febrl" in what:
        _list("FEBRL 3", [pq.read_table(shared / "febrl_dataset3.parquet")], "true_entity", FEBRL, 0.999)
        _list("FEBRL 4", [pq.read_table(shared / f"febrl_dataset4{side}.parquet") for side in "ab"], "true_entity", FEBRL, 0.9996)
    if "chinese" in what:
        people = chinese_people.make(wanted.records + wanted.records // 7_576, round(wanted.records * 0.8))
        _list("Chinese", [people], "entity", CHINESE)


def _list(name: str, lists: list[pa.Table], truth: str, fields: list[Field], limit: float | None = None) -> None:
    entities = np.concatenate([rows[truth].to_numpy(zero_copy_only=False) for rows in lists])
    (_, linked), seconds, cpu = _timed(lambda: match(lists, fields, least=0.5))
    print(f"{name}: {' + '.join(f'{rows.num_rows:,}' for rows in lists)} records, {linked.candidate_count:,} pairs compared: {seconds:.1f} s, {cpu:.1f} CPU s, {_memory()}; prior {linked.prior:.2g}")
    if len(lists) == 1:
        for least in (LEAST, 0.99):
            _told(f"clusters at {least}", *_clustered(clusters(entities.size, linked, least), entities), limit)
    else:
        pairs = best_pairs(linked)
        right = int(np.sum(entities[pairs["left"].to_numpy()] == entities[pairs["right"].to_numpy()]))
        first, second = (rows[truth].to_numpy(zero_copy_only=False) for rows in lists)
        _told("one to one at 0.5", right, pairs.num_rows, int(np.isin(first, second).sum()), limit)
    for least in (0.5, 0.95, 0.99):
        rows = linked.pairs.filter(pa.compute.greater_equal(linked.pairs["probability"], least))
        right = int(np.sum(entities[rows["left"].to_numpy()] == entities[rows["right"].to_numpy()]))
        print(f"  pairs at {least}: precision {right / max(1, rows.num_rows):.5f}, {right:,} right")


def _clustered(groups: np.ndarray, entities: np.ndarray) -> tuple[int, int, int]:
    """(right pairs, pairs found, true pairs) of a clustering."""
    def pairs(*keys: np.ndarray) -> int:
        counts = np.unique(np.stack(keys), axis=1, return_counts=True)[1].astype(np.int64)
        return int(np.sum(counts * (counts - 1) // 2))

    numbers = np.unique(entities, return_inverse=True)[1]
    return pairs(groups, numbers), pairs(groups), pairs(numbers)


def _told(what: str, right: int, found: int, true: int, limit: float | None) -> None:
    precision, recall = right / max(1, found), right / max(1, true)
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    print(f"  {what}: precision {precision:.5f}, recall {recall:.4f}, F1 {f1:.5f}" + (f" (limit {limit}: {'holds' if f1 >= limit else 'MISSED'})" if limit else ""))


def _timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    began, cpu = time.monotonic(), time.process_time()
    done = work()
    return done, time.monotonic() - began, time.process_time() - cpu


def _memory() -> str:
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB"


if __name__ == "__main__":
    main()
