"""What is measured: one entry a benchmark, with its bar. Each runs its subject and gives a figure."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass

import gigawatt as gw

from .synthetic import synthetic

__all__ = ["BENCHMARKS", "Benchmark"]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One measurement.

    Attributes
    ----------
    name : str
        What is measured.
    unit : str
        Unit of the figure.
    bar : float
        The figure must not exceed this.
    measure : callable
        Runs the subject and returns the figure.
    """

    name: str
    unit: str
    bar: float
    measure: Callable[[], float]


def _best(subject: Callable[[], object], repeats: int) -> float:
    """Least wall time of several runs [s]: the one least disturbed by whatever else runs."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        subject()
        times.append(time.perf_counter() - start)
    return min(times)


def flagship_ms() -> float:
    """`plan()` of the flagship, warm [ms]."""
    scenario = gw.load("nvidia-openai-10gw")
    gw.plan(scenario)
    return _best(lambda: gw.plan(scenario), 20) * 1000


def flagship_summary_ms() -> float:
    """Plan and headline of the flagship, warm [ms]: what a moved slider waits for."""
    scenario = gw.load("nvidia-openai-10gw")
    gw.plan(scenario).summary()
    return _best(lambda: gw.plan(scenario).summary(), 10) * 1000


def command_s() -> float:
    """`gigawatt plan` of the flagship as a process, with run folder and report [s]."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "gigawatt", "plan", "nvidia-openai-10gw"]
        return _best(
            lambda: subprocess.run(command, cwd=folder, check=True, capture_output=True), 5
        )


def synthetic_s() -> float:
    """Plan of 100 sites × 8 systems × 240 months, warm [s]."""
    scenario = gw.Scenario.from_dict(synthetic())
    gw.plan(scenario)
    return _best(lambda: gw.plan(scenario), 5)


def synthetic_mib() -> float:
    """Peak memory of a process that loads and plans the synthetic scenario [MiB]."""
    code = (
        "import gigawatt as gw; from benchmarks.synthetic import synthetic;"
        "gw.plan(gw.Scenario.from_dict(synthetic()));"
        "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return float(done.stdout) / 1024


BENCHMARKS: tuple[Benchmark, ...] = (
    Benchmark("plan() of the flagship, 120 months, warm", "ms", 100.0, flagship_ms),
    Benchmark("plan() and headline of the flagship, warm", "ms", 250.0, flagship_summary_ms),
    Benchmark("gigawatt plan as a process, with report", "s", 3.0, command_s),
    Benchmark("plan() of 100 sites × 8 systems × 240 months", "s", 1.0, synthetic_s),
    Benchmark("peak memory of the same, whole process", "MiB", 1024.0, synthetic_mib),
)
