"""BG/NBD 模型: buy till you die, with the drop-out only after a repeat purchase.

Fader, Hardie and Lee (2005), "Counting your customers the easy way", Marketing Science 24(2). A one-time
buyer has had no chance to drop out, so its P(alive) is 1 whatever its silence: never use that P(alive) as a
lifecycle stage or as a churn score.
"""

from siyu.segments.value import drop_out
from siyu.segments.value._arrays import Floats
from siyu.segments.value.cells import Cells

FIRST_CHANCE = 0


def log_likelihood(log_parameters: Floats, cells: Cells) -> tuple[float, Floats]:
    """Return the log-likelihood and its gradient in (ln r, ln alpha, ln a, ln b); one row in is one cell."""
    return drop_out.log_likelihood(log_parameters, cells, FIRST_CHANCE)
