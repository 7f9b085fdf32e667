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
    pass


def downgrade() -> None:
    pass
