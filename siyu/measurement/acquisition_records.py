"""Records of acquisition reports: what was paid, who came, what became of the money; as pages, files and the weekly report read them.

Money is integer fen; weeks are named by their Monday; an interval is at 95 % unless said otherwise; null: not known (never 0).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

Bucket = Literal["paid_back", "on_the_way", "never_added", "lost_7d", "zombie", "deal_hunter", "never_bought", "anyway"]
BUCKETS: tuple[Bucket, ...] = ("paid_back", "on_the_way", "never_added", "lost_7d", "zombie", "deal_hunter", "never_bought", "anyway")
Detail = Literal["", "paid_back", "on_the_way", "visited_only", "nobody_came", "came_elsewhere", "reachable", "left_later", "bought_less_than_cost"]
Dimension = Literal["source", "code", "staff", "offer"]


@dataclass(frozen=True)
class Words:
    """A text in both languages."""

    zh: str
    en: str


@dataclass(frozen=True)
class SourceRow:
    """People who arrived in the weeks asked for at a source or below it, and what has become of them up to `as_of_on`.

    `scanned`: arrived (visitors and adders, each once a creative and week). `aged_*`: of those added, how many did so that many days
    ago or more; `kept_*` are among them. `real`: kept 7 days, neither zombie nor deal-hunter. `margin_fen`: to date; `expected_*`:
    further margin within the horizon. `roi` = (margin + expected) / spend; `true_roi` = roi × `incremental_rate`, null where no
    experiment ran. `payback_on`: the day by which the margin had reached the spend.
    """

    source_id: int
    parent_id: int | None
    level: str
    name: str
    platform: str
    target_cac_fen: int | None
    archived: bool
    spend_fen: int
    visits: int
    scanned: int
    added: int
    aged_1d: int
    kept_1d: int
    aged_7d: int
    kept_7d: int
    aged_30d: int
    kept_30d: int
    reachable: int
    real: int
    first_orders: int
    second_orders: int
    revenue_fen: int
    margin_fen: int
    expected_fen: int
    expected_low_fen: int
    expected_high_fen: int
    cac_add_fen: int | None
    cac_real_fen: int | None
    cac_buyer_fen: int | None
    payback_on: date | None
    roi: float | None
    roi_low: float | None
    roi_high: float | None
    incremental_rate: float | None
    incremental_low: float | None
    incremental_high: float | None
    true_roi: float | None


@dataclass(frozen=True)
class SourceWeek:
    week_on: date
    spend_fen: int
    added: int
    first_orders: int
    margin_fen: int


@dataclass(frozen=True)
class Sources:
    """`items` of all levels, parents before children; `totals` has source_id 0. `notes`: what the forecast rests on."""

    from_on: date
    to_on: date
    as_of_on: date
    items: list[SourceRow]
    totals: SourceRow
    weeks: list[SourceWeek]
    notes: list[Words]


@dataclass(frozen=True)
class GroupRow:
    """The same for a live code, a member of staff or an offer: what is counted by people; spend is each person's share of it."""

    key: str
    added: int
    kept_7d: int
    reachable: int
    real: int
    first_orders: int
    second_orders: int
    revenue_fen: int
    margin_fen: int
    expected_fen: int
    cost_fen: int
    cac_add_fen: int | None
    cac_real_fen: int | None
    cac_buyer_fen: int | None
    roi: float | None


@dataclass(frozen=True)
class Groups:
    from_on: date
    to_on: date
    as_of_on: date
    by: Dimension
    items: list[GroupRow]


@dataclass(frozen=True)
class WasteDetail:
    detail: Detail
    amount_fen: int
    people: int


@dataclass(frozen=True)
class WasteBucket:
    """`low_fen` and `high_fen` are equal to the amount where it is counted and not estimated."""

    bucket: Bucket
    detail: list[WasteDetail]
    amount_fen: int
    low_fen: int
    high_fen: int
    people: int


@dataclass(frozen=True)
class WasteSource:
    source_id: int
    parent_id: int | None
    name: str
    platform: str
    total_fen: int
    anyway_known: bool
    buckets: list[WasteBucket]


@dataclass(frozen=True)
class Waste:
    """Every fen of the spend in exactly one bucket: the amounts add up to `total_fen`.

    `known_anyway_fen`: of the spend, that of sources whose effect an experiment measured; of the rest it is not known who would have
    come anyway, and nothing of it is in `anyway`.
    """

    from_on: date
    to_on: date
    as_of_on: date
    total_fen: int
    known_anyway_fen: int
    buckets: list[WasteBucket]
    by_source: list[WasteSource]


@dataclass(frozen=True)
class CohortCell:
    """Cumulative, `age` in months of 30 days since the add, that month included; `partial`: not everybody is that old."""

    age: int
    buyers: int
    revenue_fen: int
    margin_fen: int
    partial: bool


@dataclass(frozen=True)
class ValueCohort:
    """People added in `month`. `payback_age`: the first age at which the margin had reached the spend; null: not yet."""

    month: str
    people: int
    spend_fen: int
    expected_fen: int
    expected_low_fen: int
    expected_high_fen: int
    payback_age: int | None
    cells: list[CohortCell]


@dataclass(frozen=True)
class CohortValue:
    as_of_on: date
    source_id: int | None
    cohorts: list[ValueCohort]


@dataclass(frozen=True)
class Credit:
    """First orders that each model books on a source: accounting, not cause."""

    first: float
    last: float
    linear: float
    position: float
    decay: float
    markov: float
    shapley: float


@dataclass(frozen=True)
class Credited:
    """`incremental`: first orders that an experiment says the source caused; null where none ran."""

    source_id: int
    name: str
    platform: str
    spend_fen: int
    credit: Credit
    incremental: float | None
    incremental_low: float | None
    incremental_high: float | None


@dataclass(frozen=True)
class Attribution:
    from_on: date
    to_on: date
    as_of_on: date
    conversions: int
    paths: int
    window_days: int
    items: list[Credited]


@dataclass(frozen=True)
class ResponsePoint:
    spend_fen: int
    margin_fen: int
    low_fen: int
    high_fen: int


@dataclass(frozen=True)
class AdvisedBudget:
    """A month's budget of one source, as it was and as advised. `marginal_*`: margin that the next yuan brings, there and there."""

    source_id: int
    name: str
    platform: str
    now_fen: int
    advised_fen: int
    floor_fen: int
    marginal_now: float
    marginal_advised: float
    incremental_known: bool
    reason: Words
    curve: list[ResponsePoint]


@dataclass(frozen=True)
class Taken:
    at: str
    by: str


@dataclass(frozen=True)
class Advice:
    """Budgets for `month`. `gain_fen`: margin a month more than with the budgets as they are, with its interval."""

    month: str
    as_of_on: date
    total_fen: int
    moved_fen: int
    moved_rate: float
    gain_fen: int
    gain_low_fen: int
    gain_high_fen: int
    taken: Taken | None
    items: list[AdvisedBudget]
    notes: list[Words]


@dataclass(frozen=True)
class PastAdvice:
    """`came_fen`: what the month brought more than the month before the advice would have, by the same curves; null while it is open."""

    id: int
    month: str
    taken_at: str
    taken_by: str
    gain_fen: int
    gain_low_fen: int
    gain_high_fen: int
    expected_fen: int
    came_fen: int | None
    came_low_fen: int | None
    came_high_fen: int | None
    verdict: Literal["open", "true", "false", "unknown"]


@dataclass(frozen=True)
class PastAdvices:
    items: list[PastAdvice]
