"""The array type of all kernels: float64 of any shape, leading axes being draws."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array"]

Array = NDArray[np.float64]
