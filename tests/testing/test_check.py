"""`recourse-arena check`, and laws as parameters of a test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from lawbreakers import Forbidden, Honest, Nowhere, Raises

from recourse_arena import ArenaError
from recourse_arena.cli import main
from recourse_arena.testing.checking import check
from recourse_arena.testing.parametrization import parametrize_with_laws
from recourse_arena.testing.report import Ended

SUPPORT = Path(__file__).parent.parent / "support"

RAISER = """
from recourse_arena import Solver, hookimpl

class Raiser(Solver):
    name = "raiser"
    summary = "raises"

    def recommend(self, request):
        return self.deeper(request)

    def deeper(self, request):
        raise RuntimeError("a trouble of its own")

@hookimpl
def recourse_solvers():
    return [Raiser]
"""


@pytest.fixture
def arena_check(plugged):
    def run(*words):
        return CliRunner().invoke(main, ["check", *map(str, words)])

    return run


def ended(result, law):
    (row,) = [row for row in json.loads(result.stdout)["findings"] if row["law"] == law]
    return row


@pytest.mark.parametrize(("name", "decided"), [("flipset?points=10", "logistic"), ("feature-tweak", "forest")])
def test_a_solver_of_one_kind_of_decision_model_is_tried_where_that_decides(name, decided):
    report = check(name)
    places = {finding.law: finding.places for finding in report.findings}
    advised = places["it_gives_well_formed_advice"]
    assert len(advised) == 2
    assert all(place.endswith(decided) for place in advised)
    assert sum(advised == where for where in places.values()) >= 10
    assert list(report.seconds_per_person) == [name]


def test_a_row_per_law_says_how_it_ended_and_the_last_lines_sum_up(arena_check):
    result = arena_check("learner")
    rows = [line for line in result.stdout.splitlines() if line.startswith("  ")]
    assert result.exit_code == 1
    assert "  whole_features_get_whole_numbers                passed in 4 problems" in rows
    assert "  nothing_to_act_on_is_not_solved                 failed" in rows
    assert "learner: 19 of 24 laws ran: 18 passed, 1 failed, 5 not run" in result.stdout
    assert "ms a person" in result.stdout.splitlines()[-1]


@pytest.mark.parametrize("name", ["grid?points=5", "elicitors", "coverage", "quick", "chain"])
def test_a_plugin_or_what_it_offers_is_found_by_name(arena_check, name):
    result = arena_check(name)
    assert result.exit_code == 0, result.stdout
    assert " 0 passed" not in result.stdout


def test_a_plugin_that_nobody_installed_is_found_by_path_or_module(tmp_path, arena_check, monkeypatch):
    (tmp_path / "lonely.py").write_text(RAISER.replace("raiser", "lonely"))
    assert "lonely" in arena_check(tmp_path / "lonely.py").stdout
    package = tmp_path / "project"
    (package / "src" / "lonelier").mkdir(parents=True)
    (package / "src" / "lonelier" / "__init__.py").write_text(RAISER.replace("raiser", "lonelier"))
    (package / "pyproject.toml").write_text('[project.entry-points.recourse_arena]\nlonelier = "lonelier"\n')
    assert "solver lonelier" in arena_check(package).stdout
    assert "solver lonelier" in arena_check(package / "src" / "lonelier").stdout
    monkeypatch.syspath_prepend(SUPPORT)
    assert "dataset towns" in arena_check("towns").stdout


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gird", "Did you mean 'grid'?"),
        ("grid?point=3", "unknown option of solver 'grid' 'point'. Did you mean 'points'?"),
        ("./nothing", "found nothing"),
        ("quick?people=3", "unknown plugin"),
    ],
)
def test_a_plugin_that_is_not_there_is_wrong_use(arena_check, name, message):
    result = arena_check(name)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.output


def test_a_project_without_entry_points_is_told_what_is_missing(tmp_path, arena_check):
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    result = arena_check(tmp_path)
    assert result.exit_code == 2
    assert "expected [project.entry-points.recourse_arena]" in result.stderr


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import nothing_of_that_name", "No module named 'nothing_of_that_name'"),
        ("x = 1", "implements no hook"),
        (RAISER.replace('"raiser"', '"grid"'), "'grid' is taken already among solvers"),
        (RAISER.replace("return [Raiser]", "return []"), "its hooks return nothing"),
    ],
)
def test_what_cannot_be_plugged_in_fails_with_the_reason(tmp_path, arena_check, text, reason):
    name = f"unpluggable_{abs(hash(text))}"
    (tmp_path / f"{name}.py").write_text(text)
    result = arena_check(tmp_path / f"{name}.py", "--json")
    assert result.exit_code == 1
    assert reason in ended(result, "it_can_be_plugged_in")["reason"]


def test_an_error_is_told_once_with_the_frames_of_the_plugin(tmp_path, arena_check):
    (tmp_path / "raising.py").write_text(RAISER)
    result = arena_check(tmp_path / "raising.py", "--json")
    assert result.exit_code == 1
    row = ended(result, "it_gives_well_formed_advice")
    assert row["ended"] == "error"
    assert row["reason"].startswith("RuntimeError: a trouble of its own")
    assert "in recommend" in row["traceback"]
    assert "in deeper" in row["traceback"]
    assert "recourse_arena/testing" not in row["traceback"]
    assert ended(result, "nobody_asking_gets_nothing")["ended"] == "not run"


def test_an_expected_failure_needs_a_reason_and_is_reported_when_it_passes(arena_check):
    law = "nothing_to_act_on_is_not_solved"
    assert arena_check("learner", "--expect", f"{law}=it is an example").exit_code == 0
    passes = arena_check("grid?points=3", "--expect", f"{law}=once it was so", "--json")
    assert passes.exit_code == 1
    assert ended(passes, law)["ended"] == "passed unexpectedly"
    for wrong in (law, f"{law}=", "nothing_to_act_on=x"):
        result = arena_check("learner", "--expect", wrong)
        assert result.exit_code == 2
        assert result.stderr.startswith("error: ")


def test_a_solver_for_which_nothing_runs_is_an_error():
    report = check(Nowhere)
    (finding,) = [finding for finding in report.findings if finding.law == "it_gives_well_formed_advice"]
    assert finding.ended is Ended.FAILED
    assert finding.reason == "runs in no place: made for another planet"
    assert not report.ok


def test_what_is_none_of_the_kinds_is_refused():
    with pytest.raises(
        ArenaError, match="expected a dataset, decision, change, solver, elicitor, policy, metric, suite"
    ):
        check(42)


def test_checking_leaves_the_search_path_alone(tmp_path, arena_check):
    before = list(sys.path)
    (tmp_path / "passing_by.py").write_text(RAISER)
    arena_check(tmp_path / "passing_by.py")
    assert sys.path == before


TEST = """
from lawbreakers import Forbidden, Honest, Nowhere, Raises
from recourse_arena.testing import parametrize_with_laws

