"""Merge 合并, split 拆分, undo 撤销: any time, each one transaction of the ledger, each journalled row by row.

A merge makes customers one: identifiers and every room's rows by customer come to the one who stays, and the other numbers
go on standing for that one. A split lets identifiers leave for a customer of their own. An undo puts back every row as it
was, except those that were changed again since. What is known by identifier follows in the warehouse.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select, update

from siyu.events.identifiers import rank
from siyu.foundation.database import insert_ignore, select_in
from siyu.foundation.errors import ConflictError, Fault, InvalidError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.identity import _tables, moves, operations
from siyu.identity.current import create, known, take_turn
from siyu.identity.errors import InTheWayError, OverLimitError
from siyu.identity.identifiers import customers_of
from siyu.identity.keys import by_key
from siyu.identity.limits import load_limits
from siyu.identity.moves import Change, Move
from siyu.identity.operations import Draft, Journal
from siyu.identity.own import APART, CONFLICTS, FORMER, IDENTIFIERS

Pair = tuple[int, int]
"""(who stays, who becomes part of that one)."""


def merge(
    stores: Stores,
    tx: Connection,
    pairs: Sequence[Pair],
    *,
    by: str,
    why: str = "manual",
    beyond_limits: bool = False,
    evidence: Mapping[int, Mapping[str, Any]] | None = None,
) -> list[int]:
    """Make each pair one customer, in the caller's transaction; ids of the operations, one for each person who results.

    Old numbers are taken for whom they stand for now; pairs that are one person already do nothing. `evidence` is kept
    with the operation of the customer who stays.

    Raises
    ------
    NotFoundError
        For numbers that no customer ever had.
    OverLimitError
        When somebody would have more identifiers than the limits allow, and not `beyond_limits`.
    """
    take_turn(tx)
    ids = known(tx, (each for pair in pairs for each in pair))
    into = _into([(ids[stays], ids[goes]) for stays, goes in pairs])
    if not into:
        return []
    groups: dict[int, list[int]] = defaultdict(list)
    for goes, stays in sorted(into.items()):
        groups[stays].append(goes)
    if not beyond_limits:
        _check_limits(tx, groups)
    drafts = [Draft(stays, gone, (evidence or {}).get(stays, {})) for stays, gone in groups.items()]
    keys = operations.begin(tx, "merge", drafts, by=by, why=why, now=stores.now())
    operation_of = {each: key for key, draft in zip(keys, drafts, strict=True) for each in (draft.customer_id, *draft.others)}
    journal = Journal()
    for move, changes in _united(stores, tx, into, by):
        for change in changes:
            journal.note(operation_of[_customer(move, change)], move, change)
    journal.write(stores, tx)
    return keys


def split(
    stores: Stores, tx: Connection, parts: Sequence[Sequence[int]], *, by: str, why: str = "manual", remember: bool = True, of: int | None = None
) -> list[tuple[int, int]]:
    """Let sets of identifiers leave, each for a customer of its own; (operation, new customer) for each part.

    What was recorded under an identifier goes with it. Rows that a room keeps by customer stay, except those that it
    copies (a refusal holds for both). With `remember` the two are not linked again by what is seen of them. `of` says whose
    identifiers they must be.

    Raises
    ------
    InvalidError
        With a fault for each part that is empty, unknown, of more than one customer, or all that its customer has.
    """
    take_turn(tx)
    owners = _owners(tx, [key for part in parts for key in part])
    _check_parts(tx, parts, owners if of is None else {key: each for key, each in owners.items() if each.customer == of})
    now = stores.now()
    new = create(tx, len(parts), now)
    stay = [owners[part[0]].customer for part in parts]
    drafts = [Draft(old, [fresh], {"identifier_count": len(part)}) for old, fresh, part in zip(stay, new, parts, strict=True)]
    keys = operations.begin(tx, "split", drafts, by=by, why=why, now=now)
    journal = Journal()
    for key, part, old, fresh in zip(keys, parts, stay, new, strict=True):
        for identity_key in part:
            names = {"id": owners[identity_key].id}
            journal.note(key, IDENTIFIERS, Change({**names, "customer_id": old}, {**names, "customer_id": fresh}))
        for one, other in ((old, fresh), (fresh, old)) if remember else ():
            journal.note(key, APART, Change(None, {"customer_id": one, "other_id": other, "at": now, "by": by[:80]}))
    for move in moves.declared():
        if move.copied_on_split:
            rows = defaultdict(list)
            for row in moves.rows_of(tx, move, stay):
                rows[row[move.customer]].append(row)
            for key, old, fresh in zip(keys, stay, new, strict=True):
                for row in rows[old]:
                    journal.note(key, move, Change(None, {**row, move.customer: fresh}))
    for move, changes in journal.by_move():
        _carry_out(stores, tx, move, changes)
    journal.write(stores, tx)
    return list(zip(keys, new, strict=True))


def undo(stores: Stores, tx: Connection, operation_id: int, *, by: str, remember: bool = True) -> int:
    """Put back what a merge or split changed; the id of this operation.

    After the undo of a merge, with `remember`, the two are not merged again by what is seen of them. The number that a
    split made stands for the customer it came from again, and what it got since goes along.

    Raises
    ------
    NotFoundError
    ConflictError
        When it is an undo, or was undone before.
    InTheWayError
        When a later operation changed one of its customers: that one has to be undone first, and is named.
    """
    take_turn(tx)
    done = operations.find_operation(tx, operation_id)
    if done.kind == "undo" or done.undone_by is not None:
        raise ConflictError(
            Text(f"操作 {done.id} 不能撤销：它本身是撤销，或已被撤销", f"operation {done.id} cannot be undone: it is an undo, or was undone"),
            way_out=Text("需要时重新合并或拆分", "merge or split again if that is what is wanted"),
        )
    if later := operations.in_the_way(tx, done):
        raise InTheWayError(
            Text(
                f"更晚的操作 {later.id}({later.kind}，{later.by})改动了同样的客户",
                f"the later operation {later.id} ({later.kind}, by {later.by}) changed the same customers",
            ),
            way_out=Text(f"先撤销操作 {later.id}", f"undo operation {later.id} first"),
        )
    now = stores.now()
    (key,) = operations.begin(tx, "undo", [Draft(done.customer_id, done.customer_ids, {})], by=by, why="manual", now=now, undoes=done.id)
    tx.execute(update(_tables.operation).where(_tables.operation.c.id == done.id).values(undone_by=key))
    for move, changes in reversed(operations.read_journal(stores, tx, done.id)):
        _carry_out(stores, tx, move, moves.undo(tx, move, changes))
    others = [each for each in done.customer_ids if each != done.customer_id]
    if done.kind == "split":
        for _ in _united(stores, tx, dict.fromkeys(others, done.customer_id), by):
            pass
    elif remember:
        keep_apart(stores, tx, [(done.customer_id, each) for each in others], by=by)
    return key


def keep_apart(stores: Stores, tx: Connection, pairs: Iterable[Pair], *, by: str) -> None:
    """Remember that customers are different people: what is seen of them links them no more. A merge by hand still does."""
    both = [(one, other) for pair in pairs for one, other in (pair, pair[::-1]) if one != other]
    insert_ignore(tx, _tables.apart, [{"customer_id": one, "other_id": other, "at": stores.now(), "by": by[:80]} for one, other in both])


def who_stays(tx: Connection, groups: Sequence[Iterable[int]]) -> list[int]:
    """Of each set of customers the one who stays: who has the strongest namespace, else the oldest."""
    table = _tables.identifier
    everybody = sorted({each for group in groups for each in group})
    strength: dict[int, int] = {}
    for customer, space in select_in(tx, [table.c.customer_id, table.c.namespace], table.c.customer_id, everybody):
        strength[customer] = min(strength.get(customer, rank("")), rank(space))
    return [min(group, key=lambda each: (strength.get(each, rank("")), each)) for group in groups]


def _into(pairs: Iterable[Pair]) -> dict[int, int]:
    """Whom each customer who goes becomes part of; chains and circles of pairs are one person each."""
    into: dict[int, int] = {}

    def last(each: int) -> int:
        while each in into:
            each = into[each]
        return each

    for stays, goes in pairs:
        root, leaf = last(stays), last(goes)
        if root != leaf:
            into[leaf] = root
    return {each: last(each) for each in into}


def _check_limits(tx: Connection, groups: Mapping[int, Sequence[int]]) -> None:
    table = _tables.identifier
    stays = {each: root for root, gone in groups.items() for each in (root, *gone)}
    counts: dict[tuple[int, str], Counter[int]] = defaultdict(Counter)
    for customer, space in select_in(tx, [table.c.customer_id, table.c.namespace], table.c.customer_id, sorted(stays)):
        counts[(stays[customer], space)][customer] += 1
    limits = load_limits(tx)
    # Somebody who is over a limit alone, by an earlier merge beyond it, may still be merged with others.
    faults = [
        Fault(space, Text(f"客户 {each} 会有 {have.total()} 个 {space}，上限 {most}", f"customer {each} would have {have.total()} of {space}, the limit is {most}"))
        for (each, space), have in sorted(counts.items())
        if have.total() > (most := limits.of(space).per_customer) and len(have) > 1
    ]
    if faults:
        raise OverLimitError(
            Text("合并后标识会超过上限", "together they have more identifiers than the limits allow"), faults=faults,
            way_out=Text("若确是同一人，选择“超出上限也合并”", "if they are one person all the same, merge beyond the limits"),
        )  # fmt: skip


def _check_parts(tx: Connection, parts: Sequence[Sequence[int]], owned: Mapping[int, _Owned]) -> None:
    table = _tables.identifier
    owners = {key: each.customer for key, each in owned.items()}
    query = select(table.c.customer_id, func.count()).where(table.c.customer_id.in_(set(owners.values()))).group_by(table.c.customer_id)
    left = {customer: int(count) for customer, count in tx.execute(query)}
    faults: list[Fault] = []
    keys = [key for part in parts for key in part]
    for number, part in enumerate(parts):
        whose = {owners.get(key) for key in part}
        if len(whose) != 1 or None in whose or len(set(part)) != len(part):
            faults.append(Fault(f"identifiers[{number}]", Text("要给出同一位客户的标识，每个一次", "give identifiers of one customer, each once")))
            continue
        left[owners[part[0]]] -= len(part)
        if left[owners[part[0]]] < 1:
            faults.append(Fault(f"identifiers[{number}]", Text("至少要留下一个标识", "at least one identifier has to stay")))
    if len(set(keys)) != len(keys):
        faults.append(Fault("identifiers", Text("一个标识只能到一处", "an identifier can go to one place only")))
    if faults:
        raise InvalidError(Text("无法这样拆分", "this cannot be split so"), faults=faults, way_out=Text("重新选择要分出去的标识", "choose again which identifiers leave"))


class _Owned(NamedTuple):
    """An identifier's row, and whose it is."""

    id: int
    customer: int


