"""Collect

Revision: 0005 after 0004
"""

import sqlalchemy as sa

import siyu.foundation.database
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
TIME = siyu.foundation.database.UtcTime(timezone=True)


def upgrade() -> None:
    op.create_table('collect_feed',
    sa.Column('id', BIG, nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('write_key', sa.String(length=64), nullable=False),
    sa.Column('previous_key', sa.String(length=64), nullable=True),
    sa.Column('previous_until', TIME, nullable=True),
    sa.Column('user_namespace', sa.String(length=80), nullable=False),
    sa.Column('status', sa.String(length=16), nullable=False),
    sa.Column('created_at', TIME, nullable=False),
    sa.Column('created_by', sa.String(length=80), nullable=False),
    sa.Column('first_heard_at', TIME, nullable=True),
    sa.Column('heard_at', TIME, nullable=True),
    sa.Column('operation_count', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_collect_feed')),
    sa.UniqueConstraint('write_key', name=op.f('uq_collect_feed_write_key'))
    )
    op.create_table('collect_journal',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('segment', sa.BigInteger(), nullable=False),
    sa.Column('offset', sa.BigInteger(), nullable=False),
    sa.Column('moved_at', TIME, nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_collect_journal'))
    )
    op.create_table('collect_operation',
    sa.Column('key', BIG, autoincrement=False, nullable=False),
    sa.Column('seen_on', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_collect_operation'))
    )
    op.create_table('collect_quarantine',
    sa.Column('id', BIG, nullable=False),
    sa.Column('content_key', sa.BigInteger(), nullable=False),
    sa.Column('feed_id', BIG, nullable=True),
    sa.Column('reason', sa.String(length=40), nullable=False),
    sa.Column('detail', sa.String(length=300), nullable=False),
    sa.Column('operation_count', sa.Integer(), nullable=False),
    sa.Column('format', sa.String(length=16), nullable=False),
    sa.Column('arrival_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('received_at', TIME, nullable=False),
    sa.Column('status', sa.String(length=16), nullable=False),
    sa.Column('settled_at', TIME, nullable=True),
    sa.Column('settled_by', sa.String(length=80), nullable=True),
    sa.ForeignKeyConstraint(['feed_id'], ['collect_feed.id'], name=op.f('fk_collect_quarantine_feed_id_collect_feed')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_collect_quarantine')),
    sa.UniqueConstraint('content_key', name=op.f('uq_collect_quarantine_content_key'))
    )
    op.create_index('ix_collect_quarantine_reason', 'collect_quarantine', ['status', 'reason', 'id'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_collect_quarantine_reason', table_name='collect_quarantine')
    op.drop_table('collect_quarantine')
    op.drop_table('collect_operation')
    op.drop_table('collect_journal')
    op.drop_table('collect_feed')
