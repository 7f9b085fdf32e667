"""Weekly report

Revision: 0031 after 0030
"""

import sqlalchemy as sa

import siyu.foundation.database
from alembic import op

revision = '0031'
down_revision = '0030'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('measurement_weekly_note',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('week_on', sa.String(length=10), nullable=False),
    sa.Column('account_id', sa.BigInteger(), nullable=False),
    sa.Column('staff', sa.String(length=64), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=True),
    sa.Column('meant_at', siyu.foundation.database.UtcTime(timezone=True), nullable=False),
    sa.Column('told_at', siyu.foundation.database.UtcTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_measurement_weekly_note')),
    sa.UniqueConstraint('week_on', 'account_id', 'staff', name=op.f('uq_measurement_weekly_note_week_on_account_id_staff'))
    )
    op.create_table('measurement_weekly_plan',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('is_on', sa.Boolean(), nullable=False),
    sa.Column('account_id', sa.BigInteger(), nullable=False),
    sa.Column('staff', siyu.foundation.database.Json(), nullable=False),
    sa.Column('turned_on_at', siyu.foundation.database.UtcTime(timezone=True), nullable=True),
    sa.Column('changed_at', siyu.foundation.database.UtcTime(timezone=True), nullable=False),
    sa.Column('changed_by', sa.String(length=80), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_measurement_weekly_plan'))
    )


def downgrade() -> None:
    op.drop_table('measurement_weekly_plan')
    op.drop_table('measurement_weekly_note')
