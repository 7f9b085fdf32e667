"""How fast the list of customers answers over HTTP with a million customers, and how far that is from DuckDB alone.

Run: python bench/customers_list.py [customers]

The world: 70 % have bought, three orders each on average, two lines an order left out (the list does not read lines); a
phone each; half have a tag. The server is uvicorn on loopback with SQLite and a DuckDB file; each query is asked 40
times, one after the other. Limit: 100 ms. The peer is the same page and its total as two statements written by hand, run
in the same process on the same file, without names of tags, phones, cursors, log-in or JSON.
"""

import json
import os
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import uvicorn

from siyu.app import FACTS
from siyu.customers.facts import CUSTOMERS_PROFILE
from siyu.customers.tags import change_tags
from siyu.foundation.database import insert_ignore, metadata, open_ledger
from siyu.foundation.secrets import load_secrets
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.connect import open_warehouse
from siyu.foundation.warehouse.facts import Fact
from siyu.identity.keys import store
from siyu.orders.facts import ORDERS_ORDER
from siyu.segments import directory_routes, dossier_routes
from siyu.segments.facts import SEGMENTS_STANDING
from siyu.segments.labels import STAGES
from siyu.team.tokens import local_token
from siyu.web.application import build_application

LIMIT_MS, ROUNDS = 100, 40
FAMILY, GIVEN = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林高罗", "子梓雨欣浩宇思佳明丽建国文静晓春秋冬涵轩怡杰婷华平芳伟"
CITIES = ("杭州", "上海", "北京", "广州", "深圳", "成都", "南京", "武汉", "西安", "苏州")
JOINED = "FROM customers_profile p LEFT JOIN segments_standing s USING (customer_id)"
BY_LAST = "ORDER BY last_on DESC NULLS LAST, customer_id"
SPEND_RULE = {"kind": "all", "of": [
    {"kind": "attribute", "field": "gender", "op": "is", "value": "F"},
    {"kind": "attribute", "field": "city", "op": "in", "value": ["杭州", "上海"]},
    {"kind": "attribute", "field": "spend_fen", "op": ">=", "value": 100_000},
]}  # fmt: skip
SPEND_SQL = "gender = 'F' AND city IN ('杭州', '上海') AND (SELECT sum(amount_fen) FROM orders_order o WHERE o.customer_id = p.customer_id) >= 100000"


def main(size: int) -> None:
    """Print one line a query: least, p50 and p95 over HTTP, CPU (client and server), the limit, the peer, the ratio of the medians."""
    with tempfile.TemporaryDirectory(prefix="siyu-bench-") as folder:
        began = time.perf_counter()
        stores = build(Path(folder), size)
        file_mb = stores.settings.warehouse_file.stat().st_size / 1e6
        print(f"{size:,} customers built in {time.perf_counter() - began:.0f} s; warehouse {file_mb:.0f} MB; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        with Served(stores) as client:
            for label, query, sql in cases(client):
                report(label, partial(ask, client, query), bare(stores, sql))
            page = ask(client, {})["items"]
            report("the page of one customer", partial(get, client, f"/customers/{page[0]['id']}"), None)
            report("the timeline of one customer", partial(get, client, f"/customers/{page[0]['id']}/timeline"), None)
        print(f"load {os.getloadavg()[0]:.1f} at the end")
        print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:,.0f} MB")
        stores.close()


