"""What the cells of a dataset share: who asks, with which preferences, and what of them stays hidden."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from frames import framed

from recourse_arena import ArenaError, Recommendation, Scenario, api
from recourse_arena.elicitation.populations import assigned
from recourse_arena.interfaces.suite import Block, Suite

ASSIGNED = ("assigned-at-random", "assigned-by-income", "assigned-by-race")


def deciding(materials, decisions):
    """Return a fitted dataset on which something else decides."""
    problem = replace(materials.problem, decisions=decisions)
    requests = replace(materials.requests, problem=problem, refused_by=decisions)
    return replace(materials, problem=problem, requests=requests)


def privileged(materials, distribution, kind="hard-2"):
    """Return who of those asking ranks one of income and savings first: who is privileged, on Loan."""
    scores = materials.request(Scenario.parse(f"{kind}@{distribution}")).actionability.scores
    return (scores[:, 5:7] == 1).any(1)


def white(materials):
    test = materials.splits.recourse.test
    return test.attributes[~materials.problem.decisions.accepts(test.x), 0] == 1


def income_threshold(materials):
    train = materials.splits.recourse.train
    return train.x[~materials.problem.decisions.accepts(train.x), 5].quantile(0.75)


def within(share, of, expected):
    """Tell whether a share of so many people is within four standard errors of the expected one."""
    return abs(float(share) - expected) <= 4 * (expected * (1 - expected) / of) ** 0.5


def test_half_of_the_people_are_privileged_at_random(loan_materials):
    found = privileged(loan_materials, "assigned-at-random")
    assert within(found.float().mean(), len(found), 0.5)
    income = loan_materials.requests.applicants.x[:, 5] > income_threshold(loan_materials)
    for some in (income, ~income, white(loan_materials), ~white(loan_materials)):
        assert within(found[some].float().mean(), int(some.sum()), 0.5)


def test_exactly_those_above_the_training_populations_upper_quartile_of_income_are_privileged(loan_materials):
    found = privileged(loan_materials, "assigned-by-income")
    assert torch.equal(found, loan_materials.requests.applicants.x[:, 5] > income_threshold(loan_materials))
    assert float(found.float().mean()) == pytest.approx(0.25, abs=0.03)


def test_most_white_and_few_non_white_people_are_privileged_by_race(loan_materials):
    found, is_white = privileged(loan_materials, "assigned-by-race"), white(loan_materials)
    assert within(found[is_white].float().mean(), int(is_white.sum()), 0.9)
    assert within(found[~is_white].float().mean(), int((~is_white).sum()), 0.05)
    women = loan_materials.requests.applicants.x[:, 0] == 0
    assert within(found[women & is_white].float().mean(), int((women & is_white).sum()), 0.9)


@pytest.mark.parametrize("distribution", ASSIGNED)
def test_a_persons_profile_does_not_depend_on_who_else_asks(loan_materials, distribution):
    class Strict:
        """Refuses some people more."""

        def accepts(self, x):
            return loan_materials.problem.decisions.accepts(x) & (x[:, 1] < 10)

    pairs = loan_materials.requests._favoured(Scenario.parse(f"hard-2@{distribution}"))
    test = loan_materials.splits.recourse.test.x
    strict = deciding(loan_materials, Strict())
    more = strict.requests._favoured(Scenario.parse(f"hard-2@{distribution}"))
    assert len(more) > len(pairs)
    before = ~loan_materials.problem.decisions.accepts(test)[~Strict().accepts(test)]
    same = (more[before] == pairs).all(1)
    if distribution == "assigned-by-income":  # other training people are refused too, and they set the threshold
        lowest, highest = sorted((float(income_threshold(loan_materials)), float(income_threshold(strict))))
        incomes = loan_materials.requests.applicants.x[:, 5]
        same |= (incomes >= lowest) & (incomes <= highest)
    assert same.all()


@pytest.mark.parametrize("distribution", ASSIGNED)
def test_an_assignment_repeats_and_is_the_same_for_every_cut_off_and_profile(loan_materials, distribution):
    found = privileged(loan_materials, distribution)
    for kind in ("hard-2", "hard-1", "hard-3", "hard-random", "soft-linear"):
        assert torch.equal(privileged(loan_materials, distribution, kind), found)
    other = privileged(replace(loan_materials, requests=replace(loan_materials.requests, seed=1)), distribution)
    assert torch.equal(other, found) == (distribution == "assigned-by-income")


@pytest.mark.parametrize(
    ("distribution", "share"),
    [("assigned-at-random", 0.5), ("assigned-by-income", 0.25), ("assigned-by-race", 0.475)],
)
def test_training_draws_have_the_profiles_of_training_people(loan_materials, distribution, share):
    problem = loan_materials.problem_for(Scenario.parse(f"hard-2@{distribution}"))
    first, again, other = (problem.draw(20_000, torch.Generator().manual_seed(s)).scores for s in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal((first[:, 5:7] == 1).any(1), (other[:, 5:7] == 1).any(1))
    assert float((first[:, 5:7] == 1).any(1).float().mean()) == pytest.approx(share, abs=0.03)


@pytest.mark.parametrize("distribution", ["by-chance", "by-effort", "by-town"])
def test_test_training_and_validation_people_have_profiles_of_their_own(materials, distribution):
    towns = materials("towns")
    scenario = Scenario.parse(f"hard-1@{distribution}")
    for part in ("train", "validation", "test"):
        people = getattr(towns.splits.recourse, part)
        refused = ~towns.problem.decisions.accepts(people.x)
        assert len(towns.requests.among(part)._favoured(scenario)) == int(refused.sum())
    validating = towns.validating()
    assert len(validating.request(scenario)) == len(validating.requests.applicants.x) != len(towns.requests)


def test_validation_people_are_not_assigned_as_test_people_are(materials):
    class Hard:
        """Refuses everybody."""

        def accepts(self, x):
            return torch.zeros(len(x), dtype=torch.bool)

    towns = materials("towns")
    towns = deciding(towns, Hard())
    scenario = Scenario.parse("hard-1@by-chance")
    parts = ("train", "validation", "test")
    train, validation, test = (towns.requests.among(part)._favoured(scenario)[:200] for part in parts)
    for one, other in ((train, validation), (train, test), (validation, test)):
        assert 0.3 < float((one == other).all(1).float().mean()) < 0.7


def test_the_judge_knows_the_attributes_of_everybody_asking(materials):
    for towns in (materials("towns"), materials("towns").validating()):
        people = getattr(towns.splits.recourse, towns.requests.part)
        codes = people.attributes[~towns.problem.decisions.accepts(people.x), 0]
        request = towns.request(Scenario.parse("hard-1"))
        order = torch.arange(len(request)).flip(0)
        mask = torch.zeros_like(request.actionable)
        rows = framed(towns.judge)(request[order], Recommendation.do(mask, request.factual))
        expected = [("north", "south")[int(code)] for code in codes]
        assert rows["group_town"].tolist() == expected[::-1]
        assert rows["person"].tolist() == order.tolist()


def test_no_solver_sees_an_attribute(materials):
    towns = materials("towns")
    problem = towns.problem_for(Scenario.parse("hard-1@by-town"))
    assert problem.training.attributes is None
    assert problem.validation.attributes is None
    assert "town" not in problem.features.names
    assert towns.splits.recourse.train.attributes is not None


def test_records_of_a_run_have_the_attribute_beside_the_sensitive_features(plugged, tmp_path):
    plugged("towns")
    some, plain = (tuple(map(Scenario.parse, names)) for names in (("hard-1@by-town", "hard-1"), ("hard-1",)))
    suite = Suite("s", "", (Block(("towns",), some, ("top",), 40), Block(("tiny",), plain, ("top",), 40)))
    people = api.run(suite, cache=tmp_path / "cache", data=tmp_path).people
    towns = people[people["dataset"] == "towns"]
    assert list(people.columns[4:8]) == ["person", "group_sex", "group_town", "outcome"]
    by_town = towns[towns["scenario"] == "hard-1@by-town"]
    assert ((by_town["score_effort"] == 1) | (by_town["score_income"] == 1)).all()
    assert set(towns["group_town"]) == {"north", "south"}
    assert people.loc[people["dataset"] == "tiny", "group_town"].isna().all()
    assert people.loc[people["dataset"] == "tiny", "group_sex"].notna().all()


def test_unknown_distributions_list_near_matches(loan_materials, arena):
    with pytest.raises(ArenaError, match="'assigned-by-incme'. Did you mean 'assigned-by-income'"):
        loan_materials.request(Scenario.parse("hard-2@assigned-by-incme"))
    with pytest.raises(ArenaError, match="on tiny 'assigned-by-income'. Known: uniform"):
        arena(scenarios=["hard-1@assigned-by-income"])
    with pytest.raises(ArenaError, match="on loan 'assigned-by-rce'. Did you mean 'assigned-by-race'"):
        api.run("fairness", scenarios=["hard-2@assigned-by-rce"], solvers=["grid"])


def test_an_assignment_of_unknown_profiles_is_refused(materials):
    with pytest.raises(ArenaError, match="unknown profile of dataset towns 'idlers'"):
        materials("towns").request(Scenario.parse("hard-1@by-nothing"))


def test_likert_scores_cannot_follow_an_assignment(materials):
    with pytest.raises(ArenaError, match="Likert scores are drawn uniformly"):
        materials("towns").request(Scenario.parse("score-hard-1@by-town"))


def test_one_number_is_drawn_for_each_person(materials):
    towns = materials("towns")
    dataset, people = towns.dataset, towns.splits.recourse.test
    rule = dataset.assignments["by-chance"]
    all_, few = (
        assigned(rule, some, people, dataset, torch.Generator().manual_seed(0)) for some in (people, people[:50])
    )
    assert torch.equal(all_[:50], few)
    assert all_.unique(dim=0).tolist() == [[1, 2], [2, 1]]


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        (None, r"expected shape \(people, 1\), got \(600, 0\)"),
        (torch.zeros(600, 2), r"attributes: expected shape \(people, 1\), got \(600, 2\)"),
        (torch.full((600, 1), 2.0), "'town': expected a value within its bounds"),
        (torch.full((600, 1), 0.5), "'town': expected a whole number"),
        (torch.zeros(3, 1), "attributes: expected a row for each of 600 people, got 3"),
    ],
)
def test_attributes_other_than_declared_are_refused(materials, monkeypatch, attributes, message):
    import towns

    splits = towns.Towns.splits

    def wrong(self, *, seed, data):
        found = splits(self, seed=seed, data=data)
        split = replace(found.recourse, train=replace(found.recourse.train, attributes=attributes))
        return replace(found, recourse=split)

    monkeypatch.setattr(towns.Towns, "splits", wrong)
    with pytest.raises(ArenaError, match=message):
        materials("towns")


def test_an_attribute_named_like_a_feature_is_refused(materials, monkeypatch):
    import towns

    monkeypatch.setattr(towns.Towns, "attributes", towns.Towns.features)
    with pytest.raises(ArenaError, match="'sex' is a feature; choose another name"):
        materials("towns")


def test_the_fairness_suite_holds_the_baseline_and_the_three_assignments(plugged):
    suites = plugged().suites
    blocks = suites["fairness"].blocks
    (block,) = blocks
    assert [s.name for s in block.scenarios] == ["hard-4", *(f"hard-2@{name}" for name in ASSIGNED)]
    assert (block.datasets, block.solvers) == (("loan",), ("icarma", "grid"))
    assert set(blocks) <= set(suites["paper"].blocks)


def test_real_answers_are_asked_for_the_plausibility_their_scenario_names(materials, tmp_path):
    (tmp_path / "scores.csv").write_text("effort,income\n1,2\nx,1\n")
    answered = Scenario("clinic", scheme="likert", answers=str(tmp_path / "scores.csv"), density="scm")
    requests = [materials("tiny").request(replace(answered, density=density)) for density in ("flow", "scm")]
    assert [request.density for request in requests] == ["flow", "scm"]
    assert torch.equal(requests[0].factual, requests[1].factual)
    assert torch.equal(requests[0].actionability.scores, requests[1].actionability.scores)


@pytest.mark.parametrize(
    ("yes", "message"),
    [
        (False, "dataset tiny: the decision model yours refuses all training people;\nlook at the labels"),
        (
            True,
            "dataset tiny: the decision model yours refuses none of the training people: nobody asks for recourse",
        ),
    ],
)
def test_a_decision_model_that_tells_nobody_apart_is_one_clear_error(arena, monkeypatch, yes, message):
    import tiny

    monkeypatch.setattr(tiny.Tiny, "decision", api.decision(lambda frame: [yes] * len(frame)))
    summary = arena(solvers=["top"], scenarios=["hard-1"], people=5)
    assert set(summary.summary["outcome"]) == {"failed"}
    assert message in str(summary.info["cells"][0]["reason"])
