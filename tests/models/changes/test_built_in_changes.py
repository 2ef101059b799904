"""The suite's changes: laws that all of them keep, formulas against plain ones, and what they refuse."""

from __future__ import annotations

import pytest
import torch

from recourse_arena import ArenaError, FittedDecision, NotApplicable
from recourse_arena.interfaces.hookspecs import PROJECT
from recourse_arena.models.changes import offers
from recourse_arena.models.changes.networks import ClippedNetwork
from recourse_arena.models.changes.training.quantizers import Clipped, LearnedStep, uniform
from recourse_arena.models.changes.training.student import linear_layers
from recourse_arena.models.decision.handed import handed_over
from recourse_arena.models.decision.offers import Forest, Logistic, Relu
from recourse_arena.registry.registry import Registry
from recourse_arena.testing.checking import check
from recourse_arena.testing.laws.models.change_laws import Changing

CHANGES = {
    "same": offers.Same(),
    "retrained": offers.Retrained(models=2),
    "bootstrap": offers.Retrained(models=2, bootstrap=True),
    "left-out": offers.Retrained(models=2, leave_out=0.2),
    "shifted": offers.Shifted(feature="age"),
    "shifted-bias": offers.ShiftedBias(by=-0.3),
    "fine-tuned": offers.FineTuned(epochs=4),
    "pruned": offers.Pruned(epochs=4),
    "kd-32": offers.Distilled(epochs=4),
    "kd-4": offers.Distilled(bits=4, epochs=4),
    "ptq-8": offers.Quantized(),
    "ptq-12": offers.Quantized(bits=12),
    "lsq-2": offers.Quantized(method="lsq", bits=2, epochs=4),
    "cfq-4": offers.Quantized(method="cfq", bits=4, epochs=4, condition=False),
    "cfq-3": offers.Quantized(method="cfq", bits=3, epochs=4, teacher="boundary"),
    "faithful-4": offers.Faithful(updates=20),
    "box": offers.Box(models=2),
    "box-8": offers.Box(bits=8, models=2),
    "onnx-dynamic": offers.Deployed(),
    "onnx-static": offers.Deployed(method="onnx-static"),
    "pact-3": offers.Quantized(method="pact", bits=3, epochs=4),
    "mixed-3": offers.Quantized(method="mixed", bits=3, epochs=4),
    "cfq-mixed-2.5": offers.Quantized(method="cfq", budget=2.5, epochs=4, match=0.5, hinge=0.5),
    "lsq-4-4": offers.Quantized(method="lsq", bits=4, activations=4, epochs=4),
    "r-margin-4": offers.Quantized(method="r-margin", bits=4, epochs=3),
    "r-consistency-4": offers.Quantized(method="r-consistency", bits=4, epochs=3),
    "pruned-4": offers.Pruned(bits=4, epochs=4),
    "shifted-lsq-4": offers.ShiftedBias(like="cfq"),
    "shifted-kd-3": offers.ShiftedBias(like="cfq", of="kd", bits=3),
}

NOT_OF_NETWORKS = ("same", "retrained", "bootstrap", "left-out", "shifted")


@pytest.fixture(scope="module")
def place():
    return Changing(offers.Same(), Relu(hidden="8-4", epochs=40, learning_rate=1e-2))


def fitted_with(place, decision):
    fitted = place.fitted
    model = decision.fit(fitted.features, fitted.training, fitted.validation, seed=0)
    return FittedDecision(fitted.features, decision, model, fitted.training, fitted.validation)


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_keeps_every_law(name):
    report = check(CHANGES[name])
    assert report.ok, report.text()


def test_all_that_are_offered_are_tried_here():
    files = {offers.Onnx}  # those that need one: test_onnx_models.py
    assert {type(change) for change in CHANGES.values()} | files == set(offers.recourse_changes())
    assert getattr(offers.recourse_changes, f"{PROJECT}_impl") is not None


