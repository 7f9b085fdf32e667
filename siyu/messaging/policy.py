"""Policy 克制策略: how often, when and on what terms people may be told. Data, in versions; one is active.

As JSON (every part may be left out and is then as in `DEFAULT`; an empty list or null switches a part off):

    {"caps":   [{"at_most": 3, "window": "rolling", "days": 7, "purpose": null, "carrier": null}, …],
     "quotas": [{"carrier": "wecom", "per": "account", "at_most": null, "window": "month"}, …],
     "mix": {"promotion_per_value": 1.0, "free": 1, "days": 28},
     "quiet": {"from": "22:00", "to": "08:00", "then": "hold"},
     "cool_downs": {"complaint_days": 30, "block_days": 90, "refund_days": 7, "ticket": true},
     "exempt": {"purposes": ["service"], "counts": false}}

A cap is on one person across all carriers (or on one `carrier`), a quota on one person and one `account` or member of
`staff`. Windows are half-open: `rolling` is any stretch of `days` × 24 hours; `day`, `week` (from Monday) and `month` are the
person's own calendar, for quotas the brand's. `at_most` null with `month`: as many as the month has days. All caps hold at once.
Quotas of an Official Account count mass sends and hold for them only, as the carrier does: answers within a window and notices have
limits of their own there (`windows`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from siyu.messaging import policy_checks

Window = Literal["rolling", "day", "week", "month"]
PURPOSES = policy_checks.PURPOSES
"""Their place here is their number in `messaging_message.purpose`."""

MASS = "mass"
"""The form of a message that goes to many by one call."""


@dataclass(frozen=True)
class Cap:
    """At most so many messages in each window. `purpose` and `carrier` null: of any."""

    at_most: int | None
    window: Window
    days: int | None = None
    per: Literal["person", "account", "staff"] = "person"
    purpose: str | None = None
    carrier: str | None = None

    @property
    def reason(self) -> str:
        if self.per != "person":
            return "carrier_quota"
        return "promotion_capped" if self.purpose == "promotion" else "capped"

    @property
    def form(self) -> str | None:
        """Of what kind of message only; None: of every kind."""
        return MASS if self.per != "person" and self.carrier == "official_account" else None

    @property
    def reach_days(self) -> int:
        """How far from a message another one can lie that counts with it, at most."""
        return {"rolling": self.days or 0, "day": 1, "week": 7, "month": 31}[self.window] + 1


@dataclass(frozen=True)
class Mix:
    """When a promotion is sent there were, in the `days` × 24 hours up to and with it, at most `free` + `promotion_per_value` × values."""

    promotion_per_value: float = 1.0
    free: int = 1
    days: int = 28


@dataclass(frozen=True)
class Quiet:
    """Wall-clock minutes of the day, half-open [from, to), where the person lives; `hold` waits for the end, `refuse` does not."""

    from_minute: int = 22 * 60
    to_minute: int = 8 * 60
    then: Literal["hold", "refuse"] = "hold"


@dataclass(frozen=True)
class CoolDowns:
    """Days of silence after what happened, 0 for none; `ticket`: while a ticket is open."""

    complaint_days: int = 30
    block_days: int = 90
    refund_days: int = 7
    ticket: bool = True


@dataclass(frozen=True)
class Exempt:
    """Transactional messages, declared as such: no cap, mix, quiet hours, cool-down or hold-out. Only of these purposes; with
    `counts` they use caps up all the same. Carriers' quotas hold for them too."""

    purposes: tuple[str, ...] = ("service",)
    counts: bool = False


@dataclass(frozen=True)
class Policy:
    caps: tuple[Cap, ...] = (Cap(3, "rolling", 7), Cap(1, "rolling", 7, purpose="promotion"))
    quotas: tuple[Cap, ...] = (
        Cap(None, "month", per="account", carrier="wecom"),
        Cap(1, "day", per="staff", carrier="wecom"),
        Cap(4, "month", per="account", carrier="official_account"),
    )
    mix: Mix | None = field(default_factory=Mix)
    quiet: Quiet | None = field(default_factory=Quiet)
    cool_downs: CoolDowns = field(default_factory=CoolDowns)
    exempt: Exempt = field(default_factory=Exempt)
    version: int = 0
    """0: the product's default."""

    @property
    def reach_days(self) -> int:
        """Messages further away than so many days from another do not count with it."""
        return max([28, self.mix.days if self.mix else 0, *(cap.reach_days for cap in (*self.caps, *self.quotas))])

    def is_exempt(self, exempt: bool, purpose: str) -> bool:
        """Whether a send that is declared exempt may be: a promotion never is, whatever it is declared as."""
        return exempt and purpose in self.exempt.purposes

    def json(self) -> dict[str, Any]:
        """As `read` takes it."""
        quiet = self.quiet and {"from": _clock(self.quiet.from_minute), "to": _clock(self.quiet.to_minute), "then": self.quiet.then}
        caps = [{name: value for name, value in asdict(cap).items() if name != "per"} for cap in self.caps]
        return {
            "caps": caps, "quotas": [asdict(quota) for quota in self.quotas], "mix": self.mix and asdict(self.mix), "quiet": quiet,
            "cool_downs": asdict(self.cool_downs), "exempt": {"purposes": list(self.exempt.purposes), "counts": self.exempt.counts},
        }  # fmt: skip


DEFAULT = Policy()


def read(raw: dict[str, Any], version: int = 0) -> Policy:
    """A policy from its JSON.

    Raises
    ------
    InvalidError
        With every fault, by its field (`caps[0].days`).
    """
    told = policy_checks.check(raw, DEFAULT.json())
    quiet = told["quiet"]
    return Policy(
        caps=tuple(Cap(**cap) for cap in told["caps"]), quotas=tuple(Cap(**quota) for quota in told["quotas"]), mix=told["mix"] and Mix(**told["mix"]),
        quiet=quiet and Quiet(policy_checks.minute(quiet["from"]) or 0, policy_checks.minute(quiet["to"]) or 0, quiet["then"]),
        cool_downs=CoolDowns(**told["cool_downs"]), exempt=Exempt(tuple(told["exempt"]["purposes"]), told["exempt"]["counts"]), version=version,
    )  # fmt: skip


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
