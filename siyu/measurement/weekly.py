"""Weekly report 周报: what happened in a week, what was wasted, what to do. Composed from the reports of acquisition, so that it never says another number than they do.

A week is Monday to Sunday in the brand's zone, named by its Monday. What the money of the week itself brought cannot be known yet:
the split of waste is therefore that of the eight weeks that end with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.money import format_fen
from siyu.foundation.text import Text
from siyu.measurement.acquisition_records import (
    BUCKETS,
    Advice,
    Bucket,
    SourceRow,
    Sources,
    Waste,
    WasteSource,
    Words,
)
from siyu.measurement.metrics import change

SPLIT_WEEKS = 8
MOST_SOURCES = 8
MOST_LOSSES = 5
MOST_TASKS = 6
HEAVY = 0.25
"""A quarter of a source's money in one kind of loss is worth a task of its own."""
GONE: tuple[Bucket, ...] = ("never_bought", "deal_hunter", "zombie", "lost_7d", "never_added", "anyway")
FIRST_WEEK = date(2000, 1, 3)


@dataclass(frozen=True)
class WeekFigures:
    """People who arrived in one week, and what they cost. `margin_fen`: what they have brought up to the day of the report."""

    spend_fen: int
    scanned: int
    added: int
    first_orders: int
    margin_fen: int
    cac_add_fen: int | None
    cac_buyer_fen: int | None


@dataclass(frozen=True)
class Part:
    """One bucket of a hundred yuan; the yuan of all parts add up to 100 (0 where nothing was spent)."""

    bucket: Bucket
    yuan: int
    amount_fen: int
    low_fen: int
    high_fen: int
    people: int


@dataclass(frozen=True)
class SourceLine:
    """A source of the first level: the week itself, and `roi` of the eight weeks."""

    source_id: int
    name: str
    platform: str
    spend_fen: int
    added: int
    cac_add_fen: int | None
    target_cac_fen: int | None
    first_orders: int
    roi: float | None
    roi_low: float | None
    roi_high: float | None


@dataclass(frozen=True)
class Loss:
    """What a source lost in one bucket over the eight weeks; `rate` of its spend."""

    source_id: int
    name: str
    platform: str
    bucket: Bucket
    amount_fen: int
    rate: float
    people: int


@dataclass(frozen=True)
class Task:
    """One thing to do, and the page of the console where it is done. `worth_fen`: the money it is about."""

    kind: str
    said: Words
    page: str
    worth_fen: int


@dataclass(frozen=True)
class Weekly:
    """`is_over`: the week has ended. `spend_change_rate` and so on: against the week before, null where there was nothing before."""

    week_on: date
    to_on: date
    is_over: bool
    as_of_on: date
    this: WeekFigures
    before: WeekFigures
    spend_change_rate: float | None
    added_change_rate: float | None
    cac_change_rate: float | None
    split_from_on: date
    split_fen: int
    known_anyway_fen: int
    parts: list[Part]
    sources: list[SourceLine]
    losses: list[Loss]
    tasks: list[Task]


def monday(on: date) -> date:
    return on - timedelta(days=on.weekday())


def checked_week(now_on: date, week_on: date | None) -> date:
    """The Monday of the week asked for; without one, of the last week that is over.

    Raises
    ------
    InvalidError
        When it lies in the future or before 2000.
    """
    if week_on is None:
        return monday(now_on) - timedelta(days=7)
    if not FIRST_WEEK <= week_on <= now_on:
        raise InvalidError(
            Text("没有这一周的周报", "There is no weekly report of that week"),
            faults=[Fault("week", Text(f"须在 {FIRST_WEEK} 与今天 {now_on} 之间", f"must be between {FIRST_WEEK} and today, {now_on}"))],
        )
    return monday(week_on)


def spans(week_on: date) -> tuple[tuple[date, date], tuple[date, date], tuple[date, date]]:
    """Days, both included, of the week, of the one before, and of the eight weeks whose money is split."""
    last = week_on + timedelta(days=6)
    return (week_on, last), (week_on - timedelta(days=7), week_on - timedelta(days=1)), (last - timedelta(days=7 * SPLIT_WEEKS - 1), last)


