"""Computed traits

Revision: 0010 after 0009
"""

import sqlalchemy as sa

import siyu.foundation.database
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('segments_trait',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('description', sa.Text(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('computed_version', sa.Integer(), nullable=True),
    sa.Column('computed_at', siyu.foundation.database.UtcTime(timezone=True), nullable=True),
    sa.Column('distribution', siyu.foundation.database.Json(), nullable=True),
    sa.Column('created_by', sa.String(length=120), nullable=True),
    sa.Column('created_at', siyu.foundation.database.UtcTime(timezone=True), nullable=False),
    sa.Column('updated_at', siyu.foundation.database.UtcTime(timezone=True), nullable=False),
    sa.Column('is_deleted', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_segments_trait'))
    )
    op.create_table('segments_trait_version',
    sa.Column('trait_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('definition', siyu.foundation.database.Json(), nullable=False),
    sa.Column('created_at', siyu.foundation.database.UtcTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.String(length=120), nullable=True),
    sa.ForeignKeyConstraint(['trait_id'], ['segments_trait.id'], name=op.f('fk_segments_trait_version_trait_id_segments_trait')),
    sa.PrimaryKeyConstraint('trait_id', 'version', name=op.f('pk_segments_trait_version'))
    )


def downgrade() -> None:
    op.drop_table('segments_trait_version')
    op.drop_table('segments_trait')
