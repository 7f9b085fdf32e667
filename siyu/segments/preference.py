"""Preference 偏好: the category that a customer is most drawn to, in a share that few orders cannot inflate.

    share(c, k) = (spend(c, k) + w · base(k)) / (spend(c) + w)

`base(k)` is the share of category k in all sales and w the mean spend of a buyer: somebody with one small order is close to
the base, somebody with many has their own shares. The largest share among the categories bought is the preference;
ties go to the first name.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from siyu.foundation.warehouse.engines import Session


def preferences(session: Session, lines: ir.Table, as_of_on: int) -> ir.Table:
    """customer_id, top_category, top_category_rate (0–1), one row a buyer of goods whose category is known.

    One row in is one order line; lines of kind sale with a buyer, a category and a day up to `as_of_on` count.
    """
    valid = lines.filter((lines.kind == "sale") & (lines.customer_id > 0) & lines.category.notnull() & (lines.ordered_on <= as_of_on))
    spent = session.keep("_spent", valid.group_by("customer_id", "category").agg(fen=valid.amount_fen.sum().cast("int64")))
    own = spent.group_by("customer_id").agg(all_fen=spent.fen.sum().cast("int64"))
    total, buyers = int(session.scalar(spent.fen.sum()) or 0), int(session.scalar(own.count()))
    if not total:
        return own.select("customer_id", top_category=ibis.null("string"), top_category_rate=ibis.null("float64"))
    weight = total / buyers
    base = spent.group_by("category").agg(base=spent.fen.sum() / total)
    shares = spent.inner_join(own, "customer_id").inner_join(base, "category")
    rated = shares.mutate(rate=(shares.fen + shares.base * weight) / (shares.all_fen + weight))
    best = ibis.window(group_by="customer_id", order_by=[rated.rate.desc(), rated.category])
    placed = rated.mutate(place=ibis.row_number().over(best))
    return placed.filter(placed.place == 0).select("customer_id", top_category="category", top_category_rate="rate")
