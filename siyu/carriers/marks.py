"""Marks 关系标签: our copy of the carrier's tags on each relation, and what we have asked it to change.

there (the carrier has it) · adding, removing (asked for, not yet done) · refused. What the carrier adds or takes away on its
side is told as `relation_tags_changed`, with the customers' tag that it stands for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, or_, select, update

from siyu.carriers import _tables, _work_tables
from siyu.carriers._limits import patient
from siyu.carriers.accounts import Account
from siyu.carriers.calls import Calls
from siyu.carriers.relations import Pair
from siyu.connectors.errors import CarrierError, Refused
from siyu.events import log
from siyu.events.catalogue.carriers import RELATION_TAGS_CHANGED
from siyu.foundation.clock import to_ms
from siyu.foundation.database import insert_ignore
from siyu.foundation.stores import Stores

Key = tuple[Pair, str]
TOGETHER = 200
PUSHED_TOGETHER = 500
AT_ONCE = 5
"""The carrier bears five changes of tags of one corp at once."""
PATIENCE_SECONDS = 60.0


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


def want(tx: Connection, identity_keys: Sequence[int], tag: str, added: bool, now: datetime, account_id: int | None = None) -> int:
    """A customer got or lost a tag here: it is to go onto, or off, all open relations of these contacts. Returns how many marks change."""
    t, contact, relation, mark = _work_tables.tag, _tables.contact, _tables.relation, _work_tables.mark
    refs = select(t.c.account_id, t.c.ref).where(t.c.siyu_tag == tag, t.c.ref.is_not(None), t.c.missing_since.is_(None))
    changed = 0
    for owner, ref in tx.execute(refs).all():
        if account_id not in (None, owner):
            continue
        for some in _parts_of(identity_keys):
            held = mark.c.contact_id.in_(select(contact.c.id).where(contact.c.account_id == owner, contact.c.identity_key.in_(some)))
            mine = (mark.c.account_id == owner) & (mark.c.tag_ref == ref) & held
            if added:
                pairs = select(relation.c.contact_id, relation.c.staff).join(contact, contact.c.id == relation.c.contact_id)
                rows = tx.execute(pairs.where(relation.c.account_id == owner, relation.c.ended_at.is_(None), contact.c.identity_key.in_(some))).all()
                before = tx.scalar(select(func.count()).select_from(mark).where(mine)) or 0
                insert_ignore(tx, mark, [_row(owner, (Pair(row.contact_id, row.staff), ref), "adding", now) for row in rows])
                tx.execute(update(mark).where(mine, mark.c.status.in_(("removing", "refused"))).values(status="adding", at=now))
                changed += (tx.scalar(select(func.count()).select_from(mark).where(mine)) or 0) - before
            else:
                changed += tx.execute(update(mark).where(mine, mark.c.status.in_(("there", "adding"))).values(status="removing", at=now)).rowcount
    return changed


def still_held(tx: Connection, identity_keys: Sequence[int], tag: str) -> set[int]:
    """Of these contacts, those who have the tag on some relation still."""
    t, contact, mark = _work_tables.tag, _tables.contact, _work_tables.mark
    found: set[int] = set()
    for some in _parts_of(identity_keys):
        query = select(contact.c.identity_key).join(mark, mark.c.contact_id == contact.c.id).join(t, (t.c.account_id == mark.c.account_id) & (t.c.ref == mark.c.tag_ref))
        found |= set(tx.scalars(query.where(contact.c.identity_key.in_(some), t.c.siyu_tag == tag, mark.c.status.in_(("there", "adding")))))
    return found


def tell_all(stores: Stores, tx: Connection, account_id: int, ref: str) -> int:
    """A tag begins to stand for one of the customers' tags: everybody who has it is told of."""
    mark, contact = _work_tables.mark, _tables.contact
    rows = tx.execute(
        select(mark.c.contact_id, mark.c.staff, contact.c.identity_key).join(contact, contact.c.id == mark.c.contact_id)
        .where(mark.c.account_id == account_id, mark.c.tag_ref == ref, mark.c.status == "there")
    ).all()  # fmt: skip
    changes = [((Pair(row.contact_id, row.staff), ref), True) for row in rows]
    _tell(stores, tx, account_id, changes, {row.contact_id: row.identity_key for row in rows})
    return len(rows)


