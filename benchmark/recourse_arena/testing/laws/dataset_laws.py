"""What every dataset keeps: its declarations, its people and, where they are known, its equations."""

from __future__ import annotations

__all__ = ["DATASET_LAWS", "Population"]

import re
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from recourse_arena.base.arithmetic import one_thread
from recourse_arena.execution.guard.process_state import ProcessState
from recourse_arena.interfaces.dataset import Dataset
from recourse_arena.interfaces.recipes import DecisionRecipe
from recourse_arena.models.causal.fitting import fit_flow
from recourse_arena.models.decision.fitting import fit_classifier
from recourse_arena.people.groups import group_codes
from recourse_arena.people.intake import as_splits, check_splits
from recourse_arena.people.people import People, Split, Splits
from recourse_arena.problem.model_protocols import CausalModel
from recourse_arena.testing.laws.law import Law, NotRun, expect, expect_untouched

_PURPOSES, _PARTS = ("decision", "flow", "recourse"), ("train", "validation", "test")
_DRAWN = 4000
"""People drawn from a causal model to look at its density."""


@dataclass(frozen=True)
class Population:
    """A dataset and where its file lies.

    Arguments:
        dataset: The dataset.
        data: The data directory.
    """

    dataset: Dataset
    data: Path

    @cached_property
    def splits(self) -> Splits:
        """Its people of seed 0."""
        return self.drawn(0)

    def drawn(self, seed: int) -> Splits:
        """Return its people of a seed.

        Raises:
            NotRun: If its file is not there.
        """
        if reason := self.dataset.unavailable(self.data):
            raise NotRun(reason)
        return as_splits(self.dataset.splits(seed=seed, data=self.data), self.dataset.name)

    @property
    def scm(self) -> CausalModel:
        """Its true causal model.

        Raises:
            NotRun: If it is not known.
        """
        scm = self.dataset.scm()
        if scm is None:
            raise NotRun("its true causal model is not known")
        return scm

    def parts(self, splits: Splits | None = None) -> dict[str, People]:
        """Return people by purpose and part of the split."""
        splits = splits or self.splits
        return {
            f"{purpose} {part}": getattr(getattr(splits, purpose), part) for purpose in _PURPOSES for part in _PARTS
        }


def it_says_what_it_is(population: Population) -> None:
    """Name, version and summary are declared, and can be read."""
    dataset = population.dataset
    expect(isinstance(dataset, Dataset), f"expected a recourse_arena.Dataset, got {type(dataset).__name__}")
    name = getattr(dataset, "name", "")
    wanted = "lower-case words joined by hyphens, as in 'my-people'"
    expect(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name), f"name: expected {wanted}; got {name!r}")
    for part in ("version", "summary"):
        value = getattr(dataset, part, "")
        expect(value and isinstance(value, str), f"{part}: expected a string, got {value!r}")


def somebody_can_act_on_something(population: Population) -> None:
    """At least one feature is globally actionable."""
    expect(population.dataset.features.count_actionable > 0, "expected a feature with Role.ACTIONABLE, got none")


def the_graph_is_over_its_features(population: Population) -> None:
    """The causal graph, which may have no edge, names the features in column order."""
    features, graph = population.dataset.features, population.dataset.graph
    expect(graph.names == features.names, f"expected a graph over {features.names}, got one over {graph.names}")


def attributes_are_no_features(population: Population) -> None:
    """No attribute that models must not see is called like a feature."""
    both = set(population.dataset.attributes.names) & set(population.dataset.features.names)
    expect(not both, f"both features and attributes: {', '.join(sorted(both))}")


def favoured_pairs_are_actionable_features(population: Population) -> None:
    """Distributions of preferences name two actionable features each, assignments two such distributions."""
    dataset = population.dataset
    if not dataset.favoured and not dataset.assignments:
        raise NotRun("it has the uniform distribution of preferences only")
    actionable = {f.name for f, yes in zip(dataset.features, dataset.features.actionable.tolist(), strict=True) if yes}
    for name, pair in dataset.favoured.items():
        right = len(set(pair)) == 2 and set(pair) <= actionable
        expect(right, f"favoured {name!r}: expected two of {', '.join(sorted(actionable))}; got {pair}")
    for name, assignment in dataset.assignments.items():
        for profile in (assignment.first, assignment.second):
            expect(profile in dataset.favoured, f"assignment {name!r}: no favoured pair is called {profile!r}")


def people_are_what_its_features_say(population: Population) -> None:
    """Every split holds people with finite values within bounds, whole where they must be, and labels 0 or 1."""
    dataset = population.dataset
    check_splits(population.splits, dataset.name, dataset.features, dataset.attributes)


def both_labels_occur(population: Population) -> None:
    """Each part of every split has favourable and unfavourable people."""
    for name, people in population.parts().items():
        share = float(people.y.mean())
        expect(0 < share < 1, f"{name}: expected both labels, but the share of favourable ones is {share:g}")


