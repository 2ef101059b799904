"""Figures: what they show, what is left out and why, and that names from a run do no harm."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from recourse_arena.cli import main
from recourse_arena.reporting.figures.draw import draw
from recourse_arena.reporting.result import Result

pytest.importorskip("matplotlib")

import matplotlib

from recourse_arena.reporting.figures.actionable_features import actionable_features
from recourse_arena.reporting.figures.cost_profiles import cost_profiles
from recourse_arena.reporting.figures.drawing.figure_data import FigureData, NoData, caption, shares
from recourse_arena.reporting.figures.drawing.style import pens, shown
from recourse_arena.reporting.figures.log_density import log_density
from recourse_arena.reporting.figures.marginals import marginals
from recourse_arena.reporting.figures.overview import overview
from recourse_arena.reporting.figures.trade_off import trade_off

SCENARIOS = ("hard-2", "hard-1", "hard-random", "soft-linear", "soft-convex")
MARGINALS = pd.DataFrame(
    {"feature": ["a", "a", "b", "b"], "low": [0, 1, 5, 6], "high": [1, 2, 6, 7],
     "data": [0.5, 0.5, 0.9, 0.0], "flow": [0.25, 0.5, 0.9, 0.1]}
)  # fmt: skip


RECORD = {
    "status": "finished",
    "protocol": 1,
    "suite": {"name": "small", "version": "1"},
    "solvers": {},
    "metrics": [],
    "cells": [],
    "provenance": {},
}


def cell(scenario, solver="one", *, dataset="d", seed=0, count=10, valid=8, plausible=5, hard=2):
    """Return a cell's people: the first `valid` are valid, the first `plausible` plausible, and so on."""
    i = np.arange(count)
    factual = -10.0 - i / count
    return pd.DataFrame(
        {
            "dataset": dataset,
            "scenario": scenario,
            "solver": solver,
            "seed": seed,
            "outcome": "solved",
            "valid": i < valid,
            "plausible": i < plausible,
            "hard_action": pd.array(i < hard, "boolean"),
            "cost": 1.0,
            "weighted_cost": 1.0,
            "violations": 0,
            "score_fixed": 4,
            "score_a": 1 + i % 3,
            "score_b": 3 - i % 3,
            "logp_factual": factual,
            "logp_counterfactual": factual + np.where(i < plausible, 1.0, -1.0),
        }
    )


def write(folder, cells, *, histograms=MARGINALS, with_people=True):
    """Write a run folder of these cells' people."""
    folder.mkdir(exist_ok=True)
    people = pd.concat(cells, ignore_index=True)
    rows = []
    keys = ["dataset", "scenario", "solver", "seed"]
    for key, group in people.groupby(keys, sort=False):
        hap = group.loc[group["valid"], "hard_action"].mean()
        both = (group["valid"] & group["plausible"]).mean()
        rows.append((*key, "solved", len(group), group["valid"].mean(), group["plausible"].mean(), both, hap))
    names = [*keys, "outcome", "people", "validity", "plausibility", "attainability", "hap"]
    pd.DataFrame(rows, columns=names).to_csv(folder / "summary.csv", index=False)
    (folder / "run.json").write_text(json.dumps(RECORD))
    if with_people:
        people.to_parquet(folder / "people.parquet")
    if histograms is not None:
        tables = [histograms.assign(dataset=name, seed=0) for name in people["dataset"].unique()]
        pd.concat(tables).to_csv(folder / "marginals.csv", index=False)
    return Result.read(folder)


@pytest.fixture
def full(tmp_path):
    return write(tmp_path / "run", [cell(name, solver) for name in SCENARIOS for solver in ("one", "two")])


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """A full run and its files."""
    folder = tmp_path_factory.mktemp("drawn") / "run"
    result = write(folder, [cell(name, solver) for name in SCENARIOS for solver in ("one", "two")])
    return result, files(result)


def files(result):
    return {f"{p.name}.{ending}": content for p in draw(result) for ending, content in p.files.items()}


def reasons(result):
    return {picture.name: picture.reason for picture in draw(result) if picture.reason}


def words(figure):
    return [text.get_text() for text in figure.findobj(matplotlib.text.Text)]