def push(calls: Calls, account: Account) -> int:
    """Send what waits to the carrier; returns how many relations were asked about. What cannot be had now waits on."""
    stores, done = calls.stores, 0
    while True:
        with stores.ledger.read() as tx:
            mark, contact = _work_tables.mark, _tables.contact
            waiting = select(mark.c.contact_id, mark.c.staff, mark.c.tag_ref, mark.c.status, contact.c.external_id).join(contact, contact.c.id == mark.c.contact_id)
            rows = tx.execute(waiting.where(mark.c.account_id == account.id, mark.c.status.in_(("adding", "removing"))).limit(PUSHED_TOGETHER)).all()
        by_pair: dict[tuple[Pair, str], list[Any]] = {}
        for row in rows:
            by_pair.setdefault((Pair(row.contact_id, row.staff), row.external_id), []).append(row)
        if not by_pair:
            return done
        outcomes = calls.run(_pushed(calls, account, by_pair))
        with stores.ledger.begin() as tx:
            for status, code in {outcome for _, outcome in outcomes}:
                those = {pair for pair, outcome in outcomes if outcome == (status, code)}
                keys = [(pair, row.tag_ref) for (pair, _), asked in by_pair.items() if pair in those for row in asked]
                _settle(tx, keys, status, code)
        done += len(outcomes)
        if len(outcomes) < len(by_pair):
            return done


def _settle(tx: Connection, keys: Sequence[Key], status: str, code: str | None) -> None:
    """Done: what was to be added is there, what was to go is gone. A change of mind meanwhile waits for its own turn."""
    table = _work_tables.mark
    for some in _parts(keys):
        these = or_(*(_is(key) for key in some))
        if status == "refused":
            tx.execute(update(table).where(these, table.c.status.in_(("adding", "removing"))).values(status="refused", status_code=code))
        else:
            tx.execute(delete(table).where(these, table.c.status == "removing"))
            tx.execute(update(table).where(these, table.c.status == "adding").values(status="there", status_code=None))


async def _pushed(calls: Calls, account: Account, by_pair: Mapping[tuple[Pair, str], Sequence[Any]]) -> list[tuple[Pair, tuple[str, str | None]]]:
    """One call a relation, as many at once as the carrier allows. Marking is idempotent: what was cut off is asked for again.

    When several could not be had, the carrier is in trouble: the rest of them wait for another time.
    """
    tags, places, failed = calls.connector(account).tags, asyncio.Semaphore(AT_ONCE), 0

    async def one(pair: Pair, external_id: str, rows: Sequence[Any]) -> tuple[Pair, tuple[str, str | None]] | None:
        nonlocal failed
        lists = [[row.tag_ref for row in rows if row.status == status] for status in ("adding", "removing")]
        async with places:
            if failed >= AT_ONCE:
                return None
            try:
                await tags.mark(pair.staff, external_id, *lists)
            except Refused as error:
                return pair, ("refused", error.vendor_code)
            except CarrierError:
                failed += 1
                return None
        return pair, ("done", None)

    with patient(PATIENCE_SECONDS):
        found = await asyncio.gather(*(one(pair, external_id, rows) for (pair, external_id), rows in by_pair.items()))
    return [outcome for outcome in found if outcome is not None]


def accounts_waiting(tx: Connection) -> set[int]:
    table = _work_tables.mark
    return set(tx.scalars(select(table.c.account_id).where(table.c.status.in_(("adding", "removing"))).distinct()))


def _parts_of(keys: Sequence[int]) -> Iterable[Sequence[int]]:
    return (keys[start : start + 5_000] for start in range(0, len(keys), 5_000))
