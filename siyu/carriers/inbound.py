"""Inbound 回调处理: what lies in the inbox becomes events, relations and reports, in sets and exactly once."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import pyarrow as pa
from sqlalchemy import Connection, select, update

from siyu.carriers import (
    _tables,
    accounts,
    contacts,
    deliveries,
    health,
    openings,
    reading,
    relations,
    status,
)
from siyu.carriers.accounts import Account
from siyu.carriers.calls import Calls
from siyu.carriers.inbox import happenings_in, is_about_content
from siyu.carriers.relations import News, Pair
from siyu.carriers.spells import Change
from siyu.connectors.happenings import Happening
from siyu.events import log
from siyu.events.catalogue.carriers import CARRIER_REPORTED
from siyu.events.identifiers import identify
from siyu.events.recording import Senders, record_activities
from siyu.foundation.clock import to_ms
from siyu.foundation.ids import key64
from siyu.foundation.stores import Stores

TOGETHER = 500
ASK_SECONDS = 2.0
BEGINNINGS = {"contact_added", "followed"}
ABOUT_MESSAGE = "message_told"
NOTICES = frozenset({"subscribe_sent", "template_send_finished"})
"""What became of a notice: it names its template and its person, and no reference of ours."""
MESSAGE_KINDS = NOTICES | {"message_delivered", "message_failed", "message_complained", "message_received", "unsubscribed"}
SHORT = 12
"""Characters of an answer that may be a word to opt out."""
_log = logging.getLogger("siyu.carriers")
ENDINGS = {"contact_removed": None, "unfollowed": "customer"}


@dataclass(frozen=True)
class _Told:
    account: Account
    happening: Happening


def take_in(stores: Stores, calls: Calls | None = None) -> int:
    """Work off one batch of the inbox; returns how many callbacks it held. Safe to call at any time, from any process.

    With `calls` the carriers are first asked, for a moment, who the newcomers are: whoever is known elsewhere already (by
    unionid) is then recognised at once, not taken for somebody new.
    """
    table = _tables.inbox
    with stores.ledger.read() as tx:
        rows = tx.execute(select(table).where(table.c.done_at.is_(None)).order_by(table.c.position).limit(TOGETHER)).all()
        newcomers = _newcomers(tx, _read(stores, tx, rows)) if calls is not None else []
    if not rows:
        return 0
    found = [] if calls is None else reading.ask(calls, newcomers, ASK_SECONDS)
    positions = [row.position for row in rows]
    try:
        _take(stores, positions, found)
    except Exception as error:
        if not is_about_content(error):
            raise
        # One of them is strange. Each by itself, so that the others, and other accounts, do not stand still behind it.
        for position in positions:
            _take_one(stores, position)
    return len(rows)


def _take(stores: Stores, positions: Sequence[int], found: Sequence[tuple[Account, reading.Asked]] = ()) -> None:
    table = _tables.inbox
    with stores.ledger.begin() as tx:
        waiting = select(table).where(table.c.position.in_(positions), table.c.done_at.is_(None)).order_by(table.c.position)
        rows = tx.execute(waiting.with_for_update()).all()
        if rows:
            for account, asked in found:
                reading.write(stores, tx, account, asked)
            _work_off(stores, tx, rows)


def _take_one(stores: Stores, position: int) -> None:
    """One that cannot be worked off is kept and shown as one that is not known."""
    try:
        _take(stores, [position])
    except Exception as error:
        if not is_about_content(error):
            raise
        _log.exception("callback %s cannot be worked off; it is kept as unknown", position)
        with stores.ledger.begin() as tx:
            mine = _tables.inbox.c.position == position
            tx.execute(update(_tables.inbox).where(mine).values(kind="unknown", done_at=stores.now()))


def _newcomers(tx: Connection, told: Sequence[_Told]) -> list[tuple[Account, list[str]]]:
    """By account, those of whom nothing but an id is known."""
    named: dict[int, dict[str, Account]] = defaultdict(dict)
    for item in told:
        if item.happening.kind in BEGINNINGS and item.happening.contact:
            named[item.account.id][item.happening.contact] = item.account
    return [(next(iter(names.values())), contacts.never_read(tx, account_id, list(names))) for account_id, names in named.items()]


def _work_off(stores: Stores, tx: Connection, rows: Sequence[Any]) -> None:
    told = _read(stores, tx, rows)
    _relate(stores, tx, told)
    _record(stores, tx, told, f"inbox {rows[0].position}-{rows[-1].position}")
    deliveries.tell_on(stores.secrets, tx, [(t.account, t.happening) for t in told], stores.now())
    openings.take_in(stores, tx, [(t.account, t.happening) for t in told])
    report(stores, tx, [(t.account.id, t.happening) for t in told if t.happening.contact is None or t.happening.kind == "unknown"])
    _report_messages(stores, tx, told)
    tx.execute(update(_tables.inbox).where(_tables.inbox.c.position.in_([row.position for row in rows])).values(done_at=stores.now()))
    newest: dict[int, Any] = {row.account_id: row.received_at for row in rows}
    health.tally_heard(tx, [(row.account_id, row.received_at) for row in rows])
    for account_id, at in newest.items():
        tx.execute(update(_tables.account).where(_tables.account.c.id == account_id).values(called_back_at=at))
        if any(t.account.id == account_id and t.account.status_code == status.SILENCE for t in told):
            status.put(stores, tx, account_id, "connected", None)


def report(stores: Stores, tx: Connection, told: Sequence[tuple[int, Happening]]) -> None:
    """Append `carrier_reported` for what is not about one contact, and for what Siyu does not know yet.

    Of that its fields are left out: nobody knows what is in them, and the inbox holds them encrypted.
    """
    if not told:
        return
    columns = {
        "event_key": [key64("carrier", account_id, h.key) for account_id, h in told],
        "account_id": [account_id for account_id, _ in told],
        "kind": [h.kind for _, h in told],
        "staff": [h.staff for _, h in told],
        "detail": [msgspec.json.encode({} if h.kind == "unknown" else h.detail).decode() for _, h in told],
        "at_ms": [to_ms(h.at) for _, h in told],
    }
    log.append(tx, CARRIER_REPORTED, CARRIER_REPORTED.table(columns), now=stores.now())


def _report_messages(stores: Stores, tx: Connection, told: Sequence[_Told]) -> None:
    """What became of messages of ours, and short answers, without words that could hold more about a person than that."""
    about = [t for t in told if t.happening.kind in MESSAGE_KINDS and t.happening.contact]
    kept: list[tuple[int, Happening]] = []
    for space in sorted({t.account.namespace for t in about}):
        mine = [t for t in about if t.account.namespace == space]
        keys = identify(stores.secrets, space, pa.array([t.happening.contact for t in mine], pa.string())).keys.to_pylist()
        for t, key in zip(mine, keys, strict=True):
            text = str(t.happening.detail.get("text") or "")
            word = text if len(text) <= SHORT and not any(sign.isdigit() or sign == "@" for sign in text) else ""
            if not word and not t.happening.detail.get("reference") and t.happening.kind not in NOTICES:
                continue
            names = ("template_id", "ok", "blocked", "code", "status") if t.happening.kind in NOTICES else ("reference", "status", "permanent")
            named = {name: t.happening.detail.get(name) for name in names}
            detail = {"kind": t.happening.kind, "identity_key": key, "word": word, **named}
            kept.append((t.account.id, Happening(ABOUT_MESSAGE, t.happening.at, None, None, detail, f"message {t.happening.key}")))
    report(stores, tx, kept)


def _read(stores: Stores, tx: Connection, rows: Sequence[Any]) -> list[_Told]:
    """What stored callbacks say. Those of an account that was removed meanwhile say nothing any more."""
    owners = {account.id: account for account in accounts.list_accounts(tx)}
    said = happenings_in(stores.secrets, [row.body_sealed for row in rows])
    return [_Told(owners[row.account_id], h) for row, happenings in zip(rows, said, strict=True) if row.account_id in owners for h in happenings]


def _relate(stores: Stores, tx: Connection, told: Sequence[_Told]) -> None:
    """Beginnings and endings of relations. Whoever shows up in any way becomes a known contact."""
    by_account: dict[int, list[_Told]] = defaultdict(list)
    for item in told:
        if item.happening.contact and item.account.holds_relations:
            by_account[item.account.id].append(item)
    news: list[News] = []
    for items in by_account.values():
        account = items[0].account
        found = contacts.known(stores, tx, account, [str(item.happening.contact) for item in items], stores.now())
        # What was edited is not said: it is read again.
        edited = {found[str(item.happening.contact)].id for item in items if item.happening.kind == "contact_edited"}
        tx.execute(update(_tables.contact).where(_tables.contact.c.id.in_(edited)).values(read_at=None))
        for item in items:
            if (change := _change(item.happening)) is not None:
                contact = found[str(item.happening.contact)]
                staff = (item.happening.staff or "") if account.product == "wecom" else ""
                news.append(News(account.id, contact.identity_key, Pair(contact.id, staff), (change,)))
    relations.take_in(stores, tx, news, found_by="callback")


def _change(happening: Happening) -> Change | None:
    at_ms = to_ms(happening.at)
    if happening.kind in BEGINNINGS:
        return Change(at_ms, True, None, happening.detail.get("state") or happening.detail.get("scene") or None)
    if happening.kind in ENDINGS:
        return Change(at_ms, False, ENDINGS[happening.kind] or happening.detail.get("by") or "unknown")
    return None


def _record(stores: Stores, tx: Connection, told: Sequence[_Told], dedup_key: str) -> None:
    """Every happening with a contact is an activity of that person: on the timeline, and for segments to ask about."""
    about = [item for item in told if item.happening.contact and item.happening.kind != "unknown"]
    if not about:
        return
    spaces = sorted({item.account.namespace for item in about})
    who = {space: pa.array([item.happening.contact if item.account.namespace == space else None for item in about], pa.string()) for space in spaces}
    record_activities(
        tx, stores.secrets, Senders(who), now=stores.now(), dedup_key=dedup_key,
        ids=pa.array([f"{item.account.id} {item.happening.key}" for item in about]),
        at_ms=pa.array([to_ms(item.happening.at) for item in about], pa.int64()),
        names=pa.array([item.happening.kind for item in about]),
        properties=pa.array([_properties(item) for item in about]),
    )  # fmt: skip


def _properties(item: _Told) -> str:
    """What segments and the timeline may see of it; codes that can be used are left out."""
    said = {name: value for name, value in item.happening.detail.items() if name not in ("welcome_code", "ticket") and value not in (None, "")}
    return msgspec.json.encode({"account": item.account.name, **({"staff": item.happening.staff} if item.happening.staff else {}), **said}).decode()
