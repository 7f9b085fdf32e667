"""Restraint 克制: for each person whether they may be told now, must wait until when, or are not told, and why.

A pure calculation on sets. Everything that holds somebody back for a while is a stretch of time [from, to) that may not be
used (`blocks`); the answer is the first instant from `due` on that lies in none, on the way by which it comes soonest.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, func, select

from siyu.foundation.clock import DAY_MS
from siyu.foundation.ids import Ints, draw_rows
from siyu.messaging.blocks import Flags, Names, column, flags, numbers, order
from siyu.messaging.earliest import Case, earliest, giving_way
from siyu.messaging.policy import PURPOSES, Policy
from siyu.messaging.quiet import FOREVER_MS, Zones
from siyu.messaging.reasons import CODES, NUMBER
from siyu.messaging.ways import ways_of

PEOPLE = pa.schema(
    [
        ("customer_id", pa.int64()), ("zone", pa.string()), ("cool_until_ms", pa.int64()), ("restricted", pa.bool_()), ("minor", pa.bool_()),
        ("in_holdout", pa.bool_()), ("budget", pa.int16()), ("arm", pa.string()), ("hour_ms", pa.int64()), ("habit", pa.bool_()),
    ]
)  # fmt: skip
"""One row a person, by customer_id, each once. `zone`: IANA name, null the brand's. `cool_until_ms`: silence until then, null none.
`in_holdout`: in the global hold-out. `budget`: messages in any 7 days that the optimiser gives them, null none set.
`arm`: what they were given in this send before ("control" or a variant), null: drawn now.
`hour_ms`: not before that instant, which is their own hour (`habit`) or the usual one; null: none."""
ROUTES = pa.schema(
    [
        ("customer_id", pa.int64()), ("rank", pa.int16()), ("account_id", pa.int64()), ("carrier", pa.string()), ("identity_key", pa.int64()),
        ("staff", pa.string()), ("consented", pa.bool_()), ("closed", pa.string()), ("floating", pa.bool_()), ("free_count", pa.int32()),
        ("opens_ms", pa.int64()), ("closes_ms", pa.int64()), ("form", pa.string()),
    ]
)  # fmt: skip
"""One row a way to reach a person, the best (`rank` 0) first; any order of rows. `staff`: '' for the account itself. `closed`: why it
cannot be used at all (unreachable, account_unhealthy, suppressed, lost …), null it can. `floating`: staff must confirm, so it may arrive
at any time after. `free_count`: how many more the carrier takes for this person at due, null no limit. It can be used in
[opens_ms, closes_ms); null: always. `form`: what it is to a carrier that counts (mass, answer, notice:<template>); planned messages of one
account and form share its `free_count`. Of the columns after `consented` those that are left out are null."""
HISTORY = pa.schema(
    [
        ("customer_id", pa.int64()), ("at_ms", pa.int64()), ("purpose", pa.int8()), ("exempt", pa.bool_()), ("floating", pa.bool_()), ("status", pa.int8()),
        ("account_id", pa.int64()), ("carrier", pa.string()), ("staff", pa.string()), ("priority_fen", pa.int64()), ("send_id", pa.int64()), ("route", pa.int16()),
        ("identity_key", pa.int64()), ("form", pa.string()),
    ]
)  # fmt: skip
"""One row a message that counts (status 0 to 4) of those people, near [due, until] by the policy's `reach_days`, or floating; any order.
See `messaging_message` for the columns; the last five may be null, those before `form` where a message cannot give way."""
DECISIONS = pa.schema([("customer_id", pa.int64()), ("verdict", pa.string()), ("reason", pa.string()), ("at_ms", pa.int64()), ("rank", pa.int16()), ("way", pa.int64())])
DISPLACED = pa.schema([("customer_id", pa.int64()), ("send_id", pa.int64()), ("route", pa.int16()), ("identity_key", pa.int64())])
_CLOSE = 4
"""Where at least one number in so many is somebody's, people are found by a table."""
_LOCK = 0x5349_5955_0013
"""PostgreSQL's advisory lock of whoever reserves messages."""


@dataclass(frozen=True)
class Request:
    """What is to be sent. `due_ms` and `until_ms`: first and last instant worth sending, epoch ms, both included.

    `priority_fen`: what one message is declared to be worth. `salt` and `control_rate` (0–1) draw the send's own control.
    """

    send_id: int
    purpose: str
    due_ms: int
    until_ms: int
    priority_fen: int = 0
    exempt: bool = False
    salt: str = ""
    control_rate: float = 0.0
    use_global_holdout: bool = True
    may_displace: bool = True


@dataclass(frozen=True)
class Decisions:
    """`table`: `DECISIONS`, one row a person in the order of `people`. `displaced`: `DISPLACED`, messages that give way.

    `verdict`: allow (at due), wait (until `at_ms`) or refuse (`at_ms` is then due); `reason`: what it waits for, or why not.
    `rank` and `way` (the row in the given routes): the way that was chosen, also of who is held out; null of others refused.
    """

    table: pa.Table
    displaced: pa.Table = field(default_factory=DISPLACED.empty_table)


