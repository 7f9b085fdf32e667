"""The chain of migrations gives the tables that the rooms declare, on both ledgers, however it is interrupted."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import event, inspect, select, text

import siyu.app  # noqa: F401  every room's tables are on the metadata
from siyu.events import log
from siyu.events.catalogue.identity import PEOPLE_SEEN
from siyu.foundation.brand import is_sample, set_sample
from siyu.foundation.database import Ledger, metadata, open_ledger
from siyu.foundation.errors import UnavailableError
from siyu.foundation.migrate import migrate, schema_version


@pytest.fixture
def ledger(bare_url: str) -> Iterator[Ledger]:
    opened = open_ledger(bare_url)
    yield opened
    opened.close()


def differences(ledger: Ledger) -> list[object]:
    with ledger.engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))


def test_migrations_give_the_declared_tables(ledger: Ledger) -> None:
    migrate(ledger)
    assert differences(ledger) == []
    current, wanted = schema_version(ledger)
    assert current == wanted is not None


def test_a_ledger_that_is_up_to_date_is_left_alone(ledger: Ledger) -> None:
    migrate(ledger)
    statements: list[str] = []
    event.listen(ledger.engine, "before_cursor_execute", lambda c, cur, sql, *rest: statements.append(sql))
    migrate(ledger)
    changing = ("CREATE", "ALTER", "DROP", "INSERT", "UPDATE", "DELETE")
    assert [sql for sql in statements if sql.lstrip().upper().startswith(changing)] == []


def test_data_stays_over_an_upgrade(ledger: Ledger) -> None:
    migrate(ledger)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    rows = PEOPLE_SEEN.table({"identity_key": [1], "namespace": ["phone"], "value_sealed": [b"x"], "anchor_key": [1], "seen_ms": [0]})
    with ledger.begin() as tx:
        set_sample(tx, True)
        log.append(tx, PEOPLE_SEEN, rows, now=now)
    migrate(ledger)
    with ledger.read() as tx:
        assert is_sample(tx)
        assert [batch.rows for batch in log.batches(tx, 0, None, [PEOPLE_SEEN.name])] == [rows]


class PowerCut(RuntimeError):
    pass


@pytest.mark.parametrize("after", [1, 5, 12, 23])
def test_a_migration_that_was_cut_off_is_made_anew(ledger: Ledger, after: int) -> None:
    """At the first start of all, too: half of the tables and no version would lock the owner out for ever."""
    created = 0

    def cut(connection: object, cursor: object, sql: str, *rest: object) -> None:
        nonlocal created
        created += sql.lstrip().startswith("CREATE TABLE")
        if created > after:
            raise PowerCut

    event.listen(ledger.engine, "before_cursor_execute", cut)
    with pytest.raises(PowerCut):
        migrate(ledger)
    event.remove(ledger.engine, "before_cursor_execute", cut)
    assert inspect(ledger.engine).get_table_names() == []
    migrate(ledger)
    assert differences(ledger) == []


def test_two_processes_may_start_at_once(bare_url: str) -> None:
    ledgers = [open_ledger(bare_url) for _ in range(4)]
    failed: list[BaseException] = []

    def run(one: Ledger) -> None:
        try:
            migrate(one)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(one,)) for one in ledgers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert differences(ledgers[0]) == []
    for one in ledgers:
        one.close()


def test_a_ledger_of_a_newer_version_is_refused_and_left_alone(ledger: Ledger) -> None:
    migrate(ledger)
    with ledger.begin() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UnavailableError) as told:
        migrate(ledger)
    assert "newer" in told.value.message.en
    assert told.value.way_out is not None
    with ledger.read() as tx:
        assert tx.scalar(select(text("version_num")).select_from(text("alembic_version"))) == "9999"