def cases(client: httpx.Client) -> list[tuple[str, dict[str, Any], str]]:
    """(what is asked, the query, the peer's condition and order)."""
    spend = {"sort": "-spend_fen"}
    deep: dict[str, Any] = {**spend, "limit": 200}
    for _ in range(50):
        deep["cursor"] = ask(client, deep)["next_cursor"]
    last = ask(client, {**deep, "limit": 50})["items"][0]["spend_fen"]
    return [
        ("first page, default order", {}, f"{JOINED} {BY_LAST}"),
        ("part of a name", {"q": "子涵"}, f"{JOINED} WHERE contains(name, '子涵') {BY_LAST}"),
        ("a whole phone", {"q": "13800000777"}, f"{JOINED} WHERE customer_id = 778 {BY_LAST}"),
        ("attributes + spend", {"filter": json.dumps(SPEND_RULE)}, f"{JOINED} WHERE {SPEND_SQL} {BY_LAST}"),
        ("order by spend", spend, f"{JOINED} ORDER BY spend_fen DESC NULLS LAST, customer_id"),
        ("10,000 rows deep by cursor", {**deep, "limit": 50}, f"{JOINED} WHERE spend_fen <= {last} ORDER BY spend_fen DESC NULLS LAST, customer_id"),
        ("order by spend, rising", {"sort": "spend_fen"}, f"{JOINED} ORDER BY coalesce(spend_fen, 0), customer_id"),
        ("stage and RFM", {"filter": json.dumps({"kind": "all", "of": [{"kind": "lifecycle", "stages": ["at_risk"]}, {"kind": "rfm", "m": [4, 5]}]})},
         f"{JOINED} WHERE stage = 'at_risk' AND m IN (4, 5) {BY_LAST}"),
        ("spend alone", {"filter": json.dumps(SPEND_RULE["of"][2])},
         f"{JOINED} WHERE customer_id IN (SELECT customer_id FROM orders_order GROUP BY 1 HAVING sum(amount_fen) >= 100000) {BY_LAST}"),
    ]  # fmt: skip


def report(label: str, run: Callable[[], Any], peer: Callable[[], Any] | None) -> None:
    cpu = time.process_time()
    least, p50, p95 = timed(run)
    cpu = (time.process_time() - cpu) / (ROUNDS + 3) * 1000
    verdict = "within" if p95 <= LIMIT_MS else "over"
    line = f"{label:32} least {least:6.1f} ms  p50 {p50:6.1f} ms  p95 {p95:6.1f} ms  CPU {cpu:6.1f} ms  {verdict} {LIMIT_MS} ms"
    if peer is not None:
        _, peer_p50, _ = timed(peer, 15)
        line += f"  DuckDB alone {peer_p50:6.1f} ms  ratio {p50 / peer_p50:.2f}"
    print(line, flush=True)


def timed(run: Callable[[], Any], rounds: int = ROUNDS) -> tuple[float, float, float]:
    times = []
    for number in range(rounds + 3):
        began = time.perf_counter()
        run()
        if number >= 3:
            times.append((time.perf_counter() - began) * 1000)
    return min(times), float(np.percentile(times, 50)), float(np.percentile(times, 95))


def bare(stores: Stores, sql: str) -> Callable[[], Any]:
    """The page and its total in DuckDB alone, on a cursor of the connection that the server uses."""
    cursor = stores.warehouse.engine.inner._connection.cursor()  # type: ignore[attr-defined]
    columns = "customer_id, name, gender, city, province, source, tier, registered_ms, order_count, spend_fen, first_on, last_on, r, f, m, stage, predicted_value_fen"

    def run() -> Any:
        unordered = sql.rsplit(" ORDER BY", 1)[0]
        return cursor.sql(f"SELECT count(*) {unordered}").fetchall(), cursor.sql(f"SELECT {columns} {sql} LIMIT 50").fetchall()

    return run


def ask(client: httpx.Client, query: dict[str, Any]) -> Any:
    return get(client, "/customers", query)


def get(client: httpx.Client, path: str, query: dict[str, Any] | None = None) -> Any:
    answer = client.get(f"/api/v1{path}", params=query)
    answer.raise_for_status()
    return answer.json()


class Served:
    """The product's list behind uvicorn on a free port of loopback, and a client that is the local command line."""

    def __init__(self, stores: Stores) -> None:
        app = build_application(stores, [dossier_routes.router, directory_routes.router], title="bench", version="0")
        self._server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._token = local_token(stores)

    def __enter__(self) -> httpx.Client:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {self._token}"}, timeout=60)
        return self._client

    def __exit__(self, *_error: object) -> None:
        self._client.close()
        self._server.should_exit = True
        self._thread.join()


