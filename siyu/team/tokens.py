"""Tokens 接口令牌: what programs log in with. Shown once; only the hash and the first letters are stored."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, insert, or_, select, update

from siyu.foundation.errors import Fault, InvalidError, NotFoundError
from siyu.foundation.secrets import Secrets
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.team._tables import MEMBER, TOKEN
from siyu.team.audit import Actor, record
from siyu.team.roles import ROLES, RoleName, permissions_of
from siyu.team.sessions import hash_secret

PREFIX = "siyu_"
TOUCH_EVERY = timedelta(minutes=1)
_SHOWN = len(PREFIX) + 6


@dataclass(frozen=True)
class Token:
    """A key for a program. `prefix` is enough to know it again, not to use it."""

    id: int
    name: str
    role: RoleName
    prefix: str
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    created_by: str


@dataclass(frozen=True)
class TokenUse:
    """A token in force and what it may do: its role's permissions, never more than its maker has today."""

    token: Token
    member_id: int | None
    permissions: frozenset[str]


_COLUMNS = tuple(TOKEN.c[name] for name in Token.__dataclass_fields__)


def local_token(stores: Stores) -> str:
    """The local command line's token: derived from the master key, never stored, known to no one else."""
    return local_token_of(stores.secrets)


def local_token_of(secrets: Secrets) -> str:
    """The same, for a process that has the keys but not the stores."""
    return secrets.sign(b"local command line").hex()


def is_local_token(stores: Stores, secret: str) -> bool:
    return hmac.compare_digest(secret.encode(), local_token(stores).encode())


def list_tokens(stores: Stores) -> list[Token]:
    """Tokens that were not revoked; expired ones stay in sight until they are."""
    with stores.ledger.read() as tx:
        return [
            Token(*row)
            for row in tx.execute(select(*_COLUMNS).where(TOKEN.c.revoked_at.is_(None)).order_by(TOKEN.c.id))
        ]


def add_token(
    stores: Stores, actor: Actor, member_id: int | None, *, name: str, role: str, expires_at: datetime | None
) -> tuple[str, Token]:
    """Make a token; its secret is returned here and nowhere else. `member_id` is who answers for it.

    Raises
    ------
    InvalidError
        With every fault of name, role and expiry.
    """
    now = stores.now()
    _check(name.strip(), role, expires_at, now)
    secret = PREFIX + secrets.token_urlsafe(32)
    row = {
        "name": name.strip(), "role": role, "prefix": secret[:_SHOWN], "secret_hash": hash_secret(secret),
        "member_id": member_id, "created_by": actor.name[:80], "created_at": now, "expires_at": expires_at,
    }  # fmt: skip
    with stores.ledger.begin() as tx:
        token = Token(*tx.execute(insert(TOKEN).returning(*_COLUMNS), row).one())
        until = expires_at.isoformat() if expires_at else None
        detail = {"name": token.name, "role": role, "prefix": token.prefix, "expires_at": until}
        record(tx, actor, "token.added", f"token:{token.id}", detail, now)
    return secret, token


def revoke_token(stores: Stores, actor: Actor, token_id: int) -> None:
    now = stores.now()
    in_force = (TOKEN.c.id == token_id, TOKEN.c.revoked_at.is_(None))
    with stores.ledger.begin() as tx:
        name = tx.execute(
            update(TOKEN).where(*in_force).values(revoked_at=now).returning(TOKEN.c.name)
        ).scalar_one_or_none()
        if name is None:
            raise NotFoundError(Text(f"没有令牌 {token_id}", f"There is no token {token_id}"))
        record(tx, actor, "token.revoked", f"token:{token_id}", {"name": name}, now)


def find_token(stores: Stores, secret: str) -> TokenUse | None:
    """The token of a secret: known, not revoked, not expired, its maker active."""
    query = (
        select(*_COLUMNS, TOKEN.c.member_id, MEMBER.c.role.label("maker_role"))
        .join_from(TOKEN, MEMBER, isouter=True)
        .where(TOKEN.c.secret_hash == hash_secret(secret), *_in_force(stores.now()))
    )
    with stores.ledger.read() as tx:
        row = tx.execute(query).one_or_none()
    if row is None:
        return None
    token = Token(*row[: len(_COLUMNS)])
    allowed = permissions_of(token.role)
    return TokenUse(
        token, row.member_id, allowed if row.member_id is None else allowed & permissions_of(row.maker_role)
    )


def touch_token(stores: Stores, token: Token) -> None:
    with stores.ledger.begin() as tx:
        tx.execute(update(TOKEN).where(TOKEN.c.id == token.id).values(last_used_at=stores.now()))


def _in_force(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        TOKEN.c.revoked_at.is_(None),
        or_(TOKEN.c.expires_at.is_(None), TOKEN.c.expires_at > now),
        or_(TOKEN.c.member_id.is_(None), MEMBER.c.active),
    )


def _check(name: str, role: str, expires_at: datetime | None, now: datetime) -> None:
    faults = []
    if not 1 <= len(name) <= 80:
        faults.append(Fault("name", Text("名称要有 1 到 80 个字", "the name must have 1 to 80 characters")))
    if role not in ROLES:
        known = ", ".join(ROLES)
        faults.append(Fault("role", Text(f"没有这个角色；可用：{known}", f"no such role; there are: {known}")))
    if expires_at is not None and expires_at <= now:
        faults.append(Fault("expires_at", Text("到期时间必须在将来", "the expiry must be in the future")))
    if faults:
        raise InvalidError(
            Text(f"有 {len(faults)} 处不对", f"{len(faults)} thing(s) are not valid"), faults=faults
        )
