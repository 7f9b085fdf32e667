"""A command that takes up what is unfinished in a data folder, waits for its end, and prints what the folder holds.

Its argument, if any, is JSON (name → rule): segments that are saved first.
"""

from __future__ import annotations

import json
import time
from typing import Any

from siyu import server
from siyu.client import Client
from siyu.foundation.settings import load_settings
from siyu.foundation.stores import Stores

CLOCKED = (
    "at_ms", "tagged_ms", "sequence", "known_days", "visit_rate", "expected_acts", "zombie", "deal_hunter", "zombie_rate", "hunter_rate", "variance_fen2", "spread_fen",
)  # fmt: skip
"""Columns that say when something was computed, or where in the log it lies among what others wrote meanwhile; and what is judged by
how long somebody is known, which the sample brand's newest people are since it was loaded, with the doubt of the money that fell on them."""


def finish(client: Client) -> None:
    while any(client.get("/jobs", status=status)["items"] for status in ("running", "queued")):
        time.sleep(0.2)


def state_of(client: Client, stores: Stores) -> dict[str, Any]:
    """Everything that must not depend on what was killed when."""
    found: dict[str, Any] = {
        "overview": client.get("/measurement/overview")["totals"],
        "monthly": client.get("/measurement/monthly")["items"],
        "cohorts": client.get("/measurement/cohorts")["cohorts"],
        "rfm": client.get("/segments/rfm")["grid"],
        "segments": [(item["name"], item["customer_count"]) for item in client.get("/segments")["items"]],
    }
    with stores.ledger.read() as tx:
        found["events"] = [list(row) for row in tx.exec_driver_sql("SELECT event, sum(row_count) FROM events_batch GROUP BY event ORDER BY event")]
        positions = [row[0] for row in tx.exec_driver_sql("SELECT position FROM events_batch ORDER BY position")]
        found["identifiers"] = [list(row) for row in tx.exec_driver_sql("SELECT identity_key, customer_id FROM identity_identifier ORDER BY identity_key")]
    found["positions are without gaps"] = positions == list(range(1, len(positions) + 1))
    found["facts"] = {fact.name: _fingerprint(stores, fact) for fact in stores.warehouse.facts}
    return found


def _fingerprint(stores: Stores, fact: Any) -> list[int]:
    """(rows, distinct keys, a sum over all cells that no order of rows changes)."""
    with stores.warehouse.read() as session:
        rows = session.query(fact.table)
    names = [name for name in rows.column_names if name not in CLOCKED]
    values = sorted(map(repr, zip(*(rows[name].to_pylist() for name in names), strict=True)))
    keys = set(zip(*(rows[name].to_pylist() for name in fact.key), strict=True))
    digest = 0
    for value in values:
        digest = (digest * 1_000_003 + int.from_bytes(value.encode(), "big") % (2**61 - 1)) % (2**61 - 1)
    return [rows.num_rows, len(keys), digest]


def main(arguments: list[str]) -> None:
    with server.reached(load_settings()) as running:
        client = Client(running.url, running.token, "en")
        for name, rule in json.loads(arguments[0] if arguments else "{}").items():
            client.post("/segments", {"name": name, "rule": rule})
        finish(client)
        assert running.stores is not None
        print(json.dumps(state_of(client, running.stores)))
        client.close()
