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
    pass


def downgrade() -> None:
    pass
