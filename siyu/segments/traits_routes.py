"""Traits over HTTP: definitions, distributions, trial runs, who uses them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Header, Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from siyu.foundation import jobs
from siyu.foundation.errors import InvalidError
from siyu.foundation.http import Body, Id, Label, Line, Router, RowId
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.segments import traits, traits_store, traits_usage
from siyu.segments.directory_rows import CustomerRow, load_rows
from siyu.segments.segments import find_segment, rule_names
from siyu.segments.sentence import RuleNames
from siyu.segments.tasks import TRAITS
from siyu.segments.traits import MOST_TRAITS, Type
from siyu.segments.traits_distribution import Bucket, Distribution
from siyu.segments.traits_preview import distribution_in, preview_trait
from siyu.segments.traits_sentence import in_words
from siyu.segments.traits_store import Definition, find_trait, list_traits
from siyu.segments.traits_usage import Users
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(tags=["traits"])
Reader = Annotated[Access, Depends(require("segments.read"))]
Writer = Annotated[Access, Depends(require("segments.write"))]


class DistributionInfo(BaseModel):
    """Of those with a value of their own. Numbers and money in their unit, times as days ago (`low`, `high`) and epoch ms."""

    known_count: int
    base_count: int
    distinct_count: int | None = None
    smallest: float | None = None
    largest: float | None = None
    mean: float | None = None
    buckets: list[Bucket]

    @classmethod
    def of(cls, found: Distribution) -> DistributionInfo:
        return cls(**vars(found))


class TraitProblem(BaseModel):
    path: str
    message: Label


class TraitRow(BaseModel):
    id: int
    field: str
    name: str
    description: str | None
    type: Type | None
    version: int
    status: Annotated[str, Field(json_schema_extra={"enum": ["ready", "computing", "invalid"]})]
    sentence: Label
    used_count: int
    distribution: DistributionInfo | None
    computed_at: datetime | None
    created_by: str | None
    updated_at: datetime


class TraitList(BaseModel):
    items: list[TraitRow]
    limit: int


class UserInfo(BaseModel):
    kind: Annotated[str, Field(json_schema_extra={"enum": ["segment", "trait"]})]
    id: int
    name: str


class TraitVersionInfo(BaseModel):
    version: int
    definition: dict[str, Any]
    sentence: Label
    created_at: datetime
    created_by: str | None


class TraitDetail(TraitRow):
    definition: dict[str, Any]
    versions: list[TraitVersionInfo]
    used_by: list[UserInfo]
    problems: list[TraitProblem]


class DefinitionBody(Body):
    definition: dict[str, Any]


class TraitBody(DefinitionBody):
    name: Annotated[Line, Field(min_length=1, max_length=80)]
    description: Line | None = None


class TraitTrial(DefinitionBody):
    sample: Annotated[int, Field(ge=0, le=50)] = 10
    trait_id: Id | None = None


class SampleRow(BaseModel):
    customer: CustomerRow
    value: Any


class TraitTrialInfo(BaseModel):
    type: Type
    sentence: Label
    distribution: DistributionInfo
    sample: list[SampleRow]
    elapsed_ms: int


@router.get("/traits", summary="Every trait with its distribution")
def list_all(access: Reader) -> TraitList:
    with access.stores.ledger.read() as tx:
        names, used = rule_names(tx), traits_usage.usage(tx)
        items = [_row(access.stores, each, names, used.get(each.id)) for each in list_traits(tx)]
    return TraitList(items=items, limit=MOST_TRAITS)


@router.post("/traits", summary="Save a new trait and compute it", status_code=201)
def create_trait(body: TraitBody, access: Writer) -> TraitDetail:
    stores, now = access.stores, access.stores.now()
    with stores.ledger.begin() as tx:
        made = traits_store.create_trait(
            tx, name=body.name, description=body.description, definition=body.definition, by=access.actor.name, now=now
        )
        return _saved(access, tx, made, "trait.created")


@router.post("/traits/preview", summary="Compute a trait while it is being written: its distribution and a few people")
def preview(body: TraitTrial, access: Reader) -> TraitTrialInfo:
    stores = access.stores
    with stores.ledger.read() as tx:
        trait = traits.parse(body.definition)
        if faults := traits_store.check_trait(tx, trait, body.trait_id):
            raise InvalidError(Text("特征定义有误", "the trait is not valid"), faults=faults)
        said = in_words(trait, rule_names(tx), stores.settings.currency)
    found = preview_trait(stores, trait, body.sample)
    with stores.ledger.read() as tx, stores.warehouse.read() as session:
        people = load_rows(stores, session, tx, list(found.sample))
    return TraitTrialInfo(
        type=trait.type,
        sentence=Label.of(said),
        distribution=DistributionInfo.of(found.distribution),
        sample=[SampleRow(customer=person, value=found.sample[person.id]) for person in people],
        elapsed_ms=found.elapsed_ms,
    )


@router.get("/traits/{trait_id}", summary="One trait with its definition, versions and users")
def get_trait(trait_id: RowId, access: Reader) -> TraitDetail:
    with access.stores.ledger.read() as tx:
        return _detail(access.stores, tx, find_trait(tx, trait_id))


@router.get("/traits/{trait_id}/distribution", summary="How a trait is spread among the members of a segment")
def distribution_of(trait_id: RowId, access: Reader, segment: Annotated[Id, Query()]) -> DistributionInfo:
    with access.stores.ledger.read() as tx:
        found, inside = find_trait(tx, trait_id), find_segment(tx, segment)
    return DistributionInfo.of(distribution_in(access.stores, found.id, found.trait.type, inside.id))


@router.put("/traits/{trait_id}", summary="Change a trait; a changed definition is a new version and is computed")
def change_trait(
    trait_id: RowId, body: TraitBody, access: Writer, if_match: Annotated[str | None, Header(description="The version that was read.")] = None
) -> TraitDetail:
    now = access.stores.now()
    expected = int(if_match.strip('W/"')) if if_match and if_match.strip('W/"').isdigit() else None
    with access.stores.ledger.begin() as tx:
        made = traits_usage.change_trait(
            tx, trait_id, name=body.name, description=body.description, definition=body.definition, expected_version=expected,
            by=access.actor.name, now=now,
        )  # fmt: skip
        return _saved(access, tx, made, "trait.changed")


@router.delete("/traits/{trait_id}", summary="Put a trait away that nothing uses (it can be restored)", status_code=204)
def delete_trait(trait_id: RowId, access: Writer) -> None:
    now = access.stores.now()
    with access.stores.ledger.begin() as tx:
        gone = traits_usage.delete_trait(tx, trait_id, now)
        audit.record(tx, access.actor, "trait.deleted", f"trait:{trait_id}", {"name": gone.name}, now)


@router.post("/traits/{trait_id}/restore", summary="Bring a trait back")
def restore_trait(trait_id: RowId, access: Writer) -> TraitDetail:
    with access.stores.ledger.begin() as tx:
        return _saved(access, tx, traits_usage.restore_trait(tx, trait_id, access.stores.now()), "trait.restored")


def _saved(access: Access, tx: Connection, made: Definition, what: str) -> TraitDetail:
    stores, now = access.stores, access.stores.now()
    audit.record(tx, access.actor, what, f"trait:{made.id}", {"name": made.name, "definition": made.definition}, now)
    if made.status == "computing":
        # The version is part of the key: a job that has already read the old definition must not stand for the new one.
        jobs.submit(tx, TRAITS, {"trait_ids": [made.id]}, now=now, key=f"{made.id} {made.version}", created_by=access.actor.name)
    return _detail(stores, tx, made)


def _said(raw: dict[str, Any], names: RuleNames, stores: Stores) -> Label:
    try:
        return Label.of(in_words(traits.parse(raw), names, stores.settings.currency))
    except InvalidError as error:
        return Label.of(error.message)


def _row(stores: Stores, each: Definition, names: RuleNames, users: Users | None) -> TraitRow:
    kept = ("id", "field", "name", "description", "version", "status", "computed_at", "created_by", "updated_at")
    return TraitRow(
        **{name: getattr(each, name) for name in kept},
        type=None if each.problem else each.trait.type,
        sentence=_said(each.definition, names, stores),
        used_count=len(users.segments) + len(users.traits) if users else 0,
        distribution=None if each.distribution is None else DistributionInfo(**each.distribution),
    )


def _detail(stores: Stores, tx: Connection, each: Definition) -> TraitDetail:
    names, users = rule_names(tx), traits_usage.users_of(tx, each.id)
    return TraitDetail(
        **_row(stores, each, names, users).model_dump(),
        definition=each.definition,
        versions=[
            TraitVersionInfo(
                version=v.version, definition=v.definition, sentence=_said(v.definition, names, stores), created_at=v.created_at, created_by=v.created_by
            )
            for v in traits_store.trait_versions(tx, each.id)
        ],
        used_by=[
            *(UserInfo(kind="segment", id=item.id, name=item.name) for item in users.segments),
            *(UserInfo(kind="trait", id=item.id, name=item.name) for item in users.traits),
        ],
        problems=[TraitProblem(path=fault.field, message=Label.of(fault.message)) for fault in each.problem],
    )