def compose(week_on: date, today: date, this: Sources, before: Sources, eight: Sources, split: Waste, advice: Advice | None, *, currency: str) -> Weekly:
    """One report of a week, from the reports over its spans (see `spans`)."""
    now, then = _figures(this.totals), _figures(before.totals)
    losses = _losses(split)
    return Weekly(
        week_on=week_on,
        to_on=week_on + timedelta(days=6),
        is_over=today > week_on + timedelta(days=6),
        as_of_on=split.as_of_on,
        this=now,
        before=then,
        spend_change_rate=change(now.spend_fen, then.spend_fen),
        added_change_rate=change(now.added, then.added),
        cac_change_rate=change(now.cac_add_fen, then.cac_add_fen),
        split_from_on=split.from_on,
        split_fen=split.total_fen,
        known_anyway_fen=split.known_anyway_fen,
        parts=_parts(split),
        sources=_sources(this, eight),
        losses=losses,
        tasks=tasks(this, split, losses, advice, currency),
    )


def of_hundred(amounts: Sequence[int]) -> list[int]:
    """Whole yuan of a hundred for each amount; what rounding leaves over goes to the largest remainders, so that they add up to 100."""
    total = sum(amounts)
    if total <= 0:
        return [0] * len(amounts)
    whole = [amount * 100 // total for amount in amounts]
    order = sorted(range(len(amounts)), key=lambda at: (-(amounts[at] * 100 % total), at))
    for at in order[: 100 - sum(whole)]:
        whole[at] += 1
    return whole


def _parts(split: Waste) -> list[Part]:
    held = {one.bucket: one for one in split.buckets}
    there = [held[bucket] for bucket in BUCKETS if bucket in held]
    yuan = of_hundred([one.amount_fen for one in there])
    return [Part(one.bucket, n, one.amount_fen, one.low_fen, one.high_fen, one.people) for one, n in zip(there, yuan, strict=True)]


def _figures(row: SourceRow) -> WeekFigures:
    return WeekFigures(row.spend_fen, row.scanned, row.added, row.first_orders, row.margin_fen, row.cac_add_fen, row.cac_buyer_fen)


def _sources(this: Sources, eight: Sources) -> list[SourceLine]:
    long: Mapping[int, SourceRow] = {row.source_id: row for row in eight.items}
    rows = sorted((row for row in this.items if row.parent_id is None and (row.spend_fen or row.added)), key=lambda row: (-row.spend_fen, -row.added, row.source_id))
    return [_line(row, long.get(row.source_id, row)) for row in rows[:MOST_SOURCES]]


def _line(row: SourceRow, long: SourceRow) -> SourceLine:
    return SourceLine(
        row.source_id, row.name, row.platform, row.spend_fen, row.added, row.cac_add_fen, row.target_cac_fen, row.first_orders,
        long.roi, long.roi_low, long.roi_high,
    )  # fmt: skip


def _losses(split: Waste) -> list[Loss]:
    """The biggest of what sources of the first level lost, one line a source and bucket."""
    tops = [one for one in split.by_source if one.parent_id is None and one.total_fen > 0]
    found = [
        Loss(one.source_id, one.name, one.platform, part.bucket, part.amount_fen, part.amount_fen / one.total_fen, part.people)
        for one in tops
        for part in one.buckets
        if part.bucket in GONE and part.amount_fen > 0
    ]
    return sorted(found, key=lambda loss: (-loss.amount_fen, loss.source_id, loss.bucket))[:MOST_LOSSES]


_SAID: Mapping[Bucket, tuple[str, str, str, str]] = {
    "deal_hunter": ("{name} 每 100 元有 {n} 元给了羊毛党：提高领取门槛，或把福利换成限时试用", "{name}: {n} of 100 went to deal-hunters. Raise the bar of the offer, or give a trial instead of a coupon", "/offers", "offer"),
    "zombie": ("{name} 每 100 元有 {n} 元给了僵尸粉：查投放人群与活码位置", "{name}: {n} of 100 went to zombies. Look at whom it is shown to, and where its codes hang", "/source-returns?source={id}", "zombie"),
    "lost_7d": ("{name} 每 100 元有 {n} 元花在 7 天内就走的人身上：看欢迎语是否兑现了广告的承诺", "{name}: {n} of 100 went to people who left within 7 days. Does the welcome keep what the advertisement promised?", "/source-returns?source={id}", "lost"),
    "never_added": ("{name} 每 100 元有 {n} 元花在没加上的人身上：看落地页和活码是否打得开、找得到", "{name}: {n} of 100 went to people who were never added. Do its page and its code open and stand where people look?", "/source-returns?source={id}", "never_added"),
    "never_bought": ("{name} 每 100 元有 {n} 元还没换来足够的订单：给这批人一次首单旅程", "{name}: {n} of 100 has not brought orders enough. Give these people a journey to their first order", "/journeys", "never_bought"),
}  # fmt: skip


def tasks(this: Sources, split: Waste, losses: Sequence[Loss], advice: Advice | None, currency: str) -> list[Task]:
    """What to do, the money at stake first; six at most."""
    found: list[Task] = []
    if advice is not None and advice.taken is None and advice.gain_fen > 0 and advice.moved_fen > 0:
        said = Words(
            f"采纳 {advice.month} 预算建议：挪动 {_yuan(advice.moved_fen, currency)}，预计多赚 {_yuan(advice.gain_fen, currency)}（{_yuan(advice.gain_low_fen, currency)} 至 {_yuan(advice.gain_high_fen, currency)}）",
            f"Take the budget advice for {advice.month}: move {_yuan(advice.moved_fen, currency)}, expected gain {_yuan(advice.gain_fen, currency)} ({_yuan(advice.gain_low_fen, currency)} to {_yuan(advice.gain_high_fen, currency)})",
        )
        found.append(Task("advice", said, "/advice", advice.gain_fen))
    found += _of_week(this, currency)
    found += [_of_loss(loss) for loss in losses if loss.rate >= HEAVY and loss.bucket in _SAID]
    if (unknown := _unmeasured(split, currency)) is not None:
        found.append(unknown)
    return sorted(found, key=lambda task: (-task.worth_fen, task.kind))[:MOST_TASKS]


def _of_week(this: Sources, currency: str) -> list[Task]:
    found = []
    for row in this.items:
        page = f"/source-returns?source={row.source_id}"
        if row.parent_id is None and row.spend_fen > 0 and row.scanned == 0 and row.added == 0:
            said = Words(f"{row.name} 花了 {_yuan(row.spend_fen, currency)}，一个人也没来：查活码、链接和投放是否还在", f"{row.name} cost {_yuan(row.spend_fen, currency)} and nobody came: are its codes, links and placements still there?")
            found.append(Task("nobody_came", said, page, row.spend_fen))
        elif row.target_cac_fen and row.cac_add_fen is not None and row.cac_add_fen > row.target_cac_fen:
            said = Words(f"{row.name} 每添加一人 {_yuan(row.cac_add_fen, currency)}，超过目标 {_yuan(row.target_cac_fen, currency)}", f"{row.name}: {_yuan(row.cac_add_fen, currency)} for each person added, above its target of {_yuan(row.target_cac_fen, currency)}")
            found.append(Task("over_target", said, page, (row.cac_add_fen - row.target_cac_fen) * row.added))
    if this.totals.spend_fen == 0 and this.totals.added > 0:
        said = Words(f"这一周添加了 {this.totals.added} 人，却没有一笔花费：补录花费后再看", f"{this.totals.added} people were added and no spend is written down: enter it, then look again")
        found.append(Task("no_spend", said, "/spend", 0))
    return found


def _of_loss(loss: Loss) -> Task:
    zh, en, page, kind = _SAID[loss.bucket]
    words = {"name": loss.name, "n": round(loss.rate * 100)}
    return Task(kind, Words(zh.format(**words), en.format(**words)), page.format(id=loss.source_id), loss.amount_fen)


def _unmeasured(split: Waste, currency: str) -> Task | None:
    """The biggest source of which nobody knows who would have come anyway."""
    unknown = [one for one in split.by_source if one.parent_id is None and not one.anyway_known and one.total_fen > 0]
    if not unknown:
        return None
    most: WasteSource = max(unknown, key=lambda one: (one.total_fen, -one.source_id))
    said = Words(
        f"{most.name} 花了 {_yuan(most.total_fen, currency)}，其中多少人本来就会来，现在不知道：做一次停投实验",
        f"{most.name} cost {_yuan(most.total_fen, currency)}; how many would have come anyway is not known: run a hold-out",
    )
    return Task("experiment", said, f"/experiments?source={most.source_id}", most.total_fen // 10)


def _yuan(fen: int, currency: str) -> str:
    """Whole units of the currency: a sentence to act on needs no fen."""
    return format_fen((abs(fen) + 50) // 100 * (100 if fen >= 0 else -100), currency).removesuffix(".00")


def week_name(week_on: date) -> str:
    """2026-W47 (ISO 8601)."""
    year, week, _ = week_on.isocalendar()
    return f"{year}-W{week:02d}"

