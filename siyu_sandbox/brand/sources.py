"""Where the brand's people come from, and how differently the sources behave (`sources.csv`).

`elevator_ad` is the wasted half: a fixed monthly fee, few buyers, little repurchase. `fission_draw` brings
羊毛党: almost free to acquire, trial packs, deep discounts, refunds, and a quick block.
"""

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from siyu_sandbox.brand.plan import Bools, Floats


@dataclass(frozen=True)
class Sources:
    """One entry per source, in the order of the file."""

    key: list[str]
    name: list[str]
    kind: list[str]
    """owned 自有, paid 付费, referral 老带新, free 自然."""
    how: list[str]
    """How a contact of this source is added: live_code, referral, group, search."""
    share: Floats
    """Share of all people."""
    active_from: Floats
    active_to: Floats
    """When the source runs, as shares of the window."""
    cac_yuan: Floats
    lump: Bools
    """Paid as a fixed monthly fee, whatever it brings."""
    conversion: Floats
    """Probability that a person of this source ever orders."""
    rate: Floats
    """Buying rate against the brand's mean."""
    loyalty: Floats
    """Above 1: less likely to stop after a purchase."""
    basket: Floats
    discount: Floats
    refund: Floats
    annoyance: Floats
    """How fast promotion makes these people leave."""
    wecom: Floats
    """Probability of being a WeCom contact."""
    home_shop: list[str]
    """Shop of the first order; 门店 means the person's own store."""

    def position(self, key: str) -> int:
        """Position of a source by its key."""
        return self.key.index(key)


@cache
def load_sources() -> Sources:
    """Read the sources that ship with the package."""
    text = (resources.files(__package__) / "sources.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))

    def numbers(column: str) -> Floats:
        return np.array([float(row[column]) for row in rows])

    return Sources(
        key=[row["source"] for row in rows],
        name=[row["name"] for row in rows],
        kind=[row["kind"] for row in rows],
        how=[row["how"] for row in rows],
        share=numbers("share"),
        active_from=numbers("active_from"),
        active_to=numbers("active_to"),
        cac_yuan=numbers("cac_yuan"),
        lump=numbers("lump_yuan") > 0,
        conversion=numbers("conversion"),
        rate=numbers("rate"),
        loyalty=numbers("loyalty"),
        basket=numbers("basket"),
        discount=numbers("discount"),
        refund=numbers("refund"),
        annoyance=numbers("annoyance"),
        wecom=numbers("wecom"),
        home_shop=[row["home_shop"] for row in rows],
    )
