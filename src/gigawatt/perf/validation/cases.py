"""A measured run as a case that the model can predict: what its row leaves open, set by one rule each.

The rules are the same for every source. They stand in the documentation as the validation table does:

* stack: by framework and date (`stack_of`)
* data parallelism: accelerators over tensor, pipeline and context ranks
* microbatch: the largest of 1, 2 and 4 sequences that leaves at least 4 microbatches for each stage
* interleaving: on stacks that interleave, the largest divisor up to 12 of a stage's layers
* recompute: none, or as many whole layers as memory needs; full on stacks of 2021-22
* full sharding: stated, or where weights and gradients would not fit unsharded
* sequence parallelism: stated, or as the stack does
* expert tensor parallelism: stated, or as tensor parallelism up to early 2025, none since
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from gigawatt.catalog import Catalog
from gigawatt.catalog.measured import Run
from gigawatt.catalog.run_models import CompletedRun, Refusal, complete_run
from gigawatt.perf.chip import Chip, chip_of
from gigawatt.perf.machines import Fabric
from gigawatt.perf.shape import Shape, shape_of
from gigawatt.perf.stacks import Stack, stack_named
from gigawatt.perf.step import FSDP, INTERLEAVED, NO_SHARDING, ONE_F_ONE_B, ZERO1

__all__ = ["Case", "cases_of", "stack_of"]

MOST_CHUNKS = 12
_RELEASE = re.compile(r"(?:NeMo|container|Megatron-Bridge) (?P<year>2\d)\.(?P<month>\d\d)")


@dataclass(frozen=True, slots=True)
class Case:
    """A measured run, completed: what is predicted, and what was measured."""

    run: Run
    shape: Shape
    chip: Chip
    precision: str
    stack: Stack
    fabric: Fabric
    tp: int
    cp: int
    pp: int
    vpp: int
    dp: int
    ep: int
    etp: int
    microbatch: int
    microbatches: int
    sequence: int
    sequence_parallel: bool
    schedule: int
    uneven: int
    sharding: int
    recompute: int | None
    """0 none, 1 selective, 2 full; None where the row does not say."""
    measured_s: float
    """Time of a step [s]."""
    rules: dict[str, str]
    """What the row leaves open, and the rule that set it."""

    @property
    def moe(self) -> bool:
        """Whether the model has experts."""
        return bool(self.shape.moe > 0)

    @property
    def source(self) -> str:
        """What is left out of a calibration together."""
        return self.run.source_group

    @property
    def gpus(self) -> int:
        """Accelerators of the run."""
        return self.run.gpus


def stack_of(run: Run) -> Stack:
    """The software stack of a run, by framework and date.

    Frameworks are recognised in source and notes. What names none is PyTorch FSDP where it is fully
    sharded without a pipeline; else, if newer than 2022, Megatron-Core, which trained nearly all such
    rows.
    """
    text = f"{run.source} {run.notes}".lower()
    date = run.source_date
    if "llm-foundry" in text:
        return stack_named("fsdp-eager")
    if "torchtitan" in text:
        return stack_named("fsdp-compiled")
    if "maxtext" in text or "paxml" in text or "jax" in text:
        return stack_named("jax")
    if "deepspeed" in text or "bigscience" in text or "mt-nlg" in text:
        return stack_named("megatron-deepspeed")
    if date < "2023":
        return stack_named("megatron-2021")
    sharded = "fsdp" in run.sharded_optimizer.lower() and (run.pp or 1) == 1
    if sharded and "megatron" not in text:
        return stack_named("fsdp-compiled")
    if (release := _RELEASE.search(run.notes)) is not None:
        date = f"20{release['year']}-{release['month']}"  # the container, not when it was published
    if date < "2025-05":
        return stack_named("megatron-core-2024")
    return stack_named("megatron-core-2025" if date < "2026-06" else "megatron-core-2026")


def cases_of(
    runs: Sequence[Run], catalog: Catalog | None = None
) -> tuple[list[Case], list[Refusal]]:
    """Complete runs into cases, and list those that cannot be predicted.

    Parameters
    ----------
    runs : sequence of Run
        Rows of a table of measured runs.
    catalog : Catalog, optional
        Where models, systems and kernel tables come from.
    """
    catalog = catalog or Catalog()
    cases: list[Case] = []
    refused: list[Refusal] = []
    chip = cache(lambda system_id: chip_of(catalog, system_id))
    for run in runs:
        if run.exclude or run.workload != "pretrain":
            refused.append(Refusal(run, run.exclude or f"{run.workload}, not pre-training"))
            continue
        done = complete_run(run, catalog)
        case = done if isinstance(done, Refusal) else _case(done, chip)
        if isinstance(case, Refusal):
            refused.append(case)
        else:
            cases.append(case)
    return cases, refused


def _case(done: CompletedRun, chips: Callable[[str], Chip]) -> Case | Refusal:
    run = done.run
    stack, shape = stack_of(run), shape_of(done.architecture)
    rules = {"stack": stack.name, **done.rules}
    if done.precision is None:
        return Refusal(run, "the precision is not stated")
    precision = {"fp16": "bf16", "fp8-mxfp8": "mxfp8"}.get(done.precision, done.precision)
    chip = chips(done.system_id)
    if precision not in chip.peak:
        return Refusal(run, f"{done.system_id} has no {precision}")
    if run.step_time_s is None:
        return Refusal(run, "no time stated and the FLOP formula behind the rate is unknown")
    stated_sharding = run.sharded_optimizer.lower()
    whole = stack.name == "jax" or ("fsdp" in stated_sharding and "zero2" not in stated_sharding)
    whole = whole or "zero3" in stated_sharding
    if whole and stack.name.startswith("megatron-2021"):
        return Refusal(run, "ZeRO-3 of 2021, before bucketed gathers, is not modelled")
    tp, pp = run.tp, run.pp
    if whole and (tp is None or pp is None):
        tp, pp = tp or 1, pp or 1
        rules["parallelism"] = "full sharding alone"
    if tp is None or pp is None:
        return Refusal(run, "parallelism not stated")
    if run.global_batch_seqs is None or run.seq_len is None:
        return Refusal(run, "batch or sequence length not stated")
    cp, ep = run.cp or 1, run.ep or 1
    dp, rest = divmod(run.gpus, tp * pp * cp)
    if rest or dp < 1:
        return Refusal(run, "TP·PP·CP does not divide the GPU count")
    microbatch = run.microbatch_seqs or 1
    if run.microbatch_seqs is None:
        per_replica = run.global_batch_seqs // dp
        microbatch = max(
            (b for b in (1, 2, 4) if per_replica % b == 0 and per_replica // b >= 4 * pp), default=1
        )
        rules["microbatch"] = f"{microbatch}: largest of 1, 2, 4 that leaves 4 for each stage"
    microbatches = run.global_batch_seqs // (dp * microbatch)
    if microbatches < 1:
        microbatch, microbatches = max(run.global_batch_seqs // dp, 1), 1
        rules["microbatch"] = "what the batch leaves"
    layers = int(shape.layers)
    vpp = run.vpp or 1
    if run.vpp is None and pp > 1 and stack.interleaves:
        vpp = _chunks(layers, pp)
        rules["interleaving"] = f"{vpp} chunks: largest divisor of a stage's layers up to 12"
    uneven = int(pp > 1 and layers % (pp * vpp) != 0 and (layers + 2) % (pp * vpp) == 0)
    recompute = {"none": 0, "selective": 1, "full": 2}.get(run.recompute or "")
    if recompute is None:
        rules["recompute"] = "none, or as many layers as memory needs"
    etp = 1
    if shape.moe > 0 and tp > 1 and stack.expert_tensor and "etp=1" not in run.notes.lower():
        etp, rules["expert tensor parallelism"] = tp, "as tensor parallelism, before 2025"
    said = "sequence parallelism on" in run.notes.lower()
    return Case(
        run=run,
        shape=shape,
        chip=chip,
        precision=precision,
        stack=stack,
        fabric=Fabric(
            up_bytes_per_s=done.scaleup_bytes_per_s and done.scaleup_bytes_per_s / 2.0,
            out_bytes_per_s=done.scaleout_bytes_per_s,
        ),
        tp=tp,
        cp=cp,
        pp=pp,
        vpp=vpp,
        dp=dp,
        ep=ep,
        etp=etp,
        microbatch=microbatch,
        microbatches=microbatches,
        sequence=run.seq_len,
        sequence_parallel=tp > 1 and (said or stack.sequence_parallel),
        schedule=INTERLEAVED if vpp > 1 else ONE_F_ONE_B,
        uneven=uneven,
        sharding=FSDP if whole else ZERO1 if _sharded(run, stack) else NO_SHARDING,
        recompute=recompute,
        measured_s=run.step_time_s,
        rules=rules,
    )


def _sharded(run: Run, stack: Stack) -> bool:
    return stack.overlap or "zero1" in run.sharded_optimizer or "zero2" in run.sharded_optimizer


def _chunks(layers: int, pp: int) -> int:
    """Largest divisor, up to `MOST_CHUNKS`, of a stage's layers; two ends may count as layers."""
    for total in (layers, layers + 2):
        if total % pp == 0:
            per_stage = total // pp
            return max(v for v in range(1, MOST_CHUNKS + 1) if per_stage % v == 0)
    return 1
