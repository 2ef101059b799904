"""The report of a run of menus: what should hold, what is published, what the paper left open."""

from __future__ import annotations

import numpy as np
import pytest
from boards import EVIL, Draft
from click.testing import CliRunner
from shared_actions import MenuDraft

from recourse_arena.base.errors import ArenaError
from recourse_arena.cli import main
from recourse_arena.planning.menu_suites import ADULT
from recourse_arena.reporting.lasting.evidence import Verdict
from recourse_arena.reporting.menus.paper.claims import PARTS
from recourse_arena.reporting.menus.paper.published import OBJECTIVES, published
from recourse_arena.reporting.menus.paper.report import menus_report
from recourse_arena.reporting.menus.paper.said import Said
from recourse_arena.reporting.menus.table import Menus

RACE, SEX = ["White", "Black"] * 50, ["f", "f", "m", "m"] * 25
NAMES = {"ecr": "ecr-0.6", "hybrid": "hybrid-0.6"}


def menu(objective="ee-micro", *, size=4, clusters=1, more=""):
    """Return the name of a scenario of the suites."""
    parts = [f"menu-{size}", *([f"clusters-{clusters}"] if clusters > 1 else []), NAMES.get(objective, objective)]
    return f"{'+'.join(parts)}!no-plausibility{more}"


def everybody(cost, helped=100):
    return np.where(np.arange(100)[:, None] < helped, np.full((100, 4), cost), np.inf)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    draft, both = MenuDraft(), {"race": RACE, "sex": SEX}
    for dataset, cost in (("adult", 0.04), ("alzheimer", 0.6)):
        for objective in OBJECTIVES:
            for clusters in (1, 3):
                cluster = np.arange(100) % clusters
                for solver, helped in (("menu", 100), ("fair-sac", 92 if clusters == 1 else 80)):
                    name = menu(objective, clusters=clusters, more="!in-sample")
                    draft.offer(name, solver, everybody(cost, helped), cluster=cluster, dataset=dataset, **both)
        draft.offer(menu(), "menu", everybody(cost, 99), dataset=dataset, **both)
        draft.offer(menu(), "menu?exact=true", everybody(cost / 1.02), dataset=dataset, **both)
        draft.alone("soft-constant!no-plausibility", "individual", np.full(100, 0.01), dataset=dataset, **both)
    draft.offer(menu(), "menu", everybody(0.04, 30), dataset="adult?decision.bias=0.7", **both)
    path = tmp_path_factory.mktemp("report") / "run"
    return draft.write(path, protected={"race": ["White"], "sex": []}, odds_gap={"race": 0.59})


def lines(run, title):
    said = Said(Menus.of(run))
    (part,) = (part for part in PARTS if title in part.title)
    return {(dataset, line.what): line for dataset, line in part.lines(said)}


def test_a_menu_is_held_against_every_published_cell(run):
    found = lines(run, "every published cell")
    assert len(found) == 24
    assert found["adult", "micro: SR"].verdict is Verdict.MET
    assert found["adult", "micro: Gower"].value == "0.020 [0.020, 0.020]"
    assert found["alzheimer", "micro: Gower"].verdict is Verdict.MISSED
    assert found["alzheimer", "hybrid: PD"].value.endswith(", levelled -")


def test_held_out_lines_are_of_people_not_composed_on(run):
    found = lines(run, "held out, whole")
    assert found["adult", "micro: SR"].verdict is Verdict.MET
    assert found["adult", "micro: PD"].value.startswith("0.020")
    assert found["adult", "micro: PD"].verdict is Verdict.MISSED
    assert found["adult", "hybrid: SR"].verdict is Verdict.UNKNOWN
    ratio = found["adult", "cost of `menu` over that of the integer program's, largest"]
    assert (ratio.value, ratio.verdict) == ("1.020", Verdict.MISSED)


def test_times_are_those_of_the_run(run):
    found = lines(run, "Time")
    assert (found["alzheimer", "seconds to compose"].value, found["adult", "ms a person in a batch"].value) == (
        "2.000",
        "5.000",
    )
    alone = found["adult", "ms for one person alone"]
    assert (alone.value, alone.verdict) == ("2.500", Verdict.MET)