def test_models_say_by_their_names_what_they_are(place):
    names = [name for change in CHANGES.values() for name in change.models(place.fitted, seed=0)]
    assert names == [
        "same", "retrained-1", "retrained-2", "retrained-1", "retrained-2", "retrained-1", "retrained-2", "upper",
        "shifted-bias", "fine-tuned", "pruned",
        "kd-32", "kd-4", "ptq-8", "ptq-12", "lsq-2", "cfq-4", "cfq-3", "faithful-4",
        "corner-1", "inside-1", "worst", "corner-1", "inside-1", "worst", "onnx-dynamic", "onnx-static", "pact-3",
        "mixed-3",
        "cfq-mixed-2.5", "lsq-4", "r-margin-4", "r-consistency-4", "pruned-4", "shifted-lsq-4", "shifted-kd-3",
    ]  # fmt: skip


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_rounding_is_uniform_and_symmetric_with_a_step_for_each_layer(place, bits):
    (model,) = offers.Quantized(bits=bits).models(place.fitted, seed=0).values()
    for before, after in zip(linear_layers(place.fitted.model), linear_layers(model), strict=True):
        most = 2 ** (bits - 1) - 1
        step = max(abs(float(w)) for w in before.weight.flatten()) / most
        for old, new in zip(before.weight.flatten().tolist(), after.weight.flatten().tolist(), strict=True):
            assert new == pytest.approx(round(old / step) * step, abs=1e-6)
            assert abs(new - old) <= step / 2 + 1e-6
        assert torch.equal(before.bias, after.bias)


def test_a_learned_step_has_the_gradients_of_its_paper():
    weight = torch.tensor([0.9, -0.31, 0.12, -2.0, 0.26], requires_grad=True)
    step = LearnedStep(weight, 3)
    assert float(step.step.detach()) == pytest.approx(2 * float(weight.detach().abs().mean()) / 3**0.5)
    out = torch.tensor([1.0, -0.5, 2.0, 0.3, 0.7])
    (step(weight) * out).sum().backward()
    expected, passed = 0.0, []
    size = float(step.step.detach())
    for value, slope in zip(weight.detach().tolist(), out.tolist(), strict=True):
        ratio = value / size
        inside = -4 < ratio < 3
        expected += slope * (round(ratio) - ratio if inside else max(-4, min(3, ratio)))
        passed.append(slope if inside else 0.0)
    assert float(step.step.grad) == pytest.approx(expected / (5 * 3) ** 0.5, abs=1e-5)
    assert weight.grad.tolist() == pytest.approx(passed, abs=1e-6)


def test_a_clipped_rectifier_rounds_in_steps_and_its_clip_learns_where_it_clips():
    clipped, z = Clipped(2, 3.0), torch.tensor([-1.0, 0.4, 1.6, 5.0, 7.0], requires_grad=True)
    found = clipped(z)
    assert found.tolist() == pytest.approx([0.0, 0.0, 2.0, 3.0, 3.0])
    found.sum().backward()
    assert float(clipped.clip.grad) == 2.0
    assert z.grad.tolist() == [0.0, 1.0, 1.0, 0.0, 0.0]


def test_trained_codes_are_within_their_bits(place):
    for change, least, most in ((offers.Quantized(method="lsq", bits=2, epochs=3), -2, 1),
                                (offers.Quantized(method="pact", bits=2, epochs=3), -1, 1)):  # fmt: skip
        (model,) = change.models(place.fitted, seed=0).values()
        codes = torch.cat([t.flatten() for name, t in model.packed.items() if name.endswith("codes")])
        assert codes.dtype is torch.int8
        assert least <= int(codes.min()) < 0 < int(codes.max()) <= most


def test_activations_of_few_bits_are_what_a_plain_loop_says(place):
    (model,) = offers.Quantized(method="pact", bits=3, epochs=3).models(place.fitted, seed=0).values()
    assert isinstance(model, ClippedNetwork)
    layers, z = linear_layers(model.network), model.encoding.encode(place.x[:5].double())
    for row, logit in zip(z.tolist(), model.logit(place.x[:5]).tolist(), strict=True):
        values = row
        for k, layer in enumerate(layers):
            weight, bias = layer.weight.double().tolist(), layer.bias.double().tolist()
            values = [
                sum(a * b for a, b in zip(line, values, strict=True)) + c for line, c in zip(weight, bias, strict=True)
            ]
            if k < len(layers) - 1:
                clip = float(model.clips[k])
                values = [round(min(max(v, 0.0), clip) / (clip / 7)) * (clip / 7) for v in values]
        assert values[0] == pytest.approx(logit, abs=1e-6)


