"""Software stacks: which generation of libraries a training run uses, as far as it changes physics.

A stack says which attention kernels run, whether messages overlap computation, in which precision
gradients are kept, and which calibration constants apply. It is chosen by date and framework, never by
who measured: two sources with the same framework of the same year share a stack.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CURRENT", "STACKS", "Stack", "stack_named"]


@dataclass(frozen=True, slots=True)
class Stack:
    """A generation of training software.

    Attributes
    ----------
    name : str
        Its name in commands and tables.
    what : str
        Which software it stands for.
    attention : str
        Constant of the attention kernels: `unfused` writes the scores to memory.
    elementwise, host, messages, sharding : str
        Constants of elementwise traffic, of the host, of tensor-parallel messages, of full sharding.
    overlap : bool
        Whether messages and gradients can travel during computation at all.
    gradient_bytes : float
        Bytes of a gradient as kept and reduced [B].
    fused_experts : bool
        Whether a gated expert layer in a block-scaled precision is one grouped kernel.
    expert_tensor : bool
        Whether experts are cut over the tensor-parallel ranks where nothing else is said.
    sequence_parallel : bool
        Whether norms and residuals are split over tensor-parallel ranks where nothing else is said.
    interleaves : bool
        Whether a pipeline is interleaved where nothing else is said.
    """

    name: str
    what: str
    attention: str
    elementwise: str
    host: str
    messages: str
    sharding: str
    overlap: bool
    gradient_bytes: float
    fused_experts: bool = False
    expert_tensor: bool = False
    sequence_parallel: bool = True
    interleaves: bool = True


STACKS: tuple[Stack, ...] = (
    Stack(
        "megatron-2021",
        "Megatron-LM before fused attention (2021-2022)",
        attention="unfused",
        elementwise="unfused",
        host="megatron",
        messages="blocking",
        sharding="early",
        overlap=False,
        gradient_bytes=4.0,
        sequence_parallel=False,
        interleaves=False,
    ),
    Stack(
        "megatron-deepspeed",
        "Megatron-DeepSpeed before fused attention (2021-2024)",
        attention="unfused",
        elementwise="unfused",
        host="deepspeed",
        messages="deepspeed",
        sharding="early",
        overlap=False,
        gradient_bytes=4.0,
        sequence_parallel=False,
        interleaves=False,
    ),
    Stack(
        "fsdp-eager",
        "PyTorch FSDP with FlashAttention 2, not compiled (2023-2024)",
        attention="flash2",
        elementwise="eager",
        host="eager",
        messages="compiled",
        sharding="fsdp",
        overlap=True,
        gradient_bytes=4.0,
        sequence_parallel=False,
        interleaves=False,
    ),
    Stack(
        "fsdp-compiled",
        "PyTorch FSDP2 under torch.compile (since 2024)",
        attention="flash2",
        elementwise="compiled",
        host="eager",
        messages="compiled",
        sharding="fsdp",
        overlap=True,
        gradient_bytes=4.0,
        interleaves=False,
    ),
    Stack(
        "jax",
        "JAX under XLA with cuDNN attention: PaxML, MaxText (since 2024)",
        attention="cudnn-2024",
        elementwise="compiled",
        host="graph",
        messages="compiled",
        sharding="fsdp",
        overlap=True,
        gradient_bytes=4.0,
        interleaves=False,
    ),
    Stack(
        "megatron-core-2024",
        "Megatron-Core, NeMo and Transformer Engine up to early 2025",
        attention="cudnn-2024",
        elementwise="fused",
        host="transformer-engine",
        messages="overlapped",
        sharding="megatron-fsdp",
        overlap=True,
        gradient_bytes=2.0,
        expert_tensor=True,
    ),
    Stack(
        "megatron-core-2025",
        "Megatron-Core, NeMo, Megatron-Bridge and Transformer Engine from mid-2025",
        attention="cudnn",
        elementwise="fused",
        host="transformer-engine",
        messages="overlapped",
        sharding="megatron-fsdp",
        overlap=True,
        gradient_bytes=2.0,
    ),
    Stack(
        "megatron-core-2026",
        "Megatron-Core and Megatron-Bridge from mid-2026: gated experts as one grouped kernel",
        attention="cudnn",
        elementwise="fused",
        host="transformer-engine",
        messages="overlapped",
        sharding="megatron-fsdp",
        overlap=True,
        gradient_bytes=2.0,
        fused_experts=True,
    ),
)

CURRENT = STACKS[-1]
"""The stack of a plan that starts now."""


def stack_named(name: str) -> Stack:
    """The stack of a name.

    Raises
    ------
    KeyError
        If there is none.
    """
    for stack in STACKS:
        if stack.name == name:
            return stack
    raise KeyError(name)