def test_a_full_run_gives_every_figure_as_png_and_svg(drawn):
    names = ["overview", "cost-profiles", "actionable-features-d", "trade-off-d", "log-density-d", "marginals-d"]
    _, found = drawn
    assert list(found) == [f"{name}.{ending}" for name in names for ending in ("png", "svg")]
    for name, content in found.items():
        if name.endswith("png"):
            assert content.startswith(b"\x89PNG")
            assert (7874).to_bytes(4, "big") * 2 in content  # 200 dots per inch, in dots per metre
        else:
            assert ElementTree.fromstring(content).tag.endswith("svg")


def test_the_same_run_gives_the_same_bytes_and_the_settings_of_the_user_stay_out_of_it(drawn):
    result, first = drawn
    with matplotlib.rc_context({"lines.linewidth": 9, "font.size": 20, "svg.hashsalt": None}):
        before = dict(matplotlib.rcParams)
        assert files(result) == first
        assert dict(matplotlib.rcParams) == before


def test_each_figure_left_out_says_what_the_run_lacks(tmp_path):
    hard = write(tmp_path / "hard", [cell("hard-2")], histograms=None)
    assert reasons(hard) == {
        "cost-profiles": "the run has no soft-* scenario with ordered answers",
        "actionable-features-d": "the run has no two hard-* scenarios that differ in the number of actionable "
        "features alone",
        "trade-off-d": "the run has no soft-* scenario whose hap is defined",
        "marginals-d": "the run has no marginals.csv (made by an older version)",
    }
    bare = write(tmp_path / "bare", [cell(name) for name in SCENARIOS], with_people=False)
    assert reasons(bare) == {
        "cost-profiles": "the run has no people.parquet",
        "log-density-d": "the run has no people.parquet",
    }


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("people.parquet", "x", r"cannot read .*people.parquet"),
        ("marginals.csv", "", "cannot read marginals.csv"),
        ("marginals.csv", "dataset,seed\nd,0\n", "marginals.csv has no column feature, low"),
        ("marginals.csv", "dataset,seed,feature,low,high,data,flow\ne,0,a,1,2,0,0\n", "no rows for this dataset"),
        ("marginals.csv", "dataset,seed,feature,low,high,data,flow\nd,0,a,1,2,x,0\n", "expected numbers"),
    ],
)
def test_a_broken_file_is_a_lack_with_its_reason(full, file, content, reason):
    (full.path / file).write_text(content)
    evidence = FigureData(full)
    with pytest.raises(NoData, match=reason):
        marginals(evidence, "d") if file == "marginals.csv" else log_density(evidence, "d")


def test_without_people_shares_have_no_intervals_and_the_figure_says_so(tmp_path):
    evidence = FigureData(write(tmp_path / "run", [cell("hard-2"), cell("hard-1")], with_people=False))
    table = shares(evidence, "d", "validity")
    assert table["value"].tolist() == [0.8, 0.8]
    assert table["below"].isna().all()
    assert caption(evidence) == "seed 0; no intervals: the run has no people.parquet"
    assert any("no intervals" in text for text in words(overview(evidence)))


def test_intervals_are_those_of_newcombe_1998(tmp_path):
    """Wilson's intervals in Newcombe, Statistics in Medicine 17, table I, method 3."""
    table = [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]
    for hits, people, low, high in table:
        evidence = FigureData(write(tmp_path / f"{hits}", [cell("hard-1", count=people, valid=hits)]))
        value, below, above = shares(evidence, "d", "validity").iloc[0]
        assert (value - below, value + above) == pytest.approx((low, high), abs=5e-5)


def test_shares_are_means_over_seeds_with_the_people_of_all_of_them(tmp_path):
    run = [cell("hard-1", seed=0, valid=2), cell("hard-1", seed=1, valid=6)]
    evidence = FigureData(write(tmp_path / "two", run))
    alone = FigureData(write(tmp_path / "one", [cell("hard-1", count=20, valid=8)]))
    assert shares(evidence, "d", "validity").iloc[0].tolist() == pytest.approx(
        shares(alone, "d", "validity").iloc[0].tolist()
    )
    assert caption(evidence).startswith("mean over 2 seeds")


