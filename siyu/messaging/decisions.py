"""Decisions 触达决定: of each person of a send whether they are told, and if not why: counted, listed, and for one person in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir
from sqlalchemy import Connection, select

from siyu.carriers.accounts import list_accounts
from siyu.customers.words import in_words
from siyu.foundation.clock import from_ms
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.warehouse.engines import Session
from siyu.identity.current import known, numbers_of
from siyu.messaging import _tables, outbox, reasons, sends
from siyu.messaging.facts import MESSAGING_DECISION, MESSAGING_MESSAGE
from siyu.messaging.sends import Send
from siyu.segments.directory_rows import CustomerRow, load_rows
from siyu.team import staff

VERDICTS: dict[str, Text] = {"allow": Text("发送", "Told"), "wait": Text("稍后发送", "Told later"), "refuse": Text("不发送", "Not told")}
TOLD = "told"
"""Whoever is told, now or later: the last step of the funnel."""
HELD_OUT = ("holdout", "global_holdout")
_FIXED = ("restricted", "minor", "unreachable", "no_consent", "lost", "suppressed", "account_unhealthy", "window_closed")
"""Reasons that lie with the person or the ways to them, whatever else was sent."""
EXPORTED_TOGETHER = 20_000


@dataclass(frozen=True)
class Step:
    """One step of the funnel; `reason` for those who are out."""

    key: str
    name: Text
    count: int
    way_out: Text | None = None


@dataclass(frozen=True)
class Funnel:
    """`steps`: included → audience → eligible → allowed → told or to be told. The counts of `out` add up to those who were lost on the way;
    `waits` are told later, and why; `messages` by status as they are now."""

    steps: list[Step]
    out: list[Step]
    waits: list[Step]
    messages: dict[str, int]
    planned_count: int


@dataclass(frozen=True)
class Person:
    """One person of a send. `status` is that of the message; null without one."""

    customer_id: int
    customer: CustomerRow | None
    verdict: str
    reason: str | None
    variant: str | None
    account_id: int | None
    carrier: str | None
    staff: str
    at_ms: int
    status: str | None
    status_code: str | None


@dataclass(frozen=True)
class Why:
    """`told`: what was decided and what became of it, as sentences, oldest first. `verdict` "outside": not in the audience."""

    verdict: str
    reason: str | None
    at_ms: int | None
    told: list[Text]
    way_out: Text | None


def funnel(tx: Connection, send: Send) -> Funnel:
    """From `Send.counts`: exact for as many as are planned so far."""
    counts = send.counts
    refused, waits = counts.get("reasons", {}), counts.get("waits", {})
    audience, planned = counts.get("audience", 0), counts.get("planned", 0)
    fixed = sum(refused.get(code, 0) for code in _FIXED)
    held = sum(refused.get(code, 0) for code in HELD_OUT)
    allowed = counts.get("allow", 0) + counts.get("wait", 0)
    steps = [
        Step("included", Text("选入", "Included"), counts.get("included", 0)),
        Step("audience", Text("人群包", "Audience"), audience),
        Step("eligible", Text("可触达", "Eligible"), planned - fixed),
        Step("unrestrained", Text("通过克制策略", "Within the policy"), allowed + held),
        Step("told", Text("发送(含稍后)", "Told, now or later"), allowed),
    ]
    out = [_step(code, count) for code, count in [("excluded", counts.get("excluded", 0)), *refused.items()] if count]
    messages = sends.counts(tx, [send.id])[send.id] if send.id else {}
    return Funnel(steps, sorted(out, key=lambda one: -one.count), [_step(code, count) for code, count in waits.items()], messages, planned)


def people(
    stores: Stores, send_id: int, *, verdict: str | None = None, reason: str | None = None, status: str | None = None, after: int = 0, limit: int = 50
) -> list[Person]:
    """The people behind a number, by customer, from behind `after` on; contacts masked."""
    with stores.warehouse.read() as session:
        rows = session.query(_chosen(send_id, verdict, reason, status, after).limit(limit)).to_pylist()
        with stores.ledger.read() as tx:
            shown = {row.id: row for row in load_rows(stores, session, tx, [row["customer_id"] for row in rows])}
    return [_person(row, shown.get(row["customer_id"])) for row in rows]


def everybody(stores: Stores, session: Session, send_id: int, verdict: str | None, reason: str | None, status: str | None) -> Iterator[list[Person]]:
    """As `people`, all of them, in batches."""
    after = 0
    while True:
        rows = session.query(_chosen(send_id, verdict, reason, status, after).limit(EXPORTED_TOGETHER)).to_pylist()
        yield [_person(row, None) for row in rows]
        if len(rows) < EXPORTED_TOGETHER:
            return
        after = rows[-1]["customer_id"]


def why(stores: Stores, tx: Connection, customer_id: int, send_id: int) -> Why:
    """Why one person is told of a send, or not.

    Raises
    ------
    NotFoundError
        When there is no such customer or send.
    """
    send = sends.find(tx, send_id)
    customer = known(tx, [customer_id])[customer_id]
    numbers = numbers_of(tx, customer)
    table = MESSAGING_DECISION.table
    with stores.warehouse.read() as session:
        mine = table.filter((table.send_id == send_id) & table.customer_id.isin(numbers))
        rows = session.query(mine.order_by([mine.decided_ms, mine.customer_id])).to_pylist()
    message = _tables.message
    held = tx.execute(select(message).where(message.c.customer_id == customer, message.c.send_id == send_id).order_by(message.c.route, message.c.identity_key)).all()
    accounts = {account.id: account.name for account in list_accounts(tx)}
    names = staff.names(tx, sorted({row["account_id"] for row in rows if row["account_id"]}))
    told = [_sentence(stores, row, accounts, names) for row in rows]
    told += [_fate(outbox.STATUSES[row.status], row.status_code) for row in held]
    if not rows and not held:
        if send.status == "planning":
            return Why("planning", None, None, [Text("这次发送还在规划，稍后再看", "the send is still being planned; look again soon")], None)
        return Why("outside", None, None, [Text("不在这次发送的人群中", "not in the audience of this send")], Text("检查人群的分群条件", "look at the rules of its segments"))
    # Of several numbers of one person, and of decisions before and after a merge, the one that was told counts.
    last = next((row for row in reversed(rows) if row["verdict"] != "refuse"), rows[-1] if rows else None)
    code = next((row.status_code for row in held if row.status_code in reasons.REASONS), None) or (last["reason"] if last else None)
    known_reason = reasons.REASONS.get(code or "")
    return Why(last["verdict"] if last else "allow", code, last["at_ms"] if last else None, told, known_reason.way_out if known_reason else None)


def check_filter(verdict: str | None, reason: str | None, status: str | None) -> None:
    """Every value that is none of the known ones.

    Raises
    ------
    InvalidError
    """
    given = (("verdict", verdict, (*VERDICTS, TOLD)), ("reason", reason, reasons.CODES), ("status", status, outbox.STATUSES))
    faults = [Fault(field, Text(f"可用：{'、'.join(known_ones)}", f"use one of: {', '.join(known_ones)}")) for field, value, known_ones in given if value is not None and value not in known_ones]
    if faults:
        raise InvalidError(Text("筛选条件有误", "the filter is not valid"), faults=faults)


def _chosen(send_id: int, verdict: str | None, reason: str | None, status: str | None, after: int) -> ir.Table:
    decided, message = MESSAGING_DECISION.table, MESSAGING_MESSAGE.table
    rows = decided.filter((decided.send_id == send_id) & (decided.customer_id > after))
    if verdict is not None:
        rows = rows.filter(rows.verdict != "refuse" if verdict == TOLD else rows.verdict == verdict)
    if reason is not None:
        rows = rows.filter(rows.reason == reason)
    last = message.filter(message.send_id == send_id).group_by("customer_id").agg(
        status=message.status.argmax(message.route.cast("int64") * 2**40 + message.changed_ms // 1000), status_code=message.reason.argmax(message.route.cast("int64") * 2**40 + message.changed_ms // 1000)
    )
    joined = rows.left_join(last, "customer_id").drop("customer_id_right")
    if status is not None:
        joined = joined.filter(joined.status == status)
    return joined.order_by("customer_id")


def _person(row: dict[str, Any], shown: CustomerRow | None) -> Person:
    names = ("customer_id", "verdict", "reason", "variant", "account_id", "carrier", "at_ms", "status", "status_code")
    return Person(customer=shown, staff=row["staff"] or "", **{name: row[name] for name in names})


def _step(code: str, count: int) -> Step:
    known_reason = reasons.REASONS.get(code)
    return Step(code, reasons.name(code), count, known_reason.way_out if known_reason else None)


def _sentence(stores: Stores, row: dict[str, Any], accounts: dict[int, str], names: dict[tuple[int, str], str]) -> Text:
    at = f"{from_ms(row['at_ms']).astimezone(stores.calendar.zone):%Y-%m-%d %H:%M}"
    reason = reasons.name(row["reason"]) if row["reason"] else None
    if row["verdict"] == "refuse":
        assert reason is not None
        return Text(f"不发送：{reason.zh}", f"Not told: {reason.en}")
    carrier = in_words("carrier", row["carrier"] or "")
    account = accounts.get(row["account_id"], str(row["account_id"]))
    who = names.get((row["account_id"], row["staff"]), row["staff"]) if row["staff"] else ""
    by = Text(f"经{carrier.zh}「{account}」" + (f"由 {who} " if who else ""), f"by {carrier.en} ({account}{', ' + who if who else ''})")
    if row["verdict"] == "wait" and reason is not None:
        return Text(f"{by.zh}等到 {at} 发送：{reason.zh}", f"Told {by.en}, not before {at}: {reason.en}")
    return Text(f"{by.zh}于 {at} 发送", f"Told {by.en} at {at}")


_FATES = {
    "planned": Text("消息在待发箱中", "the message waits in the outbox"), "attempting": Text("正在发送", "it is being sent"), "sent": Text("已发送", "it was sent"),
    "received": Text("已送达", "it came in"), "unknown": Text("结果未知，正在核实", "whether it was sent is not known yet"), "refused": Text("被载体拒绝", "the carrier refused it"),
    "failed": Text("发送失败", "it failed"), "released": Text("名额已退回", "its slot was given back"), "cancelled": Text("已取消", "it was cancelled"),
    "displaced": Text("让位于更高优先级的发送", "it gave way to a send of a higher declared value"),
}  # fmt: skip


def _fate(status: str, code: str | None) -> Text:
    words = _FATES[status]
    if not code:
        return words
    name = reasons.name(code)
    return Text(f"{words.zh}({name.zh})", f"{words.en} ({name.en})")


