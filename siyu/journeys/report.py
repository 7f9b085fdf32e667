"""Report 旅程报告: what one version of a journey did: who came to which node and how long they stayed, and what it brought.

From published facts in a few scans. Those treated and those held out are compared as drawn, whatever became of them; only runs whose goal
window is over count, so that both arms had the same time. Journeys go on and are looked at all the time: the interval is that of a
sequence, which holds at every look; the fixed one beside it holds for one look only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from siyu.campaigns.report import Shown, shown
from siyu.foundation import trials
from siyu.foundation.clock import DAY_MS, to_ms
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.trials import Sample
from siyu.foundation.warehouse.engines import Session
from siyu.foundation.warehouse.facts import Tables
from siyu.journeys._history import CLICKED, COMPLAINED, DELIVERED, NOT_TRIED, READ
from siyu.journeys.definition import Definition

HELD_OUT, REMOVED = "held_out", "removed"
DEFAULT_DAYS = 7.0
AFTER_DAYS = 7
NO_HOLDOUT = Text("没有对照组，不知道这条旅程带来了什么", "there is no hold-out, so nobody knows what the journey brought")
SPLIT_BROKEN = Text(
    "对照组与进入旅程者的人数比例不是抽签应有的比例，读数已关闭：先查明为何有人被多算或漏算",
    "the arms are not of the sizes that the draw gives, so nothing is read from them: find out first who is missing or counted twice",
)
TOO_FEW = Text("窗口已过的人还太少：每组至少 2 人", "too few people whose window is over: at least two in each arm")
_SENDS = ibis.table({"send_id": "int64", "node": "string"}, name="_journey_sends")


@dataclass(frozen=True)
class NodeRow:
    """One node: runs that left it by each edge, and how long they had been there, ms (of the middle one, and of nine in ten)."""

    node: str
    passed: int
    edges: dict[str, int]
    median_ms: float | None
    p90_ms: float | None
    remarks: dict[str, int]
    messages: Messages | None = None


@dataclass(frozen=True)
class Messages:
    """Messages of a node. `refused`: people by why restraint or reach held them back; `waited`: told later, by why."""

    asked: int
    told: int
    delivered: int
    failed: int
    read: int
    clicked: int
    opted_out: int
    blocked: int
    complained: int
    cost_fen: int
    refused: dict[str, int]
    waited: dict[str, int]


@dataclass(frozen=True)
class Arm:
    """People whose window is over, of those how many reached the goal, bought, and what they spent, fen."""

    people: int
    goals: int
    buyers: int
    spend_fen: int


@dataclass(frozen=True)
class Lift:
    """Treated against held out. `why_not`: why nothing is read; then every effect is null. `…_once`: the fixed interval, for one look.

    `extra_goals`: the effect times those treated, with its bounds.
    """

    treated: Arm
    held_out: Arm
    planned_rate: float
    mismatch_p: float | None
    why_not: Text | None = None
    why_not_code: str | None = None
    goal: Shown | None = None
    goal_once: Shown | None = None
    bought: Shown | None = None
    spend: Shown | None = None
    extra_goals: float | None = None
    extra_goals_low: float | None = None
    extra_goals_high: float | None = None
    extra_revenue_fen: int | None = None
    cost_per_extra_goal_fen: int | None = None


@dataclass(frozen=True)
class Look:
    """The lift as it was at one moment: the goal's, or without a goal that of buying."""

    at: datetime
    people: int
    difference: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Report:
    """`states`: runs by how they stand. `goal_rate`: of those treated whose window is over. `window_days`: of the goal."""

    journey_id: int
    version: int
    window_days: float
    has_goal: bool
    entered: int
    held_out: int
    states: dict[str, int]
    ended_by: dict[str, int]
    nodes: list[NodeRow]
    lift: Lift
    goal_rate: float | None
    messages: int
    cost_fen: int
    opted_out: int
    blocked: int
    complained: int
    refused: dict[str, int]
    looks: list[Look] = field(default_factory=list)


