"""Serving runtimes by era: what the host costs, and how well kernels are chosen.

A runtime is documented software of a time, not a source of measurements: rows of all sources share it.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CURRENT", "RUNTIMES", "Runtime", "runtime_named", "runtime_of"]


@dataclass(frozen=True, slots=True)
class Runtime:
    """A serving runtime of an era.

    Attributes
    ----------
    name : str
        Short name.
    what : str
        What it is.
    host : str
        Constants `pass.…` and `sequence.…` of the host's time.
    kernels : str
        Constant `kernels.…` of fixed kernel times.
    most : float
        Sequences let in at once by default, per copy of attention [1].
    mixed : bool
        Whether prompts and decoding share passes.
    admitted : float
        Share of an answer whose cache is set aside when a request is let in [1]: all of it where a
        scheduler never evicts, half where it lets in more and evicts when it must.
    copies : str
        Constant `lockstep.…` of how well copies of attention are kept evenly busy.
    lone : bool
        Whether a model that one accelerator does not hold takes the whole server, for an engine serves
        one copy and has no pipeline worth the name.
    """

    name: str
    what: str
    host: str
    kernels: str
    most: float
    mixed: bool = True
    admitted: float = 0.5
    copies: str = "balanced"
    lone: bool = False


RUNTIMES: tuple[Runtime, ...] = (
    Runtime("tensorrt-engines-2024", "TensorRT-LLM with compiled engines (2023-2024)",
            "engines-2024", "fused", 2048, admitted=1.0),
    Runtime("tensorrt-engines", "TensorRT-LLM with compiled engines and its C++ runtime (since 2025)",
            "engines", "fused", 2048, admitted=1.0),
    Runtime("tensorrt-llm-2025", "TensorRT-LLM 1.0 and 1.1 on PyTorch with captured graphs (2025)",
            "tensorrt", "fused", 2048, admitted=1.0, copies="early"),
    Runtime("tensorrt-llm", "TensorRT-LLM from 1.2 on PyTorch with captured graphs (since December 2025)",
            "tensorrt", "fused", 2048, admitted=1.0),
    Runtime("vllm-2024", "vLLM before its V1 engine (up to early 2025)",
            "vllm-2024", "eager", 1024, lone=True),
    Runtime("vllm", "vLLM with the V1 engine (since 2025)", "vllm", "compiled", 1024),
    Runtime("sglang-2025", "SGLang with overlapped scheduling (2025)", "sglang", "early", 1024, mixed=False),
    Runtime("sglang", "SGLang with overlapped scheduling (since 2026)",
            "sglang", "compiled", 1024, mixed=False),
    Runtime("atom", "AMD's ATOM on ROCm (since 2025)", "sglang", "compiled", 1024),
)  # fmt: skip

_BY_NAME = {runtime.name: runtime for runtime in RUNTIMES}
CURRENT = _BY_NAME["tensorrt-llm"]
"""What plans assume."""


def runtime_named(name: str) -> Runtime:
    """The runtime of a name; KeyError where there is none."""
    return _BY_NAME[name]


def runtime_of(
    framework: str, version: str, date: str, *, notes: str = "", latent: bool = False
) -> Runtime:
    """The runtime that a measured row names.

    Parameters
    ----------
    framework, version : str
        As stated.
    date : str
        Of publication, YYYY-MM….
    notes : str
        What else is stated; names the TensorRT release where engines were compiled.
    latent : bool
        Whether attention is latent, which compiled engines do not serve.

    Examples
    --------
    >>> runtime_of("TensorRT-LLM", "0.9.0", "2024-04").name, runtime_of("SGLang", "", "2026-01").name
    ('tensorrt-engines-2024', 'sglang')
    """
    if "TensorRT" in framework or not framework:
        if version.startswith("0.9") or "" < date < "2025":
            return _BY_NAME["tensorrt-engines-2024"]
        if "TensorRT 10" in notes and not latent:
            return _BY_NAME["tensorrt-engines"]
        early = version.startswith(("1.0", "1.1")) or (not version and "" < date < "2025-12")
        return _BY_NAME["tensorrt-llm-2025" if early else "tensorrt-llm"]
    if framework.startswith("vLLM"):
        numbers = version.split(".")
        minor = int(numbers[1]) if version.startswith("0.") and numbers[1].isdigit() else None
        if (minor is not None and minor < 8) or (minor is None and "" < date < "2025-03"):
            return _BY_NAME["vllm-2024"]
        return _BY_NAME["vllm"]
    if framework.startswith("ATOM"):
        return _BY_NAME["atom"]
    return _BY_NAME["sglang-2025" if "" < date < "2026" else "sglang"]
