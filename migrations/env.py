"""Alembic's environment: the connection comes from `siyu.foundation.migrate`, or from the settings for the command line."""

from alembic import context

import siyu.app  # noqa: F401  the rooms' tables are on the metadata once every room is imported
from siyu.foundation.database import metadata, open_ledger
from siyu.foundation.settings import load_settings


def run(connection) -> None:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=connection.dialect.name == "sqlite")
    with context.begin_transaction():
        context.run_migrations()


connection = context.config.attributes.get("connection")
if connection is not None:
    run(connection)
else:
    with open_ledger(load_settings().ledger_url).engine.connect() as connection:
        run(connection)
        connection.commit()
