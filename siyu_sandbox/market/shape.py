"""The eight sources of a market: what each costs, whom it brings, how its response bends, and which have no effect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from siyu_sandbox.market.plan import BUDGET_YUAN, DAY, SPENT_DAYS, WEEKS, Plan

CLASSES: Final = ("real", "browser", "zombie", "hunter", "leaver")
REAL, BROWSER, ZOMBIE, HUNTER, LEAVER = range(5)
CREATIVES: Final = 4
REGIONS: Final = (
    "杭州市", "上海市", "北京市", "广州市", "深圳市", "成都市", "武汉市", "南京市", "苏州市", "西安市",
    "重庆市", "天津市", "长沙市", "郑州市", "青岛市", "宁波市", "合肥市", "福州市", "济南市", "厦门市",
)  # fmt: skip
PLATFORMS: Final = (
    ("taobao", "淘宝包裹卡"), ("douyin", "抖音信息流"), ("kuaishou", "快手直播"), ("xiaohongshu", "小红书种草"),
    ("weibo", "微博转发"), ("baidu", "百度品牌词"), ("lift", "电梯海报"), ("zhihu", "知乎好物"),
    ("meituan", "美团到店"), ("toutiao", "头条信息流"), ("wechat_search", "微信搜一搜"), ("metro", "地铁灯箱"),
)  # fmt: skip
CREATIVE_NAMES: Final = ("素材甲", "素材乙", "素材丙", "素材丁")
ORGANIC: Final = "organic"


@dataclass(frozen=True)
class Role:
    """What a source is, before chance. `roi`: margin of a year per yuan; of one without effect, what it seems to be."""

    name: str
    yuan: float
    roi: float
    mix: tuple[float, ...]
    """Shares of CLASSES among those who are added."""
    add_rate: float
    rate: float = 1.0
    basket: float = 1.0
    anyway: float = 0.05
    bend: float = 1.0
    """The response's c as a multiple of the habitual weekly budget: small bends early."""
    claims: float = 0.15


ROLES: Final = (
    Role("excellent", 6_000, 2.60, (0.60, 0.22, 0.03, 0.03, 0.12), 0.84, 1.25, 1.30, 0.04, 0.40),
    Role("good", 13_000, 1.75, (0.46, 0.26, 0.08, 0.06, 0.14), 0.78, 1.10, 1.10, 0.06, 1.2),
    Role("fair", 14_000, 1.18, (0.40, 0.28, 0.10, 0.07, 0.15), 0.80, 1.00, 1.00, 0.06, 1.0),
    Role("plain", 14_000, 0.80, (0.34, 0.30, 0.12, 0.08, 0.16), 0.74, 0.95, 1.00, 0.05, 0.9),
    Role("poor", 14_000, 0.54, (0.27, 0.34, 0.13, 0.09, 0.17), 0.72, 0.90, 0.90, 0.04, 0.9),
    Role("hunters", 12_000, 0.35, (0.15, 0.15, 0.08, 0.50, 0.12), 0.82, 0.85, 0.80, 0.03, 1.0, 0.85),
    Role("zombies", 13_000, 0.21, (0.11, 0.17, 0.56, 0.05, 0.11), 0.86, 0.85, 0.90, 0.03, 1.0, 0.25),
    Role("no_effect", 14_000, 1.30, (0.48, 0.27, 0.07, 0.04, 0.14), 0.80, 1.00, 1.00, 1.00, 1.0),
)  # fmt: skip
EXCELLENT, GOOD, FAIR, PLAIN, POOR, HUNTERS, ZOMBIES, NO_EFFECT = range(len(ROLES))


@dataclass(frozen=True)
class Shape:
    """The sources as drawn, in the order of their keys s1 … s8; arrays have one entry a source."""

    key: tuple[str, ...]
    platform: tuple[str, ...]
    name: tuple[str, ...]
    role: np.ndarray
    """Position in ROLES."""
    weekly_yuan: np.ndarray
    """The habitual budget of a week."""
    mix: np.ndarray
    roi: np.ndarray
    add_rate: np.ndarray
    rate: np.ndarray
    basket: np.ndarray
    anyway: np.ndarray
    claims: np.ndarray
    bend_yuan: np.ndarray
    """c of a ln(1 + b/c), yuan a week."""
    creative_share: np.ndarray
    """Sources × creatives: share of the money."""
    creative_pull: np.ndarray
    """Sources × creatives: share of the people."""
    region_share: np.ndarray

    def of(self, role: int) -> int:
        """The source that plays a role."""
        return int(np.flatnonzero(self.role == role)[0])

    def creative_key(self, source: int, creative: int) -> str:
        return f"{self.key[source]}-{creative + 1}"


