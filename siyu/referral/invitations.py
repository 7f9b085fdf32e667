"""Invitations 邀请: who may invite, by which link and live code; who opened a link."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, func, insert, select, update

from siyu.carriers import accounts, contact_ways
from siyu.content import tokens
from siyu.content.links import public
from siyu.foundation.clock import to_ms
from siyu.foundation.database import among, insert_ignore
from siyu.foundation.errors import NotFoundError
from siyu.foundation.ids import Ints
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.identity.current import current
from siyu.identity.identifiers import primary_keys
from siyu.referral import _tables, programmes
from siyu.referral.programmes import Programme

INVITE, PROGRESS = "referral invitations", "referral progress"
STATE = "rf"
"""How the state of an inviter's own live code begins; its invitation follows."""
_t, _v = _tables.invitation, _tables.visit


@dataclass(frozen=True)
class Invitation:
    """`way_id` of `account_id`: the inviter's own live code; 0 for none."""

    id: int
    programme_id: int
    customer_id: int
    at_ms: int
    account_id: int
    way_id: int


def open_for(stores: Stores, tx: Connection, programme: Programme, customer_ids: Sequence[int]) -> dict[int, Invitation]:
    """Let these people invite; customer (as given) → invitation. Who may already keeps theirs; who is not known (any more) is absent.

    Where the programme has live codes of its own, one is asked for each; the carrier makes it within minutes.
    """
    now = current(tx, customer_ids)
    known = set(primary_keys(tx, sorted(set(now.values()))))
    wanted = sorted(known)
    # The programme's row is held: who opens the own page twice at once has one invitation.
    programmes.find(tx, programme.id, hold=True)
    held = _of(tx, programme.id, wanted)
    new = [one for one in wanted if one not in held]
    if new:
        row = {"programme_id": programme.id, "at_ms": to_ms(stores.now()), "account_id": 0, "way_id": 0}
        tx.execute(insert(_t), [{**row, "customer_id": one} for one in new])
        held |= _of(tx, programme.id, new)
        if programme.terms.account_id:
            held |= _with_ways(stores, tx, programme, [held[one] for one in new])
    return {one: held[person] for one, person in now.items() if person in held}


def of_person(tx: Connection, programme_id: int, customer_id: int) -> Invitation | None:
    """The oldest invitation of somebody."""
    return _of(tx, programme_id, [customer_id]).get(customer_id)


def find_some(tx: Connection, ids: Sequence[int]) -> dict[int, Invitation]:
    rows = tx.execute(select(_t).where(among(tx, _t.c.id, list(ids)))) if ids else ()
    return {row.id: Invitation(**row._mapping) for row in rows}


def find(tx: Connection, invitation_id: int) -> Invitation:
    """
    Raises
    ------
    NotFoundError
    """
    found = find_some(tx, [invitation_id]).get(invitation_id)
    if found is None:
        raise NotFoundError(Text("邀请链接无效", "the invitation is not valid"), way_out=Text("请让朋友重新发一次", "ask your friend for it again"))
    return found


def invite_address(stores: Stores, invitation_id: int) -> str:
    """What an inviter passes on: it says nothing of who they are."""
    return f"{public(stores.settings)}/i/{tokens.seal(stores.secrets, invitation_id, [0], who='nobody', short=True, purpose=INVITE)[0]}"


def progress_addresses(stores: Stores, programme_id: int, customer_ids: Sequence[int]) -> list[str]:
    """Each one's own page: it shows how far they are and must not be passed on. Made again it is the same."""
    base = f"{public(stores.settings)}/i/my/"
    return [base + token for token in tokens.seal(stores.secrets, programme_id, customer_ids, short=True, purpose=PROGRESS)]


def open_token(stores: Stores, token: str, purpose: str) -> tokens.Ticket:
    """
    Raises
    ------
    NotFoundError
        When it is not one of ours.
    """
    ticket = tokens.open_token(stores.secrets, token, purpose=purpose)
    if ticket is None or ticket.who != ("nobody" if purpose == INVITE else "customer"):
        raise NotFoundError(Text("链接无效", "the link is not valid"), way_out=Text("请让朋友重新发一次", "ask your friend for it again"))
    return ticket


def visited(tx: Connection, invitation_id: int, visitor: int, at_ms: int) -> bool:
    """A browser opened an invitation; False when it had before."""
    if tx.scalar(select(_v.c.at_ms).where(_v.c.invitation_id == invitation_id, _v.c.visitor == visitor)) is not None:
        return False
    insert_ignore(tx, _v, [{"invitation_id": invitation_id, "visitor": visitor, "at_ms": at_ms}])
    return True


def last_of_visitors(tx: Connection, visitors: Sequence[int], since_ms: int) -> dict[int, tuple[int, int]]:
    """Visitor → (the invitation they opened last, when), not before an instant."""
    rows = tx.execute(select(_v.c.visitor, _v.c.invitation_id, _v.c.at_ms).where(among(tx, _v.c.visitor, list(visitors)), _v.c.at_ms >= since_ms).order_by(_v.c.at_ms, _v.c.invitation_id))
    return {int(row.visitor): (int(row.invitation_id), int(row.at_ms)) for row in rows}


def by_states(tx: Connection, states: Sequence[str]) -> dict[str, int]:
    """State of a live code → the invitation it belongs to; others are absent."""
    numbers = {one: int(one[len(STATE) :]) for one in states if one.startswith(STATE) and one[len(STATE) :].isdecimal() and len(one) < 18}
    known = find_some(tx, sorted(set(numbers.values())))
    return {state: number for state, number in numbers.items() if number in known and known[number].way_id}


def reach(tx: Connection, programme_id: int) -> tuple[Ints, Ints, Ints]:
    """(invitations, their customers, people who opened each), parallel."""
    counts = select(_v.c.invitation_id, func.count().label("visits")).group_by(_v.c.invitation_id).subquery()
    query = select(_t.c.id, _t.c.customer_id, func.coalesce(counts.c.visits, 0)).outerjoin(counts, counts.c.invitation_id == _t.c.id).where(_t.c.programme_id == programme_id)
    rows = tx.execute(query.order_by(_t.c.id)).all()
    ids, customers, visits = (np.array([row[place] for row in rows], np.int64) for place in range(3))
    return ids, customers, visits


def _of(tx: Connection, programme_id: int, customers: Sequence[int]) -> dict[int, Invitation]:
    rows = tx.execute(select(_t).where(_t.c.programme_id == programme_id, among(tx, _t.c.customer_id, list(customers))).order_by(_t.c.id.desc()))
    return {row.customer_id: Invitation(**row._mapping) for row in rows}


def _with_ways(stores: Stores, tx: Connection, programme: Programme, made: Sequence[Invitation]) -> dict[int, Invitation]:
    """A live code for each, written down; the carrier's round makes them (`contact_ways.settle`)."""
    account = accounts.find_account(tx, programme.terms.account_id)
    found = {}
    for one in made:
        way = contact_ways.intend(
            tx, account, name=f"{programme.name[:40]} #{one.id}", state=f"{STATE}{one.id}", staff=programme.terms.staff, departments=[], skip_verify=True, now=stores.now(), by="referral",
        )  # fmt: skip
        tx.execute(update(_t).where(_t.c.id == one.id).values(account_id=account.id, way_id=way.id))
        found[one.customer_id] = Invitation(one.id, one.programme_id, one.customer_id, one.at_ms, account.id, way.id)
    return found
