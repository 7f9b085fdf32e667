"""Feeds over HTTP: listed, made, changed, paused, given another key."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal

from fastapi import Depends, Request
from pydantic import BaseModel

from siyu.collect import feeds
from siyu.collect.feeds import Feed
from siyu.foundation.http import Body, Items, Line, Router, RowId
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/feeds", tags=["feeds"])
Reader = Annotated[Access, Depends(require("events.read"))]
Writer = Annotated[Access, Depends(require("events.write"))]
Kind = Literal["web", "app", "mini_program", "server", "shop"]


class NewFeed(Body):
    """`write_key` takes over a key that clients have already; leave it out to have one made."""

    name: Line
    kind: Kind
    user_namespace: Line | None = None
    write_key: Line | None = None


class FeedChange(Body):
    name: Line | None = None
    kind: Kind | None = None
    user_namespace: Line | None = None
    status: Literal["active", "paused"] | None = None


class NewKey(Body):
    write_key: Line | None = None


class FeedInfo(BaseModel):
    """`operation_count` counts what was new; `previous_key` is valid until `previous_until`."""

    id: int
    name: str
    kind: Kind
    write_key: str
    previous_key: str | None
    previous_until: datetime | None
    user_namespace: str
    status: Literal["active", "paused"]
    created_at: datetime
    created_by: str
    first_heard_at: datetime | None
    heard_at: datetime | None
    operation_count: int

    @classmethod
    def of(cls, feed: Feed) -> FeedInfo:
        return cls(**asdict(feed))


@router.get("", summary="Everything that sends us events, with its write key")
def list_feeds(access: Reader) -> Items[FeedInfo]:
    with access.stores.ledger.read() as tx:
        return Items(items=[FeedInfo.of(feed) for feed in feeds.list_feeds(tx)])


@router.get("/{id}", summary="One feed")
def read_feed(id: RowId, access: Reader) -> FeedInfo:
    with access.stores.ledger.read() as tx:
        return FeedInfo.of(feeds.find_feed(tx, id))


@router.post("", status_code=201, summary="Make a feed")
def add_feed(body: NewFeed, request: Request, access: Writer) -> FeedInfo:
    stores = access.stores
    with stores.ledger.begin() as tx:
        made = feeds.add_feed(stores, tx, by=access.actor.name, **body.model_dump())
        audit.record(tx, access.actor, "feed.added", f"feed:{made.id}", {"name": made.name, "kind": made.kind}, stores.now())
    request.app.state.collector.look_again()
    return FeedInfo.of(made)


@router.patch("/{id}", summary="Change, pause or resume a feed")
def change_feed(id: RowId, body: FeedChange, request: Request, access: Writer) -> FeedInfo:
    stores, asked = access.stores, body.model_dump(exclude_none=True)
    with stores.ledger.begin() as tx:
        changed = feeds.change_feed(tx, feeds.find_feed(tx, id), **asked)
        audit.record(tx, access.actor, "feed.changed", f"feed:{id}", asked, stores.now())
    request.app.state.collector.look_again()
    return FeedInfo.of(changed)


@router.post("/{id}/key", summary="Give a feed another write key; the old one stays valid for 30 days")
def rotate_key(id: RowId, body: NewKey, request: Request, access: Writer) -> FeedInfo:
    stores = access.stores
    with stores.ledger.begin() as tx:
        changed = feeds.rotate_key(stores, tx, feeds.find_feed(tx, id), body.write_key)
        audit.record(tx, access.actor, "feed.key_rotated", f"feed:{id}", {}, stores.now())
    request.app.state.collector.look_again()
    return FeedInfo.of(changed)
