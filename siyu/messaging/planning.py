"""Planning 规划: from segments to dispatches on disk. Audience → routes → gate → messages, dispatches and decisions.

The audience is frozen first, in parts of at most `PART` people. Each part is planned in one ledger transaction in which planners
take turns: history is read, the gate decides, and messages, dispatches and decisions are written; the part goes in that same
transaction. So a kill loses nothing and repeats nothing, two planners of one send do no harm, and of two sends that want
the last slot of a person only one gets it.

`Send.counts` says what was found: audience, included, excluded, planned (people decided so far), allow, wait, refuse, `reasons` and
`waits` (by reason), `carriers`, `accounts`, `variants` (messages by each), staff (how many send) and `staff_most` (messages of the busiest).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, delete, insert, select, update

from siyu.carriers.accounts import list_accounts
from siyu.customers import consent
from siyu.events import log
from siyu.events.catalogue.messaging import MESSAGES_DECIDED
from siyu.foundation import faults
from siyu.foundation.clock import DAY_MS, from_ms, to_ms
from siyu.foundation.errors import SiyuError
from siyu.foundation.ids import Ints, draw_rows
from siyu.foundation.stores import Stores
from siyu.identity.current import current, merged_among
from siyu.messaging import (
    _inserting,
    _tables,
    bell,
    budgets,
    cooldowns,
    holdouts,
    hours,
    outbox,
    policies,
    quota_needs,
    restraint,
    routing,
    sends,
    windows,
    zones,
)
from siyu.messaging._past import past
from siyu.messaging.policy import Policy
from siyu.messaging.quiet import Zones
from siyu.messaging.restraint import Decisions, Request
from siyu.messaging.routing import Ways
from siyu.messaging.sends import Draft, Send
from siyu.segments import audience

PART, TOGETHER = 100_000, 1_000_000
"""People of one transaction, and people whose routes are read from the warehouse at once."""
_table = _tables.audience
Begin = Callable[[], AbstractContextManager[Connection]]
Told = Callable[[int, int], None]
"""(people decided, people in all)"""


@dataclass(frozen=True)
class _Reach:
    """What the warehouse and the ledger's small tables say of some people: their routes, zones, and who may not be told."""

    routes: pa.Table
    zones: pa.Table
    """customer_id, zone; ascending."""
    restricted: Ints
    minors: Ints
    waiting: Ints
    """Children whose guardian has not consented."""
    opened: pa.Table | None = None
    """When they open what they are sent (`hours.opened`), where the send asks for it."""


@dataclass(frozen=True)
class _Part:
    """One part, decided: `rows` for the outbox, `decided` for the log."""

    decisions: Decisions
    rows: pa.Table
    decided: pa.Table


def plan(stores: Stores, send_id: int, *, begin: Begin | None = None, told: Told = lambda done, total: None) -> Send:
    """Plan a send to its end, or until it is paused or cancelled. Safe to call again at any time, and by several at once.

    Parameters
    ----------
    begin
        Opens a transaction (a job's own, which commits only while the job is held); the ledger's by default.
    told
        Called between transactions; what it raises ends the planning at that place.

    Raises
    ------
    InvalidError
        When what the send rests on is not valid (any more): a segment, an account. The send is then `failed`.
    """
    begin = begin or stores.ledger.begin
    with stores.ledger.read() as tx:
        send = sends.find(tx, send_id)
    if send.status != "planning":
        return send
    try:
        if "audience" not in send.counts:
            send = _freeze(stores, send, begin)
        with stores.ledger.read() as tx:
            by, numbers = routing.ways(tx, send.spec, send.purpose), _left(tx, send_id)
            windows.check(stores, tx, send.spec, by.accounts)
    except SiyuError as error:
        if error.retry == "never":
            with begin() as tx:
                tx.execute(update(_tables.send).where(_tables.send.c.id == send_id, _tables.send.c.status == "planning").values(status="failed", status_code=error.code))
        raise
    for some in _batches(numbers):
        with stores.ledger.read() as tx:
            parts = {number: _stored(tx, send_id, number) for number in some}
        reach = _reach(stores, np.concatenate([ids for ids in parts.values() if ids is not None] or [np.zeros(0, np.int64)]), by, by_hour=send.spec.hours == "best")
        for number in some:
            told(send.counts.get("planned", 0), send.counts["audience"])
            with begin() as tx:
                send = _plan_part(stores, tx, send_id, number, by, reach)
            if send.status != "planning":
                return send
    told(send.counts["audience"], send.counts["audience"])
    with begin() as tx:
        send = _finish(stores, tx, send_id)
    bell.ring(stores.ledger)
    return send


