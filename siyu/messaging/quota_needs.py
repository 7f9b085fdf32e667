"""Needs 所需配额: what a send takes of the limits of its accounts' carriers, and what is left of them, before it is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from siyu.carriers import quotas
from siyu.carriers.accounts import Account
from siyu.messaging.outbox import DISPATCH_PEOPLE

DAY_SECONDS = 86_400
APIS = {
    "wecom": "/cgi-bin/externalcontact/add_msg_template", "official_account": "/cgi-bin/message/mass/send",
    "mini_program": "/cgi-bin/message/subscribe/send",
}  # fmt: skip
"""By which API an account sends, where its carrier counts calls by the day."""


@dataclass(frozen=True)
class Need:
    """Calls that a send takes of one window of an account's API, and what is left of it now."""

    account_id: int
    api: str
    seconds: int
    needs_count: int
    left_count: int

    @property
    def enough(self) -> bool:
        return self.needs_count <= self.left_count


def needs(tx: Connection, accounts: Iterable[Account], load: Mapping[tuple[int, str], int], now: datetime) -> list[Need]:
    """`load`: (account, member of staff) → messages. Windows of a day and more of carriers that count calls; those that fall short first."""
    found = []
    for account in accounts:
        if account.product not in APIS:
            continue
        most = DISPATCH_PEOPLE.get(account.product, 1)
        calls = sum(-(-count // most) for (number, _), count in load.items() if number == account.id)
        for quota in quotas.quotas_of(tx, account.id, now):
            if calls and quota.seconds >= DAY_SECONDS and quota.api == APIS[account.product]:
                left = 0 if quota.blocked_until and quota.blocked_until > now else max(0, quota.limit_count - quota.used_count)
                found.append(Need(account.id, quota.api, quota.seconds, calls, left))
    return sorted(found, key=lambda need: (need.enough, need.account_id, need.seconds))
