"""Parameters of the purchase models 购买模型参数, one record for the three of them."""

from dataclasses import dataclass
from typing import Literal

ModelName = Literal["bg_nbd", "mbg_nbd", "nbd"]


@dataclass(frozen=True)
class Parameters:
    """The buying rate is Gamma(r, alpha); after a purchase the customer drops out with p ~ Beta(a, b).

    Attributes
    ----------
    model : "bg_nbd", "mbg_nbd" (drop-out is possible at the first purchase too) or "nbd" (nobody drops out: a
        = 0)
    r : shape of the buying rate, > 0
    alpha : inverse scale of the buying rate, in units of time, > 0; the mean rate is r / alpha purchases a
        unit
    a, b : shapes of the drop-out probability; the mean is a / (a + b). a = 0 means that nobody drops out.
    """

    model: ModelName
    r: float
    alpha: float
    a: float = 0.0
    b: float = 1.0

    @property
    def first_chance(self) -> int:
        """Return 1 when the first, uncounted purchase is a chance to drop out, else 0."""
        return 1 if self.model == "mbg_nbd" else 0

    def named(self) -> dict[str, float]:
        """Return the parameters that the model has, by name."""
        values = {"r": self.r, "alpha": self.alpha}
        return values if self.model == "nbd" else values | {"a": self.a, "b": self.b}
