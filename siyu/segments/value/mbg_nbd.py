"""MBG/NBD 模型: as BG/NBD, and the first purchase too may be the last.

Batislam, Denizel and Filiztekin (2007), International Journal of Research in Marketing 24(3); Hoppe and
Wagner (2007), Marketing JRM 3(2). The right cheap model where most customers bought once: their P(alive) is
below 1 and falls with silence.
"""

from siyu.segments.value import drop_out
from siyu.segments.value._arrays import Floats
from siyu.segments.value.cells import Cells

FIRST_CHANCE = 1


def log_likelihood(log_parameters: Floats, cells: Cells) -> tuple[float, Floats]:
    """Return the log-likelihood and its gradient in (ln r, ln alpha, ln a, ln b); one row in is one cell."""
    return drop_out.log_likelihood(log_parameters, cells, FIRST_CHANCE)
