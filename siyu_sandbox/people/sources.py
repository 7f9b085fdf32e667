"""Where people come from (来源渠道), and what kind of people each source brings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np

from siyu_sandbox.brand.sources import load_sources
from siyu_sandbox.people import response
from siyu_sandbox.people.chance import Column
from siyu_sandbox.people.hearing import SAFE
from siyu_sandbox.registry import ControlFault, Json

NEED, MOST_NEED, NEED_SHAPE = 0.012, 0.1, 1.2
HUNTER_NEED = 0.05
# Of the sample brand's sources, those that draw deal-hunters.
HUNTERS = {"fission_draw": 0.55, "douyin_live": 0.2, "taobao_card": 0.1, "elevator_ad": 0.15}
FEW_HUNTERS = 0.04


@dataclass
class Source:
    """One source. `need`: mean purchases a day without any message; `price_sensitivity`: mean on 0–1; `deal_hunters`: share.

    People scan `qr` (or the contact way `config_id`), or add one of `staff` with `state`; `follow_share` of them also follow
    the Official Account, `open_share` open the Mini Program.
    """

    name: str
    per_day: float = 0.0
    cost_fen: int = 0
    deal_hunters: float = FEW_HUNTERS
    price_sensitivity: float = 0.45
    need: float = NEED
    trust: float = 0.5
    qr: str = ""
    staff: list[str] = field(default_factory=list)
    state: str = ""
    add_way: int = 1
    follow_share: float = 0.0
    open_share: float = 0.0
    corpid: str = ""
    official_account: str = ""
    mini_program: str = ""
    paused: bool = False

    def change(self, wish: Json) -> None:
        """Set what is named; all faults of a number are told."""
        known = {one.name for one in fields(self)}
        wish = dict(wish)
        if "config_id" in wish:
            wish["qr"] = wish.pop("config_id")
        wish.pop("share", None)
        if unknown := sorted(set(wish) - known):
            raise ControlFault(f"a source has no {', '.join(unknown)}")
        for name, value in wish.items():
            setattr(self, name, _checked(name, value, getattr(self, name)))

    def shown(self) -> Json:
        """As given and completed."""
        return asdict(self)


SHARES = ("deal_hunters", "price_sensitivity", "trust", "follow_share", "open_share", "need")


def _checked(name: str, value: Any, before: Any) -> Any:
    if isinstance(before, bool):
        return bool(value)
    if isinstance(before, int | float):
        try:
            number = type(before)(value)
        except (TypeError, ValueError) as wrong:
            raise ControlFault(f"{name} must be a number") from wrong
        most = 1 if name in SHARES else float("inf")
        if not 0 <= number <= most:
            raise ControlFault(f"{name} must lie between 0 and {most}")
        return number
    if isinstance(before, list):
        return [str(one) for one in value]
    return str(value)


def of_brand() -> list[tuple[Source, float]]:
    """The sample brand's sources with their shares of the arrivals."""
    brand = load_sources()
    found = []
    for place, key in enumerate(brand.key):
        cost = 0 if brand.lump[place] else round(float(brand.cac_yuan[place]) * 100)
        source = Source(
            brand.name[place],
            cost_fen=cost,
            deal_hunters=HUNTERS.get(key, FEW_HUNTERS),
            need=min(NEED * float(brand.rate[place]), 1),
            state=key,
        )
        found.append((source, float(brand.share[place])))
    return found


def draw(source: Source, count: int, random: np.random.Generator) -> dict[str, Column]:
    """Traits of `count` people of one source, as columns of the crowd."""
    luck = random.random((5, count), np.float32)
    hunter = luck[0] < source.deal_hunters
    need = np.minimum(random.standard_gamma(NEED_SHAPE, count) * (source.need / NEED_SHAPE), MOST_NEED)
    need = np.where(hunter, need * HUNTER_NEED, need).astype(np.float32)
    # The mean of two uniforms, moved to the wished mean.
    price = np.clip(source.price_sensitivity + (luck[1] + luck[2] - 1) * 0.4, 0, 1)
    price = np.where(hunter, np.maximum(price, 0.9), price)
    trust = np.clip(source.trust + (luck[3] + luck[4] - 1) * 0.3, 0.05, 0.95).astype(np.float32)
    leaving = response.leave_rate(np.zeros(count), trust, hunter, np.zeros(count, bool))
    columns = {"need": need, "price": price, "hunter": hunter, "trust": trust, "trust_first": trust}
    return columns | {"cap": need * SAFE, "leave_cap": leaving * SAFE}


def mixed(
    sources: Sequence[Source], shares: Sequence[float], count: int, random: np.random.Generator
) -> tuple[Column, dict[str, Column]]:
    """`count` people over several sources: the place of each one's source, and their traits."""
    weights = np.asarray(shares, float)
    places = random.choice(len(sources), count, p=weights / weights.sum()).astype(np.int16)
    columns: dict[str, Column] = {}
    for place, source in enumerate(sources):
        inside = np.flatnonzero(places == place)
        for name, values in draw(source, len(inside), random).items():
            columns.setdefault(name, np.zeros(count, values.dtype))[inside] = values
    return places, columns