def take_turn(tx: Connection) -> None:
    """Wait until nobody else reads history to reserve messages, until the end of the transaction. SQLite has one writer anyway."""
    if tx.dialect.name == "postgresql":
        tx.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def decide(policy: Policy, request: Request, people: pa.Table, routes: pa.Table, history: pa.Table, *, zone: str = "Asia/Shanghai") -> Decisions:
    """Who may be told of `request`, when, and by which way.

    One row in `people` is one row out. Rules, in this order: data restricted, minor (promotion only), no way at all, the first
    instant at which nothing holds them back (cool-down, window and quota of the carrier, caps, budget, mix, quiet hours), global
    hold-out, the send's control: hold-outs last, so that they compare with those who are told.

    Parameters
    ----------
    policy, request
        An exempt request skips all but restriction, consent and what the carrier limits.
    people, routes, history
        `PEOPLE`, `ROUTES`, `HISTORY`.
    zone
        The brand's own, for people without one and for quotas.

    Returns
    -------
    Decisions
        Whoever would be told later, or not, because of planned messages of a strictly lower `priority_fen` displaces as few and as cheap
        of them as let this one go soonest; none, where that gains nothing.
    """
    ids = numbers(people, "customer_id", 0)
    names = Names(routes, history)
    rows = order(history, _places(ids, numbers(history, "customer_id", 0)), request.due_ms - policy.reach_days * DAY_MS, names)
    # What the policy exempts no more counts, whatever it was declared as.
    if rows.exempt.any():
        rows = rows._replace(exempt=rows.exempt & np.isin(rows.purpose, [PURPOSES.index(name) for name in policy.exempt.purposes]))
    case = Case(
        policy, PURPOSES.index(request.purpose), policy.is_exempt(request.exempt, request.purpose), request.due_ms, request.until_ms, names,
        ways_of(routes, _places(ids, numbers(routes, "customer_id", 0)), len(ids), names), rows, Zones.of(column(people, "zone", pa.string()), zone),
        Zones.everywhere(zone, len(ids)), numbers(people, "cool_until_ms", -FOREVER_MS), numbers(people, "budget", -1),
        numbers(people, "hour_ms", -FOREVER_MS), flags(people, "habit"),
    )  # fmt: skip
    found = earliest(case)
    given = giving_way(case, found, priority=request.priority_fen, send_id=request.send_id) if request.may_displace else np.zeros(0, np.int64)
    told, fixed = found.at <= request.until_ms, _fixed(request, people)
    held = np.where(told, _held(case, request, people, ids), -1)
    reason = np.where(told & (found.at == request.due_ms), -1, np.where(found.reason < 0, NUMBER["stale"], found.reason))
    reason = np.where(fixed >= 0, fixed, np.where(held >= 0, held, reason))
    told &= fixed < 0
    allowed = told & (held < 0)
    way = np.where(told, found.way, -1)
    row, rank = case.ways.row[way] if len(case.ways.row) else way, numbers(routes, "rank", 0)
    table = pa.table(
        [
            people["customer_id"],
            _words(("refuse", "wait", "allow"), np.where(allowed, np.where(found.at > request.due_ms, 1, 2), 0)),
            _words(CODES, reason),
            np.where(told, found.at, request.due_ms),
            pa.array(rank[row] if len(rank) else way, pa.int16(), mask=way < 0),
            pa.array(row, pa.int64(), mask=way < 0),
        ],
        schema=DECISIONS,
    )
    given = rows.source[given[allowed[rows.person[given]]]]
    return Decisions(table, history.select(DISPLACED.names).take(pa.array(given)).cast(DISPLACED) if len(given) else DISPLACED.empty_table())


def _fixed(request: Request, people: pa.Table) -> Ints:
    """Number of the reason why nothing about time matters, -1 for none."""
    minor = flags(people, "minor") & (request.purpose == "promotion")
    return np.where(flags(people, "restricted"), NUMBER["restricted"], np.where(minor, NUMBER["minor"], -1))


def _held(case: Case, request: Request, people: pa.Table, ids: Ints) -> Ints:
    """Number of the hold-out that each person is in, -1 for none."""
    if case.exempt:
        return np.full(len(ids), -1)
    arm = column(people, "arm", pa.string())
    given: Flags = pc.is_valid(arm).to_numpy(zero_copy_only=False)
    control = np.where(given, pc.fill_null(pc.equal(arm, "control"), False).to_numpy(zero_copy_only=False), draw_rows(request.salt, ids) < request.control_rate)
    everywhere = flags(people, "in_holdout") & request.use_global_holdout
    return np.where(everywhere, NUMBER["global_holdout"], np.where(control, NUMBER["holdout"], -1))


def _places(ids: Ints, wanted: Ints) -> Ints:
    """Place of each id in `ids`, which are sorted; -1 where it is not there."""
    if not len(ids):
        return np.full(len(wanted), -1)
    low, span = int(ids[0]), int(ids[-1] - ids[0]) + 1
    if span <= _CLOSE * len(ids):
        at = np.full(span + 1, -1)
        at[ids - low] = np.arange(len(ids))
        return at[np.where((wanted >= low) & (wanted < low + span), wanted - low, span)]
    place = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return np.where(ids[place] == wanted, place, -1)


def _words(words: tuple[str, ...], places: Ints) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(places, pa.int8(), mask=places < 0), pa.array(words)).dictionary_decode()
