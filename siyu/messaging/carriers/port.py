"""Port 发送接口: what the dispatcher gives a sender, and what a sender answers. No store is written here.

Whoever implements `Sender` makes calls and says what became of them; the dispatcher writes it down before (attempting) and after.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, Protocol

import pyarrow as pa

from siyu.carriers.accounts import Account
from siyu.carriers.calls import Calls
from siyu.connectors.errors import (
    AccountRestricted,
    BadCredentials,
    CarrierError,
    ContentError,
    Throttled,
    Unavailable,
)

Kind = Literal["sent", "refused", "throttled", "unavailable", "restricted", "unknown"]
"""sent · refused (for good: this person, or this content) · throttled (nothing done; again at `retry_at`) · unavailable (nothing
done; again after a while) · restricted (the account may not: nothing done) · unknown (it may have been sent; never again by itself)."""


AGAIN = "again"
"""Code of an outcome `sent`: the carrier knew the key, and sent nothing a second time."""


@dataclass(frozen=True)
class Content:
    """What is said, in the carrier's own form: one body for all, or one a person in the order of the chunk's people."""

    bodies: Sequence[dict[str, Any]]

    def of(self, row: int) -> dict[str, Any]:
        return self.bodies[row] if len(self.bodies) > 1 else self.bodies[0]

    def take(self, rows: Sequence[int]) -> Content:
        """What these people are told."""
        return self if len(self.bodies) == 1 else Content([self.bodies[row] for row in rows])


@dataclass(frozen=True)
class Chunk:
    """The people of one call or conversation: one send, one account, one sender of the carrier's, one variant.

    `people` (Arrow, a row a person): customer_id int64, identity_key int64, route int16, address (the carrier's id of them, or
    phone, e-mail, …) string. `key` is at most 32 bytes of [A-Za-z0-9-] and the same in each attempt of this chunk. `again`: nobody knows
    what became of the first time, and the key is handed over once more to find out.
    """

    dispatch_id: int
    fence: int
    send_id: int
    account: Account
    staff: str
    variant: str
    purpose: str
    key: str
    people: pa.Table
    attempted_at: datetime
    again: bool = False

    @cached_property
    def addresses(self) -> list[str]:
        found: list[str] = self.people["address"].to_pylist()
        return found

    def keys(self) -> list[str]:
        """An id for each person's own message, at most 32 bytes, the same in whichever chunk or attempt the message goes out."""
        columns = (self.people[name].to_pylist() for name in ("customer_id", "route", "identity_key"))
        return [f"{self.send_id:x}-{customer:x}-{route:x}-{key & 0xFFFF:x}"[:32] for customer, route, key in zip(*columns, strict=True)]


@dataclass(frozen=True)
class Part:
    """What became of some of a chunk: `rows` are places among its people. `gone`: their addresses do not exist, and are not used again."""

    kind: Kind
    rows: Sequence[int]
    code: str | None = None
    retry_at: datetime | None = None
    gone: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of everybody, but for those whom `others` names.

    `ref` is what the carrier calls it. `floating`: a task that staff have still to send.
    """

    kind: Kind
    code: str | None = None
    retry_at: datetime | None = None
    ref: str | None = None
    floating: bool = False
    others: Sequence[Part] = ()


class Sender(Protocol):
    """One carrier. `chunk`: people a dispatch holds at most. `step`: people of one call of `send`; what was in the step that a
    killed process had begun is unknown afterwards, so it is small (some hundreds) where people are told one by one.

    `idempotent`: handing in the same `key` again tells nobody twice, so an unknown outcome is settled by `send` itself.
    """

    chunk: int
    idempotent: bool

    def step(self, content: Content) -> int:
        """People of one call of `send`."""
        ...

    async def send(self, calls: Calls, chunk: Chunk, content: Content) -> Outcome:
        """Hand it over. An error of the carrier may be raised: `outcome_of` says what it means for the whole step."""
        ...

    async def reconcile(self, calls: Calls, chunk: Chunk) -> Outcome | None:
        """Ask the carrier what became of an unknown step, without sending. None: it cannot tell (yet); `unavailable` with the code
        `not_made`: surely nothing was done."""
        ...


def outcome_of(error: BaseException) -> Outcome:
    """What an error means for everybody of the step that raised it."""
    if isinstance(error, Throttled):
        return Outcome("throttled", error.vendor_code or error.code, error.retry_at)
    if isinstance(error, Unavailable):
        return Outcome("unknown" if error.reached is None else "unavailable", error.vendor_code or error.code)
    if isinstance(error, AccountRestricted | BadCredentials):
        return Outcome("restricted", error.vendor_code or error.code)
    if isinstance(error, ContentError):
        return Outcome("refused", error.code)
    if isinstance(error, CarrierError):
        # An echo of an earlier try of the same call that may have worked is no answer about that try.
        return Outcome("unknown" if error.after_unknown else "refused", error.vendor_code or error.code)
    return Outcome("unknown", "broke_off")
