"""Coupon 发券: a code for each person; who cannot have one (none left, the limit) goes the other way with the reason."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from msgspec import Meta
from sqlalchemy import Connection

from siyu.foundation.errors import Fault, NotFoundError
from siyu.foundation.text import Text
from siyu.journeys.giving import rounds
from siyu.journeys.people import Moves, People
from siyu.journeys.steps.step import Context, Settings, Step
from siyu.loyalty import codes, coupons

REFUSED = 1
_COUPON = Meta(ge=0, le=2**63 - 1, extra_json_schema={"label": {"zh": "优惠券", "en": "Coupon"}, "picker": "coupon"})


class CouponSettings(Settings, frozen=True):
    coupon: Annotated[int, _COUPON] = 0


class IssueCoupon(Step):
    kind = "coupon"
    label = Text("发优惠券", "Coupon")
    description = Text("给每人一张券码；库存发完或已达上限的人走另一条线", "a code for each person; who cannot have one goes the other way, with the reason")
    group = "customer"
    Settings = CouponSettings
    writes = True

    def edges(self, settings: CouponSettings) -> tuple[str, ...]:
        return ("done", "refused")

    def check(self, tx: Connection, settings: CouponSettings, field: str) -> list[Fault]:
        try:
            coupon = coupons.find(tx, settings.coupon)
        except NotFoundError:
            return [Fault(f"{field}.coupon", Text("请选一张优惠券", "choose a coupon"))]
        if coupon.status != "live":
            return [Fault(f"{field}.coupon", Text(f"「{coupon.name}」没有启用；先启用它", f"“{coupon.name}” is not being issued; start it first"))]
        return []

    def act(self, ctx: Context, settings: CouponSettings, people: People) -> Moves | None:
        moves = Moves.along(len(people))
        edge, code = moves.edge.copy(), moves.code.copy()
        for ref, places in rounds(ctx, people):
            issued = codes.issue(ctx.stores, ctx.tx, settings.coupon, people.customer_id[places], ref=ref)
            for reason, ids in issued.refused.items():
                out = places[np.isin(people.customer_id[places], ids)]
                edge[out], code[out] = REFUSED, reason
        return Moves(edge, moves.due_ms, code)

    def sentence(self, settings: CouponSettings) -> Text:
        return Text(f"发券 #{settings.coupon}", f"coupon #{settings.coupon}")


STEP = IssueCoupon()
