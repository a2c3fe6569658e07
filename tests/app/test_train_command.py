"""`gigawatt train` end to end: tables, JSON, launch settings, charts, refusals, interruption."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]
SMALL = ("llama31-8b", "--on", "h100-sxm:16", "--batch-tokens", "1M", "--seq", "8k")

RECORD = {
    "strategy": dict, "strategy_text": str, "step_time_s": float, "mfu": float,
    "tokens_per_s_per_gpu": float, "memory_gib": float, "energy_mwh": float, "cost_usd": float,
    "error_band": dict, "outside_validated": list, "per": str, "step_parts_s": dict,
    "memory_parts_gib": dict,
}  # fmt: skip


def answered(answer: Any) -> Any:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    assert (answer.code, answer.err) == (0, "")
    return json.loads(answer.out, parse_constant=refuse)


def test_json_has_the_best_and_the_counts(command: Command) -> None:
    data = answered(command("train", *SMALL, "--tokens", "1T", "--top", "3", "--json"))
    assert len(data["best"]) == 3
    for row in data["best"]:
        assert {name: type(row[name]) for name in RECORD} == RECORD
        assert set(row["error_band"]) == {"low", "high"}
        assert row["per"] == "run"
    search = data["search"]
    assert set(search) == {"enumerated", "feasible", "evaluated", "pruned", "seconds"}
    assert search["feasible"] == search["evaluated"] + search["pruned"]
    failed = data["why"]["states_too_large"] + data["why"]["activations_too_large"]
    assert search["enumerated"] == search["feasible"] + failed
    assert (data["nearest"], data["batch_tokens"], data["sequence"]) == (None, 2**20, 8192)


def test_a_strategy_of_the_answer_can_be_asked_for_again(command: Command) -> None:
    first = answered(command("train", *SMALL, "--top", "1", "--json"))["best"][0]
    text = ",".join(f"{name}={value}" for name, value in first["strategy"].items())
    for given in (text, first["strategy_text"]):
        again = answered(command("train", *SMALL, "--strategy", given, "--top", "1", "--json"))
        assert again["best"][0]["step_time_s"] == pytest.approx(first["step_time_s"])


def test_text_tells_time_memory_energy_cost_band_and_ground(command: Command) -> None:
    answer = command("train", *SMALL, "--tokens", "1T", "--front")
    assert (answer.code, answer.err) == (0, "")
    for words in (
        "Llama 3.1 8B on 16 × h100-sxm", "strategies:", "pruned", "tok/s/GPU", "matrix products",
        "optimizer states", "error band", "days", "energy", "cost", "front: step", "without failures",
    ):  # fmt: skip
        assert words in answer.out, words


def test_where_nothing_fits_the_answer_says_why_and_the_code_is_1(command: Command) -> None:
    answer = command("train", "llama31-405b", "--on", "h100-sxm:8")
    assert (answer.code, answer.err) == (1, "")
    assert "fits into" in answer.out
    assert "GiB too much" in answer.out
    shown = command("train", "llama31-405b", "--on", "h100-sxm:8", "--json")
    data = json.loads(shown.out)
    assert (shown.code, data["best"], data["search"]["feasible"]) == (1, [], 0)
    assert data["nearest"]["excess_gib"] > 0


@pytest.mark.parametrize(("framework", "flag"), [
    ("megatron", "--tensor-model-parallel-size 2"),
    ("torchtitan", "--parallelism.tensor_parallel_degree 2"),
])  # fmt: skip
def test_emit_prints_launch_settings(command: Command, framework: str, flag: str) -> None:
    fixed = ("--strategy", "tp=2,pp=2,vpp=2,act_offload=0,opt_offload=0")
    answer = command("train", *SMALL, *fixed, "--emit", framework)
    assert (answer.code, answer.err) == (0, "")
    assert flag in answer.out.splitlines()
    data = answered(command("train", *SMALL, *fixed, "--emit", framework, "--json"))
    assert flag in data["launch"].splitlines()


def test_a_plot_is_one_page_that_loads_nothing(command: Command, tmp_path: Path) -> None:
    answer = command("train", *SMALL, "--plot", "step.html")
    assert (answer.code, answer.err) == (0, "")
    page = (tmp_path / "step.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "src=" not in page.partition("<script>")[0]
    for part in ("Time of a step", "Memory of an accelerator", "matrix products"):
        assert part in page
    assert [path.name for path in tmp_path.iterdir()] == ["step.html"]


def test_a_config_json_is_a_model(command: Command, tmp_path: Path) -> None:
    config = {
        "model_type": "llama", "hidden_size": 2048, "intermediate_size": 8192,
        "num_hidden_layers": 16, "num_attention_heads": 32, "num_key_value_heads": 8,
        "vocab_size": 128256, "max_position_embeddings": 4096,
    }  # fmt: skip
    path = tmp_path / "small" / "config.json"
    path.parent.mkdir()
    path.write_text(json.dumps(config), encoding="utf-8")
    for model in ("small", "small/config.json"):
        data = answered(command("train", model, "--on", "h100-sxm:8", "--json"))
        assert (data["model"], data["sequence"]) == ("small", 4096)
    del config["num_attention_heads"]
    path.write_text(json.dumps(config), encoding="utf-8")
    refused = command("train", "small", "--on", "h100-sxm:8")
    assert refused.code == 2
    assert "E403" in refused.err
    assert "num_attention_heads" in refused.err


def test_campuses_and_prices_are_passed_on(command: Command) -> None:
    one = answered(command("train", *SMALL, "--json"))["best"][0]
    two = answered(
        command("train", *SMALL, "--campuses", "2", "--campus-gbps", "1", "--campus-km", "3000",
                "--price", "3 USD/gpu/hour", "--energy-price", "90 USD/MWh", "--json")
    )  # fmt: skip
    assert two["best"][0]["step_time_s"] > one["step_time_s"]
    assert (two["prices"]["usd_per_gpu_hour"], two["prices"]["usd_per_mwh"]) == (3.0, 90.0)
    seldom = answered(
        command("train", *SMALL, "--campuses", "2", "--campus-gbps", "1", "--outer-every", "100",
                "--json")
    )  # fmt: skip
    assert seldom["best"][0]["step_time_s"] < two["best"][0]["step_time_s"]
    assert any("2311.08105" in note for note in seldom["notes"])


@pytest.mark.parametrize(("arguments", "code", "says"), [
    (("llama31-8", "--on", "h100-sxm:8"), "E402", "llama31-8b"),
    (("nowhere/config.json", "--on", "h100-sxm:8"), "E403", "config.json"),
    (("llama31-8b", "--on", "h100:8"), "E402", "h100-sxm"),
    (("llama31-8b", "--on", "h100-sxm"), "E203", "h100-sxm:1024"),
    (("llama31-8b", "--on", "h100-sxm:many"), "E203", "whole number"),
    (("llama31-8b", "--on", "h100-sxm:0"), "E213", "from 1"),
    (("llama31-8b", "--on", "h100-sxm:1000000000000"), "E213", "10,000,000"),
    (("llama31-8b", "--on", "h100-sxm:-8"), "E213", "from 1"),
    ((*SMALL, "--precision", "nvfp4"), "E702", "bf16, fp8"),
    ((*SMALL, "--precision", "int8"), "E203", "mxfp8"),
    ((*SMALL, "--strategy", "tp=7"), "E703", "valid are"),
    ((*SMALL, "--strategy", "tp=8,pp=16"), "E703", "more than the 16"),
    ((*SMALL, "--tokens", "-5T"), "E213", "above 0"),
    ((*SMALL, "--tokens", "5 GW"), "E214", "a power"),
    ((*SMALL, "--seq", "0"), "E213", "from 1"),
    ((*SMALL, "--seq", "8x"), "E216", "8k"),
    ((*SMALL, "--batch-tokens", "10000"), "E703", "16,384"),
    ((*SMALL, "--price", "3"), "E210", "USD/gpu/hour"),
    ((*SMALL, "--stack", "nemo"), "E203", "megatron-core"),
    ((*SMALL, "--objective", "speed"), "E203", "throughput"),
    ((*SMALL, "--emit", "deepspeed"), "E203", "torchtitan"),
    ((*SMALL, "--plot", "step.png"), "E203", "HTML"),
    ((*SMALL, "--plot", "no/such/step.html"), "E502", "no such folder"),
    ((*SMALL, "--folder", "nowhere"), "E113", "nowhere"),
    ((*SMALL, "--top", "0"), "E213", "from 1"),
    ((*SMALL, "--memory-gib", "nan"), "E213", "above 0"),
    ((*SMALL, "--campuses", "3"), "E703", "15 and 18"),
    ((*SMALL, "--campuses", "2", "--campus-gbps", "1e-300"), "E213", "from 0.001"),
    ((*SMALL, "--imbalance", "0.5"), "E213", "from 1"),
    ((*SMALL, "--tokens", "1000"), "E213", "less than one step of 1,048,576"),
    ((*SMALL, "--strategy", "tp<=8,tp<=4"), "E105", "twice"),
    ((*SMALL, "--strategy", "tp=4|8,tp=1|2"), "E105", "twice"),
    ((*SMALL, "--plot", f"{'x' * 300}.html"), "E502", "cannot be written"),
    (("x" * 3000, "--on", "h100-sxm:8"), "E402", "no model"),
])  # fmt: skip
def test_bad_input_has_a_code_and_says_what_would_be_valid(
    command: Command, arguments: tuple[str, ...], code: str, says: str
) -> None:
    answer = command("train", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(f"{code} ") or answer.err.startswith(f"{code}\n")
    assert says in answer.err


STOPS = """
import os, signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)
import gigawatt.perf.search as search
real = search._tables
def slow(*given):
    os.write(2, bytes([*b"searching", 10]))  # whole, whichever thread comes first
    time.sleep(0.2)
    return real(*given)
search._tables = slow
search._BLOCK = 8
from gigawatt.app.cli import main
main()
"""


def test_an_interrupted_search_ends_quietly(tmp_path: Path) -> None:
    running = subprocess.Popen(
        [sys.executable, "-c", STOPS, "train", *SMALL],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stderr is not None
    assert running.stderr.readline() == "searching\n"
    assert (
        running.stderr.readline() == "searching\n"
    )  # the second is of the search, not the warm-up
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert out == ""
    assert "Traceback" not in err
