"""The chain of migrations gives the tables that the rooms declare, on both ledgers, however it is interrupted."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import event, inspect, select, text

import siyu.app  # noqa: F401  every room's tables are on the metadata
from siyu.events import log
from siyu.events.catalogue.identity import PEOPLE_SEEN
from siyu.foundation.brand import is_sample, set_sample
from siyu.foundation.database import Ledger, metadata, open_ledger
from siyu.foundation.errors import UnavailableError
from siyu.foundation.migrate import MIGRATIONS, migrate, schema_version


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


def test_runs_stand_where_they_stood_when_that_became_a_table_of_its_own(ledger: Ledger) -> None:
    migrate(ledger)
    _back_to(ledger, "0032")
    run = "INSERT INTO journeys_enrolment (id, journey_id, version, customer_id, first_id, key, number, entered_ms, state, place_id, due_ms, heard, arrived_ms, ended_ms, code) VALUES "
    with ledger.begin() as tx:
        tx.execute(text(run + "(1, 1, 1, 5, 5, '', 1, 10, 0, 7, 90, -1, 20, NULL, NULL), (3, 1, 1, 6, 6, 'k', 2, 11, 3, 8, NULL, 0, 21, 30, 'event:x')"))
        tx.execute(text("INSERT INTO journeys_heard (enrolment_id, event_key, name, at_ms, properties, is_entry) VALUES (1, 2, 'x', 12, '{}', false)"))
        before = tx.execute(text(_WHERE.format("journeys_enrolment AS e JOIN journeys_enrolment AS s ON s.id = e.id"))).all()
    migrate(ledger)
    assert differences(ledger) == []
    with ledger.read() as tx:
        assert tx.execute(text(_WHERE.format("journeys_enrolment AS e JOIN journeys_standing AS s ON s.enrolment_id = e.id"))).all() == before
        assert len(before) == 2
    _back_to(ledger, "0032")
    with ledger.read() as tx:
        assert tx.execute(text(_WHERE.format("journeys_enrolment AS e JOIN journeys_enrolment AS s ON s.id = e.id"))).all() == before


_WHERE = "SELECT e.id, e.customer_id, e.key, e.entered_ms, s.state, s.place_id, s.due_ms, s.heard, s.arrived_ms, s.ended_ms, s.code FROM {} ORDER BY e.id"


def _back_to(ledger: Ledger, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with ledger.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
