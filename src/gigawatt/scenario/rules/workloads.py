"""Training runs."""

from __future__ import annotations

from collections.abc import Iterator

from gigawatt.catalog.huggingface import model_from_config
from gigawatt.core.errors import CatalogError, Problem, did_you_mean

from .case import Case

__all__ = ["training_runs_can_be_answered"]


def training_runs_can_be_answered(case: Case) -> Iterator[Problem]:
    """A run gives compute, or a known model and tokens."""
    for key, run in case.spec.workloads.training.items():
        path = f"workloads.training.{key}"
        if (run.compute is None) == (run.model is None):
            yield case.problem(
                "E318",
                path,
                "A training run needs either 'compute' or 'model' with 'tokens'.",
                'For example: compute: "2e27 FLOP"',
            )
        if run.model is not None and run.tokens is None:
            yield case.problem(
                "E318",
                path,
                "A model needs its training 'tokens'.",
                'For example: tokens: "15 Ttoken"',
            )
        if run.model is None and run.tokens is not None:
            yield case.problem(
                "E318", f"{path}.tokens", "Tokens need a 'model' to be turned into compute."
            )
        for name in ("sequence", "batch"):
            if run.model is None and getattr(run, name) is not None:
                yield case.problem(
                    "E318", f"{path}.{name}", f"A {name} needs a 'model' that is trained with it."
                )
        if run.sequence is not None and (run.sequence < 1.0 or run.sequence != int(run.sequence)):
            yield case.problem(
                "E213",
                f"{path}.sequence",
                f"A sequence of {run.sequence:g} tokens is none.",
                'Allowed are whole numbers from 1, such as "8192 token".',
            )
        if run.mfu == 0.0 or run.share == 0.0:
            yield case.problem(
                "E213",
                path,
                "A run with no share or no utilisation never ends.",
                "Allowed is above 0 %.",
            )
        if run.model is None:
            continue
        config = case.folder / run.model
        try:
            if config.is_file() or config.is_dir():
                model_from_config(config)
            elif run.model not in case.catalog.ids("models"):
                yield case.problem(
                    "E309",
                    f"{path}.model",
                    f"'{run.model}' is neither a catalog model nor a config.json beside the scenario.",
                    did_you_mean(run.model, case.catalog.ids("models")),
                )
        except CatalogError as error:
            for problem in error.problems:
                yield case.problem(problem.code, f"{path}.model", problem.message, problem.fix)
