"""Consents over HTTP: purposes and their wordings, what a person says and ever said, statements in sets."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from siyu.customers import consent, minors, purposes
from siyu.customers.consent import Proof, Statement
from siyu.customers.purposes import BASES, CARRIERS, PURPOSES, Purpose
from siyu.foundation.errors import Fault, InvalidError, NotFoundError
from siyu.foundation.http import Body, Items, Label, Limit, Line, Router, RowId
from siyu.foundation.text import Text
from siyu.identity.identifiers import look_up_all
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(tags=["consents"])
Reader = Annotated[Access, Depends(require("customers.read"))]
Writer = Annotated[Access, Depends(require("consents.write"))]
Number = Annotated[int, Field(ge=1, le=2**63 - 1)]


class PurposeInfo(BaseModel):
    purpose: str
    version: int
    name: Label
    wording: Label
    basis: Annotated[str, Field(json_schema_extra={"enum": list(BASES)})]
    basis_name: Label


class PurposeCount(BaseModel):
    purpose: str
    carrier: str
    state: str
    customer_count: int


class PurposeList(Items[PurposeInfo]):
    carriers: dict[str, Label]
    counts: list[PurposeCount]


class Wording(Body):
    name: Label
    wording: Label
    basis: Line


class ConsentInfo(BaseModel):
    """`carrier` is empty where it is about every carrier."""

    purpose: str
    carrier: str
    state: Annotated[str, Field(json_schema_extra={"enum": list(consent.STATES)})]
    at: datetime


class ConsentRecord(ConsentInfo):
    id: int
    recorded_at: datetime
    source: str
    place: str
    wording_version: int
    evidence: str
    by: str


class MinorInfo(BaseModel):
    is_child: bool
    adult_on: str
    guardian_at: datetime | None
    guardian_evidence: str | None


class PersonConsents(BaseModel):
    """What one person says now, the newest statements with their proof, and whether there is something special about them."""

    items: list[ConsentInfo]
    history: list[ConsentRecord]
    minor: MinorInfo | None
    restricted_since: datetime | None


class Said(Body):
    """One statement: of a customer, or of an identifier (`namespace` and `value`). `at`: when it was made; now if left out."""

    customer_id: Number | None = None
    namespace: Line = ""
    value: Line = ""
    purpose: Line
    carrier: Line = ""
    state: Line
    at: datetime | None = None


class Statements(Body):
    """`place`: the page, form or file; `evidence`: what proves it (a picture's address, a recording's number)."""

    items: Annotated[list[Said], Field(min_length=1, max_length=5_000)]
    source: Annotated[Line, Field(pattern="^(staff|api|import)$")] = "api"
    place: Annotated[Line, Field(max_length=200)]
    evidence: Annotated[Line, Field(max_length=400)] = ""


class Recorded(BaseModel):
    """`unknown_rows`: statements whose identifier belongs to nobody; they are left out."""

    recorded_count: int
    changed_count: int
    unknown_rows: list[int]


@router.get("/consents/purposes", summary="Purposes in the words that people read, and how many people say what")
def list_purposes(access: Reader) -> PurposeList:
    with access.stores.ledger.read() as tx:
        found, counted = purposes.purposes(tx), consent.counts(tx)
    return PurposeList(
        items=[_purpose(one) for one in found.values()],
        carriers={name: Label.of(text) for name, text in CARRIERS.items()},
        counts=[PurposeCount(purpose=p, carrier=c, state=s, customer_count=n) for p, c, s, n in counted],
    )


@router.get("/consents/purposes/{purpose}", summary="Every wording that a purpose ever had, oldest first")
def list_wordings(purpose: Annotated[str, Field(max_length=16)], access: Reader) -> Items[PurposeInfo]:
    with access.stores.ledger.read() as tx:
        return Items(items=[_purpose(one) for one in purposes.versions(tx, _known(purpose))])


@router.put("/consents/purposes/{purpose}", summary="Give a purpose other words: a new version")
def reword(purpose: Annotated[str, Field(max_length=16)], said: Wording, access: Writer) -> PurposeInfo:
    stores = access.stores
    with stores.ledger.begin() as tx:
        made = purposes.reword(
            tx, _known(purpose), name=Text(said.name.zh, said.name.en), wording=Text(said.wording.zh, said.wording.en), basis=said.basis, by=access.actor.name, now=stores.now()
        )
        audit.record(tx, access.actor, "consent.reworded", f"purpose:{purpose}", {"version": made.version}, stores.now())
    return _purpose(made)


@router.get("/customers/{id:int}/consents", summary="What a person allows, with the proof of every statement")
def read_consents(id: RowId, access: Reader, before: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None, limit: Limit = 50) -> PersonConsents:
    stores = access.stores
    with stores.ledger.read() as tx:
        now, then = consent.of_customer(tx, id), consent.history(tx, id, before=before, limit=limit)
        minor, restriction = minors.find_minor(stores, tx, id), minors.restriction_of(tx, id)
    return PersonConsents(
        items=[ConsentInfo(**vars(one)) for one in now],
        history=[ConsentRecord(**vars(one)) for one in then],
        minor=MinorInfo(is_child=minor.is_child, adult_on=minor.adult_on.isoformat(), guardian_at=minor.guardian_at, guardian_evidence=minor.guardian_evidence) if minor else None,
        restricted_since=restriction.since if restriction else None,
    )


@router.post("/consents", summary="Write down what people said, with its proof; it takes effect at once")
def record(said: Statements, access: Writer) -> Recorded:
    stores = access.stores
    with stores.ledger.begin() as tx:
        owners = {space: look_up_all(stores, tx, space, [one.value for one in said.items if one.namespace == space]) for space in {one.namespace for one in said.items if one.namespace}}
        people = [one.customer_id or owners.get(one.namespace, {}).get(one.value) for one in said.items]
        nameless = [Fault(f"items[{row}].customer_id", Text("请写客户编号，或标识的种类和值", "give a customer, or a namespace and a value")) for row, one in enumerate(said.items) if not one.customer_id and not (one.namespace and one.value)]
        naive = [Fault(f"items[{row}].at", Text("时间要带时区", "a time needs its zone")) for row, one in enumerate(said.items) if one.at is not None and one.at.tzinfo is None]
        if nameless or naive:
            raise InvalidError(Text("授权记录有误", "the consents are not valid"), faults=[*nameless, *naive])
        statements = [Statement(number, one.purpose, one.carrier, one.state, one.at or stores.now()) for number, one in zip(people, said.items, strict=True) if number]  # type: ignore[arg-type]
        changed = consent.record(stores, tx, statements, Proof(said.source, said.place, said.evidence, access.actor.name))
        audit.record(tx, access.actor, "consents.recorded", f"customer:{statements[0].customer_id}" if len(statements) == 1 else "consents", {"count": len(statements), "source": said.source}, stores.now())
    return Recorded(recorded_count=len(statements), changed_count=changed, unknown_rows=[row for row, number in enumerate(people) if not number])


def _known(purpose: str) -> str:
    if purpose not in PURPOSES:
        raise NotFoundError(Text(f"没有用途 {purpose!r}", f"there is no purpose {purpose!r}"), way_out=Text(f"可用：{'、'.join(PURPOSES)}", f"use {', '.join(PURPOSES)}"))
    return purpose


def _purpose(one: Purpose) -> PurposeInfo:
    return PurposeInfo(purpose=one.purpose, version=one.version, name=Label.of(one.name), wording=Label.of(one.wording), basis=one.basis, basis_name=Label.of(BASES[one.basis]))
