"""Members 成员: the people who may log in. The last active owner always stays."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from siyu.foundation.errors import ConflictError, Fault, InvalidError, NotFoundError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.team._tables import MEMBER, SESSION, TOKEN
from siyu.team.audit import SYSTEM, Actor, record
from siyu.team.errors import LastOwnerError
from siyu.team.passwords import hash_password, new_password, password_faults
from siyu.team.roles import ROLES, RoleName

FIRST_LOGIN = "owner"
_LOGIN = re.compile(r"[\w.@+-]{2,64}")


@dataclass(frozen=True)
class Member:
    """A person with a log-in; `last_seen_at` is exact to some minutes."""

    id: int
    login: str
    name: str
    role: RoleName
    active: bool
    created_at: datetime
    last_seen_at: datetime | None


@dataclass(frozen=True)
class MemberChange:
    """What to change; None leaves a thing as it is."""

    name: str | None = None
    role: str | None = None
    active: bool | None = None
    password: str | None = None


MEMBER_COLUMNS = (
    MEMBER.c.id,
    MEMBER.c.login,
    MEMBER.c.name,
    MEMBER.c.role,
    MEMBER.c.active,
    MEMBER.c.created_at,
    MEMBER.c.last_seen_at,
)


def to_member(row: Row[*tuple[Any, ...]]) -> Member:
    return Member(row.id, row.login, row.name, row.role, row.active, row.created_at, row.last_seen_at)


def plain_login(login: str) -> str:
    """Logins are compared without case and surrounding blanks."""
    return login.strip().casefold()


def list_members(stores: Stores) -> list[Member]:
    with stores.ledger.read() as tx:
        return [to_member(row) for row in tx.execute(select(*MEMBER_COLUMNS).order_by(MEMBER.c.id))]


def active_members(tx: Connection) -> list[Member]:
    return [to_member(row) for row in tx.execute(select(*MEMBER_COLUMNS).where(MEMBER.c.active).order_by(MEMBER.c.id))]


def add_member(stores: Stores, actor: Actor, *, login: str, name: str, role: str, password: str) -> Member:
    """Add a person who can log in at once.

    Raises
    ------
    InvalidError, ConflictError
        With every fault of the four texts; when the login is taken.
    """
    login, name = plain_login(login), name.strip()
    faults = [] if _LOGIN.fullmatch(login) else [_login_fault()]
    _refuse(faults + _faults(MemberChange(name, role, None, password), login))
    now = stores.now()
    row = _new_row(login, name, role, hash_password(password), now)
    try:
        with stores.ledger.begin() as tx:
            added = to_member(tx.execute(insert(MEMBER).returning(*MEMBER_COLUMNS), row).one())
            record(
                tx,
                actor,
                "member.added",
                f"member:{added.id}",
                {"login": login, "name": name, "role": role},
                now,
            )
    except IntegrityError as error:
        taken = Fault("login", Text("这个登录名已被使用", "this login is taken"))
        raise ConflictError(Text("这个登录名已被使用", "This login is taken"), faults=[taken]) from error
    return added


def change_member(stores: Stores, actor: Actor, member_id: int, change: MemberChange) -> Member:
    """Rename, give another role, (de)activate, set a new password; the last two end what the member had open.

    Raises
    ------
    NotFoundError, InvalidError, LastOwnerError
    """
    login = _login_of(stores, member_id)
    if change.name is not None:
        change = replace(change, name=change.name.strip())
    _refuse(_faults(change, login))
    values: dict[str, Any] = {
        key: value
        for key, value in (("name", change.name), ("role", change.role), ("active", change.active))
        if value is not None
    }
    secret = {"password_hash": hash_password(change.password)} if change.password is not None else {}
    now = stores.now()
    with stores.ledger.begin() as tx:
        owners = _lock_owners(tx)
        old = to_member(
            tx.execute(select(*MEMBER_COLUMNS).where(MEMBER.c.id == member_id).with_for_update()).one()
        )
        differing = {key: value for key, value in values.items() if getattr(old, key) != value}
        if owners == [member_id] and (
            differing.get("role", "owner") != "owner" or not differing.get("active", True)
        ):
            raise _last_owner()
        if differing or secret:
            tx.execute(update(MEMBER).where(MEMBER.c.id == member_id).values(**differing, **secret))
            before = {key: getattr(old, key) for key in differing}
            detail = {"from": before, "to": differing, "password_reset": bool(secret)}
            record(tx, actor, "member.changed", f"member:{member_id}", detail, now)
        _shut_out(tx, member_id, bool(secret), differing.get("active") is False, now)
        return to_member(tx.execute(select(*MEMBER_COLUMNS).where(MEMBER.c.id == member_id)).one())


def create_first_owner(stores: Stores) -> tuple[str, str] | None:
    """The log-in of a new installation; None when there is a member already (or another process won)."""
    with stores.ledger.read() as tx:
        if tx.execute(select(func.count()).select_from(MEMBER)).scalar_one():
            return None
    password, now = new_password(), stores.now()
    row = _new_row(FIRST_LOGIN, ROLES["owner"].name.zh, "owner", hash_password(password), now)
    try:
        with stores.ledger.begin() as tx:
            if tx.execute(select(func.count()).select_from(MEMBER)).scalar_one():
                return None
            owner_id = tx.execute(insert(MEMBER).returning(MEMBER.c.id), row).scalar_one()
            record(
                tx, SYSTEM, "member.added", f"member:{owner_id}", {"login": FIRST_LOGIN, "role": "owner"}, now
            )
    except IntegrityError:
        return None
    return FIRST_LOGIN, password


def end_sessions(tx: Connection, member_id: int) -> None:
    tx.execute(delete(SESSION).where(SESSION.c.member_id == member_id))


def check_new_password(field: str, password: str, login: str) -> None:
    """Raise InvalidError with every fault of a new password."""
    _refuse([Fault(field, text) for text in password_faults(password, login)])


def _shut_out(tx: Connection, member_id: int, reset: bool, deactivated: bool, now: datetime) -> None:
    if reset or deactivated:
        end_sessions(tx, member_id)
    if deactivated:
        theirs = (TOKEN.c.member_id == member_id, TOKEN.c.revoked_at.is_(None))
        tx.execute(update(TOKEN).where(*theirs).values(revoked_at=now))


def _lock_owners(tx: Connection) -> list[int]:
    """Ids of the active owners; on PostgreSQL two changes that each leave the other owner must take turns."""
    owners = (
        select(MEMBER.c.id)
        .where(MEMBER.c.role == "owner", MEMBER.c.active)
        .order_by(MEMBER.c.id)
        .with_for_update()
    )
    return list(tx.execute(owners).scalars())


def _login_of(stores: Stores, member_id: int) -> str:
    with stores.ledger.read() as tx:
        login: str | None = tx.execute(
            select(MEMBER.c.login).where(MEMBER.c.id == member_id)
        ).scalar_one_or_none()
    if login is None:
        raise NotFoundError(Text(f"没有成员 {member_id}", f"There is no member {member_id}"))
    return login


def _new_row(login: str, name: str, role: str, password_hash: str, now: datetime) -> dict[str, Any]:
    return {
        "login": login,
        "name": name,
        "role": role,
        "active": True,
        "password_hash": password_hash,
        "created_at": now,
    }


def _faults(change: MemberChange, login: str) -> list[Fault]:
    faults = []
    if change.name is not None and not 1 <= len(change.name) <= 80:
        faults.append(Fault("name", Text("姓名要有 1 到 80 个字", "the name must have 1 to 80 characters")))
    if change.role is not None and change.role not in ROLES:
        known = ", ".join(ROLES)
        faults.append(Fault("role", Text(f"没有这个角色；可用：{known}", f"no such role; there are: {known}")))
    if change.password is not None:
        faults += [Fault("password", text) for text in password_faults(change.password, login)]
    return faults


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise InvalidError(
            Text(f"有 {len(faults)} 处不对", f"{len(faults)} thing(s) are not valid"), faults=faults
        )


def _login_fault() -> Fault:
    return Fault(
        "login",
        Text(
            "2 到 64 个字母、数字或 . _ - + @,不含空格",
            "2 to 64 letters, digits or . _ - + @, without blanks",
        ),
    )


def _last_owner() -> LastOwnerError:
    return LastOwnerError(
        Text(
            "这是最后一位所有者，不能停用或改为其他角色",
            "This is the last owner: it cannot be deactivated or given another role",
        ),
        way_out=Text("先让另一位成员成为所有者", "make another member an owner first"),
    )


def others_who_may(tx: Connection, permission: str, member_id: int) -> bool:
    """Whether another active member than this one has a permission."""
    roles = [name for name, role in ROLES.items() if permission in role.permissions]
    others = select(MEMBER.c.id).where(MEMBER.c.active, MEMBER.c.role.in_(roles), MEMBER.c.id != member_id)
    return tx.execute(others.limit(1)).first() is not None
