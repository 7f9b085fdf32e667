"""Array types of the value calculations, one word each."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


def floats(values: ArrayLike) -> Floats:
    """Return the values as a float64 array, without a copy where none is needed."""
    return np.asarray(values, dtype=np.float64)
