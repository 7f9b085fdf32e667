"""Files of the suppression list 停发名单导出: the list as CSV, addresses masked, made batch by batch."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from siyu.customers.words import in_words
from siyu.foundation.clock import from_ms
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.identity import identifiers
from siyu.messaging import suppression
from siyu.messaging.suppression import REASONS, Suppression
from siyu.segments.export_files import safe

BATCH_ROWS = 5_000
_HEADINGS = (Text("载体", "Carrier"), Text("地址", "Address"), Text("客户编号", "Customer"), Text("原因", "Reason"), Text("代码", "Code"), Text("时间", "Since"), Text("说明", "Note"), Text("操作人", "By"))


def lines(stores: Stores, language: str, *, carrier: str | None, reason: str | None) -> Iterator[str]:
    """The file in pieces: a mark that Excel needs, headings, one line an address."""
    yield "\ufeff" + _written([[heading.to(language) for heading in _HEADINGS]])
    after: tuple[int, str, int] | None = None
    while True:
        with stores.ledger.read() as tx:
            found = suppression.list_suppressions(tx, carrier=carrier, reason=reason, after=after, limit=BATCH_ROWS)
            keys = [one.identity_key for one in found]
            masked, owners = identifiers.masked_of(stores, tx, keys), identifiers.customers_of(tx, keys)
        yield _written([_cells(stores, language, one, masked, owners) for one in found])
        if len(found) < BATCH_ROWS:
            return
        after = (found[-1].at_ms, found[-1].carrier, found[-1].identity_key)


def _cells(stores: Stores, language: str, one: Suppression, masked: dict[int, str], owners: dict[int, int]) -> list[object]:
    since = f"{from_ms(one.at_ms).astimezone(stores.calendar.zone):%Y-%m-%d %H:%M:%S}"
    carrier, key = in_words("carrier", one.carrier).to(language), one.identity_key
    return [carrier, masked.get(key), owners.get(key), REASONS[one.reason].to(language), one.code, since, one.note, one.by]


def _written(rows: list[list[object]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([[safe(cell) for cell in row] for row in rows])
    return out.getvalue()