def dry_run(stores: Stores, draft: Draft) -> dict[str, Any]:
    """What planning would find now, without a trace: the counts of a send, with `load` (messages by account and member of staff),
    `quotas` (`quota_needs.Need`) and `cost_fen`."""
    with stores.ledger.read() as tx:
        if wrong := sends.check(tx, replace(draft, ref=draft.ref or "dry-run")):
            raise sends.invalid(wrong)
        by = routing.ways(tx, draft.spec, draft.purpose)
        windows.check(stores, tx, draft.spec, by.accounts)
    now = stores.now()
    send = _unwritten(draft, now)
    with stores.warehouse.read() as session:
        people = audience.freeze(stores, session, draft.spec.audience)
    ids, waved = _in_wave(send, people.customer_ids), _in_wave(send, people.excluded_ids)
    counts: dict[str, Any] = {"audience": len(ids), "included": len(ids) + len(waved), "excluded": len(waved)}
    load: Counter[tuple[int, str]] = Counter()
    for start in range(0, len(ids), TOGETHER):
        some = ids[start : start + TOGETHER]
        reach = _reach(stores, some, by, by_hour=send.spec.hours == "best")
        for at in range(0, len(some), PART):
            with stores.ledger.read() as tx:
                part = _decide(stores, tx, send, some[at : at + PART], by, reach)
            counts = _counted(counts, part)
            load.update(zip(part.rows["account_id"].to_pylist(), part.rows["staff"].to_pylist(), strict=True))
    counts["load"] = [{"account_id": account, "staff": staff, "count": count} for (account, staff), count in load.most_common()]
    with stores.ledger.read() as tx:
        counts["quotas"] = quota_needs.needs(tx, by.accounts, load, now)
    told = {account.id: sum(count for (number, _), count in load.items() if number == account.id) for account in by.accounts}
    counts["cost_fen"] = sum(outbox.cost_fen(account.all_settings) * told[account.id] for account in by.accounts)
    return counts


def asked(stores: Stores, draft: Draft, customer_ids: Ints, tx: Connection | None = None) -> pa.Table:
    """What planning would decide now about these people, whatever the audience of `draft`, without a trace: columns of `MESSAGES_DECIDED`, by
    customer_id under the number that each has now. Who has a message of the send already is absent.

    Parameters
    ----------
    tx
        Read the ledger in it (what it wrote counts); by default at a moment of its own.
    """
    if tx is None:
        with stores.ledger.read() as own:
            return asked(stores, draft, customer_ids, own)
    known = sends.find_by_ref(tx, draft.ref)
    send = replace(_unwritten(draft, stores.now()), id=known.id if known else 0)
    by = routing.ways(tx, draft.spec, draft.purpose)
    windows.check(stores, tx, draft.spec, by.accounts)
    into = current(tx, np.unique(customer_ids).tolist())
    ids = np.unique(np.array(list(into.values()), np.int64))
    parts = []
    for start in range(0, len(ids), PART):
        some = ids[start : start + PART]
        parts.append(_decide(stores, tx, replace(send, counts={"audience": len(ids)}), some, by, _reach(stores, some, by)).decided)
    return pa.concat_tables(parts) if parts else MESSAGES_DECIDED.schema.empty_table()


def _unwritten(draft: Draft, now: datetime) -> Send:
    return Send(
        0, draft.ref, draft.name, draft.purpose, draft.exempt, draft.priority_fen, draft.spec, draft.due_at, draft.until_at, "planning", None, None, None, {}, now, "",
    )  # fmt: skip


