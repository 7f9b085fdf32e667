"""Variables of loyalty 积分与券码: what a message may say of a person's points and coupons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from siyu.content.variables import Variable
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.loyalty import _tables, balances, codes, codewords

POINTS, CODE, LAST_DAY = "积分", "券码:", "券到期日:"
_c = _tables.coupon


class Loyal:
    """The balance, and for each coupon that is or was issued the person's newest code that can be used, with its last day."""

    prefixes: Mapping[str, str] = {POINTS: "points", CODE: "coupon:", LAST_DAY: "coupon_until:"}

    def choices(self, tx: Connection) -> list[Variable]:
        found = [Variable(POINTS, "points", "loyalty", Text("积分余额", "points they have"), "320")]
        for name in self._coupons(tx):
            found.append(Variable(f"{CODE}{name}", f"coupon:{name}", "loyalty", Text(f"{name}的券码", f"their code of {name}"), "7K2M-9QXA-4RTE"))
            found.append(Variable(f"{LAST_DAY}{name}", f"coupon_until:{name}", "loyalty", Text(f"{name}的到期日", f"last day of {name}"), "2026-12-31"))
        return found

    def load(self, stores: Stores, tx: Connection, names: Iterable[str], customer_ids: Sequence[int]) -> dict[str, Mapping[int, Any]]:
        found: dict[str, Mapping[int, Any]] = {}
        numbers = self._coupons(tx)
        wanted = set(names)
        if POINTS in wanted:
            have = balances.of(stores, tx, customer_ids)
            found[POINTS] = {one: have.get(one, 0) for one in customer_ids}
        for name in {one.partition(":")[2] for one in wanted if one != POINTS}:
            mine = codes.newest(stores, tx, numbers[name], customer_ids) if name in numbers else {}
            found[f"{CODE}{name}"] = {one: codewords.shown(code.code) for one, code in mine.items()}
            found[f"{LAST_DAY}{name}"] = {one: code.ends_on(stores) for one, code in mine.items()}
        return found

    def _coupons(self, tx: Connection) -> dict[str, int]:
        """Of coupons with the same name the newest."""
        return {row.name: int(row.id) for row in tx.execute(select(_c.c.id, _c.c.name).where(_c.c.status != "draft").order_by(_c.c.id))}


VARIABLES = Loyal()
