"""The validation page: measured steps predicted without their source, what was refused, the constants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from gigawatt.catalog import Catalog
from gigawatt.catalog.measured import Run, shipped_runs
from gigawatt.perf.stacks import STACKS
from gigawatt.perf.validation.cases import Case
from gigawatt.perf.validation.errors import ErrorLine, by_class, error_line
from gigawatt.perf.validation.fitting import NOISE, SINGLE_NODE_WEIGHT, source_of
from gigawatt.perf.validation.report import Validation, validate_training

from .markdown import cell, page, table

_HEADS = "{} | rows | groups | mean | median | 90th | bias | in sample, mean"

_RULES = (
    (
        "stack",
        "by framework and date: words in source and notes name the framework, a container's release "
        "counts before the day of publication; without such words PyTorch FSDP where a run is fully "
        "sharded without a pipeline, else Megatron of its time",
    ),
    (
        "model",
        "the catalog's record of that name; else the columns and the habits of its family "
        "(vocabulary, heads, gate, one table or two); experts need a record",
    ),
    ("precision", "stated; fp16 counts as bf16; 16 bit on A100; a row on newer chips is refused"),
    ("network", "the system's, except where a source describes other wiring: BLOOM's and vTrain's"),
    ("data parallelism", "accelerators over tensor, pipeline and context ranks"),
    (
        "microbatch",
        "the largest of 1, 2 and 4 sequences that leaves 4 microbatches for each stage",
    ),
    (
        "interleaving",
        "on stacks that interleave: the largest divisor, up to 12, of a stage's layers",
    ),
    (
        "layers at the ends",
        "input table and head count as a layer each where the layers divide by the stages only so",
    ),
    (
        "recompute",
        "none; where memory is short, norms and activations in as many layers as it needs, "
        "then whole layers",
    ),
    ("sharded optimizer", "stated, or on stacks that overlap messages (ZeRO-1)"),
    (
        "full sharding",
        "stated, on JAX, or on stacks that overlap where weights and gradients alone would not fit",
    ),
    ("sequence parallelism", "stated, or as the stack does"),
    ("expert tensor parallelism", "stated, or as tensor parallelism up to early 2025, none since"),
    (
        "overlap of tensor-parallel messages",
        "as the stack can: bf16 and per-tensor fp8 on Megatron-Core, not the block-scaled formats",
    ),
)


def _of(*models: str, on: str = "") -> Callable[[Case], bool]:
    return lambda c: c.run.model in models and on in c.chip.system_id


def _mpt(fewest: int, most: int, *models: str) -> Callable[[Case], bool]:
    return lambda c: c.run.model in models and c.gpus == 8 and fewest <= c.sequence <= most


def _vtrain(tp: int) -> Callable[[Case], bool]:
    return lambda c: c.source == "VIA-Research/vTrain" and c.tp == tp


_LEFT: tuple[tuple[str, Callable[[Case], bool]], ...] = (
    ("Nemotron 3 Super", _of("Nemotron_3_Super")),
    ("GPT-OSS 120B on Blackwell", _of("GPT-OSS-120B")),
    ("Qwen3 235B on NVL72", _of("Qwen3-235B-A22B", on="nvl72")),
    ("Qwen3 235B on B200 and B300 with 8 a domain", _of("Qwen3-235B-A22B", on="0-hgx")),
    ("Qwen3 30B on B300", _of("Qwen3-30B-A3B", on="b300")),
    ("MT-NLG 530B", _of("MT-NLG-530B")),
    ("BLOOM", lambda c: c.source == "bigscience-workshop/bigscience"),
    ("vTrain, 2 tensor ranks", _vtrain(2)),
    ("vTrain, 8 tensor ranks", _vtrain(8)),
    ("vTrain, 16 tensor ranks on nodes of 8", _vtrain(16)),
    ("MPT 30B, 8,192 tokens, 8 accelerators", _mpt(8192, 8192, "MPT-30B")),
    ("MPT 30B, up to 4,096 tokens, 8 accelerators", _mpt(1, 4096, "MPT-30B")),
    ("MPT, 16,384 to 65,536 tokens", _mpt(16384, 65536, "MPT-7B", "MPT-13B", "MPT-30B")),
    (
        "torchtitan, 32,768 tokens and more",
        lambda c: c.source == "pytorch/torchtitan" and c.sequence >= 32768,
    ),
)
"""What is off by more than its neighbours, and neighbours that are not."""

_REMAINS = (
    "**MoE on Blackwell** is the weakest ground. All rows are of one source, Megatron-Bridge, and "
    "so are all rows with a state-space model and all of the newest stack: with that source left "
    "out, `scan` and `grouped.fused` stand at their priors, and nothing else measures them. "
    "Nemotron 3 Super and GPT-OSS come out too fast, Qwen3 235B on NVL72 too slow. Software that a "
    "row does not name moves the time as much as the hardware does: from release 26.04 to 26.06 "
    "the same configuration trained 29 to 33 % more tokens a second with Qwen3 (235B on NVL72, 30B "
    "on B300), and 1 to 12 % more with Nemotron 3 Super. Two patch releases of 26.04 differ by a "
    "fifth on one configuration of Qwen3 235B on B300, and another is slower there than on B200. "
    "Host synchronisation, state-space kernels and activations with a bias are the suspects; step "
    "times alone cannot tell them apart.",
    "**MT-NLG 530B and BLOOM** ran on the same stack, and both come out too fast, MT-NLG three times as much: "
    "something beyond host time and blocking messages is missing. MT-NLG is one model on one cluster.",
    "**Tensor parallelism on vTrain's cluster.** Across nodes (16 ranks on nodes of 8) predictions "
    "are too fast; on 8 ranks most are too slow, and two runs of a 3.6B model on 64 accelerators "
    "far too fast; of the runs on 2 ranks those of a 39B model on 512 accelerators took half as "
    "long again as predicted, unlike their own neighbours. The rows do not say why.",
    "**MPT 30B at 8,192 tokens on 8 accelerators** took a third longer than predicted. By our "
    "count it needs 15 % more memory than there is, so that an allocator under pressure is the "
    "likely reason; but shorter sequences, which by the same count need 8 to 12 % too much, come "
    "out right. Memory of full sharding on few accelerators is thus counted too high, and the "
    "reason is not shown.",
    "**Long contexts.** MPT comes out the faster the longer its sequences are (uncompiled FlashAttention 2), "
    "torchtitan too slow, with and without context parallelism.",
)


def _share(value: float, sign: str = "") -> str:
    return f"{value:{sign}.1%}".replace("%", " %")


def _row(name: str, line: ErrorLine | None, inside: ErrorLine | None) -> Iterable[str]:
    if line is None:
        return (name, *("—",) * 7)
    return (
        name,
        f"{line.rows}",
        f"{line.groups}",
        _share(line.mape),
        _share(line.median),
        _share(line.p90),
        _share(line.bias, "+"),
        _share(inside.mape) if inside is not None else "",
    )


def validation_page() -> str:
    """How far predictions of the training model are from what was measured."""
    found = validate_training(shipped_runs("training"))
    single = validate_training(shipped_runs("single_node"))
    parts: list[str | Iterable[str]] = [
        "Every usable row of the shipped tables of measured runs, predicted with its own strategy. "
        "The error is that of the step time, predicted over measured. The same configuration measured "
        "in several releases is one group, and a group counts once. **Each row is predicted with "
        "constants that were fitted without its source**; the last column is what the same constants "
        "reach when they saw the source, and is never to be quoted alone. "
        "`gigawatt validate training` prints these figures, `--rows` every row.",
        _main_table(found, single),
        "The bars that the project holds itself to, with one source left out, and tests check:",
        _bars(found, single),
    ]
    parts += _predicted(found)
    seen = by_class(found.cases, found.in_sample_errors)
    for kind, lines in found.classes().items():
        parts += [
            f"## By {kind}",
            table(
                _HEADS.format(kind),
                [_row(cell(name), line, seen[kind][name]) for name, line in lines.items()],
            ),
        ]
    parts += [
        "## What rows leave open",
        "One rule each. What a source says of all its runs in another place counts as stated.",
        table("what | rule", ((cell(a), cell(b)) for a, b in _RULES)),
        "## How the constants are fitted",
        f"The fit minimises a robust sum of squared errors of the logarithm of the step time (squared up "
        f"to {NOISE:.0%}, absolute beyond), one weight for each group and {SINGLE_NODE_WEIGHT} for each "
        "single-node run, plus the squared distance of every constant from its prior in units of its "
        "spread. A source is a repository or a paper; the single-node table of vTrain, measured on another "
        "machine, counts as one of its own. Nothing is fitted for a row, a source or a model. "
        "`gigawatt calibrate training` fits anew.",
        "**These figures flatter somewhat.** The run with one source left out was repeated some "
        "twenty-five times while the structure was being found, and stacks, rules and priors were "
        "chosen with the data in view, the priors of `host.deepspeed`, `stall`, `scan`, `permute` "
        "and `out.early` in particular. Several sources are NVIDIA's own and share machines and "
        "software; vTrain's two tables share authors, and leaving out one keeps the other. Some "
        "stacks occur in one source only, so that with it left out their constants are priors. "
        "What was never seen at all may lie further off; plan with the error bands.",
        table("stack | what it is | rows of", _stacks(found, single)),
        "All constants; where each enters is under [Equations of a training step](../equations-training.md).",
        table(
            "constant | prior | spread | value | unit | what it is | where the prior comes from",
            (
                (
                    f"`{name}`", f"{c.prior:g}", f"{c.spread:.0%}", f"{c.value:.4g}", c.unit,
                    cell(c.what), cell(c.basis),
                )
                for name, c in Catalog().training_calibration.constants.items()
            ),
        ),
        "## Error bands",
        "Measured over predicted step time, 10th to 90th percentile of groups, by architecture and type; "
        "1.5 times as wide in the logarithm where kernels are carried over from another generation, and 1.3 "
        "times where a strategy lies outside of what was measured (both by judgement).",
        table(
            "architecture and type | low | high | groups",
            (
                (cell(n), f"{b.low:.2f}", f"{b.high:.2f}", f"{b.groups}")
                for n, b in Catalog().training_calibration.bands.items()
            ),
        ),
        "## What remains, and why",
        "Errors with the source left out, of single rows and over groups; what is off, and beside "
        "it neighbours that are not:",
        table(
            "what | rows | groups | lowest | mean | highest | in sample, mean", _leftovers(found)
        ),
        "\n\n".join(_REMAINS),
    ]  # fmt: skip
    return page("Validation of the training model", *parts)


def _main_table(found: Validation, single: Validation) -> Iterable[str]:
    inside = found.lines(in_sample=True)
    rows = [_row(name, line, inside[name]) for name, line in found.lines().items()]
    alone = single.lines()["overall"], single.lines(in_sample=True)["overall"]
    rows.append(_row("single node", *alone))
    return table(_HEADS.format(""), rows)


def _bars(found: Validation, single: Validation) -> Iterable[str]:
    lines = found.lines()
    overall, dense, moe = (lines[name] for name in ("overall", "dense", "moe"))
    alone = single.lines()["overall"]
    assert overall is not None
    assert dense is not None
    assert moe is not None
    assert alone is not None
    wide = {n: line for n, line in found.classes()["generation"].items() if line.groups >= 8}
    worst = max(wide, key=lambda name: abs(wide[name].bias))
    rows = (
        ("all, mean", 0.09, overall.mape, ""),
        ("dense, mean", 0.07, dense.mape, ""),
        ("moe, mean", 0.18, moe.mape, ""),
        ("single node, mean", 0.12, alone.mape, ""),
        ("all, 90th percentile", 0.20, overall.p90, ""),
        (
            "bias of every generation and type of eight groups or more",
            0.05,
            wide[worst].bias,
            worst,
        ),
    )
    return table(
        "bar | at most | reached",
        (
            (a, f"{b:.0%}".replace("%", " %"), f"{_share(c)}{f' ({d})' if d else ''}")
            for a, b, c, d in rows
        ),
    )


def _span(values: Iterable[int]) -> str:
    found = sorted(set(values))
    return f"{found[0]:,}" if len(found) == 1 else f"{found[0]:,} to {found[-1]:,}"


def _dates(runs: Iterable[Run]) -> str:
    found = sorted({run.source_date[:7] for run in runs})
    return found[0] if len(found) == 1 else f"{found[0]} to {found[-1]}"


def _predicted(found: Validation) -> list[str | Iterable[str]]:
    open_rows = [r for r in found.skipped if not r.run.exclude and r.run.workload == "pretrain"]
    others = [r for r in found.skipped if r not in open_rows]
    usable = len(found.cases) + len(open_rows)
    names = sorted({case.source for case in found.cases})
    by_source = {name: [c for c in found.cases if c.source == name] for name in names}
    return [
        "## What is predicted",
        "Published steps of pre-training, each with the strategy that its source states:",
        table(
            "source | systems | accelerators | published | rows",
            (
                (
                    cell(name),
                    ", ".join(sorted({f"`{c.chip.system_id}`" for c in cases})),
                    _span(c.gpus for c in cases),
                    _dates(c.run for c in cases),
                    f"{len(cases)}",
                )
                for name, cases in by_source.items()
            ),
        ),
        "`single node` is a table by the authors of vTrain: small GPT models on 2, 4 and 8 A100.",
        "## What is not predicted",
        f"{len(found.cases)} of {usable} pre-training rows that the table does not exclude are predicted, "
        f"{_share(len(found.cases) / usable)}. The others, refused by the program:",
        _reasons(Counter(r.reason for r in open_rows)),
        f"The table itself excludes {len(others)} of its {usable + len(others)} rows:",
        _reasons(Counter(r.reason for r in others)),
    ]


def _reasons(reasons: Counter[str]) -> Iterable[str]:
    return table("reason | rows", ((cell(r), f"{n}") for r, n in reasons.most_common()))


def _stacks(found: Validation, single: Validation) -> Iterable[Iterable[str]]:
    for stack in STACKS:
        of = Counter(
            source_of(case) for case in (*found.cases, *single.cases) if case.stack is stack
        )
        rows = ", ".join(f"{name} ({n})" for name, n in of.most_common())
        yield f"`{stack.name}`", cell(stack.what), cell(rows)


def _leftovers(found: Validation) -> Iterable[Iterable[str]]:
    for name, chosen in _LEFT:
        ids = {case.run.id for case in found.cases if chosen(case)}
        line = error_line(found.cases, found.errors, ids.__contains__)
        inside = error_line(found.cases, found.in_sample_errors, ids.__contains__)
        assert line is not None, name
        assert inside is not None, name
        errors = [e for c, e in zip(found.cases, found.errors, strict=True) if c.run.id in ids]
        yield (
            name,
            f"{line.rows}",
            f"{line.groups}",
            f"{min(errors):+.0%}",
            f"{line.bias:+.0%}",
            f"{max(errors):+.0%}",
            f"{inside.bias:+.0%}",
        )
