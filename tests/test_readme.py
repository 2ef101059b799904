"""What the README shows works as shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import recourse_arena as arena
from recourse_arena.planning.suite_file import read_suite
from recourse_arena.problem.scenario import Scenario
from recourse_arena.registry.discovery import discover
from recourse_arena.reporting.paper.fairness import cases, weighed

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
PLAIN = " ".join(README.split())


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.fixture
def nearest_accepted():
    namespace = {}
    exec(next(block for block in blocks("python") if "class NearestAccepted" in block), namespace)
    return namespace


def test_the_solver_of_the_readme_runs_and_breaks_no_constraint(nearest_accepted, plugged, tmp_path, monkeypatch):
    from recourse_arena.interfaces.suite import Block, Suite

    monkeypatch.setenv("RECOURSE_ARENA_CACHE", str(tmp_path))
    (solver,) = nearest_accepted["recourse_solvers"]()
    block = Block(("tiny",), (Scenario.parse("hard-1"), Scenario.parse("soft-linear")), ("top",), 50)
    summary = arena.run(Suite("s", "", (block,)), solvers=[solver(), "top"]).summary.set_index("solver")
    mine = summary.loc["nearest-accepted"]
    assert (mine["outcome"] == "solved").all()
    assert (mine["violations"] == 0).all()
    assert (mine["validity"] > 0.2).all()


def test_the_suite_of_the_readme_is_read(tmp_path):
    (tmp_path / "scores.csv").write_text("person,loan_amount,duration,income,savings,income_max\n")
    (tmp_path / "mine.toml").write_text(blocks("toml")[1])
    suite = read_suite(tmp_path / "mine.toml")
    assert len(suite.blocks[0].scenarios) == 3


def test_every_solver_dataset_and_column_of_the_readme_exists():
    registry = discover()
    for heading, known in (("## Datasets", registry.datasets), ("## Solvers", registry.solvers)):
        section = README.split(heading)[1].split("\n## ")[0]
        assert set(re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE)) == set(known)
    titles = {metric.title or metric.name for metric in registry.metrics.values()}
    section = README.split("## What the columns mean")[1].split("\n## ")[0]
    columns = {c.strip() for row in re.findall(r"^\| ([a-z., ]+?) \|", section, re.MULTILINE) for c in row.split(",")}
    assert columns - {"column", "meaning", "ms each"} <= titles


def test_the_commands_of_the_readme_parse():
    import shlex

    from click.testing import CliRunner

    from recourse_arena.cli import main

    commands = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("recourse-arena ")]
    assert len(commands) >= 4
    for command in commands:
        words = shlex.split(command, comments=True)[1:]
        context = main.make_context("recourse-arena", [words[0], "--help"], resilient_parsing=True)
        child = main.get_command(context, words[0])
        assert child is not None
        child.make_context(words[0], words[1:], resilient_parsing=False)
    assert CliRunner().invoke(main, ["--help"]).exit_code == 0


def test_the_table_of_the_readme_is_what_results_hold():
    summary = arena.load(ROOT / "results" / "quick").summary.query("dataset == 'loan'")
    columns = ["coverage", "validity", "plausibility", "attainability", "cost_mean", "hap"]
    rows = re.findall(r"^\| ([a-z0-9-]+) \| (icarma|carma|grid|convex) \| (.*) \|$", README, re.MULTILINE)
    assert len(rows) >= 5
    for scenario, solver, values in rows:
        (kept,) = summary.loc[(summary["scenario"] == scenario) & (summary["solver"] == solver), columns].to_numpy()
        assert values.split(" | ") == ["-" if value != value else f"{value:.3f}" for value in kept]


def test_the_findings_about_optima_follow_from_the_results():
    result = arena.load(ROOT / "results" / "certified")
    people = result.people.set_index("scenario")
    found = {}
    for count in "4321":
        cells = people.loc[f"hard-{count}!scm-plausibility"]
        feasible = int(cells.groupby("person")["optimal_cost"].max().notna().sum())
        gaps = cells.groupby("solver")["optimality_gap"]
        found[count] = feasible, gaps.count(), 1 + gaps.median()
    (two, solves_two, ratio_two), (one, solves_one, ratio_one) = found["2"], found["1"]
    shares = [f"{solves['grid'] / of:.0%}".replace("%", " %") for solves, of in ((solves_two, two), (solves_one, one))]
    finer = [
        f"{solves['grid?points=49'] / of:.0%}".replace("%", " %")
        for solves, of in ((solves_two, two), (solves_one, one))
    ]
    assert f"for {shares[0]} of those who have one with two actionable features, and for {shares[1]} with one" in PLAIN
    assert f"at {ratio_two['grid']:.2f} and {ratio_one['grid']:.2f} times the least possible cost" in PLAIN
    assert f"make that {finer[0]} and {finer[1]}" in PLAIN
    assert sum(feasible - solves["convex"] for feasible, solves, _ in found.values()) == 1
    assert all(ratio["convex"] == pytest.approx(1.0, abs=5e-4) for _, _, ratio in found.values())
    each = result.summary.query("solver == 'convex' and scenario.str.contains('scm')")
    milliseconds = 1000 * each["solve_seconds"] / each["people"]
    assert f"in {milliseconds.min():.0f} to {milliseconds.max():.0f} milliseconds a person" in PLAIN
    assert result.alarms == []
    cells = result.people.query("solver == 'certified'")
    proved = cells["optimal_cost"].notna() | (cells["outcome"] == "infeasible")
    assert f"at least {proved.groupby(cells['scenario'], observed=True).mean().min():.1%}".replace("%", " %") in PLAIN


def test_the_findings_about_groups_follow_from_the_results():
    result = arena.load(ROOT / "results" / "paper")
    icarma, oracle = cases([result])
    comparisons = [part.verdict for _, _, parts in weighed(icarma) for part in parts]
    assert sorted(verdict for _, verdict, _ in weighed(icarma)) == ["cannot tell"] * 2 + ["holds"] * 3
    assert PLAIN.count("three hold") == PLAIN.count("two cannot be told") == 2
    assert f"{comparisons.count('holds')} of {len(comparisons)} comparisons hold" in PLAIN
    assert "does not hold" not in comparisons
    women = icarma.gap("log-density", {"hard-4": 1.0}, "women", "men")
    assert women[1] < 0 < women[2]  # "not for less likely advice"
    scenario = "hard-2@assigned-by-race"
    gap = oracle.gap("cost", {scenario: 1.0}, "non-white", "white")
    words = [f"{value:.3f}".replace("-", "\N{MINUS SIGN}") for value in gap[:3]]
    assert f"({words[0]}, interval from {words[1]} to {words[2]})" in PLAIN
    lost = [1 - oracle.members(scenario, group)["valid"].mean() for group in ("non-white", "white")]
    assert (
        f"that is {lost[0]:.0%} of the non-white people against {lost[1]:.0%} of the white".replace("%", " %") in PLAIN
    )


def test_the_findings_on_everybody_follow_from_the_results():
    summary = arena.load(ROOT / "results" / "paper").summary.query("dataset == 'loan'")
    cells = summary.set_index(["scenario", "solver"])
    here, published = (cells.loc[("soft-linear", name)] for name in ("icarma", "icarma?trust=1&flips=0"))
    assert f"valid and plausible for {published['attainability']:.0%}".replace("%", " %") in PLAIN
    assert f"makes that {here['attainability']:.0%}".replace("%", " %") in PLAIN
    assert here["hap"] <= published["hap"]
    for scenario in ("hard-4", "hard-3", "hard-2", "hard-1", "hard-random"):
        assert cells.loc[(scenario, "icarma"), "attainability"] > cells.loc[(scenario, "grid"), "attainability"]
        assert cells.loc[(scenario, "icarma"), "cost_mean"] > cells.loc[(scenario, "grid"), "cost_mean"]
    for profile in ("concave", "linear", "convex"):
        soft = cells.loc[f"soft-{profile}", "attainability"]
        assert soft["icarma"] < soft["grid"]
    two = cells.loc["hard-2"]
    assert (
        f"({two.loc['icarma', 'attainability']:.0%} against {two.loc['grid', 'attainability']:.0%}".replace("%", " %")
        in PLAIN
    )
    valid, both = (f"{two.loc['icarma', name]:.0%}".replace("%", " %") for name in ("validity", "attainability"))
    assert f"advice is valid for {valid} of the people but both valid and plausible for {both}" in PLAIN
    unusable = f"{1 - cells.loc[('hard-3', 'carma'), 'coverage']:.0%}".replace("%", " %")
    assert f"its advice touches what the person ruled out for {unusable} of the people" in PLAIN


def test_the_counts_of_the_readme_are_those_of_the_report():
    text = (ROOT / "results" / "paper" / "report.md").read_text()
    plain = " ".join(text.split())
    missed, judged = map(int, re.search(r"(\d+) of (\d+) targets are missed", plain).groups())
    assert f"{judged - missed} of its {judged} targets are met" in PLAIN
    by_mean = re.search(r"The mean over seeds misses (\d+) of the (\d+) that have several", plain).groups()
    assert by_mean == ("1", "43")
    assert "misses one other of 43" in PLAIN
    rows = [row.split("|") for row in text.split("## Missed targets")[1].split("## ")[0].splitlines()[6:]]
    oracle = [row for row in rows if len(row) > 4 and row[4].strip() == "grid"]
    others = [row for row in rows if len(row) > 4 and row[4].strip().startswith("icarma")]
    assert (len(oracle), len(others)) == (6, 1)
    assert all(row[-2].strip() == "yes" for row in oracle)
    assert f"One is iCARMA's, by {others[0][1].strip()}." in PLAIN
    assert f"it meets {re.search(r'(.. of ..) targets met', plain).group(1).replace('of', 'of the')}" in PLAIN
    claims = text.split("## Does each claim hold here?")[1].split("\n\n")[1]
    verdicts = [row.split("|")[4].strip() for row in claims.splitlines()[2:]]
    assert [verdicts.count(name) for name in ("holds", "cannot tell", "does not hold")] == [12, 1, 1]
    assert "fourteen claims about solvers twelve hold here, one cannot be told, and one does not hold" in PLAIN


def test_the_findings_about_methods_follow_from_the_results():
    summary = arena.load(ROOT / "results" / "methods").summary.set_index(["scenario", "solver"])
    some = summary.loc[["hard-4", "hard-3", "hard-2"]]
    blind = some[some.index.get_level_values("solver").isin(["wachter", "growing-spheres"])]
    assert blind["validity"].min() >= 0.99
    assert f"at most {blind['plausibility'].max():.0%} of their advice is".replace("%", " %") in PLAIN
    costs = summary["cost_mean"].unstack("solver")
    ratios = costs["dice"] / costs["wachter"]
    assert f"costs {ratios.min():.1f} to {ratios.max():.1f} times as much as Wachter's search" in PLAIN
    plausible = summary["plausibility"].unstack("solver")["dice"].max()
    assert f"is plausible for at most {plausible:.0%}".replace("%", " %") in PLAIN
