"""The goods of the brand: 120 products in 8 categories, read from `goods.csv`."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

import numpy as np

from siyu_sandbox.brand.plan import Bools, Floats, Ints

GIFT_CATEGORY: Final = "礼盒"

SEASONALITY: Final = {
    "花草茶": (0.8, 0.8, 1.0, 1.1, 1.3, 1.5, 1.6, 1.4, 1.1, 0.9, 0.8, 0.7),
    "滋补养生": (1.4, 1.1, 0.9, 0.8, 0.7, 0.7, 0.7, 0.8, 1.1, 1.3, 1.5, 1.6),
    "茗茶": (1.0, 0.9, 1.3, 1.6, 1.2, 0.9, 0.8, 0.8, 1.0, 1.0, 1.0, 1.0),
    "礼盒": (2.4, 1.4, 0.9, 0.6, 1.0, 0.8, 0.6, 1.1, 2.2, 0.9, 0.8, 1.2),
}
"""Demand by calendar month against the year; categories not named are flat."""


@dataclass(frozen=True)
class Goods:
    """One entry per product, in the order of the file; money in fen."""

    sku: list[str]
    name: list[str]
    category: list[str]
    categories: list[str]
    category_index: Ints
    list_fen: Ints
    cost_fen: Ints
    launch_share: Floats
    """When it went on sale, as a share of the window; 0 is before the window began."""
    trial: Bools

    def monthly_demand(self) -> Floats:
        """Demand by calendar month (12 rows) and category (8 columns), each row summing to 1."""
        table = np.array([SEASONALITY.get(category, (1.0,) * 12) for category in self.categories]).T
        demand: Floats = table / table.sum(axis=1, keepdims=True)
        return demand

    def popularity(self) -> Floats:
        """Weight of each product inside its category: a power law, cheap goods before dear ones."""
        weights = np.zeros(len(self.sku))
        for category in range(len(self.categories)):
            inside = np.flatnonzero((self.category_index == category) & ~self.trial)
            ranked = inside[
                np.argsort(self.list_fen[inside] * (1 + 3 * (self.launch_share[inside] > 0)), kind="stable")
            ]
            weights[ranked] = 1 / np.arange(1, len(ranked) + 1) ** 0.55
            weights[inside] /= weights[inside].sum()
        return weights


@cache
def load_goods() -> Goods:
    """Read the goods that ship with the package."""
    text = (resources.files(__package__) / "goods.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    categories = list(dict.fromkeys(row["category"] for row in rows))
    return Goods(
        sku=[row["sku"] for row in rows],
        name=[row["name"] for row in rows],
        category=[row["category"] for row in rows],
        categories=categories,
        category_index=np.array([categories.index(row["category"]) for row in rows]),
        list_fen=np.array([round(float(row["list_yuan"]) * 100) for row in rows]),
        cost_fen=np.array([round(float(row["cost_yuan"]) * 100) for row in rows]),
        launch_share=np.array([float(row["launch_share"]) for row in rows]),
        trial=np.array([row["trial"] == "1" for row in rows]),
    )
