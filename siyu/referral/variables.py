"""Variables of referral 邀请链接: each person's own page of a programme in a message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from siyu.content.variables import Variable
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.referral import _tables, invitations

LINK = "邀请:"
_t = _tables.programme


class Links:
    prefixes: Mapping[str, str] = {LINK: "referral:"}

    def choices(self, tx: Connection) -> list[Variable]:
        return [Variable(f"{LINK}{name}", f"referral:{name}", "referral", Text(f"「{name}」的邀请页", f"invitation page of {name}"), "https://…/i/my/…") for name in self._live(tx)]

    def load(self, stores: Stores, tx: Connection, names: Iterable[str], customer_ids: Sequence[int]) -> dict[str, Mapping[int, Any]]:
        numbers = self._live(tx)
        wanted = {name: numbers[key] for name in names if (key := name.removeprefix(LINK)) in numbers}
        return {name: dict(zip(customer_ids, invitations.progress_addresses(stores, number, customer_ids), strict=True)) for name, number in wanted.items()}

    def _live(self, tx: Connection) -> dict[str, int]:
        """Of programmes with the same name the newest; one that has stopped has no page to send."""
        return {row.name: int(row.id) for row in tx.execute(select(_t.c.id, _t.c.name).where(_t.c.status == "live").order_by(_t.c.id))}


VARIABLES = Links()
