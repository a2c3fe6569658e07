"""Asking by names: `train("llama31-405b", "h100-sxm", 1024)`, from Python and from the command line.

A model is a catalog id, or a Hugging Face `config.json`, or the folder that holds one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

from gigawatt.catalog import Catalog, Model
from gigawatt.catalog.huggingface import model_from_config
from gigawatt.core.errors import InputError, Problem, did_you_mean

from .training import train as train_architecture
from .training_answer import TrainingAnswer
from .training_request import TrainingRequest

__all__ = ["model_named", "refuse_unknown", "train"]


def model_named(catalog: Catalog, name: str | Path) -> Model:
    """The model of a name.

    Parameters
    ----------
    catalog : Catalog
        Where ids are looked up.
    name : str or Path
        An id, or a path to a `config.json` or its folder; a path wins where both exist.

    Raises
    ------
    CatalogError
        E402 if there is no such model, E403 if a config.json cannot be used.
    """
    if not str(name).strip():
        return catalog.model(str(name))  # which says what there is
    path = Path(name)
    try:
        local = path.is_file() or path.is_dir()
    except (OSError, ValueError):  # a name that no file system takes
        local = False
    if local or isinstance(name, Path) or str(name).endswith(".json"):
        return model_from_config(path)
    return catalog.model(str(name))


def refuse_unknown(wanted: Iterable[str], request: type, what: str) -> None:
    """Refuse names that are no fields of a request.

    Parameters
    ----------
    wanted : iterable of str
        Names that something is asked with, beside the system and the count.
    request : type
        Dataclass of the request.
    what : str
        What is asked for, in a word.

    Raises
    ------
    InputError
        E201 for each name that is not known.
    """
    known = {field.name for field in fields(request)} - {"system_id", "count"}
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise InputError(
            Problem("E201", f"'{name}' is nothing that {what} is asked with.",
                    did_you_mean(name, known), name)
            for name in unknown
        )  # fmt: skip


def train(
    model: str | Path,
    system: str,
    count: int,
    *,
    catalog: Catalog | None = None,
    progress: Callable[[float], None] | None = None,
    **wanted: Any,
) -> TrainingAnswer:
    """Find the best strategies for training a model, and what they take.

    Parameters
    ----------
    model : str or Path
        Catalog id, or a Hugging Face `config.json` or its folder.
    system : str
        Catalog id of the accelerators' system.
    count : int
        Accelerators.
    catalog : Catalog, optional
        With records of your own; the package's by default.
    progress : callable, optional
        Called with the share that is done, from 0 to 1.
    **wanted
        Everything else of `TrainingRequest`: `batch_tokens`, `sequence`, `precision`, `strategy`,
        `objective`, `top`, `tokens`, `campuses` and so on.

    Returns
    -------
    TrainingAnswer
        `best` holds the strategies, best first; `record()` is the whole as plain data.

    Raises
    ------
    InputError
        For input that cannot be used.

    Examples
    --------
    >>> answer = train("llama31-8b", "h100-sxm", 8, batch_tokens=2**20, strategy="tp=1,pp=1,cp=1")
    >>> answer.best[0].strategy.sharding in ("zero1", "fsdp", "hsdp")
    True
    """
    refuse_unknown(wanted, TrainingRequest, "training")
    catalog = catalog or Catalog()
    request = TrainingRequest(system_id=system, count=count, **wanted)
    found = model_named(catalog, model)
    return train_architecture(catalog, found.architecture, request, progress, model=found.name)
