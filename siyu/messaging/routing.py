"""Routing 路由: by which ways the people of an audience can be reached now, the best first. Set-based, from facts.

A way is an account and what names the person there. Of a carrier with staff a person has one sender: of those who are active and
still know the person, the one who spoke with them or was added last. A person is never told by two members of staff.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from siyu.carriers.accounts import Account, list_accounts
from siyu.carriers.facts import CARRIERS_RELATION
from siyu.customers.consent_facts import consenting
from siyu.customers.facts import CUSTOMERS_ACTIVITY, CUSTOMERS_PROPERTY
from siyu.customers.purposes import purposes
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.ids import Ints
from siyu.foundation.text import Text
from siyu.foundation.warehouse.engines import Session
from siyu.identity.facts import IDENTITY_IDENTIFIER
from siyu.messaging import suppression
from siyu.messaging.outbox import cost_fen
from siyu.messaging.sends import CONSENT_FOR, SendSpec
from siyu.team import staff

WHO = ibis.table({"customer_id": "int64"}, name="_audience_now")
"""Whom routes are wanted of, kept for the session."""
SPOKE = ("message_received", "acquisition_message_received", "acquisition_chat_started", "session_entered")
"""Activities by which a person turned to somebody."""
ANSWERED = (*SPOKE, "message_opened", "message_clicked", "link_opened", "menu_clicked")
ADDRESSED = {"sms": ("phone",), "email": ("email",), "webhook": ("phone", "email")}
_BY_RELATION = ("wecom", "official_account")
_ACCOUNTS = ibis.table({"account_id": "int64", "namespace": "string"}, name="_accounts")
_GONE = ibis.table({"account_id": "int64", "staff": "string"}, name="_staff_gone")


@dataclass(frozen=True)
class Ways:
    """What a send may go by. `accounts` in order; `closed`: account → why it cannot be used now."""

    accounts: tuple[Account, ...]
    closed: dict[int, str]
    carriers: tuple[str, ...]
    order: str
    purpose: str
    basis: str
    """On what the purpose rests; where it is not consent, who has said nothing may be told."""
    staff_gone: tuple[tuple[int, str], ...]
    suppressed: Mapping[int, Ints] = field(default_factory=dict)
    """Account → identifiers to which its carrier is not used, sorted."""

    def preference(self) -> dict[int, int]:
        """Account → its place among all: by carrier as listed, or by cost; then by cost and number."""

        def key(account: Account) -> tuple[int, ...]:
            cost, listed = cost_fen(account.all_settings), self.carriers.index(account.product)
            return (cost, listed, account.id) if self.order == "cost" else (listed, cost, account.id)

        return {account.id: place for place, account in enumerate(sorted(self.accounts, key=key))}


def ways(tx: Connection, spec: SendSpec, purpose: str) -> Ways:
    """The accounts of a send as they stand now.

    Raises
    ------
    InvalidError
        When it names accounts that are not there, or there is none at all.
    """
    found = [account for account in list_accounts(tx, spec.carriers) if spec.accounts is None or account.id in spec.accounts]
    missing = sorted(set(spec.accounts or ()) - {account.id for account in found})
    faults = [Fault("spec.accounts", Text(f"没有账号 {each}，或它不属于所选载体", f"there is no account {each} of these carriers")) for each in missing]
    if not found and not faults:
        faults = [Fault("spec.carriers", Text("这些载体还没有连接账号", "no account of these carriers is connected"))]
    if faults:
        raise InvalidError(Text("发送没有可用账号", "the send has no account"), faults=faults, way_out=Text("先连接账号，或改选载体", "connect an account first, or choose other carriers"))
    wanted = CONSENT_FOR[purpose]
    basis = purposes(tx)[wanted].basis
    gone = [(account.id, userid) for account in found if account.product == "wecom" for userid, status in staff.known(tx, account.id).items() if status != "active"]
    closed = {account.id: "account_unhealthy" for account in found if account.status != "connected"}
    by_carrier = {carrier: suppression.suppressed_keys(tx, carrier) for carrier in {account.product for account in found}}
    suppressed = {account.id: by_carrier[account.product] for account in found if len(by_carrier[account.product])}
    return Ways(tuple(found), closed, spec.carriers, spec.order, wanted, basis, tuple(gone), suppressed)


def candidates(session: Session, customer_ids: Ints, by: Ways) -> pa.Table:
    """The ways to reach these people, `restraint.ROUTES`: by customer_id and rank. Columns carrier, staff, closed are dictionaries.

    One way a person and account. Whose relation with an account has ended has a way there that is closed as `lost`; who was never known
    there has none.
    """
    session.keep(WHO.get_name(), pa.table({"customer_id": customer_ids}))
    parts = [part for part in (_related(session, by), _addressed(session, by)) if part is not None]
    rows = ibis.union(*parts) if len(parts) > 1 else parts[0]
    found = rows.left_join(consenting(by.purpose, by.basis, by.carriers), "customer_id")
    cases = [(found.account_id == account.id, found[account.product].fill_null(by.basis != "consent")) for account in by.accounts]
    consented = ibis.cases(*cases, else_=False)
    table = session.query(found.select("customer_id", "account_id", "identity_key", "staff", "lost", consented=consented))
    return _ranked(session, table, by)


def _related(session: Session, by: Ways) -> ir.Table | None:
    """One row a person and account that holds relations: the last open one of an active sender, else that it was lost."""
    accounts = [account.id for account in by.accounts if account.product in _BY_RELATION]
    if not accounts:
        return None
    session.keep(_GONE.get_name(), pa.table({"account_id": pa.array([one[0] for one in by.staff_gone], pa.int64()), "staff": pa.array([one[1] for one in by.staff_gone], pa.string())}))
    table = CARRIERS_RELATION.table
    known = table.filter(table.account_id.isin(accounts) & ~table.void.fill_null(False)).semi_join(WHO, "customer_id")
    known = known.select("customer_id", "account_id", "identity_key", "staff", "began_ms", lost=known.ended_ms.notnull())
    served = known.filter(known.lost).union(known.filter(~known.lost).anti_join(_GONE, ["account_id", "staff"])) if by.staff_gone else known
    last_ms = served.began_ms
    if any(account.product == "wecom" for account in by.accounts) and (spoken := _spoken(session)) is not None:
        served = served.left_join(spoken, ["identity_key", "staff"]).drop("identity_key_right", "staff_right")
        last_ms = ibis.greatest(served.began_ms, served.spoke_ms.fill_null(0))
    order = [served.lost, ibis.desc(last_ms), served.staff, served.identity_key]
    placed = served.mutate(place=ibis.row_number().over(ibis.window(group_by=["customer_id", "account_id"], order_by=order)))
    return placed.filter(placed.place == 0).select("customer_id", "account_id", "identity_key", "staff", "lost")


def _spoken(session: Session) -> ir.Table | None:
    """When each contact last turned to each member of staff; None if nobody ever did."""
    done, said = CUSTOMERS_ACTIVITY.table, CUSTOMERS_PROPERTY.table
    spoke = session.keep("_spoke", done.filter(done.name.isin(SPOKE)).semi_join(WHO, "customer_id").select("event_key", "identity_key", "at_ms"))
    if not session.scalar(spoke.count()):
        return None
    to = said.filter(said.path == "staff").select("event_key", staff="text")
    return spoke.inner_join(to, "event_key").group_by("identity_key", "staff").agg(spoke_ms=lambda t: t.at_ms.max())


def _addressed(session: Session, by: Ways) -> ir.Table | None:
    """One row a person and account that writes to addresses: the identifier that was seen last."""
    spaces = [(account.id, space) for account in by.accounts if account.product not in _BY_RELATION for space in ADDRESSED.get(account.product, (account.namespace,))]
    if not spaces:
        return None
    session.keep(_ACCOUNTS.get_name(), pa.table({"account_id": [one[0] for one in spaces], "namespace": [one[1] for one in spaces]}))
    table = IDENTITY_IDENTIFIER.table
    mine = table.filter(table.namespace.isin(sorted({space for _, space in spaces}))).semi_join(WHO, "customer_id")
    theirs = mine.inner_join(_ACCOUNTS, "namespace")
    # Of two that were seen in one import the greater key: the order is total.
    newest = theirs.seen_ms * 2**20 + theirs.identity_key % 2**20
    last = theirs.group_by("customer_id", "account_id").agg(identity_key=theirs.identity_key.argmax(newest))
    return last.select("customer_id", "account_id", "identity_key", staff=ibis.literal(""), lost=ibis.literal(False))


def _ranked(session: Session, rows: pa.Table, by: Ways) -> pa.Table:
    """Sorted by person; the best way of each has rank 0, and one that is closed comes after every open one."""
    account = rows["account_id"].to_numpy()
    numbers = np.array([each.id for each in by.accounts], np.int64)
    preference = by.preference()
    place_of = np.array([preference[number] for number in numbers.tolist()], np.int64)
    reasons = ["lost", "suppressed", *sorted(set(by.closed.values()))]
    shut = np.array([reasons.index(by.closed[number]) if number in by.closed else -1 for number in numbers.tolist()], np.int64)
    by_number = np.argsort(numbers)
    at = by_number[np.searchsorted(numbers, account, sorter=by_number)]
    closed = np.where(rows["lost"].to_numpy(zero_copy_only=False), 0, shut[at])
    keys = rows["identity_key"].to_numpy()
    for number, those in by.suppressed.items():
        closed[(account == number) & np.isin(keys, those)] = 1
    favour = _favour(session, rows, by, at) if by.order == "person" else np.ones(rows.num_rows, np.int64)
    ids = rows["customer_id"].to_numpy()
    size = len(numbers)
    order = np.argsort(((ids * 2 + (closed >= 0)) * 2 + favour) * size + place_of[at], kind="stable")
    ids = ids[order]
    first = np.flatnonzero(np.diff(ids, prepend=-1))
    rank = np.arange(len(ids)) - np.repeat(first, np.diff(np.append(first, len(ids))))
    products = pa.array([each.product for each in by.accounts])
    carrier = pa.DictionaryArray.from_arrays(pa.array(at[order], pa.int32()), products)
    staffed = np.array([each.product == "wecom" for each in by.accounts])
    why = pa.DictionaryArray.from_arrays(pa.array(closed[order], pa.int32(), mask=closed[order] < 0), pa.array(reasons))
    taken = rows.take(pa.array(order))
    return pa.table(
        {
            "customer_id": taken["customer_id"], "rank": pa.array(rank, pa.int16()), "account_id": taken["account_id"], "carrier": carrier,
            "identity_key": taken["identity_key"], "staff": taken["staff"].combine_chunks().dictionary_encode(), "consented": taken["consented"], "closed": why,
            "floating": pa.array(staffed[at[order]]),
        }
    )  # fmt: skip


def _favour(session: Session, rows: pa.Table, by: Ways, at: Ints) -> Ints:
    """0 where the way is of the carrier that the person answered last, 1 elsewhere."""
    done, said = CUSTOMERS_ACTIVITY.table, CUSTOMERS_PROPERTY.table
    answered = done.filter(done.name.isin(ANSWERED)).semi_join(WHO, "customer_id").select("event_key", "at_ms")
    of = said.filter(said.path == "carrier").select("event_key", "customer_id", "text").inner_join(answered, "event_key")
    last = session.query(of.group_by("customer_id").agg(carrier=of.text.argmax(of.at_ms * 2)).order_by("customer_id"))
    known, who = last["customer_id"].to_numpy(), rows["customer_id"].to_numpy()
    if not len(known):
        return np.ones(len(who), np.int64)
    place = np.minimum(np.searchsorted(known, who), len(known) - 1)
    products = [each.product for each in by.accounts]
    code = pc.index_in(last["carrier"], pa.array(products)).fill_null(-1).combine_chunks().to_numpy()
    # Equal products share the first one's number.
    first = np.array([products.index(name) for name in products], np.int64)
    return np.where((known[place] == who) & (code[place] == first[at]), 0, 1)
