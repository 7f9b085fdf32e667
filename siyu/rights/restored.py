"""Restored 恢复之后: a backup that was put back holds people who were erased since; the register knows them."""

from __future__ import annotations

from sqlalchemy import insert, select

from siyu.backup import RESTORED
from siyu.foundation.stores import Stores
from siyu.identity.identifiers import customers_of
from siyu.rights import erase
from siyu.rights._tables import request as table
from siyu.rights.register import register_of
from siyu.rights.requests import due_on

HOW = "erased before; a restored backup brought the person back"


def erase_again(stores: Stores) -> int:
    """Erase everybody of whose erasure the ledger that was put back knows nothing; returns how many are still there.

    Asked again and again it does nothing more: the mark that the restore left goes with the first time.
    """
    mark = stores.settings.home / RESTORED
    if not mark.exists():
        return 0
    now, count = stores.now(), 0
    with stores.ledger.begin() as tx:
        number = int(tx.scalar(select(table.c.number).order_by(table.c.number.desc()).limit(1)) or 0)
        done = set(tx.scalars(select(table.c.id).where(table.c.state == "done")))
        # A ledger that knows of an erasure is from after it (a PostgreSQL may be newer than the backup of the rest).
        for entry in (entry for entry in register_of(stores.settings).read() if entry.request not in done):
            # Numbers are those of the same installation; keys find the person also where numbers were given anew.
            people = set(customers_of(tx, entry.keys).values())
            for customer in sorted(people):
                number, count = number + 1, count + 1
                tx.execute(insert(table), {
                    "id": f"rr_again_{number}", "number": number, "customer_id": customer, "kind": "erase", "state": "approved", "source": "staff",
                    "received_at": now, "received_by": "system", "due_on": due_on(stores.calendar.on(now)).isoformat(),
                    "verified_at": entry.at, "verified_by": "system", "verified_how": HOW,
                })  # fmt: skip
        if count:
            erase.ask(stores, tx, "system")
    mark.unlink()
    return count
