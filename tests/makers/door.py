"""The whole product as a person meets it: files go in over HTTP, jobs run, reports come out."""

from __future__ import annotations

import csv
import io
import warnings
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import FastAPI

from siyu.app import build
from siyu.foundation.stores import Stores
from siyu.river import flow
from siyu.team.tokens import local_token_of

with warnings.catch_warnings():
    # Starlette asks for another HTTP client here; the product's own one does the same.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient


@dataclass
class Door:
    stores: Stores
    app: FastAPI
    client: TestClient

    def upload(self, data: bytes, name: str = "orders.csv", source: str | None = None) -> Any:
        params = {"name": name} | ({"source": source} if source else {})
        return self.client.put("/api/v1/imports/files", content=data, params=params)

    def start(self, file: dict[str, Any], *, mapping: dict[str, str] | None = None, source: str = "shop", dry_run: bool = False) -> Any:
        guessed = {name: column for name, column in file["mapping"].items() if column}
        body = {"file_id": file["file_id"], "source": source, "mapping": guessed if mapping is None else mapping, "dry_run": dry_run}
        return self.client.post("/api/v1/imports", json=body)

    def bring(self, data: bytes, name: str = "orders.csv", **options: Any) -> dict[str, Any]:
        """Import a file to its end; returns the import as the API shows it."""
        answer = self.upload(data, name)
        assert answer.status_code == 201, answer.text
        started = self.start(answer.json(), **options)
        assert started.status_code == 202, started.text
        self.app.state.runner.run_pending()
        found: dict[str, Any] = self.client.get(f"/api/v1/imports/{started.json()['import_id']}").json()
        assert found["status"] == "done", self.client.get(f"/api/v1/jobs/{started.json()['job_id']}").text
        return found

    def rejects(self, done: dict[str, Any]) -> list[dict[str, str]]:
        text = self.client.get(f"/api/v1/imports/{done['id']}/rejects.csv").text
        return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))

    def reasons(self, done: dict[str, Any]) -> dict[int, set[str]]:
        """line → codes of why it was not taken."""
        found: dict[int, set[str]] = {}
        for row in self.rejects(done):
            found.setdefault(int(row["line"]), set()).add(row["code"])
        return found

    def orders(self) -> list[tuple[Any, ...]]:
        """(order, buyer, fen, pieces, lines) of every valid order, sorted."""
        with self.stores.warehouse.read() as session:
            tables = self.stores.warehouse.tables
            order, line = tables["orders_order"], tables["orders_line"]
            named = line.group_by("order_key").agg(order_no=line.order_no.min())
            joined = order.left_join(named, "order_key")
            rows = session.query(joined.select("order_no", "customer_id", "amount_fen", "quantity", "line_count"))
        return sorted(tuple(row.values()) for row in rows.to_pylist())

    def positions(self) -> int:
        """How many rows of orders the log holds."""
        with self.stores.ledger.read() as tx:
            return int(tx.exec_driver_sql("SELECT coalesce(sum(row_count), 0) FROM events_batch WHERE event = 'order_lines_recorded'").scalar() or 0)


def door_of(stores: Stores) -> Door:
    app = build(stores)
    bearer = {"Authorization": f"Bearer {local_token_of(stores.secrets)}", "Accept-Language": "en"}
    return Door(stores, app, TestClient(app, base_url="http://localhost", headers=bearer))


def orders_only(patch: pytest.MonkeyPatch, stores: Stores) -> Door:
    """A door behind which an import is followed by publishing alone: what is computed of orders costs more than the import."""
    patch.setattr("siyu.app._after_import", lambda running: flow(running.stores))
    return door_of(stores)