def test_what_is_pruned_stays_pruned_however_long_it_is_trained(place):
    (model,) = offers.Pruned(share=0.5, epochs=5).models(place.fitted, seed=0).values()
    for before, after in zip(linear_layers(place.fitted.model), linear_layers(model), strict=True):
        count = int(0.5 * before.weight.numel())
        smallest = before.weight.abs().flatten().argsort(stable=True)[:count]
        assert after.weight.flatten()[smallest].abs().sum() == 0
        assert not torch.equal(after.weight, before.weight)


def test_a_size_counts_codes_by_their_bits_and_biases_in_full(place):
    fitted = place.fitted
    weights = sum(layer.weight.numel() for layer in linear_layers(fitted.model))
    biases = sum(layer.bias.numel() for layer in linear_layers(fitted.model))
    scale = 2 * len(fitted.features) * 4
    change = offers.Quantized(bits=4)
    (model,) = change.models(fitted, seed=0).values()
    size = change.size(fitted, model)
    assert size.bits == pytest.approx((4 * weights + 32 * biases) / (weights + biases))
    assert size.bytes == -(-4 * weights // 8) + 4 * biases + 3 * 4 + scale
    whole = offers.Same().size(fitted, fitted.model)
    assert whole == (32.0, 4 * (weights + biases) + scale)
    forest = fitted_with(place, Forest(trees=3))
    assert offers.Same().size(forest, forest.model).bits is None
    assert offers.Same().size(forest, forest.model).bytes > 1000


def test_a_shift_adds_to_everybodys_logit(place):
    (model,) = offers.ShiftedBias(by=0.5).models(place.fitted, seed=0).values()
    spread = float(place.fitted.model.logit(place.fitted.validation.x).std())
    gap = model.logit(place.x) - place.fitted.model.logit(place.x)
    assert gap.tolist() == pytest.approx([0.5 * spread] * len(place.x), abs=1e-4)


def test_what_learns_from_itself_stays_nearer_than_what_learns_from_labels(place):
    """With all weight on its own decisions, at full precision, nothing draws it away from where it is."""
    (own,) = offers.Distilled(alpha=1.0, epochs=30).models(place.fitted, seed=0).values()
    (labels,) = offers.Distilled(alpha=0.0, epochs=30).models(place.fitted, seed=0).values()
    before = place.fitted.model.logit(place.x)
    assert (own.logit(place.x) - before).abs().mean() < 0.5 * (labels.logit(place.x) - before).abs().mean()


def test_training_on_counts_unfavourable_labels_as_it_was_told_to(place):
    shares = []
    for weight in (0.2, 1.0, 5.0):
        fitted = fitted_with(place, Relu(hidden="8-4", epochs=40, learning_rate=1e-2))
        fitted.decision.recipe = type(fitted.decision.recipe)(hidden=(8, 4), negative_weight=weight)
        (model,) = offers.FineTuned(epochs=60).models(fitted, seed=0).values()
        shares.append(float(model.accepts(place.x).float().mean()))
    assert shares[0] > shares[1] > shares[2]


def test_retraining_draws_anew_by_seed(place):
    change = offers.Retrained(models=2)
    one, again, other = (change.models(place.fitted, seed=seed) for seed in (0, 0, 1))
    logits = {id(models): [m.logit(place.x) for m in models.values()] for models in (one, again, other)}
    assert torch.equal(logits[id(one)][0], logits[id(again)][0])
    assert not torch.equal(logits[id(one)][0], logits[id(other)][0])
    assert not torch.equal(*logits[id(one)])


@pytest.mark.parametrize("change", [c for n, c in CHANGES.items() if n not in NOT_OF_NETWORKS])
def test_only_networks_are_compressed(place, change):
    forest = fitted_with(place, Forest(trees=3))
    with pytest.raises(NotApplicable, match=f"change {change.name}: the decision model forest is no ReLU network"):
        change.models(forest, seed=0)
    assert change.models(fitted_with(place, Logistic()), seed=0)  # a network without a hidden layer


def test_models_trained_again_are_others_by_another_number(place):
    chosen, others = (offers.Retrained(models=1, others=n).models(place.fitted, seed=0) for n in (0, 1))
    x = place.fitted.training.x
    assert not torch.equal(chosen["retrained-1"].logit(x), others["retrained-1"].logit(x))


def test_what_no_seed_changes_is_not_said_to_last_when_trained_again(place):
    logistic = fitted_with(place, Logistic())
    with pytest.raises(NotApplicable, match="does not depend on its seed.*bootstrap=true"):
        offers.Retrained(models=2).models(logistic, seed=0)
    assert len(offers.Retrained(models=2, bootstrap=True).models(logistic, seed=0)) == 2
    handed = fitted_with(place, handed_over(lambda frame: frame["savings"] > 0, name="mine"))
    with pytest.raises(NotApplicable, match="decision model mine does not depend on its training people"):
        offers.Retrained(models=2, bootstrap=True).models(handed, seed=0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("quantised", "unknown change of the decision model 'quantised'. Did you mean 'quantized'"),
        ("quantized?method=lqs", "unknown method of change quantized 'lqs'. Did you mean 'lsq'"),
        (
            "quantized?method=3",
            "'3'. Known: cfq, lsq, mixed, pact, ptq, r-consistency, r-margin",
        ),
        ("deployed?method=onnx", "unknown method of change deployed 'onnx'. Did you mean"),
        ("box?delta=0", "change box: delta must be a number above 0, got 0"),
        ("box?bits=1", "change box: bits must be a whole number from 2 to 16, got 1"),
        ("box?bits=8&relative=true", "bits say how far weights move; delta and relative do without them"),
        ("box?models=-1", "change box: models must be a whole number from 0 to 1000, got -1"),
        ("quantized?bit=4", "unknown option of change of the decision model 'quantized' 'bit'. Did you mean 'bits'"),
        ("quantized?bits=1", "change quantized: bits must be a whole number from 2 to 16, got 1"),
        ("quantized?bits=4.0", "bits must be a whole number from 2 to 16, got 4.0"),
        ("quantized?bits=true", "expected a number, got true"),
        ("quantized?method=lsq&eta=0.5", "change quantized: eta is an option of method cfq, not of lsq"),
        ("quantized?method=lsq&bit_cost=2", "bit_cost is an option of methods cfq and mixed, not of lsq"),
        ("quantized?method=pact&activations=4", "activations is an option of methods lsq and cfq, not of pact"),
        ("quantized?method=mixed&bits=9", "bits must be a number from 2 to 8, got 9"),
        ("quantized?method=cfq&budget=nan", "budget must be a number, got nan"),
        ("quantized?method=cfq&budget=1.5", "budget must be a number from 2 to 8, got 1.5"),
        ("quantized?method=lsq&bits=2.5", "bits must be a whole number from 2 to 16, got 2.5"),
        ("quantized?method=cfq&match=-1", "match must not be negative, got -1"),
        ("faithful?lasting=1", "lasting must be a number above 0 and below 1, got 1"),
        ("pruned?bits=1", "bits must be a whole number from 2 to 16, got 1"),
        ("shifted-bias?like=cfk", "unknown like of change shifted-bias 'cfk'. Did you mean 'cfq'"),
        ("shifted-bias?like=cfq&by=1", "by and like exclude each other"),
        ("shifted-bias?of=kd", "of, bits and eta are options beside like=cfq or like=faithful"),
        ("quantized?method=cfq&teacher=boundry", "teacher of change quantized 'boundry'. Did you mean 'boundary'"),
        ("quantized?method=cfq&eta=nan", "change quantized: eta must be a number, got nan"),
        ("quantized?method=cfq&eta=-1", "change quantized: eta must not be negative, got -1"),
        ("faithful?margin=inf", "change faithful: margin must be a number, got inf"),
        ("retrained?models=0", "change retrained: models must be a whole number from 1 to 1000, got 0"),
        ("retrained?bootstrap=2", "expected true or false, got 2"),
        ("retrained?leave_out=1", "retrained: leave_out must be a number from 0 to below 1, got 1"),
        ("retrained?leave_out=.1&bootstrap=true", "drawn with replacement (bootstrap) or left out, not both"),
        ("shifted", "change shifted: expected the name of a feature, as in 'shifted?feature=age'"),
        ("shifted?feature=age&part=uper", "part of change shifted 'uper'. Did you mean 'upper'"),
        ("shifted?feature=age&share=1", "change shifted: share must be a number above 0 and below 1, got 1"),
        ("pruned?share=1", "share must be a number above 0 and below 1, got 1"),
        ("pruned?share=nan", "share must be a number, got nan"),
        ("distilled?alpha=2", "alpha must be a number from 0 to 1, got 2"),
        ("distilled?temperature=0", "temperature must be a number above 0, got 0"),
        ("distilled?bits=64", "bits must be a whole number from 2 to 16, got 64"),
        ("shifted-bias?by=inf", "by must be a number, got inf"),
        ("fine-tuned?epochs=-1", "epochs must be a whole number from 1 to 10000, got -1"),
    ],
)
def test_wrong_names_and_options_say_what_was_expected(text, message):
    registry = Registry()
    for change in offers.recourse_changes():
        registry.changes[change.name] = change
    with pytest.raises(ArenaError) as raised:
        registry.change(text)
    assert message in str(raised.value)


