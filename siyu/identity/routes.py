"""Merges, splits, undos, conflicts and limits over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, Path, Query
from pydantic import BaseModel, Field

from siyu.foundation.http import (
    Body,
    Cursor,
    Id,
    Items,
    Label,
    Limit,
    Line,
    Page,
    Router,
    RowId,
    decode_cursor,
    encode_cursor,
)
from siyu.identity import conflicts, limits, operations
from siyu.identity.current import current_one, known
from siyu.identity.identifiers import label
from siyu.identity.merge import merge, split, undo, who_stays
from siyu.team.access import Access, require
from siyu.team.audit import record

router = Router(tags=["identity"])
Reader = Annotated[Access, Depends(require("identity.read"))]
Writer = Annotated[Access, Depends(require("identity.write"))]
Key = Annotated[str, Field(pattern=r"^[1-9]\d{0,18}$", description="Key of an identifier, as text: it has up to 63 bits.")]


class OperationInfo(BaseModel):
    """`customer_id` stayed, or was split. `undone_by` is the operation that undid it."""

    id: int
    kind: operations.Kind
    customer_id: int
    customer_ids: list[int]
    at: datetime
    by: str
    why: str
    detail: dict[str, Any]
    undoes: int | None
    undone_by: int | None


class ToMerge(Body):
    """`into` stays; without it who has the strongest identifier, else the oldest. `beyond_limits` for one person who has, say, two member numbers."""

    customer_ids: Annotated[list[Id], Field(min_length=2, max_length=100)]
    into: Id | None = None
    beyond_limits: bool = False


class ToSplit(Body):
    identifiers: Annotated[list[Key], Field(min_length=1, max_length=1000)]


class ConflictInfo(BaseModel):
    """An identifier of `owner_id` was seen beside one of `claimant_id`; one person would have too many of `reason`."""

    id: str
    namespace: str
    namespace_name: Label
    owner_id: int
    claimant_id: int
    reason: str | None
    state: conflicts.State
    claim_count: int
    found_at: datetime
    decided_at: datetime | None
    decided_by: str | None


class Decided(Body):
    decision: conflicts.Decision


class LimitInfo(BaseModel):
    """`per_identifier`: an identifier that more people than this are seen with is shared and links nobody."""

    kind: str
    name: Label
    per_customer: int
    per_identifier: int
    is_default: bool


Count = Annotated[int, Field(le=2**31)]


class LimitToSet(Body):
    """Both null: back to the default."""

    per_customer: Count | None
    per_identifier: Count | None


@router.post("/identity/merges", summary="Make several customers one")
def merge_customers(body: ToMerge, access: Writer) -> OperationInfo | None:
    """Null when they are one already."""
    stores = access.stores
    with stores.ledger.begin() as tx:
        now = known(tx, [*body.customer_ids, *([body.into] if body.into else [])])
        stays = now[body.into] if body.into else who_stays(tx, [set(now.values())])[0]
        pairs = [(stays, each) for each in sorted(set(now.values())) if each != stays]
        made = merge(stores, tx, pairs, by=access.actor.name, beyond_limits=body.beyond_limits)
        for key in made:
            record(tx, access.actor, "customers.merged", f"customer:{stays}", {"operation": key, "customers": [each for _, each in pairs]}, stores.now())
        return _info(operations.find_operation(tx, made[0])) if made else None


@router.post("/customers/{id:int}/split", summary="Let identifiers leave for a customer of their own")
def split_customer(id: RowId, body: ToSplit, access: Writer) -> OperationInfo:
    stores = access.stores
    with stores.ledger.begin() as tx:
        stays = known(tx, [id])[id]
        ((key, fresh),) = split(stores, tx, [[int(each) for each in body.identifiers]], by=access.actor.name, of=stays)
        record(tx, access.actor, "customers.split", f"customer:{stays}", {"operation": key, "new": fresh, "identifier_count": len(body.identifiers)}, stores.now())
        return _info(operations.find_operation(tx, key))


@router.post("/identity/operations/{id:int}/undo", summary="Undo a merge or a split")
def undo_operation(id: RowId, access: Writer) -> OperationInfo:
    stores = access.stores
    with stores.ledger.begin() as tx:
        key = undo(stores, tx, id, by=access.actor.name)
        done = operations.find_operation(tx, key)
        record(tx, access.actor, "customers.undone", f"customer:{done.customer_id}", {"operation": id, "customers": done.customer_ids}, stores.now())
        return _info(done)


@router.get("/identity/operations", summary="Merges, splits and undos, the newest first")
def list_operations(
    access: Reader, customer: Annotated[int | None, Query(ge=1, le=2**62, description="Only those of this customer, by any of the numbers.")] = None,
    cursor: Cursor = None, limit: Limit = 50,
) -> Page[OperationInfo]:  # fmt: skip
    scope = f"identity.operations\0{customer}"
    place = decode_cursor(access.stores, scope, cursor)
    with access.stores.ledger.read() as tx:
        ids = None if customer is None else {customer, current_one(tx, customer)}
        found = operations.list_operations(tx, customer_ids=ids, before_id=place[0] if place else None, limit=limit + 1)
    more = encode_cursor(access.stores, scope, found[limit - 1].id) if len(found) > limit else None
    return Page(items=[_info(each) for each in found[:limit]], next_cursor=more, total=None)


@router.get("/identity/conflicts", summary="Identifiers that several people claim, the newest first")
def list_conflicts(
    access: Reader, state: conflicts.State = "open", customer: Annotated[int | None, Query(ge=1, le=2**62)] = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[ConflictInfo]:
    scope = f"identity.conflicts\0{state}\0{customer}"
    place = decode_cursor(access.stores, scope, cursor)
    before = (datetime.fromisoformat(place[0]), place[1], place[2]) if place else None
    with access.stores.ledger.read() as tx:
        found = conflicts.list_conflicts(tx, state, before=before, limit=limit + 1, customer_id=customer)
        total = conflicts.count_open(tx) if state == "open" and customer is None else None
    last = found[limit - 1] if len(found) > limit else None
    more = encode_cursor(access.stores, scope, last.found_at.isoformat(), last.identity_key, last.claimant_id) if last else None
    return Page(items=[_conflict(each) for each in found[:limit]], next_cursor=more, total=total)


@router.post("/identity/conflicts/{id}/decide", summary="Merge the two customers of a conflict, or keep them apart")
def decide_conflict(id: Annotated[Line, Path(pattern=r"^[1-9]\d{0,18}-[1-9]\d{0,18}$")], body: Decided, access: Writer) -> dict[Literal["operation_id"], int | None]:
    """`operation_id` is that of the merge, null when they are kept apart."""
    stores = access.stores
    key, claimant = (int(part) for part in id.split("-"))
    with stores.ledger.begin() as tx:
        done = conflicts.decide(stores, tx, key, claimant, body.decision, by=access.actor.name)
        record(tx, access.actor, "conflict.decided", f"conflict:{id}", {"decision": body.decision, "operation": done}, stores.now())
    return {"operation_id": done}


@router.get("/identity/limits", summary="How many identifiers one customer may have, and who may share one")
def list_limits(access: Reader) -> Items[LimitInfo]:
    with access.stores.ledger.read() as tx:
        return Items(items=[_limit(kind, each) for kind, each in limits.load_limits(tx).kinds.items()])


@router.put("/identity/limits/{kind}", summary="Change a limit, or go back to its default")
def set_limit(kind: Annotated[Line, Path(max_length=40)], body: LimitToSet, access: Writer) -> LimitInfo:
    wanted = None if body.per_customer is None or body.per_identifier is None else limits.Limit(body.per_customer, body.per_identifier)
    with access.stores.ledger.begin() as tx:
        now = limits.change_limit(tx, kind, wanted)
        record(tx, access.actor, "identity_limit.changed", f"identity_limit:{kind}", vars(now), access.stores.now())
    return _limit(kind, now)


def _info(found: operations.Operation) -> OperationInfo:
    return OperationInfo(**vars(found))


def _conflict(found: conflicts.Conflict) -> ConflictInfo:
    shown = {name: value for name, value in vars(found).items() if name != "identity_key"}
    return ConflictInfo(id=found.id, namespace_name=Label.of(label(found.namespace)), **shown)


def _limit(kind: str, found: limits.Limit) -> LimitInfo:
    return LimitInfo(kind=kind, name=Label.of(label(kind)), **vars(found), is_default=found == limits.DEFAULTS[kind])
