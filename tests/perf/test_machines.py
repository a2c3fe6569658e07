"""Machines from datasheets, kernel tables and constants."""

from __future__ import annotations

import numpy as np
import pytest

from gigawatt.catalog import Catalog
from gigawatt.core.errors import InputError
from gigawatt.perf.bands import error_band
from gigawatt.perf.chip import _NEAREST, chip_of
from gigawatt.perf.machines import Fabric, machine_of
from gigawatt.perf.stacks import CURRENT, STACKS, stack_named

CATALOG = Catalog()
CONSTANTS = CATALOG.training_calibration.values()


def test_a_system_with_gaps_is_refused_by_what_it_lacks() -> None:
    with pytest.raises(InputError) as caught:
        chip_of(CATALOG, "rubin-ultra")
    (problem,) = caught.value.problems
    assert problem.code == "E701"
    assert "scaleup_bandwidth" in problem.message


@pytest.mark.parametrize("system", CATALOG.ids("systems"))
def test_every_system_makes_a_machine_in_every_precision_that_it_has(system: str) -> None:
    try:
        chip = chip_of(CATALOG, system)
    except InputError as error:
        assert {problem.code for problem in error.problems} == {"E701"}  # noqa: PT017
        return
    for precision in chip.peak:
        m = machine_of(chip, precision, CURRENT, CONSTANTS)
        bad = {name: value for name, value in m._asdict().items() if not value >= 0.0}
        assert bad == {}
        assert m.gemm_s_per_flop >= 0.5 / chip.peak[precision]


def test_generations_stand_in_for_others_by_the_names_that_records_carry() -> None:
    carried = {system: chip_of(CATALOG, system).reference_id for system in ("mi300x", "mi355x")}
    assert carried == {"mi300x": "h200-sxm", "mi355x": "b200-hgx"}
    known = {CATALOG.system(system).generation for system in CATALOG.ids("systems")}
    assert set(_NEAREST) <= known


@pytest.mark.parametrize(
    ("system", "precision"),
    [("a100-80gb-sxm", "fp8"), ("h100-sxm", "nvfp4"), ("h100-sxm", "mxfp8")],
)
def test_a_precision_that_a_chip_lacks_is_refused(system: str, precision: str) -> None:
    with pytest.raises(InputError) as caught:
        machine_of(chip_of(CATALOG, system), precision, CURRENT, CONSTANTS)
    (problem,) = caught.value.problems
    assert problem.code == "E702"
    assert "bf16" in problem.message


def test_a_generation_without_tables_scales_the_nearest_by_datasheets() -> None:
    rubin, blackwell = chip_of(CATALOG, "vr-nvl72"), chip_of(CATALOG, "gb300-nvl72")
    assert (rubin.measured, rubin.reference_id, blackwell.measured) == (False, "gb300-nvl72", True)
    new, old = (machine_of(c, "mxfp8", CURRENT, CONSTANTS) for c in (rubin, blackwell))
    assert new.gemm_s_per_flop == pytest.approx(old.gemm_s_per_flop * 5.0 / 17.5)
    assert new.attention_s_per_flop == pytest.approx(old.attention_s_per_flop * 2.5 / 4.0)
    assert new.hbm_s_per_byte == pytest.approx(old.hbm_s_per_byte * 8 / 22)
    assert new.gemm_s_per_nk == pytest.approx(old.gemm_s_per_nk * 8 / 22)
    assert new.up_s_per_byte == pytest.approx(old.up_s_per_byte / 2)
    assert new.gemm_launch_s == old.gemm_launch_s
    wide, narrow = (error_band(c, True, "mxfp8", False) for c in (rubin, blackwell))
    assert wide.low < narrow.low < 1.0 < narrow.high < wide.high


def test_a_part_that_runs_at_less_power_is_slower_by_a_power_of_it() -> None:
    slow, full = chip_of(CATALOG, "h100-sxm-96gb-hbm2e"), chip_of(CATALOG, "h100-sxm")
    a, b = (machine_of(c, "bf16", CURRENT, CONSTANTS) for c in (slow, full))
    assert a.gemm_s_per_flop / b.gemm_s_per_flop == pytest.approx(1.4 ** CONSTANTS["power"])
    assert a.hbm_s_per_byte / b.hbm_s_per_byte == pytest.approx(3.35 / 2.4, rel=1e-2)


def test_a_cluster_that_is_wired_unlike_its_system() -> None:
    chip = chip_of(CATALOG, "a100-80gb-sxm")
    usual = machine_of(chip, "bf16", CURRENT, CONSTANTS)
    thin = Fabric(up_bytes_per_s=100e9, out_bytes_per_s=6.25e9)
    wired = machine_of(chip, "bf16", CURRENT, CONSTANTS, fabric=thin)
    assert wired.up_s_per_byte == pytest.approx(usual.up_s_per_byte * 3)
    assert wired.out_s_per_byte == pytest.approx(usual.out_s_per_byte * 4)


def test_constants_as_arrays_give_what_they_give_one_by_one() -> None:
    chip = chip_of(CATALOG, "gb200-nvl72")
    draws = {n: v * np.array([1.0, 1.3]) for n, v in CONSTANTS.items()}
    both = machine_of(chip, "nvfp4", CURRENT, draws)
    for i, factor in enumerate((1.0, 1.3)):
        one = machine_of(chip, "nvfp4", CURRENT, {n: v * factor for n, v in CONSTANTS.items()})
        for name, value in one._asdict().items():
            assert np.broadcast_to(getattr(both, name), (2,))[i] == pytest.approx(value), name


def test_every_constant_and_every_stack_is_used_by_some_machine() -> None:
    class Noting(dict[str, float]):
        used: set[str] = set()  # noqa: RUF012

        def __getitem__(self, name: str) -> float:
            self.used.add(name)
            return super().__getitem__(name)

    noted = Noting(CONSTANTS)
    for system in CATALOG.ids("kernels"):
        chip = chip_of(CATALOG, system)
        for precision in chip.peak:
            for stack in STACKS:
                machine_of(chip, precision, stack, noted)
    assert sorted(CONSTANTS.keys() - noted.used) == []
    assert stack_named(CURRENT.name) is CURRENT
