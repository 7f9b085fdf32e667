"""Live stream 实时流: the last things that came in, for people who connect an SDK and want to see it work.

Each round of the translator leaves its newest operations in one sealed row; the last rows are kept, at most for a day. It is a
window, not a record: the log is the record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, or_, select

from siyu.collect import _plan_tables as tables
from siyu.events.identifiers import mask
from siyu.events.sealed import cautious, changed, opened
from siyu.foundation.errors import NotFoundError
from siyu.foundation.secrets import Secrets
from siyu.foundation.text import Text

SHOWN = 100
_A_ROUND = 100
_ROWS = 200
_AGE = timedelta(days=1)
_LONGEST = 4_000
_LONGEST_TEXT = 300
_CONTEXT = "collect live"


class Entry(msgspec.Struct, array_like=True):
    """One operation as it came in. `ids` are (namespace, value); `told` is its content as JSON; `reason` why it was set aside, else empty."""

    feed_id: int
    received_ms: int
    told_ms: int | None
    wire: str
    name: str
    ids: list[tuple[str, str]]
    told: str
    reason: str = ""


@dataclass(frozen=True)
class Shown:
    """An entry as its reader may see it. `place` names it: row and number in the row."""

    place: tuple[int, int]
    entry: Entry


def note(tx: Connection, secrets: Secrets, entries: Sequence[Entry], now: datetime) -> None:
    """Keep the newest entries of a round."""
    if not entries:
        return
    text = msgspec.json.encode(list(entries[-_A_ROUND:])).decode()
    made = tx.execute(insert(tables.live).values(at=now, entries_sealed=secrets.seal([text], _CONTEXT)[0])).inserted_primary_key
    assert made is not None
    table = tables.live
    tx.execute(delete(table).where(or_(table.c.id <= int(made[0]) - _ROWS, table.c.at < now - _AGE)))


def read_live(
    tx: Connection, secrets: Secrets, *, feed_id: int | None = None, event: str = "", person: str = "", limit: int = SHOWN
) -> list[Shown]:
    """The newest entries, newest first, masked. `event` is a part of its name, `person` one whole identifier."""
    found: list[Shown] = []
    for number, entries in _rows(tx, secrets):
        for index in range(len(entries) - 1, -1, -1):
            entry = entries[index]
            if feed_id not in (None, entry.feed_id) or event.lower() not in entry.name.lower():
                continue
            if person and person not in (value for _, value in entry.ids):
                continue
            found.append(Shown((number, index), _masked(entry)))
            if len(found) == limit:
                return found
    return found


def open_entry(tx: Connection, secrets: Secrets, place: tuple[int, int]) -> Entry:
    """One entry with everything in clear.

    Raises
    ------
    NotFoundError
    """
    table = tables.live
    row = tx.execute(select(table.c.id, table.c.entries_sealed).where(table.c.id == place[0])).one_or_none()
    entries = _entries(secrets, row.entries_sealed) if row else []
    if not 0 <= place[1] < len(entries):
        raise NotFoundError(Text("这条记录已不在实时流里", "the entry has left the live stream"), way_out=Text("到客户时间线里查看", "look at the customer's timeline"))
    entry = entries[place[1]]
    return msgspec.structs.replace(entry, told=_told(entry.told, lambda text: opened(secrets, text)))


def _rows(tx: Connection, secrets: Secrets) -> Iterator[tuple[int, list[Entry]]]:
    table = tables.live
    for number, blob in tx.execute(select(table.c.id, table.c.entries_sealed).order_by(table.c.id.desc()).limit(_ROWS)):
        yield int(number), _entries(secrets, blob)


def _entries(secrets: Secrets, blob: bytes) -> list[Entry]:
    text = secrets.open([blob], _CONTEXT)[0]
    return msgspec.json.decode(text, type=list[Entry]) if text else []


def _masked(entry: Entry) -> Entry:
    ids = [(space, mask(space, value)) for space, value in entry.ids]
    return msgspec.structs.replace(entry, ids=ids, told=_told(entry.told, lambda text: cautious(text, _LONGEST_TEXT)))


def told_of(content: dict[str, Any]) -> str:
    """An operation's content as an entry keeps it; what is very long is left out of the window."""
    text = msgspec.json.encode(content).decode()
    return text if len(text) <= _LONGEST else msgspec.json.encode({"…": f"{len(text)} characters"}).decode()


def _told(text: str, change: Callable[[str], str]) -> str:
    return msgspec.json.encode(changed(msgspec.json.decode(text), change)).decode()
