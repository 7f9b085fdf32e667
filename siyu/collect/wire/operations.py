"""Operations 操作: one thing that a client tells, the same whichever SDK told it."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

USER = "user"
"""Stands for the feed's `user_namespace` until the feed is known."""
ANONYMOUS = "anonymous"
MOST_OPERATIONS = 20_000
MOST_BYTES = 32_768
MOST_PROPERTIES = 200
LONGEST_ID = 255
LONGEST_NAME = 200


class Id(NamedTuple):
    """One identifier of a person. `namespace` is one of `events.identifiers`, or `USER`."""

    namespace: str
    value: str


class Change(NamedTuple):
    """Attributes that were changed alike: `op` is set, once, increment, append, unset or delete."""

    op: str
    values: dict[str, Any]


class Thing(NamedTuple):
    """What is no person: `kind` is item 物品 or group 群体, `type` and `id` are the brand's own. `op` is set or delete."""

    kind: str
    type: str
    id: str
    op: str


class Operation(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One operation. All `ids` are one person, whatever their order.

    `index` is its place in the request, `wire` and `event` are the client's own words, `name` is the activity that is stored (empty: none).
    `key` is the client's id of the operation, or its content where it has none. `told_ms` is when it happened and `sent_ms` when it was sent,
    both by the sender's clock, epoch ms. `cut` are identifiers that are no longer the person's.
    """

    index: int
    wire: str
    key: str
    ids: tuple[Id, ...]
    event: str = ""
    name: str = ""
    properties: dict[str, Any] = {}
    changes: tuple[Change, ...] = ()
    cut: tuple[Id, ...] = ()
    thing: Thing | None = None
    told_ms: int | None = None
    sent_ms: int | None = None


class Fault(msgspec.Struct, frozen=True, gc=False):
    """Why the operation at `index` (None: the whole request) cannot be taken in; `reason` is a key of `reasons.REASONS`.

    `detail` names a field or a limit, never a value that a person could be known by.
    """

    index: int | None
    reason: str
    detail: str = ""


class Read(NamedTuple):
    """What one request says. A fault does not stop the operations beside it."""

    operations: list[Operation]
    faults: list[Fault]
