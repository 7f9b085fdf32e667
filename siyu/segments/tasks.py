"""Tasks of segments: recompute all or one, refresh touched people, and make standings anew."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pyarrow as pa

from siyu.events import log
from siyu.foundation.jobs import JobKind, Running, prune
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.orders.recency import default_as_of
from siyu.segments import rules
from siyu.segments.quality import refresh_quality, refresh_some
from siyu.segments.quality_report import publish_quality
from siyu.segments.recompute import recompute, valid
from siyu.segments.refresh import refresh
from siyu.segments.reports import PREPARE, ask_for_newer
from siyu.segments.segments import list_segments
from siyu.segments.standing import refresh_standing
from siyu.segments.traits_compute import compute_traits
from siyu.segments.traits_usage import users_of

Flow = Callable[[Stores], int]
RECOMPUTE = "segments.recompute"
REFRESH = "segments.refresh"
TRAITS = "segments.traits"
QUALITY = "segments.quality"
KEPT = timedelta(days=7)
"""How long jobs that the clock started are kept: a refresh every minute would fill the list."""


def job_kinds(flow: Flow) -> tuple[JobKind, ...]:
    """The kinds of job of this room; `flow` publishes what the log holds."""

    def run_recompute(running: Running) -> dict[str, Any]:
        stores, only = running.stores, running.arguments.get("segment_id")
        flow(stores)
        buyers = None
        if only is None:
            running.progress(0, None, Text("正在计算 RFM、生命周期和价值", "computing RFM, stages and value"))
            buyers = refresh_standing(stores, default_as_of(stores))
            running.progress(0, None, Text("正在判定客户质量", "judging the quality of customers"))
            refresh_quality(stores, default_as_of(stores))
            publish_quality(stores, default_as_of(stores))
            running.progress(0, None, Text("正在计算特征", "computing traits"))
            compute_traits(stores)
            with stores.ledger.begin() as tx:
                prune(tx, stores.now() - KEPT, (PREPARE,))
        running.check()
        told = Text("正在重算分群", "recomputing segments")
        changes = recompute(stores, flow, only=only, told=lambda done, total: running.progress(done, total, told))
        moved = sum(change.entered_count + change.left_count for change in changes)
        if only is None:
            with stores.ledger.begin() as tx:
                # Named by what the log holds: a job at work may have begun before it.
                ask_for_newer(tx, stores.now(), f"after {log.head(tx)}")
        return {"segment_count": len(changes), "moved_count": moved, "buyer_count": buyers}

    def run_traits(running: Running) -> dict[str, Any]:
        stores = running.stores
        flow(stores)
        computed = compute_traits(stores, only=set(running.arguments["trait_ids"]))
        running.check()
        with stores.ledger.read() as tx:
            waiting = sorted({segment.id for key in computed for segment in users_of(tx, key).segments})
        told = Text("正在重算用到它的分群", "recomputing the segments that use it")
        for done, segment_id in enumerate(waiting):
            running.progress(done, len(waiting), told)
            recompute(stores, flow, only=segment_id)
        return {"trait_count": len(computed), "segment_count": len(waiting)}

    def run_quality(running: Running) -> dict[str, Any]:
        """People whose marks changed are judged anew, and the segments that ask for quality follow."""
        stores = running.stores
        flow(stores)
        count = refresh_some(stores, pa.array([], pa.int64()), pa.array(running.arguments["customer_ids"], pa.int64()), default_as_of(stores))
        publish_quality(stores, default_as_of(stores))
        running.check()
        with stores.ledger.read() as tx:
            known = list_segments(tx)
        asking = [segment.id for segment, rule in valid(stores, known, stores.now()) if any(isinstance(leaf, rules.Quality) for leaf in rules.leaves(rule))]
        for segment_id in asking:
            recompute(stores, flow, only=segment_id)
        return {"customer_count": count, "segment_count": len(asking)}

    def run_refresh(running: Running) -> dict[str, Any]:
        changes = refresh(running.stores, flow)
        return {"segment_count": len(changes), "moved_count": sum(c.entered_count + c.left_count for c in changes)}

    return (
        JobKind(RECOMPUTE, Text("重算分群与分层", "Recompute segments and standings"), run_recompute, link=_link),
        JobKind(TRAITS, Text("计算特征", "Compute traits"), run_traits, link=_trait_link),
        JobKind(QUALITY, Text("重新判定客户质量", "Judge customers anew"), run_quality, link=lambda arguments: "/quality"),
        JobKind(REFRESH, Text("更新有变动的客户", "Update customers with news"), run_refresh),
    )


def _link(arguments: dict[str, Any]) -> str | None:
    return f"/segments/{arguments['segment_id']}" if arguments.get("segment_id") else "/segments"


def _trait_link(arguments: dict[str, Any]) -> str:
    ids = arguments["trait_ids"]
    return f"/traits/{ids[0]}" if len(ids) == 1 else "/traits"
