"""The sample brand: equal for equal options, whole in its references, and shaped like a real brand."""

import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from siyu_sandbox.__main__ import main
from siyu_sandbox.brand.export import export_brand
from siyu_sandbox.brand.plan import Plan
from siyu_sandbox.brand.tables import SCHEMAS

PLAN = Plan()
REFERENCES = (
    ("orders", "买家账号", "customers", "customer_key"),
    ("orders", "商品编码", "products", "sku"),
    ("customers", "source", "sources", "source"),
    ("customers", "live_code_id", "live_codes", "live_code_id"),
    ("customers", "store_id", "stores", "store_id"),
    ("customers", "referrer_key", "customers", "customer_key"),
    ("events", "customer_key", "customers", "customer_key"),
    ("relations", "customer_key", "customers", "customer_key"),
    ("relations", "staff_id", "staff", "staff_id"),
    ("relations", "carrier_id", "carriers", "carrier_id"),
    ("relations", "live_code_id", "live_codes", "live_code_id"),
    ("spend", "source", "sources", "source"),
    ("live_codes", "source", "sources", "source"),
    ("live_codes", "store_id", "stores", "store_id"),
    ("staff", "store_id", "stores", "store_id"),
    ("staff", "carrier_id", "carriers", "carrier_id"),
    ("trial", "customer_key", "customers", "customer_key"),
    ("trial", "content_id", "contents", "content_id"),
)
KEYS = (
    ("orders", "子订单编号"), ("customers", "customer_key"), ("events", "event_id"),
    ("relations", "relation_id"), ("products", "sku"), ("sources", "source"), ("stores", "store_id"),
    ("live_codes", "live_code_id"), ("carriers", "carrier_id"), ("staff", "staff_id"),
    ("contents", "content_id"), ("trial", "customer_key"),
)  # fmt: skip


def opened(folder: Path) -> duckdb.DuckDBPyConnection:
    """Every file of a brand as a view, and `paid`: one row per order that was paid and kept."""
    brand = duckdb.connect()
    brand.execute("SET TimeZone = 'UTC'")
    for name in SCHEMAS:
        brand.read_parquet(str(folder / f"{name}.parquet")).create_view(name)
    brand.execute(
        "CREATE VIEW paid AS SELECT 订单编号 AS number, any_value(买家账号) AS buyer,"
        " any_value(下单时间) AS ordered, sum(实付金额)::DOUBLE AS yuan"
        " FROM orders WHERE 订单状态 IN ('已完成', '已发货') GROUP BY 1"
    )
    return brand


def one(brand: duckdb.DuckDBPyConnection, query: str) -> float:
    """Return the single number a query answers."""
    return float(brand.execute(query).fetchall()[0][0])


def values(brand: duckdb.DuckDBPyConnection, name: str, column: str) -> set[str | None]:
    """Return the different values of a column."""
    return {row[0] for row in brand.view(name).project(f'"{column}"').distinct().fetchall()}


def digests(folder: Path) -> dict[str, str]:
    """Return the hash of every file of a folder."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def brand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the brand as it stands by default: 4,000 people, 24 months."""
    folder = tmp_path_factory.mktemp("brand")
    export_brand(PLAN, folder)
    with opened(folder) as views:
        yield views


