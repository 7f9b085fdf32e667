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
    pass


def downgrade() -> None:
    pass
