"""REVISE: gradient descent in the latent space of a variational autoencoder."""

from __future__ import annotations

__all__ = ["Revise"]

from typing import TYPE_CHECKING, ClassVar

from recourse_arena import AutoencoderRecipe, Knowledge, Options, Solver, hookimpl
from recourse_arena_generative import AutoencoderSolver

if TYPE_CHECKING:
    from recourse_arena_generative import Best, Ground


class Revise(AutoencoderSolver):
    """REVISE (Joshi et al., 2019): the nearest accepted person that a variational autoencoder can decode.

    `BCE(f(dec(z)), 1) + pull * ||dec(z) - x||_1` is minimised over latents `z` by Adam, from those of the person; `f`
    is the probability of a positive decision. Of all iterates that are accepted as legal people, the one of least
    weighted cost is recommended. Who is left without one is searched for again with a tenth of the pull, `rounds`
    times at most; that is a reading, since the paper has one pull for all.

    What was adapted: what is fixed is each person's own, and the autoencoder is told it (immutable features are
    appended to `z` in the paper), so that it is trained on random sets of fixed features; distance counts each
    feature by the person's weight of it; decoded numbers are moved into the person's box, levels outside it are left
    out, and iterates that break a rule between features do not count. With `constraints=ignore` everybody may change
    whatever anybody may, in the dataset's box; such advice counts as breaking what people said.

    Where an action has effects, what is asked to be accepted is its counterfactual under the best causal model a
    solver may see. Plausibility is looked at by nothing but the autoencoder. Who can act on nothing is `infeasible`;
    where no iterate is accepted, `not_found`.

    Arguments:
        pull: What distance weighs in the first round, in the encoding; .5 in published code.
        rounds: Pulls tried, each a tenth of the last one.
        iterations: Steps of Adam on latents.
        rate: Its learning rate.
        latent: Latent dimensions.
        hidden: Width of the hidden layers.
        steps: Steps of training.
        constraints: `keep` or `ignore`.

    References:
        Joshi, Koyejo, Vijitbenjaronk, Kim and Ghosh, Towards realistic individual recourse and actionable explanations
        in black-box decision making systems, arXiv 1907.09615.

    Example:
        >>> Revise(pull=0.1).pull
        0.1
        >>> Revise(rate=0)
        Traceback (most recent call last):
        ...
        recourse_arena.base.errors.ArenaError: solver revise: rate must be a number above 0, got 0
    """

    name: ClassVar[str] = "revise"
    version: ClassVar[str] = "2"
    summary: ClassVar[str] = "gradient descent on the latents of a conditional VAE (REVISE 2019)"
    knows: frozenset[Knowledge] = frozenset({Knowledge.CLASSIFIER, Knowledge.FLOW, Knowledge.SCM})
    needs: ClassVar[frozenset[Knowledge]] = frozenset({Knowledge.CLASSIFIER})

    def __init__(
        self,
        *,
        pull: float = 0.5,
        rounds: int = 3,
        iterations: int = 200,
        rate: float = 0.1,
        latent: int = 8,
        hidden: int = 64,
        steps: int = 2000,
        constraints: str = "keep",
    ) -> None:
        options = Options(f"solver {self.name}")
        self.pull, self.rate = options.number("pull", pull, above=0), options.number("rate", rate, above=0)
        self.rounds = options.whole("rounds", rounds, 1, 10**6)
        self.iterations = options.whole("iterations", iterations, 1, 10**6)
        self.constraints = options.constraints(constraints)
        self.autoencoder_recipe = AutoencoderRecipe(latent, hidden, steps, conditional=True)

    def search(self, ground: Ground) -> Best:
        """Return the accepted iterate of least cost of each of the people."""
        from recourse_arena_revise.search import search

        return search(self, ground)


@hookimpl
def recourse_solvers() -> list[type[Solver]]:
    """Return the solver."""
    return [Revise]
