"""What aiconfigurator says of the same rows, where its measured tables cover them.

aiconfigurator composes measured kernels of a framework into the time of a pass. Its pass of decoding and
its prompts are put together here as ours are, so that both answer one question: the time of an output token
with so many requests in progress. Many of the redistributed rows are among those it was checked against.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from gigawatt.core.arrays import Array
from gigawatt.core.errors import MissingExtraError

from .cases import ServingCase

__all__ = ["aiconfigurator_tpot_s"]

_SYSTEMS = {
    "h100-sxm": "h100_sxm",
    "h200-sxm": "h200_sxm",
    "b200-hgx": "b200_sxm",
    "b300-hgx": "b300_sxm",
    "gb200-nvl72": "gb200",
    "gb300-nvl72": "gb300",
}
_MODELS = {
    "Llama-3.1-8B": "meta-llama/Meta-Llama-3.1-8B",
    "Llama-3.1-70B": "meta-llama/Meta-Llama-3.1-70B",
    "Llama-3.1-405B": "meta-llama/Meta-Llama-3.1-405B",
    "DeepSeek-R1": "deepseek-ai/DeepSeek-R1",
    "Qwen3-235B-A22B": "Qwen/Qwen3-235B-A22B",
    "Qwen3-30B-A3B": "Qwen/Qwen3-30B-A3B",
    "gpt-oss-120b": "openai/gpt-oss-120b",
}
_GEMM = {
    "bf16": "bfloat16",
    "fp8": "fp8",
    "fp8_block": "fp8_block",
    "fp4": "nvfp4",
    "mxfp4": "bfloat16",
}
_EXPERTS = {**_GEMM, "mxfp4": "w4a16_mxfp4"}


def aiconfigurator_tpot_s(
    cases: Sequence[ServingCase], progress: Callable[[int, int], None] = lambda *_: None
) -> Array:
    """Time of an output token of aggregated cases by aiconfigurator, NaN where it covers none [s].

    Parameters
    ----------
    cases : sequence of ServingCase
        Completed rows.
    progress : callable
        Called with cases done and cases in all.

    Raises
    ------
    MissingExtraError
        E601 if the extra is not installed.
    """
    try:
        from aiconfigurator_core.sdk.engine import EngineHandle
    except ImportError as error:
        raise MissingExtraError.of("silicon", "--aiconfigurator") from error

    @cache
    def engine(model: str, system: str, backend: str, tp: int, dp: int, moe_tp: int, ep: int,
               pp: int, gemm: str, experts: str, cached: str) -> Any:  # fmt: skip
        try:
            return EngineHandle.compile(
                model, system, backend, tp_size=tp, pp_size=pp, attention_dp_size=dp,
                moe_tp_size=moe_tp, moe_ep_size=ep, gemm_quant_mode=gemm,
                moe_quant_mode=experts, kvcache_quant_mode=cached, fmha_quant_mode="bfloat16",
            )  # fmt: skip
        except Exception:  # whatever a table lacks: the row is not covered
            return None

    found = np.full(len(cases), np.nan)
    for i, case in enumerate(cases):
        progress(i, len(cases))
        key = _key(case)
        handle = None if key is None else engine(*key)
        if handle is not None:
            found[i] = _tpot_s(handle, case)
    return found


def _key(case: ServingCase) -> tuple[Any, ...] | None:
    backend = {"TensorRT-LLM": "trtllm", "SGLang": "sglang", "vLLM": "vllm"}.get(case.run.framework)
    system, model = _SYSTEMS.get(case.chip.system_id), _MODELS.get(case.run.model)
    if case.run.mode != "agg" or backend is None or system is None or model is None:
        return None
    stage = max(case.tp, case.ep)
    dp = stage if case.copies else 1
    cached = "fp8" if case.formats.cache_bytes == 1.0 else "bfloat16"
    return (
        model, system, backend, stage // dp, dp, max(stage // case.ep, 1), case.ep, case.pp,
        _GEMM[case.precision], _EXPERTS[case.precision], cached,
    )  # fmt: skip


def _tpot_s(handle: Any, case: ServingCase) -> float:
    given, answer = round(case.input), round(case.output)
    copies = max(case.tp, case.ep) if case.copies else 1
    each = max(round(case.load / copies), 1)
    together = max(min(8192 // given, int(case.load / 8)), 1)
    try:
        token = handle.decode_step_latency(each, given, answer)
        prompt = handle.predict_prefill_latency(together, given) / together / copies
    except Exception:  # as above
        return float("nan")
    return float(token + max(case.load - 1.0, 0.0) * prompt / answer) / 1e3
