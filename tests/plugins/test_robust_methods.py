"""Robust recourse: what each method promises is held against corners, samples and draws of its own."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest
import torch
from network_tables import asked, table_problem
from straight_worlds import straight_problem, straight_request

from recourse_arena import ArenaError, NotApplicable, Problem, Recommendation, Request, Solver
from recourse_arena.planning.applicability import Known, mismatch
from recourse_arena.problem.scenario import Scenario
from recourse_arena_arar import Arar
from recourse_arena_ellice import Ellice
from recourse_arena_endogenous import Claproar, Gravitational
from recourse_arena_probe import Probe
from recourse_arena_proplace import Proplace
from recourse_arena_rbr import Rbr
from recourse_arena_rbr.odds import Likelihoods
from recourse_arena_relaxed import Columns, Layers
from recourse_arena_roar import Roar
from recourse_arena_trex import Trex

ALL = (
    Arar(steps=5),
    Claproar(steps=15),
    Ellice(steps=5, loss=0.001),
    Gravitational(steps=15, penalty=0.1),
    Probe(steps=3, price=0.8, draws=200),
    Proplace(steps=4, delta=0.002),
    Rbr(steps=25, draws=100),
    Roar(steps=6, delta=0.02),
    Trex(steps=5, draws=160),
)
NAMES = [solver.name for solver in ALL]


@pytest.fixture(scope="module")
def linear() -> Problem:
    """A table with categories and a linear model."""
    return table_problem(1, hidden=(), whole=False)


@pytest.fixture(scope="module")
def network() -> Problem:
    """The same with a network of one hidden layer."""
    return table_problem(2, hidden=(6,), whole=False)


def everything(problem: Problem, count: int = 3) -> Request:
    return asked(problem, count, actionable="all")


def solve(solver: Solver, problem: Problem, request: Request) -> Recommendation:
    solver.fit(problem.seen_by(solver.knows), seed=0)
    return solver.recommend(request)


def after(request: Request, answer: Recommendation) -> torch.Tensor:
    """Return those who are advised, as they would be."""
    return torch.where(answer.mask, answer.values, request.factual)[answer.solved]


def drawn(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1), dtype=torch.double)


@pytest.mark.parametrize("solver", ALL, ids=NAMES)
def test_advice_is_legal_and_accepted(solver, network):
    request = everything(network, 2)
    answer = solve(solver, network, request)
    assert answer.solved.any()
    x = after(request, answer)
    network.features.validate(x)
    assert network.decisions.accepts(x).all()
    assert (request.box.contains(answer.values, request.features.whole) | ~answer.mask).all()


@pytest.mark.parametrize("solver", ALL, ids=NAMES)
def test_as_published_everything_moves_and_people_stay_people(solver, network):
    request = asked(network, 2, actionable="1")
    published = type(solver)(**{**solver.made_with, "constraints": "ignore"})
    answer = solve(published, network, request)
    assert (answer.mask & ~request.actionable & answer.solved[:, None]).any()
    network.features.validate(after(request, answer))
    assert network.decisions.accepts(after(request, answer)).all()


def test_roar_holds_at_every_corner_of_its_box(linear):
    request, solver = everything(linear), Roar(delta=0.05, steps=8)
    z = Columns(linear).encode(after(request, solve(solver, linear, request))).double()
    assert len(z)
    (layer,) = linear.classifier.layers
    weight, bias = layer.weight.detach()[0].double(), float(layer.bias)
    corners = torch.cat([drawn(2000, z.shape[1] + 1).sign(), -torch.cat([z.sign(), torch.ones(len(z), 1)], 1)])
    far = torch.cat([weight, torch.tensor([bias])]) + solver.delta * corners
    least = (torch.cat([z, torch.ones(len(z), 1)], 1) @ far.T).amin(1)
    assert (least >= 0).all()
    assert least.min() < 0.05  # and no more than the box asks for


def test_lime_finds_a_linear_model_again(linear):
    request = everything(linear)
    solver = Roar(surrogate="lime")
    solver.fit(linear.seen_by(solver.knows), seed=0)
    found = solver.criterion(request).weight
    (layer,) = linear.classifier.layers
    torch.testing.assert_close(found, layer.weight.detach().expand_as(found), rtol=0.05, atol=0.02)


@pytest.mark.parametrize("kind", ["linear", "network"])
def test_ellice_holds_in_the_whole_ellipsoid(kind, request):
    problem = request.getfixturevalue(kind)
    people, solver = everything(problem), Ellice(loss=0.002, steps=8)
    answer = solve(solver, problem, people)
    ellipsoid = solver.ellipsoid
    seen = ellipsoid.layers.last(Columns(problem).encode(after(people, answer)))
    assert len(seen)
    on = drawn(len(ellipsoid.root), 3000)
    worst = -torch.linalg.solve_triangular(ellipsoid.root, seen.T, upper=False)  # the direction of each one's worst
    on = torch.cat([on, worst], 1)
    moves = torch.linalg.solve_triangular(ellipsoid.root.T, on / on.norm(dim=0), upper=True) * ellipsoid.radius
    hessian = ellipsoid.root @ ellipsoid.root.T
    spent = (moves * (hessian @ moves)).sum(0) / 2
    torch.testing.assert_close(spent, torch.full_like(spent, solver.loss))
    logits = seen @ (ellipsoid.layers.theta[:, None] + moves)
    assert (logits >= 0).all()
    assert logits.min() < 0.05


def test_ellice_allows_as_much_log_loss_as_it_says():
    """To second order the mean log loss at the edge is higher by what is allowed, if today's model is the best one."""
    problem = table_problem(1, hidden=(), whole=False)
    solver = Ellice(loss=1e-4, ridge=0.0)
    solver.fit(problem.seen_by(solver.knows), seed=0)
    ellipsoid = solver.ellipsoid
    seen = ellipsoid.layers.last(Columns(problem).encode(problem.training.x))
    y = (seen @ ellipsoid.layers.theta).sigmoid()  # labels for which today's model is the best one

    def loss(theta):
        logit = seen @ theta
        return torch.nn.functional.binary_cross_entropy_with_logits(logit, y)

    move = torch.linalg.solve_triangular(ellipsoid.root.T, drawn(len(ellipsoid.root), 1), upper=True)[:, 0]
    move *= ellipsoid.radius / (ellipsoid.root.T @ move).norm()
    theta = ellipsoid.layers.theta
    assert float(loss(theta + move) - loss(theta)) == pytest.approx(solver.loss, rel=0.1)


