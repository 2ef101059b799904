"""Recourse that networks in training are taught by: legal people, and losses against a plain loop."""

from __future__ import annotations

import math

import pytest
import torch

from recourse_arena.models.changes.offers import Faithful, Quantized
from recourse_arena.models.changes.training.student import Student, faithful, on_labels, taught_by_recourse
from recourse_arena.models.changes.training.teaching import recourse_points
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
    plain = on_labels(fitted, network)
    taught = taught_by_recourse(plain, network, points, eta=0.5, condition=condition)
    logits = [float(network.encoded_logit(point)) for point in points[:60]]
    who = [logit for logit in logits if logit >= 0 or not condition]
    expected = float(plain(student, batch).detach()) + 0.5 * sum(map(cross_entropy, who)) / len(who)
    assert float(taught(student, batch).detach()) == pytest.approx(expected, rel=1e-5)
    nobody = points[:3].clone()
    nobody[:] = points[network.encoded_logit(points).argmin()]
    loss = taught_by_recourse(lambda student, batch: student(nobody).sum() * 0, network, nobody, eta=1, condition=True)
    assert float(loss(student, torch.arange(3)).detach()) == 0.0


def test_who_stays_as_they_were_loses_only_what_lacks_of_the_margin(place):
    fitted, network = place.fitted, place.fitted.model
    points = recourse_points(fitted, network, steps=80, size=0.04, stop=True)
    student, batch = Student(network), torch.arange(len(points))
    assert float(faithful(fitted, network, points, margin=-9.0)(student, batch).detach()) == pytest.approx(
        0.0, abs=1e-9
    )
    lacks = []
    for z, point in zip(network.encoding.encode(fitted.training.x), points, strict=True):
        if network.encoded_logit(z) < 0 <= (there := float(network.encoded_logit(point))):
            lacks.append(0.5 * max(0.0, 0.25 - there))
    found = float(faithful(fitted, network, points, margin=0.25)(student, batch).detach())
    assert found == pytest.approx(sum(lacks) / len(lacks), rel=1e-4)
    assert found > 0


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
    for change in (Faithful(epochs=40, margin=0.0), Quantized(method="lsq", bits=4, epochs=40)):
        (model,) = change.models(fitted, seed=0).values()
        gaps.append(float((model.logit(x) - fitted.model.logit(x)).abs().mean()))
    assert gaps[0] < gaps[1]