def test_a_step_of_nothing_but_zeros_is_no_division_by_zero():
    codes, step = uniform(torch.zeros(3), 4)
    assert codes.tolist() == [0.0, 0.0, 0.0]
    assert float(step) > 0


class Told(Logistic):
    """Remembers whom it is trained on."""

    def fit(self, features, training, validation, *, seed, report=None):
        self.people = [*getattr(self, "people", []), training]
        return super().fit(features, training, validation, seed=seed)


def told(place):
    fitted = fitted_with(place, Told())
    fitted.decision.people.clear()
    return fitted


def test_others_are_left_out_each_time(place):
    fitted = told(place)
    offers.Retrained(models=3, leave_out=0.2).models(fitted, seed=0)
    everybody = [tuple(person) for person in fitted.training.x.tolist()]
    kept = [[tuple(person) for person in people.x.tolist()] for people in fitted.decision.people]
    assert [len(people) for people in kept] == [round(0.8 * len(everybody))] * 3
    assert all(set(people) <= set(everybody) for people in kept)
    assert len({frozenset(people) for people in kept}) == 3


@pytest.mark.parametrize("part", ["upper", "lower"])
@pytest.mark.parametrize("feature", ["savings", "member", "age"])
def test_a_shift_takes_those_of_the_highest_or_lowest_values(place, feature, part):
    fitted = told(place)
    offers.Shifted(feature=feature, part=part, share=0.55).models(fitted, seed=0)
    (people,), column = fitted.decision.people, fitted.features.index(feature)
    values = sorted(fitted.training.x[:, column].tolist(), reverse=part == "upper")[
        : round(0.55 * len(fitted.training))
    ]
    assert sorted(people.x[:, column].tolist(), reverse=part == "upper") == values
    if feature == "member":  # whoever is not, or all who are, are drawn by chance and not as they come
        first = fitted.training[: len(people)]
        assert 0.3 < sum((one == people.x).all(1).any().item() for one in first.x) / len(first) < 0.9


@pytest.mark.parametrize(
    ("feature", "share", "message"),
    [
        ("agee", 0.7, "change shifted: unknown feature 'agee'. Did you mean 'age'"),
        ("branch", 0.7, "the levels of branch have no order"),
        ("age", 0.001, "of the 0 training people with the largest age"),
    ],
)
def test_a_shift_that_cannot_be_says_why(place, feature, share, message):
    with pytest.raises(NotApplicable, match=message):
        offers.Shifted(feature=feature, share=share).models(place.fitted, seed=0)