def compute(stores: Stores, journey_id: int, version: int, definition: Definition, sends: Sequence[tuple[int, str]]) -> Report:
    """The report of a version from the facts as published. `sends`: (send, node) of all its messages."""
    tables, now_ms = stores.warehouse.tables, to_ms(stores.now())
    window_ms = round((definition.goal.days if definition.goal else DEFAULT_DAYS) * DAY_MS)
    with stores.warehouse.read() as session:
        runs, steps = tables["journeys_run"], tables["journeys_step"]
        mine = session.keep("_journey_runs", runs.filter((runs.journey_id == journey_id) & (runs.version == version)))
        left = session.keep("_journey_steps", steps.filter((steps.journey_id == journey_id) & (steps.version == version)))
        states = {row["state"]: row["n"] for row in session.query(mine.group_by("state").agg(n=mine.count())).to_pylist()}
        codes = session.query(mine.filter(mine.code.notnull()).group_by("code").agg(n=mine.code.count())).to_pylist()
        arms = _arms(session, tables, mine, now_ms, window_ms)
        messages = _messages(session, tables, sends)
        nodes = _nodes(session, left, definition, messages)
    lift = _lift(arms, definition, sum(one.cost_fen for one in messages.values()))
    refused: dict[str, int] = {}
    for one in messages.values():
        for reason, count in one.refused.items():
            refused[reason] = refused.get(reason, 0) + count
    return Report(
        journey_id, version, window_ms / DAY_MS, definition.goal is not None, sum(states.values()) - states.get(HELD_OUT, 0), states.get(HELD_OUT, 0), states,
        {row["code"]: row["n"] for row in codes}, nodes, lift, lift.treated.goals / lift.treated.people if definition.goal and lift.treated.people else None,
        sum(one.delivered for one in messages.values()), sum(one.cost_fen for one in messages.values()), sum(one.opted_out for one in messages.values()),
        sum(one.blocked for one in messages.values()), sum(one.complained for one in messages.values()), refused,
    )  # fmt: skip


def _nodes(session: Session, left: ir.Table, definition: Definition, messages: dict[str, Messages]) -> list[NodeRow]:
    """In the order in which they are drawn; nodes that nobody has left yet are there, too."""
    counts = session.query(left.group_by("node", "edge").agg(n=left.count())).to_pylist()
    remarks = session.query(left.filter(left.code.notnull()).group_by("node", "code").agg(n=left.code.count())).to_pylist()
    stay = (left.left_ms - left.arrived_ms).cast("float64")
    times = {row["node"]: row for row in session.query(left.group_by("node").agg(n=left.count(), median=stay.quantile(0.5), p90=stay.quantile(0.9))).to_pylist()}
    return [
        NodeRow(
            node, times[node]["n"] if node in times else 0, {row["edge"]: row["n"] for row in counts if row["node"] == node},
            times[node]["median"] if node in times else None, times[node]["p90"] if node in times else None,
            {row["code"]: row["n"] for row in remarks if row["node"] == node}, messages.get(node),
        )
        for node in definition.nodes
    ]  # fmt: skip


def _arms(session: Session, tables: Tables, runs: ir.Table, now_ms: int, window_ms: int) -> dict[bool, dict[str, float]]:
    """Sums by arm (held out or not) of the first run of each customer, whose window is over; the global hold-out is in neither arm."""
    orders = tables["orders_order"]
    drawn = runs.filter((runs.entered_ms + window_ms <= now_ms) & (runs.state != REMOVED) & ~runs.code.isin(["global_holdout"]).fill_null(False))
    first = drawn.mutate(place=ibis.row_number().over(ibis.window(group_by=drawn.customer_id, order_by=[drawn.entered_ms, drawn.enrolment_id])))
    people = first.filter(first.place == 0).select("customer_id", "entered_ms", "goal_ms", held=first.state == HELD_OUT)
    bought = people.inner_join(orders.select("customer_id", "ordered_ms", "amount_fen"), "customer_id")
    bought = bought.filter((bought.ordered_ms >= bought.entered_ms) & (bought.ordered_ms < bought.entered_ms + window_ms))
    spent = bought.group_by("customer_id").agg(spend=bought.amount_fen.sum().cast("float64"))
    each = people.left_join(spent, "customer_id").drop("customer_id_right")
    each = each.mutate(spend=each.spend.fill_null(0.0), buys=each.spend.notnull().cast("int64"), reached=each.goal_ms.notnull().cast("int64"))
    rows = session.query(
        each.group_by("held").agg(people=each.count(), goals=each.reached.sum(), buyers=each.buys.sum(), spend=each.spend.sum(), squares=(each.spend * each.spend).sum())
    ).to_pylist()
    empty = {"people": 0, "goals": 0, "buyers": 0, "spend": 0.0, "squares": 0.0}
    return {held: next((row for row in rows if bool(row["held"]) == held), empty) for held in (False, True)}


def _lift(arms: dict[bool, dict[str, float]], definition: Definition, cost_fen: int) -> Lift:
    one, none = (Arm(int(sums["people"]), int(sums["goals"]), int(sums["buyers"]), round(sums["spend"])) for sums in (arms[False], arms[True]))
    rate = definition.holdout_rate
    if not rate:
        return Lift(one, none, rate, None, NO_HOLDOUT, "no_holdout")
    if min(one.people, none.people) < 2:
        return Lift(one, none, rate, None, TOO_FEW, "too_few")
    p = float(trials.mismatch([one.people, none.people], [1 - rate, rate]))
    if p < trials.MISMATCH:
        return Lift(one, none, rate, p, SPLIT_BROKEN, "mismatch")

    def of(column: str) -> tuple[Sample, Sample]:
        first, second = (trials.share(arms[held]["people"], arms[held][column]) for held in (False, True))
        return first, second

    told, kept = (trials.from_sums(arms[held]["people"], arms[held]["spend"], arms[held]["squares"]) for held in (False, True))
    goal = trials.sequential(*of("goals")) if definition.goal else None
    spend, bought = trials.sequential(told, kept), trials.sequential(*of("buyers"))
    per = round(cost_fen / (float(goal.difference) * one.people)) if goal is not None and goal.is_detected and goal.difference > 0 else None
    extra = [float(value) * one.people for value in (goal.difference, goal.low, goal.high)] if goal is not None else [None] * 3
    return Lift(
        one, none, rate, p, None, None, shown(goal) if goal else None, shown(trials.difference(*of("goals"))) if goal else None, shown(bought), shown(spend), extra[0], extra[1], extra[2],
        extra_revenue_fen=round(float(spend.difference) * one.people) if spend.is_detected else None, cost_per_extra_goal_fen=per,
    )  # fmt: skip


