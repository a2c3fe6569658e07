"""A machine on which everything is free, to be charged for one thing at a time."""

from __future__ import annotations

from gigawatt.perf.ends import Ends
from gigawatt.perf.layer import Layer
from gigawatt.perf.machine import Machine
from gigawatt.perf.network import Network
from gigawatt.perf.operations import Split
from gigawatt.perf.shape import Shape

__all__ = ["cut", "ends_of", "free", "layer_of", "model", "net_of"]


def free(**charged: float) -> Machine:
    """Nothing costs anything but what is given; domains of 8, one building, one campus."""
    zero = dict.fromkeys(Machine._fields, 0.0)
    whole = float("inf")
    return Machine(**zero | {"domain": 8.0, "building": whole, "campus": whole} | charged)


def model(**known: float) -> Shape:
    """A shape with nothing in it but what is given, of 4 layers."""
    return Shape(**dict.fromkeys(Shape._fields, 0.0) | {"layers": 4.0, "hidden": 100.0} | known)


def cut(**known: float) -> Split:
    """One sequence of 1,000 tokens on one rank, but for what is given."""
    plain = {"microbatch": 1.0, "sequence": 1000.0, "tp": 1.0, "sequence_parallel": 0.0, "cp": 1.0}
    plain |= {"ep": 1.0, "etp": 1.0, "recompute": 0.0, "tp_overlap": 0.0}
    return Split(**plain | known)


def layer_of(**known: float) -> Layer:
    """A layer with nothing but what is given."""
    return Layer(**dict.fromkeys(Layer._fields, 0.0) | known)


def ends_of(**known: float) -> Ends:
    """Ends with nothing but what is given."""
    return Ends(**dict.fromkeys(Ends._fields, 0.0) | known)


def net_of(**known: float) -> Network:
    """A network with nothing but what is given; every group has one rank."""
    ranks = {"data_ranks": 1.0, "expert_ranks": 1.0, "shard_ranks": 1.0}
    return Network(**dict.fromkeys(Network._fields, 0.0) | ranks | known)
