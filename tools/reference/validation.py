"""The validation page: measured steps predicted without their source, what was refused, the constants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from gigawatt.catalog import Catalog
from gigawatt.catalog.measured import shipped_runs
from gigawatt.perf.validation.errors import ErrorLine
from gigawatt.perf.validation.fitting import NOISE, SINGLE_NODE_WEIGHT
from gigawatt.perf.validation.report import Validation, validate_training

from .markdown import cell, page, table

_HEADS = "{} | rows | groups | mean | median | 90th | bias | in sample, mean"

_RULES = (
    ("stack", "by framework and date, never by who measured; containers count by their release"),
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
        "recompute",
        "none; where memory is short, norms and activations in as many layers as it needs, "
        "then whole layers",
    ),
    (
        "full sharding",
        "stated, or where weights and gradients alone would not fit",
    ),
    ("sequence parallelism", "stated, or as the stack does"),
    ("expert tensor parallelism", "stated, or as tensor parallelism up to early 2025, none since"),
    ("precision", "stated; 16 bit on A100; a row on newer chips without one is refused"),
    (
        "overlap of tensor-parallel messages",
        "as the stack can: bf16 and per-tensor fp8 on Megatron-Core, not the block-scaled formats",
    ),
)

_REMAINS = (
    "**MoE on Blackwell** is the weakest ground. With its one source left out, Nemotron 3 Super and "
    "GPT-OSS 120B come out 15 to 40 % too fast and Qwen3 235B on NVL72 20 to 35 % too slow. The same "
    "configuration of Qwen3 gained a third between two releases (26.04 and 26.06) and Nemotron a "
    "twentieth, so that software that a row does not name moves the time as much as the hardware. "
    "Host synchronisation, state-space kernels and activations with a bias are the suspects; step "
    "times alone cannot tell them apart.",
    "**MT-NLG 530B on DeepSpeed** comes out a fifth too fast, BLOOM 6 % too fast. Both ran on the same "
    "stack; something in it beyond host time and blocking messages is missing.",
    "**Tensor parallelism across nodes** on vTrain's cluster, and several of its runs with 2 tensor "
    "ranks, are up to a third slower than predicted and than their own neighbours.",
    "**MPT 30B at 8,192 tokens on 8 accelerators** needs more memory than there is by our count and ran "
    "a third slower than predicted.",
    "**Long contexts** under FlashAttention 2 are 15 to 20 % too fast.",
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
        "The bars that the project holds itself to, with one source left out: dense 7 %, MoE 18 %, all "
        "9 %, single node 12 %; 90th percentile 20 %; bias within 5 % for every generation and type of "
        "eight groups or more.",
    ]
    for kind, lines in found.classes().items():
        parts += [
            f"## By {kind}",
            table(
                _HEADS.format(kind).removesuffix(" | in sample, mean"),
                (tuple(_row(cell(n), line, None))[:-1] for n, line in lines.items()),
            ),
        ]
    parts += _refused(found)
    parts += [
        "## What rows leave open",
        "One rule each, the same for every source:",
        table("what | rule", ((cell(a), cell(b)) for a, b in _RULES)),
        "## How the constants are fitted",
        f"The fit minimises a robust sum of squared errors of the logarithm of the step time (squared up "
        f"to {NOISE:.0%}, absolute beyond), one weight for each group and {SINGLE_NODE_WEIGHT} for each "
        "single-node run, plus the squared distance of every constant from its prior in units of its "
        "spread. A source is a repository or a paper; the single-node table of vTrain, measured on another "
        "machine, counts as one of its own. Nothing is fitted for a row, a source or a model. "
        "`gigawatt calibrate training` fits anew.",
        "The run with one source left out was repeated some twenty-five times while the structure was "
        "being found, and priors were chosen with the data in view, those of `host.deepspeed`, `stall`, "
        "`scan`, `permute` and `out.early` in particular. So the figures above flatter somewhat: what was "
        "never seen at all may lie further off, and the error bands are the ones to plan with.",
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
        "\n\n".join(_REMAINS),
    ]  # fmt: skip
    return page("Validation of the training model", *parts)


def _main_table(found: Validation, single: Validation) -> Iterable[str]:
    inside = found.lines(in_sample=True)
    rows = [_row(name, line, inside[name]) for name, line in found.lines().items()]
    alone = single.lines()["overall"], single.lines(in_sample=True)["overall"]
    rows.append(_row("single node", *alone))
    return table(_HEADS.format(""), rows)


def _refused(found: Validation) -> list[str | Iterable[str]]:
    open_rows = [r for r in found.skipped if not r.run.exclude and r.run.workload == "pretrain"]
    usable = len(found.cases) + len(open_rows)
    reasons = Counter(refusal.reason for refusal in open_rows)
    return [
        "## What is not predicted",
        f"{len(found.cases)} of {usable} pre-training rows that the table does not exclude are predicted, "
        f"{len(found.cases) / usable:.1%}. The others:",
        table("reason | rows", ((cell(r), str(n)) for r, n in reasons.most_common())),
    ]
