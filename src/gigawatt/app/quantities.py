"""Numbers as this field writes them on a command line: 16M tokens, 15T, 8k, 2.1 USD/gpu/hour.

Where a power of two is meant (a sequence of 8k, a batch of 16M), k, M and G are powers of 1024; a run's
tokens are counted in thousands. Whatever has a unit passes the unit doors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Concatenate, NoReturn, ParamSpec, TypeVar

from pydantic_core import PydanticCustomError

from gigawatt.core.errors import InputError, Problem, did_you_mean
from gigawatt.core.units import Door

__all__ = [
    "accelerators",
    "bandwidth",
    "duration_s",
    "energy_price",
    "gpu_hour_price",
    "if_given",
    "run_tokens",
    "share",
    "step_tokens",
]

_P = ParamSpec("_P")
_T = TypeVar("_T")
_NUMBER = re.compile(
    r"\s*([-+]?(?:[0-9][0-9_,]*\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)\s*([kKMGBTPE]?)\s*"
)
_BINARY: Mapping[str, int] = {"": 1, "k": 2**10, "K": 2**10, "M": 2**20, "G": 2**30}
_DECIMAL: Mapping[str, float] = {
    "": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "B": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
}  # fmt: skip
_TOKENS = Door("token", "15 Ttoken", gt=0.0)
_GPU_HOUR = Door("USD/package/hour", "2.1 USD/gpu/hour", gt=0.0)
_ENERGY = Door("USD/MWh", "45 USD/MWh")
_SECONDS = Door("s", "30 ms", gt=0.0)
_BANDWIDTH = Door("B/s", "2 TB/s", gt=0.0)
_SHARE = Door("", "1 %", ge=0.0, le=1.0, bare=True)


def step_tokens(text: str, option: str) -> int:
    """Tokens of a sequence or of a step: k, M and G are powers of 1024.

    Examples
    --------
    >>> step_tokens("8k", "--seq"), step_tokens("16M", "--batch-tokens")
    (8192, 16777216)
    >>> step_tokens("4 Mtoken", "--batch-tokens")
    4000000
    """
    match = _NUMBER.fullmatch(text)
    if match and match[2] in _BINARY:
        number = float(match[1].replace(",", "").replace("_", "")) * _BINARY[match[2]]
    else:
        example = "8192, 8k or 16M (k and M of 1024), or 16 Mtoken"
        number = _tokens(text, option, example)
    if number < 1 or number != round(number):
        _refuse(
            "E213", f"{option} is {text!r}; it must be a whole number of tokens from 1.", option
        )
    return int(number)


def run_tokens(text: str, option: str) -> float:
    """Tokens of a whole run: k, M, B or G, T are powers of 1000.

    Examples
    --------
    >>> run_tokens("15T", "--tokens"), run_tokens("300B", "--tokens")
    (15000000000000.0, 300000000000.0)
    """
    match = _NUMBER.fullmatch(text)
    if match:
        number = float(match[1].replace(",", "").replace("_", "")) * _DECIMAL[match[2]]
    else:
        number = _tokens(text, option, "15T, 300B or 15 Ttoken")
    if not 0.0 < number < float("inf"):
        _refuse("E213", f"{option} is {text!r}; it must be above 0.", option)
    return number


def gpu_hour_price(text: str) -> float:
    """Price of an accelerator hour [USD/h]."""
    return _through(_GPU_HOUR, text, "--price")


def energy_price(text: str) -> float:
    """Price of electricity [USD/MWh]."""
    return _through(_ENERGY, text, "--energy-price")


def duration_s(text: str, option: str) -> float:
    """A time, with its unit [s].

    Examples
    --------
    >>> duration_s("30ms", "--tpot"), duration_s("2 s", "--ttft")
    (0.03, 2.0)
    """
    return _with_unit(_SECONDS, text, option, "Write it like 30ms or 2s.")


def bandwidth(text: str, option: str) -> float:
    """A bandwidth, with its unit [B/s].

    Examples
    --------
    >>> bandwidth("2 TB/s", "--storage-bandwidth")
    2000000000000.0
    """
    return _with_unit(_BANDWIDTH, text, option, "Write it like '2 TB/s'.")


def share(text: str, option: str) -> float:
    """A share, in per cent or as a number [1].

    Examples
    --------
    >>> share("1%", "--spares")
    0.01
    """
    return _with_unit(_SHARE, text, option, "Write it like 1%.")


def if_given(
    read: Callable[Concatenate[str, _P], _T], text: str | None, *args: _P.args, **kwargs: _P.kwargs
) -> _T | None:
    """What an option says, read by one of the functions of this file; None where it is left out.

    Examples
    --------
    >>> if_given(step_tokens, "8k", "--seq"), if_given(step_tokens, None, "--seq")
    (8192, None)
    """
    return None if text is None else read(text, *args, **kwargs)


def accelerators(text: str, known: list[str]) -> tuple[str, int]:
    """System and count of ``SYSTEM:COUNT``.

    Parameters
    ----------
    text : str
        As written.
    known : list of str
        Ids of systems, for a suggestion.

    Examples
    --------
    >>> accelerators("h100-sxm:1,024", ["h100-sxm"])
    ('h100-sxm', 1024)
    """
    system, colon, number = (part.strip() for part in text.rpartition(":"))
    if not colon or not system:
        _refuse(
            "E203",
            f"--on is {text!r}; write a system and the number of its accelerators, such as "
            "h100-sxm:1024.",
            "--on",
            "" if number in known else _near(number, known),
        )
    if system not in known:
        raise InputError(
            Problem("E402", f"The catalog has no system '{system}'.",
                    f"{did_you_mean(system, known)} See: gigawatt catalog list systems", "--on")
        )  # fmt: skip
    digits = number.replace(",", "").replace("_", "")
    if not re.fullmatch(r"[-+]?[0-9]{1,30}", digits):
        _refuse(
            "E203", f"--on has the count {number!r}; write a whole number, such as 1024.", "--on"
        )
    return system, int(digits)


def _near(word: str, known: list[str]) -> str:
    hint = did_you_mean(word, known)
    return hint if hint.startswith("Did") else ""


def _tokens(text: str, option: str, example: str) -> float:
    try:
        return _TOKENS.read(text)
    except PydanticCustomError as error:
        if error.type in {"E210", "E211", "E216"}:
            message = f"{option} is {text!r}, which is no number of tokens."
            _refuse("E216", message, option, f"Write it like {example}.")
        _refuse(error.type, f"{option}: {error.message()}", option)


def _with_unit(door: Door, text: str, option: str, fix: str) -> float:
    try:
        return door.read(text)
    except PydanticCustomError as error:
        _refuse(error.type, f"{option}: {error.message()}", option, fix)


def _through(door: Door, text: str, option: str) -> float:
    try:
        return door.read(text)
    except PydanticCustomError as error:
        _refuse(error.type, error.message(), option)


def _refuse(code: str, message: str, option: str, fix: str = "") -> NoReturn:
    raise InputError(Problem(code, message, fix, option))
