"""Reports: published values beside ours, targets, seeds, and what a report refuses."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from click.testing import CliRunner
from run_folders import published_shares, write_run

from recourse_arena import ArenaError
from recourse_arena.cli import main
from recourse_arena.planning.built_in_suites import PUBLISHED_RULE
from recourse_arena.reporting.paper.published import TABLES, published, target
from recourse_arena.reporting.paper.report import PaperReport
from recourse_arena.reporting.result import Result
from recourse_arena.reporting.results.cells import CellName, Cells

ORACLE, ICARMA, CARMA = (CellName("hard-2", solver) for solver in ("grid", "icarma", "carma"))


def report(*folders):
    return PaperReport.of([Result.read(folder) for folder in folders]).markdown()


def section(text, title):
    return text.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def rows(text):
    """Return the rows of the tables in a text as lists of words, headings first."""
    lines = [line for line in text.splitlines() if line.startswith("|") and not re.match(r"\|[:-]", line)]
    return [[word.strip() for word in line.strip("|").split("|")] for line in lines]


def test_every_published_cell_is_in_a_suite_and_every_value_is_a_share_once():
    from recourse_arena.planning.built_in_suites import recourse_suites

    planned = {
        CellName(scenario.name, solver, dataset)
        for suite in recourse_suites()
        for block in suite.blocks
        for dataset in block.datasets
        for scenario in block.scenarios
        for solver in block.solvers
    }
    values = published()
    assert not values.duplicated(["table", "dataset", "scenario", "solver", "metric"]).any()
    assert values[values["table"] != "runtime"]["value"].between(0, 1).all()
    assert set(published_shares()) <= planned


@pytest.mark.parametrize(
    ("table", "scenario", "solver", "shares"),
    [
        ("1", "hard-random", "icarma", {"validity": 0.963, "plausibility": 0.600}),
        ("2", "hard-random+soft-concave", "grid", {"validity": 0.637, "plausibility": 1.0, "hap": 0.607}),
        ("3", "score-soft-linear", "icarma", {"validity": 0.991, "plausibility": 0.646, "hap": 0.178}),
        ("5", "hard-3@causal-order", "icarma", {"validity": 0.997, "plausibility": 0.713}),
        ("5", "hard-1@reverse-causal-order", "icarma?preferences=scenario", {"validity": 0.785, "plausibility": 0.210}),
        ("5", "hard-random@reverse-causal-order", "grid", {"validity": 0.600}),
        ("6", "hard-1@reverse-causal-order!no-plausibility", "grid", {"validity": 0.838, "plausibility": 0.198}),
        ("gmsc", "hard-3+soft-constant", "icarma", {"validity": 0.76, "plausibility": 0.88, "hap": 0.40}),
    ],
)
def test_published_values_are_those_of_the_paper(table, scenario, solver, shares):
    found = published().query("table == @table and scenario == @scenario and solver == @solver")
    assert dict(zip(found["metric"], found["value"], strict=True)) == shares


def test_a_run_that_equals_the_paper_misses_nothing(tmp_path):
    text = report(write_run(tmp_path, published_shares()))
    assert (
        section(text, "Missed targets")
        .strip()
        .startswith("0 of 144 targets are missed at the seed that is read.\n\nNone.")
    )
    assert rows(section(text, "Published cells"))[-1] == ["all", "70 of 70", "157 of 157", "144 of 144"]
    hap = next(row for row in rows(section(text, TABLES["2"])) if row[:3] == ["soft-linear", "grid", "hap"])
    assert [*hap[3:5], *hap[6:]] == ["0.443", "0.443", "+0.000", "±0.050", "met", "959"]


@pytest.mark.parametrize(
    ("table", "dataset", "solver", "metric", "met", "missed", "by"),
    [
        ("1", "loan", "grid", "validity", (-0.04, 0.04), 0.05, 0.01),
        ("2", "loan", "grid", "hap", (-0.05, 0.05), -0.07, 0.02),
        ("6", "loan", "grid", "validity", (-0.05, 0.05), 0.06, 0.01),
        ("6", "loan", "grid", "plausibility", (-0.05, 0.05), -0.06, 0.01),
        ("1", "loan", "icarma", "validity", (-0.01, 0.5), -0.02, 0.01),
        ("3", "loan", "icarma", "plausibility", (-0.02, 0.5), -0.05, 0.03),
        ("2", "loan", "icarma", "hap", (-0.5, 0.03), 0.05, 0.02),
        ("5", "loan", "icarma?preferences=scenario", "plausibility", (-0.02, 0.5), -0.03, 0.01),
        ("gmsc", "gmsc", "icarma", "validity", (-0.05, 0.5), -0.06, 0.01),
        ("gmsc", "gmsc", "icarma", "plausibility", (-0.05, 0.5), -0.06, 0.01),
        ("gmsc", "gmsc", "icarma", "hap", (-0.5, 0.05), 0.06, 0.01),
    ],
)
def test_targets_are_met_up_to_their_edge(table, dataset, solver, metric, met, missed, by):
    aim = target(table, dataset, solver, metric)
    assert [aim.missed_by(difference) for difference in met] == [0.0, 0.0]
    assert aim.missed_by(missed) == pytest.approx(by)


def test_no_target_is_set_where_the_value_is_so_by_construction_or_not_the_papers():
    assert target("1", "loan", "grid", "plausibility") is None
    assert target("re-simulation", "loan", "grid", "validity") is None


def test_missed_targets_come_first_and_the_farthest_is_on_top(tmp_path):
    shares = {ORACLE: {"validity": 0.4}, ICARMA: {"validity": 0.975, "plausibility": 0.5}}
    text = report(write_run(tmp_path, shares))
    found = rows(section(text, "Missed targets"))
    assert found[1] == [
        *("0.099", "1", "hard-2", "grid", "validity"),
        *("0.539", "0.400", "[0.370, 0.431]", "-0.139", "±0.040", "no"),
        *("0.400", "0.400 to 0.400", "1", "-"),
    ]
    assert [row[0] for row in found[1:]] == ["0.099", "0.006"]
    assert found[2][10] == "yes"
    assert "2 of 3 targets are missed at the seed that is read.\n" in text
    assert text.index("## What was run") < text.index("## Missed targets") < text.index("## Does each claim")


def test_the_interval_of_a_share_is_wilsons(tmp_path):
    cells = Cells.of([Result.read(write_run(tmp_path, {ICARMA: {"validity": 0.5}}, people=100))])
    low, high = cells.estimate(ICARMA, "validity")[1:3]
    assert (low, high) == pytest.approx((0.4038, 0.5962), abs=1e-4)  # (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n)


def test_differences_are_paired_over_people_and_never_without_width(tmp_path):
    shares = {ICARMA: {"validity": 0.8}, ORACLE: {"validity": 0.7}, CARMA: {"validity": 0.8}}
    cells = Cells.of([Result.read(write_run(tmp_path, shares, people=100))])
    value, low, high, people = cells.contrast([(1.0, ICARMA, "validity"), (-1.0, ORACLE, "validity")])
    assert (value, people) == (pytest.approx(0.1), 100)
    # Agresti and Min: 11 of 102 discordant, 10/102 ± 1.96 √((11/102 - (10/102)²)/102); unpaired it would reach -0.02
    assert (low, high) == pytest.approx((0.0372, 0.1589), abs=1e-4)
    value, low, high, _ = cells.contrast([(1.0, ICARMA, "validity"), (-1.0, CARMA, "validity")])
    assert value == 0
    assert low == pytest.approx(-high)
    assert 0.01 < high < 0.03


def test_the_oracles_plausibility_is_among_people_with_advice(tmp_path):
    cell = CellName("hard-1!no-plausibility", "grid")
    text = report(write_run(tmp_path, {cell: {"validity": 0.8, "plausibility": 0.25}}))
    found = next(
        row for row in rows(section(text, TABLES["6"])) if row[0] == cell.scenario and row[2] == "plausibility"
    )
    assert (found[4], found[-1]) == ("0.250", "800")


def test_what_a_run_lacks_is_a_dash_and_is_counted(tmp_path):
    failed = CellName("hard-1", "icarma")
    records = {failed: {"outcome": "failed", "reason": "it <b>broke</b> | badly"}}
    text = report(write_run(tmp_path, {ICARMA: {"validity": 0.9}, failed: {}}, records=records))
    found = {tuple(row[:3]): row[4] for row in rows(section(text, TABLES["1"]))}
    assert found["hard-2", "icarma", "validity"] == "0.900"
    assert found["hard-2", "grid", "validity"] == found["hard-1", "icarma", "validity"] == "-"
    assert "- hard-1, icarma: failed: `it <b>broke</b> ¦ badly`" in text
    assert rows(section(text, "Published cells"))[1] == ["1", "1 of 10", "2 of 20", "1 of 2"]
    assert "None of its 48 values" in section(text, TABLES["2"])


@pytest.mark.parametrize(("other", "meets", "beyond"), [(0.63, "yes", 0), (0.44, "no", 1)])
def test_a_target_missed_at_one_seed_may_be_met_by_the_mean(tmp_path, other, meets, beyond):
    first = write_run(tmp_path / "a", {ORACLE: {"validity": 0.45}})
    text = report(first, write_run(tmp_path / "b", {ORACLE: {"validity": other}}, seed=1))
    assert rows(section(text, "Missed targets"))[1][-1] == meets
    assert f"The mean over seeds misses {beyond} of the 1 that have several." in section(text, "Missed targets")


def test_seeds_add_mean_and_range_and_the_first_folder_gives_the_value(tmp_path):
    first = write_run(tmp_path / "a", {ORACLE: {"validity": 0.5}}, seed=3)
    others = [
        write_run(tmp_path / str(seed), {ORACLE: {"validity": share}}, seed=seed)
        for seed, share in ((3, 0.9), (4, 0.6), (5, 0.7))
    ]
    found = next(row for row in rows(section(report(first, *others), TABLES["1"])) if row[:2] == ["hard-2", "grid"])
    assert found[4] == "0.500"
    assert found[-3:] == ["0.600", "0.500 to 0.700", "3"]
    assert "mean over seeds" not in report(first)


def test_a_later_folder_fills_in_what_the_first_one_lacks(tmp_path):
    first = write_run(tmp_path / "a", {ICARMA: {"validity": 0.9}})
    text = report(first, write_run(tmp_path / "b", {ORACLE: {"validity": 0.5}}))
    assert {tuple(row[:2]) for row in rows(section(text, TABLES["1"])) if row[4] != "-"} >= {ICARMA[:2], ORACLE[:2]}


def test_runs_that_differ_in_what_they_measure_are_refused(tmp_path):
    first = write_run(tmp_path / "a", {ORACLE: {"validity": 0.5}})
    for name, options, what in (
        ("models", {"asking": 7}, "how many people of loan, seed 0, ask"),
        ("version", {"versions": {"grid": "2"}}, "the version of solver grid"),
        ("protocol", {"protocol": 2}, "the judging protocol"),
    ):
        other = write_run(tmp_path / name, {ORACLE: {"validity": 0.5}}, **options)
        with pytest.raises(ArenaError, match=f"they differ in .*{what}"):
            report(first, other)


def test_a_run_of_before_materials_were_recorded_can_be_reported(tmp_path):
    text = report(write_run(tmp_path, {ORACLE: {"validity": 0.5}}, asking=None))
    assert "is not recorded in these runs" in text
    assert "how many people ask is not recorded" in section(text, TABLES["1"])


def test_what_was_run_stands_on_top_and_cannot_break_out_of_its_table(tmp_path):
    provenance = {
        "started": "2026-01-01T00:00:00+00:00",
        "command": ["run", "a|b", "<img src=x>`"],
        "python": "3.11",
        "processor": "x|y",
        "packages": {"recourse-arena": "9.9"},
    }
    text = report(write_run(tmp_path, {ORACLE: {"validity": 0.5}}, provenance=provenance, asking=2376))
    heads, found, *_ = rows(section(text, "What was run"))
    shown = dict(zip(heads, found, strict=True))
    assert shown["command"] == "`recourse-arena run a¦b <img src=x>'`"
    assert (shown["suite"], shown["seeds"], shown["people"]) == ("`paper` `1`", "0", "1000")
    assert "`9.9`" in shown["versions"]
    assert "2376 people ask." in section(text, TABLES["1"])


def test_icarma_is_held_against_97_percent_of_the_oracle(tmp_path):
    shares = {
        ORACLE: {"validity": 0.5},
        ICARMA: {"validity": 0.9, "plausibility": 0.45},
        CellName("hard-3", "grid"): {"validity": 0.5},
        CellName("hard-3", "icarma"): {"validity": 0.9, "plausibility": 0.487},
    }
    found = {row[0]: row[1:] for row in rows(section(report(write_run(tmp_path, shares)), "iCARMA against the oracle"))}
    assert [*found["hard-2"][:4], found["hard-2"][-1]] == ["0.450", "0.500", "0.485", "-0.035", "not reached"]
    assert found["hard-3"][-1] == "reached, within sampling error"
    assert found["hard-1"] == ["-"] * 6


def test_carmas_advice_is_unusable_where_it_has_none_to_give(tmp_path):
    shares = {ICARMA: {"validity": 0.9}, CARMA: {"coverage": 0.2, "validity": 0.1, "plausibility": 0.05}}
    found = rows(section(report(write_run(tmp_path, shares)), "Population-level against individual advice"))
    assert found[1][:5] == ["`loan`", "`hard-2`", "1000", "0.800", "[0.774, 0.824]"]
    assert found[1][5:9] == ["0.100", "0.900", "0.050", "0.900"]


def test_training_seeds_have_their_section_and_validation_chooses_among_them(tmp_path):
    cells = {1000: 0.9, 2000: 0.8, 10000: 0.7}
    shares = {CellName("hard-2", f"icarma?training_seed={seed}"): {"validity": v} for seed, v in cells.items()}
    scores = dict(zip(shares, (0.1, 0.5, 0.3), strict=True))
    records = {cell: {"validation_score": score} for cell, score in scores.items()}
    text = report(write_run(tmp_path, {ICARMA: {"validity": 0.5}, **shares}, records=records))
    heads, validity, *_ = rows(section(text, "Training seeds"))
    assert heads[2:] == ["1000", "2000", "10000", "mean", "sd", "range", "best on validation"]
    assert validity[2:] == ["0.900", "0.800", "0.700", "0.800", "0.100", "0.700 to 0.900", "0.800 (seed 2000)"]
    del records[CellName("hard-2", "icarma?training_seed=1000")]
    text = report(write_run(tmp_path / "unscored", {ICARMA: {"validity": 0.5}, **shares}, records=records))
    assert rows(section(text, "Training seeds"))[1][-1] == "-"
    assert "## Training seeds" not in report(write_run(tmp_path / "none", {ICARMA: {"validity": 0.5}}))


def test_the_command_writes_beside_the_first_run_or_where_it_is_told(tmp_path):
    folder = write_run(tmp_path / "run", {ORACLE: {"validity": 0.5}})
    shown = CliRunner().invoke(main, ["report", str(folder)])
    assert shown.exit_code == 0
    assert shown.output == f"Report: {folder / 'report.md'}\n"
    assert (folder / "report.md").read_text().startswith("# Replication of arXiv 2604.08030")
    CliRunner().invoke(main, ["report", str(folder), "--out", str(tmp_path / "x.md")])
    assert (tmp_path / "x.md").read_text() == (folder / "report.md").read_text()
    shown = CliRunner().invoke(main, ["report", str(folder), "--out", str(tmp_path / "no" / "x.md")])
    assert (shown.exit_code, "choose another file with --out" in shown.output) == (2, True)


def test_a_run_without_published_cells_is_refused_and_told_what_is_published(tmp_path):
    folder = write_run(tmp_path, {CellName("hard-4", "icarma?batch=256", "gmsc"): {"validity": 0.5}})
    shown = CliRunner().invoke(main, ["report", str(folder)])
    assert shown.exit_code == 2
    assert "no published cell is solved in these runs (their solvers: icarma?batch=256)" in shown.output
    assert not (folder / "report.md").exists()


def test_a_run_of_this_version_can_be_reported_on(arena, tmp_path):
    arena(out=tmp_path / "run")
    tiny = Cells.of([Result.read(tmp_path / "run")])
    assert tiny.asking("tiny") > 0
    summary = Result.read(tmp_path / "run").summary
    for row in summary.to_dict("records"):
        cell = CellName(row["scenario"], row["solver"], row["dataset"])
        for metric in ("coverage", "validity", "plausibility", "attainability", "hap"):
            estimate = tiny.estimate(cell, metric)
            assert (estimate.value if estimate else float("nan")) == pytest.approx(row[metric], abs=1e-5, nan_ok=True)
    with pytest.raises(ArenaError, match="no published cell"):
        report(tmp_path / "run")


def test_a_report_needs_no_torch(tmp_path):
    folder = write_run(tmp_path, {ORACLE: {"validity": 0.5}})
    code = (
        "import sys; from recourse_arena.cli import main\n"
        f"main(['report', {str(folder)!r}], standalone_mode=False); print('torch' in sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.splitlines()[-1] == "False"


def test_a_cell_that_failed_in_the_first_run_is_read_from_a_later_one_everywhere(tmp_path):
    failed = {ORACLE: {"outcome": "failed", "reason": "it broke"}}
    first = write_run(tmp_path / "a", {ORACLE: {}, ICARMA: {"validity": 0.9}}, records=failed)
    others = [write_run(tmp_path / str(seed), {ORACLE: {"validity": 0.5}}, seed=seed) for seed in (0, 1)]
    text = report(first, *others)
    found = next(row for row in rows(section(text, TABLES["1"])) if row[:2] == ["hard-2", "grid"])
    assert (found[4], found[-3:]) == ("0.500", ["0.500", "0.500 to 0.500", "2"])


def test_a_dataset_that_was_skipped_does_not_choose_the_seed(tmp_path):
    skipped = {ORACLE: {"outcome": "skipped", "reason": "no file"}}
    first = write_run(tmp_path / "a", {ORACLE: {}}, records=skipped)
    second = write_run(tmp_path / "b", {ORACLE: {"validity": 0.5}}, seed=1)
    found = rows(section(report(first, second), TABLES["1"]))
    assert next(row for row in found if row[:2] == ["hard-2", "grid"])[4] == "0.500"


def test_the_published_rule_is_held_against_what_is_published_of_icarma(tmp_path):
    rule = ICARMA._replace(solver=PUBLISHED_RULE)
    shares = {ICARMA: {"validity": 1.0, "plausibility": 0.9}, rule: {"validity": 0.5, "plausibility": 0.9}}
    text = report(write_run(tmp_path, shares))
    found = section(text, "iCARMA with the published rule")
    assert "1 of 2 targets met" in found
    assert [(row[3], row[5], row[-2], row[-1]) for row in rows(found)[1:]] == [
        ("validity", "0.500", "missed", "1.000"),
        ("plausibility", "0.900", "met", "0.900"),
    ]
    assert "published rule" not in report(write_run(tmp_path / "without", {ICARMA: {"validity": 1.0}}))
