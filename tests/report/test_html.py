"""The HTML report: complete, self-contained, safe with hostile names, drawn without an error."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import itertools
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gigawatt as gw
from gigawatt.core.errors import MissingExtraError
from gigawatt.report import html, html_report
from gigawatt.report.calendar_strip import LEAST_WIDTH, _Lanes
from gigawatt.report.palette import palette_of
from gigawatt.report.table import link

CHARTS = ["power", "accelerators", "milestones", "capital", "sources-and-uses", "funding"]
WORKLOADS = ["gantt", "demand", "use"]
TABLES = [
    "gigawatts",
    "tranches",
    "accelerators-table",
    "commitments",
    "training",
    "clusters",
    "serving",
    "binding",
    "partners",
    "operations",
    "waiting",
]
SECTIONS = [
    "headline",
    "charts-section",
    "money",
    "tables-section",
    "assumptions",
    "sources",
    "unknown",
]

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)> & \"'\u2028\u2029 ünïcode 千兆瓦"
RACK = {"gb300-nvl72": {"price": "4 MUSD/rack"}}
BARE: dict[str, Any] = {
    "schema": 1,
    "name": "Bare",
    "horizon": {"start": "2027-01", "months": 14},
    "sites": {"a": {"basis": "facility", "power": {"2027-02": "5 MW"}}},
    "hardware": RACK,
}
ONE_MONTH: dict[str, Any] = {
    **BARE,
    "name": "One month",
    "horizon": {"start": "2027-03", "months": 1},
    "sites": {
        "a": {
            "basis": "it",
            "power": {"2027-03": "5 MW"},
            "existing": {"gb300-nvl72": {"racks": "10 racks", "since": "2026-09"}},
        }
    },
}
CROWDED: dict[str, Any] = {
    "schema": 1,
    "name": HOSTILE,
    "description": HOSTILE + " {{ 7 * 7 }} %{y}",
    "horizon": {"start": "2026-07", "months": 120},
    "sites": {
        f"site-{i}": {
            "name": f"{HOSTILE} {i}",
            "basis": "it",
            "power": {f"{2027 + i // 3}-0{1 + i % 9}": f"{200 * (i + 1)} MW"},
        }
        for i in range(10)
    },
    "hardware": {
        "h100-sxm": {"deliveries": {"2026-Q3": "300 racks"}, "price": "0.3 MUSD/rack"},
        "gb200-nvl72": {"supply": {"2026-07": "100 racks/month"}, "until": "2027-01", "price": "3 MUSD/rack"},
        "gb300-nvl72": {"supply": {"2026-07": "200 racks/month"}, "until": "2027-12", "price": "4 MUSD/rack"},
        "vr-nvl72": {"supply": {"2027-01": "500 racks/month"}, "until": "2029-01", "price": "8 MUSD/rack"},
        "rubin-ultra": {"available": "2028-06", "price": "20 MUSD/rack"},
    },
    "partners": {
        "cloud": {"name": HOSTILE, "capacity": {"2027-01": "1 GW"}, "basis": "facility",
                  "system": "gb300-nvl72", "price": "2 USD/gpu/hour"},
        "silent": {"name": "<b>Silent</b>", "capacity": {"2027-01": "1 GW"}, "basis": "it",
                   "commitment": "10 GUSD"},
    },
    "investment": {
        "alpha": {"kind": "milestone_equity", "cap": "100 GUSD", "tranche": "10 GUSD/GW",
                  "first_tranche": "on_signing", "signed": "2026-07"},
        "beta": {"kind": "milestone_equity", "cap": "60 GUSD", "tranche": "5 GUSD/GW", "step": "500 MW",
                 "first_tranche": "first_gigawatt"},
        "gamma": {"kind": "equity", "schedule": {"2026-09": "3 GUSD", "2036-05": "1 GUSD"}},
        "guard": {"kind": "guaranty", "cap": "80 GUSD", "per_gigawatt": "9 GUSD/GW", "term": "60 months"},
    },
    "commitments": {"one": {"capacity": "1 GW", "by": "2027-06"}, "hundred": {"capacity": "100 GW"}},
    "workloads": {
        "training": {
            "done": {"compute": "1e27 FLOP", "precision": "fp8", "post_training": {"share": "20 %"}},
            "open": {"compute": "5e30 FLOP", "precision": "fp8", "share": "50 %"},
            "never": {"compute": "1e34 FLOP", "precision": "fp8", "count": "7.9e6 packages", "grow": False},
        },
        "serving": {
            "chat": {"model": "llama31-8b", "demand": {"2027-01": "900 Ttoken/day"}, "growth": "5 %/month",
                     "mix": {"input": "1 ktoken", "output": "1 ktoken"},
                     "slo": {"ttft": "2 s", "tpot": "25 ms"}, "price": "0.1 USD/Mtoken"},
            "quick": {"model": "llama31-8b", "demand": {"2027-01": "1 Ttoken/day"},
                      "mix": {"input": "1 ktoken", "output": "1 ktoken"},
                      "slo": {"ttft": "2 s", "tpot": "10 us"}},
        },
    },
    "evidence": {
        "sites.site-0": {"confidence": "assumed", "note": HOSTILE, "source": "x</script>",
                         "url": "javascript:alert(4)"},
        "sites.site-1": {"confidence": "reported", "source": "A & B",
                         "url": "https://example.org/?a=1&b=<2>\"'", "as_of": "2026"},
        "sites.site-2": {"confidence": "reported", "source": "", "url": " data:text/html,<script>alert(5)"},
    },
}  # fmt: skip


class Page(HTMLParser):
    """A report taken apart: elements, ids, links, text, scripts."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.styles: list[str] = []
        self.text: list[str] = []
        self._open = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in {"script", "style"}:
            self._open = tag
            if tag == "script":
                self.scripts.append((dict(attrs), ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == self._open:
            self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open == "script":
            attrs, before = self.scripts[-1]
            self.scripts[-1] = (attrs, before + data)
        elif self._open == "style":
            self.styles.append(data)
        else:
            self.text.append(data)

    @property
    def ids(self) -> list[str]:
        """All ids in order."""
        return [attrs["id"] or "" for _, attrs in self.elements if "id" in attrs]

    @property
    def words(self) -> str:
        """All visible text."""
        return " ".join(" ".join(self.text).split())

    @property
    def figures(self) -> dict[str, Any]:
        """The figures that the script draws."""
        (text,) = [text for attrs, text in self.scripts if attrs.get("id") == "figures"]
        figures: dict[str, Any] = json.loads(text)
        return figures

    def chart(self, key: str) -> dict[str, Any]:
        """One of them."""
        (chart,) = [chart for chart in self.figures["charts"] if chart["key"] == key]
        assert isinstance(chart, dict)
        return chart


def charts_of(plan: gw.Plan) -> list[str]:
    """The charts that a plan has, in the order of the page."""
    workloads = plan.scenario.spec.workloads
    some = {"gantt": workloads.training, "demand": workloads.serving,
            "use": workloads.training or workloads.serving}  # fmt: skip
    return [*CHARTS[:2], *(key for key in WORKLOADS if some[key]), *CHARTS[2:]]


def page_of(data: dict[str, Any]) -> tuple[gw.Plan, str]:
    """A plan and its report."""
    plan = gw.plan(gw.Scenario.from_dict(data))
    return plan, html_report(plan, run_name='<r&">')


@pytest.fixture(scope="module")
def one_campus() -> gw.Plan:
    """The small shipped scenario."""
    return gw.plan(gw.load("one-campus"))


@pytest.fixture(scope="module")
def crowded() -> tuple[gw.Plan, str]:
    """Many of everything, all with hostile names."""
    return page_of(CROWDED)


@pytest.fixture(scope="module", params=["one-campus", "bare", "one month", "crowded"])
def any_page(request: pytest.FixtureRequest, one_campus: gw.Plan) -> tuple[gw.Plan, Page]:
    """Every kind of report."""
    if request.param == "one-campus":
        return one_campus, Page(html_report(one_campus, run_name="0001"))
    if request.param == "crowded":
        plan, text = request.getfixturevalue("crowded")
        return plan, Page(text)
    plan, text = page_of(BARE if request.param == "bare" else ONE_MONTH)
    return plan, Page(text)


# --- complete ---------------------------------------------------------------------------------


def test_every_section_chart_and_table_is_there_once(any_page: tuple[gw.Plan, Page]) -> None:
    plan, page = any_page
    spec = plan.scenario.spec.workloads
    absent = {"workloads"} if spec.training or spec.serving else {"training", "clusters", "serving"}
    assert not absent & set(page.ids)
    for key in {*SECTIONS, *charts_of(plan), *TABLES, "workloads"} - absent:
        assert page.ids.count(key) == 1, key
    assert len(page.ids) == len(set(page.ids))


def test_links_within_the_page_lead_somewhere(any_page: tuple[gw.Plan, Page]) -> None:
    _, page = any_page
    targets = {
        href[1:] for _, attrs in page.elements if (href := attrs.get("href") or "").startswith("#")
    }
    assert targets
    assert targets <= set(page.ids)


def test_every_chart_has_words_a_table_and_its_formulas(any_page: tuple[gw.Plan, Page]) -> None:
    plan, page = any_page
    plots = [attrs for _, attrs in page.elements if attrs.get("class") == "plot"]
    assert [attrs["data-chart"] for attrs in plots] == charts_of(plan)
    for attrs in plots:
        assert attrs["role"] == "img"
        assert attrs["tabindex"] == "0"
        assert len(attrs["aria-label"] or "") > 40
    for key in charts_of(plan):
        assert f"{key}-years-rows" in page.ids
    for name in (
        "power.in_service_it_mw",
        "fleet.packages",
        "milestones.deployed_gw",
        "finance.spend_usd",
    ):
        assert plan[name].attrs["formula"]
    assert plan["power.in_service_it_mw"].attrs["formula"] in page.words
    assert "The charts need JavaScript" in page.words


def test_the_headline_says_what_does_not_happen(one_campus: gw.Plan) -> None:
    words = Page(html_report(one_campus)).words
    assert "First GW deployed not within the horizon on any basis" in words
    assert "No whole gigawatt is deployed within the horizon." in words


def test_what_the_plan_does_not_know_is_said(one_campus: gw.Plan) -> None:
    words = Page(html_report(one_campus)).words
    for phrase in (
        "delivered and halls when they are energised",
        "Receipts are those of served output tokens and of the income that the scenario states",
        "Experiments, data generation and evaluation hold no accelerators",
        "Power is nameplate",
        "error band of the model FLOP utilisation (MFU)",
    ):
        assert phrase in words


def test_every_input_and_assumption_is_listed(crowded: tuple[gw.Plan, str]) -> None:
    plan, text = crowded
    entries = sum(len(entries) for entries in plan.evidence.values())
    assert f"All {entries} inputs with their evidence" in Page(text).words
    body = text.split('id="inputs-table-rows"')[1].split("</table>")[0]
    assert body.count("<tr>") == entries + 1  # and the headings


def test_empty_parts_say_so() -> None:
    _, text = page_of(BARE)
    words = Page(text).words
    for phrase in (
        "The scenario has no investment that pays.",
        "The scenario makes no commitment.",
        "The scenario asks for no training campaign and no served model.",
        "No capacity is contracted from partners.",
        "No investment pays in this scenario",
    ):
        assert phrase in words


def test_unpaid_tranches_and_unfinished_runs_are_named(crowded: tuple[gw.Plan, str]) -> None:
    plan, text = crowded
    words = Page(text).words
    unpaid = [
        f"{key} {t.number}" for key, rows in plan.tranches.items() for t in rows if t.month is None
    ]
    assert unpaid
    assert f"Not paid within the horizon: {', '.join(unpaid)}" in words
    assert "never: Never starts: its cluster of 7,900,000 packages must be there at once" in words
    assert "open: Not finished by 2036-06" in words
    assert "quick: Nothing is served: " in words
    assert "of the demand is met; unmet in" in words
    assert "✗ missed" in words
    assert "contingent, not cash" in words


def test_warnings_are_shown(crowded: tuple[gw.Plan, str]) -> None:
    plan, text = crowded
    assert plan.warnings
    words = Page(text).words
    for warning in plan.warnings:
        assert warning.message in words


# --- faithful ---------------------------------------------------------------------------------


def test_layers_are_the_arrays_of_the_plan(any_page: tuple[gw.Plan, Page]) -> None:
    plan, page = any_page
    layers = [t for t in page.chart("power")["data"] if t.get("stackgroup")]
    total = np.sum([trace["y"] for trace in layers], axis=0)
    unit = 1000.0 if "GW" in layers[0]["hovertemplate"] else 1.0
    np.testing.assert_allclose(
        total * unit, plan.power["in_service_it_mw"].values.sum(axis=1), rtol=1e-4
    )
    own = len(plan.fleet["system"])
    packages, dies = (np.sum(r["y"][:own], axis=0) for r in page.chart("accelerators")["switches"])
    np.testing.assert_array_equal(packages, plan.fleet["packages"].values.sum(axis=(1, 2)))
    np.testing.assert_array_equal(dies, plan.fleet["dies"].values.sum(axis=(1, 2)))


def test_bars_of_campaigns_are_their_times(any_page: tuple[gw.Plan, Page]) -> None:
    plan, page = any_page
    if not plan.scenario.spec.workloads.training:
        return
    data = page.chart("gantt")["data"]
    for lane, row in enumerate(plan.summary()["training"]):
        bars = [t for t in data if t["name"] == row["name"] and t["mode"] == "lines"]
        assert bool(bars) == (row["start"]["central"] is not None)
        if not bars:
            continue
        assert {y for bar in bars for y in bar["y"]} == {lane}
        assert bars[0]["x"][0][:7] == row["start"]["central"]
        assert bars[-1]["x"][-1][:7] == (row["finish"]["central"] or str(plan.horizon.last))
        assert len(bars) == 2 if row["post_training_flop"] else 1
        if len(bars) == 2:
            assert bars[0]["x"][-1] == bars[1]["x"][0]
            assert bars[0]["line"]["color"] != bars[1]["line"]["color"]  # lighter


def test_a_bar_breaks_where_nothing_works(scenarios: ModuleType) -> None:
    hardware = {
        "useful_life": "6 months",
        "until": "2027-03",
        "supply": {"2027-01": "90 racks/month"},
    }
    data = scenarios.changed(
        scenarios.small(),
        {("hardware", "gb300-nvl72"): hardware, ("deployment",): {"policy": "newest", "refresh": False},
         ("workloads",): {"training": {"a": {"compute": "1e30 FLOP", "precision": "fp8"}}}},
    )  # fmt: skip
    plan = gw.plan(gw.Scenario.from_dict(data))
    days = plan["training.days"].sel(campaign="a", case="central").values
    at_work = np.flatnonzero(days)
    assert len(at_work)
    assert days[-1] == 0.0
    drawn = [t for t in Page(html_report(plan)).chart("gantt")["data"] if t["name"] == "a"]
    bar, dashes = (t for t in drawn if t["mode"] == "lines")
    start = plan.horizon.start
    assert bar["x"][0][:7] == str(start + int(at_work[0]))
    assert bar["x"][-1][:7] == dashes["x"][0][:7] == str(start + int(at_work[-1]) + 1)
    assert (dashes["line"]["dash"], dashes["x"][-1][:7]) == ("dash", str(plan.horizon.last))


def test_demand_and_use_are_stacked_to_their_sums(crowded: tuple[gw.Plan, str]) -> None:
    plan, text = crowded
    page = Page(text)
    for key, figure in (("demand", "serving.demand_tokens_per_s"), ("use", "use.capacity")):
        layers = [t["y"] for t in page.chart(key)["data"] if t.get("stackgroup")]
        total = np.sum(layers, axis=0)
        values = plan[figure].values.reshape(plan.horizon.months, -1).sum(axis=1)
        np.testing.assert_allclose(total / total[-1], values / values[-1], rtol=1e-4)


def test_spending_is_stacked_to_its_sum(any_page: tuple[gw.Plan, Page]) -> None:
    plan, page = any_page
    data = page.chart("capital")["data"]
    ends = sum(trace["y"][-1] for trace in data if trace.get("stackgroup"))
    (gap,) = [
        trace["y"][-1]
        for trace in data
        if trace["name"] == "funding gap" and "hovertemplate" in trace
    ]
    spend = plan.finance["spend_usd"].values.sum()
    assert gap / ends == pytest.approx(plan.finance["funding_gap_usd"].values[-1] / spend, rel=1e-4)


def test_every_payment_has_a_pin(crowded: tuple[gw.Plan, str]) -> None:
    plan, text = crowded
    pins = [t for t in Page(text).chart("milestones")["data"] if t["name"].startswith("paid by")]
    drawn = {(t["name"][8:], day[:7]) for t in pins for day in t["x"]}
    assert drawn == {
        (key, str(plan.month(t.month)))
        for key, rows in plan.tranches.items()
        for t in rows
        if t.month is not None
    }


def test_the_same_plan_gives_the_same_page(one_campus: gw.Plan) -> None:
    assert html_report(one_campus) == html_report(gw.plan(gw.load("one-campus")))


def test_a_run_folder_gives_the_same_page(one_campus: gw.Plan, tmp_path: Path) -> None:
    again = gw.load_run(gw.save_run(one_campus, tmp_path / "run"))
    assert html_report(again, run_name="7") == html_report(one_campus, run_name="7")


def test_names_keep_their_colours(crowded: tuple[gw.Plan, str]) -> None:
    plan, text = crowded
    page, palette = Page(text), palette_of(plan)
    for shades in (
        palette.sites, palette.systems, palette.parties, palette.campaigns, palette.streams,
    ):  # fmt: skip
        assert len(set(shades.values())) == len(shades)
    colours = {
        trace["name"].removeprefix("racks, "): trace["line"]["color"]
        for key in ("accelerators", "capital")
        for trace in page.chart(key)["data"]
        if trace.get("stackgroup")
    }
    for system, shade in palette.systems.items():
        assert colours[system] == shade.hex
    for key in ("capital", "milestones"):
        (colour,) = {
            trace.get("marker", trace.get("line"))["color"]
            for trace in page.chart(key)["data"]
            if trace["name"] == "paid by alpha" and "hovertemplate" in trace
        }
        assert colour == palette.parties["alpha"].hex


# --- self-contained ---------------------------------------------------------------------------


def test_nothing_is_loaded(any_page: tuple[gw.Plan, Page]) -> None:
    _, page = any_page
    for tag, attrs in page.elements:
        assert tag not in {
            "link",
            "img",
            "iframe",
            "object",
            "embed",
            "base",
            "form",
            "audio",
            "video",
        }
        assert not {"src", "srcset", "action", "poster", "data"} & set(attrs), (tag, attrs)
        href = attrs.get("href")
        if href is not None:
            assert tag == "a"
            assert href.startswith(("#", "http://", "https://")), href
    css = "".join(page.styles)
    assert "url(" not in css
    assert "@import" not in css
    own = page.scripts[-1][1]
    assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|import|eval)\b|https?:", own)


def test_the_policy_lets_only_these_scripts_run(any_page: tuple[gw.Plan, Page]) -> None:
    _, page = any_page
    (policy,) = [
        attrs["content"] or ""
        for _, attrs in page.elements
        if attrs.get("http-equiv") == "Content-Security-Policy"
    ]
    running = [text for attrs, text in page.scripts if attrs.get("type") != "application/json"]
    assert len(running) == 2
    assert len(page.scripts) == 3
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in running]
    assert f"script-src 'sha256-{hashes[0]}' 'sha256-{hashes[1]}';" in policy
    assert policy.startswith("default-src 'none'")