def test_hap_counts_valid_recommendations_only_and_attainability_needs_both(tmp_path):
    people = cell("soft-linear", count=10, valid=4, plausible=6, hard=1)
    people.loc[9, "hard_action"] = True
    people.loc[0, "plausible"] = False
    evidence = FigureData(write(tmp_path / "run", [people]))
    for metric, hits, count in (("hap", 1, 4), ("attainability", 3, 10), ("plausibility", 5, 10)):
        value, below, above = shares(evidence, "d", metric).iloc[0]
        other = FigureData(write(tmp_path / metric, [cell("hard-1", count=count, valid=hits)]))
        assert [value, below, above] == pytest.approx(shares(other, "d", "validity").iloc[0].tolist())


def test_log_densities_lie_as_in_the_run_and_the_panel_says_how_many_are_above(tmp_path):
    people = cell("hard-2", count=10, valid=8, plausible=5)
    people.loc[9, "logp_counterfactual"] = np.nan  # no recommendation
    figure = log_density(FigureData(write(tmp_path / "run", [people, cell("hard-1", plausible=10)])), "d")
    two, one = figure.axes
    assert two.get_title() == "2 actionable\n56% above, n = 9"
    assert one.get_title().startswith("1 actionable\n100% above, n = 10")
    valid, broken = two.collections
    assert len(valid.get_offsets()) == 8
    assert broken.get_offsets().tolist() == [[-10.8, -11.8]]
    assert valid.get_rasterized()
    diagonal = two.lines[0]
    ends = [*two.get_xlim()]
    assert [*diagonal.get_xdata()] == [*diagonal.get_ydata()] == ends == [*two.get_ylim()]


def test_a_few_outliers_do_not_squash_the_scatter_but_are_counted(tmp_path):
    people = cell("hard-2", count=400, plausible=200)
    people.loc[:2, "logp_counterfactual"] = [-1e6, -np.inf, 5e4]
    axes = log_density(FigureData(write(tmp_path / "run", [people])), "d").axes[0]
    assert axes.get_title().endswith("n = 400\n3 outside")
    assert -15 < axes.get_xlim()[0] < axes.get_xlim()[1] < -5


def test_a_panel_without_recommendations_says_so(tmp_path):
    silent = cell("hard-1").assign(logp_counterfactual=np.nan)
    figure = log_density(FigureData(write(tmp_path / "run", [cell("hard-2"), silent])), "d")
    assert figure.axes[1].get_title() == "1 actionable\nno recommendation"
    with pytest.raises(NoData, match="nobody has a recommendation"):
        log_density(FigureData(write(tmp_path / "silent", [silent])), "d")


def test_cost_profiles_are_those_of_the_run_at_its_levels(full):
    weights, priors = cost_profiles(FigureData(full)).axes
    for axes, linear in ((weights, [1, 4, 7]), (priors, [0.5, 0.275, 0.05])):
        lines = {len(line.get_xdata()): line.get_ydata().tolist() for line in axes.lines[:2]}
        assert lines[3] == pytest.approx(linear)
        assert [line.get_label() for line in axes.lines if line.get_label()[0] != "_"] == ["linear", "convex"]


def test_levels_are_told_also_where_everything_is_actionable_to_everybody(tmp_path):
    everything = cell("soft-linear").drop(columns="score_fixed")
    axes = cost_profiles(FigureData(write(tmp_path / "run", [everything]))).axes[0]
    assert "3 hardest" in axes.get_xlabel()


def test_a_random_number_of_features_is_a_point_beside_the_line(full):
    figure = actionable_features(FigureData(full), "d")
    validity = figure.axes[0]
    assert [label.get_text() for label in validity.get_xticklabels()] == ["1", "2", "random"]
    line = next(line for line in validity.lines if line.get_linestyle() != "None" and len(line.get_xdata()))
    assert len(line.get_xdata()) == 2
    assert list(line.get_ydata()) == [0.8, 0.8]
    assert [axes.get_title() for axes in figure.axes] == ["validity", "plausibility", "attainability"]


