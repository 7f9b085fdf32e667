"""A person who has left traces in every store and many files, and a search of every byte of the data folder for them."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from siyu.app import FACTS
from siyu.customers.tags import change_tags
from siyu.events import log
from siyu.events.catalogue.orders import ORDER_LINES_RECORDED
from siyu.events.identifiers import identify
from siyu.events.recording import Senders, record_activities, record_profiles
from siyu.foundation.clock import day_number, to_ms
from siyu.foundation.jobs import Runner
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.connect import open_warehouse
from siyu.identity.identifiers import look_up_all
from siyu.rights import carry, requests
from siyu.rights.requests import Request
from siyu.rights.tasks import job_kinds
from siyu.river import flow
from siyu.team.audit import Actor

ALICE = Actor(1, "Alice", "member")
ERIN = {"member": "MB-2024-778899", "phone": "13800771234", "email": "erin.quist@example.com", "unionid": "oUnionErin9988776655", "name": "埃琳·奎斯特"}
"""She is erased."""
FRED = {"member": "MB-2024-112233", "phone": "13900885678", "email": "fred.olsen@example.com", "unionid": "oUnionFred1122334455", "name": "弗雷德·奥尔森"}
"""He stays."""


def on_disk(stores: Stores) -> Stores:
    """The same stores with their warehouse in a file."""
    stores.warehouse.close()
    settings = Settings(home=stores.settings.home, secret_key="ab" * 32, database_url=stores.settings.database_url, warehouse_memory="500MB", warehouse_threads=1)
    return Stores(settings, stores.ledger, open_warehouse(settings, FACTS), stores.secrets, stores.clock)


def meet(stores: Stores, *people: dict[str, str], key: str = "met") -> None:
    """They log in with all their identifiers, have attributes, do something, and are tagged."""
    count, at = len(people), to_ms(stores.now())
    who = Senders({space: pa.array([one[space] for one in people]) for space in ("member", "phone", "email", "unionid")})
    ids, times = pa.array([f"{key}-{n}" for n in range(count)]), pa.array([at] * count, pa.int64())
    traits: list[dict[str, Any]] = [{"name": one["name"], "city": "杭州", "birthday": "1990-05-01", "contact": {"phone": one["phone"]}} for one in people]
    with stores.ledger.begin() as tx:
        record_profiles(tx, stores.secrets, who, ids=ids, at_ms=times, traits=traits, now=stores.now(), dedup_key=key)
        said = pa.array([f'{{"note":"{one["name"]} called from {one["phone"]}","mail":"{one["email"]}"}}' for one in people])
        record_activities(tx, stores.secrets, who, ids=ids, at_ms=times, names=pa.array(["called"] * count), properties=said, now=stores.now(), dedup_key=f"{key} acts")
    flow(stores)
    with stores.ledger.begin() as tx:
        change_tags(tx, list(customers(stores, *people, tx=tx).values()), add=["老客户"], remove=[], by="Alice", now=stores.now())
    flow(stores)


def customers(stores: Stores, *people: dict[str, str], tx: Any = None) -> dict[str, int]:
    """Name → number, of those who are known by their member number."""
    if tx is None:
        with stores.ledger.read() as opened:
            return customers(stores, *people, tx=opened)
    found = look_up_all(stores, tx, "member", [one["member"] for one in people])
    return {one["name"]: found[one["member"]] for one in people if one["member"] in found}


def buy(stores: Stores, *people: dict[str, str]) -> None:
    """One order each, of 188.00, as an import writes it."""
    count = len(people)
    keys = identify(stores.secrets, "member", pa.array([one["member"] for one in people])).keys
    at = stores.now()
    columns: dict[str, object] = {
        **{name: [n + 1 for n in range(count)] for name in ("line_key", "order_key", "content_key")}, "identity_key": keys, "source": ["shop"] * count,
        "order_no": [f"T{n + 1}" for n in range(count)], "ordered_ms": [to_ms(at)] * count, "ordered_on": [day_number(at.date())] * count, "sku": ["S1"] * count,
        "product_name": ["山茶洁面"] * count, "quantity": [1] * count, "unit_price_fen": [18_800] * count, "amount_fen": [18_800] * count, "refund_fen": [0] * count, "kind": ["sale"] * count,
    }  # fmt: skip
    with stores.ledger.begin() as tx:
        log.append(tx, ORDER_LINES_RECORDED, ORDER_LINES_RECORDED.table(columns), now=at)
    flow(stores)


def ask(stores: Stores, customer_id: int, kind: str, **more: Any) -> Request:
    with stores.ledger.begin() as tx:
        return requests.open_request(stores, tx, customer_id, kind, ALICE, source="staff", **more)


def carry_out(stores: Stores, request: Request) -> Request:
    """Check the identity, do it, and run what waits."""
    with stores.ledger.begin() as tx:
        requests.verify(stores, tx, request.id, ALICE, how="电话回拨")
        carry.carry_out(stores, tx, request.id, ALICE)
    # A job that fails is to fail the test, not to be tried again for minutes.
    Runner(stores, [replace(kind, max_attempts=1) for kind in job_kinds()]).run_pending()
    with stores.ledger.read() as tx:
        return requests.find_request(stores, tx, request.id)


def searched(home: Path, values: Iterator[str] | list[str]) -> dict[str, list[str]]:
    """Value → the files of the folder that hold it: plain, UTF-16, hex, base64 at any of three offsets, and in payloads of the log."""
    found: dict[str, list[str]] = {}
    texts = {path: path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file()}
    texts[home / "payloads of the log"] = payloads(home / "ledger.sqlite")
    for value in values:
        for name, content in texts.items():
            if any(form in content for form in _forms(value)):
                found.setdefault(value, []).append(str(name.relative_to(home)))
    return found


def payloads(ledger: Path) -> bytes:
    """Every batch of the log, decompressed."""
    sheets = []
    with sqlite3.connect(ledger) as connection:
        for (payload,) in connection.execute("SELECT payload FROM events_batch"):
            for column in pa.ipc.open_stream(payload).read_all().to_pydict().values():
                sheets.append(repr(column).encode() if column and not isinstance(column[0], bytes) else b"".join(cell or b"" for cell in column))
                sheets.append("\n".join(str(cell) for cell in column).encode())
    return b"\n".join(sheets)


def _forms(value: str) -> list[bytes]:
    raw = value.encode()
    encoded = [base64.b64encode(b"\0" * shift + raw)[(shift * 4 + 2) // 3 + (shift > 0) : -4] for shift in range(3)]
    return [raw, value.encode("utf-16-le"), value.encode("utf-16-be"), raw.hex().encode(), *(part for part in encoded if len(part) > 8)]
