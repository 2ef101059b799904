"""What the guides of plugin authors show works as shown, and every hook is described and exercised."""

from __future__ import annotations

import inspect
import re
import shlex
from ast import literal_eval
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from recourse_arena import CausalModel, Scenario, api
from recourse_arena.base.names import spell
from recourse_arena.cli import main
from recourse_arena.interfaces import hookspecs
from recourse_arena.interfaces.suite import Block, Suite
from recourse_arena.models.fairness.treatment import TREATMENTS
from recourse_arena.planning.suite_file import read_suite
from recourse_arena.registry.discovery import discover
from recourse_arena.tables.declaration import read_declaration
from recourse_arena.tables.variants import TABLE_OPTIONS
from recourse_arena.testing.checking import check

ROOT = Path(__file__).parent.parent
GUIDES = {name: (ROOT / name / "README.md").read_text() for name in ("plugins", "datasets")}
HOOKS = sorted(name for name in vars(hookspecs) if name.startswith("recourse_"))


def blocks(guide, language):
    return re.findall(rf"```{language}\n(.*?)```", GUIDES[guide], re.DOTALL)


def code(guide, hook):
    """Return the code of a guide that implements a hook."""
    (found,) = [block for block in blocks(guide, "python") if f"def {hook}(" in block]
    return found


@pytest.fixture(scope="module")
def shown():
    """What the code of the guides defines, by name."""
    names = {}
    for guide in GUIDES:
        for block in blocks(guide, "python"):
            exec(block, names)
    return names


# --- every hook is exercised by a test called after it ---------------------------------------------------------------


