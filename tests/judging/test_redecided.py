"""What a changed model says of counterfactuals, and how it compares, against a plain loop over people."""

from __future__ import annotations

import math

import pytest
import torch

from recourse_arena import ArenaError, People
from recourse_arena.judging.lasting import check_decides_alike, compared, redecided, spread_of_logits
from recourse_arena.models.changes.networks import moved
from recourse_arena.models.changes.offers import Same
from recourse_arena.models.decision.offers import Forest, Relu
from recourse_arena.testing.laws.models.change_laws import Changing


@pytest.fixture(scope="module")
def world():
    place = Changing(Same(), Relu(hidden="8-4", epochs=40, learning_rate=1e-2))
    x = place.x
    then = place.fitted.validation.x[: len(x)]
    return place, place.fitted.model, moved(place.fitted.model, 0.4), x, then


def test_rows_are_what_a_plain_loop_says(world):
    _, before, after, x, then = world
    found = redecided(before, after, x, then)
    for i in range(len(x)):
        assert bool(found["already"][i]) == bool(after.logit(x[i]) >= 0)
        assert bool(found["accepted"][i]) == bool(after.logit(then[i]) >= 0)
        assert float(found["logit"][i]) == pytest.approx(float(after.logit(then[i])), abs=1e-5)
        z, end = (before.encoding.encode(row) for row in (x[i], then[i]))
        nearly = 0.1 * z + 0.9 * end
        early = float(found["early"][i])
        if before.encoded_logit(nearly) >= 0:
            assert math.isnan(early)
        else:
            assert early == float(after.encoded_logit(nearly) >= 0)
    assert {0.0, 1.0} <= set(found["early"].tolist())
    assert found["early"].isnan().any()


def test_models_compare_as_a_plain_loop_says(world):
    place, before, after, _, _ = world
    people = place.fitted.validation
    found = compared(before, after, people)
    old, new = ([bool(m.accepts(row)) for row in people.x] for m in (before, after))
    label = [bool(y == 1) for y in people.y]
    count = len(label)
    pairs = list(zip(old, new, label, strict=True))
    assert found["acceptance_before"] == pytest.approx(sum(old) / count)
    assert found["acceptance"] == pytest.approx(sum(new) / count)
    assert found["accuracy_before"] == pytest.approx(sum(a == y for a, _, y in pairs) / count)
    assert found["accuracy"] == pytest.approx(sum(b == y for _, b, y in pairs) / count)
    assert found["agreement"] == pytest.approx(sum(a == b for a, b, _ in pairs) / count)
    assert found["lost"] == 0.0  # it accepts more
    assert found["gap"] == pytest.approx(0.4, abs=1e-5)
    assert found["gap_sd"] == pytest.approx(0.0, abs=1e-5)
    back = compared(after, before, people)
    assert back["lost"] == pytest.approx(sum(b and not a for a, b, _ in pairs) / sum(new))
    logits = [float(before.logit(row)) for row in people.x]
    mean = sum(logits) / count
    assert found["logit_sd"] == pytest.approx((sum((v - mean) ** 2 for v in logits) / count) ** 0.5, rel=1e-4)


def test_what_has_no_logit_is_undefined_and_never_zero(world):
    place, before, _, x, then = world
    fitted = place.fitted
    forest = Forest(trees=5).fit(fitted.features, fitted.training, fitted.validation, seed=0)
    rows = redecided(before, forest, x, then)
    assert rows["logit"].isnan().all()
    assert rows["early"].isnan().all()
    facts = compared(before, forest, fitted.validation)
    assert math.isnan(facts["gap"])
    assert math.isnan(facts["gap_sd"])
    assert math.isnan(spread_of_logits(forest, x))
    nobody = People(x[:0], torch.zeros(0))
    assert all(map(math.isnan, compared(before, before, nobody).values()))


class ByTheBatch:
    def accepts(self, x):
        return x[..., 0] >= x[..., 0].mean()


class Words:
    def accepts(self, x):
        return ["yes"] * len(x)


class Chances:
    def accepts(self, x):
        return x[..., 0]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (ByTheBatch(), "somebody is decided otherwise alone than among others"),
        (Words(), r"accepts: expected bool \(120,\), got list"),
        (Chances(), r"accepts: expected bool \(120,\), got torch.float32 \(120,\)"),
    ],
)
def test_a_model_that_cannot_be_asked_about_people_is_refused(world, model, message):
    with pytest.raises(ArenaError, match=f"change x: {message}"):
        check_decides_alike("change x", model, world[3])
    check_decides_alike("change x", world[2], world[3])
    check_decides_alike("change x", world[2], world[3][:0])