def test_populations_and_schemes_have_rows_of_their_own(tmp_path):
    names = [f"{scheme}hard-{k}{where}" for scheme in ("", "score-") for where in ("", "@causal-order") for k in (2, 1)]
    evidence = FigureData(write(tmp_path / "run", [cell(name) for name in names]))
    rows = [axes.get_ylabel().split("\n")[0] for axes in actionable_features(evidence, "d").axes[::3]]
    assert rows == ["rankings", "rankings, causal-order", "Likert scores", "Likert scores, causal-order"]
    plain = [axes.get_ylabel().split("\n")[1] for axes in log_density(evidence, "d").axes[::2]]
    assert plain == ["rankings", "Likert scores"]
    elsewhere = FigureData(write(tmp_path / "elsewhere", [cell("hard-2@causal-order"), cell("hard-1!no-plausibility")]))
    assert len(log_density(elsewhere, "d").axes) == 4


def test_too_many_scenarios_are_no_picture_at_a_glance(tmp_path):
    evidence = FigureData(write(tmp_path / "run", [cell(f"mine-{i}") for i in range(21)]))
    with pytest.raises(NoData, match="21 scenarios are too many"):
        overview(evidence)


def test_only_solvers_with_a_soft_scenario_are_in_the_trade_off(tmp_path):
    evidence = FigureData(write(tmp_path / "run", [cell("soft-linear", "one"), cell("hard-2", "other")]))
    assert "other" not in words(trade_off(evidence, "d"))


def test_the_trade_off_has_hap_across_and_attainability_up(full):
    axes = trade_off(FigureData(full), "d").axes[0]
    line = axes.lines[0]
    assert list(line.get_xdata()) == [0.25, 0.25]  # two of eight valid ones
    assert list(line.get_ydata()) == [0.5, 0.5]


def test_the_overview_has_a_dot_per_scenario_and_solver(full):
    (axes,) = overview(FigureData(full)).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == list(SCENARIOS)
    places = [bars.lines[0].get_ydata() for bars in axes.containers]
    assert [len(place) for place in places] == [5, 5]
    assert (places[0] < places[1]).all()
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["one", "two"]


def test_the_overview_shows_what_ranks_and_what_solvers_were_handed_beside_it(full):
    truth = full.summary.assign(attainability_truth=full.summary["attainability"] / 2)
    (axes,) = overview(FigureData(replace(full, summary=truth))).axes
    dots = [bars.lines[0].get_xdata() for bars in axes.containers]
    strokes = [line.get_xdata() for line in axes.lines if line.get_marker() == "|"]
    assert len(strokes) == len(dots) == 2
    for dot, stroke in zip(dots, strokes, strict=True):
        assert (2 * np.asarray(dot) == np.asarray(stroke)).all()
    assert axes.get_title(loc="right") == "valid, and plausible under the true equations"
    declared = replace(full, summary=truth, info={**full.info, "suite": {"name": "s", "ranked_by": "attainability"}})
    (axes,) = overview(FigureData(declared)).axes
    assert not [line for line in axes.lines if line.get_marker() == "|"]


def test_marginals_show_both_histograms_and_their_distance(full):
    axes = marginals(FigureData(full), "d").axes[0]
    data, flow = axes.patches
    assert data.get_data().values.tolist() == [0.5, 0.5]
    assert flow.get_data().values.tolist() == [0.25, 0.5]
    assert axes.get_title() == "a\nTV 0.25"  # a quarter of the flow lies beyond the bins


EVIL = ["../../x", "../x", "<script>&", "$\\frac{", "_hidden", "", "\x1b[31m\n", "x" * 300, "x" * 299 + "y", "火?a=1"]


def test_no_name_breaks_a_figure_or_leaves_the_folder(tmp_path):
    names = EVIL[2:7]
    run = [cell(scenario, name, dataset="../../$\\frac{") for name in names for scenario in ("hard-2", "soft-linear")]
    result = write(tmp_path / "run", run, histograms=MARGINALS.replace("a", "$\\frac{"))
    shown = CliRunner().invoke(main, ["figures", str(result.path), "--out", str(tmp_path / "out")])
    assert shown.exit_code == 0, shown.output
    assert {path.name for path in tmp_path.iterdir()} == {"run", "out"}
    found = list((tmp_path / "out").iterdir())
    assert "marginals-frac.svg" in {file.name for file in found}
    for file in found:
        if file.suffix == ".svg":
            assert "<script" not in file.read_text()
            ElementTree.parse(file)


