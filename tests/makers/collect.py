"""The 51 requests that real SDKs sent (recorded 2026-11-22), and what lies in the log after requests were taken in."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pyarrow as pa

from siyu.collect import feeds
from siyu.collect.wire.body import unpack
from siyu.collect.wire.formats import FORMATS
from siyu.collect.wire.operations import Read
from siyu.events import log
from siyu.events.catalogue import CATALOGUE
from siyu.foundation.stores import Stores

RECORDED = Path(__file__).parents[1] / "payloads" / "collect" / "wire_requests.jsonl"
KEYS = ("WK", "phc_x", "default")
"""The keys that stand in the recorded requests."""


@dataclass(frozen=True)
class Recorded:
    id: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    expected: list[dict[str, Any]]

    @property
    def format(self) -> str:
        return "segment" if self.path.startswith("/v1/") else "posthog" if self.path.startswith("/batch") else "sensors"

    def read(self) -> Read:
        """What it says, without a server."""
        raw = self.body or urlsplit(self.path).query.encode()
        return FORMATS[self.format].read(unpack(raw, self.headers.get("Content-Encoding", "")).plain, "")

    def sent_headers(self) -> dict[str, str]:
        return {name: value for name, value in self.headers.items() if name.lower() not in ("content-length", "host")}


def recorded() -> list[Recorded]:
    lines = [json.loads(line) for line in RECORDED.read_text(encoding="utf-8").splitlines() if line]
    return [Recorded(r["id"], r["method"], r["path"], r["headers"], base64.b64decode(r["body_b64"]), r["expect_ops"]) for r in lines]


def form_of(path: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(path).query))


def open_feeds(stores: Stores, keys: tuple[str, ...] = KEYS) -> None:
    """A feed for each of these keys."""
    with stores.ledger.begin() as tx:
        for key in keys:
            feeds.add_feed(stores, tx, name=f"feed {key}", kind="web", by="test", write_key=key)


def logged(stores: Stores, event: str) -> pa.Table:
    """Every row of an event in the log."""
    with stores.ledger.read() as tx:
        found = [batch.rows for batch in log.read(stores.ledger, 0, log.head(tx), [event])]
    return pa.concat_tables(found) if found else CATALOGUE[event].schema.empty_table()


def counts(stores: Stores) -> dict[str, int]:
    """Rows of each event in the log, and of the quarantine."""
    with stores.ledger.read() as tx:
        rows = tx.exec_driver_sql("SELECT event, sum(row_count) FROM events_batch GROUP BY event").all()
        kept = tx.exec_driver_sql("SELECT count(*) FROM collect_quarantine").scalar()
    return {**{str(event): int(count) for event, count in rows}, "quarantine": int(kept or 0)}
