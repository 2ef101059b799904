"""What every change of a decision model keeps, tried on a network and on a forest of small tables."""

from __future__ import annotations

__all__ = ["CHANGE_LAWS", "Changing", "places"]

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property

import torch
from torch import Tensor

from recourse_arena.base.arithmetic import one_thread
from recourse_arena.base.names import is_name
from recourse_arena.base.randomness import generator
from recourse_arena.execution.guard.process_state import ProcessState
from recourse_arena.interfaces.change import Change, FittedDecision, Size
from recourse_arena.interfaces.decision import Decision
from recourse_arena.models.decision.offers import Forest, Relu
from recourse_arena.problem.model_protocols import Decisions
from recourse_arena.testing.laws.law import Law, NotRun, expect, expect_untouched
from recourse_arena.testing.problems.populations import table


@dataclass
class Changing:
    """A change, and a decision model to try it on."""

    change: Change
    decision: Decision

    @cached_property
    def fitted(self) -> FittedDecision:
        """The decision model, fitted; whatever a change does to it reaches nobody else."""
        return copy.deepcopy(_fitted(self.decision))

    @cached_property
    def x(self) -> Tensor:
        """People to be decided on, `(people, features)`."""
        return table()[3](120, generator(2, "testing", "changes")).x

    @cached_property
    def models(self) -> Mapping[str, Decisions]:
        """The changed models."""
        return self.made()

    def made(self) -> Mapping[str, Decisions]:
        """Return the changed models, made anew."""
        with one_thread():
            return self.change.models(self.fitted, seed=0)


def places(change: Change) -> dict[str, Changing]:
    """Return a change with each decision model that it is tried on."""
    return {name: Changing(change, decision) for name, decision in _decisions().items()}


@cache
def _decisions() -> dict[str, Decision]:
    return {"relu": Relu(hidden="8-4", epochs=40, learning_rate=1e-2), "forest": Forest(trees=8)}


@cache
def _fitted(decision: Decision) -> FittedDecision:
    """Return a decision model fitted to people of a small table, once for all changes."""
    features, _, _, draw = table()
    training, validation = (draw(count, generator(count, "testing", "changes")) for count in (400, 150))
    with one_thread():
        model = decision.fit(features, training, validation, seed=0)
    return FittedDecision(features, decision, model, training, validation)


def it_says_what_it_is(place: Changing) -> None:
    """Name, version and summary are declared."""
    for part in ("name", "version", "summary"):
        value = getattr(place.change, part, "")
        expect(isinstance(value, str) and value, f"{part}: expected a string, got {value!r}")


def its_models_decide_on_people(place: Changing) -> None:
    """It gives models by name, and each says yes or no to people, for any leading dimensions."""
    expect(isinstance(place.models, Mapping) and place.models, "models: expected one or several by their names")
    for name, model in place.models.items():
        expect(is_name(name), f"models: {name!r} is no name")
        for people in (place.x, place.x[:0], place.x.reshape(4, 30, -1)):
            accepted, shape = model.accepts(people), people.shape[:-1]
            expect(accepted.dtype is torch.bool and accepted.shape == shape, f"{name}: expected bool {tuple(shape)}")


def nobody_depends_on_who_else_is_decided_on(place: Changing) -> None:
    """People are decided on alone as in any batch, in any order."""
    x, order = place.x, torch.randperm(len(place.x), generator=generator(0, "testing", "order"))
    for name, model in place.models.items():
        together = model.accepts(x)
        alone = torch.cat([model.accepts(one) for one in x.split(1)])
        expect(torch.equal(alone, together), f"{name}: somebody is decided otherwise alone than among others")
        expect(torch.equal(model.accepts(x[order]), together[order]), f"{name}: the order of people matters")
        some = torch.cat([model.accepts(part) for part in x.split(7)])
        expect(torch.equal(some, together), f"{name}: somebody is decided otherwise in another batch")


def the_same_seed_leads_to_the_same_models(place: Changing) -> None:
    """Making them anew with the same seed changes nothing, and leaves all global states alone."""
    with ProcessState(20_000) as around:
        again = place.made()
    expect_untouched(around, "models")
    expect(list(again) == list(place.models), "other names with the same seed")
    for name, model in again.items():
        expect(_alike(model, place.models[name], place.x), f"{name}: another model with the same seed")


def what_it_is_handed_stays_as_it_is(place: Changing) -> None:
    """The decision model, and the people that it was trained on, are not changed in place."""
    fitted = place.fitted
    handed = (fitted.training, fitted.validation)
    before = [part.clone() for people in handed for part in (people.x, people.y)]
    said = fitted.model.probability(place.x).clone()
    place.made()
    expect(torch.equal(fitted.model.probability(place.x), said), "the decision model it was handed is another one")
    after = [part for people in handed for part in (people.x, people.y)]
    expect(all(map(torch.equal, before, after)), "the people it was handed are others")


def its_models_come_back_from_their_state(place: Changing) -> None:
    """What is kept of a model leads back to it, in tensors alone."""
    for name, model in place.models.items():
        state = place.change.state(place.fitted, model)
        if state is None:
            raise NotRun("it keeps nothing")
        expect(all(isinstance(part, Tensor) for part in state.values()), f"{name}: state: expected tensors")
        back = place.change.restore(place.fitted, {part: tensor.clone() for part, tensor in state.items()})
        expect(_alike(back, model, place.x), f"{name}: another model comes back")


def it_says_how_large_its_models_are(place: Changing) -> None:
    """Bits by parameter and bytes are above 0, or unknown."""
    for name, model in place.models.items():
        size = place.change.size(place.fitted, model)
        expect(isinstance(size, Size), f"{name}: expected a Size")
        expect(all(part is None or part > 0 for part in size), f"{name}: expected numbers above 0, got {tuple(size)}")


def _alike(one: Decisions, other: Decisions, x: Tensor) -> bool:
    """Return whether two models say the same of people, as exactly as they say anything."""
    for exact in ("logit", "probability", "accepts"):
        if hasattr(one, exact) and hasattr(other, exact):
            return torch.equal(getattr(one, exact)(x), getattr(other, exact)(x))
    return False


CHANGE_LAWS: tuple[Law, ...] = (
    it_says_what_it_is,
    its_models_decide_on_people,
    nobody_depends_on_who_else_is_decided_on,
    the_same_seed_leads_to_the_same_models,
    what_it_is_handed_stays_as_it_is,
    its_models_come_back_from_their_state,
    it_says_how_large_its_models_are,
)
