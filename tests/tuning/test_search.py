"""Tuning: what it finds, that it repeats and goes on, and that test people stay out of it."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

import pandas as pd
import pytest
import tiny
import torch
from frames import framed

from recourse_arena import ArenaError, Choice, Range, Scenario
from recourse_arena.base.names import spell, variant
from recourse_arena.execution.worker.fitted_dataset import prepare
from recourse_arena.registry.discovery import discover
from recourse_arena.storage.artefact_cache import ArtefactCache
from recourse_arena.tuning.objective import Objective
from recourse_arena.tuning.search import tune
from recourse_arena.tuning.study import Study, Trial
from recourse_arena.tuning.tunable import Tunable

pytest.importorskip("optuna")

METRICS = ["coverage", "validity", "hap", "fit_seconds"]


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return ArtefactCache(tmp_path_factory.mktemp("artefacts"))


@pytest.fixture
def tuned(plugged, tmp_path, cache):
    """Tune the aimer on the tiny dataset."""
    return partial(
        tune,
        "aimer",
        dataset="tiny",
        scenarios=["hard-2", "hard-1"],
        objective="coverage",
        out=tmp_path / "out",
        registry=plugged(),
        data=tmp_path,
        cache=cache,
        trials=4,
    )


def table(folder):
    """Return `trials.csv` without what takes another time each time."""
    trials = pd.read_csv(folder / "trials.csv")
    return trials.drop(columns=[name for name in trials if "seconds" in name])


def test_it_finds_better_options_than_the_defaults(tuned, tmp_path):
    found = tuned(trials=25)
    assert found.trials[0].options == {"aim": 0.2, "mood": "good", "force": 1}
    assert found.best.options["mood"] == "good"
    assert found.best.options["aim"] == pytest.approx(0.7, abs=0.06)
    assert found.best.value > found.trials[0].value + 0.3
    record = json.loads((tmp_path / "out" / "tuning.json").read_text())
    assert record["best"]["value"] == found.best.value
    assert record["defaults"]["value"] == found.trials[0].value
    assert variant(record["best"]["variant"]) == ("aimer", found.best.options)


def test_every_trial_lies_in_the_space(tuned):
    found = tuned(trials=12)
    for trial in found.trials:
        assert all(trial.options[name] in place for name, place in tiny.Aimer.space.items())
    assert len({trial.options["force"] for trial in found.trials}) > 3


def test_the_value_is_the_mean_of_the_objective_over_scenarios_and_seeds(tuned, tmp_path, cache):
    found = tuned(trials=1, seeds=[0, 1], objective="coverage - 0.5 * hap")
    row = pd.read_csv(tmp_path / "out" / "trials.csv").iloc[0]
    assert row["value"] == pytest.approx((row["value[hard-2]"] + row["value[hard-1]"]) / 2, abs=1e-5)
    values, coverage = [], []
    for seed in (0, 1):
        materials = prepare("tiny", seed=seed, data=tmp_path, cache=cache, registry=discover()).validating()
        for name in ("hard-2", "hard-1"):
            request = materials.request(Scenario.parse(name))
            people = framed(materials.judge)(request, tiny.Aimer().recommend(request))
            solved = (people["outcome"] == "solved").mean()
            values.append(solved - 0.5 * people.loc[people["valid"], "hard_action"].mean())
            coverage.append(solved)
    assert found.trials[0].value == pytest.approx(sum(values) / 4)
    assert found.mean(found.trials[0], "coverage") == pytest.approx(sum(coverage) / 4)


def test_a_trial_whose_objective_is_undefined_has_lost_and_says_what_is_undefined(tuned):
    trial = tuned(trials=1, scenarios=["binary-hard-1"], objective="coverage - hap").trials[0]
    assert trial.value is None
    assert "the objective is [-inf] under binary-hard-1; undefined: hap" in trial.reason


def test_the_same_seed_gives_the_same_trials_and_another_one_others(tuned, tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        tuned(out=tmp_path / name, trials=12, seed=seed)
    pd.testing.assert_frame_equal(table(tmp_path / "a"), table(tmp_path / "b"))
    assert table(tmp_path / "a")["option_aim"].tolist()[1:] != table(tmp_path / "c")["option_aim"].tolist()[1:]


def test_a_search_goes_on_as_if_it_had_never_stopped(tuned, tmp_path, monkeypatch):
    tuned(out=tmp_path / "whole", trials=14)
    recommend, asked = tiny.Aimer.recommend, []

    def interrupted(self, request):
        asked.append(self.aim)
        if len(set(asked)) == 5:
            raise KeyboardInterrupt
        return recommend(self, request)

    monkeypatch.setattr(tiny.Aimer, "recommend", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tuned(trials=14)
    monkeypatch.setattr(tiny.Aimer, "recommend", recommend)
    assert 2 <= len(table(tmp_path / "out")) < 11
    tuned(trials=11)
    tuned(trials=14)
    pd.testing.assert_frame_equal(table(tmp_path / "out"), table(tmp_path / "whole"))


def test_a_trial_that_was_interrupted_is_proposed_again(tmp_path):
    space, defaults = {"aim": Range(0, 1)}, {"aim": 0.2}
    _, first = Study(tmp_path, {}).ask(space, defaults, seed=0)
    study = Study(tmp_path, {})
    asked, again = study.ask(space, defaults, seed=0)
    assert first == again == defaults
    study.tell(asked, Trial(0, again, 0.5, 1.0))
    _, second = study.ask(space, defaults, seed=0)
    study = Study(tmp_path, {})
    assert study.ask(space, defaults, seed=0)[1] == second != defaults
    assert [trial.number for trial in study.trials] == [0]


def test_finished_trials_are_not_computed_again(tuned, monkeypatch):
    tuned()
    monkeypatch.setattr(tiny.Aimer, "recommend", lambda self, request: pytest.fail("computed again"))
    assert len(tuned().trials) == 4


def test_failed_trials_are_recorded_with_their_reason_and_the_rest_goes_on(tuned, tmp_path):
    found = tuned(trials=8, seed=32)
    trials = pd.read_csv(tmp_path / "out" / "trials.csv")
    low, high = trials[trials["option_aim"] < 0.05], trials[trials["option_aim"] > 0.95]
    assert len(low)
    assert len(high)
    assert low["reason"].str.contains("ValueError: aims too low").all()
    assert high["reason"].str.contains("hard-2, seed 0: RuntimeError: aims too high").all()
    failed = trials["option_aim"].between(0.05, 0.95).map({True: "done", False: "failed"})
    assert (trials["state"] == failed).all()
    assert trials.loc[trials["state"] == "failed", "value"].isna().all()
    assert found.best is not None


def test_where_every_trial_fails_there_is_no_best(tuned, tmp_path, monkeypatch):
    monkeypatch.setattr(tiny.Aimer, "recommend", tiny.Raiser.recommend)
    assert tuned().best is None
    assert json.loads((tmp_path / "out" / "tuning.json").read_text())["best"] is None


def test_an_objective_that_is_no_number_is_a_failed_trial(tuned):
    trial = tuned(trials=1, objective="coverage / violations").trials[0]
    assert trial.value is None
    assert "the objective is [inf, inf] under hard-2, hard-1" in trial.reason


def test_only_refused_validation_people_are_asked_never_test_people(tuned, tmp_path, cache, monkeypatch):
    asked = []
    recommend = tiny.Aimer.recommend
    monkeypatch.setattr(tiny.Aimer, "recommend", lambda self, r: asked.append(r.factual) or recommend(self, r))
    tuned()
    materials = prepare("tiny", seed=0, data=tmp_path, cache=cache, registry=discover())
    seen = {tuple(row) for row in torch.cat(asked).tolist()}
    people = materials.splits.recourse
    refused = materials.problem.asking(people.validation)
    assert seen == {tuple(row) for row in refused.tolist()}
    assert not seen & {tuple(row) for row in people.test.x.tolist()}


def test_other_test_people_change_nothing(tuned, tmp_path, monkeypatch):
    tuned(out=tmp_path / "a")
    splits = tiny.Tiny.splits

    def others(self, *, seed, data):
        before = splits(self, seed=seed, data=data)
        return replace(before, recourse=replace(before.recourse, test=splits(self, seed=99, data=data).recourse.test))

    monkeypatch.setattr(tiny.Tiny, "splits", others)
    tuned(out=tmp_path / "b")
    pd.testing.assert_frame_equal(table(tmp_path / "a"), table(tmp_path / "b"))


def test_validation_people_have_preferences_of_their_own(plugged, tmp_path, cache):
    materials = prepare("tiny", seed=0, data=tmp_path, cache=cache, registry=plugged())
    validating = materials.validating()
    scenario = Scenario.parse("hard-1")
    drawn = validating.request(scenario).actionability.scores
    people = materials.splits.recourse
    in_test = replace(materials.requests, people=replace(people, test=people.validation))
    as_in_test = in_test.under(scenario).actionability.scores
    assert torch.equal(in_test.applicants.x, validating.requests.applicants.x)
    assert not torch.equal(drawn, as_in_test)
    assert validating.identity["asking"] == len(drawn)


def test_people_limits_how_many_are_asked(tuned):
    found = tuned(trials=1, people=7)
    assert found.asked == [7]


def test_only_and_fixed_options_narrow_the_space(plugged):
    registry = plugged()
    assert list(Tunable.of("aimer", registry, dataset="tiny", only=["force"]).space) == ["force"]
    tunable = Tunable.of("aimer?mood=bad&patience=9", registry, dataset="tiny")
    assert list(tunable.space) == ["aim", "force"]
    assert tunable.variant({"aim": 0.5, "force": 2}) == "aimer?mood=bad&patience=9&aim=0.5&force=2"
    assert tunable.variant(tunable.defaults) == "aimer?mood=bad&patience=9"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"solver": "aimr"}, "unknown solver 'aimr'. Did you mean 'aimer'"),
        ({"solver": "top"}, "solver 'top' declares nothing to tune. Solvers that do: aimer, carma, frontier, icarma"),
        ({"solver": "aimer?patienc=1"}, "unknown option of solver 'aimer' 'patienc'. Did you mean 'patience'"),
        ({"only": ["aims"]}, "unknown option to tune of solver 'aimer' 'aims'. Did you mean 'aim'"),
        ({"only": ["aim"], "solver": "aimer?aim=0.5"}, "option 'aim' is fixed to 0.5"),
        ({"solver": "aimer?aim=0.5&mood=bad&force=3"}, "every option of solver 'aimer' that can be tuned is fixed"),
        ({"objective": "coverage - happ"}, "'happ' is none of these\nexpected numbers"),
        ({"dataset": "tinny"}, "unknown dataset 'tinny'"),
        ({"dataset": "absent"}, "put its file somewhere"),
        ({"scenarios": ["hrad-1"]}, "unknown scenario 'hrad-1'"),
        ({"scenarios": ["hard-3"]}, "impossible on tiny"),
    ],
)
def test_wrong_choices_are_refused_before_anything_is_written(tuned, tmp_path, wrong, message):
    positional = [wrong.pop("solver")] if "solver" in wrong else []
    call = partial(tune, *positional, **tuned.keywords) if positional else tuned
    with pytest.raises(ArenaError) as refused:
        call(**wrong)
    assert message in str(refused.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "text",
    ["", "coverage +", "__import__('os')", "coverage.values", "@coverage", "coverage[0]", "coverage ** 9", "1 + 1",
     "coverage if 1 else 2", "lambda: 0", "coverage == 1", "True * coverage", "'a' * coverage", "hap\ncoverage",
     "coverage and hap", "hap; coverage", "x := hap", "~hap", "coverage - valid"],
)  # fmt: skip
def test_an_objective_of_anything_but_arithmetic_is_refused_with_the_metrics(text):
    with pytest.raises(ArenaError, match="metrics: coverage, validity, hap, fit_seconds"):
        Objective.parse(text, METRICS)


@pytest.mark.parametrize(
    ("text", "value"), [("hap", 0.5), ("-hap + 2 * (validity - 0.25) / 4", -0.375), (" 1e2*coverage", 100.0)]
)
def test_an_objective_is_plain_arithmetic(text, value):
    summary = pd.DataFrame({"coverage": [1.0], "validity": [0.5], "hap": [0.5], "fit_seconds": [None]})
    assert Objective.parse(text, METRICS).of(summary).tolist() == [pytest.approx(value)]


def test_a_folder_of_another_tuning_is_left_alone(tuned, tmp_path):
    tuned()
    before = {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir()}
    with pytest.raises(ArenaError, match='differs in \'objective\': "coverage" there, "validity" here'):
        tuned(objective="validity")
    for other in ({"seed": 1}, {"people": 5}, {"seeds": [1]}, {"only": ["aim"]}, {"scenarios": ["hard-1"]}):
        with pytest.raises(ArenaError, match="choose another folder"):
            tuned(**other)
    assert {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir()} == before


@pytest.mark.parametrize("name", ["tuning.json", "study.journal"])
def test_a_folder_with_foreign_files_is_left_alone(tuned, tmp_path, name):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text("something else\n")
    with pytest.raises(ArenaError, match="choose another folder"):
        tuned()
    assert [(file.name, file.read_text()) for file in (tmp_path / "out").iterdir()] == [(name, "something else\n")]


def test_an_unwritable_folder_is_one_clear_error(tuned, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ArenaError, match="cannot write into"):
        tuned(out=tmp_path / "file" / "out")


@pytest.mark.parametrize("name", [name for name, solver in discover().solvers.items() if solver.space])
def test_a_built_in_space_holds_the_defaults_and_every_corner_can_be_made(name):
    registry = discover()
    tunable = Tunable.of(name, registry, dataset="loan")
    for corner in ("low", "high"):
        registry.solver(tunable.variant({key: getattr(place, corner) for key, place in tunable.space.items()}))


def test_icarma_can_be_tuned_in_what_matters():
    promised = "learning_rate batch cost kl plausibility plausibility_margin saturation multiplier_limit prior_max "
    promised += "prior_min prior_shape reach temperature"
    assert set(promised.split()) <= set(discover().solvers["icarma"].space)


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"aim": Range(0.3, 1)}, "its default is 0.2"),
        ({"aims": Range(0, 1)}, "has no such option"),
        ({"aim": Choice((0.1, 0.3))}, "its default is 0.2"),
    ],
)
def test_a_wrong_declaration_is_refused(plugged, monkeypatch, space, message):
    registry = plugged()
    monkeypatch.setattr(tiny.Aimer, "space", space)
    with pytest.raises(ArenaError, match=message):
        Tunable.of("aimer", registry, dataset="tiny")


@pytest.mark.parametrize(
    "options", [{"kl": 1e-05}, {"kl": 1e22, "deep": True}, {"word": "a&b=c d+e?"}, {"n": 3, "x": -0.5}, {}]
)
def test_a_variant_is_read_as_it_is_spelled(options):
    assert variant(spell("solver", options)) == ("solver", options)


def test_what_is_tuned_for_a_dataset_is_its_default():
    registry = discover()
    here, elsewhere = (Tunable.of("icarma", registry, dataset=name).defaults for name in ("gmsc?x=1", "loan"))
    assert here["plausibility"] == registry.solvers["icarma"].tuned["gmsc"]["plausibility"] != elsewhere["plausibility"]


def test_an_objective_that_cannot_be_computed_is_refused_at_once():
    with pytest.raises(ArenaError, match="objective 'validity / 0'|division"):
        Objective.parse("validity + 1 / 0", ["validity"])


def test_helping_nobody_does_not_win_for_lack_of_costs():
    summary = pd.DataFrame({"attainability": [0.9, 0.0], "cost_mean": [3.5, None]})
    found = Objective.parse("attainability - 0.3 * cost_mean", summary).of(summary)
    assert found[0] > found[1] == float("-inf")
