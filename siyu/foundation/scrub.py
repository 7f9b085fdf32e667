"""Scrub 擦净: after rows were deleted, nothing of them is left in the ledger's files.

A database marks the place of a deleted row as free and keeps its bytes; pages that were split keep copies of what they held.
Only a file that is written anew holds nothing else than what is alive.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from siyu.foundation.database import Ledger
from siyu.foundation.errors import UnavailableError
from siyu.foundation.text import Text

READERS_SECONDS = 60.0


def scrub(ledger: Ledger, tables: Sequence[str]) -> None:
    """Write the ledger anew: all of a SQLite file, these tables of a PostgreSQL. Writers wait meanwhile.

    Raises
    ------
    UnavailableError
        When somebody has been reading an old state of the ledger for a minute.
    """
    if ledger.is_sqlite:
        _scrub_sqlite(ledger)
        return
    with ledger.aside() as connection:
        quote = connection.dialect.identifier_preparer.quote
        for name in tables:
            connection.exec_driver_sql(f"VACUUM (FULL, ANALYZE) {quote(name)}")


def _scrub_sqlite(ledger: Ledger) -> None:
    with ledger.aside() as connection:
        # Into a file: in memory a large ledger would not fit.
        connection.exec_driver_sql("PRAGMA temp_store = FILE")
        connection.exec_driver_sql("VACUUM")
        connection.exec_driver_sql("PRAGMA temp_store = MEMORY")
        until = time.monotonic() + READERS_SECONDS
        while connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]:
            if time.monotonic() > until:
                raise UnavailableError(
                    Text("账本一直有人在读，日志文件暂时清不空", "the ledger is being read all the time, its journal cannot be emptied just now"),
                    way_out=Text("稍后会自动再试", "it is tried again by itself"),
                )
            time.sleep(0.05)