def test_plotly_is_not_imported() -> None:
    code = (
        "import sys, gigawatt as gw\n"
        "from gigawatt.report import html_report\n"
        "assert 'jinja2' not in sys.modules\n"
        "html_report(gw.plan(gw.load('one-campus')))\n"
        "assert 'plotly' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("missing", ["plotly", "jinja2"])
def test_a_missing_extra_is_named(
    missing: str, one_campus: gw.Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(name: str) -> Any:
        return None if name == missing else find_spec(name)

    find_spec = importlib.util.find_spec
    monkeypatch.setattr("gigawatt.report.html.find_spec", find)
    html._template.cache_clear()
    with pytest.raises(MissingExtraError, match=r"gigawatt\[report\]"):
        html_report(one_campus)


# --- safe -------------------------------------------------------------------------------------


def test_hostile_names_stay_text(crowded: tuple[gw.Plan, str]) -> None:
    _, text = crowded
    page = Page(text)
    assert len(page.scripts) == 3
    for tag, attrs in page.elements:
        assert tag != "img"
        assert not [name for name in attrs if name.startswith("on")]
        assert "javascript:" not in (attrs.get("href") or "")
        assert not (attrs.get("href") or "").startswith("data:")
    shown = " ".join(HOSTILE.split())
    assert page.words.count(shown) > 20
    assert "{{ 7 * 7 }}" in page.words
    assert 'run <r&">' in page.words
    assert "javascript:alert(4)" in page.words  # as text


def test_sources_are_linked_with_their_whole_address(crowded: tuple[gw.Plan, str]) -> None:
    _, text = crowded
    links = [attrs["href"] for tag, attrs in Page(text).elements if tag == "a"]
    assert CROWDED["evidence"]["sites.site-1"]["url"] in links


def test_figures_cannot_end_their_script(crowded: tuple[gw.Plan, str]) -> None:
    _, text = crowded
    raw = text.split('id="figures">')[1].split("</script>")[0]
    assert not set("<>&\u2028\u2029") & set(raw)
    names = [t["name"] for chart in Page(text).figures["charts"] for t in chart["data"]]
    assert any("alert(1)" in name for name in names)
    assert not any("<" in name or ">" in name for name in names)


@given(st.text() | st.lists(st.dictionaries(st.text(), st.text())))
def test_script_json_is_json_and_harmless(value: Any) -> None:
    text = html.script_json(value)
    assert json.loads(text) == value
    assert text.isascii()
    assert not set("<>&") & set(text)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "JaVaScRiPt:x", "data:text/html,x", "//host/x", "file:///x", "http://",
            "http://[", "vbscript:x", "java\nscript:x", ""]
)  # fmt: skip
def test_only_web_addresses_become_links(url: str) -> None:
    assert link("a source", url).href == ""


