"""Recourse that networks in training are taught by: legal people, and losses against a plain loop."""

from __future__ import annotations

import math

import pytest
import torch

from recourse_arena.models.changes.offers import Faithful, Quantized
from recourse_arena.models.changes.training import losses
from recourse_arena.models.changes.training.student import Student
from recourse_arena.models.changes.training.teaching import Unrolled, ends_of_advice, recourse_points
from recourse_arena.models.decision.offers import Relu
from recourse_arena.testing.laws.models.change_laws import Changing


@pytest.fixture(scope="module")
def place():
    return Changing(Quantized(), Relu(hidden="8-4", epochs=40, learning_rate=1e-2))


@pytest.mark.parametrize("how", [{}, {"steps": 80, "size": 0.04, "stop": True}])
def test_points_are_people_within_bounds_who_move_as_they_may(place, how):
    fitted, network = place.fitted, place.fitted.model
    z = recourse_points(fitted, network, **how)
    x, then = fitted.training.x, network.encoding.decode(z)
    assert torch.equal(network.encoding.encode(then), z)
    table, low, high = fitted.features, x.amin(0), x.amax(0)
    for j, feature in enumerate(table):
        moved = then[:, j] - x[:, j]
        off = 1e-5  # there and back again through the encoding
        if feature.role != "actionable" or feature.kind == "categorical":
            assert moved.abs().max() < off, feature.name
        if feature.direction == "up":
            assert moved.min() > -off
        if feature.direction == "down":
            assert moved.max() < off
        assert low[j] - off <= then[:, j].min() <= then[:, j].max() <= high[j] + off
    raised = network.encoded_logit(z) - network.logit(x)
    assert raised.mean() > 0


def test_three_steps_go_as_far_as_three_steps_and_others_end_behind_the_boundary(place):
    fitted, network = place.fitted, place.fitted.model
    before = network.encoding.encode(fitted.training.x)
    short = recourse_points(fitted, network)
    numbers = network.encoding.columns_of("savings")
    assert float((short - before)[:, numbers].abs().max()) == pytest.approx(0.24, abs=1e-5)
    refused = network.encoded_logit(before) < 0
    far = recourse_points(fitted, network, steps=80, size=0.04, stop=True)
    reached = refused & (network.encoded_logit(far) >= 0)
    assert reached.sum() > 0.5 * refused.sum()
    assert reached.sum() > (refused & (network.encoded_logit(short) >= 0)).sum()
    assert torch.allclose(far[~refused], before[~refused], atol=1e-5)  # who is accepted stays


def cross_entropy(logit):
    return math.log1p(math.exp(-logit))


@pytest.mark.parametrize("condition", [True, False])
def test_teaching_counts_as_a_plain_loop_says(place, condition):
    fitted, network = place.fitted, place.fitted.model
    points, batch, student = recourse_points(fitted, network), torch.arange(60), Student(network)
    who = (network.encoded_logit(points) >= 0).float() if condition else torch.ones(len(points))
    plain, logits = losses.on_labels(fitted, network), network.encoded_logit(points[:60]).tolist()
    counted = [logit for logit in logits if logit >= 0 or not condition]
    taught = plain.plus(0.5, losses.taught(points, who)).plus(2.0, losses.hinged(points, who, 0.25))
    expected = float(plain(student, batch).detach()) + 0.5 * sum(map(cross_entropy, counted)) / len(counted)
    expected += 2.0 * sum(max(0.0, 0.25 - logit) for logit in counted) / len(counted)
    assert float(taught(student, batch).detach()) == pytest.approx(expected, rel=1e-5)
    nobody = losses.taught(points, torch.zeros(len(points)))
    assert float(nobody(student, batch).detach()) == 0.0


def test_consistency_is_a_mean_square_of_what_logits_moved_by(place):
    network, points = place.fitted.model, recourse_points(place.fitted, place.fitted.model)
    student = Student(network)
    with torch.no_grad():
        student.biases[-1].add_(0.3)
    loss = losses.consistent(network, points)(student, torch.arange(50))
    assert float(loss.detach()) == pytest.approx(0.09, rel=1e-3)


