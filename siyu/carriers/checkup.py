"""Checkup 账号体检: what the doctor says of each account, end to end, and of what waits in the inbox."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, func, select

from siyu.carriers import _tables, accounts, arrivals, checks, greetings, quotas, words
from siyu.carriers.accounts import Account
from siyu.carriers.checks import Step
from siyu.carriers.running import Carriers
from siyu.carriers.silence import silence_of
from siyu.connectors.registry import VENDORS
from siyu.foundation.http import API_PREFIX
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

AT_ONCE = 4
BACKLOG_LONG = timedelta(seconds=60)
"""Callbacks are worked off within a second or two; one that waits a minute says that something stands still."""
_JOIN_ZH, _JOIN_EN = ";", "; "


@dataclass(frozen=True)
class Finding:
    """What was found of one account, or of the inbox (`account` None)."""

    account: Account | None
    status: Literal["ok", "warn", "fail"]
    detail: Text
    way_out: Text | None


def check_accounts(carriers: Carriers, base_url: str) -> list[Finding]:
    """Every connected account, a few at the same time, and the inbox. No account: nothing."""
    with carriers.stores.ledger.read() as tx:
        found = [account for account in accounts.list_accounts(tx) if account.product in VENDORS]
    if not found:
        return []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        findings = list(pool.map(lambda account: check_one(carriers, account, base_url), found))
    return [*findings, _inbox(carriers.stores)]


def check_one(carriers: Carriers, account: Account, base_url: str) -> Finding:
    url = f"{base_url.rstrip('/')}{API_PREFIX}/callbacks/{account.callback_key}" if account.vendor.has_callbacks else None
    steps = checks.run_checks(carriers.calls, account, callback_url=url, refused_at=carriers.refused_at.get(account.id))
    stores = carriers.stores
    with stores.ledger.read() as tx:
        now = stores.now()
        facts = [*_steps(steps), *_token(tx, account, now), *_windows(tx, account.id, now), *_greeted(tx, account.id, now)]
        silence = silence_of(tx, account.id, now=now, listening_since=carriers.listening_since, zone=stores.calendar.zone)
    wrong = next((step for step in steps if step.ok is False), None)
    said = Text(_JOIN_ZH.join(fact.zh for fact in facts), _JOIN_EN.join(fact.en for fact in facts))
    if account.status == "paused":
        return Finding(account, "warn", words.STATUSES["paused"].says, words.STATUSES["paused"].fix)
    if wrong is not None:
        # A callback that has not come yet is no fault of what works already.
        return Finding(account, "warn" if wrong.key == "callback" else "fail", said, wrong.fix or Text("查看账号页的逐项检查", "see the checks on the account's page"))
    if silence.is_silent:
        return Finding(account, "warn", words.SILENT.says, words.SILENT.fix)
    return Finding(account, "ok", said, None)


def _steps(steps: Sequence[Step]) -> list[Text]:
    wrong = [Text(f"{step.label.zh}:{step.says.zh}", f"{step.label.en}: {step.says.en}") for step in steps if step.ok is False]
    passed = sum(step.ok is True for step in steps)
    return [Text(f"{passed}/{len(steps)} 项通过", f"{passed} of {len(steps)} checks passed"), *wrong]


def _token(tx: Connection, account: Account, now: datetime) -> list[Text]:
    table = _tables.token
    mine = table.c.key.startswith(f"{account.product}:{account.ref}:", autoescape=True)
    fetched_at, expires_at = tx.execute(select(func.max(table.c.fetched_at), func.max(table.c.expires_at)).where(mine)).one()
    if fetched_at is None or expires_at is None:
        return []
    age, left = (now - fetched_at).total_seconds() / 60, (expires_at - now).total_seconds() / 60
    return [Text(f"凭证取于 {age:,.0f} 分钟前，还有 {max(0, left):,.0f} 分钟", f"token fetched {age:,.0f} min ago, good for {max(0, left):,.0f} min")]


def _windows(tx: Connection, account_id: int, now: datetime) -> list[Text]:
    found = quotas.quotas_of(tx, account_id, now)
    closed = [quota for quota in found if quota.blocked_until is not None]
    fullest = max(found, key=lambda quota: quota.used_count / max(1, quota.limit_count), default=None)
    said = [Text(f"{quota.api} 被关闭到 {quota.blocked_until:%H:%M}", f"{quota.api} is closed until {quota.blocked_until:%H:%M} UTC") for quota in closed[:1]]
    if fullest is None or not fullest.used_count:
        return said
    share = fullest.used_count / max(1, fullest.limit_count)
    return [*said, Text(f"额度最多用到 {share:.1%}", f"at most {share:.1%} of a quota is used")]


def _greeted(tx: Connection, account_id: int, now: datetime) -> list[Text]:
    totals = greetings.totals_of(tx, account_id, now, days=1)
    done = totals.sent + totals.late + totals.refused
    if not done:
        return []
    return [Text(f"24 小时欢迎语 {done:,} 条，超时 {totals.late:,}", f"{done:,} greetings in 24 h, {totals.late:,} late")]


def _inbox(stores: Stores) -> Finding:
    with stores.ledger.read() as tx:
        count, oldest = arrivals.backlog(tx)
    waited = timedelta(0) if oldest is None else stores.now() - oldest
    said = Text(f"{count:,} 条回调等待处理", f"{count:,} callbacks wait to be worked off")
    if waited > BACKLOG_LONG:
        seconds = waited.total_seconds()
        late = Text(f"{said.zh}，最久已等 {seconds:,.0f} 秒", f"{said.en}, the oldest for {seconds:,.0f} s")
        return Finding(None, "warn", late, Text("查看日志；重启 siyu 会接着处理", "see the log; siyu goes on with them when it is started again"))
    return Finding(None, "ok", said, None)
