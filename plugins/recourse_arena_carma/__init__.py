"""CARMA and iCARMA: recourse by a mask network and an action network, trained once for everybody.

References:
    Majumdar and Valera, CARMA: A practical framework to generate recommendations for causal algorithmic
    recourse at scale, FAccT 2024 (doi 10.1145/3630106.3659003).

    From Universal to Individualized Actionability (arXiv 2604.08030), which adds individual preferences.
"""

from __future__ import annotations

__all__ = ["Carma", "ICarma"]

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from recourse_arena import Knowledge, Solver, hookimpl
from recourse_arena_carma.settings import CarmaSettings, Settings

if TYPE_CHECKING:
    from torch import Tensor

    from recourse_arena import Problem, Recommendation, Request
    from recourse_arena_carma.networks import Policy


class ICarma(Solver):
    name: ClassVar[str] = "icarma"
    summary: ClassVar[str] = "x"
    knows: ClassVar[frozenset[Knowledge]] = frozenset({Knowledge.CLASSIFIER, Knowledge.FLOW})
    fit_depends_on: ClassVar[frozenset[str]] = frozenset({"scheme"})
    individual: ClassVar[bool] = True
    __signature__ = inspect.signature(Settings)

    def __init__(self, **options: Any) -> None:
        self.settings = Settings(**options)

    def fit(self, problem, *, seed):
        from recourse_arena.problem.profile import PROFILES
        from recourse_arena.problem.randomness import generator
        from recourse_arena_carma.networks import Policy
        from recourse_arena_carma.preferences import Preferences
        from recourse_arena_carma.training import train

        draws = generator(seed, self.name)
        self.problem = problem
        self.policy = Policy(problem, self.settings, individual=True, draws=draws)
        from dataclasses import replace
        profiles = [replace(p, prior_max=self.settings.prior_max, prior_min=self.settings.prior_min) for p in PROFILES.values()]
        train(self.policy, problem, self.settings, lambda n, g: Preferences.mixed(problem.draw(n, g), profiles, g), draws)

    def recommend(self, request):
        from recourse_arena_carma.advice import advise
        from dataclasses import replace
        from recourse_arena_carma.preferences import Preferences
        return advise(self.policy, self.problem, request, Preferences.of(replace(request, profile=replace(request.profile, prior_max=self.settings.prior_max, prior_min=self.settings.prior_min))))
