"""What is measured: one entry a benchmark, with its bar. Each runs its subject and gives a figure."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass

import gigawatt as gw

from .books import books_subject, draw, draws_sheet, workbook_subject
from .placements import placement_subject
from .searches import search_subject
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


def search_gpt3_ns(count: int) -> float:
    """Search of GPT-3 175B on A100 80 GB, everything allowed, three batch sizes [ns a strategy].

    At least 6.5 million strategies are enumerated; compiled before.
    """
    found = search_subject("gpt3-175b", "a100-80gb-sxm", "bf16", count, 1536, 2048)
    counts = found().counts
    if counts.enumerated < 6_500_000:
        raise RuntimeError(f"only {counts.enumerated:,} strategies: an easier problem")
    return _best(found, 7) / counts.enumerated * 1e9


def search_moe_s() -> float:
    """Search of DeepSeek-V3 on GB300, EP and CP in the space, the slower of two counts [s]."""
    counts = ((100_000, 25_000), (98_304, 16_384))
    return max(
        _best(search_subject("deepseek-v3", "gb300-nvl72", "mxfp8", n, batch, 4096), 3)
        for n, batch in counts
    )


def search_memory_mib() -> float:
    """Peak memory of a process that searches the GPT-3 space on 4,096 [MiB]."""
    code = (
        "from benchmarks.searches import search_subject;"
        "search_subject('gpt3-175b', 'a100-80gb-sxm', 'bf16', 4096, 1536, 2048)();"
        "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return float(done.stdout) / 1024


def search_second_process_s() -> float:
    """A process that searches the GPT-3 space on 512, compiled by an earlier one [s]."""
    code = (
        "from benchmarks.searches import search_subject;"
        "search_subject('gpt3-175b', 'a100-80gb-sxm', 'bf16', 512, 1536, 2048)()"
    )
    command = [sys.executable, "-c", code]
    return _best(lambda: subprocess.run(command, check=True, capture_output=True), 4)


def train_command_s() -> float:
    """`gigawatt train` of a small model as a process, compiled by an earlier one [s]."""
    command = [sys.executable, "-m", "gigawatt", "train", "llama31-8b", "--on", "h100-sxm:64"]
    return _best(lambda: subprocess.run(command, check=True, capture_output=True), 4)


def serving_search_s() -> float:
    """Serving search of DeepSeek-V3 on 1,024 GB300, aggregated and disaggregated [s]."""
    from gigawatt.perf.serving.ask import infer

    return _best(lambda: infer("deepseek-v3", "gb300-nvl72", 1024), 5)


def goodput_replay_s() -> float:
    """A year of a run on 1,000,000 H100 played event by event, the slower of both ways, compiled before [s]."""
    from gigawatt.reliability import simulate_goodput

    def year(elastic: bool) -> object:
        whole = {"island": 1e7}  # all of it is one run
        return simulate_goodput(
            "llama31-405b", "h100-sxm", 1_000_000, elastic=elastic, spares=0.01, figures=whole
        )

    for elastic in (False, True):
        year(elastic)
    return max(_best(lambda: year(False), 3), _best(lambda: year(True), 3))


def goodput_curve_s() -> float:
    """Goodput from 8 to 5 million accelerators with its range, replicas dropped [s]."""
    catalog = gw.Catalog()
    shape = catalog.model("deepseek-v3").architecture
    from gigawatt.reliability import RecoverySettings, goodput_curve

    return _best(
        lambda: goodput_curve(catalog, shape, "gb300-nvl72", RecoverySettings(elastic=True)), 3
    )


def placement_ms() -> float:
    """Placement of 50 campaigns and 20 streams on 40 sites × 120 months, curves at hand [ms]."""
    return _best(placement_subject(), 20) * 1000


def books_ms() -> float:
    """The books of the flagship for 120 months, made and computed, warm [ms]."""
    return _best(books_subject(), 20) * 1000


def draws_s() -> float:
    """10,000 draws of the same in one broadcast, every assumption and quantity drawn [s]."""
    sheet = draws_sheet(10_000)
    return _best(lambda: draw(sheet), 2)


def draws_mib() -> float:
    """Peak memory of a process that does so, the draws themselves included [MiB]."""
    code = (
        "from benchmarks.books import draw, draws_sheet;"
        "draw(draws_sheet(10_000));"
        "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return float(done.stdout) / 1024


def workbook_s() -> float:
    """The workbook of the flagship [s]."""
    return _best(workbook_subject(), 3)


BENCHMARKS: tuple[Benchmark, ...] = (
    Benchmark("plan() of the flagship, 120 months, warm", "ms", 100.0, flagship_ms),
    Benchmark("plan() and headline of the flagship, warm", "ms", 250.0, flagship_summary_ms),
    Benchmark("gigawatt plan as a process, with report", "s", 3.0, command_s),
    Benchmark("plan() of 100 sites × 8 systems × 240 months", "s", 1.0, synthetic_s),
    Benchmark("peak memory of the same, whole process", "MiB", 1024.0, synthetic_mib),
    Benchmark("placing 50 campaigns and 20 streams on 40 sites", "ms", 200.0, placement_ms),
    Benchmark("books of the flagship, 120 months", "ms", 20.0, books_ms),
    Benchmark("workbook of the flagship", "s", 5.0, workbook_s),
    Benchmark("search, GPT-3 175B on 512 A100", "ns/strategy", 100.0, lambda: search_gpt3_ns(512)),
    Benchmark("search, GPT-3 on 4,096 A100", "ns/strategy", 100.0, lambda: search_gpt3_ns(4096)),
    Benchmark("search, DeepSeek-V3 on 100,000 GB300", "s", 5.0, search_moe_s),
    Benchmark("peak memory of a search, whole process", "MiB", 1024.0, search_memory_mib),
    Benchmark("search of GPT-3 in a second process", "s", 2.0, search_second_process_s),
    Benchmark("gigawatt train in a second process", "s", 3.0, train_command_s),
    Benchmark("a year of 1,000,000 H100 played", "s", 10.0, goodput_replay_s),
    Benchmark("goodput from 8 to 5 million, with range", "s", 2.0, goodput_curve_s),
    Benchmark("serving search, DeepSeek-V3 on 1,024 GB300", "s", 1.0, serving_search_s),
    # last: what this process holds afterwards would count in the memory of others
    Benchmark("10,000 draws of the books", "s", 5.0, draws_s),
    Benchmark("peak memory of 10,000 draws, whole process", "MiB", 2048.0, draws_mib),
)