def test_recourse_matches_itself_and_has_a_gradient_through_its_steps(place):
    fitted, network = place.fitted, place.fitted.model
    unrolled, batch, student = Unrolled(fitted, network), torch.arange(80), Student(network)

    def loss(student, a1, a2):
        base = lambda student, batch: student.biases[-1].sum() * 0  # noqa: E731
        return losses.matching(base, network, unrolled, weight=1.0, a1=a1, a2=a2)(student, batch)

    assert float(loss(student, 1.0, 1.0).detach()) == pytest.approx(0.0, abs=1e-5)
    with torch.no_grad():
        student.weights[0].mul_(torch.linspace(-1, 1, student.weights[0].numel()).reshape(student.weights[0].shape))
    where, cost = loss(student, 1.0, 0.0), loss(student, 0.0, 1.0)
    moves = [unrolled.moves(logit, batch).detach() for logit in (student, network.encoded_logit)]
    assert float(where.detach()) == pytest.approx(float((moves[0] - moves[1]).abs().sum(-1).mean()), rel=1e-5)
    sizes = [move.abs().sum(-1) for move in moves]
    assert float(cost.detach()) == pytest.approx(float((sizes[0] - sizes[1]).abs().mean()), rel=1e-5)
    where.backward()
    assert student.weights[0].grad.abs().max() > 0


def test_advice_of_many_kinds_ends_close_behind_the_boundary(place):
    fitted, network, features = place.fitted, place.fitted.model, place.fitted.features
    start, end = ends_of_advice(fitted, network, fitted.training.x, draws=torch.Generator().manual_seed(0))
    assert len(start) > 1000
    assert (network.encoded_logit(start) < 0).all()
    x, then = network.encoding.decode(start), network.encoding.decode(end)
    assert network.accepts(then).all()
    moved = (then - x).abs() > 1e-4
    assert not moved[:, ~features.actionable].any()
    assert set(moved.sum(-1).tolist()) == {1, 2, 3}
    assert moved[:, features.categorical].any()
    assert ((then - x)[:, features.directed > 0] > -1e-4).all()
    assert ((then - x)[:, features.directed < 0] < 1e-4).all()
    numbers = ~moved[:, features.categorical].any(-1) & ~moved[:, torch.tensor([f.whole for f in features])].any(-1)
    assert network.encoded_logit(end[numbers]).max() < 0.05


def test_who_stays_as_they_were_loses_only_what_lacks_of_the_margin(place):
    fitted, network = place.fitted, place.fitted.model
    ends = ends_of_advice(fitted, network, fitted.training.x, draws=torch.Generator().manual_seed(0))

    def loss(margin):
        draws = torch.Generator().manual_seed(1)
        found = losses.faithful(fitted, network, ends, margin=margin, draws=draws)
        return float(found(Student(network), torch.arange(256)))

    with torch.no_grad():
        assert loss(0.0) == pytest.approx(0.0, abs=1e-6)
        assert loss(0.1) > 1e-4


def test_teaching_everybody_leads_to_leniency(place):
    fitted, x = place.fitted, place.x

    def acceptance(change):
        (model,) = change.models(fitted, seed=0).values()
        return float(model.accepts(x).float().mean())

    lsq = acceptance(Quantized(method="lsq", bits=4))
    untaught = acceptance(Quantized(method="cfq", bits=4, eta=0.0))
    lenient = acceptance(Quantized(method="cfq", bits=4, eta=4.0, condition=False))
    assert abs(untaught - lsq) < 0.1
    assert lenient > lsq + 0.1


def test_faithful_bits_stay_nearer_to_the_decisions_than_learned_steps(place):
    fitted, x = place.fitted, place.x
    gaps = []
    for change in (Faithful(updates=150, margin=0.0), Quantized(method="lsq", bits=4, epochs=75)):
        (model,) = change.models(fitted, seed=0).values()
        gaps.append(float((model.logit(x) - fitted.model.logit(x)).std()))
    assert gaps[0] < gaps[1]


def test_faithful_bits_accept_as_much_of_validation_recourse_as_was_asked_for(place):
    fitted = place.fitted
    logits = {}
    for lasting in (0.5, 0.98):
        (model,) = Faithful(updates=30, lasting=lasting).models(fitted, seed=0).values()
        _, end = ends_of_advice(fitted, fitted.model, fitted.validation.x, draws=torch.Generator().manual_seed(0))
        logits[lasting] = float((model.encoded_logit(end) >= 0).float().mean())
    assert logits[0.5] == pytest.approx(0.5, abs=0.05)
    assert logits[0.98] == pytest.approx(0.98, abs=0.02)


def test_a_margin_is_one_of_a_network_that_was_tuned_for_it(place):
    def there(method):
        (model,) = Quantized(method=method, bits=8, epochs=20).models(place.fitted, seed=0).values()
        return float(model.encoded_logit(recourse_points(place.fitted, place.fitted.model)).clamp(max=0.25).mean())

    assert there("r-margin") > there("lsq") + 0.02
