"""Friends 好友: who came by whose invitation, taken in as sets; each counts once in a programme, whoever else invites them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, func, insert, select, update

from siyu.events import log
from siyu.events.catalogue.customers import ACTIVITY_RECORDED
from siyu.foundation.database import among, insert_ignore
from siyu.foundation.ids import key64
from siyu.foundation.stores import Stores
from siyu.identity.identifiers import customers_of, primary_keys
from siyu.referral import _tables, bonds, groups, invitations, programmes, terms
from siyu.referral.invitations import Invitation
from siyu.referral.programmes import Programme

BROUGHT, REAL = "friend_brought", "friend_became_real"
STATES = ("waiting", "real", "final", "lapsed", "lost")
_f, _a = _tables.friend, _tables.arrival


@dataclass(frozen=True)
class Arrival:
    """Somebody came by an invitation. `how`: way, phone, openid or visitor; `visitor`: the browser, 0 unknown."""

    invitation_id: int
    identity_key: int
    at_ms: int
    how: str
    visitor: int = 0
    account_id: int = 0
    staff: str = ""


def arrived(stores: Stores, tx: Connection, arrivals: Sequence[Arrival]) -> int:
    """Write down who came; those who are known as customers become friends at once, the others when they are resolved. Returns new friends."""
    if not arrivals:
        return 0
    insert_ignore(tx, _a, [vars(one) for one in arrivals])
    return resolve(stores, tx, [one.identity_key for one in arrivals])


def resolve(stores: Stores, tx: Connection, keys: Sequence[int]) -> int:
    """Make friends of those who came under these identifiers and are customers now."""
    waiting = tx.execute(select(_a).where(among(tx, _a.c.identity_key, sorted(set(keys)))).order_by(_a.c.at_ms, _a.c.id)).all()
    owner = customers_of(tx, sorted({row.identity_key for row in waiting})) if waiting else {}
    rows = [row for row in waiting if row.identity_key in owner]
    if not rows:
        return 0
    tx.execute(_a.delete().where(among(tx, _a.c.id, [row.id for row in rows])))
    invited = invitations.find_some(tx, sorted({row.invitation_id for row in rows}))
    by_programme: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        by_programme[invited[row.invitation_id].programme_id].append(row)
    return sum(_take(stores, tx, programme_id, came, invited, owner) for programme_id, came in sorted(by_programme.items()))


def _take(stores: Stores, tx: Connection, programme_id: int, came: Sequence[Any], invited: dict[int, Invitation], owner: dict[int, int]) -> int:
    # Held to the end: whoever brings the same friend waits here, and what is left of the budget stays true.
    programme = programmes.find(tx, programme_id, hold=True)
    people = sorted({owner[row.identity_key] for row in came})
    before = {
        (int(row.inviter_id), int(row.customer_id))
        for row in tx.execute(select(_f.c.inviter_id, _f.c.customer_id).where(_f.c.programme_id == programme_id, among(tx, _f.c.customer_id, people)))
    }
    new: dict[tuple[int, int], Any] = {}
    for row in came:
        pair = (invited[row.invitation_id].customer_id, owner[row.identity_key])
        if pair not in before:
            new.setdefault(pair, row)
    if not new:
        return 0
    values = [
        {
            "programme_id": programme_id, "invitation_id": row.invitation_id, "inviter_id": inviter, "customer_id": customer, "at_ms": row.at_ms, "how": row.how,
            "visitor": row.visitor, "staff": row.staff, "group_id": None, "state": "waiting", "reason": "", "real_ms": None, "ended_ms": None, "barred": "", "void": "",
            "review": "", "reserved_fen": None, "news": True,
        }
        for (inviter, customer), row in new.items()
    ]  # fmt: skip
    tx.execute(insert(_f), values)
    bonds.settle(tx, programme_id, people)
    return admit(stores, tx, programme)


def admit(stores: Stores, tx: Connection, programme: Programme) -> int:
    """Of those who count and were promised nothing yet: who is promised something. The budget is reserved here, so that what is promised
    can be kept. The programme's row must be held; returns how many."""
    query = select(_f.c.id, _f.c.inviter_id, _f.c.invitation_id, _f.c.at_ms, _f.c.how).where(
        _f.c.programme_id == programme.id, _f.c.news, _f.c.void == "", _f.c.barred == "", _f.c.state == "waiting", _f.c.reserved_fen.is_(None)
    )
    rows = [dict(row._mapping) for row in tx.execute(query.order_by(_f.c.at_ms, _f.c.id))]
    if not rows:
        return 0
    promised = _promised(tx, programme.id, sorted({row["inviter_id"] for row in rows}))
    seats = groups.seats(stores, tx, programme, sorted({row["invitation_id"] for row in rows})) if programme.mode == "group" else None
    committed, count = programme.committed_fen, programme.friend_count
    barred: dict[str, list[int]] = defaultdict(list)
    counted = []
    for row in rows:
        inviter, cost = row["inviter_id"], terms.cost_fen(programme.mode, programme.terms, promised[row["inviter_id"]] + 1)
        why = _why_not(programme, row["at_ms"], cost, committed, count, promised[inviter])
        group = 0
        if not why and seats is not None and not (group := seats.take(row["invitation_id"], row["at_ms"])):
            why = "nogroup"
        if why:
            barred[why].append(row["id"])
            continue
        promised[inviter] += 1
        committed, count = committed + cost, count + 1
        counted.append({**row, "reserved": cost, "group": group or None})
    for why, ids in barred.items():
        tx.execute(update(_f).where(among(tx, _f.c.id, ids)).values(barred=why))
    if counted:
        places: dict[str, Any] = {"reserved_fen": bindparam("reserved"), "group_id": bindparam("group")}
        tx.execute(update(_f).where(_f.c.id == bindparam("row")).values(places), [{"row": row["id"], "reserved": row["reserved"], "group": row["group"]} for row in counted])
    tx.execute(update(_tables.programme).where(_tables.programme.c.id == programme.id).values(committed_fen=committed, friend_count=count))
    _tell(stores, tx, programme, BROUGHT, [(row["inviter_id"], row["id"], row["at_ms"], {"how": row["how"]}) for row in counted])
    return len(counted)


