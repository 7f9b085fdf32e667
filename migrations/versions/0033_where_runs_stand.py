"""Journeys: where runs stand, apart from what stays of them

Revision: 0033 after 0032
"""

import sqlalchemy as sa

from alembic import op

revision = '0033'
down_revision = '0032'
branch_labels = None
depends_on = None

MOVED = ('place_id', 'due_ms', 'arrived_ms', 'ended_ms', 'state', 'heard', 'code')


def _big_id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def _columns() -> list[sa.Column]:
    return [
        sa.Column('place_id', sa.BigInteger(), nullable=False),
        sa.Column('due_ms', sa.BigInteger(), nullable=True),
        sa.Column('arrived_ms', sa.BigInteger(), nullable=False),
        sa.Column('ended_ms', sa.BigInteger(), nullable=True),
        sa.Column('state', sa.SmallInteger(), nullable=False),
        sa.Column('heard', sa.SmallInteger(), nullable=False),
        sa.Column('code', sa.String(length=40), nullable=True),
    ]


def upgrade() -> None:
    op.create_table('journeys_standing',
    sa.Column('enrolment_id', _big_id(), autoincrement=False, nullable=False),
    *_columns(),
    sa.ForeignKeyConstraint(['enrolment_id'], ['journeys_enrolment.id'], name=op.f('fk_journeys_standing_enrolment_id_journeys_enrolment')),
    sa.PrimaryKeyConstraint('enrolment_id', name=op.f('pk_journeys_standing'))
    )
    names = ', '.join(MOVED)
    op.execute(f'INSERT INTO journeys_standing (enrolment_id, {names}) SELECT id, {names} FROM journeys_enrolment ORDER BY id')
    op.create_index('ix_journeys_standing_place_id_state_due_ms', 'journeys_standing', ['place_id', 'state', 'due_ms'], unique=False)
    op.drop_index('ix_journeys_enrolment_place_id_state_due_ms', table_name='journeys_enrolment')
    for name in MOVED:
        # Not as a batch: SQLite would make the table anew, which others refer to.
        op.execute(f'ALTER TABLE journeys_enrolment DROP COLUMN {name}')


def downgrade() -> None:
    for column in _columns():
        # SQLite adds no column that must be filled without saying with what.
        default = None if column.nullable else sa.text('0')
        op.add_column('journeys_enrolment', sa.Column(column.name, column.type, nullable=column.nullable, server_default=default))
    sets = ', '.join(f'{name} = s.{name}' for name in MOVED)
    op.execute(f'UPDATE journeys_enrolment SET {sets} FROM journeys_standing AS s WHERE s.enrolment_id = journeys_enrolment.id')
    op.create_index('ix_journeys_enrolment_place_id_state_due_ms', 'journeys_enrolment', ['place_id', 'state', 'due_ms'], unique=False)
    op.drop_table('journeys_standing')
