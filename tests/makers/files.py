"""Files of order lines, good and bad, as bytes: what shops, spreadsheets and attackers send."""

from __future__ import annotations

import base64
import csv
import io
import random
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

HEADER = ("下单时间", "订单编号", "买家账号", "手机号", "商品名称", "数量", "单价")
PHONE, EMAIL = "13800138000", "lihua@example.com"
_XLS = (
    "eNrtWE1oE0EU/mZ3kyZpmqRtWmiFEgpWrRXyAyKFNlbQngzVUBQVNLU5SEtbgh7UQ6s1JykoIqJ4qfTipeqlKirozYMQ0YMgCI0ePQnVeGi7vn"
    "mZxKTm0IAWlf028+b9zbeTndmZ3X2dqV+cfdCaxRr0Qseq6YS9xCeoOAuGDxQ3TakWagcV08I/BaeDBtJuw5O6VzVyDOV4Z6HhvvGCJPCRyjFM"
    "IDY+lgxsIPZwHxJC9qGHpMBt8njQwr1qYHmSZSPLe5z5lOVu9syw7KHcRXEEmWisc5eaxYe1do55IHkfcpv37AmhCS/lLJ68IvK5NvSlTiVG/8"
    "5Am+HGHGjc+pNjyVRidBF+GsA5fDUDwFLhTn0esPwb6xcg//dyf00F/zXNAKZgnuAJnoYb3YaMaOLO5cH4Mm7QFAUXA+xqnszFSa2NDca/JZeu"
    "kzoRWzjaMZOLE8FEMnOVqsF4LkZzuS/UCISD4Z07giH6BULB7qD8UehMSMbDpfFwWTws45HSeKQsHnHJnYBXDl/ZylHHd5Sb5DC8rNfzfeWjvW"
    "H57pc3+4cGosfZM8W7RX5P2SwvA0xckC2osYcjfCVopgOd3GI7y4vMuon1VpZ+yqG6Y6BJKfumOecSRzvoPBHG2+iWEn0r6enPBx61pT9Ft5E+"
    "3589559/F51FO+1xw9ReHtPoEl3i1k2Jx9FCLdT684Flyy9rkUPzqb6bauP0YgUuVutZ5i15dUTR0tS1yls6WXrRMsgyFLOowCyY2abyBTPbi5"
    "ZklkP0jPotmNnO+ee9kllyahU4Nc5xKJb8WDqLluR0KU6NOV1rOPUKnDrn1CoWnTndRUty1ilOnTk9JZy9WgMWZKdoff8JFyxYsGDBggULFixU"
    "A8FPnuAnM0M9b8unwxr1XWeFyqr1meS/xUGM03GaXkz3YozqFM5WNX+aYRMFLrHONoXvhRKH6OwpjGCI+zFS9fyltw9R+n/W3dD3+26has+/Wk"
    "0///D5fwCrfew1"
)


def good_rows(count: int = 3) -> list[list[Any]]:
    """Rows under `HEADER`: n orders of n buyers, n pieces at 9.90."""
    return [[f"2025-03-{n % 28 + 1:02d} 10:00:00", f"A{n}", f"u{n}", "", f"护手霜 {n}", n, "9.90"] for n in range(1, count + 1)]


def csv_text(rows: Sequence[Sequence[Any]], header: Sequence[Any] = HEADER, delimiter: str = ",") -> str:
    sink = io.StringIO()
    writer = csv.writer(sink, delimiter=delimiter)
    writer.writerow(header)
    writer.writerows(rows)
    return sink.getvalue()


def csv_bytes(rows: Sequence[Sequence[Any]], header: Sequence[Any] = HEADER, delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    return csv_text(rows, header, delimiter).encode(encoding)


def row_with(**cells: Any) -> list[Any]:
    """A good row but for the cells given: at, order, account, phone, product, quantity, price."""
    named = dict(zip(HEADER, good_rows(1)[0], strict=True)) | {_COLUMNS[name]: value for name, value in cells.items()}
    return [named[column] for column in HEADER]


def one_row(**cells: Any) -> bytes:
    """A file of one such row, and a good one after it."""
    return csv_bytes([row_with(**cells), good_rows(2)[1]])


_COLUMNS = {"at": "下单时间", "order": "订单编号", "account": "买家账号", "phone": "手机号", "product": "商品名称", "quantity": "数量", "price": "单价"}


def xlsx(sheets: Mapping[str, Sequence[Sequence[Any]]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


def xls() -> bytes:
    """A workbook of 1997 to 2003 (made with xlwt 1.3): three orders, columns as in a shop's export."""
    return zlib.decompress(base64.b64decode("".join(_XLS)))


def bomb_xlsx(unpacked: int = 200 << 20) -> bytes:
    """A workbook of a few hundred KB that unpacks to `unpacked` bytes."""
    sink = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx({"订单": [HEADER]}))) as good, zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as bomb:
        for item in good.infolist():
            if item.filename != "xl/worksheets/sheet1.xml":
                bomb.writestr(item, good.read(item))
        with bomb.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>')
            row = b"<row><c><v>1</v></c></row>" * 40_000
            for _ in range(unpacked // len(row)):
                sheet.write(row)
            sheet.write(b"</sheetData></worksheet>")
    return sink.getvalue()


def lying_bomb_xlsx() -> bytes:
    """The same, but the archive says of the sheet that it has 4,096 bytes."""
    data = bytearray(bomb_xlsx())
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        name_size = struct.unpack_from("<H", data, at + 28)[0]
        if data[at + 46 : at + 46 + name_size] == b"xl/worksheets/sheet1.xml":
            struct.pack_into("<I", data, at + 24, 4096)
        at = data.find(b"PK\x01\x02", at + 4)
    return bytes(data)


def parquet(columns: Mapping[str, Any]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(dict(columns)), sink)
    return sink.getvalue()


def write_large_csv(path: Path, size: int, seed: int = 1) -> int:
    """A CSV of about `size` bytes: orders of 1 to 4 lines of a growing number of buyers; returns its rows.

    Every order number is new, every fourth order brings a new buyer.
    """
    draw = random.Random(seed)
    start, rows, order = datetime(2020, 1, 1, tzinfo=UTC), 0, 0
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("下单时间,订单编号,买家账号,商品编码,商品名称,数量,单价\r\n")
        while file.tell() < size:
            lines = []
            for _ in range(20_000):
                order += 1
                at = (start + timedelta(seconds=order * 7)).strftime("%Y-%m-%d %H:%M:%S")
                buyer = draw.randrange(order // 4 + 1)
                for line in range(draw.randrange(1, 5)):
                    sku = draw.randrange(500)
                    lines.append(f"{at},T{order:010d},u{buyer},S{sku:04d},护手霜 第{sku}号 {line},{draw.randrange(1, 4)},{sku / 10 + 1:.2f}\r\n")
            rows += len(lines)
            file.write("".join(lines))
    return rows
