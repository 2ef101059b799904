"""Solvers on generative models: legal, accepted, everybody alone as among others; and what is each one's own."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from recourse_arena import Actionability, ArenaError, NotApplicable, Problem, Recommendation, Request, Solver
from recourse_arena.judging.constraints import violated
from recourse_arena.people.rules import Implies
from recourse_arena.testing import worlds
from recourse_arena_cchvae import Cchvae
from recourse_arena_cchvae.shells import shell
from recourse_arena_cfproto import Cem, CFProto
from recourse_arena_clue import Clue
from recourse_arena_clue.certainty import uncertainty
from recourse_arena_generative import Ground
from recourse_arena_ppcef import Ppcef
from recourse_arena_revise import Revise

SMALL = {"hidden": 16, "latent": 4, "steps": 100}
SOLVERS = {
    "cchvae": lambda **how: Cchvae(**{"samples": 100, "shells": 12, "step": 0.5, **SMALL, **how}),
    "revise": lambda **how: Revise(**{"iterations": 30, **SMALL, **how}),
    "clue": lambda **how: Clue(**{"iterations": 50, "pull": 0.3, **SMALL, "steps": 200, **how}),
    "cfproto": lambda **how: CFProto(**{"iterations": 25, "rounds": 3, "rate": 0.05, **SMALL, **how}),
    "cem": lambda **how: Cem(**{"iterations": 25, "rounds": 3, "rate": 0.05, **SMALL, **how}),
    "ppcef": lambda **how: Ppcef(**{"iterations": 25, "rate": 0.3, "rounds": 2, "steps": 60, **how}),
}


@pytest.fixture(scope="module")
def problem() -> Problem:
    """A table with categories, and a rule between two of its features."""
    found = worlds()[3].problem
    return replace(found, features=replace(found.features, rules=(Implies("branch", (1,), "member", (0,)),)))


@pytest.fixture(scope="module")
def people(problem: Problem) -> Request:
    return asked(problem, problem.features.count_actionable)


def asked(problem: Problem, most: int) -> Request:
    """Return the request of 12 people who can act on so many features, drawn anew for each."""
    factual, features = problem.asking(problem.validation)[:12], problem.features
    place = torch.rand(len(factual), len(features), generator=torch.Generator().manual_seed(0))
    place = torch.where(features.actionable, place, 2.0).argsort(1).argsort(1) + 1
    levels = features.count_actionable
    return problem.request(
        factual, Actionability(torch.where(place <= most, place, levels + 1), levels), plausibility=False
    )


@pytest.fixture(scope="module")
def fitted(problem: Problem) -> dict[str, Solver]:
    """Return the solvers; those with the same kind of autoencoder have the same one."""
    found = {name: fit(SOLVERS[name](), problem) for name in ("cchvae", "clue", "cfproto", "ppcef")}
    for name, other in {"revise": "cchvae", "cem": "cfproto"}.items():
        found[name] = restored(SOLVERS[name](), problem, found[other])
    return found


def fit(solver: Solver, problem: Problem) -> Solver:
    solver.fit(problem.seen_by(solver.knows), seed=0)
    return solver


def restored(solver: Solver, problem: Problem, like: Solver) -> Solver:
    solver.restore(problem.seen_by(solver.knows), like.state())
    return solver


def after(request: Request, answer: Recommendation) -> torch.Tensor:
    return torch.where(answer.mask, answer.values, request.factual)


@pytest.mark.parametrize("name", SOLVERS)
def test_advice_is_accepted_breaks_nothing_and_is_found_for_most(problem, people, fitted, name):
    for request, least in ((people, 5), (asked(problem, 2), 2)):
        answer = fitted[name].recommend(request)
        there = after(request, answer)
        problem.features.validate(there)
        assert not violated(request, answer.mask, answer.values).any()
        assert problem.decisions.accepts(there)[answer.solved].all()
        assert not problem.features.broken_rules(request.factual, there).any()
        assert answer.solved.sum() >= least
        assert answer.mask.any(1).equal(answer.solved)


@pytest.mark.parametrize("name", ["cchvae", "revise", "clue"])
def test_without_constraints_people_are_told_to_act_on_what_they_cannot(problem, fitted, name):
    request = asked(problem, 1)
    answer = restored(SOLVERS[name](constraints="ignore"), problem, fitted[name]).recommend(request)
    assert (answer.mask & ~request.actionable)[answer.solved].any()
    assert not (answer.mask & ~problem.features.actionable).any()
    assert problem.decisions.accepts(after(request, answer))[answer.solved].all()


@pytest.mark.parametrize("name", sorted(set(SOLVERS) - {"cchvae"}))
def test_who_has_no_gradients_is_not_searched_for(problem, people, fitted, name):
    class Decides:
        def accepts(self, x):
            return problem.decisions.accepts(x)

    blind = replace(problem, decisions=Decides())
    solver = SOLVERS[name](steps=1)
    with pytest.raises(NotApplicable):
        fit(solver, blind).recommend(people)
    assert solver.needs


def test_the_first_shell_that_holds_somebody_accepted_says_who_is_nearest(problem, people, fitted):
    """Shell after shell, drawn as the solver draws them, person after person."""
    from recourse_arena import generator

    solver, answer = fitted["cchvae"], fitted["cchvae"].recommend(people)
    for i in range(4):
        ground = Ground(problem, people[i : i + 1], solver.model.encoding)
        here = solver.model.encode(ground.factual, ground.fixed)
        found = None
        for number in range(solver.shells):
            draws = generator(0, "cchvae", "shell", str(number))
            points = here + shell(100, 4, 0.5 * number, 0.5 * (number + 1), draws)
            values = ground.values(solver.model.decode(points[:, None], ground.factual, ground.fixed))[:, 0]
            works = problem.decisions.accepts(values)
            works &= ~problem.features.broken_rules(ground.request.factual, values).any(1)
            if works.any():
                cost = people[i : i + 1].cost(values, values != ground.request.factual)
                found = float(cost[works].min())
                break
        assert bool(answer.solved[i]) == (found is not None)
        if found is not None:
            assert float(people.cost(answer.values, answer.mask)[i]) == pytest.approx(found, rel=1e-5)


def test_more_pull_keeps_people_nearer(problem, people, fitted):
    pulled = [restored(SOLVERS["revise"](pull=pull, rounds=1), problem, fitted["revise"]) for pull in (0.1, 0.001)]
    near, far = (solver.recommend(people) for solver in pulled)
    both = near.solved & far.solved
    assert both.sum() >= 3
    cost = [people.cost(answer.values, answer.mask)[both].mean() for answer in (near, far)]
    assert cost[0] <= cost[1]
    assert far.solved.sum() >= near.solved.sum()


def test_certainty_of_acceptance_goes_further_than_the_nearest_acceptance(problem, people, fitted):
    logit = torch.linspace(-5, 5, 101).double()
    chance = logit.sigmoid()
    entropy = -(chance * chance.log() + (1 - chance) * (1 - chance).log())
    found = uncertainty(logit)
    assert (found.diff() <= 0).all()
    torch.testing.assert_close(found[logit >= 0], entropy[logit >= 0])
    torch.testing.assert_close(found[logit < 0], -chance.log()[logit < 0])
    near, sure = (fitted[name].recommend(people) for name in ("cem", "clue"))
    both = near.solved & sure.solved
    score = [problem.classifier.logit(after(people, answer))[both].mean() for answer in (near, sure)]
    assert score[1] > score[0]


def test_prototypes_lead_nearer_to_accepted_people(problem, people, fitted):
    solver = restored(SOLVERS["cfproto"](theta=5.0, gamma=0.0), problem, fitted["cfproto"])
    plain = restored(SOLVERS["cem"](gamma=0.0), problem, solver)
    apart = []
    for each in (solver, plain):
        answer = each.recommend(people)
        columns = solver.model.encoding.encode(people.factual.double())
        proto = solver.accepted.nearest(columns, solver.prototypes)
        there = solver.accepted.encode(solver.model.encoding.encode(after(people, answer).double()))
        apart.append((answer.solved, (there - proto).norm(dim=1)))
    both = apart[0][0] & apart[1][0]
    assert both.sum() >= 5
    assert apart[0][1][both].mean() < apart[1][1][both].mean()


def test_who_is_asked_to_be_likelier_ends_likelier(problem, people, fitted):
    low, high = (restored(SOLVERS["ppcef"](quantile=share), problem, fitted["ppcef"]) for share in (0.02, 0.7))
    found = []
    for each in (low, high):
        answer = each.recommend(people)
        columns = each.own.encoding.encode(after(people, answer).double())
        found.append((answer.solved, each.own.log_density(columns)))
    both = found[0][0] & found[1][0]
    assert both.sum() >= 5
    assert found[0][1][both].mean() < found[1][1][both].mean()
    assert low.likely.least < high.likely.least


def test_the_flow_of_a_dataset_is_taken_where_there_is_one():
    world = worlds()[1]
    solver = fit(SOLVERS["ppcef"](), world.problem)
    assert solver.own is None
    accepted = world.problem.decisions.accepts(world.problem.training.x)
    expected = world.problem.flow.log_density(world.problem.training.x[accepted]).double().quantile(0.5)
    assert solver.likely.least == pytest.approx(float(expected))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Cchvae(samples=0), "samples must be a whole number"),
        (lambda: Revise(constraints="some"), "unknown constraints of solver revise"),
        (lambda: Clue(pull=-1.0), "pull must be a number of at least 0"),
        (lambda: CFProto(rate=float("nan")), "rate must be a number above 0"),
        (lambda: Ppcef(margin=1), "margin must be a number above 0 and below 1"),
    ],
)
def test_wrong_options_are_refused(make, message):
    with pytest.raises(ArenaError, match=message):
        make()
