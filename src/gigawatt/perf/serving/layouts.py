"""The layouts that a search tries: usual ways to cut a served model over a replica."""

from __future__ import annotations

from gigawatt.perf.chip import Chip
from gigawatt.perf.shape import Shape

from .layout import Layout

__all__ = ["layouts_of"]

_STAGES = (1, 2, 4, 8)
_MOST = 64


def layouts_of(chip: Chip, shape: Shape, most: int) -> list[Layout]:
    """Layouts of replicas with at most so many accelerators.

    Parameters
    ----------
    chip : Chip
        Whose scale-up domain bounds a stage.
    shape : Shape
        The model: heads divide over tensor ranks, experts over expert ranks, layers need stages.
    most : int
        Accelerators at hand.

    Examples
    --------
    >>> from gigawatt.catalog import Catalog
    >>> from gigawatt.perf.chip import chip_of
    >>> from gigawatt.perf.shape import shape_of
    >>> catalog = Catalog()
    >>> shape = shape_of(catalog.model("llama31-8b").architecture)
    >>> [str(cut) for cut in layouts_of(chip_of(catalog, "h100-sxm"), shape, 2)]
    ['tp=1', 'pp=2', 'tp=2']
    """
    found = []
    stage = 1
    while stage <= min(most, chip.domain, _MOST):
        for pp in _STAGES:
            if stage * pp > most or pp > shape.layers:
                continue
            found += _of_stage(shape, stage, pp)
        stage *= 2
    return found


def _of_stage(shape: Shape, stage: int, pp: int) -> list[Layout]:
    size, stages = float(stage), float(pp)
    cuts = []
    experts = bool(shape.moe) and shape.experts % stage == 0
    if shape.heads % stage == 0:
        cuts.append(Layout(tp=size, pp=stages))
        if experts and stage > 1:
            cuts.append(Layout(tp=size, ep=size, pp=stages))
    if experts and stage > 1:
        cuts.append(Layout(dp=size, ep=size, pp=stages))
        if stage > 8 and shape.heads % 8 == 0:
            cuts.append(Layout(tp=8.0, dp=size / 8.0, ep=size, pp=stages))
    return cuts
