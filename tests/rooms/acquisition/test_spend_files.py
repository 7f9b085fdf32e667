"""Files of spend: read as people write them, entered once whatever is taken in how often, what is wrong said with its line."""

from __future__ import annotations

import pytest

from siyu.acquisition import ledger, source_files, sources, spend_files
from siyu.acquisition.ledger import Wanted
from siyu.foundation.errors import InvalidError, NotFoundError
from siyu.foundation.stores import Stores
from tests.makers.acquisition import books, put_source, take_in, upload

GOOD = """日期,来源,消耗(元),类别,城市,发票,流水号
2025-12-01,抖音/春促,"1,234.56",媒体投放,杭州,F1,a1
2025/12/2,开屏,¥10,达人,,F2,
2025/12/2,开屏,¥10,达人,,F2,
20251203,抖音,0.01,,,,a3
"""
BAD = """日期,来源,消耗(元),类别,币种,汇率
2025-12-01,没有的,5,,,
x,抖音,5,,,
2025-12-01,抖音,很多,,,
2025-12-01,抖音,-5,,,
2026-12-01,抖音,5,,,
2025-12-01,,5,,,
2025-12-01,重名,5,,,
2025-12-01,抖音,5,巫术,,
2025-12-01,抖音,5,,USD,
2025-12-01,抖音,10,,USD,7.1
2025-12-01,=抖音,5,,
"""


def plant(stores: Stores) -> dict[str, int]:
    douyin, jd = put_source(stores, "抖音"), put_source(stores, "京东", platform="jd")
    spring = put_source(stores, "春促", douyin)
    made = [douyin, jd, spring, put_source(stores, "开屏", spring), put_source(stores, "重名", jd)]
    put_source(stores, "重名", douyin)
    return {one.name: one.id for one in made}


def spent(stores: Stores) -> dict[int, int]:
    return {source: fen for (account, source), fen in books(stores).items() if account == "spend" and fen}


def test_a_file_is_entered_once(any_stores: Stores) -> None:
    stores = any_stores
    ids = plant(stores)
    tried = take_in(stores, GOOD, dry_run=True)
    assert tried.counts == {"rows": 4, "posted": 4, "again": 0, "rejected": 0, "amount_fen": 125_457, "reasons": {}}
    assert spent(stores) == {}
    assert take_in(stores, GOOD).counts == tried.counts
    assert spent(stores) == {ids["春促"]: 123_456, ids["开屏"]: 2_000, ids["抖音"]: 1}
    again = take_in(stores, GOOD)
    assert again.counts == {**tried.counts, "posted": 0, "again": 4, "amount_fen": 0}
    assert spent(stores) == {ids["春促"]: 123_456, ids["开屏"]: 2_000, ids["抖音"]: 1}
    with stores.ledger.read() as tx:
        (first,) = ledger.entries(tx, Wanted(kind="media", source_id=ids["春促"]))
        assert (first.evidence, first.lines[0].region, first.ref, first.origin, first.day.isoformat()) == ("F1", "杭州", "file:a1", "file", "2025-12-01")


def test_rows_that_cannot_be_entered_are_kept_with_their_reason_and_the_others_are_entered(stores: Stores) -> None:
    ids = plant(stores)
    done = take_in(stores, BAD)
    assert done.counts is not None
    assert done.counts["reasons"] == {
        "unknown_source": 1, "no_day": 1, "no_amount": 1, "amount": 1, "day": 1, "no_source": 1, "several_sources": 1, "kind": 1, "rate": 1, "ragged": 1,
    }  # fmt: skip
    assert (done.counts["rows"], done.counts["posted"], done.counts["amount_fen"]) == (11, 1, 7_100)
    assert spent(stores) == {ids["抖音"]: 7_100}
    with stores.ledger.read() as tx:
        (entry,) = ledger.entries(tx, Wanted())
        lines = "".join(spend_files.rejects_csv(tx, done.id)).splitlines()
    assert (entry.currency, entry.original_fen, entry.rate) == ("USD", 1_000, "7.1")
    assert lines[1] == "2,没有这个来源 there is no such source,2025-12-01,没有的,5,,,"
    assert len(lines) == 11
    mended = "\n".join(["日期,来源,消耗(元)", "2025-12-01,京东/重名,5"])
    assert take_in(stores, mended).counts == {"rows": 1, "posted": 1, "again": 0, "rejected": 0, "amount_fen": 500, "reasons": {}}
    assert spent(stores)[ids["重名"]] == 500


def test_columns_of_levels_and_the_last_mapping(stores: Stores) -> None:
    ids = plant(stores)
    text = "天,平台名,活动名,钱\n2025-12-05,抖音,春促,3\n"
    with pytest.raises(InvalidError) as told:
        take_in(stores, text, {"day": "天", "amount": "没有", "colour": "钱"})
    assert [fault.field for fault in told.value.faults] == ["colour", "amount", "source"]
    mapping = {"day": "天", "platform": "平台名", "campaign": "活动名", "amount": "钱"}
    assert take_in(stores, text, mapping).counts == {"rows": 1, "posted": 1, "again": 0, "rejected": 0, "amount_fen": 300, "reasons": {}}
    assert spent(stores) == {ids["春促"]: 300}
    with stores.ledger.read() as tx:
        assert spend_files.propose(tx, ["钱", "天", "平台名", "活动名", "别的"]) == mapping
        with pytest.raises(NotFoundError):
            spend_files.find(tx, 99)


def test_a_tree_from_a_file(any_stores: Stores) -> None:
    stores = any_stores
    text = "平台类别,平台,活动,创意,负责人,开始日,目标获客成本(元)\n抖音,抖音号,春促,开屏,李雷,2025-12-01,12.5\n,京东,,,,,\n,抖音号,春促,,韩梅,,\n,,春促,,,,\n"
    file_id = upload(stores, text)
    with stores.ledger.begin() as tx:
        taken = source_files.take_in(stores, tx, file_id, by="Alice")
        assert (taken.made, taken.changed, taken.same, [line for line, _ in taken.faults]) == (4, 1, 0, [5])
        again = source_files.take_in(stores, tx, file_id, by="Alice")
        assert (again.made, again.changed, again.same) == (0, 0, 3)
        tree = sources.listed(tx)
    assert [(one.name, one.platform, one.owner, one.target_cac_fen) for one in tree] == [
        ("抖音号", "douyin", "", None), ("春促", "douyin", "韩梅", None), ("开屏", "douyin", "李雷", 1_250), ("京东", "jd", "", None),
    ]  # fmt: skip
