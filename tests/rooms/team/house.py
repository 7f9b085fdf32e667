"""A small house for tests over HTTP: the open application, a clock to turn, browsers and programs."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from sqlalchemy import select

from siyu.foundation.database import metadata, open_ledger
from siyu.foundation.secrets import load_secrets
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.connect import attach
from siyu.foundation.warehouse.engines.duckdb import DuckDBEngine
from siyu.team.members import Member
from siyu.team.routes import router
from siyu.web.application import build_application

with warnings.catch_warnings():
    # Starlette asks for another HTTP client here; the product's own one does the same.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

CONSOLE = {"X-Siyu-Request": "console"}
PASSWORDS = {"alice": "blau-Kiesel-41", "bob": "grün-Wolke-42", "charlie": "rot-Laterne-43"}


@dataclass
class House:
    """The open application, its clock, and the persons."""

    stores: Stores
    app: FastAPI
    clock: list[datetime]
    people: dict[str, Member] = field(default_factory=dict)

    def wait(self, **how_long: float) -> None:
        self.clock[0] += timedelta(**how_long)

    def browser(self, address: str = "10.0.0.1", base_url: str = "http://localhost") -> TestClient:
        return TestClient(self.app, base_url=base_url, client=(address, 5000), headers=CONSOLE)

    def log_in(self, who: str, address: str = "10.0.0.1", password: str | None = None) -> TestClient:
        browser = self.browser(address)
        answer = attempt(browser, who, password or PASSWORDS[who])
        assert answer.status_code == 200, answer.text
        return browser

    def bearer(self, secret: str) -> TestClient:
        return TestClient(
            self.app, base_url="http://localhost", headers={"Authorization": f"Bearer {secret}"}
        )

    def rows(self, name: str) -> list[dict[str, Any]]:
        table = metadata.tables[name]
        with self.stores.ledger.read() as tx:
            return [dict(row._mapping) for row in tx.execute(select(table).order_by(*table.primary_key))]

    def actions(self) -> list[tuple[str, str, str]]:
        return [(row["actor_name"], row["action"], row["subject"]) for row in self.rows("team_audit")]


def attempt(browser: TestClient, login: str, password: str) -> Any:
    return browser.post("/api/v1/session", json={"login": login, "password": password})


def open_house(ledger_url: str, home: Path, **settings: Any) -> House:
    clock = [datetime(2026, 10, 1, 8, tzinfo=UTC)]
    chosen = Settings(home=home, database_url=ledger_url, **settings)
    ledger = open_ledger(ledger_url)
    warehouse = attach(DuckDBEngine(None, "256MB", 1), ())
    stores = Stores(chosen, ledger, warehouse, load_secrets(chosen), lambda: clock[0])
    return House(stores, build_application(stores, [router], title="Siyu", version="0.0.test"), clock)
