"""Array types of the value calculations, one word each."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


def floats(values: ArrayLike) -> Floats:
    """Return the values as a float64 array, without a copy where none is needed."""
    return np.asarray(values, dtype=np.float64)


def inner(left: Floats, right: Floats) -> float:
    """Return the sum of left * right.

    Not `@`: for these lengths the linear algebra library starts a thread on every core and spins, which made
    a fit five times slower on a busy two-core machine.
    """
    return float(np.einsum("i,i->", left, right))
