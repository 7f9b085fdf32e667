"""Migrate 迁移: bring the ledger's schema to this version; refuse one that is newer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, select

from siyu.foundation.database import Ledger
from siyu.foundation.errors import UnavailableError
from siyu.foundation.text import Text

_PACKAGE = Path(__file__).parents[1]
MIGRATIONS = next((p for p in (_PACKAGE / "_migrations", _PACKAGE.parent / "migrations") if p.is_dir()), _PACKAGE / "_migrations")

_LOCK = 5_943_217
"""PostgreSQL's advisory lock of a migration; the number means nothing, it only must not change."""


def migrate(ledger: Ledger) -> None:
    """Apply the migrations that the ledger lacks, all in one transaction: killed in the middle, nothing happened.

    Raises
    ------
    UnavailableError
        When the ledger was written by a newer version of Siyu.
    """
    config = _config()
    script = ScriptDirectory.from_config(config)
    with _alone(ledger) as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        if current is not None and current not in {revision.revision for revision in script.walk_revisions()}:
            raise UnavailableError(
                Text("账本是更新版本的 Siyu 写的", "the ledger was written by a newer version of Siyu"),
                way_out=Text("升级 Siyu,或恢复升级前的备份", "upgrade Siyu, or restore the backup made before the upgrade"),
            )
        if current != script.get_current_head():
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


@contextmanager
def _alone(ledger: Ledger) -> Iterator[Connection]:
    """A transaction that keeps other processes from migrating meanwhile (they wait, and then find nothing to do)."""
    with ledger.begin() as connection:
        if not ledger.is_sqlite:
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        yield connection


def schema_version(ledger: Ledger) -> tuple[str | None, str | None]:
    """(revision of the ledger, revision of this program)."""
    with ledger.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision(), ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
