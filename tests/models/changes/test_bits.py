"""Bits that are chosen in training, what is pruned as well, and thresholds that are moved until as much lasts."""

from __future__ import annotations

import pytest
import torch

from recourse_arena import FittedDecision, NotApplicable
from recourse_arena.base.randomness import generator
from recourse_arena.models.changes.offers import Pruned, Quantized, ShiftedBias
from recourse_arena.models.changes.training.bits import Budget
from recourse_arena.models.changes.training.quantizers import CHOICES, ChosenBits, LearnedStep
from recourse_arena.models.changes.training.student import Student, linear_layers
from recourse_arena.models.changes.training.teaching import ends_of_advice
from recourse_arena.models.decision.offers import Relu
from recourse_arena.testing.laws.models.change_laws import Changing


@pytest.fixture(scope="module")
def place():
    return Changing(Quantized(), Relu(hidden="12-8", epochs=40, learning_rate=1e-2))


def average(fitted, model):
    sizes = [layer.weight.numel() for layer in linear_layers(fitted.model)]
    return sum(n * bits for n, bits in zip(sizes, model.bits, strict=True)) / sum(sizes)


@pytest.mark.parametrize("budget", [2, 2.5, 3, 4, 8])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_budget_is_kept_by_the_bits_that_are_there(place, budget, seed):
    for change in (Quantized(method="mixed", bits=budget, epochs=6), Quantized(method="cfq", budget=budget, epochs=6)):
        (model,) = change.models(place.fitted, seed=seed).values()
        assert set(model.bits) <= set(CHOICES)
        assert average(place.fitted, model) == pytest.approx(budget, abs=0.15)
        for k, bits in enumerate(model.bits):
            codes = model.packed[f"layers.{k}.codes"]
            assert -(2 ** (bits - 1)) <= int(codes.min()) <= int(codes.max()) < 2 ** (bits - 1)


def test_what_the_budget_costs_draws_the_average_to_it_from_both_sides(place):
    for budget, sign in ((8.0, -1), (2.0, 1)):
        student = Student(place.fitted.model, lambda weight: ChosenBits(weight, torch.Generator().manual_seed(0)))
        kept = Budget(student, budget, 1.0)
        kept.at(0.0)
        loss = kept.added_to(lambda student, batch: student(torch.zeros(1, len(place.fitted.model.encoding))).sum() * 0)
        loss(student, torch.arange(1)).backward()
        slope = student.weigh[0].chances.grad
        assert (slope[-1] - slope[0]) * sign > 0  # downhill leads to more bits, or to fewer


def test_choices_are_made_forward_and_softened_backward(place):
    weight = torch.linspace(-1, 1, 24).reshape(4, 6)
    chosen = ChosenBits(weight, torch.Generator().manual_seed(3))
    chosen.temperature = 0.5
    found = chosen(weight)
    bits = int(chosen.average.detach())
    assert torch.allclose(found, LearnedStep(weight, bits)(weight), atol=1e-6)
    chosen.average.backward()
    assert (chosen.chances.grad != 0).all()
    chosen.fix(0)
    assert chosen.bits == 2
    assert torch.equal(chosen(weight), chosen.each[0](weight))


def test_sizes_count_the_bits_of_each_layer(place):
    change = Quantized(method="mixed", bits=2.5, epochs=4)
    (model,) = change.models(place.fitted, seed=0).values()
    layers = linear_layers(place.fitted.model)
    coded = sum(layer.weight.numel() * bits for layer, bits in zip(layers, model.bits, strict=True))
    biases, weights = sum(m.bias.numel() for m in layers), sum(m.weight.numel() for m in layers)
    size = change.size(place.fitted, model)
    assert size.bits == pytest.approx((coded + 32 * biases) / (weights + biases))
    assert size.bytes == -(-(coded + 32 * (biases + 3 + 2 * len(place.fitted.features))) // 8)
    assert len(set(model.bits)) > 1


def test_a_network_of_many_layers_is_told_why_not(place):
    fitted = place.fitted
    decision = Relu(hidden="2-2-2-2-2-2-2-2", epochs=1)
    deep = decision.fit(fitted.features, fitted.training, fitted.validation, seed=0)
    told = FittedDecision(fitted.features, decision, deep, fitted.training, fitted.validation)
    with pytest.raises(NotApplicable, match="bits are chosen for 8 layers at most, and the network has 9"):
        Quantized(method="mixed", bits=3, epochs=1).models(told, seed=0)


def test_what_is_pruned_stays_so_while_it_is_rounded_and_is_counted(place):
    change = Pruned(share=0.5, bits=4, epochs=5)
    (model,) = change.models(place.fitted, seed=0).values()
    for k, before in enumerate(linear_layers(place.fitted.model)):
        smallest = before.weight.abs().flatten().argsort(stable=True)[: int(0.5 * before.weight.numel())]
        assert model.packed[f"layers.{k}.codes"].flatten()[smallest].abs().sum() == 0
    layers = linear_layers(model)
    left, weights = sum(int((m.weight != 0).sum()) for m in layers), sum(m.weight.numel() for m in layers)
    biases = sum(m.bias.numel() for m in layers)
    assert change.size(place.fitted, model).bits == pytest.approx(
        (weights + 4 * left + 32 * biases) / (weights + biases)
    )


def test_each_option_of_cfq_leads_to_another_network(place):
    def logits(**options):
        (model,) = Quantized(method="cfq", bits=4, epochs=2, **options).models(place.fitted, seed=0).values()
        return model.logit(place.x)

    options = [{}, {"eta": 0.25}, {"condition": False}, {"teacher": "boundary"}, {"match": 1.0}, {"hinge": 1.0}]
    options += [{"match": 1.0, "a1": 0.0}, {"match": 1.0, "a2": 0.0}, {"hinge": 1.0, "gamma": 2.0}, {"activations": 3}]
    found = [logits(**each) for each in options]
    for k, one in enumerate(found):
        assert all((one - other).abs().max() > 1e-4 for other in found[:k]), options[k]


@pytest.mark.parametrize(("of", "like"), [("lsq", "cfq"), ("kd", "cfq")])
def test_a_bias_is_moved_until_as_much_validation_recourse_is_refused(place, of, like):
    fitted, network, change = place.fitted, place.fitted.model, ShiftedBias(like=like, of=of, bits=3)
    (model,) = change.models(fitted, seed=0).values()
    (wanted,) = Quantized(method="cfq", bits=3).models(fitted, seed=0).values()
    draws = generator(0, "changes", "shifted-bias")
    _, points = ends_of_advice(fitted, network, fitted.validation.x, draws=draws)
    refused = [int((each.encoded_logit(points) < 0).sum()) for each in (model, wanted)]
    assert refused[0] == pytest.approx(refused[1], abs=0.005 * len(points))  # some end at the same person
    back = change.restore(fitted, change.state(fitted, model))
    assert torch.equal(back.logit(place.x), model.logit(place.x))  # the bias that was moved is kept