@pytest.fixture(scope="module")
def batched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a small brand written in several batches."""
    folder = tmp_path_factory.mktemp("batched")
    export_brand(Plan(customers=900, months=14, batch=200), folder)
    with opened(folder) as views:
        yield views


def test_equal_options_give_equal_bytes(tmp_path: Path) -> None:
    plan = Plan(customers=300, batch=120)
    for name in ("first", "second"):
        export_brand(plan, tmp_path / name, with_csv=True)
    export_brand(Plan(customers=300, batch=120, seed=7), tmp_path / "other", with_csv=True)
    first = digests(tmp_path / "first")
    assert first == digests(tmp_path / "second")
    assert set(first) == {f"{name}.parquet" for name in SCHEMAS} | {"orders.csv"}
    assert first["orders.parquet"] != digests(tmp_path / "other")["orders.parquet"]


@pytest.mark.parametrize("views", ["brand", "batched"])
def test_keys_are_unique(views: str, request: pytest.FixtureRequest) -> None:
    brand = request.getfixturevalue(views)
    for name, key in KEYS:
        repeated = brand.view(name).aggregate(f'count(*) - count(DISTINCT "{key}")').fetchall()
        assert repeated == [(0,)], name


@pytest.mark.parametrize("views", ["brand", "batched"])
def test_every_reference_is_met(views: str, request: pytest.FixtureRequest) -> None:
    brand = request.getfixturevalue(views)
    for name, column, other, key in REFERENCES:
        assert values(brand, name, column) - {None} <= values(brand, other, key), (name, column)
    buyers = "SELECT max(c) FROM (SELECT count(DISTINCT 买家账号) AS c FROM orders GROUP BY 订单编号)"
    assert one(brand, buyers) == 1


def test_properties_are_json_of_scalars_that_refer_to_real_things(
    brand: duckdb.DuckDBPyConnection,
) -> None:
    known, contents = values(brand, "products", "sku"), values(brand, "contents", "content_id")
    staff = values(brand, "staff", "staff_id")
    rows = brand.execute("SELECT DISTINCT name, properties FROM events").fetchall()
    assert {name for name, _ in rows} == {
        "page_viewed", "product_viewed", "cart_added", "live_watched", "coupon_claimed", "review_written",
        "message_sent", "message_opened", "message_clicked", "message_blocked", "contact_added",
        "contact_deleted",
    }  # fmt: skip
    for _, text in rows:
        properties = json.loads(text)
        assert all(isinstance(value, str | int) for value in properties.values())
        assert properties.get("sku", "CSL-MC-001") in known
        assert properties.get("content", "N001") in contents
        assert properties.get("staff", "G001") in staff
        assert properties.get("purpose", "value") in {"promotion", "value", "service"}


@pytest.mark.parametrize("until", [dt.date(2026, 11, 22), dt.date(2024, 2, 29), dt.date(2031, 3, 31)])
def test_the_window_ends_before_the_given_day(until: dt.date, tmp_path: Path) -> None:
    plan = Plan(customers=400, months=12, until=until)
    export_brand(plan, tmp_path)
    midnight = dt.datetime.combine(until, dt.time(), ZoneInfo("Asia/Shanghai"))
    began = dt.datetime.combine(plan.began_on, dt.time(), ZoneInfo("Asia/Shanghai"))
    with opened(tmp_path) as brand:
        for name, column in (("events", "at"), ("customers", "registered_at"), ("relations", "began_at")):
            ends = brand.view(name).aggregate(f'epoch(min("{column}")), epoch(max("{column}"))').fetchall()
            assert began.timestamp() <= ends[0][0], name
            assert midnight.timestamp() - 6 * 86_400 < ends[0][1] < midnight.timestamp(), name
        ordered = brand.execute("SELECT min(下单时间), max(下单时间) FROM orders").fetchall()[0]
        assert began.replace(tzinfo=None) <= ordered[0] < ordered[1] < midnight.replace(tzinfo=None)


def test_the_default_window_is_two_years(brand: duckdb.DuckDBPyConnection) -> None:
    assert PLAN.began_on == dt.date(2024, 11, 22)
    assert one(brand, "SELECT count(*) FROM customers") == 4_000
    assert one(brand, "SELECT count(DISTINCT strftime(下单时间, '%Y-%m')) FROM orders") == 25


def test_nothing_of_a_person_precedes_the_registration(brand: duckdb.DuckDBPyConnection) -> None:
    early = "FROM customers AS c JOIN {} ON {} WHERE {} < c.registered_at"
    for join in (
        ("events AS e", "e.customer_key = c.customer_key", 'e."at"'),
        ("relations AS r", "r.customer_key = c.customer_key", "r.began_at"),
        ("orders AS o", "o.买家账号 = c.customer_key", "(o.下单时间 + INTERVAL 1 SECOND - INTERVAL 8 HOUR)"),
        ("customers AS g", "g.referrer_key = c.customer_key", "g.registered_at"),
    ):
        assert one(brand, "SELECT count(*) " + early.format(*join)) == 0, join
    assert one(brand, "SELECT count(*) FROM relations WHERE ended_at <= began_at") == 0


def test_money_of_a_line_is_consistent(brand: duckdb.DuckDBPyConnection) -> None:
    assert one(brand, "SELECT count(*) FROM orders WHERE 实付金额 > 数量 * 单价 OR 数量 < 1") == 0
    assert one(brand, "SELECT count(*) FROM orders WHERE (实付金额 = 0) <> (订单状态 = '交易关闭')") == 0
    listed = "FROM orders JOIN products ON sku = 商品编码 WHERE 单价 * 100 <> list_fen OR 类目 <> category"
    assert one(brand, f"SELECT count(*) {listed}") == 0
    assert one(brand, "SELECT count(*) FROM products WHERE cost_fen >= list_fen") == 0
    sold_early = "FROM orders JOIN products ON sku = 商品编码 WHERE 下单时间::DATE < launched_on"
    assert one(brand, f"SELECT count(*) {sold_early}") == 0


def test_the_csv_holds_the_same_lines_in_gb18030(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["brand", str(tmp_path), "--customers", "200", "--months", "6", "--csv"]
    assert main(options) == 0
    lines = (tmp_path / "orders.csv").read_bytes().decode("gb18030").splitlines()
    assert lines[0].split(",")[:3] == ['"订单编号"', '"子订单编号"', '"下单时间"']
    with opened(tmp_path) as brand:
        assert len(lines) - 1 == one(brand, "SELECT count(*) FROM orders")
    assert "orders" in capsys.readouterr().out


def test_faults_of_a_plan_are_told_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["brand", str(tmp_path), "--customers", "0", "--months", "0"])
    said = capsys.readouterr().err
    assert "customers must be" in said
    assert "months must be" in said
    assert main([]) == 2
