"""What the README shows works as shown."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

import recourse_arena as arena
from recourse_arena.planning.suite_file import find_suite, read_suite
from recourse_arena.problem.scenario import Scenario
from recourse_arena.registry.discovery import discover
from recourse_arena.reporting.paper.fairness import cases, weighed

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
PLAIN = " ".join(README.split())


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def cells(line):
    """Return the cells of a row of a table in Markdown."""
    return [cell.strip() for cell in line.strip(" |").split("|")]


def board(run, dataset):
    """Return headings and rows of a dataset in the leaderboard of a reference run."""
    text = (ROOT / "results" / run / "leaderboard.md").read_text().split(f"### {dataset}")[1].split("\n### ")[0]
    headings, _, *rows = [cells(line) for line in text.splitlines() if line.startswith("|")]
    return headings, *rows


def plain(heading):
    return heading.rstrip(" ↑↓")


def percent(share):
    return f"{100 * share:.0f} %"


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


def test_the_menu_of_the_readme_runs_and_nothing_is_off_it(plugged, tmp_path, monkeypatch):
    from recourse_arena.interfaces.suite import Block, Suite

    namespace = {}
    exec(next(block for block in blocks("python") if "class AddLadder" in block), namespace)
    monkeypatch.setenv("RECOURSE_ARENA_CACHE", str(tmp_path))
    (solver,) = namespace["recourse_solvers"]()
    block = Block(("tiny",), (Scenario.parse("menu-3"), Scenario.parse("menu-2+hard-1!no-plausibility")), ("top",), 50)
    result = arena.run(Suite("s", "", (block,)), solvers=[solver()], out=tmp_path / "run")
    assert (result.summary["outcome"] == "solved").all()
    assert (result.people["violations"] == 0).all()
    assert result.people["valid"].any()
    assert len((tmp_path / "run" / "menus.csv").read_text().splitlines()) == 6


def test_the_suite_of_the_readme_is_read(tmp_path):
    (tmp_path / "scores.csv").write_text("person,loan_amount,duration,income,savings,income_max\n")
    (tmp_path / "mine.toml").write_text(blocks("toml")[1])
    suite = read_suite(tmp_path / "mine.toml")
    assert len(suite.blocks[0].scenarios) == 3


def test_every_solver_and_dataset_of_the_readme_exists_and_none_is_left_out():
    registry = discover()
    for heading, known in (("## Datasets", registry.datasets), ("## Solvers", registry.solvers)):
        section = README.split(heading)[1].split("\n## ")[0]
        assert set(re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE)) == set(known)


def test_every_column_of_a_leaderboard_is_explained_and_no_other():
    section = README.split("| column | meaning |")[1].split("\n\n")[0]
    explained = {title for row in re.findall(r"^\| (.+?) \|", section, re.MULTILINE) for title in row.split(", ")}
    certified = {"gap", "gap of", "lasts"}  # where an optimum was certified, or changed models decided
    assert (
        explained - {"---"}
        == {plain(title) for title in board("quick", "loan")[0]} - {"scenario", "solver"} | certified
    )


def test_datasets_have_as_many_features_as_the_readme_says():
    registry = discover()
    section = README.split("## Datasets")[1].split("\n## ")[0]
    said = re.findall(r"^\| `([a-z-]+)` \|.*?(\d+) features.*?(\d+) actionable", section, re.MULTILINE)
    assert {name for name, *_ in said} >= set(registry.datasets) - {"chain", "collider", "triangle"}
    for name, features, actionable in said:
        table = registry.dataset(name).features
        assert len(table) == int(features), name
        if name != "mnist":  # at most so many there: which pixels have ink in, its package says
            assert table.count_actionable == int(actionable), name


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


def test_the_tables_of_the_readme_are_parts_of_the_leaderboard():
    headings, *lines = board("quick", "loan")
    known = {(line[0], line[headings.index("solver")]): line for line in lines}
    tables = re.findall(r"^ *\| scenario \| (.+) \|\n *\|[-|]+\|\n((?: *\|.*\|\n)+)", README, re.MULTILINE)
    assert len(tables) == 2
    for titles, rows in tables:
        columns = ["scenario", *titles.split(" | ")]
        shown = [cells(row) for row in rows.splitlines()]
        assert len(shown) == 8
        for row in shown:
            line = known[row[0], row[columns.index("solver")]]
            assert row == [line[headings.index(title)] for title in columns]


def test_what_the_readme_says_of_its_runs_is_what_they_record():
    quick = arena.load(ROOT / "results" / "quick")
    (loan,) = [made for made in quick.info["materials"] if made["dataset"] == "loan"]
    assert f"drawn by seed from the {loan['asking']:,} who are refused" in PLAIN
    assert set(quick.summary.query("dataset == 'loan'")["people"]) == {200}
    fits = quick.summary[["dataset", "solver", "fit_seconds"]].drop_duplicates()
    minutes = (fits["fit_seconds"].sum() + quick.summary["solve_seconds"].sum()) / 60
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    assert f"the solvers of the run above took {words[round(minutes)]}, with one job" in PLAIN
    for name in ("tabular",):
        older = arena.load(ROOT / "results" / name)
        assert not {"attainability_truth", "attainability_heldout", "redrawn"} & set(older.summary), name
        asked = older.people.groupby("dataset", observed=True)["person"]
        assert (asked.max() == asked.nunique() - 1).all(), name  # the first so many
        assert asked.nunique().max() == 200
    assert asked.nunique()["german"] == 37
    runs = [folder for folder in (ROOT / "results").iterdir() if (folder / "run.json").is_file()]
    native = [run.name for run in runs if arena.load(run).info["provenance"].get("arithmetic") != "portable"]
    assert native == []
    assert "All reference results are `portable`" in PLAIN


def test_the_finding_about_fitted_densities_follows_from_the_results():
    result = arena.load(ROOT / "results" / "quick")
    cells = result.summary.query("dataset == 'loan'").set_index(["scenario", "solver"])
    people = result.people.query("dataset == 'loan' and outcome == 'solved'")
    gains = people["logp_counterfactual"] - people["logp_factual"]
    gain = gains.groupby([people["scenario"], people["solver"]], observed=True).median()
    four, two = gain["hard-4"], gain["hard-2"]
    assert f"makes people {four['convex']:.5f} nats likelier under `hard-4` and {two['convex']:.2f} under" in PLAIN
    assert f"the medians of `grid` are {four['grid']:.2f} and {two['grid']:.2f}" in PLAIN
    hard = cells.loc["hard-4"]
    gone = {name: percent(1 - row["attainability_truth"] / row["attainability"]) for name, row in hard.iterrows()}
    assert f"{gone['convex']} of its attainability under `hard-4` is gone under the truth, against" in PLAIN
    assert f"against {gone['grid']} for `grid` and {gone['icarma']} for `icarma`" in PLAIN
    kept = {name: percent(row["redrawn"] / row["validity"]) for name, row in hard.iterrows()}
    assert f"under `hard-4`, {kept['convex']} still leads to a yes when chance is drawn anew" in PLAIN
    assert f"of that of `icarma` {kept['icarma']}" in PLAIN
    for scenario in ("hard-4", "hard-2"):
        rows = cells.loc[scenario]
        assert rows["attainability"].idxmax() == "convex"  # "first by the flow"
        for judged in ("attainability_truth", "attainability_heldout"):
            assert (rows["attainability"] - rows[judged]).idxmax() == "convex"  # "loses most by anything else"
    for name in ("paper", "oracle", "training-seeds", "table-1", "fairness"):
        assert find_suite(name, discover()).ranked_by == "attainability"
    assert find_suite("quick", discover()).ranked_by == ""


def test_the_findings_about_real_tables_follow_from_the_results():
    result = arena.load(ROOT / "results" / "tabular")
    cells = result.summary.set_index(["dataset", "scenario", "solver"]).sort_index()
    free, asked = "hard-3!no-plausibility", "hard-3"
    searching = ["grid", "growing-spheres", "wachter", "dice", "convex", "certified"]
    helped = {name: cells.loc[(name, free)].loc[searching, "validity"] for name in ("german", "adult")}
    assert {f"{share:.3f}" for share in helped["german"]} == {"0.919"}
    low, high = helped["adult"].min(), helped["adult"].max()
    assert f"91.9 % of German's and {100 * low:.0f} to {percent(high)} of Adult's people" in PLAIN
    rows = result.people[result.people["scenario"] == free]
    proved = {}
    for name in helped:
        (proof,) = [
            part for _, part in rows[(rows["dataset"] == name) & (rows["solver"] == "certified")].groupby("seed")
        ]
        proved[name] = f"{(proof['outcome'] == 'infeasible').sum()} of {len(proof)}"
    assert f"proved for {proved['german']} and {proved['adult']}" in PLAIN
    gap = {solver: [cells.loc[(name, free, solver), "optimality_gap"] for name in helped] for solver in searching}
    assert gap["convex"] == [0, 0]
    assert gap["growing-spheres"][0] == 0
    assert f"costs 0 and {100 * gap['growing-spheres'][1]:.1f} % more than the optimum in the median" in PLAIN
    assert f"DiCE {100 * gap['dice'][0]:.0f} and {percent(gap['dice'][1])}" in PLAIN
    shares = {
        name: [
            f"{100 * cells.loc[(f'{name}?decision={model}', free, 'grid'), 'validity']:.1f}"
            for model in ("forest", "boosting")
        ]
        for name in helped
    }
    german, adult = (" and ".join(shares[name]) for name in ("german", "adult"))
    assert f"`grid` helps fewer (German {german} %, Adult {adult} %)" in PLAIN
    for name, most in (("german", 0), ("adult", 2)):
        for model in ("forest", "boosting"):
            of = rows[
                (rows["dataset"] == f"{name}?decision={model}")
                & rows["solver"].isin(["grid", "growing-spheres", "dice"])
            ]
            valid = of.pivot_table(index="person", columns="solver", values="valid", observed=True)
            assert (valid.nunique(axis=1) > 1).sum() <= most
    spheres = cells.loc[("adult", free, "growing-spheres")]
    assert f"{percent(1 - spheres['plausibility'] / spheres['validity'])} would stand out" in PLAIN
    grid = [percent(cells.loc[("adult", scenario, "grid"), "validity"]) for scenario in (asked, free)]
    assert f"`grid` has some for {grid[0]} of the people instead of {grid[1]}" in PLAIN
    assert f"`convex` for {percent(cells.loc[('adult', asked, 'convex'), 'validity'])}" in PLAIN


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
    assert all(feasible == solves["convex"] for feasible, solves, _ in found.values())  # "for everybody who has one"
    assert all(ratio["convex"] == pytest.approx(1.0, abs=5e-4) for _, _, ratio in found.values())
    assert result.alarms == []
    cells = result.people.query("solver == 'certified'")
    proved = cells["optimal_cost"].notna() | (cells["outcome"] == "infeasible")
    assert f"at least {proved.groupby(cells['scenario'], observed=True).mean().min():.1%}".replace("%", " %") in PLAIN


def test_the_findings_about_groups_follow_from_the_results():
    result = arena.load(ROOT / "results" / "paper")
    icarma, oracle = cases([result])
    comparisons = [part.verdict for _, _, parts in weighed(icarma) for part in parts]
    assert sorted(verdict for _, verdict, _ in weighed(icarma)) == ["holds"] * 5
    assert PLAIN.count("all five hold") == 2
    assert f"{comparisons.count('holds')} of {len(comparisons)} comparisons hold" in PLAIN
    assert "does not hold" not in comparisons
    women = icarma.gap("log-density", {"hard-4": 1.0}, "women", "men")
    assert women[2] < 0  # "for less likely advice"
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
        mine, grids = cells.loc[(scenario, "icarma")], cells.loc[(scenario, "grid")]
        assert mine["attainability"] > grids["attainability"]
        assert mine["attainability_truth"] > grids["attainability_truth"]
        assert mine["cost_mean"] > grids["cost_mean"]
    for profile in ("concave", "linear", "convex"):
        soft = cells.loc[f"soft-{profile}"]
        assert soft.loc["icarma", "attainability"] < soft.loc["grid", "attainability"]
        assert soft.loc["icarma", "attainability_truth"] < soft.loc["grid", "attainability_truth"]
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
    assert others[0][1].strip() == "0.001"  # "by 0.001"
    assert others[0][4].strip() == "icarma?preferences=scenario"  # "trained for one population alone"
    assert all(row[-2].strip() == "yes" for row in oracle)
    assert f"it meets {re.search(r'(.. of ..) targets met', plain).group(1).replace('of', 'of the')}" in PLAIN
    claims = text.split("## Does each claim hold here?")[1].split("\n\n")[1]
    verdicts = [row.split("|")[4].strip() for row in claims.splitlines()[2:]]
    assert [verdicts.count(name) for name in ("holds", "cannot tell", "does not hold")] == [12, 1, 1]
    assert "fourteen claims about solvers twelve hold here, one cannot be told, and one does not hold" in PLAIN


def test_the_finding_about_asking_follows_from_the_results():
    summary = arena.load(ROOT / "results" / "interaction").summary
    parts = summary["scenario"].str.split("!asked-", expand=True)
    told = summary.assign(hidden=parts[0], policy=parts[1]).set_index(["hidden", "solver", "policy"]).sort_index()
    scores = "score-hard-random+soft-linear"
    shown = re.search(r"\| policy \| accepted.*?\n.*?\n((?: *\|.*\|\n)+)", README)[1].splitlines()
    assert len(shown) == len(told.loc[scores, "convex"]) == 9
    for policy, *numbers in map(cells, shown):
        row = told.loc[(scores, "convex", policy)]
        forms = {"accepted": ".3f", "rounds": ".2f", "questions": ".0f", "regret": ".2f"}
        assert numbers == [format(row[name], form) for name, form in forms.items()]
    assert f"`convex` has some for {told.loc[(scores, 'convex', 'likert')]['possible']:.3f} of them" in PLAIN
    for hidden, solver in {place[:2] for place in told.index}:
        likert, refusals, both = (told.loc[(hidden, solver, p)] for p in ("likert", "post-hoc", "likert-and-post-hoc"))
        assert both["accepted_possible"] == 1  # "everybody for whom there is anything"
        assert both["regret"] == pytest.approx(1, abs=5e-3)
        assert both["accepted"] >= likert["accepted"]
        assert both["rounds"] < refusals["rounds"]
        if hidden == "hard-2+soft-linear":
            assert both["accepted"] - likert["accepted"] <= 0.01 + 1e-9


def test_the_finding_about_menus_follows_from_the_results():
    people = arena.load(ROOT / "results" / "fair-recourse").people
    people["dataset"] = people["dataset"].str.partition("?")[0]
    people["scenario"] = people["scenario"].str.removesuffix("!no-plausibility")
    cells_of = people.groupby(["dataset", "scenario", "solver"], observed=True)
    helped = cells_of["valid"].mean()
    cost = people[people["valid"]].groupby(["dataset", "scenario", "solver"], observed=True)["cost"].mean()
    shown = re.search(r"\| four actions for everybody.*?\n.*?\n((?: *\|.*\|\n)+)", README)[1].splitlines()
    assert len(shown) == 5
    for name, *numbers in map(cells, shown):
        solver = name.partition(",")[0].strip("`")
        aim = "soft-constant" if solver == "individual" else f"menu-4+{'ee-micro' if 'micro' in name else 'hybrid-0.6'}"
        places = [(dataset, aim, solver) for dataset in ("adult", "alzheimer", "compas")]
        assert numbers == [format(of[place], ".3f") for place in places for of in (helped, cost)]
    for dataset in ("adult", "alzheimer", "compas"):
        for aim in ("ee-micro", "hybrid-0.6"):
            whole, apart = (helped[dataset, f"menu-4{part}+{aim}", "menu"] for part in ("", "+clusters-3"))
            assert apart <= whole
    clusters, twelve = (cost["alzheimer", f"menu-{aim}+ee-micro", "menu"] for aim in ("4+clusters-3", "12"))
    assert f"Alzheimer cost {clusters:.3f}, where twelve actions for everybody cost {twelve:.3f}" in PLAIN
    own, shared = ([100 * helped["adult", f"{menu}hard-{n}", solver] for n in (2, 1)] for menu, solver in (
        ("", "individual"), ("menu-4+", "menu"),
    ))  # fmt: skip
    assert f"{own[0]:.1f} and {own[1]:.1f} % have any action" in PLAIN
    assert f"({shared[0]:.1f} and {shared[1]:.1f} %)" in PLAIN
    seeds = pd.read_csv(ROOT / "results" / "fair-recourse-seeds" / "summary.csv")
    seeds = seeds[seeds["dataset"].str.startswith("alzheimer")].set_index(["scenario", "solver", "seed"]).sort_index()
    held = "menu-4+hybrid-0.6!no-plausibility"
    three = {
        name: [f"{seeds.loc[(held, name, s), 'validity']:.3f}" for s in range(3)] for name in ("fair-sac", "climb")
    }
    assert "`fair-sac` helps {}, {} and {} there held out, and everybody in-sample".format(*three["fair-sac"]) in PLAIN
    assert "`climb` helps {}, {} and {}, at less".format(*three["climb"]) in PLAIN
    assert (seeds.loc[f"{held}!in-sample", "validity"] == 1).all()
    costs = seeds.loc[held, "cost_mean"].unstack("solver")
    assert (costs["climb"] < costs["fair-sac"]).all()
    two = people[(people["dataset"] == "adult") & (people["scenario"] == "menu-4+hard-2")]
    choices = two.groupby(two["group_race"].eq("White"))["choices"].mean()
    assert f"{choices[True]:.2f} still work for a white person under `hard-2`, {choices[False]:.2f} for others" in PLAIN


def test_what_is_said_of_open_questions_of_menus_follows_from_the_results():
    from recourse_arena.reporting.menus.table import Menus

    menus = Menus.of(arena.load(ROOT / "results" / "fair-recourse-open"))
    told = {(row["dataset"], row["scenario"].split("!")[0], row["solver"], row["by"]): row
            for row in menus.fairness.to_dict("records")}  # fmt: skip
    adult = "adult?act=capital-gain:up,hours-per-week,education-num"
    (plain,) = [name for name, short in menus.short.items() if short == adult]
    biased, repaired = f"{plain}&decision.bias=0.7", f"{plain}&decision.bias=0.7&decision.fair=reweighing"
    dear = "menu-2+budget-0.02"
    one, bound = (told[plain, dear, solver, "race"] for solver in ("menu", "menu?pd=0.02"))
    two = told[plain, f"{dear}+by-race-sex", "menu", "race and sex"]
    assert f"the menu's gap is {one['pd']:.3f} between two groups by race, and {two['pd']:.3f} between four" in PLAIN
    worst = menus.across.set_index(["dataset", "scenario", "solver", "by"]).loc[
        (plain, f"{dear}!no-plausibility", "menu", "race and sex")
    ]
    assert worst["worst"] == "White, Female"
    assert f"White women fare worst ({100 * worst['share']:.1f} % helped)" in PLAIN
    assert f"{100 * bound['sr']:.1f} % are helped, balanced over race, instead of {100 * one['sr']:.1f} %" in PLAIN
    own = {name: told[name, "soft-constant", "individual", "race"] for name in (biased, repaired)}
    assert f"the groups still lie {own[biased]['pd']:.3f} apart" in PLAIN
    assert own[repaired]["sr"] == 1.0


def test_what_is_said_of_published_numbers_follows_from_the_results():
    report = (ROOT / "results" / "reproduction" / "report.md").read_text()
    public, read = (
        re.search(rf"Where {where}: (\d+) of (\d+) held\.", report)
        for where in ("settings are public", "something is a reading")
    )
    assert f"of {public[2]} numbers whose settings are public {public[1]} are held" in PLAIN
    assert f"of {read[2]} in which something is a reading {read[1]}" in PLAIN
    people = arena.load(ROOT / "results" / "reproduction").people
    table, model = people["dataset"].str.extract(r"^(\w+)-binarised.*decision=(\w+)").items()
    stuck = 100 * people["outcome"].eq("infeasible").groupby(table[1] + "-" + model[1]).mean()
    german, gmsc = (
        [stuck[f"{name}-{model}"] for model in ("logistic", "forest", "boosting")] for name in ("german", "gmsc")
    )
    assert f"{german[0]:.1f} % of the refused are proved to have no action on German under regression" in PLAIN
    assert f"{german[1]:.1f} % under a forest (29.8) and {german[2]:.1f} % under boosted trees" in PLAIN
    assert "on GMSC {:.1f}, {:.1f} and {:.1f} % (0)".format(*gmsc) in PLAIN


def test_what_is_said_of_the_methods_of_the_field_follows_from_the_results():
    from recourse_arena.planning.field_suites import LEVELS

    summary = arena.load(ROOT / "results" / "field").summary
    outcomes = summary["outcome"].value_counts()
    assert set(outcomes.index) == {"solved", "skipped"}
    assert f"Of {len(summary):,} cells {outcomes['skipped']} are left out" in PLAIN
    solved = summary[(summary["outcome"] == "solved") & ~summary["dataset"].str.contains("decision=")]
    tables = solved["dataset"].str.partition("?")[0]
    table = README.split("| method | no constraints | typical | strict |")[1].split("\n\n")[0]
    rows = {row[0].strip("`"): row[1:] for row in map(cells, table.splitlines()[2:])}
    assert len(rows) == 10
    for solver, told in rows.items():
        for level, said in zip(("none", "typical", "strict"), told, strict=True):
            asked = tables.map(LEVELS[level])
            found = solved[(solved["scenario"] == asked) & (solved["solver"] == solver)]
            assert len(found) == 5
            assert said == f"{found['validity'].mean():.3f}"


def test_the_first_board_holds_what_is_said_of_it():
    from recourse_arena.board.entries.board_folder import BoardFolder

    folder = BoardFolder(ROOT / "results" / "board")
    verdicts = folder.verdicts
    assert sorted(verdicts) == [entry.digest for entry in sorted(folder.entries(), key=lambda entry: entry.digest)]
    assert len(verdicts) == 8
    rows = sum(verdict["rows"] for verdict in verdicts.values())
    assert (
        f"eight reference runs, {rows:,} recommendations judged again, every number the same to the last bit" in PLAIN
    )
    for verdict in verdicts.values():
        assert verdict["packages"]["off"] == {"numbers": 0, "most": 0.0}
        assert verdict["badges"]["re-judged"]["rows"] == verdict["rows"]


def test_what_is_said_of_the_margin_follows_from_the_results():
    mine, others = (arena.load(ROOT / "results" / run).summary for run in ("margin", "quick"))
    named = ["scenario", "solver"]
    all_of_them = pd.concat([mine, others[others["dataset"] == "loan"]]).set_index(named)
    truth = all_of_them["attainability_truth"].unstack("solver")
    cost = all_of_them["cost_mean"].unstack("solver")
    solver = "frontier?margin=0.45"
    assert len(truth) == 6
    for judged in ("attainability_truth", "attainability_heldout"):
        shares = all_of_them[judged].unstack("solver")
        ahead = shares[solver] - shares.drop(columns=solver).max(axis=1)
        assert [*ahead[ahead <= 0].index] == ["hard-1"]
        assert shares.loc["hard-1", solver] == shares.loc["hard-1", "convex"]
    own = all_of_them["attainability"].unstack("solver")
    assert (own[solver] == own["convex"]).all()
    table = README.split("| attain. (truth) ↑ | hard-4")[1].split("\n\n")[0]
    rows = {row[0].strip("`"): row[1:] for row in map(cells, table.splitlines()[2:])}
    scenarios = ["hard-4", "hard-3", "hard-2", "hard-1", "soft-linear", "hard-random+soft-linear"]
    for name in (solver, "frontier", "icarma", "grid"):
        assert rows[name] == [f"{share:.3f}" for share in truth.loc[scenarios, name]]
    dearer = cost[solver] / cost["frontier"] - 1
    assert rows["cost of the margin"] == [f"+{100 * more:.0f} %" for more in dearer[scenarios]]
    ratios = cost["icarma"] / cost[solver]
    assert f"iCARMA's advice costs {ratios.min():.1f} to {ratios.max():.1f} times as much" in PLAIN
    redrawn = all_of_them["redrawn"].unstack("solver")
    assert (redrawn["icarma"] > redrawn[solver]).all()


def test_what_is_said_of_fixed_predictions_follows_from_the_results():
    from recourse_arena.reporting.results.fixed_predictions import fixed_predictions

    people = arena.load(ROOT / "results" / "fixed-predictions").people
    told = fixed_predictions(people)
    proved = told[told["solver"] == "certified"]
    assert (proved["answered"] + proved["proved_impossible"] == 1).all()
    named = proved["dataset"].astype(str).str.partition("?")[0]
    whole = proved["scenario"] == "soft-constant!no-plausibility"
    said = {}
    for words, chosen in (("whole", whole), ("own", ~whole)):
        for name in ("german", "gmsc"):
            shares = 100 * proved.loc[chosen & (named == name), "proved_impossible"]
            assert len(shares) == 4
            said[words, name] = f"{shares.min():.1f} to {shares.max():.1f} %"
    assert f"{said['whole', 'german']} of the refused are stuck on German and {said['whole', 'gmsc']} on GMSC" in PLAIN
    assert proved.loc[proved["proved_impossible"].idxmax(), "dataset"].endswith("decision=logistic")
    assert f"two features of their own choice, {said['own', 'german']} and {said['own', 'gmsc']}." in PLAIN
    assert told["loophole"].max() == 0
    blind = told.loc[told["blindspot"].idxmax()]
    assert f"at most {100 * blind['blindspot']:.1f} % (`{blind['solver']}`) are told nothing" in PLAIN


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
