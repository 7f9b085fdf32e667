"""Demo 示例品牌: load the sample brand that the sandbox generates, and take it away again.

The sandbox writes files as a real brand would export them; they come in through the same doors as anybody's data.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from siyu import demo_acquisition, demo_brought, demo_loyalty, demo_past, demo_readings
from siyu.carriers import accounts, keeping
from siyu.carriers.tasks import ask_reconcile
from siyu.customers.tags import change_tags
from siyu.events import log
from siyu.events.recording import Senders, record_activities, record_profiles
from siyu.foundation import jobs
from siyu.foundation.brand import is_sample, put_data_away, set_sample
from siyu.foundation.errors import ConflictError
from siyu.foundation.jobs import JobKind, Running
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.identity.identifiers import look_up_all
from siyu.orders import imports, uploads
from siyu.orders.tasks import run_import
from siyu.segments.segments import create_segment, list_segments
from siyu.segments.tasks import RECOMPUTE

NAME = "澄山里"
"""The sample brand's name, shown in the place of the setting's while all data is its own."""
CORP, SERVICE, MINI, SMS_KEY, MAIL = "wwsiyusample", "wxsiyuservice0001", "wxsiyuminiapp0001", "siyusample", "hello@chengshanli.test"
"""The sample brand's accounts, by the carriers' own numbers: they go with it, all others stay."""
SOURCE, ORDERS_FILE = "sample", "sample-orders.parquet"
LOAD, CLEAR = "sample.load", "sample.clear"
EVENT_ROWS = 100_000
Flow = Callable[[Stores], int]

SEGMENTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("近 30 天下过单", {"kind": "orders", "measure": "count", "op": ">=", "value": 1, "window": {"last": 30}}),
    ("高价值沉睡客户", {"kind": "all", "of": [
        {"kind": "attribute", "field": "spend_fen", "op": ">=", "value": 100_000},
        {"kind": "attribute", "field": "last_order", "op": "not_within", "window": {"last": 90}}]}),
    ("看过 3 次以上还没买", {"kind": "all", "of": [
        {"kind": "event", "name": "product_viewed", "op": ">=", "count": 3, "window": {"last": 30}},
        {"kind": "not", "of": {"kind": "orders", "measure": "count", "op": ">=", "value": 1, "window": {"last": 30}}}]}),
    ("7 天内没被打扰", {"kind": "event", "name": "message_sent", "op": "=", "count": 0, "window": {"last": 7}}),
    ("下周过生日的会员", {"kind": "attribute", "field": "birthday", "op": "anniversary_within_days", "value": 7}),
    ("重要价值客户", {"kind": "rfm", "r": [4, 5], "f": [4, 5], "m": [4, 5]}),
)  # fmt: skip


def job_kinds(flow: Flow) -> tuple[JobKind, ...]:
    def load(running: Running) -> dict[str, Any]:
        return load_sample(running, flow)

    def clear(running: Running) -> dict[str, Any]:
        cleared = clear_sample(running.stores)
        flow(running.stores)
        return {"cleared": cleared}

    return (
        JobKind(LOAD, Text("载入示例品牌", "Load the sample brand"), load, link=lambda _: "/"),
        JobKind(CLEAR, Text("移除示例品牌", "Remove the sample brand"), clear, link=lambda _: "/imports"),
    )


def shown_name(stores: Stores) -> str | None:
    """The sample brand's name while it is loaded; None when the data is the brand's own, or there is none."""
    with stores.ledger.read() as tx:
        return NAME if is_sample(tx) else None


def clear_sample(stores: Stores, keep_import: str | None = None) -> bool:
    """Take the sample away if all data is the sample; returns whether it did.

    The import that replaces it stays, and so do accounts that a person has connected meanwhile: they are reconciled anew.
    """
    with stores.ledger.begin() as tx:
        if not is_sample(tx):
            return False
        kept = imports.take_out(tx, keep_import) if keep_import else None
        own = keeping.take_out(tx, {CORP, SERVICE, MINI, SMS_KEY, MAIL})
        put_data_away(tx)
        if kept:
            imports.put_back(tx, kept)
        for number in keeping.put_back(tx, own):
            account = accounts.find_account(tx, number)
            if account.holds_relations:
                ask_reconcile(tx, account, stores=stores, by=None)
    return True


def load_sample(running: Running, flow: Flow) -> dict[str, Any]:
    """Generate and load; every part is idempotent, so a load that was cut off goes on when it is started again."""
    stores = running.stores
    _claim(stores)
    steps = Text("正在载入示例品牌", "loading the sample brand")
    running.progress(0, 100, Text("正在生成示例品牌", "generating the sample brand"))
    folder = _generate(stores, running.arguments, _until(running))
    running.progress(10, 100, steps)
    customers = pq.read_table(folder / "customers.parquet")
    _load_customers(stores, running, customers)
    running.progress(25, 100, steps)
    rows = _load_orders(running, folder)
    running.progress(45, 100, steps)
    with running.begin() as tx:
        piece_ids = demo_past.load_library(tx, folder, stores.now())
        past = demo_past.plan_past(tx, folder, piece_ids, stores.now())
    events = pq.ParquetFile(folder / "events.parquet")
    for part, batch in enumerate(events.iter_batches(EVENT_ROWS)):
        _load_events(stores, running, demo_past.pointing(pa.Table.from_batches([batch]), past), str(part))
        running.progress(45 + min(30, (part + 1) * EVENT_ROWS * 30 // max(1, events.metadata.num_rows)), 100, steps)
    if (trial := demo_past.trial_events(folder, past)) is not None:
        _load_events(stores, running, trial, "trial")
    flow(stores)
    running.progress(80, 100, steps)
    _tag(stores, running, customers)
    with running.begin() as tx:
        demo_past.load_consents(stores, tx, customers, f"account:{SOURCE}", stores.now())
        demo_past.load_people(stores, tx, folder, past, f"account:{SOURCE}", stores.now())
        demo_loyalty.load(stores, tx)
        demo_acquisition.load(stores, tx, folder, customers, f"account:{SOURCE}")
        demo_readings.load_readings(stores, tx, folder, past, f"account:{SOURCE}")
    running.progress(88, 100, steps)
    flow(stores)
    # By which source people came is told by the first, and known to everybody after the second.
    flow(stores)
    demo_brought.load(stores, running.begin, folder, customers, f"account:{SOURCE}", piece_ids, flow)
    with stores.ledger.begin() as tx:
        names = {segment.name for segment in list_segments(tx)}
        for name, rule in SEGMENTS:
            if name not in names:
                create_segment(tx, name=name, description=None, rule=rule, by=None, now=stores.now())
        demo_past.load_campaigns(stores, tx, past, piece_ids, {segment.name: segment for segment in list_segments(tx)}, stores.now())
        jobs.submit(tx, RECOMPUTE, {}, now=stores.now(), key=f"all {log.head(tx)}")
    return {"customer_count": customers.num_rows, "order_line_count": rows, "event_count": events.metadata.num_rows}


def _claim(stores: Stores) -> None:
    with stores.ledger.begin() as tx:
        if not is_sample(tx) and imports.list_imports(tx, 1):
            raise ConflictError(
                Text("这里已经有你自己的数据", "there is data of your own here"),
                way_out=Text("换一个数据目录(SIYU_HOME)再载入示例", "use another data folder (SIYU_HOME) for the sample"),
            )
        set_sample(tx, True)


def _until(running: Running) -> str:
    """The sample's last day, kept with the job: a load that is killed and goes on after midnight makes the same brand."""
    until = (running.state or {}).get("until") or running.arguments.get("until") or running.stores.calendar.on(running.stores.now()).isoformat()
    with running.begin() as tx:
        running.save(tx, {"until": until})
    return str(until)