def actionable_features_vary(population: Population) -> None:
    """Every actionable feature takes several values among unfavourable people: a cost needs a scale."""
    people, features = population.splits.recourse.train, population.dataset.features
    low = people.x[people.y == 0]
    for name, open_, values in zip(features.names, features.actionable.tolist(), low.T, strict=True):
        expect(not open_ or len(values.unique()) > 1, f"{name!r} takes one value only among unfavourable people")


def nobody_tested_was_trained_on(population: Population) -> None:
    """Test people do not occur among training people more often than training people occur twice."""
    for purpose in _PURPOSES:
        split: Split = getattr(population.splits, purpose)
        train = _rows(split.train)
        rows, counts = np.unique(train, return_counts=True)
        twice = float(counts[counts > 1].sum() / len(train))
        for part in ("validation", "test"):
            known = float(np.isin(_rows(getattr(split, part)), rows).mean())
            message = f"{known:.0%} of its {part} people are training people, but only {twice:.0%} of those occur twice"
            chance = 3 * (max(twice * (1 - twice), 0.0) / len(getattr(split, part))) ** 0.5  # of few people
            expect(known <= twice + max(0.05, chance), f"{purpose}: {message}")


def the_same_seed_leads_to_the_same_people(population: Population) -> None:
    """People depend on the seed only, whatever the global random state."""
    first = population.parts()
    with ProcessState(20_000):
        again = population.parts(population.drawn(0))
    for name, people in first.items():
        same = torch.equal(people.x, again[name].x) and torch.equal(people.y, again[name].y)
        expect(same, f"{name}: other people when drawn again with seed 0")


def another_seed_leads_to_other_people(population: Population) -> None:
    """Another seed draws or shuffles anew."""
    first, other = population.parts(), population.parts(population.drawn(1))
    for name, people in first.items():
        same = people.x.shape == other[name].x.shape and torch.equal(people.x, other[name].x)
        expect(not same, f"{name}: the same people in the same order for seeds 0 and 1")


def global_state_is_left_alone(population: Population) -> None:
    """Drawing people changes no random state of torch, numpy and random, and no setting of torch."""
    with ProcessState(20_000) as around:
        population.drawn(0)
    expect_untouched(around, "splits")


def its_fingerprint_is_stable(population: Population) -> None:
    """The same files have the same fingerprint, and a dataset without file has none; what it reads can be verified."""
    dataset, data = population.dataset, population.data
    if reason := dataset.unavailable(data):
        raise NotRun(reason)
    one = dataset.fingerprint(data)
    expect(isinstance(one, str) and one == dataset.fingerprint(data), f"fingerprint changes, or is no string: {one!r}")
    places = dataset.files(data)
    expect(isinstance(places, tuple) and places == dataset.files(data), f"files: expected a tuple, got {places!r}")
    expect(bool(one) == bool(places), f"expected a fingerprint of its files only, got {one!r}")
    if places:
        said = dataset.verify(data)
        expect(isinstance(said, str) and said, f"verify: expected a few lines for people, got {said!r}")


def its_parts_agree(population: Population) -> None:
    """No immutable feature follows from one that people act upon, and no code without order has causes or effects."""
    population.dataset.check()


def whom_something_protects_can_be_told_from_others(population: Population) -> None:
    """What protects people parts those who train recourse, and those who test it, into two groups or more."""
    dataset = population.dataset
    if not dataset.protected:
        raise NotRun("nothing is said to protect anybody")
    for name, first in dataset.protected.items():
        for part in ("train", "test"):
            people = getattr(population.splits.recourse, part)
            found = len(group_codes(name, first, people, dataset.features, dataset.attributes).unique())
            expect(found > 1, f"{name!r}: expected two groups or more among recourse {part} people, got {found}")


def models_can_be_fitted(population: Population) -> None:
    """Its recipes lead to a decision model and a causal flow with finite values; one short epoch each is tried."""
    dataset, splits = population.dataset, population.splits
    few = {part: getattr(splits.flow, part)[:300] for part in _PARTS}
    if isinstance(dataset.decision, DecisionRecipe):
        with one_thread():
            recipe, known = replace(dataset.decision, epochs=1), dataset.features
            fit_classifier(recipe, splits.decision.train[:300], seed=0, features=known)
    if not any(dataset.graph.parents.values()):
        return
    with one_thread():
        flow = fit_flow(dataset.features, dataset.graph, replace(dataset.flow, epochs=1), Split(**few), seed=0)
    expect(
        flow.log_density(few["test"].x).isfinite().all(), "densities of its people under a causal flow are not finite"
    )


def prediction_undoes_abduction(population: Population) -> None:
    """The true causal model explains people by noise that leads back to them."""
    scm, x = population.scm, _some(population)
    back = scm.predict(scm.abduct(x))
    _expect_close(back, x, x, "predict(abduct(x)) is not x")