def _freeze(stores: Stores, send: Send, begin: Begin) -> Send:
    """Write down who is in it, once; those who are left out by what it excludes are decided with that."""
    with stores.warehouse.read() as session:
        people = audience.freeze(stores, session, send.spec.audience)
    ids, out = _in_wave(send, people.customer_ids), _in_wave(send, people.excluded_ids)
    with begin() as tx:
        send = _locked(tx, send.id)
        if "audience" in send.counts or send.status != "planning":
            return send
        for number, start in enumerate(range(0, len(ids), PART)):
            tx.execute(insert(_table).values(send_id=send.id, number=number, people=_packed(ids[start : start + PART])))
        now_ms = to_ms(stores.now())
        for start in range(0, len(out), PART):
            log.append(tx, MESSAGES_DECIDED, _left_out(send, out[start : start + PART], now_ms), now=stores.now())
        counts = {"audience": len(ids), "included": len(ids) + len(out), "excluded": len(out), "planned": 0}
        tx.execute(update(_tables.send).where(_tables.send.c.id == send.id).values(counts=counts))
        return replace(send, counts=counts)


def _in_wave(send: Send, ids: Ints) -> Ints:
    wave = send.spec.wave
    if wave.from_rate <= 0 and wave.to_rate >= 1:
        return ids
    drawn = draw_rows(f"{send.spec.salt} wave", ids)
    return ids[(drawn >= wave.from_rate) & (drawn < wave.to_rate)]


def _plan_part(stores: Stores, tx: Connection, send_id: int, number: int, by: Ways, reach: _Reach) -> Send:
    restraint.take_turn(tx)
    send = _locked(tx, send_id)
    ids = _stored(tx, send_id, number)
    if send.status != "planning" or ids is None:
        return send
    now = stores.now()
    part = _decide(stores, tx, send, ids, by, reach)
    if part.decisions.displaced.num_rows:
        outbox.mark(tx, part.decisions.displaced, outbox.DISPLACED, now=now, code="lower_priority", was=(outbox.PLANNED,))
    if part.rows.num_rows:
        _inserting.write(tx, send, part.rows, due_ms=max(to_ms(send.due_at), to_ms(now)), now_ms=to_ms(now), forms=windows.forms(stores, tx, send.spec, by.accounts))
    log.append(tx, MESSAGES_DECIDED, part.decided, now=now)
    tx.execute(delete(_table).where(_table.c.send_id == send_id, _table.c.number == number))
    counts = _counted(send.counts, part)
    counts["planned"] = send.counts.get("planned", 0) + len(ids)
    tx.execute(update(_tables.send).where(_tables.send.c.id == send_id).values(counts=counts))
    faults.reach("planning.written")
    return replace(send, counts=counts)


def again(stores: Stores, send_id: int, customer_ids: Sequence[int], after: str, *, begin: Begin | None = None) -> int:
    """Plan people anew whom a carrier did not take, by those that come after it in the order of the send; returns how many have a way.

    The gate decides as at first, on what is true now. Who has a message of the send that counts is left as they are, so it may be run
    again at any time.
    """
    with stores.ledger.read() as tx:
        send, into = sends.find(tx, send_id), current(tx, customer_ids)
        rest = send.spec.carriers[send.spec.carriers.index(after) + 1 :] if after in send.spec.carriers else ()
        there = {account.id for account in list_accounts(tx, rest)}
        chosen = None if send.spec.accounts is None else tuple(number for number in send.spec.accounts if number in there)
        if not rest or not there or chosen == () or send.status in ("cancelled", "failed") or stores.now() >= send.until_at:
            return 0
        by = routing.ways(tx, replace(send.spec, carriers=rest, accounts=chosen), send.purpose)
    ids = np.unique(np.array([into[number] for number in customer_ids], np.int64))
    reach = _reach(stores, ids, by, by_hour=send.spec.hours == "best")
    with (begin or stores.ledger.begin)() as tx:
        restraint.take_turn(tx)
        send, now = _locked(tx, send_id), stores.now()
        part = _decide(stores, tx, send, ids, by, reach, again=True)
        if part.decisions.displaced.num_rows:
            outbox.mark(tx, part.decisions.displaced, outbox.DISPLACED, now=now, code="lower_priority", was=(outbox.PLANNED,))
        stage = len(send.spec.carriers) - len(rest)
        rows, decided = (_staged(table, stage) for table in (part.rows, part.decided))
        if rows.num_rows:
            _inserting.write(tx, send, rows, due_ms=max(to_ms(send.due_at), to_ms(now)), now_ms=to_ms(now), forms=windows.forms(stores, tx, send.spec, by.accounts))
            tx.execute(update(_tables.send).where(_tables.send.c.id == send_id, _tables.send.c.status == "over").values(status="ready"))
        log.append(tx, MESSAGES_DECIDED, decided, now=now)
    bell.ring(stores.ledger)
    return int(rows.num_rows)


