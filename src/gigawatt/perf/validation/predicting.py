"""Many cases predicted at once, for one set of constants or for many (draws).

Layers of all cases are computed in one pass over arrays of shape (draws, cases); stages and steps then
case by case. Machines are shared between cases with the same chip, precision and stack.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gigawatt.core.arrays import Array
from gigawatt.perf.activations import FULL, NONE, SELECTIVE
from gigawatt.perf.ends import Ends, ends
from gigawatt.perf.layer import Layer, Split, layer
from gigawatt.perf.machine import Machine, Value
from gigawatt.perf.machines import machine_of
from gigawatt.perf.network import Network, network
from gigawatt.perf.occupancy import occupied
from gigawatt.perf.predict import doublings
from gigawatt.perf.shape import Shape
from gigawatt.perf.shape import stack as stack_shapes
from gigawatt.perf.step import FSDP, Memory, Stage, Step, memory, pipeline, stage, step

from .cases import Case

__all__ = ["Predicted", "predict_cases", "settle"]


@dataclass(frozen=True, slots=True)
class Predicted:
    """One case predicted."""

    layer: Layer
    ends: Ends
    stage: Stage
    step: Step
    memory: Memory


@dataclass(frozen=True, slots=True)
class Settled:
    """What the memory of a case decides where its row does not say."""

    sharding: int
    recomputed: float
    """Share of the layers recomputed whole [1]."""
    selective: float = 0.0
    """Share of the layers whose norms and activations alone are recomputed [1]."""


def settle(cases: Sequence[Case], constants: Mapping[str, Value]) -> list[Settled]:
    """Decide full sharding and recomputation from memory, where rows do not state them.

    Parameters
    ----------
    cases : sequence of Case
        Cases.
    constants : mapping
        Constants; memory does not depend on them, times are ignored.

    Notes
    -----
    Sharded fully where weights and gradients alone exceed the memory. Norms and activations are
    recomputed in as many layers as memory needs, then whole layers.
    """
    settled = [Settled(case.sharding, 0.0) for case in cases]
    first = predict_cases(cases, constants, settled)[1]
    for index, (case, found) in enumerate(zip(cases, first, strict=True)):
        held = _one(found.memory.weights_bytes) + _one(found.memory.gradients_bytes)
        if case.stack.overlap and held > case.chip.hbm_bytes:
            settled[index] = Settled(FSDP, 0.0)
    open_rows = [i for i, case in enumerate(cases) if case.recompute is None]
    blank = [cases[i] for i in open_rows]

    def with_(full: float, selective: float) -> list[float]:
        choices = [Settled(settled[i].sharding, full, selective) for i in open_rows]
        found = predict_cases(blank, constants, choices)[1]
        return [_one(each.memory.total_bytes) for each in found]

    rows = zip(open_rows, with_(0.0, 0.0), with_(0.0, 1.0), with_(1.0, 0.0), strict=True)
    for i, none, selective, full in rows:
        room = cases[i].chip.hbm_bytes
        light = min(max((none - room) / max(none - selective, 1.0), 0.0), 1.0)
        whole = min(max((selective - room) / max(selective - full, 1.0), 0.0), 1.0)
        settled[i] = replace(settled[i], recomputed=whole, selective=light * (1.0 - whole))
    return settled


def predict_cases(
    cases: Sequence[Case], constants: Mapping[str, Value], settled: Sequence[Settled]
) -> tuple[Array, list[Predicted]]:
    """Step times of all cases.

    Parameters
    ----------
    cases : sequence of Case
        Cases.
    constants : mapping
        Calibration constants; floats, or arrays of shape (draws, 1).
    settled : sequence of Settled
        What `settle` decided.

    Returns
    -------
    array, shape (draws, cases)
        Step times [s].
    list of Predicted
        Breakdowns; their fields have shape (draws,).
    """
    if not cases:
        return np.zeros((1, 0)), []
    m, draws = _machines(cases, constants)
    shapes = stack_shapes([case.shape for case in cases])
    m = occupied(m, np.array([float(case.gpus) for case in cases]))
    cut = _splits(cases)
    layers = _recomputed(m, shapes, cut, settled)
    both = ends(m, shapes, cut)
    column = _columns(cases)
    nets = network(
        m, column["tp"], column["cp"], column["pp"], column["dp"], column["ep"], column["etp"]
    )
    wide = (draws, len(cases))
    times = np.zeros(wide)
    found = []

    def column_of(group: Sequence[Value], j: int) -> list[Value]:
        return [np.broadcast_to(np.asarray(v, dtype=float), wide)[:, j] for v in group]

    for j, (case, choice) in enumerate(zip(cases, settled, strict=True)):
        mj = Machine(*column_of(m, j))
        lj = Layer(*column_of(layers, j))
        ej = Ends(*column_of(both, j))
        nj = Network(*column_of(nets, j))
        pp, vpp, micro = float(case.pp), float(case.vpp), float(case.microbatches)
        held = stage(lj, ej, float(case.shape.layers), pp, vpp, case.uneven)
        flow = pipeline(mj, held, nj, lj.boundary_bytes, pp, vpp, case.schedule, micro)
        overlap = int(case.stack.overlap)
        whole = step(
            mj, lj, held, flow, nj, pp, vpp, micro, choice.sharding, overlap, 0, 0,
            doublings(mj, float(case.gpus)),
        )  # fmt: skip
        room = memory(mj, lj, ej, held, nj, pp, vpp, case.schedule, micro, choice.sharding, 0, 0)
        times[:, j] = whole.step_s
        found.append(Predicted(lj, ej, held, whole, room))
    return times, found


def _recomputed(m: Machine, shapes: Shape, cut: Split, settled: Sequence[Settled]) -> Layer:
    """Layers of which shares are recomputed, by averaging over the layers of a stage."""
    plain = layer(m, shapes, cut)
    for share, kind in (
        (np.array([s.selective for s in settled]), SELECTIVE),
        (np.array([s.recomputed for s in settled]), FULL),
    ):
        if share.any():
            other = layer(m, shapes, cut._replace(recompute=np.full(len(settled), float(kind))))
            none = layer(m, shapes, cut)
            plain = plain._replace(
                recompute_s=plain.recompute_s + share * (other.recompute_s - none.recompute_s),
                activation_bytes=plain.activation_bytes
                + share * (other.activation_bytes - none.activation_bytes),
            )
    return plain


def _one(value: Value) -> float:
    return float(np.ravel(value)[0])


def _columns(cases: Sequence[Case]) -> dict[str, Array]:
    names = ("tp", "cp", "pp", "dp", "ep", "etp", "microbatch", "sequence", "sequence_parallel")
    return {n: np.array([float(getattr(case, n)) for case in cases]) for n in names}


def _splits(cases: Sequence[Case]) -> Split:
    c = _columns(cases)
    stated = [NONE if case.recompute is None else case.recompute for case in cases]
    return Split(
        microbatch=c["microbatch"],
        sequence=c["sequence"],
        tp=c["tp"],
        sequence_parallel=c["sequence_parallel"],
        cp=c["cp"],
        ep=c["ep"],
        etp=c["etp"],
        recompute=np.array(stated, dtype=float),
        tp_overlap=np.array([float(case.stack.overlap) for case in cases]),
    )


def _machines(cases: Sequence[Case], constants: Mapping[str, Value]) -> tuple[Machine, int]:
    """One machine whose fields are arrays of shape (draws, cases)."""
    flat = {name: np.ravel(value) for name, value in constants.items()}
    draws = max(v.size for v in flat.values())
    built: dict[object, Machine] = {}
    rows = []
    for case in cases:
        head, latent = float(case.shape.qk_dim), bool(case.shape.latent > 0)
        gated = bool(case.shape.gated > 0)
        key = (
            case.chip.system_id,
            case.precision,
            case.stack.name,
            case.fabric,
            head,
            latent,
            gated,
        )
        if key not in built:
            built[key] = machine_of(
                case.chip,
                case.precision,
                case.stack,
                flat,
                head_dim=head,
                latent=latent,
                gated_experts=gated,
                fabric=case.fabric,
            )
        rows.append(built[key])
    columns = []
    for name in Machine._fields:
        values = [np.broadcast_to(getattr(row, name), (draws,)) for row in rows]
        columns.append(np.stack(values, axis=-1))
    return Machine(*columns), draws
