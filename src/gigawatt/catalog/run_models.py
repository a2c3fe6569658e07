"""Completing a measured run: the architecture it trained, the system it ran on, by named rules.

A source seldom states a whole shape. Where the model's name is known, the catalog record completes
the row, and a stated size that contradicts the record refuses it; otherwise the shape is built from
the row's own columns and the habits of its family, each named in `CompletedRun.rules`. A row that no
rule completes is refused with a reason. Parallelism, batch and recompute settings that a source does
not state are not touched here: a performance model has its own rules for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from .measured import Run, RunPrecision
from .names import model_named, system_named
from .records import Architecture
from .shapes import parameters
from .store import Catalog

__all__ = ["CompletedRun", "Refusal", "complete_run", "complete_runs"]


@dataclass(frozen=True, slots=True)
class CompletedRun:
    """A measured run with everything that its source left out of model and machine.

    Attributes
    ----------
    run : Run
        The run as its source states it.
    architecture : Architecture
        What it trained.
    system_id : str
        Catalog id of the system it ran on.
    model_id : str or None
        Catalog id of the model whose record completed it; None where the row's columns did.
    precision : str or None
        Number format of the matrix products; None where neither the source nor a rule gives one.
    scaleup_bytes_per_s, scaleout_bytes_per_s : float or None
        Bandwidth of one package on this cluster, where its source gives another than the system
        has: scale-up both directions together, scale-out one direction [B/s].
    rules : mapping of str to str
        By field, the rule that gave it; fields that the source states are not in it.
    """

    run: Run
    architecture: Architecture
    system_id: str
    model_id: str | None
    precision: RunPrecision | None
    scaleup_bytes_per_s: float | None
    scaleout_bytes_per_s: float | None
    rules: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A run that cannot be completed, and why in words."""

    run: Run
    reason: str


class _Family(NamedTuple):
    """What the models of a family share where their rows are silent."""

    gated: bool
    tied: bool
    vocab: int | None = None
    heads: int | None = None


_GPT = _Family(gated=False, tied=True, vocab=51_200)
_LLAMA = _Family(gated=True, tied=False)
_FAMILIES: tuple[tuple[str, _Family], ...] = (
    # "all NHEADS=64 (above too)" stands over the last table that does not list its heads
    (r"BLOOM", _Family(gated=False, tied=True, vocab=250_880, heads=64)),
    (r"MPT-", _Family(gated=False, tied=True)),
    (r"GPT-|GPT3-|Megatron-|MT-NLG|vTrain-", _GPT),
    (r"(?i:llama)", _LLAMA),
)
_ANY = "a model of another name"
_BUILT = r"GPT-|GPT3-|Megatron-175B"
"""Names that several shapes share: the row's own columns come first, a record of that name after them."""
_UNTIED_SOURCES = frozenset({"NVIDIA/Megatron-LM"})
"""Whose GPT shapes meet the totals they state only with two tables."""


class _Fabric(NamedTuple):
    """Bandwidth of one package on a cluster that is wired unlike the system [B/s]."""

    scaleup: float | None
    scaleout: float | None
    why: str


_FABRICS: Mapping[str, _Fabric] = {
    "bigscience-workshop/bigscience": _Fabric(
        scaleup=4 * 50e9,
        scaleout=4 * 100e9 / 8 / 8,
        why="BLOOM paper (arXiv 2211.05100): four NVLink connections, read as 4 of the 12 links of "
        "a GPU, and four Omni-Path links of 100 Gb/s for 8 GPUs",
    ),
    "VIA-Research/vTrain": _Fabric(
        scaleup=None,
        scaleout=800e9 / 8 / 8,
        why="source: 800 Gb/s between nodes of 8 GPUs",
    ),
}

_PROXY = re.compile(r"-(?P<layers>\d+)L-proxy$")
_MLPERF = re.compile(r" \(MLPerf\)$")

_NO_SYSTEM: Mapping[str, str] = {
    "A100-SXM (Perlmutter)": "Perlmutter has A100 of 40 GB and of 80 GB, and the row does not say which",
}

_SIZES = ("layers", "hidden", "heads", "kv_heads", "vocab", "experts", "experts_per_token")


