"""Reading measured training runs: one row a run, every column typed, nothing completed.

A `Run` holds what its source says and no more; a blank cell is None, or an empty text. What follows
from a model's name or from habit (a vocabulary, the count of key-value heads) is filled in by
`gigawatt.catalog.run_models`, which says by which rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

from .run_table import MEASURED, Columns, read_table

__all__ = ["COLUMNS", "MEASURED", "Run", "RunTable", "read_runs", "shipped_runs"]

RunTable: TypeAlias = Literal["training", "single_node"]
Workload = Literal["pretrain", "sft", "lora"]
Recompute = Literal["none", "selective", "full"]
RunPrecision = Literal["fp16", "bf16", "fp8", "fp8-mxfp8", "mxfp8", "nvfp4"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One measured training run, as its source states it.

    Sizes are counts [1] unless their name carries a unit; None and empty text mean that the source
    does not say. `ffn_hidden` of a model with experts is the width of one expert, `dp` includes the
    ranks that expert parallelism folds over, and batches are counted in sequences.
    """

    id: str
    source: str
    source_date: str
    gpu: str
    gpus: int
    model: str
    params_total_b: float | None
    """All parameters [10⁹]."""
    params_active_b: float | None
    """Parameters that one token uses [10⁹]."""
    layers: int | None
    hidden: int | None
    ffn_hidden: int | None
    heads: int | None
    kv_heads: int | None
    vocab: int | None
    seq_len: int | None
    """Tokens of one sequence [token]."""
    experts: int | None
    experts_per_token: int | None
    global_batch_seqs: int | None
    """Sequences of one step [sequence]."""
    microbatch_seqs: int | None
    """Sequences of one microbatch of one data-parallel rank [sequence]."""
    tp: int | None
    pp: int | None
    vpp: int | None
    dp: int | None
    cp: int | None
    ep: int | None
    sharded_optimizer: str
    recompute: Recompute | None
    precision: RunPrecision | None
    iteration_time_s: float | None
    """Time of one step, as reported [s]."""
    tokens_per_s_per_gpu: float | None
    """Tokens trained, as reported [token/s/GPU]."""
    model_tflops_per_gpu: float | None
    """Rate by the source's own count of operations [TFLOP/s/GPU]."""
    mfu: float | None
    """Utilisation by the source's own count and peak [1]."""
    notes: str
    workload: Workload
    provenance: str
    config_group: str
    """Key of the configuration: runs that differ only in software release share it."""
    derived_iteration_time_s: float | None
    """Time of one step by arithmetic from what is reported [s]."""
    derived_tokens_per_s_per_gpu: float | None
    """Tokens trained by arithmetic from what is reported [token/s/GPU]."""
    exclude: str
    """Why the run cannot serve for validation; empty where it can."""

    @property
    def source_group(self) -> str:
        """Who measured: the repository, or the first author of a paper.

        Rounds of one benchmark are one group, and so are the two files of one repository; what is
        left out of a calibration together must share a group.

        Examples
        --------
        >>> runs = shipped_runs("training")
        >>> sorted({run.source_group for run in runs if run.source.startswith("mlc")})
        ['mlcommons/training_results']
        """
        first = self.source.split(maxsplit=1)[0] if self.source.strip() else ""
        rounds = "mlcommons/training_results"
        return rounds if first.startswith(rounds) else first.rstrip(",;:")

    @property
    def step_time_s(self) -> float | None:
        """Time of one step: reported, else derived, else from the reported tokens [s].

        The last is ``batch × seq_len / (gpus × tokens per second and GPU)``. None where the source
        gives a rate in FLOP/s only, whose formula is then needed.
        """
        for stated in (self.iteration_time_s, self.derived_iteration_time_s):
            if stated is not None:
                return stated
        rate, batch, length = self.tokens_per_s_per_gpu, self.global_batch_seqs, self.seq_len
        if rate is None or batch is None or length is None:
            return None
        return batch * length / (self.gpus * rate)


_COLUMNS = Columns(
    row=Run,
    needed=frozenset({"id", "source", "gpu", "gpus", "model", "workload"}),
    optional=frozenset(
        {
            "params_total_b",
            "params_active_b",
            "mfu",
            "notes",
            "provenance",
            "config_group",
            "exclude",
        }
        | {"derived_iteration_time_s", "derived_tokens_per_s_per_gpu", "model_tflops_per_gpu", "dp"}
    ),
    counts=frozenset(
        {"gpus", "layers", "hidden", "ffn_hidden", "heads", "kv_heads", "vocab", "seq_len"}
        | {"experts", "experts_per_token", "global_batch_seqs", "microbatch_seqs"}
        | {"tp", "pp", "vpp", "dp", "cp", "ep"}
    ),
    numbers=frozenset(
        {"params_total_b", "params_active_b", "iteration_time_s", "tokens_per_s_per_gpu"}
        | {"model_tflops_per_gpu", "mfu"}
        | {"derived_iteration_time_s", "derived_tokens_per_s_per_gpu"}
    ),
    choices={
        "workload": ("pretrain", "sft", "lora"),
        "recompute": ("none", "selective", "full"),
        "precision": ("fp16", "bf16", "fp8", "fp8-mxfp8", "mxfp8", "nvfp4"),
    },
)
COLUMNS: tuple[str, ...] = _COLUMNS.names
"""The columns of a table of runs; each is a field of `Run`."""


def read_runs(path: Path) -> tuple[Run, ...]:
    """Read a table of measured runs.

    Parameters
    ----------
    path : Path
        A CSV file in UTF-8 whose first line names the `COLUMNS`, in any order.

    Returns
    -------
    tuple of Run
        One a row, in the file's order, the excluded ones too.

    Raises
    ------
    CatalogError
        E405 if the file cannot be read, columns are missing or unknown, an id stands twice, or a
        cell is not a number or a choice of its column; all of these at once.

    Examples
    --------
    >>> runs = read_runs(MEASURED / "training_runs.csv")
    >>> len(runs), runs[0].gpu, runs[0].gpus
    (610, 'GB200-NVL72', 128)
    """
    return read_table(path, _COLUMNS)


@cache
def shipped_runs(table: RunTable) -> tuple[Run, ...]:
    """The measured runs that come with the package.

    Parameters
    ----------
    table : {"training", "single_node"}
        `training`: published runs from 8 GPUs to thousands; `single_node`: small models on 2 to 8
        GPUs, whose short steps show the fixed costs.

    Examples
    --------
    >>> len(shipped_runs("single_node"))
    490
    """
    return read_runs(MEASURED / f"{table}_runs.csv")
