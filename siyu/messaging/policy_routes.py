"""The restraint policy over HTTP: what is in force, what was before, what another would have done, and switching it on."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Depends
from pydantic import BaseModel, Field

from siyu.foundation.http import (
    Body,
    Cursor,
    Items,
    Label,
    Limit,
    Line,
    Page,
    Router,
    decode_cursor,
    encode_cursor,
)
from siyu.messaging import policies, policy, reasons, trial
from siyu.messaging.policies import PolicyVersion
from siyu.messaging.trial import Trial, Week
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/messaging", tags=["messaging"])
Reader = Annotated[Access, Depends(require("messaging.read"))]
Writer = Annotated[Access, Depends(require("messaging.write"))]


class PolicyInfo(BaseModel):
    """`policy`: caps, quotas, mix, quiet, cool_downs, exempt, as in the room's page. Version 0 is the product's own."""

    version: int
    policy: dict[str, Any]
    note: str
    activated_at: datetime | None
    activated_by: str | None

    @classmethod
    def of(cls, one: PolicyVersion) -> PolicyInfo:
        return cls(version=one.version, policy=one.policy.json(), note=one.note, activated_at=one.activated_at, activated_by=one.activated_by)


class PolicyBody(Body):
    """A policy; parts that are left out are as in the product's own."""

    policy: dict[str, Any]


class TrialBody(PolicyBody):
    weeks: Annotated[int, Field(ge=1, le=26)] = 12


class ActivateBody(PolicyBody):
    """`over`: the version that was in force when it was read."""

    over: Annotated[int, Field(ge=0, le=2**31 - 1)]
    note: Annotated[Line, Field(max_length=200)] = ""


class GateCount(BaseModel):
    reason: str
    name: Label
    waited: int
    refused: int


class WeekInfo(BaseModel):
    """Messages that were due in the week from `on` (a Monday): `asked` is the sum of the others."""

    on: date
    asked: int
    allowed: int
    waited: int
    refused: int
    reasons: list[GateCount]

    @classmethod
    def of(cls, one: Week) -> WeekInfo:
        return cls(on=one.on, asked=one.asked, allowed=one.allowed, waited=one.waits.total(), refused=one.refusals.total(), reasons=_by_reason([one]))


class Totals(BaseModel):
    asked: int
    allowed: int
    waited: int
    refused: int
    reasons: list[GateCount]


class PolicyTrial(BaseModel):
    """What the policy would have said of the messages of those weeks, and beside it what the one in force says of the same.
    `cut`: there were too many, only the newest are in it."""

    from_at: datetime
    to_at: datetime
    cut: bool
    tried: Totals
    in_force: Totals
    weeks: list[WeekInfo]


class GateReason(BaseModel):
    """`waits`: it may pass by itself."""

    code: str
    name: Label
    way_out: Label
    waits: bool


@router.get("/policy", summary="The restraint policy in force")
def get_policy(access: Reader) -> PolicyInfo:
    with access.stores.ledger.read() as tx:
        return PolicyInfo.of(policies.in_force(tx))


@router.get("/policy/versions", summary="Policies that were in force, the newest first")
def list_versions(access: Reader, cursor: Cursor = None, limit: Limit = 50) -> Page[PolicyInfo]:
    stores, scope = access.stores, "policy versions"
    place = decode_cursor(stores, scope, cursor)
    with stores.ledger.read() as tx:
        found = policies.listed(tx, before=place[0] if place else None, limit=limit + 1)
    items = [PolicyInfo.of(one) for one in found[:limit]]
    return Page(items=items, next_cursor=encode_cursor(stores, scope, items[-1].version) if len(found) > limit else None, total=None)


@router.post("/policy/trial", summary="What a policy would have done with the messages of the past weeks; nothing is written")
def try_policy(body: TrialBody, access: Reader) -> PolicyTrial:
    stores = access.stores
    wanted = policy.read(body.policy)
    with stores.ledger.read() as tx:
        now = stores.now()
        tried = trial.run(tx, wanted, calendar=stores.calendar, now=now, weeks=body.weeks)
        held = trial.run(tx, policies.active(tx), calendar=stores.calendar, now=now, weeks=body.weeks)
    return PolicyTrial(from_at=tried.from_at, to_at=tried.to_at, cut=tried.cut, tried=_totals(tried), in_force=_totals(held), weeks=[WeekInfo.of(one) for one in tried.weeks])


@router.post("/policy", summary="Switch a policy on: it decides from now on, also of what is planned and not sent", status_code=201)
def activate_policy(body: ActivateBody, access: Writer) -> PolicyInfo:
    stores = access.stores
    with stores.ledger.begin() as tx:
        before = policies.in_force(tx)
        made = policies.activate(tx, body.policy, over=body.over, note=body.note, by=access.actor.name, now=stores.now())
        detail = {"note": made.note, "before": before.policy.json(), "after": made.policy.json()}
        audit.record(tx, access.actor, "messaging.policy_activated", f"policy:{made.version}", detail, stores.now())
    return PolicyInfo.of(made)


@router.get("/reasons", summary="Why somebody is not told, or not yet, in words, and what can be done about it")
def list_reasons(access: Reader) -> Items[GateReason]:
    return Items(items=[GateReason(code=one.code, name=Label.of(one.name), way_out=Label.of(one.way_out), waits=one.waits) for one in reasons.REASONS.values()])


def _by_reason(weeks: list[Week]) -> list[GateCount]:
    waits = {code: sum(week.waits[code] for week in weeks) for code in reasons.CODES}
    refused = {code: sum(week.refusals[code] for week in weeks) for code in reasons.CODES}
    return [GateCount(reason=code, name=Label.of(reasons.name(code)), waited=waits[code], refused=refused[code]) for code in reasons.CODES if waits[code] or refused[code]]


def _totals(found: Trial) -> Totals:
    by_reason = _by_reason(found.weeks)
    return Totals(
        asked=sum(week.asked for week in found.weeks), allowed=sum(week.allowed for week in found.weeks), waited=sum(one.waited for one in by_reason),
        refused=sum(one.refused for one in by_reason), reasons=by_reason,
    )  # fmt: skip
