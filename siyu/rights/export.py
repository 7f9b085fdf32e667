"""Export 查阅复制: everything of one person from every store, as a file for people (HTML) and one for programs (JSON).

It is made by a job, fetched by somebody who may read identifiers or by the person through their own link, and removed after
a week. That it was made and fetched is written down.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Collection, Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from sqlalchemy import Connection, select

from siyu import river
from siyu.customers import consent
from siyu.events import log
from siyu.events.catalogue import CATALOGUE
from siyu.foundation import jobs
from siyu.foundation.clock import from_ms
from siyu.foundation.database import metadata
from siyu.foundation.errors import NotFoundError
from siyu.foundation.jobs import JobKind, Running
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.warehouse.forget import mine_of
from siyu.identity.identifiers import label
from siyu.rights import receipt, requests, traces
from siyu.rights.holdings import holdings, of_people
from siyu.rights.people import find_people
from siyu.rights.plan import rows_about
from siyu.rights.requests import Request
from siyu.team import audit
from siyu.team.audit import SYSTEM, Actor

EXPORT = "rights.export"
KEPT = timedelta(days=7)
Rows = list[dict[str, Any]]
Data = dict[str, dict[str, Rows]]


def job_kind() -> JobKind:
    return JobKind(EXPORT, Text("导出一个人的全部信息", "Export everything of a person"), run, link=lambda _: "/rights")


def ask(stores: Stores, tx: Connection, request: Request, by: str) -> str:
    return jobs.submit(tx, EXPORT, {"request": request.id}, now=stores.now(), key=request.id, created_by=by)


def run(running: Running) -> dict[str, Any]:
    """Gather, write under a passing name, give it its own name; run again, it is written again whole."""
    stores, asked = running.stores, str(running.arguments["request"])
    river.flow(stores)
    with stores.ledger.read() as tx:
        request = requests.find_request(stores, tx, asked)
    if request.state == "approved":
        with running.begin() as tx:
            requests.work(stores, tx, asked, running.id)
    if request.state == "done":
        return {"request": asked}
    running.progress(0, 2, Text("正在收集", "gathering"))
    data = gather(stores, request.customer_id, running.check)
    running.progress(1, 2, Text("正在写文件", "writing the file"))
    path = file_of(stores, asked)
    write(stores, path, data, request)
    counts = {store: {name: len(rows) for name, rows in parts.items()} for store, parts in data.items()}
    content = {"number": request.receipt_number, "request": asked, "kind": request.kind, "made_at": stores.now().isoformat(), "copied": counts}
    with running.begin() as tx:
        requests.finish(stores, tx, asked, SYSTEM, receipt.signed(stores.secrets, content), file_until=stores.now() + KEPT)
    return {"request": asked}


def gather(stores: Stores, customer_id: int, check: Any = lambda: None) -> Data:
    """By store and place, every row about one person, readable: sealed values opened, keys of the machinery left in."""
    with stores.ledger.read() as tx:
        people = find_people(stores, tx, [customer_id])
        ledger = {table.name: [_plain(stores, row._mapping) for row in tx.execute(select(table).where(of_people(table, people)))] for table in holdings()}
        ledger["rights_request"] = [_plain(stores, {**asdict(one), "receipt": None}) for one in requests.list_requests(stores, tx, customer_ids=people.customer_ids, limit=200)]
        bodies = {name: [{"text": text} for text in texts] for name, texts in traces.read_bodies(tx, stores.secrets, people).items()}
        head = log.head(tx)
    warehouse = {name: rows.to_pylist() for name, rows in mine_of(stores.warehouse, people.customer_ids).items()}
    events: dict[str, Rows] = {}
    for batch in log.read(stores.ledger, 0, head, sorted(CATALOGUE)):
        check()
        mine = rows_about(batch.rows, people)
        if mine.num_rows:
            events.setdefault(batch.event, []).extend(_opened(stores, mine))
    return {store: {name: rows for name, rows in parts.items() if rows} for store, parts in (("ledger", ledger), ("messages", bodies), ("warehouse", warehouse), ("log", events))}


def write(stores: Stores, path: Path, data: Data, request: Request) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    passing = path.with_suffix(".part")
    passing.touch(mode=0o600)
    with zipfile.ZipFile(passing, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("data.json", json.dumps(data, ensure_ascii=False, indent=1, default=str))
        file.writestr("index.html", _page(stores, data, request))
    passing.replace(path)


def file_of(stores: Stores, request_id: str) -> Path:
    return stores.settings.files / "rights" / f"{request_id}.zip"


def find_file(stores: Stores, tx: Connection, request_id: str, *, reader: Actor, of: Collection[str] | None = None) -> Path:
    """The file of a request, for those who may; that it was fetched is written down.

    Raises
    ------
    NotFoundError
        When there is none, its week is over, or it is not among the requests of the reader.
    """
    found = requests.find_request(stores, tx, request_id) if of is None or request_id in of else None
    path = file_of(stores, found.id) if found else None
    if found is None or path is None or not path.exists() or found.file_until is None or found.file_until <= stores.now():
        raise NotFoundError(Text("没有这个文件，或已过期删除", "there is no such file, or its time is over"), way_out=Text("请重新申请", "ask again"))
    audit.record(tx, reader, "right.file_fetched", f"request:{request_id}", {"customer": found.customer_id}, stores.now())
    return path


def remove_old(stores: Stores) -> int:
    """Files whose week is over."""
    table = metadata.tables["rights_request"]
    with stores.ledger.read() as tx:
        alive = set(tx.scalars(select(table.c.id).where(table.c.file_until > stores.now())))
    old = [path for path in (stores.settings.files / "rights").glob("*") if path.stem not in alive]
    for path in old:
        path.unlink()
    return len(old)


def _plain(stores: Stores, row: Any) -> dict[str, Any]:
    """A row for people to read: times as text, identifiers opened, what is sealed for other reasons left out."""
    plain: dict[str, Any] = {}
    for name, value in row.items():
        if name == "value_sealed" and "namespace" in row:
            plain["value"] = stores.secrets.open([value], f"identifier {row['namespace']}")[0]
        elif not isinstance(value, bytes):
            plain[name] = value.isoformat() if isinstance(value, datetime) else value
    return plain


def _opened(stores: Stores, rows: pa.Table) -> Rows:
    return [_plain(stores, row) for row in rows.to_pylist()]


def _page(stores: Stores, data: Data, request: Request) -> str:
    ledger, warehouse = data["ledger"], data["warehouse"]

    def at(ms: int | None) -> str:
        return "" if ms is None else from_ms(ms).astimezone(stores.calendar.zone).strftime("%Y-%m-%d %H:%M")

    def rows(part: Iterable[dict[str, Any]], *columns: str) -> list[list[Any]]:
        return [[at(row[name]) if name.endswith("_ms") else f"{row[name] / 100:,.2f}" if name.endswith("_fen") and row[name] is not None else row[name] for name in columns] for row in part]

    identifiers = [[str(label(row["namespace"])), row["value"], row["first_seen_at"][:10]] for row in ledger.get("identity_identifier", [])]
    sections = [
        (Text("标识", "Identifiers"), identifiers),
        (Text("资料", "Attributes"), rows(warehouse.get("customers_attribute", []), "path", "text", "set_ms")),
        (Text("标签", "Tags"), rows((row for row in warehouse.get("customers_tag", []) if row["added"]), "tag", "at_ms")),
        (Text("授权", "Consents"), rows(ledger.get(consent.HISTORY, []), "purpose", "carrier", "state", "at_ms", "source", "place", "wording_version")),
        (Text("订单", "Orders"), rows(warehouse.get("orders_line", []), "ordered_ms", "source", "order_no", "product_name", "quantity", "amount_fen", "refund_fen", "kind")),
        (Text("行为", "Activities"), rows(warehouse.get("customers_activity", []), "at_ms", "name")),
        (Text("积分", "Points"), rows(warehouse.get("loyalty_points", []), "at_ms", "kind", "points", "balance", "reason")),
        (Text("优惠券", "Coupons"), rows(warehouse.get("loyalty_coupon", []), "at_ms", "name", "coupon_name", "value_fen")),
        (Text("问卷回答", "Answers to surveys"), rows(ledger.get("surveys_answer", []), "response_id", "question", "choice", "number", "words")),
        (Text("好友关系", "Relations"), rows(warehouse.get("carriers_relation", []), "began_ms", "ended_ms", "staff", "state")),
        (Text("分群", "Segments"), rows((row for row in warehouse.get("segments_member", []) if row["entered"]), "segment_id", "at_ms")),
    ]
    places = sorted(f"{store}: {name} ({len(part)})" for store, parts in data.items() for name, part in parts.items())
    return _templates().get_template("copy.html").render(brand=stores.settings.brand_name, request=request, made=at(int(stores.now().timestamp() * 1000)), sections=sections, places=places)


@cache
def _templates() -> Environment:
    return Environment(loader=PackageLoader("siyu.rights"), autoescape=select_autoescape(default=True), undefined=StrictUndefined, trim_blocks=True)
