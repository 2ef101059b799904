"""What every kind of decision model keeps, tried on small tables with features of every kind."""

from __future__ import annotations

__all__ = ["DECISION_LAWS", "Tried", "tried"]

from dataclasses import dataclass
from functools import cached_property

import torch

from recourse_arena.base.arithmetic import one_thread
from recourse_arena.base.errors import ArenaError
from recourse_arena.base.randomness import generator
from recourse_arena.execution.guard.process_state import ProcessState
from recourse_arena.interfaces.decision import Decision
from recourse_arena.people.features import FeatureTable
from recourse_arena.people.people import People
from recourse_arena.problem.model_protocols import Scores
from recourse_arena.testing.laws.law import Law, NotRun, expect, expect_untouched
from recourse_arena.testing.problems.populations import table


@dataclass
class Tried:
    """A kind of decision model, and people to try it on."""

    decision: Decision

    @cached_property
    def population(self) -> tuple[FeatureTable, People, People]:
        """Features, training people and people to be decided on."""
        features, _, _, draw = table()
        return (
            features,
            draw(400, generator(0, "testing", "decisions")),
            draw(100, generator(1, "testing", "decisions")),
        )

    @cached_property
    def model(self) -> Scores:
        """The model, fitted to the training people."""
        return self.fit()

    def fit(self, seed: int = 0) -> Scores:
        """Return a model fitted anew.

        Raises:
            NotRun: If it needs something that is not there, such as a file.
        """
        features, training, people = self.population
        try:
            with one_thread():
                return self.decision.fit(features, training, people, seed=seed)
        except ArenaError as error:
            raise NotRun(str(error)) from None


def tried(decision: Decision) -> Tried:
    """Return a kind of decision model and people to try it on."""
    return Tried(decision)


def it_says_what_it_is(place: Tried) -> None:
    """Name, version and summary are declared."""
    for part in ("name", "version", "summary"):
        value = getattr(place.decision, part, "")
        expect(isinstance(value, str) and value, f"{part}: expected a string, got {value!r}")


def it_decides_on_people(place: Tried) -> None:
    """`accepts` says yes or no, and `probability` is one, for any leading dimensions."""
    model, x = place.model, place.population[2].x
    for people in (x, x[:0], x.reshape(4, 25, -1)):
        accepted, chance = model.accepts(people), model.probability(people)
        shape = people.shape[:-1]
        expect(accepted.dtype is torch.bool and accepted.shape == shape, f"accepts: expected bool {tuple(shape)}")
        expect(chance.is_floating_point() and chance.shape == shape, f"probability: expected floats {tuple(shape)}")
        expect(((chance >= 0) & (chance <= 1)).all(), "probability: expected values from 0 to 1")


def nobody_depends_on_who_else_is_decided_on(place: Tried) -> None:
    """People are decided on alone as in a batch."""
    model, x = place.model, place.population[2].x
    alone = torch.cat([model.accepts(one) for one in x.split(1)])
    expect(torch.equal(alone, model.accepts(x)), "somebody is decided otherwise alone than among others")


def it_learns_more_than_the_larger_class(place: Tried) -> None:
    """On people whose labels follow from their features it is right more often than who says the same of everybody."""
    people = place.population[2]
    right = float((place.model.accepts(people.x) == (people.y == 1)).double().mean())
    share = float(people.y.double().mean())
    expect(right > max(share, 1 - share), f"right for {right:.0%}; the larger class has {max(share, 1 - share):.0%}")


def the_same_seed_leads_to_the_same_model(place: Tried) -> None:
    """Fitting anew with the same seed changes nothing, and leaves all global states alone."""
    x = place.population[2].x
    with ProcessState(20_000) as around:
        again = place.fit()
    expect_untouched(around, "fitting")
    expect(torch.equal(again.probability(x), place.model.probability(x)), "another model with the same seed")


def it_comes_back_from_its_state(place: Tried) -> None:
    """What is kept of a model leads back to it, in tensors alone."""
    features, _, people = place.population
    state = place.decision.state(place.model)
    if state is None:
        raise NotRun("it keeps nothing")
    expect(all(isinstance(part, torch.Tensor) for part in state.values()), "state: expected tensors")
    back = place.decision.restore(features, {name: part.clone() for name, part in state.items()})
    expect(torch.equal(back.probability(people.x), place.model.probability(people.x)), "another model comes back")


def gradients_are_where_they_are_declared(place: Tried) -> None:
    """`differentiable` says whether there is a `logit` with gradients, of the same sign as the decision."""
    model, x = place.model, place.population[2].x.clone().requires_grad_()
    logit = getattr(model, "logit", None)
    expect(
        (logit is not None) == place.decision.differentiable, "differentiable: expected to say whether it has a logit"
    )
    if logit is None:
        return
    found = logit(x)
    (slope,) = torch.autograd.grad(found.sum(), x)
    expect(slope.isfinite().all() and slope.abs().sum() > 0, "the gradient of its logit is 0, or no number")
    expect(
        torch.equal(found >= 0, model.accepts(x.detach())), "it accepts where its logit is below 0, or not where above"
    )


DECISION_LAWS: tuple[Law, ...] = (
    it_says_what_it_is,
    it_decides_on_people,
    nobody_depends_on_who_else_is_decided_on,
    it_learns_more_than_the_larger_class,
    the_same_seed_leads_to_the_same_model,
    it_comes_back_from_its_state,
    gradients_are_where_they_are_declared,
)
