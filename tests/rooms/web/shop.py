"""A made-up room with one route for each thing that the shell promises, and a client for it."""

from __future__ import annotations

import warnings
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, Query, Request
from pydantic import AfterValidator, AwareDatetime, BaseModel, Field

from siyu.foundation.database import metadata, open_ledger
from siyu.foundation.errors import ConflictError, Fault, TooLargeError
from siyu.foundation.http import (
    Body,
    Cursor,
    Limit,
    Page,
    Router,
    allow_body,
    conditional,
    decode_cursor,
    encode_cursor,
)
from siyu.foundation.secrets import load_secrets
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.warehouse.connect import attach
from siyu.foundation.warehouse.engines.duckdb import DuckDBEngine
from siyu.team.access import anyone
from siyu.web.application import build_application
from siyu.web.console import Console

with warnings.catch_warnings():
    # Starlette asks for another HTTP client here; the product's own one does the same.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

PHONE = "13800138000"
Public = Annotated[Stores, Depends(anyone())]


def _even(value: int) -> int:
    if value % 2:
        raise ValueError(Text("要是偶数", "must be even"))
    return value


class Line(BaseModel):
    sku: str = Field(min_length=2, max_length=5, pattern="^[A-Z]+$")
    quantity: int = Field(gt=0, le=10)


class Order(Body):
    lines: list[Line] = Field(min_length=1, max_length=3)
    paid_at: AwareDatetime
    ship_on: date | None = None
    kind: Literal["gift", "own"] = "own"
    weight: float = 1.0
    pairs: Annotated[int, AfterValidator(_even)] = 2
    fragile: bool = False


class Answer(BaseModel):
    text: str


def shop_router() -> Router:
    router = Router(prefix="/shop", tags=["shop"])

    @router.post("/orders")
    def add_order(body: Order, stores: Public) -> Answer:
        return Answer(text=body.kind)

    @router.get("/orders/{id}/{note}")
    def read_order(id: int, note: str, stores: Public, day: date | None = None) -> Answer:
        return Answer(text=note)

    @router.get("/taken")
    def taken(stores: Public) -> Answer:
        fault = Fault("name", Text("已被使用", "is taken"))
        raise ConflictError(
            Text("名称冲突", "Names clash"), faults=[fault], way_out=Text("换一个", "choose another")
        )

    @router.get("/crash")
    def crash(stores: Public) -> Answer:
        try:
            raise LookupError(f"no such phone {PHONE}")
        except LookupError as error:
            raise RuntimeError(f"cannot tell about {PHONE}, password hunter2") from error

    @router.get("/report")
    def report(request: Request, stores: Public, key: str = "position 7") -> Answer:
        conditional(request, key)
        return Answer(text="大" * 5000)

    @router.get("/numbers")
    def numbers(stores: Public, cursor: Cursor = None, limit: Limit = 3, kind: str = "all") -> Page[int]:
        after = (decode_cursor(stores, f"numbers/{kind}", cursor) or [0])[0]
        items = list(range(after + 1, min(after + limit, 10) + 1))
        more = encode_cursor(stores, f"numbers/{kind}", items[-1]) if items and items[-1] < 10 else None
        return Page(items=items, next_cursor=more, total=10)

    @router.put("/file")
    async def upload(request: Request, stores: Public, most: Annotated[int, Query()] = 3_000_000) -> Answer:
        allow_body(request, most)
        return Answer(text=str(sum([len(part) async for part in request.stream()])))

    @router.put("/bounded-by-room")
    async def refuse(stores: Public) -> Answer:
        raise TooLargeError(Text("文件太大", "The file is too large"))

    return router


def open_shop(home: Path, console: Path | None = None, **settings: Any) -> FastAPI:
    chosen = Settings(home=home, **settings)
    ledger = open_ledger(chosen.ledger_url)
    metadata.create_all(ledger.engine)
    warehouse = attach(DuckDBEngine(None, "256MB", 1), ())
    stores = Stores(
        chosen, ledger, warehouse, load_secrets(chosen), lambda: datetime(2026, 10, 1, tzinfo=UTC)
    )
    return build_application(
        stores, [shop_router()], title="Siyu", version="1.2.3", console=Console(console or home / "none")
    )


def client(app: FastAPI, base_url: str = "http://localhost", **headers: str) -> TestClient:
    # A server never tells a client about its exception; neither must this one.
    return TestClient(app, base_url=base_url, raise_server_exceptions=False, headers=headers)
