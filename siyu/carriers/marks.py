"""Marks 关系标签: our copy of the carrier's tags on each relation, and what we have asked it to change.

there (the carrier has it) · adding, removing (asked for, not yet done) · refused. What the carrier adds or takes away on its
side is told as `relation_tags_changed`, with the customers' tag that it stands for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, and_, delete, or_, select, update

from siyu.carriers import _work_tables
from siyu.carriers.accounts import Account
from siyu.carriers.relations import Pair
from siyu.events import log
from siyu.events.catalogue.carriers import RELATION_TAGS_CHANGED
from siyu.foundation.clock import to_ms
from siyu.foundation.database import insert_ignore
from siyu.foundation.stores import Stores

Key = tuple[Pair, str]
TOGETHER = 200


def take_in(stores: Stores, tx: Connection, account: Account, listed: Mapping[Pair, Sequence[str]], identity: Mapping[int, int]) -> int:
    """What the carrier lists on these relations; returns how many marks are other than they were. `identity`: contact → identity key."""
    held = _held(tx, listed)
    there = {(pair, ref) for pair, refs in listed.items() for ref in refs}
    new = sorted(there - held.keys())
    landed = sorted(key for key, status in held.items() if key in there and status in ("adding", "refused"))
    gone = sorted(key for key, status in held.items() if key not in there and status in ("there", "removing"))
    now = stores.now()
    insert_ignore(tx, _work_tables.mark, [_row(account.id, key, "there", now) for key in new])
    set_status(tx, landed, "there", None)
    remove(tx, gone)
    taken_away = [key for key in gone if held[key] == "there"]
    _tell(stores, tx, account.id, [(key, True) for key in new] + [(key, False) for key in taken_away], identity)
    return len(new) + len(landed) + len(gone)


def set_status(tx: Connection, keys: Sequence[Key], status: str, code: str | None) -> None:
    table = _work_tables.mark
    for some in _parts(keys):
        tx.execute(update(table).where(or_(*(_is(key) for key in some))).values(status=status, status_code=code))


def remove(tx: Connection, keys: Sequence[Key]) -> None:
    for some in _parts(keys):
        tx.execute(delete(_work_tables.mark).where(or_(*(_is(key) for key in some))))


def _held(tx: Connection, listed: Mapping[Pair, Sequence[str]]) -> dict[Key, str]:
    table = _work_tables.mark
    ids, staff = [pair.contact_id for pair in listed], {pair.staff for pair in listed}
    rows = tx.execute(select(table).where(table.c.contact_id.in_(ids), table.c.staff.in_(staff)))
    found = {(Pair(row.contact_id, row.staff), row.tag_ref): row.status for row in rows}
    return {key: status for key, status in found.items() if key[0] in listed}


def _row(account_id: int, key: Key, status: str, now: object) -> dict[str, object]:
    return {"contact_id": key[0].contact_id, "staff": key[0].staff, "tag_ref": key[1], "account_id": account_id, "status": status, "at": now}


def _is(key: Key) -> ColumnElement[bool]:
    table = _work_tables.mark
    return and_(table.c.contact_id == key[0].contact_id, table.c.staff == key[0].staff, table.c.tag_ref == key[1])


def _parts(keys: Sequence[Key]) -> Iterable[Sequence[Key]]:
    return (keys[start : start + TOGETHER] for start in range(0, len(keys), TOGETHER))


def _tell(stores: Stores, tx: Connection, account_id: int, changes: Sequence[tuple[Key, bool]], identity: Mapping[int, int]) -> None:
    """Only tags that stand for one of the customers' tags concern anybody else."""
    if not changes:
        return
    table = _work_tables.tag
    refs = {ref for (_, ref), _ in changes}
    known = select(table.c.ref, table.c.siyu_tag).where(table.c.account_id == account_id, table.c.ref.in_(refs), table.c.siyu_tag.is_not(None))
    meaning = {row.ref: row.siyu_tag for row in tx.execute(known)}
    told = [(pair, ref, added) for (pair, ref), added in changes if ref in meaning]
    if told:
        columns = {
            "identity_key": [identity[pair.contact_id] for pair, _, _ in told], "account_id": [account_id] * len(told),
            "staff": [pair.staff for pair, _, _ in told], "tag": [meaning[ref] for _, ref, _ in told],
            "added": [added for _, _, added in told], "at_ms": [to_ms(stores.now())] * len(told),
        }  # fmt: skip
        log.append(tx, RELATION_TAGS_CHANGED, RELATION_TAGS_CHANGED.table(columns), now=stores.now())