def _generate(stores: Stores, arguments: dict[str, Any], until: str) -> Path:
    folder = stores.settings.files / "sample"
    command = [sys.executable, "-m", "siyu_sandbox", "brand", str(folder), "--until", until]
    if arguments.get("customers"):
        command += ["--customers", str(int(arguments["customers"]))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  our own program, no shell
    if done.returncode:
        raise RuntimeError(f"the sample brand could not be generated: {done.stderr[-2000:]}")
    return folder


def _load_customers(stores: Stores, running: Running, table: pa.Table) -> None:
    names = ("name", "gender", "birthday", "province", "city", "source", "tier", "registered_at")
    traits = [
        {name: str(row[name].isoformat() if hasattr(row[name], "isoformat") else row[name]) for name in names if row[name] is not None}
        for row in table.select(names).to_pylist()
    ]
    who = Senders({f"account:{SOURCE}": _column(table, "customer_key"), "phone": _column(table, "phone"), "email": _column(table, "email")})
    ids = pc.binary_join_element_wise("customer", _column(table, "customer_key"), "-")
    at_ms = _ms(table["registered_at"])
    with running.begin() as tx:
        record_profiles(tx, stores.secrets, who, ids=ids, at_ms=at_ms, traits=traits, now=stores.now(), dedup_key="sample customers")


def _load_orders(running: Running, folder: Path) -> int:
    stores = running.stores
    with stores.ledger.read() as tx:
        begun = next((i.id for i in imports.list_imports(tx, 5) if i.file_name == ORDERS_FILE), None)
    import_id = begun or _plan_orders(stores, folder)
    with running.begin() as tx:
        imports.attach_job(tx, import_id, running.id)
    return int(run_import(running, import_id)["row_count"])


def _plan_orders(stores: Stores, folder: Path) -> str:
    upload = uploads.adopt(stores, folder / "orders.parquet", ORDERS_FILE)
    mapping = uploads.inspect(stores, upload, SOURCE).mapping
    with stores.ledger.begin() as tx:
        return imports.plan_import(stores, tx, upload_id=upload.id, source=SOURCE, mapping=mapping, dry_run=False, keep_sample=True, by=None)


def _load_events(stores: Stores, running: Running, table: pa.Table, part: str) -> None:
    who = Senders({f"account:{SOURCE}": _column(table, "customer_key")})
    with running.begin() as tx:
        record_activities(
            tx, stores.secrets, who, ids=_column(table, "event_id"), at_ms=_ms(table["at"]), names=_column(table, "name"),
            properties=_column(table, "properties"), now=stores.now(), dedup_key=f"sample events {part}",
        )  # fmt: skip


def _tag(stores: Stores, running: Running, table: pa.Table) -> None:
    by_tag: dict[str, list[str]] = {}
    for key, tags in zip(table["customer_key"].to_pylist(), table["tags"].to_pylist(), strict=True):
        for tag in tags or ():
            by_tag.setdefault(tag, []).append(key)
    with running.begin() as tx:
        owner = look_up_all(stores, tx, f"account:{SOURCE}", table["customer_key"].to_pylist())
        for tag, keys in sorted(by_tag.items()):
            change_tags(tx, [owner[key] for key in keys if key in owner], add=[tag], remove=[], by="sample", now=stores.now())


def _column(table: pa.Table, name: str) -> pa.Array:
    return table[name].cast(pa.string()).combine_chunks()


def _ms(column: pa.ChunkedArray) -> pa.Array:
    return column.cast(pa.timestamp("ms", tz="UTC"), safe=False).cast(pa.int64()).combine_chunks()