def _staged(table: pa.Table, stage: int) -> pa.Table:
    """With the number of the way that is tried now."""
    place = table.schema.get_field_index("route")
    routes = pc.if_else(pc.is_valid(table["route"]), pa.scalar(stage, pa.int16()), pa.scalar(None, pa.int16()))
    return table.set_column(place, table.schema.field(place), routes)


def _decide(stores: Stores, tx: Connection, send: Send, ids: Ints, by: Ways, reach: _Reach, *, again: bool = False) -> _Part:
    """Ask the gate about one part. People who have a message of this send already (they were merged since) are left as they are."""
    into = merged_among(tx, ids)
    routes = _slice(reach.routes, ids)
    if into:
        ids, routes = np.unique(_renamed(ids, into)), _rejoined(routes, into)
    now_ms = to_ms(stores.now())
    due_ms, until_ms = max(to_ms(send.due_at), now_ms), to_ms(send.until_at)
    few = windows.are_few(len(ids), len(ids) if again else send.counts.get("audience", len(ids)))
    routes = windows.within(stores, tx, send.spec, by.accounts, routes, _variants(send, routes["customer_id"].to_numpy()), from_ms(due_ms), few=few)
    policy = policies.active(tx)
    reach_ms = policy.reach_days * DAY_MS
    products = {account.id: account.product for account in by.accounts}
    history, told = past(tx, ids, since_ms=due_ms - reach_ms, until_ms=until_ms + reach_ms, send_id=send.id, products=products, again=again)
    ids = np.setdiff1d(ids, told, assume_unique=True)
    people = _people(stores, tx, policy, ids, reach)
    if reach.opened is not None:
        people = _at_their_hour(stores, send, people, reach.opened, due_ms, until_ms)
    request = Request(
        send.id, send.purpose, due_ms, max(until_ms, due_ms), priority_fen=send.priority_fen, exempt=policy.is_exempt(send.exempt, send.purpose),
        salt=send.spec.salt, control_rate=send.spec.control_rate, use_global_holdout=send.spec.use_global_holdout,
    )  # fmt: skip
    decisions = restraint.decide(policy, request, people, _plain(routes), history, zone=str(stores.calendar.zone))
    return _laid_out(send, decisions, routes, now_ms)


def _people(stores: Stores, tx: Connection, policy: Policy, ids: Ints, reach: _Reach) -> pa.Table:
    columns: dict[str, Any] = {
        "customer_id": pa.array(ids), "zone": zones.looked_up(ids, reach.zones), "restricted": pa.array(np.isin(ids, reach.restricted)), "minor": pa.array(np.isin(ids, reach.minors)),
        "cool_until_ms": pa.array(cooldowns.until(tx, policy, ids)), "in_holdout": pa.array(holdouts.held_out(stores, tx, ids)),
        "budget": budgets.levels(tx, ids, stores.now()),
    }  # fmt: skip
    return pa.table(columns)


