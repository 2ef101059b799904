"""Chain, collider and triangle against their equations, written out once more in plain Python, and quadrature."""

from __future__ import annotations

import itertools
import math
from functools import cache
from pathlib import Path

import pytest
import scipy.stats
import torch
from accuracy import accuracy
from torch import Tensor

from recourse_arena import ArenaError, Kind, Role
from recourse_arena.models.decision.fitting import fit_classifier
from recourse_arena.registry.discovery import discover
from recourse_arena_structures import Chain, Collider, Structure, Triangle

CLASSES = {"chain": Chain, "collider": Collider, "triangle": Triangle}
WORLDS = tuple(itertools.product(CLASSES, ("linear", "nonlinear")))
NOISE_SD = {
    ("chain", "linear"): (1, 1, 2),
    ("chain", "nonlinear"): (1, 0.25, 1),
    ("collider", "linear"): (1, 1, 0.5),
    ("collider", "nonlinear"): (1, 1, 0.5),
    ("triangle", "linear"): (1, 1, 1),
    ("triangle", "nonlinear"): (1, 1, 1),
}


def logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def equations(world: tuple[str, str], u: tuple[float, ...], do: dict[str, float]) -> list[float]:
    """Return one person of noise `u`, with the features of `do` set (Javaloy et al., NeurIPS 2023)."""
    name, form = world
    linear = form == "linear"
    a = do.get("x1", u[0] + (1 if world == ("triangle", "linear") else 0))
    if name == "collider":
        b = do.get("x2", u[1] + (2 if linear else 0))
        return [a, b, do.get("x3", u[2] + (0.25 * b - 0.5 * a if linear else 4 * logistic(a + b) - b * b))]
    if name == "chain":
        b = do.get("x2", u[1] + (10 * a if linear else math.exp(a / 2)))
        return [a, b, do.get("x3", u[2] + (0.25 * b if linear else (b - 5) ** 3 / 15))]
    b = do.get("x2", u[1] + (10 * a if linear else 2 * a * a))
    return [a, b, do.get("x3", u[2] + (0.5 * b + a if linear else 20 * logistic(b * b - a)))]


def noise(world: tuple[str, str], x: list[float]) -> list[float]:
    """Return the noise of one person: what its own equation lacks when the others are overruled."""
    person = dict(zip(("x1", "x2", "x3"), x, strict=True))
    found = []
    for j, name in enumerate(person):
        others = {other: value for other, value in person.items() if other != name}
        found.append(x[j] - equations(world, (0.0, 0.0, 0.0), others)[j])
    return found


@cache
def made(world: tuple[str, str]) -> Structure:
    return CLASSES[world[0]](equations=world[1])


@cache
def crowd(world: tuple[str, str]) -> Tensor:
    """Return forty thousand people in double precision."""
    return made(world).scm().sample(40_000, torch.Generator().manual_seed(11)).double()


@cache
def splits(world: tuple[str, str], seed: int = 0):
    return made(world).splits(seed=seed, data=Path("/nowhere"))


def parts(world: tuple[str, str], seed: int = 0):
    return [
        getattr(getattr(splits(world, seed), purpose), part)
        for purpose in ("decision", "flow", "recourse")
        for part in ("train", "validation", "test")
    ]


def lattice(world: tuple[str, str]) -> tuple[Tensor, float]:
    """Return the midpoints of cells, half a noise wide, that hold all but a millionth of the people, and their volume.

    Midpoints integrate a normal density to nearly machine precision from one standard deviation on.
    """
    x, sd = crowd(world), NOISE_SD[world]
    width = [spread / 2 for spread in sd]
    reach = (x.amax(0) - x.amin(0)) / 4
    ends = [(float(x[:, j].amin() - max(reach[j], 2)), float(x[:, j].amax() + max(reach[j], 2))) for j in range(3)]
    axes = [torch.arange(low, high, step, dtype=torch.double) for (low, high), step in zip(ends, width, strict=True)]
    return torch.cartesian_prod(*axes), math.prod(width)


pytestmark = pytest.mark.parametrize("world", WORLDS, ids="-".join)


def test_features_are_three_numbers_that_anybody_may_act_on(world):
    features = made(world).features
    assert features.names == ("x1", "x2", "x3")
    assert all(feature.role is Role.ACTIONABLE and feature.kind is Kind.CONTINUOUS for feature in features)


def test_the_graph_is_the_one_of_its_name(world):
    edges = {(cause, effect) for effect, causes in made(world).graph.parents.items() for cause in causes}
    chain, collider = {("x1", "x2"), ("x2", "x3")}, {("x1", "x3"), ("x2", "x3")}
    assert edges == {"chain": chain, "collider": collider, "triangle": chain | collider}[world[0]]


def test_the_variant_of_a_name_has_its_equations(world):
    name, form = world
    registry = discover()
    assert registry.dataset(f"{name}?equations={form}").equations == form
    assert registry.dataset(name).equations == "linear"


