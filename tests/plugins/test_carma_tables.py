"""CARMA and iCARMA on tables without a causal graph: what they do with categories, directions and rare levels."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from recourse_arena import (
    Actionability,
    Box,
    Feature,
    FeatureTable,
    Kind,
    NotApplicable,
    Problem,
    Recommendation,
    Request,
)
from recourse_arena.problem.cost import Cost
from recourse_arena.testing.problems.worlds import worlds
from recourse_arena_carma import Carma, ICarma
from recourse_arena_carma.tables.moves import Moves
from recourse_arena_carma.tables.people import TablePeople

QUICK = {"steps": 60, "batch": 128, "width": 16, "synthetic": 500}


@pytest.fixture(scope="module")
def world():
    return worlds()[3]


@pytest.fixture(scope="module", params=[Carma, ICarma], ids=lambda kind: kind.name)
def solver(request, world):
    return fitted(request.param, world.problem)


def fitted(kind, problem: Problem, **options):
    solver = kind(**(QUICK | options))
    solver.fit(problem.seen_by(kind.knows), seed=0)
    return solver


def everybody(problem: Problem, *, actionable: torch.Tensor | None = None) -> Request:
    """Return a request of all refused validation people, who can act on everything or on what is `actionable`."""
    factual = problem.asking(problem.validation)
    mask = problem.features.actionable if actionable is None else actionable
    scores = torch.where(mask, 1, 2).expand(len(factual), -1)
    return problem.request(factual, Actionability(scores, levels=1))


def after(request: Request, answer: Recommendation) -> torch.Tensor:
    return torch.where(answer.mask & answer.solved[:, None], answer.values, request.factual)


def permuted(problem: Problem) -> tuple[Problem, torch.Tensor, torch.Tensor]:
    """Return the problem with other codes for its categories, the new code of each old one, and the other way round."""
    features = problem.features
    most = max(len(feature.levels) for feature in features)
    new = torch.arange(most).repeat(len(features), 1)
    named = []
    for j, feature in enumerate(features):
        if feature.kind is Kind.CATEGORICAL:
            order = torch.arange(len(feature.levels)).roll(1)
            new[j, order] = torch.arange(len(order))
            feature = replace(feature, levels=tuple(feature.levels[i] for i in order.tolist()))
        named.append(feature)
    table = FeatureTable(tuple(named))
    old = new.argsort(1)
    x = recoded(problem.training.x, features, new)
    return _with_codes(problem, table, x, recoded(problem.validation.x, features, new)), new, old


def recoded(x: torch.Tensor, features: FeatureTable, codes: torch.Tensor) -> torch.Tensor:
    """Return people whose categories have other `codes` `(features, levels)`."""
    columns = torch.arange(len(features)).expand(x.shape)
    return torch.where(features.categorical, codes[columns, x.long().clamp(0, codes.shape[1] - 1)].to(x), x)


def _with_codes(problem: Problem, table: FeatureTable, x: torch.Tensor, validation: torch.Tensor) -> Problem:
    from recourse_arena.elicitation.sampler import PreferenceSampler
    from recourse_arena.elicitation.schemes import Ranking
    from recourse_arena.models.decision.relu import ReluClassifier
    from recourse_arena.models.plausibility.neighbours import Neighbours
    from recourse_arena.people.encoding import Encoding

    hidden = tuple(weight.shape[0] for weight, _ in problem.decisions.affine_maps[:-1])
    classifier = ReluClassifier(table, hidden)
    classifier.load_state_dict(problem.decisions.state_dict())
    classifier.requires_grad_(False)
    accepted = classifier.accepts(x)
    assert torch.equal(accepted, problem.decisions.accepts(problem.training.x))
    return replace(
        problem,
        features=table,
        decisions=classifier,
        cost=Cost.fitted(x, ~accepted, table, "gower"),
        box=Box.spanning(x[~accepted], table),
        training=replace(problem.training, x=x),
        validation=replace(problem.validation, x=validation),
        draw=PreferenceSampler(Ranking(), table),
        neighbours=Neighbours(Encoding.fitted(table, x), x[accepted]),
    )


def test_other_codes_of_categories_change_nothing(solver, world):
    other, new, old = permuted(world.problem)
    assert not torch.equal(new, old)
    renamed = fitted(type(solver), other)
    branch = torch.tensor([feature.name == "branch" for feature in other.features])
    for actionable in (None, branch):
        request, again = (everybody(problem, actionable=actionable) for problem in (world.problem, other))
        assert torch.equal(recoded(again.factual, other.features, old), request.factual)
        one, two = solver.recommend(request), renamed.recommend(again)
        assert torch.equal(one.mask, two.mask)
        assert torch.equal(one.outcome, two.outcome)
        assert torch.equal(after(request, one), recoded(after(again, two), other.features, old))
    assert one.mask[:, branch].all() or isinstance(solver, Carma)  # whose advice is refused if it needs more


def test_advice_keeps_the_box_the_directions_and_the_kinds(solver, world):
    request = everybody(world.problem)
    answer = solver.recommend(request)
    assert answer.solved.any()
    found = after(request, answer)
    change = (found - request.factual) * answer.mask
    assert not (answer.mask & ~request.actionable).any()
    assert request.box.contains(found, request.features.whole)[answer.mask].all()
    assert (change * request.features.directed >= 0).all()
    assert (change != 0)[answer.solved].any(1).all()
    request.features.validate(found)


def test_most_people_are_led_to_a_positive_decision(world):
    model = fitted(ICarma, world.problem, steps=300)
    request = everybody(world.problem)
    answer = model.recommend(request)
    assert world.problem.decisions.accepts(after(request, answer)).float().mean() >= 0.9


def test_of_its_candidates_it_takes_an_accepted_and_plausible_one(world):
    model = fitted(ICarma, world.problem, steps=300, patience=9.0)
    asked = everybody(world.problem)
    score = world.problem.neighbours.score
    found, ignoring = (
        (score(after(asked, model.recommend(request))) >= 0).float().mean()
        for request in (asked, replace(asked, plausibility=False))
    )
    assert found >= ignoring
    cost, cheaper = (
        request.cost(after(asked, answer), answer.mask).mean()
        for request in (asked, replace(asked, plausibility=False))
        for answer in [model.recommend(request)]
    )
    assert cheaper <= cost


def test_acting_on_a_category_is_changing_it_within_the_persons_bounds(world):
    problem = world.problem
    branch = problem.features.index("branch")
    only = torch.arange(len(problem.features)) == branch
    model = fitted(ICarma, problem)
    request = everybody(problem, actionable=only)
    answer = model.recommend(request)
    assert (answer.values[:, branch] != request.factual[:, branch])[answer.solved].all()
    lower, upper = request.box.lower.clone(), request.box.upper.clone()
    lower[:, branch], upper[:, branch] = request.factual[:, branch], request.factual[:, branch]
    stuck = model.recommend(replace(request, box=Box(lower, upper)))
    assert set(stuck.outcomes) == {"infeasible"}


def test_levels_that_nobody_has_are_a_last_resort(world):
    problem = world.problem
    branch, x = problem.features.index("branch"), problem.training.x
    kept = problem.training[x[:, branch] <= 1]
    seldom = replace(problem, training=kept)
    for level in range(4):
        person = kept.x[:1].clone()
        person[0, branch] = level
        people = TablePeople.of(seldom, person, problem.box.expand(1))
        columns = problem.decisions.encoding.columns_of("branch")
        allowed = {int(problem.decisions.encoding.codes[c]) for c in columns if people.levels[0, c]}
        assert allowed == {0, 1} - {level}
    alone = replace(problem, training=problem.training[x[:, branch] == 2])
    person[0, branch] = 2
    people = TablePeople.of(alone, person, problem.box.expand(1))
    assert people.levels[0, columns].sum() == 3
    assert people.open[0, branch]


def test_gradients_pass_through_rounding_and_the_choice_of_a_level(world):
    problem = world.problem
    people = TablePeople.to_learn_from(problem, 0, torch.Generator().manual_seed(0))
    wishes = torch.zeros(len(people), people.z.shape[1], requires_grad=True)
    moves = Moves(problem, 0.5)
    chosen = torch.ones_like(people.x) * problem.features.actionable
    move = moves(people, wishes, torch.Generator().manual_seed(0))
    z = moves.encoded(people, move, chosen)
    values = torch.where(problem.features.actionable, move.values, people.x)
    torch.testing.assert_close(z, problem.decisions.encoding.encode(values).detach(), atol=1e-5, rtol=1e-5)
    (z * torch.arange(z.shape[1])).sum().backward()
    encoding = problem.decisions.encoding
    assert wishes.grad.isfinite().all()
    for name in ("grade", "savings", "branch"):
        assert (wishes.grad[:, encoding.columns_of(name)] != 0).any()
    for name in ("age", "home"):
        assert (wishes.grad[:, encoding.columns_of(name)] == 0).all()


@pytest.mark.parametrize("cost", ["gower", "l1", "l2", "encoded", "encoded-1", "range"])
def test_it_learns_under_every_cost(world, cost):
    problem = world.problem
    x = problem.training.x
    model = fitted(ICarma, replace(problem, cost=Cost.fitted(x, ~problem.decisions.accepts(x), problem.features, cost)))
    assert all(tensor.isfinite().all() for name, tensor in model.state().items() if name != "reach")
    assert model.recommend(everybody(model.problem)).solved.all()


def test_a_table_of_numbers_needs_no_categories(world):
    """A table without a graph need not have categories."""
    names = ("debt", "savings", "grade")
    columns = [world.problem.features.index(name) for name in names]
    features = FeatureTable(tuple(world.problem.features.features[j] for j in columns))
    from recourse_arena import DecisionRecipe
    from recourse_arena.models.decision.fitting import fit_classifier

    def part(people):
        return replace(people, x=people.x[:, columns], attributes=None)

    training, validation = part(world.problem.training), part(world.problem.validation)
    classifier = fit_classifier(
        DecisionRecipe(hidden=(6,), optimizer="adam", epochs=5), training, seed=0, features=features
    )
    problem, _, _ = permuted(world.problem)
    problem = _with_numbers(problem, features, classifier, training, validation)
    answer = fitted(ICarma, problem).recommend(everybody(problem))
    assert answer.solved.all()


def _with_numbers(problem: Problem, features: FeatureTable, classifier, training, validation) -> Problem:
    from recourse_arena.elicitation.sampler import PreferenceSampler
    from recourse_arena.elicitation.schemes import Ranking
    from recourse_arena.models.plausibility.neighbours import Neighbours

    x, accepted = training.x, classifier.accepts(training.x)
    return replace(
        problem,
        features=features,
        decisions=classifier,
        cost=Cost.fitted(x, ~accepted, features, "gower"),
        box=Box.spanning(x[~accepted], features),
        training=training,
        validation=validation,
        draw=PreferenceSampler(Ranking(), features),
        neighbours=Neighbours(classifier.encoding, x[accepted]),
    )


def test_without_a_flow_and_with_effects_it_says_what_it_lacks(world):
    with pytest.raises(NotApplicable, match="causal flow"):
        fitted(ICarma, replace(world.problem, without_effects=None))


def test_a_forest_has_no_gradients():
    from recourse_arena.planning.applicability import Known, mismatch
    from recourse_arena.problem.scenario import Scenario

    table = FeatureTable((Feature("home", Kind.CATEGORICAL, levels=("rent", "own")),))
    known = Known("german", table, flow=False, decision="forest", differentiable=False, structure="", cost="gower")
    asked = Scenario.parse("hard-1")
    assert mismatch(ICarma(), asked, known) == "icarma needs gradients; a model of kind forest has none"
    assert not mismatch(Carma(), asked, replace(known, differentiable=True))