@parametrize_with_laws(Honest)
def test_honest(law):
    law()

@parametrize_with_laws(Forbidden, expected={"forbidden_features_are_left_alone": "an example"})
def test_expected(law):
    law()

@parametrize_with_laws(Honest, expected={"nobody_asking_gets_nothing": "no longer so"})
def test_unexpected(law):
    law()
"""


def test_pytest_runs_the_laws_under_ids_that_name_plugin_and_law(tmp_path):
    (tmp_path / "test_contract.py").write_text(TEST)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-rA",
        "-p",
        "no:cacheprovider",
        "-c",
        "/dev/null",
        "-o",
        f"pythonpath={SUPPORT}",
    ]
    shown = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, check=False).stdout
    assert "test_honest[honest-global_state_is_left_alone]" in shown
    assert "XFAIL" in shown
    assert "an example" in shown
    failed = [line for line in shown.splitlines() if line.startswith("FAILED")]
    assert any("test_unexpected[honest-nobody_asking_gets_nothing]" in line for line in failed)
    assert not any("test_honest" in line for line in failed)
    assert "proves no lower bounds" in shown


def test_an_expectation_may_be_for_one_offer_of_several():
    law = "forbidden_features_are_left_alone"
    decorator = parametrize_with_laws(Honest, Forbidden(), expected={f"{Honest.name}:{law}": "because"})
    marked = [parameter.id for parameter in decorator.mark.args[1] if parameter.marks]
    assert marked == [f"honest-{law}"] * 2  # both are called so
    with pytest.raises(ArenaError, match="unknown law 'forbidden'"):
        parametrize_with_laws(Raises, expected={"forbidden": "x"})
    with pytest.raises(ArenaError, match="without a reason"):
        parametrize_with_laws(Nowhere, expected={law: " "})


def test_a_folder_is_tried_with_options_by_what_takes_them(tmp_path):
    from recourse_arena.testing.plugged import check_plugin

    text = RAISER.replace(
        "    def recommend", "    def __init__(self, *, loud: bool = False): ...\n\n    def recommend"
    )
    (tmp_path / "loud_plugin.py").write_text(text)
    with pytest.raises(ArenaError, match="option 'loud' of solver 'raiser': expected true or false, got 'maybe'"):
        check_plugin(f"{tmp_path}/loud_plugin.py?loud=maybe")
    with pytest.raises(ArenaError, match="unknown option of solver 'raiser' 'lout'. Did you mean 'loud'"):
        check_plugin(f"{tmp_path}/loud_plugin.py?lout=true")
    assert "raiser?loud=true" in check_plugin(f"{tmp_path}/loud_plugin.py?loud=true").text()
