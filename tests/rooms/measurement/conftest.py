"""One open warehouse for all examples of a property-based test."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from siyu.app import FACTS
from siyu.foundation.database import metadata, open_ledger
from siyu.foundation.secrets import load_secrets
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.connect import attach
from siyu.foundation.warehouse.engines.duckdb import DuckDBEngine

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def shared_stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """Stores that a whole module uses; it is 1 January 2026, 20:00 in Shanghai."""
    settings = Settings(home=tmp_path_factory.mktemp("home"), secret_key="ab" * 32)
    ledger = open_ledger(settings.ledger_url)
    metadata.create_all(ledger.engine)
    warehouse = attach(DuckDBEngine(None, "1GB", 2), FACTS)
    opened = Stores(settings, ledger, warehouse, load_secrets(settings), lambda: NOW)
    yield opened
    opened.close()
