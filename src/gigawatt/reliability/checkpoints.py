"""What a checkpoint costs: its size, the stop of the run, the time until it is safe, and reading it back.

A checkpoint stops the run for a copy to the host; from there it travels on while the run goes on, and counts
only once it has arrived. Every accelerator holds, writes and reads its part of the state.
"""

from __future__ import annotations

from typing import NamedTuple

from gigawatt.core.arrays import Array

__all__ = ["Checkpoint", "checkpoint", "state_bytes"]


class Checkpoint(NamedTuple):
    """Costs of a checkpoint in one place, each field a number or an array over runs."""

    stop_s: Array
    """Stop of the run for one [s]."""
    safe_s: Array
    """From that stop until it counts; the next one cannot start earlier [s]."""
    read_s: Array
    """Reading it back [s]."""


def state_bytes(parameters: float, bytes_per_parameter: Array) -> Array:
    """Size of a checkpoint: weights, master copy and optimizer moments, and no gradients [B].

    Parameters
    ----------
    parameters : float
        All parameters of the model [1].
    bytes_per_parameter : array
        2 + 4 + 4 + 4 for weights in 16 bits, master copy and two moments in 32 [B].

    Examples
    --------
    >>> state_bytes(405.85e9, 14.0) / 1e12
    5.6819
    """
    return parameters * bytes_per_parameter


def checkpoint(
    state: Array, count: Array, pause_s: Array, host_bytes_per_s: Array, bytes_per_s: Array
) -> Checkpoint:
    """Costs of checkpoints in one place.

    Parameters
    ----------
    state : array
        Size of the checkpoint [B].
    count : array
        Accelerators that share it [package].
    pause_s : array
        Stop beside the copy to the host [s].
    host_bytes_per_s, bytes_per_s : array
        To the host, and to and from the place, for each accelerator [B/s].

    Examples
    --------
    >>> c = checkpoint(5.68e12, 16384.0, 0.5, 20e9, 0.122e9)
    >>> round(c.stop_s, 3), round(c.read_s, 2)
    (0.517, 2.84)
    """
    part = state / count
    moving = part / bytes_per_s
    return Checkpoint(pause_s + part / host_bytes_per_s, moving, moving)
