"""The shell around a made-up room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fastapi import FastAPI

from tests.rooms.web.shop import client, open_shop

if TYPE_CHECKING:
    from starlette.testclient import TestClient


@pytest.fixture
def app(tmp_path: Path) -> Iterator[FastAPI]:
    app = open_shop(tmp_path)
    yield app
    app.state.stores.close()


@pytest.fixture
def web(app: FastAPI) -> TestClient:
    return client(app)
