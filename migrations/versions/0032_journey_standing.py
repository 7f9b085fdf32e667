"""Journeys: one index for where people stand

Revision: 0032 after 0031
"""

import sqlalchemy as sa

from alembic import op

revision = '0032'
down_revision = '0031'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('journeys_enrolment', schema=None) as batch_op:
        batch_op.drop_index('ix_journeys_enrolment_place_id_due_ms')
        batch_op.drop_index('ix_journeys_enrolment_journey_id_state')
        batch_op.create_index('ix_journeys_enrolment_place_id_state_due_ms', ['place_id', 'state', 'due_ms'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('journeys_enrolment', schema=None) as batch_op:
        batch_op.drop_index('ix_journeys_enrolment_place_id_state_due_ms')
        batch_op.create_index('ix_journeys_enrolment_journey_id_state', ['journey_id', 'state'], unique=False)
        batch_op.create_index('ix_journeys_enrolment_place_id_due_ms', ['place_id', 'due_ms'], unique=False, sqlite_where=sa.text('state = 0'), postgresql_where=sa.text('state = 0'))
