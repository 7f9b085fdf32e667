"""The small files: goods, sources and their spend, live codes, carriers, stores, staff, contents."""

import datetime as dt

import numpy as np
import pyarrow as pa

from siyu_sandbox.brand.contents import load_contents
from siyu_sandbox.brand.goods import load_goods
from siyu_sandbox.brand.network import CARRIERS, Network
from siyu_sandbox.brand.plan import Ints, Plan
from siyu_sandbox.brand.sources import load_sources
from siyu_sandbox.brand.tables import table


def registers(plan: Plan, network: Network) -> dict[str, pa.Table]:
    """Every small file that does not depend on the people drawn."""
    return {
        "products": _products(plan),
        "sources": _sources(plan),
        "live_codes": _live_codes(plan, network),
        "carriers": _carriers(plan),
        "stores": _stores(plan, network),
        "staff": _staff(plan, network),
        "contents": _contents(plan),
    }


def spend_table(plan: Plan, arrivals: Ints) -> pa.Table:
    """Money spent per source and calendar month.

    Parameters
    ----------
    arrivals : people by source (rows) and calendar month of the window (columns).

    Returns
    -------
    One row per source and month with spend above 0. A source paid by result costs its CAC per person with
    monthly noise; one paid as a fixed fee costs the same in each month it runs, and meets its CAC only over
    the whole run.
    """
    random, sources = plan.stream("spend"), load_sources()
    fen = np.rint(arrivals * sources.cac_yuan[:, None] * 100 * random.lognormal(0.0, 0.12, arrivals.shape))
    for source in np.flatnonzero(sources.lump):
        running = arrivals[source] > 0
        fee = sources.cac_yuan[source] * 100 * arrivals[source].sum() / max(int(running.sum()), 1)
        fen[source] = np.where(running, np.rint(fee), 0)
    row, month = np.nonzero(fen)
    first = np.datetime64(plan.began_on, "M")
    return table(
        "spend",
        {
            "source": [sources.key[position] for position in row],
            "month": pa.array((first + month).astype("datetime64[D]"), pa.date32()),
            "spend_fen": pa.array(fen[row, month].astype(np.int64)),
        },
    )


def _day(plan: Plan, share: float, before_days: int = 0) -> dt.date:
    """Local day at a share of the window, moved back for what began before it."""
    return plan.began_on + dt.timedelta(days=int(share * plan.days) - (before_days if share == 0 else 0))


def _products(plan: Plan) -> pa.Table:
    goods = load_goods()
    return table(
        "products",
        {
            "sku": goods.sku,
            "name": goods.name,
            "category": goods.category,
            "list_fen": pa.array(goods.list_fen),
            "cost_fen": pa.array(goods.cost_fen),
            "launched_on": [
                _day(plan, share, 30 + 7 * position % 400)
                for position, share in enumerate(goods.launch_share)
            ],
            "trial": pa.array(goods.trial),
        },
    )


def _sources(plan: Plan) -> pa.Table:
    sources = load_sources()
    return table(
        "sources",
        {
            "source": sources.key,
            "name": sources.name,
            "kind": sources.kind,
            "how": sources.how,
            "began_on": [_day(plan, share) for share in sources.active_from],
        },
    )


def _live_codes(plan: Plan, network: Network) -> pa.Table:
    sources = load_sources()
    return table(
        "live_codes",
        {
            "live_code_id": network.code_id,
            "name": network.code_name,
            "source": [sources.key[source] for source in network.code_source],
            "store_id": [network.store_id[store] if store >= 0 else None for store in network.code_store],
            "created_on": [_day(plan, sources.active_from[source]) for source in network.code_source],
        },
    )


def _carriers(plan: Plan) -> pa.Table:
    ids, kinds, companies, names, quotas, opened, states = zip(*CARRIERS, strict=True)
    columns = {"carrier_id": ids, "kind": kinds, "company": companies, "name": names, "monthly_quota": quotas}
    opened_on = [_day(plan, share, 60) for share in opened]
    return table(
        "carriers",
        {name: list(values) for name, values in columns.items()}
        | {"opened_on": opened_on, "status": list(states)},
    )


def _stores(plan: Plan, network: Network) -> pa.Table:
    return table(
        "stores",
        {
            "store_id": network.store_id,
            "name": network.store_name,
            "province": [network.province[city] for city in network.store_city],
            "city": [network.city[city] for city in network.store_city],
            "opened_on": [
                _day(plan, 0.0, 40 + 55 * number) for number in range(len(network.store_id), 0, -1)
            ],
        },
    )


def _staff(plan: Plan, network: Network) -> pa.Table:
    stores = [network.store_id[store] if store >= 0 else None for store in network.staff_store]
    heads = set(network.staff_order[:-1].tolist())
    roles = ["店长" if number in heads else "导购" for number in range(len(stores))]
    return table(
        "staff",
        {
            "staff_id": network.staff_id,
            "name": network.staff_name,
            "role": [role if store else "私域客服" for role, store in zip(roles, stores, strict=True)],
            "store_id": stores,
            "carrier_id": network.staff_carrier,
            "hired_on": [_day(plan, 0.0, 20 + 11 * number % 380) for number in range(len(stores))],
        },
    )


def _contents(plan: Plan) -> pa.Table:
    rows = load_contents()
    columns: dict[str, object] = {
        name: [getattr(row, name) for row in rows]
        for name in ("content_id", "title", "kind", "purpose", "category", "text")
    }
    created = [_day(plan, 0.0, 3 + number) for number in range(len(rows))]
    return table("contents", columns | {"created_on": created})