@pytest.fixture
def guided(plugged, shared_models, tmp_path, monkeypatch):
    """A registry with all that the guides define, and the cache of this test's own."""
    monkeypatch.setenv("RECOURSE_ARENA_CACHE", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(tmp_path)
    for hook in HOOKS:
        guide = "datasets" if hook == "recourse_datasets" else "plugins"
        (tmp_path / f"guide_{hook}.py").write_text(code(guide, hook))
    return plugged(*(f"guide_{hook}" for hook in HOOKS))


def run(dataset, solver, scenario, *metrics):
    return api.run(Suite("s", "", (Block((dataset,), (scenario,), (solver,), 30),), metrics=metrics)).summary.iloc[0]


def test_recourse_datasets_are_run(guided):
    row = run("town", "top", Scenario.parse("hard-1"))
    assert (row["outcome"], row["people"]) == ("solved", 30)


def test_recourse_solvers_are_run_with_their_options(guided):
    near, far = (run("tiny", f"uphill?step={step}", Scenario.parse("hard-2")) for step in (0.1, 2))
    assert near["violations"] == far["violations"] == 0
    assert near["validity"] < far["validity"]


def test_recourse_decisions_decide_on_the_people_of_any_dataset(guided):
    scenario = Scenario.parse("hard-2!no-plausibility")
    by_savings, by_sex = (run(f"tiny?decision=stump&decision.feature={j}", "top", scenario) for j in (3, 0))
    assert by_savings["validity"] > 0.5  # savings follow from income, which goes to the top
    assert by_sex["validity"] == 0


def test_recourse_changes_are_asked_whose_advice_lasts(guided):
    block = Block(("tiny",), (Scenario.parse("hard-2!no-plausibility"),), ("growing-spheres",), 30)
    result = api.run(Suite("s", "", (block,)))
    found = api.lasting(result, changes=["cautious?logits=0", "cautious?logits=9"]).advice.set_index("change")
    assert set(found.loc["cautious?logits=0", "vd"]) == {0.0}
    assert found.query("threshold == 'as it is'").loc["cautious?logits=9", "vd"] == 1.0


def test_recourse_elicitors_ask_the_people_of_a_scenario(guided):
    row = run("tiny", "top", Scenario("in-thirds", scheme="thirds", actionable="1"))
    assert row["actions_mean"] == 1


def test_recourse_policies_find_out_what_people_hide(guided):
    few, more = (run("tiny", "top", Scenario.parse(f"hard-1!no-plausibility!asked-doubtful?ask={n}")) for n in (0, 2))
    assert (few["questions"], more["questions"]) == (0, 2)
    assert few["accepted"] > 0
    assert few["rounds"] > more["rounds"]


def test_recourse_metrics_are_columns_of_the_summary(guided):
    row = run("tiny", "top", Scenario.parse("hard-1"), "single_action", "worst_cost")
    assert row["worst_cost"] > row["cost_mean"]
    assert row["single_action"] == 1


def test_recourse_suites_are_found_by_name(guided):
    assert api.find_suite("two-of-four", guided).blocks[0].people == 100


def test_every_hook_has_a_test_that_is_called_after_it():
    for hook in HOOKS:
        assert any(name.startswith(f"test_{hook}") for name in globals()), hook


# --- the guides ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_a_section_with_its_exact_signature(hook):
    (section,) = re.findall(rf"^### {hook}\n(.*?)(?=^### |\Z)", GUIDES["plugins"], re.DOTALL | re.MULTILINE)
    signature = str(inspect.signature(getattr(hookspecs, hook))).replace("'", "")
    assert f"```text\ndef {hook}{signature}\n```" in section


def test_no_section_describes_a_hook_that_does_not_exist():
    assert sorted(re.findall(r"^### (recourse_\w+)$", GUIDES["plugins"], re.MULTILINE)) == HOOKS


def test_everything_the_guides_define_keeps_its_laws(shown):
    for what in (
        *(shown["Uphill"], shown["Town"], shown["Stump"], shown["Cautious"], shown["Thirds"], shown["Doubtful"]),
        *(*shown["recourse_metrics"](), *shown["recourse_suites"]()),
    ):
        report = check(what)
        assert report.ok, report.text()


def test_the_causal_model_of_the_guide_answers_as_its_comments_say():
    (example,) = [block for block in blocks("plugins", "python") if "StructuralCausalModel" in block]
    names = {}
    exec(example, names)
    said = re.findall(r"^(\w+) = model\..*# .*: (\[.*\])$", example, re.MULTILINE)
    assert [name for name, _ in said] == ["noise", "after", "likely"]
    for name, values in said:
        torch.testing.assert_close(names[name], torch.tensor(literal_eval(values), dtype=torch.float32))
    assert (names["same"] == names["x"]).all()
    assert names["strangers"].shape == (1000, 2)
    methods = {name for name, value in vars(CausalModel).items() if inspect.isfunction(value) and name[0] != "_"}
    assert methods == set(re.findall(r"model\.(\w+)\(", example))


def test_the_contract_test_of_the_guide_runs_the_laws(shown):
    names = [parameter.id for parameter in shown["test_contract"].pytestmark[0].args[1]]
    assert "uphill-forbidden_features_are_left_alone" in names


@pytest.mark.parametrize("guide", GUIDES)
def test_the_commands_of_the_guide_do_what_they_say(guide, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = [line for block in blocks(guide, "sh") for line in block.splitlines() if line]
    assert lines
    for line in lines:
        program, *words = shlex.split(line, comments=True)
        if program == "pip":
            assert (tmp_path / words[-1] / "pyproject.toml").is_file(), line
        elif words[0] == "run":  # minutes; that it parses is enough here
            main.get_command(None, "run").make_context("run", words[1:])
        else:
            result = CliRunner().invoke(main, words)
            assert result.exit_code == 0, f"{line}\n{result.output}"


def test_the_suite_of_the_guide_is_read(tmp_path):
    (tmp_path / "town.toml").write_text(blocks("datasets", "toml")[0])
    assert read_suite(tmp_path / "town.toml").blocks[0].datasets == ("town",)


@pytest.mark.parametrize("guide", [*GUIDES, "."])
def test_links_to_files_and_headings_of_the_project_lead_somewhere(guide):
    text = (ROOT / guide / "README.md").read_text()
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", text):
        path, _, heading = target.partition("#")
        file = (ROOT / guide / path).resolve() if path else ROOT / guide / "README.md"
        assert file.exists(), target
        if heading:
            titles = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE)
            assert heading in {title.lower().replace("?", "").replace(" ", "-") for title in titles}, target


def test_the_declaration_of_a_table_that_says_everything_is_read(tmp_path):
    (text,) = [block for block in blocks("datasets", "toml") if "[[feature]]" in block]
    (tmp_path / "applicants.toml").write_text(text)
    said = read_declaration(tmp_path / "applicants.toml")
    assert [feature.kind for feature in said.features] == ["categorical", "integer", "continuous", "binary"]
    assert len(said.features.rules) == 2
    assert said.decision == spell("onnx", {"file": tmp_path / "model.onnx", "favourable": "yes"})
    (tmp_path / "applicants.toml").write_text(text.replace("#[graph]", "[graph]").replace("#income", "income"))
    assert read_declaration(tmp_path / "applicants.toml").graph.parents["income"] == ("years_employed",)


def test_the_options_of_every_table_are_those_that_there_are_and_its_examples_are_read():
    section = GUIDES["datasets"].split("## Options of every table")[1]
    said = set(re.findall(r"^\| `([a-z.]+)=", section, re.MULTILINE))
    assert said == {*TABLE_OPTIONS, *(f"decision.{option}" for option in TREATMENTS)}
    registry = discover()
    names = re.findall(r"^    (\S+)$", section, re.MULTILINE)
    assert [name.partition("?")[0] for name in names] == ["adult", "alzheimer"]
    for name in names:
        dataset = registry.dataset(name)
        assert dataset.apart
        assert dataset.features.count_actionable == 3
        assert registry.decision_of(dataset).name == "forest"
