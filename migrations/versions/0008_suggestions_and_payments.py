"""Suggestions and payments

Revision: 0008 after 0007
"""

import sqlalchemy as sa

import siyu.foundation.database
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('identity_matching',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('ended_at', siyu.foundation.database.UtcTime(timezone=True), nullable=False),
    sa.Column('record_count', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('candidate_count', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('pair_count', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('new_count', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('is_tightened', sa.Boolean(), nullable=False),
    sa.Column('prior', sa.Float(), nullable=False),
    sa.Column('model', sa.String(length=32), nullable=False),
    sa.Column('parameters', siyu.foundation.database.Json(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_identity_matching'))
    )
    op.create_table('identity_suggestion',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('low_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('high_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('probability', sa.Float(), nullable=False),
    sa.Column('weight', sa.Float(), nullable=False),
    sa.Column('levels', sa.String(length=400), nullable=False),
    sa.Column('weights', sa.String(length=400), nullable=False),
    sa.Column('model', sa.String(length=32), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('found_at', siyu.foundation.database.UtcTime(timezone=True), nullable=False),
    sa.Column('decided_at', siyu.foundation.database.UtcTime(timezone=True), nullable=True),
    sa.Column('decided_by', sa.String(length=80), nullable=True),
    sa.Column('operation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_identity_suggestion')),
    sa.UniqueConstraint('low_id', 'high_id', name=op.f('uq_identity_suggestion_low_id_high_id'))
    )
    with op.batch_alter_table('identity_suggestion', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_identity_suggestion_high_id'), ['high_id'], unique=False)
        batch_op.create_index('ix_identity_suggestion_state_probability', ['state', 'probability'], unique=False)

    op.create_table('orders_payment_file',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('upload_id', sa.String(length=40), nullable=False),
    sa.Column('job_id', sa.String(length=40), nullable=True),
    sa.Column('source', sa.String(length=60), nullable=False),
    sa.Column('mapping', siyu.foundation.database.Json(), nullable=False),
    sa.Column('counts', siyu.foundation.database.Json(), nullable=False),
    sa.Column('created_at', siyu.foundation.database.UtcTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.String(length=120), nullable=True),
    sa.Column('ended_at', siyu.foundation.database.UtcTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['upload_id'], ['orders_upload.id'], name=op.f('fk_orders_payment_file_upload_id_orders_upload')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_orders_payment_file'))
    )
    with op.batch_alter_table('orders_payment_file', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_orders_payment_file_created_at'), ['created_at'], unique=False)

    op.create_table('orders_payment',
    sa.Column('payment_key', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('source', sa.String(length=60), nullable=False),
    sa.Column('payment_no_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('paid_at', siyu.foundation.database.UtcTime(timezone=True), nullable=False),
    sa.Column('amount_fen', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('text_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('reference', sa.String(length=120), nullable=True),
    sa.Column('file_id', sa.String(length=40), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.ForeignKeyConstraint(['file_id'], ['orders_payment_file.id'], name=op.f('fk_orders_payment_file_id_orders_payment_file')),
    sa.PrimaryKeyConstraint('payment_key', name=op.f('pk_orders_payment'))
    )
    with op.batch_alter_table('orders_payment', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_orders_payment_state_paid_at'), ['state', 'paid_at'], unique=False)

    op.create_table('orders_payment_match',
    sa.Column('payment_key', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('order_key', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('source', sa.String(length=60), nullable=False),
    sa.Column('order_no', sa.String(length=120), nullable=True),
    sa.Column('ordered_at', siyu.foundation.database.UtcTime(timezone=True), nullable=False),
    sa.Column('amount_fen', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('probability', sa.Float(), nullable=False),
    sa.Column('levels', sa.String(length=200), nullable=False),
    sa.Column('weights', sa.String(length=200), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('decided_at', siyu.foundation.database.UtcTime(timezone=True), nullable=True),
    sa.Column('decided_by', sa.String(length=80), nullable=True),
    sa.ForeignKeyConstraint(['payment_key'], ['orders_payment.payment_key'], name=op.f('fk_orders_payment_match_payment_key_orders_payment')),
    sa.PrimaryKeyConstraint('payment_key', 'order_key', name=op.f('pk_orders_payment_match'))
    )
    with op.batch_alter_table('orders_payment_match', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_orders_payment_match_order_key'), ['order_key'], unique=False)
        batch_op.create_index(batch_op.f('ix_orders_payment_match_state_probability'), ['state', 'probability'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('orders_payment_match', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_orders_payment_match_state_probability'))
        batch_op.drop_index(batch_op.f('ix_orders_payment_match_order_key'))

    op.drop_table('orders_payment_match')
    with op.batch_alter_table('orders_payment', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_orders_payment_state_paid_at'))

    op.drop_table('orders_payment')
    with op.batch_alter_table('orders_payment_file', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_orders_payment_file_created_at'))

    op.drop_table('orders_payment_file')
    with op.batch_alter_table('identity_suggestion', schema=None) as batch_op:
        batch_op.drop_index('ix_identity_suggestion_state_probability')
        batch_op.drop_index(batch_op.f('ix_identity_suggestion_high_id'))

    op.drop_table('identity_suggestion')
    op.drop_table('identity_matching')
