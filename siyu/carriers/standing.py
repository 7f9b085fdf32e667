"""Standing 账号概况: how many people and relations an account holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from siyu.carriers import _tables


@dataclass(frozen=True)
class Standing:
    """`contact_count` is people as this account knows them, `relation_count` contact × staff, `open_relation_count` those that last."""

    contact_count: int = 0
    relation_count: int = 0
    open_relation_count: int = 0


def standing_of(tx: Connection, account_ids: Sequence[int]) -> dict[int, Standing]:
    contact, relation = _tables.contact, _tables.relation
    counted = select(contact.c.account_id, func.count()).where(contact.c.account_id.in_(account_ids)).group_by(contact.c.account_id)
    people = {int(number): int(count) for number, count in tx.execute(counted)}
    ended = func.count(relation.c.ended_at)
    rows = tx.execute(select(relation.c.account_id, func.count(), ended).where(relation.c.account_id.in_(account_ids)).group_by(relation.c.account_id)).all()
    related = {account_id: (int(total), int(total) - int(over)) for account_id, total, over in rows}
    return {number: Standing(people.get(number, 0), *related.get(number, (0, 0))) for number in account_ids}
