"""Restraint

Revision: 0019 after 0018
"""

import sqlalchemy as sa

from alembic import op

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('messaging_dispatch', schema=None) as batch_op:
        batch_op.add_column(sa.Column('form', sa.String(length=80), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('messaging_dispatch', schema=None) as batch_op:
        batch_op.drop_column('form')