def _owners(tx: Connection, keys: Sequence[int]) -> dict[int, _Owned]:
    table = _tables.identifier
    return {key: _Owned(each, customer) for key, each, customer in by_key(tx, [table.c.identity_key, table.c.id, table.c.customer_id], keys)}


def _united(stores: Stores, tx: Connection, into: Mapping[int, int], by: str) -> Iterable[tuple[Move, list[Change]]]:
    """Every declared move carried out for customers who become part of others; told move by move."""
    yield APART, _carry_out(stores, tx, APART, _within(tx, into))
    for move in moves.declared():
        yield move, _carry_out(stores, tx, move, moves.unite(tx, move, into))
    yield CONFLICTS, _carry_out(stores, tx, CONFLICTS, _settled(stores, tx, set(into.values()), by))
    gone = [Change({"id": goes, "merged_into": None}, {"id": goes, "merged_into": stays}) for goes, stays in into.items()]
    yield FORMER, _carry_out(stores, tx, FORMER, gone)


def _within(tx: Connection, into: Mapping[int, int]) -> list[Change]:
    """Pairs kept apart who become one person after all."""
    rows = moves.rows_of(tx, APART, {*into, *into.values()})
    return [Change(row, None) for row in rows if into.get(row["customer_id"], row["customer_id"]) == into.get(row["other_id"], row["other_id"])]


def _settled(stores: Stores, tx: Connection, customers: set[int], by: str) -> list[Change]:
    """Open conflicts whose two sides are one customer now."""
    rows = [row for row in moves.rows_of(tx, CONFLICTS, customers) if row["state"] == "open"]
    owners = customers_of(tx, [row["identity_key"] for row in rows])
    made = {"state": "merged", "decided_at": stores.now(), "decided_by": by[:80]}
    return [Change(row, {**row, **made}) for row in rows if owners.get(row["identity_key"]) == row["customer_id"]]


def _carry_out(stores: Stores, tx: Connection, move: Move, changes: list[Change]) -> list[Change]:
    if changes:
        moves.apply(tx, move, changes)
        if move.announce:
            move.announce(tx, changes, stores.now())
    return changes


def _customer(move: Move, change: Change) -> int:
    row = change.after or change.before
    assert row is not None
    return int(row[move.customer])
