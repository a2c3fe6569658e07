"""What is to be trained on how many accelerators, and whether a strategy suits it.

Each rule is one function that answers None or a sentence saying what would be valid. Memory is not a
rule: a strategy that does not fit is a valid one with an answer, which `predict` gives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

from gigawatt.core.errors import InputError, Problem

from .shape import Shape
from .strategy import Strategy

__all__ = ["RULES", "Job", "Refusal", "cuts_well", "divisors", "refusals"]


@dataclass(frozen=True, slots=True)
class Job:
    """A training step to be done.

    Attributes
    ----------
    count : int
        Accelerators; all of them are used.
    batch_sequences : int
        Sequences of one step, over all replicas.
    sequence : int
        Tokens of a sequence [token].
    imbalance : float
        Tokens of the busiest expert rank over the mean: 1 for routing that is balanced [1].
    campuses : int
        Campuses that share the accelerators evenly; each holds whole replicas and whole sets of experts.
    """

    count: int
    batch_sequences: int
    sequence: int
    imbalance: float = 1.0
    campuses: int = 1

    def __post_init__(self) -> None:
        problems = [
            Problem(
                "E213", f"{f.name} is {value!r}; it must be a whole number from 1.", path=f.name
            )
            for f in fields(self)
            if f.name != "imbalance"
            and (
                isinstance(value := getattr(self, f.name), bool)
                or not isinstance(value, int)
                or value < 1
            )
        ]
        if not 1.0 <= self.imbalance <= 1e3:
            message = f"imbalance is {self.imbalance!r}; it must be a number from 1 to 1,000."
            problems.append(Problem("E213", message, path="imbalance"))
        if not problems and self.count % self.campuses:
            message = (
                f"{self.count:,} accelerators do not spread evenly over {self.campuses} campuses."
            )
            problems.append(Problem("E703", message, path="campuses"))
        if problems:
            raise InputError(problems)

    @property
    def campus(self) -> int:
        """Accelerators of one campus [1]."""
        return self.count // self.campuses

    @property
    def tokens(self) -> int:
        """Tokens of a step [token]."""
        return self.batch_sequences * self.sequence

    def replicas(self, strategy: Strategy) -> int:
        """Data-parallel replicas [1]; 0 where the strategy needs more accelerators than there are."""
        return self.count // strategy.model_ranks

    def microbatches(self, strategy: Strategy) -> int:
        """Microbatches of one replica in a step [1]; 0 where a replica has none."""
        return self.batch_sequences // max(self.replicas(strategy) * strategy.microbatch, 1)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a strategy is not valid: the rule it breaks, and what would keep it."""

    rule: str
    message: str


