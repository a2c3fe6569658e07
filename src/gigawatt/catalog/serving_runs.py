"""Measured serving points: one row a point, every column typed, nothing completed.

A `ServingRun` holds what its source says and no more; a blank cell is None, or an empty text. What a
source leaves open is set by the rules of `gigawatt.perf.serving.validation`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from .run_table import MEASURED, Columns, read_table

__all__ = ["SERVING_COLUMNS", "ServingRun", "read_serving_runs", "shipped_serving_runs"]

Mode = Literal["agg", "disagg", "offline", "server", "interactive"]

_FAMILIES = (
    ("MLPerf Inference", "MLPerf Inference"),
    ("InferenceX", "InferenceX"),
    ("TensorRT-LLM", "TensorRT-LLM"),
    ("SGLang", "SGLang"),
    ("DeepSeek", "DeepSeek"),
)
"""Beginnings of sources that belong together: rounds of one benchmark, tables of one project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingRun:
    """One measured serving point, as its source states it.

    Counts are [1] and lengths [token] unless a name carries a unit; None and empty text mean that the
    source does not say. In disaggregated rows `tp`, `ep` and `dp_attention` are those of one decoding
    worker; `prefill_gpus` and `decode_gpus` are totals.
    """

    id: str
    source: str
    source_date: str
    provenance: str
    gpu: str
    gpus: int | None
    model: str
    params_total_b: float | None
    """All parameters [10⁹]."""
    params_active_b: float | None
    """Parameters that one token uses [10⁹]."""
    precision_weights: str
    precision_kv: str
    framework: str
    framework_version: str
    mode: Mode
    isl: float | None
    """Tokens of a prompt, as named by the source [token]."""
    osl: float | None
    """Tokens of an answer [token]."""
    concurrency_or_rate: float | None
    """Requests in progress, sequences of a batch, or requests a second, by mode [1 or 1/s]."""
    tp: int | None
    pp: int | None
    ep: int | None
    dp_attention: bool | None
    """Whether every rank holds all of attention for its own sequences."""
    speculative: str
    prefill_gpus: int | None
    decode_gpus: int | None
    output_tokens_per_s_total: float | None
    """Tokens generated [token/s]."""
    output_tokens_per_s_per_gpu: float | None
    """The same for each accelerator, prefill's included [token/s]."""
    total_tokens_per_s_per_gpu: float | None
    """Tokens read and generated [token/s]."""
    ttft_ms: float | None
    """Time to the first token [ms]."""
    tpot_ms: float | None
    """Time of an output token [ms]."""
    interactivity_tok_s_user: float | None
    """Output tokens a second that a user sees [token/s]."""
    slo: str
    power_w_per_gpu: float | None
    notes: str
    exclude: str
    """Why the row cannot serve for validation; empty where it can."""

    @property
    def family(self) -> str:
        """Who measured: sources that are left out together.

        Examples
        --------
        >>> sorted({run.family for run in shipped_serving_runs()})[:3]
        ['DeepSeek', 'InferenceX', 'MLPerf Inference']
        """
        for start, name in _FAMILIES:
            if self.source.startswith(start):
                return name
        return self.source

    @property
    def config_group(self) -> str:
        """Key of the configuration: rows that differ in date, release or submitter only share it."""
        load = "" if self.mode in {"server", "interactive"} else self.concurrency_or_rate
        parts = (
            *(
                self.source,
                self.gpu,
                self.gpus,
                self.model,
                self.precision_weights,
                self.precision_kv,
            ),
            *(self.framework, self.mode, self.isl, None if self.osl is None else round(self.osl)),
            *(load, self.tp, self.pp, self.ep, self.dp_attention, self.speculative),
            *(self.prefill_gpus, self.decode_gpus, self.slo),
        )
        return "|".join("" if part is None else str(part) for part in parts)


_COLUMNS = Columns(
    row=ServingRun,
    needed=frozenset({"id", "source", "gpu", "model", "mode"}),
    optional=frozenset(
        {"params_total_b", "params_active_b", "provenance", "notes", "exclude", "power_w_per_gpu"}
        | {"total_tokens_per_s_per_gpu", "interactivity_tok_s_user", "output_tokens_per_s_total"}
    ),
    counts=frozenset({"gpus", "tp", "pp", "ep", "prefill_gpus", "decode_gpus"}),
    numbers=frozenset(
        {"params_total_b", "params_active_b", "isl", "osl", "concurrency_or_rate"}
        | {"output_tokens_per_s_total", "output_tokens_per_s_per_gpu", "total_tokens_per_s_per_gpu"}
        | {"ttft_ms", "tpot_ms", "interactivity_tok_s_user", "power_w_per_gpu"}
    ),
    flags=frozenset({"dp_attention"}),
    choices={"mode": ("agg", "disagg", "offline", "server", "interactive")},
)
SERVING_COLUMNS: tuple[str, ...] = _COLUMNS.names
"""The columns of a table of serving points; each is a field of `ServingRun`."""


def read_serving_runs(path: Path) -> tuple[ServingRun, ...]:
    """Read a table of measured serving points.

    Parameters
    ----------
    path : Path
        A CSV file in UTF-8 whose first line names the `SERVING_COLUMNS`, in any order.

    Raises
    ------
    CatalogError
        E405 if the file cannot be read, columns are missing or doubled, an id stands twice, or a
        cell is not what its column holds; all of these at once.

    Examples
    --------
    >>> runs = read_serving_runs(MEASURED / "serving_runs.csv")
    >>> len(runs), runs[0].gpu, runs[0].mode
    (3612, 'MI300X', 'offline')
    """
    return read_table(path, _COLUMNS)


@cache
def shipped_serving_runs() -> tuple[ServingRun, ...]:
    """The measured serving points that come with the package."""
    return read_serving_runs(MEASURED / "serving_runs.csv")
