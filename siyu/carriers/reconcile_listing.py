"""Listing 名单: whom a carrier says to be there, some pages at a time, in one form for all carriers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple, TypeVar

from siyu.carriers._limits import patient
from siyu.carriers.accounts import Account
from siyu.carriers.reading import GENDERS
from siyu.connectors.errors import Throttled

T = TypeVar("T")

PATIENCE_SECONDS = 7_200.0
"""A reconcile may wait two windows of an hour for its turn."""
GOES_ON_AFTER_BLOCKS = 3


class Listed(NamedTuple):
    """One relation as the carrier lists it; `at` None where the list does not tell when it began."""

    external_id: str
    staff: str
    at: datetime | None = None
    state: str | None = None
    add_way: int | None = None
    name: str | None = None
    kind: int | None = None
    gender: str | None = None
    unionid: str | None = None
    tags: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Pages:
    """Some pages, and where to go on; no cursor after the last."""

    items: list[Listed]
    next_cursor: str


async def staff_of(connector: Any, account: Account) -> list[str]:
    """The members of staff whose relations can be listed; '' for the account itself."""
    if account.product != "wecom":
        return [""]
    return sorted(set(await _patiently(connector.staff.serving)))


async def next_pages(connector: Any, account: Account, staff: Sequence[str], cursor: str, size: int) -> Pages:
    """Pages from `cursor` on until there are `size` relations or no more."""
    return await _patiently(partial(_read, connector, account, staff, cursor, size))


async def ids_of(connector: Any, account: Account, staff: str) -> set[str]:
    """Everybody whom the carrier lists now, by another way than the pages where it has one."""
    if account.product == "wecom":
        return set(await _patiently(partial(connector.customers.ids, staff)))
    return await _patiently(partial(_followers, connector))


async def _patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask, and wait for a closed window: once it was met, the limits know of it, and the next call waits until it is over."""
    with patient(PATIENCE_SECONDS):
        for _ in range(GOES_ON_AFTER_BLOCKS):
            try:
                return await ask()
            except Throttled:
                continue
        return await ask()


async def _followers(connector: Any) -> set[str]:
    found: set[str] = set()
    async for page in connector.followers.ids():
        found.update(page.items)
    return found


async def _read(connector: Any, account: Account, staff: Sequence[str], cursor: str, size: int) -> Pages:
    items: list[Listed] = []
    seen = {cursor}
    pages = connector.customers.of_staff(list(staff), cursor) if account.product == "wecom" else connector.followers.ids(cursor)
    async for page in pages:
        items += [_listed(one) for one in page.items]
        cursor = page.next_cursor
        if not cursor or len(items) >= size or cursor in seen:
            break
        seen.add(cursor)
    await pages.aclose()
    return Pages(items, cursor)


def _listed(one: Any) -> Listed:
    if isinstance(one, str):
        return Listed(one, "")
    customer, follow = one.customer, one.follow
    return Listed(
        customer.external_userid, follow.userid, follow.added_at, follow.state or None, follow.add_way, customer.name or None,
        customer.type, GENDERS.get(customer.gender), customer.unionid or None, tuple(follow.tag_id),
    )  # fmt: skip
