"""Launch settings of a strategy: arguments of Megatron-Core and of torchtitan.

Only what a strategy decides is written: how the model is spread, batch, precision, recomputation,
overlap. The model's own shape, data and learning rates are the reader's. What a framework cannot do is
refused; what it does nearly is said in a comment.

References
----------
Megatron-LM, `megatron/training/arguments.py` and the dataclasses it is built from; torchtitan,
`torchtitan/config/configs.py`; both as of August 2026.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gigawatt.core.errors import InputError, Problem

from .training_answer import Trained, TrainingAnswer

__all__ = ["FRAMEWORKS", "launch_settings"]

_MEGATRON_PRECISION: Mapping[str, tuple[str, ...]] = {
    "bf16": (),
    "fp8": ("--fp8-format hybrid", "--fp8-recipe tensorwise"),
    "mxfp8": ("--fp8-format e4m3", "--fp8-recipe mxfp8"),
    "nvfp4": ("--fp4-format e2m1", "--fp4-recipe nvfp4"),
}
_TITAN_SCHEDULE: Mapping[str, str] = {"1f1b": "1F1B", "interleaved": "Interleaved1F1B"}
_OFFLOADED = "qkv_linear core_attn attn_proj"
_OFFLOADED_EXPERTS = "expert_fc1 moe_act"


def launch_settings(answer: TrainingAnswer, framework: str) -> str:
    """Settings of the best strategy of an answer that a framework can run.

    Parameters
    ----------
    answer : TrainingAnswer
        An answer with at least one strategy.
    framework : {"megatron", "torchtitan"}
        For which.

    Returns
    -------
    str
        Lines to put into a launch script; lines that begin with # are comments.

    Raises
    ------
    InputError
        E203 for an unknown framework, E704 where it can run none of the strategies found, with what it
        lacks.
    """
    if framework not in FRAMEWORKS:
        raise InputError(
            Problem(
                "E203", f"emit is '{framework}'; it may be {', '.join(FRAMEWORKS)}.", path="emit"
            )
        )
    name, settings, lacks = FRAMEWORKS[framework]
    first = answer.best[0]
    others = [one for one in (*answer.best, answer.inside) if one is not None]
    chosen = next((one for one in others if not lacks(answer, one)), None)
    if chosen is None:
        what = "; ".join(lacks(answer, first))
        raise InputError(
            Problem(
                "E704",
                f"{name} cannot run {first.strategy}: {what}.",
                "Fix other choices with --strategy, or ask for more strategies with --top.",
                "emit",
            )
        )
    lines = [f"# {answer.model} on {answer.request.count:,} × {answer.request.system_id}, {name}"]
    if chosen is not first:
        slower = chosen.step_time_s / first.step_time_s - 1.0
        lines.append(f"# The best found, {first.strategy},")
        lines += [f"# cannot be run: {what}." for what in lacks(answer, first)]
        lines.append(f"# This is the best found that can; its step takes {slower:+.1%}.")
    lines.append(f"# {chosen.strategy}: {chosen.step_time_s:.4g} s a step predicted")
    return "\n".join([*lines, *settings(answer, chosen)])


def _replicas(answer: TrainingAnswer, one: Trained) -> tuple[int, int]:
    """Data-parallel replicas: those between sharding groups, and those within one."""
    s, dp = one.strategy, one.prediction.replicas
    if s.sharding == "none":
        return dp, 1
    if s.sharding != "hsdp":
        return 1, dp
    between = min(dp * s.cp // int(one.prediction.network.shard_ranks), dp)
    return between, dp // between


def _megatron_lacks(answer: TrainingAnswer, one: Trained) -> tuple[str, ...]:
    s, found = one.strategy, []
    if answer.request.outer_every > 1:
        found.append("campuses that train by themselves need an outer optimizer, which it has not")
    if s.schedule == "zero-bubble":
        found.append("a zero-bubble schedule is not among its schedules (1f1b, interleaved)")
    if s.pp == 2 and s.vpp > 1 and not s.dp_overlap:
        found.append("interleaving over two stages needs overlapped transfers")
    return tuple(found)


def _megatron(answer: TrainingAnswer, one: Trained) -> list[str]:
    s, r = one.strategy, answer.request
    experts = s.ep > 1 or s.etp > 1 or one.prediction.layer.expert_parameters > 0
    lines = [
        f"--tensor-model-parallel-size {s.tp}",
        f"--pipeline-model-parallel-size {s.pp}",
        f"--context-parallel-size {s.cp}",
    ]
    if s.sequence_parallel:
        lines.append("--sequence-parallel")
    if s.vpp > 1:
        lines.append(f"--num-virtual-stages-per-pipeline-rank {s.vpp}")
    if s.uneven:
        lines += [
            "--account-for-embedding-in-pipeline-split",
            "--account-for-loss-in-pipeline-split",
        ]
    if experts:
        lines += [
            f"--expert-model-parallel-size {s.ep}",
            f"--expert-tensor-parallel-size {s.etp}",
            "--moe-grouped-gemm",
            "--moe-token-dispatcher-type alltoall",
        ]
    lines += [
        f"--micro-batch-size {s.microbatch}",
        f"--global-batch-size {r.batch_tokens // r.sequence}",  # type: ignore[operator]
        f"--seq-length {r.sequence}",
        "--bf16",
        *_MEGATRON_PRECISION[str(r.precision)],
    ]
    if s.recompute == "selective":
        modules = "layernorm moe_act" if experts else "layernorm"
        lines += ["--recompute-granularity selective", f"--recompute-modules {modules}"]
        if not experts:
            lines.append(
                "# the model recomputes activations of dense blocks too, without their products"
            )
    elif s.recompute == "full":
        lines += [
            "--recompute-granularity full",
            "--recompute-method uniform",
            "--recompute-num-layers 1",
        ]
    lines += _megatron_sharding(answer, one)
    if s.tp_overlap:
        lines.append("--tp-comm-overlap")
    if s.optimizer_offload:
        lines += ["--use-precision-aware-optimizer", "--optimizer-cpu-offload"]
    if s.activation_offload:
        modules = f"{_OFFLOADED} {_OFFLOADED_EXPERTS}" if experts else _OFFLOADED
        lines += ["--fine-grained-activation-offloading", f"--offload-modules {modules}"]
        lines.append("# inputs of these modules are moved; the model moves all activations")
    return lines


def _megatron_sharding(answer: TrainingAnswer, one: Trained) -> list[str]:
    s = one.strategy
    overlap = ["--overlap-grad-reduce"] if s.dp_overlap else []
    if s.sharding == "none":
        return overlap
    if s.dp_overlap:
        overlap.append("--overlap-param-gather")
    lines = ["--use-distributed-optimizer", *overlap]
    if s.sharding in ("fsdp", "hsdp"):
        lines += [
            "--use-megatron-fsdp",
            "--data-parallel-sharding-strategy optim_grads_params",
            "--ckpt-format fsdp_dtensor",
        ]
        between, _ = _replicas(answer, one)
        if s.sharding == "hsdp" and between > 1:
            lines += [
                f"--num-distributed-optimizer-instances {between}",
                "--outer-dp-sharding-strategy no_shard",
            ]
    return lines


def _titan_lacks(answer: TrainingAnswer, one: Trained) -> tuple[str, ...]:
    s, found = one.strategy, []
    if answer.request.outer_every > 1:
        found.append("campuses that train by themselves are an experiment of its own (torchft)")
    if s.schedule not in _TITAN_SCHEDULE:
        found.append(f"{s.schedule} (ZB-H1) is not among its schedules")
    if s.etp > 1:
        found.append("single experts are not cut over ranks (etp)")
    if s.optimizer_offload:
        found.append(
            "it offloads parameters, gradients and optimizer together, not the optimizer alone"
        )
    if s.activation_offload:
        found.append("it does not offload activations")
    if answer.request.precision == "nvfp4":
        found.append("it does not train in nvfp4")
    return tuple(found)


def _titan(answer: TrainingAnswer, one: Trained) -> list[str]:
    s, r, job = one.strategy, answer.request, one.prediction.job
    between, within = _replicas(answer, one)
    lines = [
        f"--parallelism.tensor_parallel_degree {s.tp}",
        f"--parallelism.pipeline_parallel_degree {s.pp}",
        f"--parallelism.context_parallel_degree {s.cp}",
        f"--parallelism.expert_parallel_degree {s.ep}",
        f"--parallelism.data_parallel_replicate_degree {between}",
        f"--parallelism.data_parallel_shard_degree {within}",
    ]
    if s.tp > 1 and not s.sequence_parallel:
        lines.append("--parallelism.no-enable_sequence_parallel")
    if s.sharding == "zero1":
        lines.append("--parallelism.fsdp_reshard_after_forward never")
        lines.append("# zero1: the nearest is full sharding that keeps what it gathered (ZeRO-2)")
    elif s.sharding in ("fsdp", "hsdp"):
        lines.append("--parallelism.fsdp_reshard_after_forward always")
    if s.pp > 1:
        less = int(s.uneven)
        per = (int(_layers(one)) + 2 * less) // (s.pp * s.vpp)
        lines += [
            f"--parallelism.pipeline_parallel_schedule {_TITAN_SCHEDULE[s.schedule]}",
            f"--parallelism.pipeline_parallel_layers_per_stage {per}",
            f"--parallelism.pipeline_parallel_first_stage_less_layers {less}",
            f"--parallelism.pipeline_parallel_last_stage_less_layers {less}",
            f"--parallelism.num_pp_microbatches {job.microbatches(s)}",
        ]
    lines += [
        f"--training.num_tokens_per_microbatch_per_dp_rank {s.microbatch * job.sequence}",
        f"--training.num_tokens_per_train_step {r.batch_tokens}",
        f"--training.max_context_length {job.sequence}",
        "--compile.enable",
    ]
    if s.tp_overlap:
        lines.append("--compile.enable_async_tensor_parallel")
    lines.append(f"activation-checkpoint:{s.recompute}")
    if r.precision != "bf16":
        lines.append(f"# {r.precision} is a converter of the model in its configuration, no flag")
    return lines


def _layers(one: Trained) -> float:
    """Layers that the stages of a strategy hold together."""
    s, held = one.strategy, one.prediction.stage
    return float(held.layers) * s.pp - 2 * int(s.uneven)


FRAMEWORKS: Mapping[
    str,
    tuple[
        str,
        Callable[[TrainingAnswer, Trained], list[str]],
        Callable[[TrainingAnswer, Trained], tuple[str, ...]],
    ],
] = {
    "megatron": ("Megatron-Core", _megatron, _megatron_lacks),
    "torchtitan": ("torchtitan", _titan, _titan_lacks),
}
"""By word: its name, how settings are written, what it lacks."""
