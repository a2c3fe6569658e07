"""How a model is spread over accelerators: one strategy, and the short text that names it.

A `Strategy` says how one replica is cut and scheduled; how many replicas there are follows from the
number of accelerators. Whether a strategy suits a model and a job is `job`'s business.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from gigawatt.core.errors import InputError, Problem, did_you_mean

__all__ = ["CHOICES", "RECOMPUTES", "SCHEDULES", "SHARDINGS", "Strategy", "parse", "parse_partial"]

SCHEDULES = ("1f1b", "interleaved", "zero-bubble")
RECOMPUTES = ("none", "selective", "full")
SHARDINGS = ("none", "zero1", "fsdp", "hsdp")
CHOICES = {"schedule": SCHEDULES, "recompute": RECOMPUTES, "sharding": SHARDINGS}
"""Words that a choice may be; their place is their code in the kernels."""

_SHORT = {
    "sequence_parallel": "sp",
    "microbatch": "mb",
    "optimizer_offload": "opt_offload",
    "activation_offload": "act_offload",
}
_SWITCHES = (
    "sequence_parallel",
    "uneven",
    "tp_overlap",
    "dp_overlap",
    "optimizer_offload",
    "activation_offload",
)
_ON, _OFF = ("1", "on", "true", "yes"), ("0", "off", "false", "no")


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """How one model is spread over accelerators.

    Attributes
    ----------
    tp : int
        Ranks over which each layer is cut (tensor parallelism).
    sequence_parallel : bool
        Norms and residuals are split over the tensor-parallel ranks too.
    cp : int
        Ranks over which each sequence is cut (context parallelism).
    pp : int
        Pipeline stages.
    vpp : int
        Chunks of layers per stage; more than one only when interleaved.
    schedule : {"1f1b", "interleaved", "zero-bubble"}
        Order of microbatches in the pipeline.
    uneven : bool
        The two ends of the model count as a layer each, so first and last stage hold one layer less.
    ep : int
        Ranks over which experts are spread.
    etp : int
        Ranks over which one expert is cut: 1 or `tp`.
    microbatch : int
        Sequences in a microbatch.
    recompute : {"none", "selective", "full"}
        What the backward pass computes again instead of keeping.
    sharding : {"none", "zero1", "fsdp", "hsdp"}
        What data parallelism shards: nothing, the optimizer, everything, everything within a
        scale-up domain.
    tp_overlap, dp_overlap : bool
        Messages travel while computation runs.
    optimizer_offload, activation_offload : bool
        Optimizer states or activations live in host memory.

    Examples
    --------
    >>> str(Strategy(tp=8, sequence_parallel=True, pp=16, vpp=6, schedule="interleaved"))
    'tp=8,pp=16,vpp=6,mb=1,tp_overlap=0'
    """

    tp: int = 1
    sequence_parallel: bool = False
    cp: int = 1
    pp: int = 1
    vpp: int = 1
    schedule: str = "1f1b"
    uneven: bool = False
    ep: int = 1
    etp: int = 1
    microbatch: int = 1
    recompute: str = "none"
    sharding: str = "zero1"
    tp_overlap: bool = False
    dp_overlap: bool = True
    optimizer_offload: bool = False
    activation_offload: bool = False

    def __post_init__(self) -> None:
        problems = [
            problem
            for field in fields(self)
            if (problem := _complaint(field.name, getattr(self, field.name)))
        ]
        if problems:
            raise InputError(problems)

    @property
    def model_ranks(self) -> int:
        """Accelerators of one replica [1]."""
        return self.tp * self.cp * self.pp

    def __str__(self) -> str:
        given: dict[str, Any] = {"tp": self.tp, "pp": self.pp, "vpp": self.vpp}
        usual = _infer(given)
        parts = []
        for field in fields(self):
            value = getattr(self, field.name)
            if value != usual[field.name] or field.name in ("tp", "pp", "microbatch"):
                shown = int(value) if isinstance(value, bool) else value
                parts.append(f"{_SHORT.get(field.name, field.name)}={shown}")
            elif field.name == "vpp" and value > 1:
                parts.append(f"vpp={value}")
        return ",".join(parts)


def _complaint(name: str, value: object) -> Problem | None:
    """What is wrong with one value of one choice, or None."""
    if name in CHOICES:
        if value not in CHOICES[name]:
            allowed = ", ".join(CHOICES[name])
            return Problem("E203", f"{name} is {value!r}; it may be {allowed}.", path=name)
    elif name in _SWITCHES:
        if not isinstance(value, bool):
            return Problem("E203", f"{name} is {value!r}; it may be on (1) or off (0).", path=name)
    elif isinstance(value, bool) or not isinstance(value, int) or value < 1:
        return Problem("E203", f"{name} is {value!r}; it must be a whole number from 1.", path=name)
    return None


def _infer(given: dict[str, Any]) -> dict[str, Any]:
    """Fill in what a text leaves out: what the given choices call for, else the usual value."""
    values: dict[str, Any] = {field.name: field.default for field in fields(Strategy)}
    wide = given.get("tp", 1) > 1
    values["sequence_parallel"] = wide
    values["tp_overlap"] = wide
    values["schedule"] = "interleaved" if given.get("vpp", 1) > 1 else "1f1b"
    return values | given


def _read(name: str, text: str) -> Any:
    """Turn the text of one value into it; what cannot be read comes back as it is."""
    if name in CHOICES:
        return text.lower()
    if name in _SWITCHES:
        low = text.lower()
        return True if low in _ON else False if low in _OFF else text
    try:
        return int(text)
    except ValueError:
        return text


def parse_partial(text: str) -> dict[str, Any]:
    """Read ``name=value`` pairs of a strategy and infer nothing.

    Parameters
    ----------
    text : str
        Pairs separated by commas; short names (`sp`, `mb`, `opt_offload`, `act_offload`) or full ones.

    Returns
    -------
    dict
        Values by the names of `Strategy`'s fields.

    Raises
    ------
    InputError
        For an unknown name, a name given twice, or a value that a field cannot take.

    Examples
    --------
    >>> parse_partial("tp=8, sp=on, recompute=full")
    {'tp': 8, 'sequence_parallel': True, 'recompute': 'full'}
    """
    long = {field.name: field.name for field in fields(Strategy)}
    long |= {short: name for name, short in _SHORT.items()}
    values: dict[str, Any] = {}
    problems = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        key, equals, word = (piece.strip() for piece in part.partition("="))
        name = long.get(key.lower())
        if not equals:
            problems.append(
                Problem("E203", f"{part!r} is not of the form name=value, such as tp=8.", path=key)
            )
        elif key.lower() == "dp":
            problems.append(
                Problem(
                    "E201",
                    "dp is not given: it is the number of accelerators over tp × cp × pp.",
                    "Leave it out.",
                    path=key,
                )
            )
        elif name is None:
            shorts = ", ".join(_SHORT.get(field.name, field.name) for field in fields(Strategy))
            hint = did_you_mean(key, long)
            hint = hint if hint.startswith("Did") else f"A strategy has {shorts}."
            problems.append(Problem("E201", f"{key!r} is no choice of a strategy.", hint, key))
        elif name in values:
            problems.append(Problem("E105", f"{key!r} is given twice.", path=key))
        else:
            values[name] = _read(name, word)
            complaint = _complaint(name, values[name])
            if complaint:
                problems.append(complaint)
    if problems:
        raise InputError(problems)
    return values


def parse(text: str) -> Strategy:
    """Read a strategy from its text; `str` of a strategy is the inverse.

    What is left out is what the rest calls for: sequence parallelism and overlap where ``tp > 1``,
    the interleaved schedule where ``vpp > 1``; the optimizer is sharded and overlapped, the rest off.

    Parameters
    ----------
    text : str
        Such as ``"tp=8,pp=16,vpp=6,mb=1,recompute=full"``.

    Raises
    ------
    InputError
        For an unknown name, a name given twice, or a value that a field cannot take.

    Examples
    --------
    >>> parse("tp=8,pp=16,vpp=6,mb=1,recompute=full").schedule
    'interleaved'
    >>> str(parse("pp=4,tp=2"))
    'tp=2,pp=4,mb=1'
    """
    return Strategy(**_infer(parse_partial(text)))
