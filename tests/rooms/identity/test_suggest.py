"""Probable matches: lists with known truth, and promises about budgets, fragments and silence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from siyu.foundation.linkage import TooManyPairsError, one_to_one
from siyu.identity.suggest import Suggested, best_pairs, clusters, match, suggest
from siyu.identity.suggest_fields import Field

FEBRL = [
    Field(column, kind)  # type: ignore[arg-type]
    for column, kind in (
        ("given_name", "given"), ("surname", "surname"), ("street_number", "number"), ("address_1", "address"), ("address_2", "address"),
        ("suburb", "place"), ("postcode", "place"), ("state", "place"), ("date_of_birth", "birthday"), ("soc_sec_id", "id"),
    )
]  # fmt: skip


def test_febrl_3_is_clustered_nearly_without_fault(shared_data: Path) -> None:
    rows = pq.read_table(shared_data / "febrl_dataset3.parquet")
    _, linked = match([rows], FEBRL)
    groups, truth = clusters(rows.num_rows, linked, 0.8), np.unique(rows["true_entity"].to_numpy(), return_inverse=True)[1]
    right, found, true = pairs_of(groups, truth), pairs_of(groups), pairs_of(truth)
    assert true == 6_538
    assert 2 * right / (found + true) >= 0.999


def test_febrl_4_is_linked_one_to_one_nearly_without_fault(shared_data: Path) -> None:
    lists = [pq.read_table(shared_data / f"febrl_dataset4{side}.parquet") for side in "ab"]
    truth = np.concatenate([rows["true_entity"].to_numpy() for rows in lists])
    pairs = best_pairs(match(lists, FEBRL)[1])
    right = int(np.sum(truth[pairs["left"].to_numpy()] == truth[pairs["right"].to_numpy()]))
    assert 2 * right / (pairs.num_rows + 5_000) >= 0.9996


@pytest.fixture(scope="module")
def found() -> Suggested:
    return suggest(brand())


def test_customers_are_suggested_with_reasons_and_strangers_are_not(found: Suggested) -> None:
    pairs = {(row["low_id"], row["high_id"]): row for row in found.pairs.to_pylist()}
    # 1 and 2: one phone a digit apart, 3 and 4: a masked phone, else all alike; 5 and 6 share their name only.
    assert set(pairs) == {(1, 2), (3, 4)}
    assert "phone=one_off" in pairs[1, 2]["levels"]
    assert "phone=ends" in pairs[3, 4]["levels"]
    assert all(row["probability"] > 0.9 and len(row["levels"].split(",")) == len(row["weights"].split(",")) for row in pairs.values())


def test_two_records_of_one_customer_are_not_suggested_and_the_same_records_give_the_same(found: Suggested) -> None:
    people = brand()
    again = suggest(pa.concat_tables([people, people.slice(0, 1)])).pairs
    assert again.select(["low_id", "high_id", "levels"]).equals(found.pairs.select(["low_id", "high_id", "levels"]))


def test_pairs_are_counted_first_and_the_budget_is_kept() -> None:
    people = brand()
    alike = {"name": ["王伟", "李强"] * 150, "city": ["上海", "北京"] * 150}
    crowd = pa.table({"customer_id": pa.array(range(10_000, 10_300)), **{name: alike.get(name, [None] * 300) for name in people.column_names[1:]}}, people.schema)
    both = pa.concat_tables([people, crowd])
    tight = suggest(both, budget=2_000)
    assert tight.linked.is_tightened
    assert tight.linked.candidate_count <= 2_000
    assert {(1, 2), (3, 4)} <= set(zip(tight.pairs["low_id"].to_pylist(), tight.pairs["high_id"].to_pylist(), strict=True))
    with pytest.raises(TooManyPairsError):
        suggest(crowd, budget=1_000)


def test_one_to_one_takes_the_heaviest_first() -> None:
    left, right, weight = np.array([1, 1, 2, 3]), np.array([10, 11, 10, 11]), np.array([5.0, 4.0, 4.5, 1.0])
    assert one_to_one(left, right, weight).tolist() == [True, False, False, True]


def pairs_of(*keys: np.ndarray) -> int:
    counts = np.unique(np.stack(keys), axis=1, return_counts=True)[1].astype(np.int64)
    return int(np.sum(counts * (counts - 1) // 2))


def brand() -> pa.Table:
    """250 strangers, and three pairs."""
    rng = np.random.default_rng(7)
    surnames, given, cities = list("王李张刘陈杨黄赵吴周徐孙马朱胡"), list("伟芳娜秀英敏静丽强磊军洋勇艳杰"), ["上海", "北京", "杭州", "成都", "广州"]
    rows = [
        (
            100 + n, surnames[rng.integers(15)] + given[rng.integers(15)] + given[rng.integers(15)], f"13{rng.integers(10**9):09d}", f"u{n}@example.com",
            f"{rng.integers(1960, 2005)}-{rng.integers(1, 13):02d}-{rng.integers(1, 29):02d}", f"人民路{rng.integers(1, 900)}号{rng.integers(1, 900)}室", cities[rng.integers(5)],
        )
        for n in range(250)
    ]  # fmt: skip
    rows += [
        (1, "欧阳修文", "13800138000", None, "1990-05-17", "解放路8号1203室", "上海"),
        (2, "欧阳修文", "13800138001", None, "1990-05-17", None, "上海"),
        (3, "诸葛明亮", "13911112222", None, "1985-11-02", "中山路66号7幢", "杭州"),
        (4, "诸葛明亮", "139****2222", None, None, "中山路66号7幢", "杭州"),
        (5, "王伟芳", "13712345678", None, "1971-01-09", None, "北京"),
        (6, "王伟芳", "15087654321", None, "2001-12-30", None, "成都"),
    ]
    names = ("customer_id", "name", "phone", "email", "birthday", "address", "city")
    return pa.table({name: [row[at] for row in rows] for at, name in enumerate(names)})