@given(
    st.lists(st.tuples(st.integers(0, 119), st.integers(0, 30), st.integers(1, 34)), max_size=60)
)
def test_labels_in_a_lane_never_meet(items: list[tuple[int, int, int]]) -> None:
    lanes = _Lanes(120)
    placed = [lanes.place(at, min(at + length, 119), letters, 6) for at, length, letters in items]
    assert sum(place is not None for place in placed) == sum(len(lane) for lane in lanes.taken)
    for lane in lanes.taken:
        ordered = sorted(lane)
        for (_, end), (start, _) in itertools.pairwise(ordered):
            assert end < start
        assert all(low >= -8 and high <= LEAST_WIDTH + 8 for low, high in lane)


# --- drawn ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser, or a skip that says what is missing."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = Path("/usr/bin/chromium")
    if not program.exists():
        pytest.skip("Debian's Chromium is not installed")
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(program), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.mark.browser
@pytest.mark.parametrize(
    ("case", "width", "scheme"),
    [
        ("one-campus", 1400, "light"),
        ("crowded", 800, "dark"),
        ("bare", 1280, "dark"),
        ("one month", 700, "light"),
    ],
)
def test_a_browser_draws_it_without_complaint(
    chromium: Any, case: str, width: int, scheme: str, one_campus: gw.Plan,
    crowded: tuple[gw.Plan, str], tmp_path: Path,
) -> None:  # fmt: skip
    texts = {"one-campus": lambda: html_report(one_campus), "crowded": lambda: crowded[1],
             "bare": lambda: page_of(BARE)[1], "one month": lambda: page_of(ONE_MONTH)[1]}  # fmt: skip
    file = tmp_path / "report.html"
    file.write_text(texts[case](), encoding="utf-8")
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(f"dialog {dialog.message}"))

    def other(request: Any) -> None:
        if request.url != file.as_uri():
            complaints.append(request.url)

    page.on("request", other)
    page.on("requestfailed", lambda request: complaints.append(f"failed {request.url}"))
    page.goto(file.as_uri())
    drawn = [*CHARTS, *{"one-campus": ["gantt", "use"], "crowded": WORKLOADS}.get(case, [])]
    for key in drawn:
        plot = page.locator(f'.plot[data-chart="{key}"]')
        # Plotly layers its svg elements; the first holds the plot
        assert plot.locator("svg.main-svg .cartesianlayer .xy").count() >= 1
        assert plot.locator(".svg-container").count() == 1
        assert plot.locator(".cartesianlayer .trace path").count() > 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # one cursor: the keyboard moves it through all charts
    page.focus('.plot[data-chart="power"]')
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "document.querySelectorAll('.hoverlayer .legend, .hoverlayer .hovertext').length >= 4"
    )
    assert page.locator(".cursor:not([hidden])").count() == len(drawn)
    page.keyboard.press("Escape")
    assert page.locator(".cursor:not([hidden])").count() == 0
    # one zoom
    page.evaluate(
        "Plotly.relayout(document.querySelector('.plot'), {'xaxis.range': ['2027-03-02', '2027-03-20']})"
    )
    ranges = "[...document.querySelectorAll('.plot')].map(n => String(n.layout.xaxis.range))"
    page.wait_for_function(f"{ranges}.every(r => r === '2027-03-02,2027-03-20')")
    page.click("#whole")
    # the other reading, and the legend
    page.click('#accelerators [data-switch="1"]')
    assert page.inner_text("#accelerators .axis") == "dies of the own build"
    button = page.locator("#power .legend button").first
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    # the filter of the inputs
    page.click("#inputs summary")
    page.fill("#filter", "packages per rack")
    visible = page.locator("#inputs tbody tr:visible").count()
    assert 0 < visible < page.locator("#inputs tbody tr").count()
    # paper
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("document.querySelector('.plot svg').getBoundingClientRect().width") <= 690
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.close()
    assert complaints == []


def test_a_limit_across_a_chart_says_what_it_is() -> None:
    from gigawatt.report.chart_page import limit_line

    parts = limit_line(74.5, "all there is")
    (line,), (words,) = parts["shapes"], parts["annotations"]
    assert (line["x0"], line["x1"], words["x"], words["text"]) == (74.5, 74.5, 74.5, "all there is")


def test_a_machine_without_a_model_of_its_own_names_whose_layout_it_takes() -> None:
    from gigawatt.report.workload_tables import _as_other

    why = "The performance model cannot run on trainium2: its record has no tdp. Taken "
    assert (
        _as_other(why + "at the utilisation of vr-nvl72 with as many accelerators.").text
        == "as vr-nvl72"
    )
    assert _as_other(why + "as 0.07 × what a package of vr-nvl72 serves.").text == "as vr-nvl72"
    assert _as_other("somehow").text == "as another"