def _messages(session: Session, tables: Tables, sends: Sequence[tuple[int, str]]) -> dict[str, Messages]:
    """What became of the messages of each node."""
    if not sends:
        return {}
    session.keep(_SENDS.get_name(), pa.table({"send_id": pa.array([send for send, _ in sends], pa.int64()), "node": pa.array([node for _, node in sends], pa.string())}))
    decision, message = tables["messaging_decision"], tables["messaging_message"]
    decided = decision.inner_join(_SENDS, "send_id")
    verdicts = session.query(decided.group_by("node", "verdict", "reason").agg(n=decided.count())).to_pylist()
    told = message.inner_join(_SENDS, "send_id")
    tried = told.filter(~told.status.isin(NOT_TRIED))
    sums = session.query(
        tried.group_by("node").agg(
            delivered=tried.status.isin(DELIVERED).sum(), failed=tried.status.isin(["failed", "refused"]).sum(), cost_fen=tried.cost_fen.sum()
        )
    ).to_pylist()
    answers = _answers(session, tables, tried)
    found: dict[str, Messages] = {}
    for node in dict.fromkeys(node for _, node in sends):
        own = [row for row in verdicts if row["node"] == node]
        sent: dict[str, Any] = next((row for row in sums if row["node"] == node), {}) | answers.get(node, {})
        counted = {name: int(sent.get(name) or 0) for name in ("delivered", "failed", "read", "clicked", "opted_out", "blocked", "complained", "cost_fen")}
        refused, waited = ({row["reason"]: int(row["n"]) for row in own if row["verdict"] == verdict and row["reason"]} for verdict in ("refuse", "wait"))
        told_count = sum(row["n"] for row in own if row["verdict"] != "refuse")
        found[node] = Messages(asked=sum(row["n"] for row in own), told=told_count, refused=refused, waited=waited, **counted)
    return found


def _answers(session: Session, tables: Tables, tried: ir.Table) -> dict[str, dict[str, int]]:
    """By node: people who read, clicked, complained, left or opted out within `AFTER_DAYS` after a message of it."""
    activity, prop, spells, consent = (tables[name] for name in ("customers_activity", "customers_property", "carriers_relation", "customers_consent"))
    told = tried.filter(tried.status.isin(DELIVERED)).group_by("node", "send_id", "customer_id", "account_id").agg(sent_ms=tried.at_ms.min())
    told = session.keep("_journey_told", told)
    wanted = session.keep("_journey_said", activity.filter(activity["name"].isin((*READ, *COMPLAINED))).select("event_key", "customer_id", "at_ms", what="name").semi_join(told, "customer_id"))
    said = prop.filter(prop.path.isin(["send", "send_id"]) & prop.number.notnull()).semi_join(wanted, "event_key").select("event_key", send_id=prop.number.cast("int64")).distinct()
    did = wanted.inner_join(said, "event_key").inner_join(told, ["send_id", "customer_id"])
    parts = {"read": READ, "clicked": CLICKED, "complained": COMPLAINED}
    rows = did.group_by("node").agg(**{what: did.customer_id.nunique(where=did.what.isin(names)) for what, names in parts.items()})
    found: dict[str, dict[str, int]] = {row["node"]: row for row in session.query(rows).to_pylist()}
    ended = spells.filter((spells.by == "customer") & spells.ended_ms.notnull() & ~spells.void.fill_null(False)).select("customer_id", "account_id", at="ended_ms")
    taken = consent.filter(consent.state.isin(["refused", "withdrawn"]) & (consent.purpose != "profiling")).select("customer_id", at="at_ms")
    for name, after in (("blocked", told.inner_join(ended, ["customer_id", "account_id"])), ("opted_out", told.inner_join(taken, "customer_id"))):
        soon = after.filter((after.at >= after.sent_ms) & (after.at < after.sent_ms + AFTER_DAYS * DAY_MS))
        for row in session.query(soon.group_by("node").agg(n=soon.customer_id.nunique())).to_pylist():
            found.setdefault(row["node"], {})[name] = row["n"]
    return found
