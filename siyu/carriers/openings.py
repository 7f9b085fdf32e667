"""Openings 可发窗口 and permits 订阅许可: when an account may write to somebody who turned to it, and how often; fed from callbacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from siyu.carriers import _tables
from siyu.carriers.accounts import Account
from siyu.connectors._wechat.limits import limits_of
from siyu.connectors._wechat.talk import MINI_PROGRAM_WINDOWS, Trigger, Window
from siyu.connectors.happenings import Happening
from siyu.connectors.official_account.limits import AccountLimits
from siyu.foundation.database import among, upsert
from siyu.foundation.stores import Stores

CAUSES: Mapping[str, Trigger] = {"message_received": "message", "menu_clicked": "menu", "followed": "follow", "qr_scanned": "scan", "session_entered": "enter"}
PRODUCTS = ("official_account", "mini_program")
KEPT = timedelta(days=1)
_opening, _permit = _tables.opening, _tables.permit


def windows_of(account: Account) -> Mapping[Trigger, Window]:
    """What opens how long a window for how many messages, by the account's own settings."""
    return limits_of(AccountLimits, account.all_settings).windows() if account.product == "official_account" else MINI_PROGRAM_WINDOWS


def take_in(stores: Stores, tx: Connection, told: Sequence[tuple[Account, Happening]]) -> None:
    """Windows that were opened, permits that were given or taken back. A newer act of the same kind opens the window anew."""
    about = [(account, one) for account, one in told if account.product in PRODUCTS and one.contact]
    keys = {account.id: _keys(stores, account, [str(one.contact) for owner, one in about if owner.id == account.id]) for account, _ in about}
    opened: dict[tuple[int, int, str], dict[str, object]] = {}
    for account, one in sorted(about, key=lambda pair: pair[1].at):
        cause = CAUSES.get(one.kind)
        window = windows_of(account).get(cause) if cause else None
        if cause and window:
            key = keys[account.id][str(one.contact)]
            row: dict[str, object] = {"account_id": account.id, "identity_key": key, "cause": cause, "opened_at": one.at, "closes_at": one.at + timedelta(seconds=window.seconds), "left_count": window.count}
            opened[(account.id, key, cause)] = row
    _open(tx, list(opened.values()))
    for account, one in about:
        template = str(one.detail.get("template_id") or "")
        if one.kind in ("subscribe_answered", "subscribe_changed") and template:
            key = keys[account.id][str(one.contact)]
            if one.kind == "subscribe_answered" and one.detail.get("accepted"):
                _grant(tx, account.id, key, template)
            elif one.kind == "subscribe_changed" and not one.detail.get("accepted"):
                revoke(tx, account.id, [key], template)


def _keys(stores: Stores, account: Account, names: Sequence[str]) -> dict[str, int]:
    distinct = sorted(set(names))
    return dict(zip(distinct, stores.secrets.index(distinct, f"identifier {account.namespace}"), strict=True))


def _open(tx: Connection, rows: Sequence[dict[str, object]]) -> None:
    """Callbacks come in any order: an older one does not shorten a window."""
    if not rows:
        return
    new = sqlite.insert(_opening) if tx.dialect.name == "sqlite" else postgresql.insert(_opening)
    later = {name: new.excluded[name] for name in ("opened_at", "closes_at", "left_count")}
    newer = new.excluded["opened_at"] > _opening.c.opened_at
    tx.execute(new.on_conflict_do_update(index_elements=["account_id", "identity_key", "cause"], set_=later, where=newer), list(rows))


def _grant(tx: Connection, account_id: int, key: int, template: str) -> None:
    """One accept lets one message out; each accept adds one."""
    mine = (_permit.c.account_id == account_id) & (_permit.c.identity_key == key) & (_permit.c.template_id == template)
    if not tx.execute(update(_permit).where(mine).values(left_count=_permit.c.left_count + 1)).rowcount:
        upsert(tx, _permit, [{"account_id": account_id, "identity_key": key, "template_id": template, "left_count": 1}], ["account_id", "identity_key", "template_id"])


def revoke(tx: Connection, account_id: int, keys: Sequence[int], template: str) -> None:
    """The person allows nothing more, or the carrier says that nothing is left."""
    mine = (_permit.c.account_id == account_id) & (_permit.c.template_id == template)
    tx.execute(delete(_permit).where(mine, among(tx, _permit.c.identity_key, list(keys))))


def use_permits(tx: Connection, account_id: int, keys: Sequence[int], template: str) -> None:
    """A message was handed over to each of these: one permit less. Counted before the call, for an accept is soon used up."""
    mine = (_permit.c.account_id == account_id) & (_permit.c.template_id == template) & (_permit.c.left_count > 0)
    tx.execute(update(_permit).where(mine, among(tx, _permit.c.identity_key, list(keys))).values(left_count=_permit.c.left_count - 1))


def use_openings(tx: Connection, account_id: int, keys: Sequence[int], now: datetime) -> None:
    """A message was handed over to each of these: one less in every window of theirs that is open and counted."""
    mine = (_opening.c.account_id == account_id) & (_opening.c.closes_at > now) & (_opening.c.left_count > 0)
    tx.execute(update(_opening).where(mine, among(tx, _opening.c.identity_key, list(keys))).values(left_count=_opening.c.left_count - 1))


def open_until(tx: Connection, account_id: int, keys: Sequence[int], at: datetime) -> dict[int, tuple[int | None, datetime]]:
    """Identity key → (messages that may still be sent, null as many as one likes; until when), of whom a window is open at that moment."""
    query = select(_opening.c.identity_key, _opening.c.left_count, _opening.c.closes_at).where(
        _opening.c.account_id == account_id, _opening.c.opened_at <= at, _opening.c.closes_at > at, or_(_opening.c.left_count.is_(None), _opening.c.left_count > 0),
        among(tx, _opening.c.identity_key, list(keys)),
    )  # fmt: skip
    found: dict[int, tuple[int | None, datetime]] = {}
    for key, left, closes_at in tx.execute(query.order_by(_opening.c.identity_key, _opening.c.cause)):
        before = found.get(key)
        counts = [count for count in (left, *(before[:1] if before else ())) if count is not None]
        lasts = max(closes_at, before[1]) if before else closes_at
        found[key] = (None if left is None or (before is not None and before[0] is None) else max(counts), lasts)
    return found


def permits(tx: Connection, account_id: int, keys: Sequence[int], template: str | None = None) -> dict[int, int]:
    """Identity key → subscription messages that the person still allows (of one template, or of the one with most left)."""
    query = select(_permit.c.identity_key, func.max(_permit.c.left_count)).where(_permit.c.account_id == account_id, _permit.c.left_count > 0, among(tx, _permit.c.identity_key, list(keys)))
    if template is not None:
        query = query.where(_permit.c.template_id == template)
    return {int(key): int(count) for key, count in tx.execute(query.group_by(_permit.c.identity_key))}


def prune(tx: Connection, now: datetime) -> None:
    """Windows that closed a day ago are forgotten."""
    tx.execute(delete(_opening).where(_opening.c.closes_at < now - KEPT))
