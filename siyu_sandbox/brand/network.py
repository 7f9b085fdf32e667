"""The brand's own side: cities it sells to, stores, staff 导购, carrier accounts and live codes."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

import numpy as np

from siyu_sandbox.brand.names import people_names
from siyu_sandbox.brand.plan import Floats, Ints, Plan
from siyu_sandbox.brand.sources import load_sources

CARRIERS: Final = (
    ("wecom-main", "wecom", "澄山里（杭州）生活科技有限公司", "企业微信·主体", 1, 0.0, "active"),
    ("wecom-second", "wecom", "澄山里（上海）商贸有限公司", "企业微信·备用主体", 1, 0.55, "active"),
    ("oa-brand", "wechat_oa", "澄山里（杭州）生活科技有限公司", "服务号·澄山里", 4, 0.0, "active"),
    ("mini-mall", "miniprogram", "澄山里（杭州）生活科技有限公司", "小程序·澄山里商城", 3, 0.0, "active"),
    ("sms-notice", "sms", "澄山里（杭州）生活科技有限公司", "短信·【澄山里】", 2, 0.0, "active"),
    ("email-letter", "email", "澄山里（杭州）生活科技有限公司", "邮件·山居来信", 2, 0.1, "active"),
)
"""carrier_id, kind, company, name, monthly quota per person, opened (share of the window), status."""
ONLINE_STAFF: Final = 10
"""Staff of the online desk, without a store; the last two work on the second company."""


@dataclass(frozen=True)
class Network:
    """Stores, staff and live codes; positions index the lists of the same kind."""

    city: list[str]
    province: list[str]
    city_weight: Floats
    store_id: list[str]
    store_name: list[str]
    store_city: Ints
    store_weight: Floats
    staff_id: list[str]
    staff_name: list[str]
    staff_store: Ints
    """Position of the store, -1 for the online desk."""
    staff_carrier: list[str]
    staff_order: Ints
    """First staff of each store, then of the online desk, then the number of all staff."""
    code_id: list[str]
    code_name: list[str]
    code_source: Ints
    code_store: Ints
    """Position of the store, -1 for the online desk."""

    def codes_of(self, source: int) -> Ints:
        """Positions of the live codes of a source."""
        return np.flatnonzero(self.code_source == source)


@cache
def _rows(name: str) -> list[dict[str, str]]:
    text = (resources.files(__package__) / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def build_network(plan: Plan) -> Network:
    """Read cities and stores, hire the staff and print the live codes of a plan."""
    cities, stores = _rows("cities.csv"), _rows("stores.csv")
    city = [row["city"] for row in cities]
    heads = [int(row["staff"]) for row in stores] + [ONLINE_STAFF]
    staff_store = np.repeat([*range(len(stores)), -1], heads)
    random = plan.stream("staff")
    names = [
        name.strip() for name in people_names(random, random.random(sum(heads)) < 0.8, dirty=0.0).to_pylist()
    ]
    codes = _codes([row["name"] for row in stores])
    return Network(
        city=city,
        province=[row["province"] for row in cities],
        city_weight=np.array([float(row["weight"]) for row in cities]),
        store_id=[row["store_id"] for row in stores],
        store_name=[row["name"] for row in stores],
        store_city=np.array([city.index(row["city"]) for row in stores]),
        store_weight=np.array([float(row["weight"]) for row in stores]),
        staff_id=[f"G{number:03d}" for number in range(1, sum(heads) + 1)],
        staff_name=names,
        staff_store=staff_store,
        staff_carrier=[
            "wecom-second" if sum(heads) - number <= 2 or store in (2, 3) else "wecom-main"
            for number, store in enumerate(staff_store)
        ],
        staff_order=np.concatenate(([0], np.cumsum(heads))),
        code_id=[f"LC{number:03d}" for number in range(1, len(codes) + 1)],
        code_name=[name for name, _, _ in codes],
        code_source=np.array([source for _, source, _ in codes]),
        code_store=np.array([store for _, _, store in codes]),
    )


def _codes(stores: list[str]) -> list[tuple[str, int, int]]:
    """Name, source and store of each live code: one per store, three per other source."""
    sources = load_sources()
    codes = [
        (f"{name}·收银台活码", sources.position("store_code"), store) for store, name in enumerate(stores)
    ]
    for source, key in enumerate(sources.key):
        if sources.how[source] in ("live_code", "group") and key != "store_code":
            codes += [(f"{sources.name[source]}·{mark}", source, -1) for mark in ("一期", "二期", "三期")]
    return codes
