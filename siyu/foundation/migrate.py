"""Migrate 迁移: bring the ledger's schema to this version; refuse one that is newer."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from siyu.foundation.database import Ledger
from siyu.foundation.errors import UnavailableError
from siyu.foundation.text import Text

_PACKAGE = Path(__file__).parents[1]
MIGRATIONS = next((p for p in (_PACKAGE / "_migrations", _PACKAGE.parent / "migrations") if p.is_dir()), _PACKAGE / "_migrations")


def migrate(ledger: Ledger) -> None:
    """Apply the migrations that the ledger lacks, in one transaction each.

    Raises
    ------
    UnavailableError
        When the ledger was written by a newer version of Siyu.
    """
    config = _config()
    script = ScriptDirectory.from_config(config)
    with ledger.engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        if current is not None and current not in {revision.revision for revision in script.walk_revisions()}:
            raise UnavailableError(
                Text("账本是更新版本的 Siyu 写的", "the ledger was written by a newer version of Siyu"),
                way_out=Text("升级 Siyu,或恢复升级前的备份", "upgrade Siyu, or restore the backup made before the upgrade"),
            )
        if current != script.get_current_head():
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()


def schema_version(ledger: Ledger) -> tuple[str | None, str | None]:
    """(revision of the ledger, revision of this program)."""
    with ledger.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision(), ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