def test_the_papers_ranges_and_clusters_are_weighed(run):
    ranges, clusters = lines(run, "ranges"), lines(run, "clustering")
    assert ranges["adult", "hybrid: SR, median of 1 seed(s)"].value.startswith("0.920")
    assert ranges["adult", "steps a second"].value == "20000.000"
    worse = clusters["adult", "fair-sac, micro, in-sample: SR beside one menu of 4"]
    assert (worse.value, worse.verdict) == ("-0.120", Verdict.MISSED)


def test_a_harder_variant_of_a_dataset_is_not_the_papers(run):
    said = Said(Menus.of(run))
    assert said.cell("adult", "ee-micro")["dataset"] == "adult"
    assert said.cell("compas", "ee-micro") is None


def test_the_report_says_all_of_it(run):
    text = menus_report(run)
    for words in (
        "In all: ",
        "## Published cells beside ours",
        "## Other published figures",
        "### Biased models",
        "### Intersections",
    ):
        assert words in text
    (biased,) = [
        line for line in text.splitlines() if line.startswith("| adult?decision.bias=0.7 ") and "0.590" in line
    ]
    assert biased.split("|")[3].strip() == "race 0.590"
    assert "race and sex" in text
    for line in text.splitlines():
        if line.startswith("|") and "| PD " in line and "| SR " in line:
            assert "| levelled " in line


def test_published_cells_are_all_there():
    assert len(published()) == 18
    assert published().query("dataset == 'alzheimer' and objective == 'ecr'")["sr"].tolist() == [0.741, 0.829]


def test_the_command_writes_it(run, tmp_path):
    said = CliRunner().invoke(main, ["report", str(run.path), "--about", "menus", "--out", str(tmp_path / "r.md")])
    assert said.exit_code == 0, said.output
    assert (tmp_path / "r.md").read_text().startswith("# Fair recourse for all (arXiv 2601.20449)")


def test_in_sample_and_held_out_may_be_runs_of_their_own(tmp_path):
    runs = []
    for more, helped in (("", 90), ("!in-sample", 100)):
        draft = MenuDraft().offer(menu(more=more), "menu", everybody(0.04, helped), race=RACE, dataset=ADULT)
        runs.append(draft.write(tmp_path / f"run{len(runs)}", protected={"race": ["White"]}))
    prices = Menus.of(*runs).prices
    assert prices["kind"].tolist() == ["held out"]
    assert prices[["sr", "both"]].values.tolist() == [[pytest.approx(-0.1), 90]]
    said = Said(Menus.of(*runs))
    assert said.cell("adult", "ee-micro")["sr"] == pytest.approx(0.9)
    assert said.cell("adult", "ee-micro", in_sample=True)["sr"] == 1.0
    report = CliRunner().invoke(main, ["report", *(str(run.path) for run in runs), "--about", "menus"])
    assert report.exit_code == 0, report.output


def test_more_seeds_may_be_a_run_of_their_own_and_prices_are_of_the_seeds_of_both(tmp_path):
    held, in_sample = menu("hybrid-0.6"), menu("hybrid-0.6", more="!in-sample")
    first = MenuDraft().offer(held, "fair-sac", everybody(0.2, 100), race=RACE, dataset=ADULT)
    first.offer(in_sample, "fair-sac", everybody(0.2, 100), race=RACE, dataset=ADULT)
    more = MenuDraft()
    for seed, helped in enumerate((50, 90, 80)):
        more.offer(in_sample, "fair-sac", everybody(0.2, helped), race=RACE, dataset=ADULT, seed=seed)
    menus = Menus.of(*(draft.write(tmp_path / f"run{i}") for i, draft in enumerate((first, more))))
    row = Said(menus).cell("adult", "hybrid", in_sample=True, solver="fair-sac")
    assert [seed["sr"] for seed in row["by_seed"]] == pytest.approx([1.0, 0.9, 0.8])  # the first run's seed 0 counts
    assert menus.prices.query("kind == 'held out'")["sr"].tolist() == [0.0]


def test_a_run_without_menus_is_refused_with_what_to_do(tmp_path):
    run = Draft(people=20).solve("hard-2", "grid", 0.5).write(tmp_path / "run")
    with pytest.raises(ArenaError, match=r"offers no menus; `recourse-arena run fair-recourse`"):
        menus_report(run)


def test_names_are_no_markup(tmp_path):
    draft = MenuDraft().offer("menu-1", EVIL, np.ones((100, 1)), race=RACE, dataset=f"adult?x={EVIL}")
    assert EVIL not in menus_report(draft.write(tmp_path / "run"))