def draw_shape(plan: Plan) -> Shape:
    """Draw the sources of a market: roles on random places, every number with a chance of its own."""
    random = plan.stream("shape")
    count = len(ROLES)
    role = random.permutation(count)
    platforms = random.choice(len(PLATFORMS), count, replace=False)

    def wobble(spread: float) -> np.ndarray:
        return random.lognormal(0.0, spread, count)

    yuan = _of("yuan", role) * wobble(0.12)
    yuan *= BUDGET_YUAN * plan.scale / yuan.sum()
    mix = np.array([ROLES[place].mix for place in role]) * random.lognormal(0.0, 0.10, (count, len(CLASSES)))
    anyway = np.where(role == NO_EFFECT, 1.0, np.clip(_of("anyway", role) * wobble(0.3), 0, 0.3))
    share = random.dirichlet(np.full(CREATIVES, 8.0), count)
    pull = share * random.lognormal(0.0, 0.18, (count, CREATIVES))
    regions = 1 / np.arange(2, len(REGIONS) + 2) ** 0.7
    return Shape(
        key=tuple(f"s{place + 1}" for place in range(count)),
        platform=tuple(PLATFORMS[place][0] for place in platforms),
        name=tuple(PLATFORMS[place][1] for place in platforms),
        role=role,
        weekly_yuan=yuan / WEEKS,
        mix=mix / mix.sum(axis=1, keepdims=True),
        roi=_of("roi", role) * wobble(0.04),
        add_rate=np.clip(_of("add_rate", role) * wobble(0.05), 0.4, 0.97),
        rate=_of("rate", role) * wobble(0.05),
        basket=_of("basket", role) * wobble(0.06),
        anyway=anyway,
        claims=np.clip(_of("claims", role) * wobble(0.15), 0, 0.95),
        bend_yuan=_of("bend", role) * wobble(0.25) * yuan / WEEKS,
        creative_share=share,
        creative_pull=pull / pull.sum(axis=1, keepdims=True),
        region_share=regions / regions.sum(),
    )  # fmt: skip


def _of(name: str, role: np.ndarray) -> np.ndarray:
    return np.array([float(getattr(ROLES[place], name)) for place in role])


@dataclass(frozen=True)
class HoldOut:
    """A source was off in some regions on some days of the first cycle."""

    kind: str
    """geo or time."""
    source: int
    off_regions: tuple[int, ...]
    """Positions in REGIONS."""
    off_days: tuple[tuple[int, int], ...]
    """Half-open ranges of days."""
    begins: int
    ends: int
    """The days of the whole test, half-open; before `begins` it was on everywhere."""


def hold_outs(plan: Plan, shape: Shape) -> tuple[HoldOut, ...]:
    """Two tests: half the regions without the source that has no effect, and whole weeks without one that has."""
    random = plan.stream("hold-outs")
    off = tuple(sorted(int(pair + random.integers(0, 2)) for pair in range(0, len(REGIONS), 2)))
    weeks = sorted(random.choice(np.arange(1, WEEKS), 2, replace=False).tolist())
    real = shape.of(int(random.choice([GOOD, FAIR])))
    return (
        HoldOut("geo", shape.of(NO_EFFECT), off, ((7, SPENT_DAYS),), 7, SPENT_DAYS),
        HoldOut("time", real, tuple(range(len(REGIONS))), tuple((7 * week, 7 * week + 7) for week in weeks), 0, SPENT_DAYS),
    )


def on_table(shape: Shape, tests: tuple[HoldOut, ...], cycle: int) -> np.ndarray:
    """Sources × days × regions: whether the source was on."""
    on = np.ones((len(ROLES), SPENT_DAYS, len(REGIONS)), bool)
    for test in tests if cycle == 0 else ():
        for first, after in test.off_days:
            on[test.source, first:after, list(test.off_regions)] = False
    return on


def day_of(seconds: np.ndarray, cycle_began: float) -> np.ndarray:
    """The number of the day within the cycle."""
    return ((seconds - cycle_began) // DAY).astype(np.int64)