def counterfactuals_are_interventions(population: Population) -> None:
    """Doing nothing changes nothing, values set are kept exactly, and only descendants of what is set move."""
    scm, graph, x = population.scm, population.dataset.graph, _some(population)
    nothing = torch.zeros(x.shape, dtype=torch.bool)
    expect(torch.equal(scm.counterfactual(x, nothing, x), x), "a counterfactual of no action differs from the factual")
    for j, name in enumerate(graph.names):
        acted = torch.arange(x.shape[1]) == j
        after = scm.counterfactual(x, acted, x.flip(0))
        expect(torch.equal(after[:, j], x.flip(0)[:, j]), f"do({name!r} = value) does not lead to that value")
        moved = (after != x).any(0) & ~graph.reach[j]
        strangers = [graph.names[i] for i in moved.nonzero().flatten().tolist()]
        expect(not strangers, f"do({name!r}) moves {', '.join(strangers)}, not caused by it according to the graph")


def the_density_is_one_of_probabilities(population: Population) -> None:
    """Log-densities are finite, and as high as the entropy of people drawn from the model says they must be.

    With independent noise, `E[-log p(x)]` is the sum of the entropies of the noise less `E[log |du/dx|]`, whose
    matrix is triangular in causal order. A factor left out of the density shows as the difference.
    """
    scm, features = population.scm, population.dataset.features
    x = scm.sample(_DRAWN, torch.Generator().manual_seed(0)).double()
    density = scm.log_density(x)
    expect(density.isfinite().all(), "log_density of people drawn from the model is not finite")
    noise, slopes = _noise_and_slopes(scm, x)
    entropy = sum(_entropy(noise[:, j], slopes[:, j], whole=feature.whole) for j, feature in enumerate(features))
    off = float(-density.mean()) - entropy
    allowed = 0.1 + 0.03 * len(features)
    expect(
        abs(off) < allowed, f"the density is off by a factor of about exp({-off:.2f}): expected it to integrate to 1"
    )


def draws_look_like_its_people(population: Population) -> None:
    """Means and standard deviations of draws from the true causal model are those of its people."""
    scm, people = population.scm, population.splits.flow.train.x
    drawn = scm.sample(2 * _DRAWN, torch.Generator().manual_seed(0))
    expect(drawn.shape[1] == people.shape[1], f"expected draws of {people.shape[1]} features, got {drawn.shape[1]}")
    for j, name in enumerate(population.dataset.features.names):
        a, b = drawn[:, j].double(), people[:, j].double()
        error = (a.var() / len(a) + b.var() / len(b)).sqrt() + 1e-9
        expect(abs(a.mean() - b.mean()) < 5 * error, f"{name!r}: mean {a.mean():g} drawn, {b.mean():g} in its people")
        ratio = float(a.std() / b.std().clamp(min=1e-9))
        expect(0.85 < ratio < 1.18, f"{name!r}: standard deviation {a.std():g} drawn, {b.std():g} in its people")


DATASET_LAWS: tuple[Law, ...] = (
    it_says_what_it_is,
    somebody_can_act_on_something,
    the_graph_is_over_its_features,
    its_parts_agree,
    attributes_are_no_features,
    favoured_pairs_are_actionable_features,
    people_are_what_its_features_say,
    both_labels_occur,
    actionable_features_vary,
    nobody_tested_was_trained_on,
    the_same_seed_leads_to_the_same_people,
    another_seed_leads_to_other_people,
    global_state_is_left_alone,
    its_fingerprint_is_stable,
    whom_something_protects_can_be_told_from_others,
    models_can_be_fitted,
    prediction_undoes_abduction,
    counterfactuals_are_interventions,
    the_density_is_one_of_probabilities,
    draws_look_like_its_people,
)


def _rows(people: People) -> np.ndarray:
    """Return each person's features as one value, `(people,)`."""
    x = np.ascontiguousarray(people.x.double().numpy())
    return x.view([("", x.dtype)] * x.shape[1]).squeeze(1)


def _some(population: Population) -> Tensor:
    return population.splits.recourse.test.x[:50]


def _expect_close(one: Tensor, other: Tensor, scale: Tensor, message: str) -> None:
    off = ((one - other).abs() / scale.std(0).clamp(min=1e-6)).amax(0)
    expect((off < 1e-3).all(), f"{message}: off by {float(off.max()):.2g} standard deviations")


def _noise_and_slopes(scm: CausalModel, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the noise of people, and the derivative of each feature's noise by that feature, `(people, features)`."""
    x = x.clone().requires_grad_()
    noise = scm.abduct(x)
    slopes = [
        torch.autograd.grad(u.sum(), x, retain_graph=True)[0][:, j] if u.requires_grad else torch.ones_like(u)
        for j, u in enumerate(noise.unbind(1))
    ]
    return noise.detach(), torch.stack(slopes, 1)


def _entropy(noise: Tensor, slopes: Tensor, *, whole: bool) -> float:
    """Return what a feature adds to the entropy, in nats; that of whole numbers is one of probabilities."""
    from scipy.stats import differential_entropy, entropy

    values, counts = np.unique(noise.numpy(), return_counts=True)
    if whole and len(values) < len(noise) / 4:
        return float(entropy(counts))
    return float(differential_entropy(noise.numpy())) - float(slopes.abs().log().mean())
