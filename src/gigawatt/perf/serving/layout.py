"""How a served model is cut over the accelerators of one replica."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gigawatt.perf.machine import Value

__all__ = ["Layout", "layout_of"]


class Layout(NamedTuple):
    """Ranks of one replica; each a number or an array over cases.

    A stage has ``tp × dp`` accelerators. Attention is cut over `tp` of them and repeated `dp` times, each
    copy with its own sequences; feed-forward blocks and experts are cut over all of them, experts over
    `ep` ranks whole and over the rest by width.
    """

    tp: Value = 1.0
    """Ranks that attention is cut over [1]."""
    dp: Value = 1.0
    """Copies of attention, each with its own sequences [1]."""
    ep: Value = 1.0
    """Ranks that whole experts are spread over [1]."""
    pp: Value = 1.0
    """Pipeline stages [1]."""

    @property
    def stage(self) -> Value:
        """Accelerators of a stage [1]."""
        return self.tp * self.dp

    @property
    def accelerators(self) -> Value:
        """Accelerators of the replica [1]."""
        return self.tp * self.dp * self.pp

    @property
    def width(self) -> Value:
        """Ranks that one expert is cut over [1]."""
        return np.maximum(self.stage / self.ep, 1.0)

    def __str__(self) -> str:
        """As `tp=8,dp=1,ep=8,pp=1`, what is 1 left out."""
        names = [f"{n}={int(v)}" for n, v in zip(self._fields, self, strict=True) if v != 1]
        return ",".join(names) or "tp=1"


def layout_of(tp: Value, pp: Value, ep: Value, attention_dp: Value) -> Layout:
    """A layout as frameworks name it: tensor, pipeline and expert ranks, attention repeated or not.

    Parameters
    ----------
    tp, pp, ep : int or array
        Degrees as stated; 1 where nothing is.
    attention_dp : bool or array
        Whether every rank holds all of attention for its own sequences.

    Examples
    --------
    >>> str(layout_of(8, 1, 8, True))
    'dp=8,ep=8'
    >>> str(layout_of(8, 1, 1, False))
    'tp=8'
    """
    stage = np.maximum(np.asarray(tp, dtype=float), ep)
    repeated = np.asarray(attention_dp, dtype=bool)
    ranks = np.where(repeated, 1.0, np.where(np.asarray(tp) > 1, tp, stage))
    return Layout(
        tp=ranks,
        dp=stage / ranks,
        ep=np.minimum(np.asarray(ep, dtype=float), stage),
        pp=np.asarray(pp, dtype=float),
    )