def divisors(n: int) -> tuple[int, ...]:
    """Divisors in order.

    Examples
    --------
    >>> divisors(12)
    (1, 2, 3, 4, 6, 12)
    """
    small = [d for d in range(1, int(n**0.5) + 1) if n % d == 0]
    return tuple(sorted({*small, *(n // d for d in small)}))


def _listed(values: tuple[int, ...]) -> str:
    shown = values if len(values) <= 12 else (*values[:6], "…", *values[-3:])
    return ", ".join(str(value) for value in shown)


def _ranks(shape: Shape, job: Job, s: Strategy) -> str | None:
    if s.model_ranks > job.count:
        return (
            f"tp × cp × pp = {s.model_ranks:,} ranks are more than the {job.count:,} accelerators."
        )
    if job.count % s.model_ranks:
        return (
            f"tp × cp × pp = {s.model_ranks:,} does not divide {job.count:,} accelerators; "
            f"valid products are {_listed(divisors(job.count))}."
        )
    return None


def _campus(shape: Shape, job: Job, s: Strategy) -> str | None:
    if job.campuses == 1 or _ranks(shape, job, s):
        return None
    if s.model_ranks > job.campus:
        return (
            f"tp × cp × pp = {s.model_ranks:,} ranks are more than the {job.campus:,} accelerators of a "
            "campus, and only data parallelism crosses campuses."
        )
    if job.campus % s.model_ranks:
        return (
            f"tp × cp × pp = {s.model_ranks:,} does not divide the {job.campus:,} accelerators of a "
            f"campus; valid products are {_listed(divisors(job.campus))}."
        )
    return None


def _heads(shape: Shape, job: Job, s: Strategy) -> str | None:
    for heads, what in ((shape.heads, "attention"), (shape.mamba_heads, "state-space")):
        if int(heads) % s.tp:
            return (
                f"{int(heads)} {what} heads cannot be cut over tp = {s.tp} ranks; "
                f"valid are {_listed(divisors(int(heads)))}."
            )
    kv = int(shape.kv_heads)
    if kv and kv % s.tp and s.tp % kv:
        return (
            f"{kv} key and value heads and tp = {s.tp} do not divide one another; tp may be a divisor "
            f"or a multiple of {kv}."
        )
    return None


def cuts_well(layers: int, chunks: int, uneven: bool) -> bool:
    """Whether layers can be cut into chunks: evenly, or with what is left in the last one.

    Examples
    --------
    >>> cuts_well(61, 16, False), cuts_well(61, 12, False), cuts_well(126, 128, True)
    (True, False, True)
    """
    counted = layers + 2 * uneven
    if chunks > counted or counted % chunks == 0:
        return chunks <= counted
    return not uneven and -(-layers // chunks) * (chunks - 1) < layers


def _layers(shape: Shape, job: Job, s: Strategy) -> str | None:
    layers, chunks = int(shape.layers), s.pp * s.vpp
    if s.pp > layers:
        return f"pp = {s.pp} stages are more than the {layers} layers."
    if not cuts_well(layers, chunks, bool(s.uneven)):
        name = f"{layers} layers" + (" and the two ends" if s.uneven else "")
        fit = tuple(c for c in range(1, layers + 3) if cuts_well(layers, c, bool(s.uneven)))
        return f"pp × vpp = {chunks} chunks do not divide {name}; valid are {_listed(fit)}."
    return None


def _uneven(shape: Shape, job: Job, s: Strategy) -> str | None:
    if s.uneven and s.pp == 1:
        return "Uneven stages need pp > 1: one stage has no first and last."
    return None


def _schedule(shape: Shape, job: Job, s: Strategy) -> str | None:
    if s.schedule == "interleaved":
        if s.pp == 1:
            return "The interleaved schedule needs pp > 1."
        if s.vpp == 1:
            return "The interleaved schedule needs vpp > 1; with vpp = 1 it is 1f1b."
    elif s.vpp > 1:
        return f"vpp = {s.vpp} needs the interleaved schedule; {s.schedule} has vpp = 1."
    if s.schedule == "zero-bubble" and s.pp == 1:
        return "The zero-bubble schedule needs pp > 1: one stage has no bubble."
    return None


def _interleaved_microbatches(shape: Shape, job: Job, s: Strategy) -> str | None:
    if s.schedule != "interleaved" or _batch(shape, job, s):
        return None
    microbatches = job.microbatches(s)
    if microbatches % s.pp:
        return (
            f"The interleaved schedule needs microbatches in multiples of pp = {s.pp}; a replica has "
            f"{microbatches}."
        )
    return None


def _experts(shape: Shape, job: Job, s: Strategy) -> str | None:
    experts = int(shape.experts)
    if not experts or not shape.moe:
        if s.ep > 1 or s.etp > 1:
            return "A dense model has no experts to spread: ep and etp must be 1."
        return None
    if experts % s.ep:
        return (
            f"{experts} experts cannot be spread over ep = {s.ep} ranks; "
            f"valid are {_listed(divisors(experts))}."
        )
    if s.etp not in (1, s.tp):
        return f"etp = {s.etp} must be 1 or tp = {s.tp}."
    return None


def _expert_ranks(shape: Shape, job: Job, s: Strategy) -> str | None:
    if _ranks(shape, job, s) or _campus(shape, job, s):
        return None
    stage = job.campus // s.pp
    if stage % (s.ep * s.etp):
        where = " on a campus" if job.campuses > 1 else ""
        return (
            f"ep × etp = {s.ep * s.etp:,} does not divide the {stage:,} ranks of a stage{where} "
            f"(tp × cp × dp); valid are {_listed(divisors(stage))}."
        )
    return None


def _sequence(shape: Shape, job: Job, s: Strategy) -> str | None:
    if s.cp > 1 and job.sequence % (2 * s.cp):
        return (
            f"A sequence of {job.sequence:,} tokens cannot be cut into 2 × cp = {2 * s.cp} equal parts "
            f"(two a rank balance the causal mask)."
        )
    return None


def _batch(shape: Shape, job: Job, s: Strategy) -> str | None:
    if _ranks(shape, job, s):
        return None
    replicas = job.replicas(s)
    if job.batch_sequences % replicas:
        return (
            f"A batch of {job.batch_sequences:,} sequences is no multiple of dp = {replicas:,} "
            f"replicas; the nearest are {_around(job.batch_sequences, replicas)}."
        )
    own = job.batch_sequences // replicas
    if own % s.microbatch:
        return (
            f"microbatch = {s.microbatch} does not divide the {own:,} sequences of a replica; "
            f"valid are {_listed(divisors(own))}."
        )
    return None


def _around(value: int, unit: int) -> str:
    below = value // unit * unit
    return f"{below:,} and {below + unit:,}" if below else f"{unit:,}"


def _tensor_switches(shape: Shape, job: Job, s: Strategy) -> str | None:
    if s.tp == 1 and s.sequence_parallel:
        return "Sequence parallelism needs tp > 1: it splits over the tensor-parallel ranks."
    if s.tp == 1 and s.tp_overlap:
        return "tp_overlap needs tp > 1: there are no messages to overlap."
    return None


def _expert_sequence(shape: Shape, job: Job, s: Strategy) -> str | None:
    if shape.moe and s.tp > 1 and not s.sequence_parallel:
        return (
            "Experts with tp > 1 need sequence parallelism, or each rank would route every token."
        )
    return None


def _sharding(shape: Shape, job: Job, s: Strategy) -> str | None:
    if s.sharding in ("fsdp", "hsdp") and s.pp > 1:
        return (
            f"{s.sharding} needs pp = 1: with stages, parameters would be gathered again for every "
            "microbatch, or kept and not sharded. With pp > 1 sharding may be none or zero1."
        )
    return None


RULES: dict[str, Callable[[Shape, Job, Strategy], str | None]] = {
    "ranks": _ranks,
    "campus": _campus,
    "heads": _heads,
    "layers": _layers,
    "uneven": _uneven,
    "schedule": _schedule,
    "interleaving": _interleaved_microbatches,
    "experts": _experts,
    "expert ranks": _expert_ranks,
    "sequence": _sequence,
    "batch": _batch,
    "tensor switches": _tensor_switches,
    "expert sequence": _expert_sequence,
    "sharding": _sharding,
}
"""Rules by name; each answers None, or what is wrong and what would be valid."""


def refusals(shape: Shape, job: Job, strategy: Strategy) -> tuple[Refusal, ...]:
    """Everything that makes a strategy invalid for a model and a job; empty where it is valid.

    Examples
    --------
    >>> from gigawatt.perf.strategy import parse
    >>> shape = Shape(**{**dict.fromkeys(Shape._fields, 0.0), "layers": 12, "heads": 16})
    >>> for refusal in refusals(shape, Job(8, 64, 2048), parse("tp=2,pp=8,mb=3")):
    ...     print(f"{refusal.rule}: {refusal.message}")
    ranks: tp × cp × pp = 16 ranks are more than the 8 accelerators.
    layers: pp × vpp = 8 chunks do not divide 12 layers; valid are 1, 2, 3, 4, 6, 12.
    """
    found = ((name, rule(shape, job, strategy)) for name, rule in RULES.items())
    return tuple(Refusal(name, message) for name, message in found if message)