def book(tx: Connection, programme: Programme) -> None:
    """What is promised and given now, added up anew: what was promised for friends who lapsed or were lost is free again."""
    mine = (_f.c.programme_id == programme.id) & (_f.c.void == "") & _f.c.reserved_fen.is_not(None) & _f.c.state.in_(("waiting", "real", "final"))
    promised, count = tx.execute(select(func.coalesce(func.sum(_f.c.reserved_fen), 0), func.count()).where(mine)).one()
    kept = tx.scalar(select(func.coalesce(func.sum(_tables.reward.c.kept_fen), 0)).where(_tables.reward.c.programme_id == programme.id)) or 0
    tx.execute(update(_tables.programme).where(_tables.programme.c.id == programme.id).values(committed_fen=int(promised) + int(kept), friend_count=int(count)))


def _why_not(programme: Programme, at_ms: int, cost: int, committed: int, count: int, mine: int) -> str:
    one = programme.terms
    if not programme.is_open(at_ms):
        return "closed"
    if one.most_friends and mine >= one.most_friends:
        return "most"
    if one.stock and count >= one.stock:
        return "stock"
    return "budget" if one.budget_fen and committed + cost > one.budget_fen else ""


def _promised(tx: Connection, programme_id: int, inviters: Sequence[int]) -> Counter[int]:
    """How many friends of each inviter something is promised for."""
    alive = (_f.c.void == "") & (_f.c.barred == "") & _f.c.reserved_fen.is_not(None) & _f.c.state.in_(("waiting", "real", "final"))
    query = select(_f.c.inviter_id, func.count()).where(_f.c.programme_id == programme_id, among(tx, _f.c.inviter_id, list(inviters)), alive)
    return Counter({int(inviter): int(count) for inviter, count in tx.execute(query.group_by(_f.c.inviter_id))})


def tell_real(stores: Stores, tx: Connection, programme: Programme, rows: Sequence[tuple[int, int, int]]) -> None:
    """That friends became real, as an activity of their inviters: (inviter, row, when)."""
    _tell(stores, tx, programme, REAL, [(inviter, row, at_ms, {}) for inviter, row, at_ms in rows])


def tell_groups(stores: Stores, tx: Connection, programme: Programme, group_ids: Sequence[int], name: str, at_ms: int) -> None:
    """That groups were filled or have failed, as an activity of everybody in them: who paid for nothing can be given back what they paid."""
    table, led = _tables.group, _tables.invitation
    inside = tx.execute(select(_f.c.customer_id, _f.c.group_id).where(among(tx, _f.c.group_id, list(group_ids)), _f.c.void == "")).all()
    opened = tx.execute(select(led.c.customer_id, table.c.id).join(led, led.c.id == table.c.invitation_id).where(among(tx, table.c.id, list(group_ids)))).all()
    _tell(stores, tx, programme, name, [(int(who), key64(int(who), int(group)), at_ms, {"group": int(group)}) for who, group in (*inside, *opened)])


def _tell(stores: Stores, tx: Connection, programme: Programme, name: str, rows: Sequence[tuple[int, int, int, dict[str, Any]]]) -> None:
    keys = primary_keys(tx, sorted({row[0] for row in rows}))
    told = [row for row in rows if row[0] in keys]
    if not told:
        return
    said = {"programme": programme.id, "programme_name": programme.name, "mode": programme.mode}
    columns: dict[str, object] = {
        "event_key": [key64("referral", name, row) for _, row, _, _ in told], "identity_key": [keys[who] for who, *_ in told], "name": [name] * len(told),
        "at_ms": [at_ms for _, _, at_ms, _ in told], "properties": [msgspec.json.encode({**said, **more}).decode() for *_, more in told],
    }  # fmt: skip
    log.append(tx, ACTIVITY_RECORDED, ACTIVITY_RECORDED.table(columns), now=stores.now())


def counts(tx: Connection, programme_id: int) -> dict[str, int]:
    """Friends by state; those that do not count under why: self, duplicate, loop, known, closed, budget …"""
    query = select(_f.c.state, _f.c.void, _f.c.barred, func.count()).where(_f.c.programme_id == programme_id).group_by(_f.c.state, _f.c.void, _f.c.barred)
    found: Counter[str] = Counter()
    for state, void, barred, count in tx.execute(query):
        found[void or barred or state] += int(count)
    return dict(found)