def complete_run(run: Run, catalog: Catalog | None = None) -> CompletedRun | Refusal:
    """Find the architecture and the system of a measured run.

    Parameters
    ----------
    run : Run
        The run, as read.
    catalog : Catalog, optional
        Where records are looked up; the package's own if not given.

    Returns
    -------
    CompletedRun or Refusal
        The completed run with the rules that completed it, or the reason why none does.

    Examples
    --------
    >>> from gigawatt.catalog.measured import shipped_runs
    >>> run = next(run for run in shipped_runs("training") if run.id == "bloom-tune-02")
    >>> done = complete_run(run)
    >>> done.architecture.heads, done.architecture.head_dim, done.system_id
    (64, 224, 'a100-80gb-sxm')
    >>> done.rules["heads"]
    'family BLOOM: 64 heads'
    """
    catalog = catalog or Catalog()
    system = system_named(run.gpu, catalog)
    if system is None:
        return Refusal(run, _NO_SYSTEM.get(run.gpu, f"no record of the GPU '{run.gpu}'"))
    rules: dict[str, str] = {}
    if run.gpu == "A100":
        rules["system_id"] = "A100 without its memory: 80 GB on SXM"
    name = _MLPERF.sub("", run.model)
    model_id = None if re.match(_BUILT, name) else model_named(_PROXY.sub("", name), catalog)
    if model_id is not None:
        shape = _from_record(run, name, model_id, catalog, rules)
    else:
        shape = _from_columns(run, name, rules)
        if isinstance(shape, str) and (known := model_named(name, catalog)) is not None:
            model_id, rules = known, {}
            shape = _from_record(run, name, known, catalog, rules)
    if isinstance(shape, str):
        return Refusal(run, shape)
    precision = run.precision or _precision(run, rules)
    fabric = _FABRICS.get(run.source_group, _Fabric(None, None, ""))
    if fabric.scaleup is not None:
        rules["scaleup_bytes_per_s"] = fabric.why
    if fabric.scaleout is not None:
        rules["scaleout_bytes_per_s"] = fabric.why
    return CompletedRun(
        run, shape, system, model_id, precision, fabric.scaleup, fabric.scaleout, rules
    )


def complete_runs(
    runs: Iterable[Run], catalog: Catalog | None = None
) -> tuple[tuple[CompletedRun, ...], tuple[Refusal, ...]]:
    """Complete many runs, and list those that are skipped.

    Parameters
    ----------
    runs : iterable of Run
        The runs. Those with a reason in `exclude` are skipped for that reason.
    catalog : Catalog, optional
        Where records are looked up; the package's own if not given.

    Returns
    -------
    completed : tuple of CompletedRun
        In the order of the runs.
    skipped : tuple of Refusal
        The others, each with its reason.

    Examples
    --------
    >>> from gigawatt.catalog.measured import shipped_runs
    >>> completed, skipped = complete_runs(shipped_runs("training"))
    >>> len(completed), {refusal.run.exclude == "" for refusal in skipped}
    (563, {False})
    """
    catalog = catalog or Catalog()
    completed: list[CompletedRun] = []
    skipped: list[Refusal] = []
    for run in runs:
        done = Refusal(run, run.exclude) if run.exclude else complete_run(run, catalog)
        if isinstance(done, Refusal):
            skipped.append(done)
        else:
            completed.append(done)
    return tuple(completed), tuple(skipped)


def _from_record(
    run: Run, name: str, model_id: str, catalog: Catalog, rules: dict[str, str]
) -> Architecture | str:
    """The record's architecture, cut to a proxy's depth; or the contradiction in words."""
    if model_id not in catalog.ids("models"):
        return f"the catalog has no model '{model_id}' for '{run.model}'"
    shape = catalog.model(model_id).architecture
    if proxy := _PROXY.search(name):
        layers = run.layers or int(proxy["layers"])
        if shape.hybrid or shape.dense_layers or layers > shape.layers:
            return f"'{run.model}' does not say which layers of {model_id} are left"
        shape = shape.model_copy(update={"layers": layers})
        rules["layers"] = f"catalog record {model_id}, cut to {layers} layers"
    theirs = {size: getattr(shape, size) for size in _SIZES}
    theirs["ffn_hidden"] = shape.ffn_expert if shape.experts else shape.ffn
    total = parameters(shape).total / 1e9
    if run.params_total_b is not None and not 0.85 <= run.params_total_b / total <= 1.15:
        return f"the row states {run.params_total_b:g}e9 parameters, {model_id} has {total:.4g}e9"
    for size, value in theirs.items():
        stated = getattr(run, size)
        if stated is None:
            rules.setdefault(size, f"catalog record {model_id}")
        elif stated != value:
            return f"the row states {size} = {stated}, the catalog record {model_id} has {value}"
    return shape


