"""The tracking plan

Revision: 0006 after 0005
"""

import sqlalchemy as sa

import siyu.foundation.database
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('collect_plan_event',
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('description', sa.String(length=1000), nullable=False),
    sa.Column('properties', siyu.foundation.database.Json(), nullable=False),
    sa.Column('changed_at', siyu.foundation.database.UtcTime(timezone=True), nullable=False),
    sa.Column('changed_by', sa.String(length=80), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_collect_plan_event'))
    )
    op.create_table('collect_plan_state',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_collect_plan_state'))
    )
    op.create_table('collect_plan_mode',
    sa.Column('feed_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('mode', sa.String(length=16), nullable=False),
    sa.PrimaryKeyConstraint('feed_id', name=op.f('pk_collect_plan_mode'))
    )
    op.create_table('collect_seen',
    sa.Column('feed_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('event', sa.String(length=200), nullable=False),
    sa.Column('property', sa.String(length=200), nullable=False),
    sa.Column('first_at', siyu.foundation.database.UtcTime(timezone=True), nullable=False),
    sa.Column('last_at', siyu.foundation.database.UtcTime(timezone=True), nullable=False),
    sa.Column('count', sa.BigInteger(), nullable=False),
    sa.Column('types', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('feed_id', 'event', 'property', name=op.f('pk_collect_seen'))
    )
    op.create_table('collect_seen_day',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('feed_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('event', sa.String(length=200), nullable=False),
    sa.Column('count', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('day', 'feed_id', 'event', name=op.f('pk_collect_seen_day'))
    )
    op.create_table('collect_violation',
    sa.Column('feed_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('event', sa.String(length=200), nullable=False),
    sa.Column('property', sa.String(length=200), nullable=False),
    sa.Column('kind', sa.String(length=24), nullable=False),
    sa.Column('first_at', siyu.foundation.database.UtcTime(timezone=True), nullable=False),
    sa.Column('last_at', siyu.foundation.database.UtcTime(timezone=True), nullable=False),
    sa.Column('count', sa.BigInteger(), nullable=False),
    sa.Column('sample', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('feed_id', 'event', 'property', 'kind', name=op.f('pk_collect_violation'))
    )
    op.create_table('collect_live',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', siyu.foundation.database.UtcTime(timezone=True), nullable=False),
    sa.Column('entries_sealed', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_collect_live'))
    )


def downgrade() -> None:
    for table in ('live', 'violation', 'seen_day', 'seen', 'plan_mode', 'plan_state', 'plan_event'):
        op.drop_table(f'collect_{table}')
