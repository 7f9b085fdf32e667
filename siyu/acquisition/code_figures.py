"""Figures of live codes: additions of today against limits, of all time and still there, by day and by member of staff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection

from siyu.acquisition import code_routing, codes, short_links
from siyu.acquisition.code_plans import Route
from siyu.acquisition.code_routing import SURE_AFTER
from siyu.acquisition.codes import Code, Standing
from siyu.acquisition.short_links import Link
from siyu.carriers import accounts, contact_ways
from siyu.carriers.accounts import Account
from siyu.foundation.clock import from_ms
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.team import staff as team_staff

QUARTER_MS = 900_000
"""Every zone's days begin at a full quarter of an hour."""
HEALTH: dict[str, Text] = {
    "good": Text("正常", "Good"),
    "making": Text("创建中，载体还没答复", "Being made; the carrier has not answered yet"),
    "unknown": Text("载体没有答复，编辑保存后重建", "The carrier never answered; save it again to have it made anew"),
    "refused": Text("载体拒绝了这个码，修改后重试", "The carrier refused the code; change it and it is tried again"),
    "account": Text("账号异常，分流暂停", "The account is in trouble; routing rests"),
    "unanswered": Text("载体还没确认最近一次分流", "The carrier has not confirmed the last change of who receives"),
    "route_refused": Text("载体不接受新的接待员工", "The carrier does not accept who is to receive"),
    "nobody": Text("没有能接待的员工", "Nobody of its staff may serve"),
    "falls_back": Text("由后备员工接待", "Who falls back receives"),
    "groups_full": Text("所有群都满了", "All its groups are full"),
    "closed": Text("已停用", "Closed"),
}


@dataclass(frozen=True)
class Line:
    """How one member of staff of a plan stands today. `state`: see `code_plans.State`."""

    staff: str
    name: str
    state: str
    today: int
    daily_limit: int | None
    on: bool


@dataclass(frozen=True)
class Shown:
    """A live code with all that its row in the list says. `limit_today`: the sum of daily limits; None where somebody has none."""

    code: Code
    account: Account
    standing: Standing
    link: Link | None
    health: str
    staff: list[Line]
    groups: list[Any]
    added_today: int
    limit_today: int | None
    added: int
    open: int
    visits: int


@dataclass(frozen=True)
class Day:
    on: date
    visits: int
    added: int


@dataclass(frozen=True)
class ByStaff:
    staff: str
    name: str
    added: int
    open: int


def shown(stores: Stores, tx: Connection, found: Sequence[Code]) -> list[Shown]:
    """Every code as the list shows it; reads are one an account, not one a code."""
    owners = {account.id: account for account in accounts.list_accounts(tx, ["wecom"])}
    standings, links = codes.standing(tx, found), short_links.of_codes(tx, [code.id for code in found])
    groups = codes.groups_of(tx, [code.id for code in found if code.kind == "group"])
    opened = short_links.counted(tx, "link", [link.id for link in links.values()])
    rows: list[Shown] = []
    for account_id in sorted({code.account_id for code in found}):
        account, own = owners[account_id], [code for code in found if code.account_id == account_id]
        seen = code_routing.picture(stores, tx, account)
        wanted, names = code_routing.routes(stores, tx, seen, own), team_staff.names(tx, [account_id])
        totals = contact_ways.counts(stores, account_id)
        for code in own:
            today, mine = seen.by_code.get(code.state, {}), groups.get(code.id, [])
            standing, link = standings[code.id], links.get(code.id)
            lines = _lines(code, wanted.get(code.id), today, names, standing)
            added, still = totals.get(code.state, (0, 0)) if code.kind == "staff" else (sum(row.joined for row in mine),) * 2
            limits = [one.daily_limit for one in code.plan.receivers]
            rows.append(
                Shown(
                    code, account, standing, link, _health(stores, code, account, standing, lines, mine), lines, mine, sum(today.values()),
                    sum(one or 0 for one in limits) if limits and None not in limits else None, added, still, opened[link.id]["visit"] if link else 0,
                )
            )
    return sorted(rows, key=lambda row: -row.code.id)


def by_day(stores: Stores, code_id: int, days: int) -> list[Day]:
    """Visits and additions of the last local days, today the last; by the published facts."""
    today = stores.calendar.on(stores.now())
    first = today - timedelta(days=days - 1)
    fact = stores.warehouse.tables["acquisition_touch"]
    mine = fact.filter((fact.code_id == code_id) & (fact.at_ms >= stores.calendar.midnight_ms(first)) & fact.step.isin(["visit", "add"]))
    mine = mine.mutate(quarter=(mine.at_ms / QUARTER_MS).floor().cast("int64"))
    counted = mine.group_by(["step", "quarter"]).agg(count=mine.count())
    found = {first + timedelta(days=at): [0, 0] for at in range(days)}
    with stores.warehouse.read() as session:
        for row in session.query(counted).to_pylist():
            on = stores.calendar.on(from_ms(int(row["quarter"]) * QUARTER_MS))
            if on in found:
                found[on][row["step"] == "add"] += int(row["count"])
    return [Day(on, *counts) for on, counts in found.items()]


def by_staff(stores: Stores, code: Code) -> list[ByStaff]:
    """Who received how many by this code, and how many of them are still there; the most first."""
    fact = stores.warehouse.tables["carriers_relation"]
    mine = fact.filter(~fact.void & (fact.account_id == code.account_id) & (fact.state == code.state))
    counted = mine.group_by("staff").agg(added=mine.count(), open=mine.ended_ms.isnull().sum())
    with stores.warehouse.read() as session:
        rows = session.query(counted).to_pylist()
    with stores.ledger.read() as tx:
        names = team_staff.names(tx, [code.account_id])
    found = [ByStaff(row["staff"], names.get((code.account_id, row["staff"]), row["staff"]), int(row["added"]), int(row["open"])) for row in rows]
    return sorted(found, key=lambda one: (-one.added, one.staff))


def _lines(code: Code, route: Route | None, today: Any, names: Any, standing: Standing) -> list[Line]:
    limits = {one.staff: one.daily_limit for one in code.plan.receivers}
    states = route.states if route is not None else {}
    return [
        Line(one, names.get((code.account_id, one), one), states.get(one, "absent"), today.get(one, 0), limits.get(one), one in standing.on)
        for one in code.plan.staff
        if code.kind == "staff"
    ]


def _health(stores: Stores, code: Code, account: Account, standing: Standing, lines: Sequence[Line], groups: Sequence[Any]) -> str:
    """The gravest first."""
    states = [line.state for line in lines]
    found = (
        (code.status == "closed" or standing.status == "closed", "closed"),
        (standing.status in ("refused", "unknown", "making"), standing.status),
        (account.status != "connected", "account"),
        (code.route_code is not None, "route_refused"),
        (code.asked_at is not None and code.asked is not None and code.asked_at < stores.now() - SURE_AFTER, "unanswered"),
        (code.kind == "staff" and all(state in ("absent", "not_needed") for state in states), "nobody"),
        (code.kind == "staff" and "falls_back" in states, "falls_back"),
        (code.kind == "group" and not code.opens_groups and all(row.gone_at is not None or row.members >= code.group_limit for row in groups), "groups_full"),
    )
    return next((name for holds, name in found if holds), "good")
