"""Content for tests: the library behind HTTP, used by members of a team, and pieces that may be sent."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert

from siyu.content import pieces, reviews
from siyu.content import routes as content_routes
from siyu.content.pieces import Author, Draft, Piece
from siyu.foundation.database import metadata
from siyu.foundation.stores import Stores
from siyu.team import routes as team_routes
from siyu.team import tokens
from siyu.team.audit import SYSTEM
from siyu.web.application import build_application
from tests.makers.customers import Desk

ROLES = {"alice": "owner", "olga": "operator", "bob": "guide", "ann": "analyst"}
WRITER, JUDGE = Author("member:1001", "Writer"), Author("member:1002", "Judge")


def open_desk(stores: Stores, *more: Any) -> Desk:
    """Alice owns, Olga is an operator, Bob a guide, Ann an analyst: members of the team, each with a token of their own."""
    app = build_application(stores, [team_routes.router, content_routes.router, *more], title="Siyu", version="0.0.test")
    secrets = {}
    for who, role in ROLES.items():
        with stores.ledger.begin() as tx:
            # Nobody logs in with a password here, and a hash takes a tenth of a second.
            row = {"login": who, "name": who.title(), "role": role, "active": True, "password_hash": "none", "created_at": stores.now()}
            key = tx.execute(insert(metadata.tables["team_member"]).values(row)).inserted_primary_key
        assert key is not None
        secrets[who], _ = tokens.add_token(stores, SYSTEM, int(key[0]), name=who, role=role, expires_at=None)
    return Desk(stores, app, secrets)


def put_piece(stores: Stores, body: dict[str, Any], *, kind: Any = "text", purpose: Any = "value", name: str = "一条素材", approve: bool = True) -> Piece:
    """A piece that may be sent."""
    with stores.ledger.begin() as tx:
        made = pieces.add(tx, Draft(name, kind, purpose, body), WRITER, stores.now())
        return approved(stores, tx, made) if approve else made


def approved(stores: Stores, tx: Connection, piece: Piece) -> Piece:
    reviews.ask(tx, piece.id, WRITER, stores.now())
    return reviews.decide(tx, piece.id, piece.version, "approve", JUDGE, stores.now())