def test_file_names_of_datasets_are_safe_and_never_alike(tmp_path):
    result = write(tmp_path / "run", [cell("hard-1", dataset=name) for name in EVIL], histograms=None)
    names = FigureData(result).file_names
    assert list(names) == EVIL
    assert len(set(names.values())) == len(EVIL)
    assert all(
        set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") and 0 < len(name) < 45 for name in names.values()
    )


def test_shown_names_are_printable_short_and_never_alike():
    labels = list(shown(EVIL).values())
    assert len(set(labels)) == len(EVIL)
    assert all(label.isprintable() and len(label) <= 33 for label in labels)
    assert not any(label.startswith("_") for label in labels)  # matplotlib would drop them from the legend
    assert shown(["grid?points=9"]) == {"grid?points=9": "grid?points=9"}


def test_many_solvers_look_different_and_variants_of_one_too():
    found = pens([("d", f"solver-{i}") for i in range(30)] + [("d", "solver-0?lr=1")])
    assert len(set(found.values())) == 31


def test_a_solver_looks_the_same_on_every_dataset():
    found = pens([("d", "a"), ("d", "b"), ("e", "b?x=1"), ("e", "b?x=2")])
    assert found["e", "b?x=1"] == found["d", "b"] != found["e", "b?x=2"]


def test_the_command_writes_into_the_run_and_says_what_it_wrote_and_left_out(tmp_path):
    write(tmp_path / "run", [cell("hard-2"), cell("hard-1")])
    shown = CliRunner().invoke(main, ["figures", str(tmp_path / "run")])
    assert shown.exit_code == 0, shown.output
    lines = shown.stdout.splitlines()
    written = [line.removeprefix("wrote ") for line in lines if line.startswith("wrote ")]
    assert sorted(written) == sorted(map(str, (tmp_path / "run" / "figures").iterdir()))
    assert "left out cost-profiles: the run has no soft-* scenario with ordered answers" in lines
    assert len(lines) == len(written) + 2


def test_no_figure_at_all_is_a_message_and_exit_code_2(tmp_path):
    result = write(tmp_path / "run", [cell("hard-2")])
    summary = result.summary.assign(outcome="failed")
    summary.to_csv(tmp_path / "run" / "summary.csv", index=False)
    shown = CliRunner().invoke(main, ["figures", str(tmp_path / "run")])
    assert shown.exit_code == 2
    assert "no figure can be drawn" in shown.stderr
    assert "left out overview: no cell of the run was solved" in shown.stdout
    assert not (tmp_path / "run" / "figures").exists()


def test_wrong_use_is_one_message_and_exit_code_2(full, monkeypatch):
    run = CliRunner().invoke
    assert "not a run folder" in run(main, ["figures", str(full.path.parent)]).stderr
    taken = run(main, ["figures", str(full.path), "--out", str(full.path / "run.json" / "x")])
    assert (taken.exit_code, "cannot write" in taken.stderr) == (2, True)
    monkeypatch.setattr("recourse_arena.reporting.figures.draw.find_spec", lambda name: None)
    missing = run(main, ["figures", str(full.path)])
    assert missing.exit_code == 2
    assert "pip install 'recourse-arena[figures]'" in missing.stderr


def test_drawing_needs_no_torch_and_no_screen(tmp_path):
    result = write(tmp_path / "run", [cell("hard-1"), cell("hard-2"), cell("soft-linear")])
    code = (
        "import sys; from pathlib import Path; from recourse_arena.reporting.figures.draw import draw\n"
        "from recourse_arena.reporting.result import Result\n"
        "assert all(p.files for p in draw(Result.read(Path(sys.argv[1]))))\n"
        "print(sorted({'torch', 'matplotlib.pyplot'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code, result.path], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_a_real_run_has_its_figures(arena):
    pictures = list(draw(arena()))
    assert {picture.name: picture.reason for picture in pictures if picture.reason} == {}
    assert sum(len(picture.files) for picture in pictures) == 12
