"""Variables of surveys 问卷链接: each person's own link in a message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from siyu.content.variables import Variable
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.surveys import _tables, links

LINK = "问卷:"
_t = _tables.survey


class Links:
    prefixes: Mapping[str, str] = {LINK: "survey:"}

    def choices(self, tx: Connection) -> list[Variable]:
        return [Variable(f"{LINK}{name}", f"survey:{name}", "surveys", Text(f"「{name}」的链接", f"link to {name}"), "https://…/s/…") for name in self._live(tx)]

    def load(self, stores: Stores, tx: Connection, names: Iterable[str], customer_ids: Sequence[int]) -> dict[str, Mapping[int, Any]]:
        numbers = self._live(tx)
        wanted = {name: numbers[key] for name in names if (key := name.removeprefix(LINK)) in numbers}
        return {name: dict(zip(customer_ids, links.addresses(stores, number, customer_ids), strict=True)) for name, number in wanted.items()}

    def _live(self, tx: Connection) -> dict[str, int]:
        """Of surveys with the same name the newest; one that is closed has no link to send."""
        return {row.name: int(row.id) for row in tx.execute(select(_t.c.id, _t.c.name).where(_t.c.status == "live").order_by(_t.c.id))}


VARIABLES = Links()