def _from_columns(run: Run, name: str, rules: dict[str, str]) -> Architecture | str:
    """An architecture built from the row and its family's habits; or what is missing in words."""
    family = next((habits for pattern, habits in _FAMILIES if re.match(pattern, name)), None)
    known = family is not None
    if family is None:
        whole = (run.layers, run.hidden, run.ffn_hidden, run.heads, run.kv_heads, run.vocab)
        if run.experts is not None or None in whole:
            return f"no rule knows the model '{run.model}', and the row lacks part of its shape"
        assert run.hidden is not None
        # Gated blocks are mostly cut narrower than four times the width, to hold as many weights.
        family = _Family(gated=run.ffn_hidden != 4 * run.hidden, tied=False)
    if run.layers is None or run.hidden is None:
        return "the row states no layers and hidden width, and no catalog record has its name"
    if run.experts is not None:
        return f"the row states experts, but not the whole shape of '{run.model}'"
    label = "BLOOM" if family.heads else "GPT" if family is _GPT else name.partition("-")[0]
    label = f"family {label}" if known else "shape stated, habits not known"
    ffn, vocab, heads = run.ffn_hidden, run.vocab, run.heads
    if ffn is None:
        if family.gated:
            return f"the row states no ffn_hidden, and gated blocks of '{run.model}' have no rule"
        ffn = 4 * run.hidden
        rules["ffn_hidden"] = f"{label}: four times the hidden width"
    if vocab is None:
        if family.vocab is None:
            return f"the row states no vocabulary, and no rule gives that of '{run.model}'"
        vocab = family.vocab
        rules["vocab"] = f"{label}: a vocabulary of {vocab}"
    if heads is None:
        heads = family.heads or max(1, run.hidden // 128)
        rules["heads"] = f"{label}: " + (f"{heads} heads" if family.heads else "heads 128 wide")
    if run.hidden % heads:
        return f"hidden = {run.hidden} is not a multiple of heads = {heads}"
    kv_heads = run.kv_heads
    if kv_heads is None:
        kv_heads = heads
        rules["kv_heads"] = f"{label}: as many key-value heads as heads"
    if heads % kv_heads:
        return f"heads = {heads} is not a multiple of kv_heads = {kv_heads}"
    untied = run.source_group in _UNTIED_SOURCES
    rules["gated_ffn"] = f"{label}: {'three' if family.gated else 'two'} matrices"
    rules["tied_embeddings"] = (
        f"source {run.source_group}: only two tables meet the stated totals"
        if untied
        else f"{label}: {'one table' if family.tied else 'two tables'}"
    )
    return Architecture(
        layers=run.layers,
        hidden=run.hidden,
        ffn=ffn,
        gated_ffn=family.gated,
        heads=heads,
        kv_heads=kv_heads,
        head_dim=run.hidden // heads,
        vocab=vocab,
        context=run.seq_len or 2048,
        tied_embeddings=family.tied and not untied,
        source="measured-training-runs",
        as_of=run.source_date,
        confidence="reported",
        seen="secondary",
        note=f"{run.source}; completed: {', '.join(rules)}",
    )


def _precision(run: Run, rules: dict[str, str]) -> RunPrecision | None:
    """The number format that a rule gives a run whose source does not state one."""
    if run.source_group == "bigscience-workshop/bigscience":
        rules["precision"] = "source: these tests ran in fp16, the bf16 optimiser came after them"
        return "fp16"
    if run.source_group == "NVIDIA/Megatron-LM" and run.gpu.startswith("H100"):
        rules["precision"] = "source: its utilisation is of the bf16 peak"
        return "bf16"
    if run.gpu.startswith("A100"):
        rules["precision"] = "A100 trains in 16 bits; bf16 and fp16 have one peak"
        return "bf16"
    return None
