"""Consents and rights

Revision: 0009 after 0008
"""

import sqlalchemy as sa

import siyu.foundation.database
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