def _at_their_hour(stores: Stores, send: Send, people: pa.Table, opened: pa.Table, due_ms: int, until_ms: int) -> pa.Table:
    ids, where = people["customer_id"].to_numpy(), Zones.of(people["zone"], str(stores.calendar.zone))
    own, together = hours.habits(opened, ids, where, due_ms)
    usual = together if send.spec.usual_hour is None else send.spec.usual_hour
    at, habit = hours.not_before(own, usual, where, due_ms, until_ms)
    return people.append_column("hour_ms", pa.array(at)).append_column("habit", pa.array(habit))


def _laid_out(send: Send, decisions: Decisions, routes: pa.Table, now_ms: int) -> _Part:
    table = decisions.table
    size = table.num_rows
    variant = _variants(send, table["customer_id"].to_numpy())
    told = pc.not_equal(table["verdict"], "refuse").combine_chunks()
    way = table["way"].combine_chunks()
    chosen = {name: routes[name].combine_chunks().take(way) for name in ("account_id", "identity_key", "carrier", "staff", "floating")}
    decided = {
        **{name: table[name] for name in ("customer_id", "verdict", "reason", "at_ms")}, **{name: chosen[name] for name in ("account_id", "identity_key")},
        "variant": pc.if_else(told, variant.cast(pa.string()), None), "staff": _text(chosen["staff"]), "carrier": _text(chosen["carrier"]),
        "route": pc.if_else(told, pa.scalar(0, pa.int16()), None), "send_id": _same(send.id, size, pa.int64()),
        "purpose": _same(send.purpose, size, pa.string()), "decided_ms": _same(now_ms, size, pa.int64()),
    }  # fmt: skip
    rows = pa.table(
        {
            **{name: table[name] for name in ("customer_id", "at_ms")}, **chosen, "variant": variant, "route": _same(0, size, pa.int16()),
        }
    ).filter(told)  # fmt: skip
    return _Part(decisions, rows, MESSAGES_DECIDED.table(decided))


def _variants(send: Send, ids: Ints) -> pa.DictionaryArray:
    """Which variant each person is given: the same for the same salt, whichever send or run asks."""
    names = sorted(send.spec.split)
    edges = np.cumsum([send.spec.split[name] for name in names])[:-1]
    place = np.searchsorted(edges, draw_rows(f"{send.spec.salt} variant", ids), side="right")
    return pa.DictionaryArray.from_arrays(pa.array(place, pa.int32()), pa.array(names, pa.string()))


def _left_out(send: Send, ids: Ints, now_ms: int) -> pa.Table:
    same = {"send_id": send.id, "verdict": "refuse", "reason": "excluded", "staff": None, "purpose": send.purpose, "at_ms": to_ms(send.due_at), "decided_ms": now_ms}
    return MESSAGES_DECIDED.table({"customer_id": ids, **{name: [value] * len(ids) for name, value in same.items()}})


def _counted(before: dict[str, Any], part: _Part) -> dict[str, Any]:
    counts = dict(before)
    decided = part.decided
    for verdict, count in _tally(decided["verdict"]).items():
        counts[verdict] = counts.get(verdict, 0) + count
    for name, verdict in (("reasons", "refuse"), ("waits", "wait")):
        counts[name] = _added(counts.get(name), _tally(decided.filter(pc.equal(decided["verdict"], verdict))["reason"]))
    for name, column in (("carriers", "carrier"), ("accounts", "account_id"), ("variants", "variant")):
        counts[name] = _added(counts.get(name), _tally(part.rows[column]))
    return counts


def _tally(column: pa.ChunkedArray) -> dict[str, int]:
    plain = column.combine_chunks()
    found = pc.value_counts(plain.dictionary_decode() if pa.types.is_dictionary(plain.type) else plain)
    return {str(one["values"]): one["counts"] for one in found.to_pylist()}


def _added(before: dict[str, int] | None, more: dict[str, int]) -> dict[str, int]:
    return dict(Counter(before or {}) + Counter(more))


