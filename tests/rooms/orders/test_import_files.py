"""Files of every kind that people send: read, or refused in words; never a crash, never a good row lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from tests.conftest import SetClock
from tests.makers import files
from tests.makers.door import Door
from tests.makers.files import HEADER, csv_bytes, good_rows

ROWS = good_rows(3)
WHOLE = csv_bytes(ROWS)


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        pytest.param(csv_bytes(ROWS), "utf-8", id="utf-8"),
        pytest.param(csv_bytes(ROWS, encoding="utf-8-sig"), "utf-8-sig", id="utf-8 with mark"),
        pytest.param(csv_bytes(ROWS, encoding="utf-16"), "utf-16", id="utf-16"),
        pytest.param(b"\xfe\xff" + csv_bytes(ROWS, encoding="utf-16-be"), "utf-16", id="utf-16 big endian"),
        pytest.param(csv_bytes(ROWS, encoding="gb18030"), "gb18030", id="gb18030"),
        pytest.param(csv_bytes(ROWS, delimiter=";"), "utf-8", id="semicolons"),
        pytest.param(csv_bytes(ROWS, delimiter="\t"), "utf-8", id="tabs"),
        pytest.param(csv_bytes(ROWS, delimiter="|"), "utf-8", id="bars"),
        pytest.param(WHOLE.replace(b"\r\n", b"\r"), "utf-8", id="old line ends"),
        pytest.param(WHOLE.rstrip(b"\r\n"), "utf-8", id="no last line end"),
        pytest.param("三月订单导出\r\n\r\n".encode() + WHOLE, "utf-8", id="title above the header"),
        pytest.param(files.xlsx({"订单": [HEADER, *ROWS]}), None, id="xlsx"),
        pytest.param(files.xlsx({"订单": [["三月订单"], [], HEADER, *ROWS]}), None, id="xlsx with a title"),
        pytest.param(files.parquet({name: [str(row[i]) for row in ROWS] for i, name in enumerate(HEADER)}), None, id="parquet"),
    ],
)
def test_the_same_rows_from_every_kind_of_file(data: bytes, encoding: str | None, door: Door) -> None:
    file = door.upload(data).json()
    assert file["encoding"] == encoding
    done = door.bring(data)
    assert (done["row_count"], done["accepted_count"], done["rejected_count"]) == (3, 3, 0)
    assert door.orders() == [("A1", 1, 990, 1, 1), ("A2", 2, 1980, 2, 1), ("A3", 3, 2970, 3, 1)]


def test_chinese_after_a_megabyte_of_plain_letters_is_still_recognised(door: Door) -> None:
    plain = [["2025-03-01 10:00:00", f"B{n}", "v", "", "x" * 60, 1, 1] for n in range(12_000)]
    header = ("date", "order_id", "buyer", "phone", "product_name", "quantity", "price")
    data = csv_bytes([*plain, *ROWS], header, encoding="gb18030")
    assert door.upload(data).json()["encoding"] == "gb18030"
    assert door.bring(data)["rejected_count"] == 0


def test_bytes_of_another_encoding_cost_only_their_rows(door: Door) -> None:
    lines = WHOLE.splitlines(keepends=True)
    lines.insert(2, "2025-03-05,X1,u9,,洗面奶,1,5\r\n".encode("gb18030"))
    done = door.bring(b"".join(lines))
    assert door.reasons(done) == {3: {"bad_characters"}}
    assert done["accepted_count"] == 3


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(b"", "empty", id="nothing"),
        pytest.param(b"\xef\xbb\xbf", "empty", id="only a mark"),
        pytest.param(b"\xff\xfe", "empty", id="only a mark of utf-16"),
        pytest.param(b" \r\n\r\n ", "empty", id="only blanks"),
        pytest.param(b",,,\r\n,,\r\n", "column names", id="only commas"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "not a CSV", id="a picture"),
        pytest.param(b"%PDF-1.7\n" + b"text, text\n" * 90, "not a CSV", id="a PDF"),
        pytest.param(csv_bytes(ROWS, encoding="utf-16-le"), "not a CSV", id="utf-16 without mark"),
        pytest.param(b"PAR1" + bytes(200), "Parquet file is damaged", id="no parquet"),
        pytest.param(files.parquet({"下单时间": ["2025-01-01"] * 900})[:-60], "Parquet file is damaged", id="parquet cut off"),
        pytest.param(b"PK\x03\x04" + bytes(200), "workbook cannot be opened", id="no workbook"),
        pytest.param(files.xlsx({"订单": [HEADER, *ROWS]})[:-900], "workbook cannot be opened", id="workbook cut off"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "workbook cannot be opened", id="no xls"),
        pytest.param(files.xlsx({"甲": [], "乙": [[]]}), "holds no data", id="empty workbook"),
        pytest.param(files.bomb_xlsx, "too large once unpacked", id="zip bomb"),
        pytest.param(files.lying_bomb_xlsx, "workbook cannot be opened", id="zip bomb that lies"),
        pytest.param(b'"' + "下单时间,数量\r\n".encode() * 5, "header cannot be read", id="header with an open quote"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_words_and_not_kept(data: bytes | Callable[[], bytes], words: str, door: Door) -> None:
    data = data() if callable(data) else data
    answer = door.upload(data)
    assert answer.status_code == 422, answer.text
    assert words in answer.json()["detail"]
    chinese = door.client.put("/api/v1/imports/files", content=data, params={"name": "a.csv"}, headers={"Accept-Language": "zh-CN"}).json()
    assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese["detail"])
    folder = door.stores.settings.files / "uploads"
    assert [*folder.iterdir()] == []


def test_old_workbooks_are_read(door: Door, clock: SetClock) -> None:
    clock.at = datetime(2026, 3, 1, tzinfo=UTC)
    done = door.bring(files.xls(), "订单.xls")
    assert done["accepted_count"] == 3
    assert door.orders() == [("A1", 1, 990, 1, 1), ("A2", 2, 1980, 2, 1), ("A3", 3, 2970, 3, 1)]


@pytest.mark.parametrize("data", [csv_bytes([]), files.xlsx({"订单": [HEADER]}), files.parquet({name: pa.array([], pa.string()) for name in HEADER})])
def test_a_header_without_rows_is_an_import_of_nothing(data: bytes, door: Door) -> None:
    done = door.bring(data)
    assert (done["row_count"], done["customer_count"], done["order_count"]) == (0, 0, 0)


def test_the_sheet_with_the_orders_is_found_and_named(door: Door) -> None:
    data = files.xlsx({"说明": [["本文件由系统导出"], ["项目", "值"], ["行数", 3]], "空": [], "订单": [HEADER, *ROWS], "退货": [HEADER]})
    file = door.upload(data, "book.xlsx").json()
    said = " ".join(warning["en"] for warning in file["warnings"])
    assert "'订单'" in said
    assert "说明" in said
    assert door.bring(data, "book.xlsx")["accepted_count"] == 3


def test_sheets_with_dates_and_numbers_as_values_or_as_text(door: Door) -> None:
    rows: list[list[Any]] = [
        [datetime(2025, 3, 1, 10), "A1", 17850, "", "甲", 2, 9.9],  # noqa: DTZ001  a sheet has wall-clock times
        ["2025-03-01 10:00:00", "A2", "17850", "", "乙", "2", "9.90"],
        [45717.416666666664, "A3", 17850.0, "", "丙", 2.0, "¥9.90"],
        ["45717.416666666664", "A4", "17850.0", "", "丁", "2.0", "９.９"],
    ]
    done = door.bring(files.xlsx({"订单": [HEADER, *rows]}), "orders.xlsx")
    assert done["rejected_count"] == 0
    assert door.orders() == [(f"A{n}", 1, 1980, 2, 1) for n in range(1, 5)]
    assert done["first_ordered_at"] == done["last_ordered_at"] == "2025-03-01T02:00:00Z"


def test_parquet_columns_of_any_type_do_no_harm(door: Door) -> None:
    columns = {
        "下单时间": pa.array([datetime(2025, 3, 1, 10)] * 2, pa.timestamp("ns")),  # noqa: DTZ001
        "订单编号": pa.array([{"no": 1}, {"no": 2}]),
        "买家账号": pa.array(["u1", "u1"]).dictionary_encode(),
        "数量": pa.array([1, 2], pa.uint8()),
        "单价": pa.array([Decimal("9.90"), Decimal("1.10")], pa.decimal128(10, 2)),
        "商品名称": pa.array([b"\xe7\x94\xb2", b"\xff\xfe"]),
        "备注": pa.array([["a"], None]),
        "耗时": pa.array([1, 2], pa.duration("s")),
        "无": pa.nulls(2),
        "真假": pa.array([True, False]),
        "省份": pa.array([1.5, 2.5], pa.float16()),
    }
    done = door.bring(files.parquet(columns))
    assert door.reasons(done) == {2: {"bad_characters"}}
    assert done["amount_fen"] == 990


def test_a_nested_column_as_a_number_is_a_reason_not_a_crash(door: Door) -> None:
    data = files.parquet({"下单时间": ["2025-03-01"], "数量": [[1, 2]], "单价": [1.0]})
    assert door.reasons(door.bring(data)) == {1: {"bad_number"}}


def test_parquet_that_is_damaged_in_the_middle_fails_in_words(door: Door) -> None:
    whole = bytearray(files.parquet({"下单时间": ["2025-03-01"] * 5_000, "单价": list(range(5_000)), "订单编号": [f"A{n}" for n in range(5_000)]}))
    whole[5_000:9_000] = bytes(4_000)
    answer = door.upload(bytes(whole))
    if answer.status_code == 201:
        job = door.start(answer.json()).json()["job_id"]
        door.app.state.runner.run_pending()
        found = door.client.get(f"/api/v1/jobs/{job}").json()
        assert (found["status"], "damaged" in found["error"]["en"]) == ("failed", True)
    else:
        assert (answer.status_code, "damaged" in answer.text) == (422, True)


def test_headers_that_come_twice_or_are_blank_get_names_of_their_own(door: Door) -> None:
    data = csv_bytes([["2025-03-01", "9", "", "1", "x"]], ("下单时间", "金额", "", "金额", "列3"))
    file = door.upload(data).json()
    names = [column["name"] for column in file["columns"]]
    assert names == ["下单时间", "金额", "列3", "金额.2", "列3.2"]
    assert door.bring(data, mapping={"ordered_at": "下单时间", "amount": "金额.2"})["amount_fen"] == 0
    done = door.bring(data, mapping={"ordered_at": "下单时间", "amount": "金额.2", "account": "列3.2"}, source="b")
    assert done["amount_fen"] == 100


@pytest.mark.parametrize(
    ("mapping", "faults"),
    [
        ({}, {"ordered_at", "amount"}),
        ({"ordered_at": "下单时间", "unit_price": "单价", "colour": "买家账号"}, {"colour"}),
        ({"ordered_at": "下单", "unit_price": "价", "account": "买家"}, {"ordered_at", "unit_price", "account"}),
    ],
)
def test_every_fault_of_a_mapping_is_told_at_once(mapping: dict[str, str], faults: set[str], door: Door) -> None:
    answer = door.start(door.upload(WHOLE).json(), mapping=mapping)
    assert answer.status_code == 422
    assert {fault["field"] for fault in answer.json()["errors"]} == faults
    assert answer.json()["way_out"]


def test_a_file_of_one_column_says_what_is_missing(door: Door) -> None:
    answer = door.start(door.upload("下单时间\r\n2025-01-01\r\n".encode()).json())
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["errors"]] == ["amount"]


@pytest.mark.parametrize(
    ("name", "source"),
    [("orders_2026-01.csv", "orders"), ("orders (1).csv", "orders"), ("2026年1月订单.xlsx", "订单"), ("jd_202601.csv", "jd"), ("门店2.csv", "门店2"), ("../..", "orders")],
)
def test_exports_of_several_months_come_from_one_shop(name: str, source: str, door: Door) -> None:
    assert door.upload(WHOLE, name).json()["source_guess"] == source
