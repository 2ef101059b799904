"""Which laws a plugin's offer is held against, and where."""

from __future__ import annotations

__all__ = ["KINDS", "Offer", "cases", "offers"]

import copy
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.base.folders import data_folder
from recourse_arena.base.names import variant
from recourse_arena.interfaces.plugin_kinds import PLUGIN_KINDS
from recourse_arena.registry.discovery import discover
from recourse_arena.registry.registry import Registry
from recourse_arena.testing.laws.law import Case, Law
from recourse_arena.testing.problems.worlds import World

KINDS = {kind.singular: kind for kind in PLUGIN_KINDS.values()}
"""Kinds of offers by what one of each is called."""


@dataclass(frozen=True)
class Offer:
    """A solver, dataset, elicitation scheme or policy, metric or suite under test.

    Arguments:
        kind: Which of these.
        name: Its name, with options.
        make: Returns it, new where it may change.
    """

    kind: str
    name: str
    make: Callable[[], Any]


def offers(what: object, registry: Registry | None = None) -> list[Offer]:
    """Return the offers of a name with options, a class, an object or a registry.

    Arguments:
        what: A name, such as `grid?points=9`, of which there may be one of each kind; a class or an object of a
            solver, dataset or elicitation scheme, a metric, a suite; or a registry, for all it holds.
        registry: Where names are looked up; by default everything plugged in.

    Raises:
        ArenaError: If there is no such name, or it is none of these.
    """
    if isinstance(what, Registry):
        return [_named(kind, name, what) for kind in KINDS for name in sorted(_held(what, kind))]
    if isinstance(what, str):
        registry = registry or discover()
        name = variant(what)[0]
        kinds = [kind for kind in KINDS if what == name or KINDS[kind].made]
        found = [_named(kind, what, registry) for kind in kinds if name in _held(registry, kind)]
        if not found:
            raise unknown("plugin", name, {n for kind in KINDS for n in _held(registry, kind)})
        return found
    return [Offer(_kind(what), _name(what), what if isinstance(what, type) else lambda: copy.deepcopy(what))]


def cases(
    offer: Offer,
    *,
    registry: Registry | None = None,
    data: Path | None = None,
    worlds: Sequence[World] | None = None,
) -> list[Case]:
    """Return the laws of an offer, each a case that can be called.

    Arguments:
        offer: The offer.
        registry: What a suite's names are looked up in; by default everything plugged in.
        data: Data directory; by default that of the environment.
        worlds: Problems on which a solver is tried, instead of the built-in ones.
    """
    if offer.kind == "solver":
        return _solver_cases(offer, worlds)
    if offer.kind == "dataset":
        from recourse_arena.testing.laws.dataset_laws import DATASET_LAWS, Population

        return _cases(offer, DATASET_LAWS, Population(offer.make(), data_folder(data)))
    if offer.kind == "decision":
        from recourse_arena.testing.laws.models.decision_laws import DECISION_LAWS, tried

        return _cases(offer, DECISION_LAWS, tried(offer.make()))
    if offer.kind == "change":
        from recourse_arena.testing.laws.models.change_laws import CHANGE_LAWS, its_models_decide_on_people, places

        where = places(offer.make())
        return [
            Case(offer.kind, offer.name, law, where, required=law is its_models_decide_on_people) for law in CHANGE_LAWS
        ]
    if offer.kind == "elicitor":
        from recourse_arena.testing.laws.elicitor_laws import ELICITOR_LAWS

        return _cases(offer, ELICITOR_LAWS, offer.make())
    if offer.kind == "policy":
        from recourse_arena.testing.laws.policy_laws import POLICY_LAWS

        return _cases(offer, POLICY_LAWS, offer.make())
    if offer.kind == "metric":
        from recourse_arena.testing.laws.metric_laws import METRIC_LAWS, measured

        return _cases(offer, METRIC_LAWS, measured(offer.make()))
    from recourse_arena.testing.laws.suite_laws import SUITE_LAWS, Planned

    return _cases(offer, SUITE_LAWS, Planned(offer.make(), registry or discover()))


def _solver_cases(offer: Offer, chosen: Sequence[World] | None) -> list[Case]:
    from recourse_arena.testing.laws.candidate import Candidate
    from recourse_arena.testing.laws.solver_laws import SOLVER_LAWS, it_gives_well_formed_advice
    from recourse_arena.testing.problems.other_models import other_worlds
    from recourse_arena.testing.problems.worlds import worlds as built_in

    places = {world.name: Candidate(offer.make, world) for world in (built_in() if chosen is None else chosen)}

    @functools.cache
    def others() -> Mapping[str, Candidate]:
        return {world.name: Candidate(offer.make, world) for world in other_worlds()}

    return [
        Case(
            offer.kind,
            offer.name,
            law,
            places,
            required=law is it_gives_well_formed_advice,
            others=others if chosen is None else None,
        )
        for law in SOLVER_LAWS
    ]


def _cases(offer: Offer, laws: Iterable[Law], subject: object) -> list[Case]:
    return [Case(offer.kind, offer.name, law, {offer.name: subject}) for law in laws]


def _named(kind: str, name: str, registry: Registry) -> Offer:
    if KINDS[kind].made:
        getattr(registry, kind)(name)  # its options are wrong now or never
        return Offer(kind, name, lambda: getattr(registry, kind)(name))
    found = _held(registry, kind)[name]
    return Offer(kind, name, lambda: found)


def _held(registry: Registry, kind: str) -> Mapping[str, Any]:
    """Return what a registry holds of a kind, by name."""
    held: Mapping[str, Any] = getattr(registry, KINDS[kind].plural)
    return held


def _kind(what: object) -> str:
    of = what if isinstance(what, type) else type(what)
    for name, kind in KINDS.items():
        if issubclass(of, kind.base):
            return name
    raise ArenaError(f"expected a {', '.join(KINDS)}, or the name of one; got {what!r}")


def _name(what: object) -> str:
    return str(getattr(what, "name", "") or getattr(what, "__name__", type(what).__name__))
