"""Session and team over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, Field

from siyu.foundation.http import (
    Body,
    Cursor,
    Items,
    Label,
    Limit,
    Line,
    Page,
    Router,
    RowId,
    address_of,
    decode_cursor,
    encode_cursor,
)
from siyu.foundation.stores import Stores
from siyu.team import audit, members, sessions, tokens
from siyu.team.access import (
    Access,
    anyone,
    drop_session_cookie,
    refuse_foreign,
    require,
    require_session,
    session_cookie,
    set_session_cookie,
)
from siyu.team.passwords import LEAST_LENGTH, MOST_LENGTH
from siyu.team.roles import ROLES, RoleName, permissions_of

router = Router(tags=["team"])

Public = Annotated[Stores, Depends(anyone())]
LoggedIn = Annotated[Access, Depends(require_session())]
TeamReader = Annotated[Access, Depends(require("team.read"))]
TeamWriter = Annotated[Access, Depends(require("team.write"))]
AuditReader = Annotated[Access, Depends(require("audit.read"))]
# Told in the document, checked by the room: so that its faults come together with the others.
AnyRole = Annotated[Line, Field(json_schema_extra={"enum": list(ROLES)})]
NewPassword = Annotated[Line, Field(json_schema_extra={"minLength": LEAST_LENGTH, "maxLength": MOST_LENGTH})]


class Member(BaseModel):
    id: int
    login: str
    name: str
    role: RoleName
    active: bool
    created_at: datetime
    last_seen_at: datetime | None

    @classmethod
    def of(cls, member: members.Member) -> Member:
        return cls.model_validate(member, from_attributes=True)


class Brand(BaseModel):
    name: str
    time_zone: str
    currency: str
    is_sample: bool


class Session(BaseModel):
    """Who is logged in, for which brand, and what they may do."""

    member: Member
    permissions: list[str]
    brand: Brand
    version: str


class Token(BaseModel):
    id: int
    name: str
    role: RoleName
    prefix: str
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    created_by: str


class NewToken(Token):
    """`secret` is shown this once."""

    secret: str


class AuditEntry(BaseModel):
    id: int
    at: datetime
    actor: str
    actor_id: int | None
    actor_kind: str
    action: str
    subject: str
    detail: dict[str, object]


class RoleInfo(BaseModel):
    role: RoleName
    name: Label
    permissions: list[str]


class LogIn(Body):
    login: Line
    password: Line


class PasswordChange(Body):
    old_password: Line
    new_password: NewPassword


class MemberToAdd(Body):
    login: Line
    name: Line
    role: AnyRole
    password: NewPassword


class MemberToChange(Body):
    name: Line | None = None
    role: AnyRole | None = None
    active: bool | None = None
    password: NewPassword | None = None


class TokenToAdd(Body):
    name: Line
    role: AnyRole
    expires_at: AwareDatetime | None = None


@router.get("/session", summary="Who is logged in")
def read_session(access: LoggedIn, request: Request, response: Response) -> Session:
    secret = session_cookie(request)
    if secret:  # The session rolls on; so must the browser's copy of its end.
        set_session_cookie(response, access.stores, secret)
    assert access.session is not None
    return _session(request, access.stores, access.session.member)


@router.post("/session", summary="Log in")
def log_in(body: LogIn, stores: Public, request: Request, response: Response) -> Session:
    held = session_cookie(request)
    if held:
        refuse_foreign(request)
    secret, member = sessions.log_in(stores, body.login, body.password, address_of(request), held)
    set_session_cookie(response, stores, secret)
    return _session(request, stores, member)


@router.delete("/session", status_code=204, summary="Log out")
def log_out(stores: Public, request: Request, response: Response) -> None:
    held = session_cookie(request)
    if held:
        refuse_foreign(request)
        sessions.log_out(stores, held)
        drop_session_cookie(response, stores)


@router.post("/session/password", status_code=204, summary="Change one's own password")
def change_password(body: PasswordChange, access: LoggedIn, request: Request, response: Response) -> None:
    assert access.session is not None
    secret = sessions.change_password(
        access.stores, access.session, body.old_password, body.new_password, address_of(request)
    )
    set_session_cookie(response, access.stores, secret)


@router.get("/team/members", summary="All members")
def list_members(access: TeamReader) -> Items[Member]:
    return Items(items=[Member.of(member) for member in members.list_members(access.stores)])


@router.post("/team/members", summary="Add a member")
def add_member(body: MemberToAdd, access: TeamWriter) -> Member:
    return Member.of(members.add_member(access.stores, access.actor, **body.model_dump()))


@router.patch("/team/members/{id}", summary="Change a member")
def change_member(id: RowId, body: MemberToChange, access: TeamWriter) -> Member:
    change = members.MemberChange(**body.model_dump())
    return Member.of(members.change_member(access.stores, access.actor, id, change))


@router.get("/team/tokens", summary="API tokens in force")
def list_tokens(access: TeamReader) -> Items[Token]:
    found = tokens.list_tokens(access.stores)
    return Items(items=[Token.model_validate(token, from_attributes=True) for token in found])


@router.post("/team/tokens", summary="Make an API token")
def add_token(body: TokenToAdd, access: TeamWriter) -> NewToken:
    secret, token = tokens.add_token(access.stores, access.actor, access.member_id, **body.model_dump())
    return NewToken(**vars(token), secret=secret)


@router.delete("/team/tokens/{id}", status_code=204, summary="Revoke an API token")
def revoke_token(id: RowId, access: TeamWriter) -> None:
    tokens.revoke_token(access.stores, access.actor, id)


@router.get("/team/audit", summary="Who changed what")
def list_audit(
    access: AuditReader,
    actor: Annotated[Line, Query(max_length=80, description="Part of the actor's name.")] = "",
    action: Annotated[Line, Query(max_length=64, description="How the action's name begins.")] = "",
    subject: Annotated[
        Line, Query(max_length=120, description="How the subject begins, such as member:7.")
    ] = "",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[AuditEntry]:
    scope = "\0".join(("team.audit", actor, action, subject))
    position = decode_cursor(access.stores, scope, cursor)
    found = audit.read_audit(
        access.stores,
        actor=actor,
        action=action,
        subject=subject,
        before_id=position[0] if position else None,
        limit=limit + 1,
    )
    items = [AuditEntry.model_validate(entry, from_attributes=True) for entry in found[:limit]]
    next_cursor = encode_cursor(access.stores, scope, items[-1].id) if len(found) > limit else None
    return Page(items=items, next_cursor=next_cursor, total=None)


@router.get("/team/roles", summary="Roles and what each may do")
def list_roles(access: TeamReader) -> Items[RoleInfo]:
    return Items(
        items=[
            RoleInfo(role=role.role, name=Label.of(role.name), permissions=sorted(role.permissions))
            for role in ROLES.values()
        ]
    )


def _session(request: Request, stores: Stores, member: members.Member) -> Session:
    settings = stores.settings
    sample_name: str | None = request.app.state.sample_name(stores)
    brand = Brand(
        name=sample_name or settings.brand_name,
        time_zone=settings.time_zone,
        currency=settings.currency,
        is_sample=sample_name is not None,
    )
    return Session(
        member=Member.of(member),
        permissions=sorted(permissions_of(member.role)),
        brand=brand,
        version=request.app.version,
    )
