"""Sessions 会话: log-in, log-out, and who a cookie stands for. Only the hash of its secret is stored."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.team._tables import MEMBER, SESSION
from siyu.team._throttle import Buckets, buckets_of, count_attempt, forgive
from siyu.team.audit import Actor, record
from siyu.team.errors import WrongLoginError
from siyu.team.members import MEMBER_COLUMNS, Member, check_new_password, end_sessions, plain_login, to_member
from siyu.team.passwords import hash_password, is_password, needs_rehash

TOUCH_EVERY = timedelta(minutes=5)
"""A session's last use is written down at most so often: reading pages must not write each time."""


@dataclass(frozen=True)
class Session:
    """A browser that is logged in."""

    id: int
    member: Member
    seen_at: datetime


def hash_secret(secret: str) -> str:
    """SHA-256: the secrets are 256 random bits, in no dictionary, so a slow hash would add nothing."""
    return hashlib.sha256(secret.encode()).hexdigest()


def actor_of(member: Member) -> Actor:
    return Actor(member.id, member.name, "member")


def log_in(
    stores: Stores, login: str, password: str, address: str, old_secret: str | None
) -> tuple[str, Member]:
    """Open a session; returns the cookie's new secret.

    What the browser held before, `old_secret`, is ended and never used again.

    Raises
    ------
    WrongLoginError, LoginThrottledError
        The same for a login that exists and one that does not.
    """
    login = plain_login(login)
    buckets = buckets_of(stores.secrets, login, address)
    known_hash = _attempt(stores, buckets, login)
    right = is_password(known_hash, password)
    if not right or known_hash is None:
        raise _wrong_login()
    fresh_hash = hash_password(password) if needs_rehash(known_hash) else known_hash
    now = stores.now()
    with stores.ledger.begin() as tx:
        forgive(tx, buckets)
        member = _enter(tx, login, known_hash, fresh_hash, now)
        tx.execute(delete(SESSION).where(SESSION.c.expires_at <= now))
        if old_secret:
            tx.execute(delete(SESSION).where(SESSION.c.secret_hash == hash_secret(old_secret)))
        secret = _open(tx, stores, member, now)
        record(tx, actor_of(member), "session.opened", f"member:{member.id}", {}, now)
    return secret, member


def _enter(tx: Connection, login: str, known_hash: str, fresh_hash: str, now: datetime) -> Member:
    """The member, who may have been deactivated or given another password since the hash was read."""
    same = (MEMBER.c.login == login, MEMBER.c.active, MEMBER.c.password_hash == known_hash)
    seen = update(MEMBER).where(*same).values(password_hash=fresh_hash, last_seen_at=now)
    row = tx.execute(seen.returning(*MEMBER_COLUMNS)).one_or_none()
    if row is None:
        raise _wrong_login()
    return to_member(row)


def log_out(stores: Stores, secret: str) -> None:
    """End the session of this cookie, if there is one."""
    now = stores.now()
    with stores.ledger.begin() as tx:
        ended = (
            delete(SESSION).where(SESSION.c.secret_hash == hash_secret(secret)).returning(SESSION.c.member_id)
        )
        member_id = tx.execute(ended).scalar_one_or_none()
        if member_id is not None:
            row = tx.execute(select(*MEMBER_COLUMNS).where(MEMBER.c.id == member_id)).one()
            record(tx, actor_of(to_member(row)), "session.closed", f"member:{member_id}", {}, now)


def find_session(stores: Stores, secret: str) -> Session | None:
    """The session of a cookie: known, not expired, of an active member."""
    query = (
        select(*MEMBER_COLUMNS, SESSION.c.id.label("session_id"), SESSION.c.seen_at)
        .join_from(SESSION, MEMBER)
        .where(
            SESSION.c.secret_hash == hash_secret(secret), SESSION.c.expires_at > stores.now(), MEMBER.c.active
        )
    )
    with stores.ledger.read() as tx:
        row = tx.execute(query).one_or_none()
    return None if row is None else Session(row.session_id, to_member(row), row.seen_at)


def touch_session(stores: Stores, session: Session) -> None:
    """Write down that the session is in use, which prolongs it."""
    now = stores.now()
    with stores.ledger.begin() as tx:
        used = {"seen_at": now, "expires_at": _expiry(stores, now)}
        # The member first, as in `change_member`: two transactions must not wait for each other.
        tx.execute(update(MEMBER).where(MEMBER.c.id == session.member.id).values(last_seen_at=now))
        tx.execute(update(SESSION).where(SESSION.c.id == session.id).values(**used))


def change_password(stores: Stores, session: Session, old: str, new: str, address: str) -> str:
    """Set one's own new password; ends all of one's sessions and opens a new one, whose secret is returned.

    Raises
    ------
    WrongLoginError, LoginThrottledError, InvalidError
        A stolen cookie must not allow guessing: attempts are counted as log-ins are.
    """
    member = session.member
    buckets = buckets_of(stores.secrets, member.login, address)
    known_hash = _attempt(stores, buckets, member.login)
    if not is_password(known_hash, old):
        raise WrongLoginError(Text("原密码不对", "The old password is not right"))
    check_new_password("new_password", new, member.login)
    new_hash, now = hash_password(new), stores.now()
    with stores.ledger.begin() as tx:
        forgive(tx, buckets)
        tx.execute(update(MEMBER).where(MEMBER.c.id == member.id).values(password_hash=new_hash))
        end_sessions(tx, member.id)
        record(tx, actor_of(member), "password.changed", f"member:{member.id}", {}, now)
        return _open(tx, stores, member, now)


def _attempt(stores: Stores, buckets: Buckets, login: str) -> str | None:
    """Count the attempt before looking at the password (many at once cannot slip by); the member's hash."""
    with stores.ledger.begin() as tx:
        count_attempt(tx, buckets, stores.now())
        return tx.execute(
            select(MEMBER.c.password_hash).where(MEMBER.c.login == login, MEMBER.c.active)
        ).scalar_one_or_none()


def _open(tx: Connection, stores: Stores, member: Member, now: datetime) -> str:
    secret = secrets.token_urlsafe(32)
    row = {
        "secret_hash": hash_secret(secret), "member_id": member.id,
        "created_at": now, "seen_at": now, "expires_at": _expiry(stores, now),
    }  # fmt: skip
    tx.execute(insert(SESSION), row)
    return secret


def _expiry(stores: Stores, now: datetime) -> datetime:
    return now + timedelta(days=stores.settings.session_days)


def _wrong_login() -> WrongLoginError:
    return WrongLoginError(Text("登录名或密码不对", "The login or the password is not right"))
