"""Saying 取内容: what the people of a dispatch are told, in the form of its carrier."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import pyarrow as pa

from siyu.content import links, pieces, render
from siyu.content.kinds import Carrier
from siyu.foundation.errors import InvalidError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.messaging.carriers.port import Content
from siyu.messaging.outbox import Dispatch
from siyu.messaging.sends import Send

Said = tuple[Content, set[int]]
"""Content by place among the messages, and the customers for whom a variable has no value."""
Say = Callable[[Stores, Send, Dispatch, pa.Table], Said]
_ABOUT = ("customer_id", "identity_key")


def say(stores: Stores, send: Send, dispatch: Dispatch, messages: pa.Table) -> Said:
    """Render the version of a dispatch for its people, once for all of them.

    Raises
    ------
    SiyuError
        When the version cannot be had any more.
    """
    carrier = next((name for name in get_args(Carrier) if name == dispatch.carrier), None)
    if carrier is None:
        raise InvalidError(Text(f"没有 {dispatch.carrier} 的内容形式", f"content has no form for {dispatch.carrier}"))
    if send.spec.said:
        # A body for each: what one person asked for is never a mass send.
        return Content([dict(send.spec.said) for _ in range(max(1, messages.num_rows))]), set()
    piece_id, version = send.spec.content[dispatch.variant]
    sender = dispatch.staff if carrier in render.ONE_FOR_ALL else ""
    with stores.ledger.begin() as tx:
        pieces.sendable(tx, {piece_id: version}, stores.now())
        tracked = links.prepare(tx, piece_id, version, send_id=send.id, variant=dispatch.variant, sender=sender, now=stores.now())
    ids, keys = messages["customer_id"].to_pylist(), messages["identity_key"].to_pylist()
    found = render.for_people(stores, piece_id, version, carrier, ids, keys, tracked, staff=dispatch.staff, brand=stores.settings.brand_name)
    own = [name for name in found.people.column_names if name not in _ABOUT]
    if not own:
        return Content([found.shared]), set(found.no_value)
    columns = [found.people[name].to_pylist() for name in own]
    cells = zip(*columns, strict=True) if columns else iter(())
    bodies = dict(zip(zip(*(found.people[name].to_pylist() for name in _ABOUT), strict=True), ({**found.shared, **dict(zip(own, row, strict=True))} for row in cells), strict=True))
    return Content([bodies.get(key, found.shared) for key in zip(ids, keys, strict=True)]), set(found.no_value)
