"""What one person asks, and of whom: as it travels to where models and solvers are."""

from __future__ import annotations

__all__ = ["PROFILE", "PROVER", "SOLVERS", "AdviceOrder", "Question", "prepared_for"]

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from recourse_arena.base.errors import ArenaError
from recourse_arena.elicitation.interviews.wishes import Wish, Wishes
from recourse_arena.interfaces.dataset import Dataset
from recourse_arena.interfaces.solver import Solver
from recourse_arena.interfaces.suite import Block, Suite
from recourse_arena.problem.profile import PROFILES
from recourse_arena.problem.scenario import Scenario

SOLVERS = ("convex", "grid", "growing-spheres")
"""Who is asked by default: each is meant for some datasets and decision models, and none is trained for long."""

PROVER = "certified?time_limit=10"
"""Who is asked for a proof where nobody finds anything."""

PROFILE = "linear"
"""How the levels of a scheme become weights by default."""


@dataclass(frozen=True)
class Question:
    """What one person asks.

    Arguments:
        person: The values of all features, codes of levels.
        wishes: What they say they can do.
        plausibility: Whether advice is to lead to a person who is as likely as they are.
        alternatives: How many alternatives they want at most.
        answered: Whether they said what they can do; else everything counts as possible.
    """

    person: Mapping[str, float]
    wishes: Wishes
    plausibility: bool = True
    alternatives: int = 4
    answered: bool = True

    def said(self) -> dict[str, Any]:
        """Return it as JSON says it."""
        wishes = asdict(self.wishes)
        bounds = ("at_least", "at_most")
        for wish in wishes["said"].values():  # JSON knows no infinity
            wish |= {end: None for end in bounds if math.isinf(wish[end])}
        return {
            "person": dict(self.person),
            "wishes": wishes,
            "plausibility": self.plausibility,
            "alternatives": self.alternatives,
            "answered": self.answered,
        }

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Question:
        """Return the question that :meth:`said` says."""
        wishes = said["wishes"]
        own = {
            name: Wish(**{part: value for part, value in wish.items() if value is not None})
            for name, wish in wishes["said"].items()
        }
        return cls(**{**said, "wishes": Wishes(**{**wishes, "said": own})})


@dataclass(frozen=True)
class AdviceOrder:
    """On which data and models advice is given, and who is asked; fitted models and solvers are shared with runs.

    Arguments:
        dataset: Name of the dataset with options, or the dataset.
        scenario: What solvers prepare for.
        solvers: Names of solvers with options; none if nobody is asked.
        objects: Those of them that were handed over, where they work in the process that advises.
        pickles: The same as pickles, where they do not.
        path: Where Python looks for modules, before its own places.
        data: Data directory.
        cache: Artefact cache.
        no_plugins: Names of plugins to block.
        seed: The seed of people and models.
        prover: Who is asked for proofs; empty for nobody.
    """

    dataset: str | Dataset
    scenario: Scenario
    data: Path
    cache: Path | None
    solvers: tuple[str, ...] = ()
    objects: Mapping[str, Solver] = field(default_factory=dict)
    pickles: Mapping[str, bytes] = field(default_factory=dict)
    path: tuple[str, ...] = ()
    no_plugins: tuple[str, ...] = ()
    seed: int = 0
    prover: str = PROVER

    def suite(self, dataset: str) -> Suite:
        """Return what is planned: each solver on the dataset, which has a name in the registry."""
        asked = (*self.solvers, *((self.prover,) if self.prover else ()))
        block = Block((dataset,), (self.scenario,), tuple(dict.fromkeys(asked)))
        return Suite("advice", "advice for one person", (block,), seeds=(self.seed,))


def prepared_for(scheme: str, profile: str, *, ordered: bool) -> Scenario:
    """Return the scenario that solvers prepare for: any number of features, with answers of a scheme.

    Arguments:
        scheme: Name of the scheme, with options.
        profile: Name of the profile.
        ordered: Whether its answers are ordered; else all features cost the same.

    Raises:
        ArenaError: If there is no such profile.
    """
    if profile not in PROFILES:
        raise ArenaError(f"profile: expected one of {', '.join(PROFILES)}, got {profile!r}")
    kept = profile if ordered else "constant"
    return Scenario("advice", scheme=scheme, actionable="random", profile=kept)
