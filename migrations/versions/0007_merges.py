"""Merges

Revision: 0007 after 0006
"""

import sqlalchemy as sa

import siyu.foundation.database
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def _big_id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('identity_limit',
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('per_customer', sa.Integer(), nullable=False),
    sa.Column('per_identifier', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('kind', name=op.f('pk_identity_limit'))
    )
    op.create_table('identity_apart',
    sa.Column('customer_id', _big_id(), autoincrement=False, nullable=False),
    sa.Column('other_id', _big_id(), autoincrement=False, nullable=False),
    sa.Column('at', siyu.foundation.database.UtcTime(timezone=True), nullable=False),
    sa.Column('by', sa.String(length=80), nullable=False),
    sa.PrimaryKeyConstraint('customer_id', 'other_id', name=op.f('pk_identity_apart'))
    )
    op.create_index(op.f('ix_identity_apart_other_id'), 'identity_apart', ['other_id'], unique=False)
    op.create_table('identity_operation',
    sa.Column('id', _big_id(), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('customer_id', _big_id(), nullable=False),
    sa.Column('at', siyu.foundation.database.UtcTime(timezone=True), nullable=False),
    sa.Column('by', sa.String(length=80), nullable=False),
    sa.Column('why', sa.String(length=40), nullable=False),
    sa.Column('detail', siyu.foundation.database.Json(), nullable=False),
    sa.Column('undoes', _big_id(), nullable=True),
    sa.Column('undone_by', _big_id(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_identity_operation'))
    )
    op.create_table('identity_operation_customer',
    sa.Column('operation_id', _big_id(), autoincrement=False, nullable=False),
    sa.Column('customer_id', _big_id(), autoincrement=False, nullable=False),
    sa.ForeignKeyConstraint(['operation_id'], ['identity_operation.id'], name=op.f('fk_identity_operation_customer_operation_id_identity_operation')),
    sa.PrimaryKeyConstraint('operation_id', 'customer_id', name=op.f('pk_identity_operation_customer'))
    )
    op.create_index(op.f('ix_identity_operation_customer_customer_id'), 'identity_operation_customer', ['customer_id'], unique=False)
    op.create_table('identity_journal',
    sa.Column('operation_id', _big_id(), autoincrement=False, nullable=False),
    sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('move', sa.String(length=120), nullable=False),
    sa.Column('image_sealed', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['operation_id'], ['identity_operation.id'], name=op.f('fk_identity_journal_operation_id_identity_operation')),
    sa.PrimaryKeyConstraint('operation_id', 'number', name=op.f('pk_identity_journal'))
    )
    op.create_index(op.f('ix_identity_customer_merged_into'), 'identity_customer', ['merged_into'], unique=False)
    _identifiers_in_order_of_arrival()
    op.add_column('identity_conflict', sa.Column('anchor_key', _big_id(), nullable=True))
    op.add_column('identity_conflict', sa.Column('reason', sa.String(length=120), nullable=True))
    op.add_column('identity_conflict', sa.Column('state', sa.String(length=10), server_default='open', nullable=False))
    op.add_column('identity_conflict', sa.Column('decided_at', siyu.foundation.database.UtcTime(timezone=True), nullable=True))
    op.add_column('identity_conflict', sa.Column('decided_by', sa.String(length=80), nullable=True))
    op.create_index(op.f('ix_identity_conflict_customer_id'), 'identity_conflict', ['customer_id'], unique=False)
    op.create_index(op.f('ix_identity_conflict_state_found_at'), 'identity_conflict', ['state', 'found_at'], unique=False)


def _identifiers_in_order_of_arrival() -> None:
    """Rows get a number; their keys are found through tables of their own."""
    for name in ('identity_key_recent', 'identity_key_settled'):
        op.create_table(name,
        sa.Column('identity_key', _big_id(), autoincrement=False, nullable=False),
        sa.Column('identifier_id', _big_id(), nullable=False),
        sa.PrimaryKeyConstraint('identity_key', name=op.f(f'pk_{name}'))
        )
    op.execute('CREATE TABLE identity_moving AS SELECT row_number() OVER (ORDER BY customer_id, identity_key) AS id, * FROM identity_identifier')
    op.drop_table('identity_identifier')
    op.create_table('identity_identifier',
    sa.Column('id', _big_id(), autoincrement=False, nullable=False),
    sa.Column('identity_key', _big_id(), nullable=False),
    sa.Column('namespace', sa.String(length=120), nullable=False),
    sa.Column('value_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('customer_id', _big_id(), nullable=False),
    sa.Column('first_seen_at', siyu.foundation.database.UtcTime(timezone=True), nullable=False),
    sa.Column('claim_count', sa.Integer(), server_default='1', nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['identity_customer.id'], name=op.f('fk_identity_identifier_customer_id_identity_customer')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_identity_identifier'))
    )
    kept = 'id, identity_key, namespace, value_sealed, customer_id, first_seen_at'
    op.execute(f'INSERT INTO identity_identifier ({kept}) SELECT {kept} FROM identity_moving ORDER BY id')
    op.execute('INSERT INTO identity_key_settled SELECT identity_key, id FROM identity_moving ORDER BY identity_key')
    op.drop_table('identity_moving')
    op.create_index(op.f('ix_identity_identifier_customer_id'), 'identity_identifier', ['customer_id'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_identity_conflict_state_found_at'), table_name='identity_conflict')
    op.drop_index(op.f('ix_identity_conflict_customer_id'), table_name='identity_conflict')
    for name in ('decided_by', 'decided_at', 'state', 'reason', 'anchor_key'):
        op.drop_column('identity_conflict', name)
    op.drop_index(op.f('ix_identity_identifier_customer_id'), table_name='identity_identifier')
    op.execute('ALTER TABLE identity_identifier RENAME TO identity_moving')
    op.create_table('identity_identifier',
    sa.Column('identity_key', _big_id(), autoincrement=False, nullable=False),
    sa.Column('namespace', sa.String(length=120), nullable=False),
    sa.Column('value_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('customer_id', _big_id(), nullable=False),
    sa.Column('first_customer_id', _big_id(), nullable=False),
    sa.Column('first_seen_at', siyu.foundation.database.UtcTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('identity_key')
    )
    op.execute(
        'INSERT INTO identity_identifier SELECT identity_key, namespace, value_sealed, customer_id, customer_id, first_seen_at FROM identity_moving'
    )
    op.drop_table('identity_moving')
    op.create_index(op.f('ix_identity_identifier_customer_id'), 'identity_identifier', ['customer_id'], unique=False)
    op.drop_table('identity_key_settled')
    op.drop_table('identity_key_recent')
    op.drop_index(op.f('ix_identity_customer_merged_into'), table_name='identity_customer')
    for name in ('identity_journal', 'identity_operation_customer', 'identity_operation', 'identity_apart', 'identity_limit'):
        op.drop_table(name)
