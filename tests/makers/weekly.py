"""Reports of acquisition as records, for what is composed from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from siyu.measurement.acquisition_records import (
    BUCKETS,
    Advice,
    Bucket,
    SourceRow,
    Sources,
    Waste,
    WasteBucket,
    WasteSource,
)

MONDAY = date(2026, 11, 16)
NOTHING = SourceRow(
    source_id=0, parent_id=None, level="platform", name="", platform="other", target_cac_fen=None, archived=False, spend_fen=0, visits=0, scanned=0, added=0,
    aged_1d=0, kept_1d=0, aged_7d=0, kept_7d=0, aged_30d=0, kept_30d=0, reachable=0, real=0, first_orders=0, second_orders=0, revenue_fen=0, margin_fen=0,
    expected_fen=0, expected_low_fen=0, expected_high_fen=0, cac_add_fen=None, cac_real_fen=None, cac_buyer_fen=None, payback_on=None, roi=None, roi_low=None,
    roi_high=None, incremental_rate=None, incremental_low=None, incremental_high=None, true_roi=None,
)  # fmt: skip


def row(source_id: int, name: str, spend_fen: int, added: int, **more: object) -> SourceRow:
    """A source; what an add cost follows from its spend."""
    return replace(NOTHING, source_id=source_id, name=name, spend_fen=spend_fen, added=added, scanned=added * 2, cac_add_fen=round(spend_fen / added) if added else None, **more)  # type: ignore[arg-type]


def sources(rows: Sequence[SourceRow], **totals: object) -> Sources:
    spend, added = sum(one.spend_fen for one in rows if one.parent_id is None), sum(one.added for one in rows if one.parent_id is None)
    whole = replace(row(0, "", spend, added), **totals)  # type: ignore[arg-type]
    return Sources(MONDAY, MONDAY, MONDAY, list(rows), whole, [], [])


def waste(amounts: Mapping[int, tuple[str, Mapping[Bucket, int]]], *, known: Sequence[int] = ()) -> Waste:
    """A split by source: id → (name, fen by bucket); the whole is their sum."""
    by_source = [
        WasteSource(number, None, name, "douyin", sum(fen.values()), number in known, [_bucket(bucket, fen.get(bucket, 0)) for bucket in BUCKETS]) for number, (name, fen) in amounts.items()
    ]
    whole = [_bucket(bucket, sum(fen.get(bucket, 0) for _, fen in amounts.values())) for bucket in BUCKETS]
    total = sum(one.total_fen for one in by_source)
    return Waste(MONDAY, MONDAY, MONDAY, total, sum(one.total_fen for one in by_source if one.anyway_known), whole, by_source)


def advice(gain_fen: int, moved_fen: int) -> Advice:
    return Advice("2026-12", MONDAY, 10_000_000, moved_fen, 0.2, gain_fen, gain_fen // 2, gain_fen * 2, None, [], [])


def _bucket(bucket: Bucket, fen: int) -> WasteBucket:
    spread = fen // 10 if bucket == "on_the_way" else 0
    return WasteBucket(bucket, [], fen, fen - spread, fen + spread, fen // 100)
