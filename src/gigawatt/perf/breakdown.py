"""What a predicted step and its memory are made of, in parts that add up.

The slowest pipeline stage sets the pace; its work is divided into operations, and what the step pays
beside it (bubble, transfers, data parallelism, optimizer) follows. Nothing here is a new formula: parts
are read from the prediction.
"""

from __future__ import annotations

from .attention import attended
from .predict import Prediction
from .shape import Shape
from .stacks import Stack
from .step import Memory

__all__ = [
    "GIB",
    "MEMORY_PARTS",
    "STEP_PARTS",
    "hardware_flops",
    "memory_parts_gib",
    "step_parts_s",
]

GIB = float(2**30)

STEP_PARTS = {
    "gemm": "matrix products",
    "attention": "attention and state-space cores",
    "experts": "experts: grouped products, routing",
    "elementwise": "elementwise and casts",
    "ends": "embedding, output head, loss",
    "host": "host launches",
    "recompute": "recomputation",
    "tensor_parallel": "tensor-parallel messages",
    "context_parallel": "context-parallel messages",
    "expert_parallel": "expert-parallel messages",
    "bubble": "pipeline bubble",
    "stage_transfers": "transfers between stages",
    "data_parallel": "gradients and parameters",
    "campuses": "between campuses",
    "optimizer": "optimizer",
    "offload": "offload to the host",
    "fixed": "fixed: logging, data",
    "jitter": "stragglers and noise",
}
"""Parts of a step in the order they are shown, in words; messages are what computation does not hide."""

MEMORY_PARTS = {
    "weights": "weights",
    "gradients": "gradients",
    "optimizer": "optimizer states",
    "activations": "activations",
    "spilled": "offloaded, host full",
    "workspace": "workspace",
    "reserved": "reserved, fragments",
}
"""Parts of an accelerator's memory in the order they are shown, in words."""


def step_parts_s(p: Prediction) -> dict[str, float]:
    """Parts of a step [s]; they add up to `Prediction.step_s`.

    Parameters
    ----------
    p : Prediction
        A prediction whose fields are numbers.

    Notes
    -----
    The layers of the slowest stage are counted, and what it has of the two ends; the rest of them hides
    behind its work.
    """
    one = p.layer
    layers, ends = _slowest(p)
    microbatches = float(p.job.microbatches(p.strategy))
    times = microbatches * layers
    step = p.step
    return {
        "gemm": times * float(one.gemm_s),
        "attention": times * float(one.attention_s),
        "experts": times * float(one.expert_s),
        "elementwise": times * float(one.elementwise_s),
        "ends": microbatches * ends,
        "host": times * float(one.host_s),
        "recompute": times * float(one.recompute_s),
        "tensor_parallel": times * float(one.tp_s),
        "context_parallel": times * float(one.cp_s),
        "expert_parallel": times * float(one.ep_s),
        "bubble": float(step.bubble_s),
        "stage_transfers": float(step.hop_s),
        "data_parallel": float(step.data_parallel_s),
        "campuses": 0.0,
        "optimizer": float(step.optimizer_s),
        "offload": float(step.offload_s),
        "fixed": float(step.fixed_s),
        "jitter": float(step.jitter_s),
    }


def _slowest(p: Prediction) -> tuple[float, float]:
    """Layers of the slowest stage, and its time for the ends of the model [s]."""
    one, both, held, several = p.layer, p.ends, p.stage, p.strategy.pp > 1
    per_layer = float(one.forward_s + one.backward_s + one.recompute_s)
    head, table = float(both.head_forward_s + both.head_backward_s), float(both.embed_s)
    if not several:
        return float(held.last_layers), head + table
    stages = ((float(held.layers), 0.0), (float(held.first_layers), table),
              (float(held.last_layers), head))  # fmt: skip
    return max(stages, key=lambda stage: stage[0] * per_layer + stage[1])


def memory_parts_gib(held: Memory) -> dict[str, float]:
    """Parts of the fullest rank's memory [GiB]; they add up to the whole."""
    parts = {
        "weights": held.weights_bytes,
        "gradients": held.gradients_bytes,
        "optimizer": held.optimizer_bytes,
        "activations": held.activations_bytes,
        "spilled": held.spilled_bytes,
        "workspace": held.workspace_bytes,
        "reserved": held.reserved_bytes,
    }
    return {name: float(size) / GIB for name, size in parts.items()}


def hardware_flops(p: Prediction, shape: Shape, stack: Stack) -> float:
    """FLOP that are executed in a step, recomputation included, attention counted causal [FLOP].

    Notes
    -----
    Full recomputation does the forward pass of every layer again, a third of its FLOP. Selective
    recomputation repeats the attention core where scores are written to memory, and elementwise work
    alone, without FLOP to count, on newer stacks.
    """
    model = float(p.model_flops)
    if p.strategy.recompute == "full":
        sequences = p.job.batch_sequences
        head = 6.0 * p.job.sequence * shape.vocab * shape.hidden * (1.0 + shape.predictions)
        return model + (model - sequences * float(head)) / 3.0
    if p.strategy.recompute == "selective" and stack.attention == "unfused":
        seen = float(attended(shape, p.job.sequence))
        core = 2.0 * (shape.qk_dim + shape.v_dim) * shape.heads * seen
        return model + float(p.job.tokens * core)
    return model