def test_unknown_equations_are_refused(world):
    with pytest.raises(ArenaError, match=rf"{world[0]}: expected equations to be linear or nonlinear, got 'cubic'"):
        CLASSES[world[0]](equations="cubic")


def test_splits_are_valid_people_of_documented_sizes(world):
    assert [len(people) for people in parts(world)] == [10000, 2500, 2500, 20000, 2500, 2500, 10000, 2500, 2500]
    for people in parts(world):
        made(world).features.validate(people.x)
        assert set(people.y.tolist()) == {0.0, 1.0}


def test_all_splits_seeds_and_worlds_are_independent_draws(world):
    other = next(w for w in WORLDS if w[0] == world[0] and w != world)
    columns = [p.x[:2500, 0] for p in (*parts(world), *parts(world, 1), *parts(other))]
    assert torch.corrcoef(torch.stack(columns)).fill_diagonal_(0).abs().max() < 0.1


def test_the_same_seed_gives_the_same_people(world):
    again = CLASSES[world[0]](equations=world[1]).splits(seed=0, data=Path()).recourse.test
    assert torch.equal(again.x, splits(world).recourse.test.x)
    assert torch.equal(again.y, splits(world).recourse.test.y)


def test_noise_is_normal_and_independent(world):
    found = made(world).scm().abduct(crowd(world))
    for column, sd in zip(found.T, NOISE_SD[world], strict=True):
        assert scipy.stats.kstest(column[:10_000].numpy() / sd, scipy.stats.norm.cdf).pvalue > 1e-3
    assert torch.corrcoef(found.T).fill_diagonal_(0).abs().max() < 0.02


def test_abduction_is_that_of_the_equations(world):
    people = crowd(world)[:200]
    expected = torch.tensor([noise(world, row) for row in people.tolist()], dtype=torch.double)
    torch.testing.assert_close(made(world).scm().abduct(people), expected, rtol=1e-9, atol=1e-9)


def test_prediction_undoes_abduction_in_single_precision(world):
    scm, people = made(world).scm(), crowd(world).float()
    torch.testing.assert_close(scm.predict(scm.abduct(people)), people, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("acted", [c for size in (1, 2, 3) for c in itertools.combinations(range(3), size)], ids=str)
def test_counterfactuals_are_those_of_the_equations_person_by_person(world, acted):
    people, values = crowd(world)[:50], crowd(world)[50:100]
    mask = torch.zeros(3, dtype=torch.bool)
    mask[list(acted)] = True
    after = made(world).scm().counterfactual(people, mask, values)
    for x, wanted, found in zip(people.tolist(), values.tolist(), after.tolist(), strict=True):
        do = {f"x{j + 1}": wanted[j] for j in acted}
        assert found == pytest.approx(equations(world, tuple(noise(world, x)), do), rel=1e-9, abs=1e-9)
    assert torch.equal(after[:, mask], values[:, mask])


def test_the_density_integrates_to_one_and_has_the_moments_of_the_people(world):
    cells, volume = lattice(world)
    mass = made(world).scm().log_density(cells).exp() * volume
    assert float(mass.sum()) == pytest.approx(1, abs=1e-4)
    mean, people = mass @ cells, crowd(world)
    spread = (mass @ (cells - mean).square()).sqrt()
    torch.testing.assert_close(people.mean(0), mean, rtol=0, atol=float(5 * (spread / 200).max()))
    torch.testing.assert_close(people.std(0), spread, rtol=0.03, atol=0)


def test_the_density_is_that_of_a_change_of_variables(world):
    scm, people = made(world).scm(), crowd(world)[:20]
    for x in people:
        u = scm.abduct(x)
        jacobian = torch.autograd.functional.jacobian(scm.predict, u)
        normal = sum(
            scipy.stats.norm.logpdf(value, scale=sd) for value, sd in zip(u.tolist(), NOISE_SD[world], strict=True)
        )
        assert float(scm.log_density(x)) == pytest.approx(normal - float(jacobian.det().abs().log()), abs=1e-5)


def test_labels_are_as_likely_as_the_rule_says(world):
    """Means and deviations of the rule are those of the people, up to rounding, and its chances are those of labels."""
    people = parts(world)[3]
    z = ((people.x - crowd(world).mean(0)) / crowd(world).std(0)).sum(1)
    chance = torch.sigmoid(2.5 * (z + 0.5))
    for low, high in ((0.0, 0.1), (0.1, 0.5), (0.5, 0.9), (0.9, 1.0)):
        some = (chance >= low) & (chance < high)
        assert int(some.sum()) > 500
        assert float(people.y[some].double().mean()) == pytest.approx(float(chance[some].mean()), abs=0.06)


def test_labels_are_noisy_but_not_too_noisy_to_learn(world):
    model = fit_classifier(made(world).decision, splits(world).decision.train, seed=0)
    assert 0.85 <= accuracy(model, splits(world).decision.test) <= 0.94
    for people in (splits(world).recourse.train, splits(world).recourse.test):
        assert 1 / 3 <= float((~model.accepts(people.x)).float().mean()) <= 1 / 2