def build(folder: Path, size: int) -> Stores:
    """A house of that many customers, its facts written as a recompute would leave them."""
    settings = Settings(home=folder, secret_key="ab" * 32)
    ledger = open_ledger(settings.ledger_url)
    metadata.create_all(ledger.engine)
    stores = Stores(settings, ledger, open_warehouse(settings, FACTS), load_secrets(settings))
    random = np.random.default_rng(20261122)
    ids = np.arange(1, size + 1)
    write(stores, CUSTOMERS_PROFILE, profiles(random, ids))
    buyers = np.sort(random.permutation(ids)[: size * 7 // 10])
    write(stores, ORDERS_ORDER, orders := order_rows(random, buyers))
    write(stores, SEGMENTS_STANDING, standings(random, orders))
    identities(stores, ids)
    with ledger.begin() as tx:
        change_tags(tx, ids[::2], add=["老客"], remove=[], by="bench", now=stores.now())
    return stores


def write(stores: Stores, fact: Fact, rows: pa.Table) -> None:
    with stores.warehouse.engine.write() as session:
        session.insert(fact, session.keep("_bench", rows.cast(fact.arrow)))


def table(fact: Fact, **columns: Any) -> pa.Table:
    size = len(next(iter(columns.values())))
    return pa.table([pa.array(columns[c.name], c.type) if c.name in columns else pa.nulls(size, c.type) for c in fact.arrow], fact.arrow)


def chosen(random: np.random.Generator, values: Any, size: int) -> Any:
    return np.array(values, object)[random.integers(0, len(values), size)]


def profiles(random: np.random.Generator, ids: Any) -> pa.Table:
    size = len(ids)
    names = chosen(random, list(FAMILY), size) + chosen(random, list(GIVEN), size) + chosen(random, ["", *GIVEN], size)
    seen = 1_640_000_000_000 + random.integers(0, 150_000_000_000, size)
    return table(
        CUSTOMERS_PROFILE, customer_id=ids, name=names, gender=chosen(random, ["F", "M", None], size), province=chosen(random, CITIES, size),
        city=chosen(random, CITIES, size), source=chosen(random, ["taobao", "jd", "wecom"], size),
        tier=chosen(random, ["金卡", "银卡", None], size), birthday_ms=random.integers(0, 10**12, size), registered_ms=seen, first_seen_ms=seen,
    )  # fmt: skip


def order_rows(random: np.random.Generator, buyers: Any) -> pa.Table:
    counts = random.geometric(1 / 3, len(buyers))
    size = int(counts.sum())
    on = random.integers(day_number_of(2025), day_number_of(2026), size)
    return table(
        ORDERS_ORDER, order_key=random.permutation(size), customer_id=random.permutation(np.repeat(buyers, counts)), source=chosen(random, ["taobao"], size),
        ordered_ms=on * 86_400_000 + 30_000_000, ordered_on=on, ordered_month=2025 * 12 + on % 12,
        amount_fen=random.lognormal(9.3, 0.8, size).astype(np.int64), quantity=np.ones(size, int), line_count=np.ones(size, int),
    )  # fmt: skip


def day_number_of(year: int) -> int:
    return (np.datetime64(f"{year}-01-01") - np.datetime64("1970-01-01")).astype(int)  # type: ignore[no-any-return]


def standings(random: np.random.Generator, orders: pa.Table) -> pa.Table:
    sums = orders.group_by("customer_id").aggregate([("amount_fen", "sum"), ("amount_fen", "count"), ("ordered_on", "min"), ("ordered_on", "max")])
    size = sums.num_rows
    return table(
        SEGMENTS_STANDING, customer_id=sums["customer_id"].to_numpy(), order_count=sums["amount_fen_count"].to_numpy(), spend_fen=sums["amount_fen_sum"].to_numpy(),
        first_on=sums["ordered_on_min"].to_numpy(), last_on=sums["ordered_on_max"].to_numpy(), **{name: random.integers(1, 6, size) for name in "rfm"},
        stage=chosen(random, list(STAGES)[1:], size), gap_days=random.random(size) * 300, expected_gap_days=np.full(size, 30.0),
        predicted_orders=random.random(size), predicted_value_fen=random.integers(0, 50_000, size),
    )  # fmt: skip


def identities(stores: Stores, ids: Any) -> None:
    """A phone each: 13800000000 and on."""
    phones = [str(13_800_000_000 + int(number) - 1) for number in ids]
    keys = stores.secrets.index(phones, "identifier phone")
    sealed = stores.secrets.seal(phones, "identifier phone")
    now = stores.now()
    with stores.ledger.begin() as tx:
        insert_ignore(tx, metadata.tables["identity_customer"], [{"id": int(number), "created_at": now} for number in ids])
        rows = [
            {"identity_key": key, "namespace": "phone", "value_sealed": blob, "customer_id": int(number), "first_seen_at": now}
            for key, blob, number in zip(keys, sealed, ids, strict=True)
        ]
        store(tx, pa.Table.from_pylist(rows))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