def test_probe_knows_the_invalidation_rate_to_first_order_and_keeps_it(linear, network):
    for problem in (linear, network):
        request, solver = everything(problem), Probe(target=0.2, steps=4, price=0.8, draws=500)
        answer = solve(solver, problem, request)
        criterion = solver.criterion(request)
        z = Columns(problem).encode(after(request, answer))
        noise = drawn(4000, z.shape[1]).to(z.dtype) * criterion.noise
        counted = (Columns(problem).around(z, noise) < 0).double().mean(1)
        assert len(z)
        assert (counted < 0.2 + 0.005 + 0.04).all()
        if problem is linear:
            assert (criterion.rate(z) - counted).abs().max() < 0.03
        assert solver.columns.slope(z)[1].shape == z.shape


def test_trex_is_as_stable_as_it_says(network):
    request = everything(network)
    costs = []
    for least in (0.4, 0.7):
        solver = Trex(least=least, steps=8, draws=480)
        answer = solve(solver, network, request)
        z = Columns(network).encode(after(request, answer))
        noise = drawn(4000, z.shape[1]).to(z.dtype) * solver.criterion(request).noise
        around, here = Columns(network).around(z, noise).sigmoid(), Columns(network).logit(z).sigmoid()
        stable = around.mean(1) - (around - here[:, None]).abs().mean(1)
        assert len(z)
        assert (stable >= least - 0.03).all()
        costs.append(torch.where(answer.solved, request.cost(answer.values, answer.mask), torch.inf))
    assert (costs[1] >= costs[0] * 0.99).all()


def test_the_worst_logit_is_that_of_the_worst_corner_with_one_hidden_layer():
    radius, z = 0.3, torch.tensor([[0.5, -1.0], [2.0, 0.1]], dtype=torch.double)
    first, last = drawn(3, 3)[:2], drawn(4, 3)[2:3]  # weights and a bias of two units, and of the logit
    maps = ((first[:, :2], first[:, 2]), (last[:, :2], last[:, 2]))
    layers = Layers(maps, torch.zeros(2, dtype=torch.double), torch.ones(2, dtype=torch.double))
    least = torch.full((2,), torch.inf, dtype=torch.double)
    for signs in itertools.product((-radius, radius), repeat=9):
        move = torch.tensor(signs, dtype=torch.double)
        hidden = (z @ (first[:, :2] + move[:4].reshape(2, 2)).T + first[:, 2] + move[4:6]).relu()
        least = torch.minimum(least, hidden @ (last[0, :2] + move[6:8]) + last[0, 2] + move[8])
    torch.testing.assert_close(layers.worst(z, radius), least)
    torch.testing.assert_close(layers.worst(z, 0.0), layers.last(z) @ layers.theta)


@pytest.mark.parametrize("unit", ["range", "sd"])
def test_layers_in_units_say_what_the_model_says(network, unit):
    x = network.training.x[:50]
    worst = Layers.of(network, unit).worst(Columns(network).encode(x), 0.0)
    torch.testing.assert_close(worst, network.classifier.logit(x).double(), rtol=1e-4, atol=1e-4)