def _finish(stores: Stores, tx: Connection, send_id: int) -> Send:
    """`ready`, when nothing is left to plan."""
    send = _locked(tx, send_id)
    if send.status != "planning" or _left(tx, send_id):
        return send
    staff = sends.staff_load(tx, send_id)
    counts = {**send.counts, "staff": len(staff), "staff_most": max(staff.values(), default=0)}
    values = {"status": "ready", "planned_at": stores.now(), "counts": counts, "policy_version": policies.active(tx).version}
    tx.execute(update(_tables.send).where(_tables.send.c.id == send_id).values(**values))
    sends.close_finished(tx, [send_id])
    return sends.find(tx, send_id)


def _locked(tx: Connection, send_id: int) -> Send:
    tx.execute(select(_tables.send.c.id).where(_tables.send.c.id == send_id).with_for_update())
    return sends.find(tx, send_id)


def _left(tx: Connection, send_id: int) -> list[int]:
    return list(tx.scalars(select(_table.c.number).where(_table.c.send_id == send_id).order_by(_table.c.number)))


def _batches(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    size = TOGETHER // PART
    for start in range(0, len(numbers), size):
        yield numbers[start : start + size]


def _stored(tx: Connection, send_id: int, number: int) -> Ints | None:
    blob = tx.scalar(select(_table.c.people).where(_table.c.send_id == send_id, _table.c.number == number))
    if blob is None:
        return None
    with pa.ipc.open_stream(blob) as reader:
        ids: Ints = reader.read_all()["customer_id"].to_numpy()
    return ids


def _packed(ids: Ints) -> bytes:
    sink = pa.BufferOutputStream()
    rows = pa.table({"customer_id": ids})
    with pa.ipc.new_stream(sink, rows.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(rows)
    return bytes(sink.getvalue())


def _reach(stores: Stores, ids: Ints, by: Ways, *, by_hour: bool = False) -> _Reach:
    with stores.warehouse.read() as session:
        routes = routing.candidates(session, ids, by)
        told_zones = zones.known(session)
        opened = hours.opened(session, stores.now()) if by_hour else None
    with stores.ledger.read() as tx:
        restricted, minors, waiting = (np.array(sorted(some), np.int64) for some in consent.kept_from(stores, tx, by.purpose))
    if len(waiting):
        child = pa.array(np.isin(routes["customer_id"].to_numpy(), waiting))
        routes = routes.set_column(routes.schema.get_field_index("consented"), "consented", pc.and_not(routes["consented"].combine_chunks(), child))
    return _Reach(routes, told_zones, restricted, minors, waiting, opened)


def _slice(routes: pa.Table, ids: Ints) -> pa.Table:
    if not len(ids):
        return routes.slice(0, 0)
    who = routes["customer_id"].to_numpy()
    start, end = np.searchsorted(who, [ids[0], ids[-1] + 1])
    return routes.slice(start, end - start)


def _renamed(ids: Ints, into: dict[int, int]) -> Ints:
    return np.array([into.get(one, one) for one in ids.tolist()], np.int64)


def _rejoined(routes: pa.Table, into: dict[int, int]) -> pa.Table:
    """The routes of people who were merged since they were read; of two of one rank the first stays."""
    who = _renamed(routes["customer_id"].to_numpy(), into)
    named = routes.set_column(0, "customer_id", pa.array(who)).sort_by([("customer_id", "ascending"), ("rank", "ascending")])
    ids = named["customer_id"].to_numpy()
    first = np.flatnonzero(np.diff(ids, prepend=-1))
    rank = np.arange(len(ids)) - np.repeat(first, np.diff(np.append(first, len(ids))))
    return named.set_column(1, "rank", pa.array(rank, pa.int16()))


def _plain(routes: pa.Table) -> pa.Table:
    schema = pa.schema([restraint.ROUTES.field(name) for name in routes.column_names])
    return routes.cast(schema).combine_chunks()


def _text(column: pa.Array) -> pa.Array:
    return column.cast(pa.string())


def _same(value: Any, size: int, kind: pa.DataType) -> pa.Array:
    return pa.repeat(pa.scalar(value, kind), size)
