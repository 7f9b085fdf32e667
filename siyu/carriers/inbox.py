"""Inbox 收件箱: what a carrier tells is on disk before it is answered. Arrivals of one moment share one commit.

A thread takes all that wait, writes them in one transaction, and only then lets their requests answer 200. What comes
again (carriers repeat themselves) is recognised by its key and answered without a second row.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, IntegrityError

from siyu.carriers import _tables
from siyu.carriers.accounts import Account
from siyu.connectors.happenings import Happening
from siyu.foundation.commits import FullError, GroupCommits
from siyu.foundation.database import select_in
from siyu.foundation.errors import SiyuError, UnavailableError
from siyu.foundation.ids import key64
from siyu.foundation.secrets import Secrets
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

WAITING_LIMIT = 5_000
"""More callbacks than these waiting to be written are turned away; carriers come again."""
TOGETHER = 500
EARLIEST = datetime(2011, 1, 1, tzinfo=UTC)
"""Before WeChat there was nothing to tell."""
MOST_AHEAD = timedelta(days=400)
"""A clock may be wrong, and a rehearsal's runs ahead; beyond that it is no time at all."""
_CONTEXT = "carriers inbox"
_log = logging.getLogger("siyu.carriers")


class _Stored(msgspec.Struct):
    document: str
    happenings: tuple[Happening, ...]


@dataclass(frozen=True)
class Arrival:
    """One callback: its plain document and what it says. `key` is the same for every copy of it."""

    account: Account
    key: int
    happenings: tuple[Happening, ...]
    document: bytes
    received_at: datetime

    @classmethod
    def of(cls, account: Account, happenings: Sequence[Happening], document: bytes, received_at: datetime) -> Arrival:
        key = key64("callback", account.id, *(happening.key for happening in happenings))
        return cls(account, key, tuple(_held(happening, received_at) for happening in happenings), document, received_at)


Also = Callable[[Connection, Sequence[Arrival]], Callable[[], None]]
"""What else belongs into the transaction of new arrivals; it returns what to do once that is on disk."""


class Inbox:
    def __init__(self, stores: Stores, also: Also) -> None:
        self._stores = stores
        self._also = also
        self._commits = GroupCommits(self._write, name="inbox", limit=WAITING_LIMIT, together=TOGETHER)

    def start(self) -> None:
        self._commits.start()

    def stop(self) -> None:
        self._commits.stop()

    async def put(self, arrival: Arrival) -> None:
        """Returns when the arrival is on disk, now or from an earlier time.

        Raises
        ------
        UnavailableError
            When more wait than can be written in time, or the disk cannot be written.
        """
        try:
            await self._commits.put(arrival)
        except FullError:
            raise _busy() from None

    def _write(self, arrivals: Sequence[Arrival], also: Also | None = None) -> list[SiyuError | None]:
        try:
            store(self._stores, arrivals, also or self._also)
        except Exception as wrong:
            if is_about_content(wrong) and also is None:
                # One of them is strange: the others must not suffer for it, and it is kept, though nothing is done about it at once.
                alone = None if len(arrivals) > 1 else _nothing_else
                return [error for one in arrivals for error in self._write([one], alone)]
            _log.exception("callbacks could not be written down; the carrier will send them again")
            return [_busy() for _ in arrivals]
        return [None] * len(arrivals)


def _nothing_else(_tx: Connection, _arrivals: Sequence[Arrival]) -> Callable[[], None]:
    return lambda: None


def store(stores: Stores, arrivals: Sequence[Arrival], also: Also) -> int:
    """Write a set of arrivals in one transaction; returns how many were new."""
    distinct = list({arrival.key: arrival for arrival in arrivals}.values())
    documents = stores.secrets.seal([_packed(arrival) for arrival in distinct], _CONTEXT)
    rows = [
        {
            "account_id": arrival.account.id, "event_key": arrival.key, "received_at": arrival.received_at, "body_sealed": document,
            "kind": arrival.happenings[0].kind if arrival.happenings else "unknown",
            "at": arrival.happenings[0].at if arrival.happenings else arrival.received_at,
        }
        for arrival, document in zip(distinct, documents, strict=True)
    ]  # fmt: skip
    with stores.ledger.begin() as tx:
        insert = sqlite.insert(_tables.inbox) if stores.ledger.is_sqlite else postgresql.insert(_tables.inbox)
        fresh = set(tx.scalars(insert.on_conflict_do_nothing(index_elements=["event_key"]).returning(_tables.inbox.c.event_key), rows))
        after = also(tx, [arrival for arrival in distinct if arrival.key in fresh])
    after()
    return len(fresh)


def happenings_in(secrets: Secrets, sealed: Sequence[bytes]) -> list[list[Happening]]:
    """What stored callbacks say; one that cannot be opened (another master key) says nothing."""
    decoder = msgspec.json.Decoder(_Stored)
    return [list(decoder.decode(text).happenings) if text else [] for text in secrets.open(sealed, _CONTEXT)]


def document_in(secrets: Secrets, sealed: bytes) -> str | None:
    """A stored callback as the carrier wrote it."""
    text = secrets.open([sealed], _CONTEXT)[0]
    return msgspec.json.decode(text, type=_Stored).document if text else None


def documents_of(secrets: Secrets, tx: Connection, wanted: Sequence[tuple[int, str]]) -> dict[tuple[int, str], bytes]:
    """(account, key of a happening) → the callback that told of it alone, as the carrier wrote it; what cannot be opened is left out."""
    keys = {key64("callback", account_id, key): (account_id, key) for account_id, key in wanted}
    rows = select_in(tx, [_tables.inbox.c.event_key, _tables.inbox.c.body_sealed], _tables.inbox.c.event_key, list(keys))
    texts = secrets.open([row.body_sealed for row in rows], _CONTEXT)
    decoder = msgspec.json.Decoder(_Stored)
    return {keys[row.event_key]: decoder.decode(text).document.encode() for row, text in zip(rows, texts, strict=True) if text}


def is_about_content(error: Exception) -> bool:
    """Whether it comes from what was told (a repeat ends the same way), and not from the store that could not be had."""
    return isinstance(error, ValueError | TypeError | LookupError | AttributeError | DataError | IntegrityError)


def _held(happening: Happening, received_at: datetime) -> Happening:
    """As stores can hold it. A time that cannot be is the time of arrival: else somebody "added in 2099" could never leave."""
    at = happening.at if EARLIEST <= happening.at <= received_at + MOST_AHEAD else received_at
    told = replace(happening, at=at, contact=_clean(happening.contact), staff=_clean(happening.staff), detail=_clean(happening.detail))
    return told if told != happening else happening


def _clean(value: Any) -> Any:
    """Without NUL and lone surrogates, which JSON can bring and no database takes."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
    if isinstance(value, dict):
        return {_clean(name): _clean(one) for name, one in value.items()}
    return [_clean(one) for one in value] if isinstance(value, list) else value


def _packed(arrival: Arrival) -> str:
    return msgspec.json.encode(_Stored(arrival.document.decode("utf-8", "replace"), arrival.happenings)).decode()


def _busy() -> UnavailableError:
    return UnavailableError(Text("暂时无法收下回调", "callbacks cannot be taken in just now"))