def test_proplace_is_accepted_by_networks_all_over_the_box(network):
    request, solver = everything(network), Proplace(delta=0.01, steps=6)
    answer = solve(solver, network, request)
    seen = solver.layers.seen(Columns(network).encode(after(request, answer)))
    assert len(seen)
    (w, b), (v, c) = solver.layers.maps
    for _ in range(300):
        move = [solver.delta * torch.rand_like(t).mul(2).sub(1).sign() for t in (w, b, v, c)]
        logit = (seen @ (w + move[0]).T + b + move[1]).relu() @ (v + move[2]).T + c + move[3]
        assert (logit >= 0).all()


def test_worst_gaussians_are_the_worst_of_many():
    count, sigma, radius = 4, 0.7, 0.5
    tables = Likelihoods.of(count, sigma, accepted=radius, refused=radius)
    x = torch.zeros(count, dtype=torch.double)
    for c in (0.0, 0.4, 1.5):
        x[0] = c
        way = drawn(20_000, 2 * count)
        way *= radius * torch.linspace(0, 1, len(way), dtype=torch.double)[:, None] / way.norm(dim=1, keepdim=True)
        mean, sd = way[:, :count], sigma + way[:, count:].abs()
        logs = -(sd / sigma).log().sum(1) - math.log(sigma) - ((x - mean) ** 2 / (2 * sd**2)).sum(1)
        at = torch.tensor(c, dtype=torch.double)
        assert float(tables.at(tables.least, at)) <= float(logs.min()) + 1e-3
        assert float(tables.at(tables.most, at)) >= float(logs.max()) - 1e-3
    exact = Likelihoods.of(count, sigma, accepted=0.0, refused=0.0)
    torch.testing.assert_close(exact.least, exact.most)


def test_rbr_has_better_odds_the_farther_it_may_go(network):
    request, means = everything(network, 3), []
    for plus in (0.0, 1.5):
        solver = Rbr(draws=100, steps=30, accepted=0.0, refused=0.0, plus=plus)
        answer = solve(solver, network, request)
        odds = solver.criterion(request)[answer.solved.nonzero()[:, 0]]
        means.append(float(odds.surplus(Columns(network).encode(after(request, answer))).mean()))
    assert means[1] > means[0]


def test_arar_works_for_everybody_alike_with_what_follows():
    problem = straight_problem(0)
    request = straight_request(problem, 3, plausibility=False)
    solver = Arar(reach=0.3, steps=6)
    answer = solve(solver, problem, request)
    assert answer.solved.any()
    sd = problem.cost.sd
    for move in drawn(200, 6):
        shift = move / move.norm() * solver.reach * sd
        then = problem.causal_model.counterfactual(request.factual + shift, answer.mask, answer.values + shift)
        assert (problem.decisions.logit(then)[answer.solved] >= -1e-3).all()


def test_penalties_lead_farther_and_nearer_to_accepted_people(network):
    request = everything(network)
    columns, centre = Columns(network), network.training.x[network.decisions.accepts(network.training.x)]
    centre = columns.encode(centre).mean(0)
    logits, away = [], []
    for penalty in (0.0, 2.0):
        answer = solve(Claproar(penalty=penalty, steps=15), network, request)
        logits.append(float(network.classifier.logit(after(request, answer)).mean()))
        answer = solve(Gravitational(penalty=penalty, steps=15), network, request)
        z = columns.encode(after(request, answer))
        away.append(float(((z - centre) / columns.units("range")).abs().sum(1).mean()))
    assert logits[0] < logits[1]
    assert away[1] < away[0]


@pytest.mark.parametrize("solver", ALL, ids=NAMES)
def test_forests_are_refused_with_a_reason(solver, network):
    known = replace(Known.of_problem(network), decision="forest", differentiable=False, structure="")
    assert "needs" in mismatch(solver, Scenario("asked"), known)


def test_a_classifier_without_columns_between_categories_is_no_case(network):
    class Bare:
        def logit(self, x):
            return network.classifier.logit(x)

        def accepts(self, x):
            return network.decisions.accepts(x)

    with pytest.raises(NotApplicable, match="no logit between two categories"):
        solve(Probe(), replace(network, decisions=Bare()), everything(network))


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (Probe, {"target": 1.5}, "target must be a number from 0 to below 1"),
        (Probe, {"unit": "metres"}, "unit of solver probe"),
        (Roar, {"delta": -1}, "delta must be a number of at least 0"),
        (Roar, {"surrogate": "tree"}, "surrogate of solver roar"),
        (Trex, {"draws": 0}, "draws must be a whole number"),
        (Ellice, {"loss": True}, "loss must be a number"),
        (Rbr, {"sigma": 0}, "sigma must be a number"),
        (Proplace, {"neighbours": 1.5}, "neighbours must be a whole number"),
        (Claproar, {"constraints": "maybe"}, "constraints of solver claproar"),
        (Arar, {"rate": float("nan")}, "rate must be a number"),
    ],
)
def test_wrong_options_are_refused(kind, options, message):
    with pytest.raises(ArenaError, match=message):
        kind(**options)
