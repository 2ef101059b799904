"""CLUE: the nearest person of whom the decision model is certain, found in a variational autoencoder's latent space."""

from __future__ import annotations

__all__ = ["Clue"]

from typing import TYPE_CHECKING, ClassVar

from recourse_arena import AutoencoderRecipe, Knowledge, Options, Solver, hookimpl
from recourse_arena_generative import AutoencoderSolver

if TYPE_CHECKING:
    from recourse_arena_generative import Best, Ground


class Clue(AutoencoderSolver):
    """CLUE (Antorán et al., 2021), an explanation of uncertainty made recourse.

    In the paper, `H(f(dec(z))) + pull * ||dec(z) - x||_1` is minimised over the latents `z` of a variational
    autoencoder, by Adam from those of `x`: which nearby person would the model be certain of, whatever it decides? That
    may be a certain refusal. Recourse asks for certainty of acceptance, so in place of the entropy `H` stands `-log p`
    as long as the chance `p` of a positive decision is below a half, and `H` from there on: both are `log 2` in
    between. Of all iterates that are accepted as legal people, the one that minimises the objective is
    recommended: it lies deeper behind the boundary than the nearest one.

    What was adapted otherwise: what is decoded of features that a person cannot change is replaced by their own values;
    distance counts each feature by the person's weight of it; decoded numbers are moved into the person's box, levels
    outside it are left out, and iterates that break a rule between features do not count. With `constraints=ignore`
    everybody may change whatever anybody may, in the dataset's box; such advice counts as breaking what people said.

    Where an action has effects, what is asked to be accepted is its counterfactual under the best causal model a
    solver may see. Who can act on nothing is `infeasible`; where no iterate is accepted, `not_found`.

    Arguments:
        pull: What distance weighs, divided by the number of features: a reading.
        iterations: Steps of Adam on latents.
        rate: Its learning rate.
        latent: Latent dimensions.
        hidden: Width of the hidden layers.
        steps: Steps of training.
        constraints: `keep` or `ignore`.

    References:
        Antorán, Bhatt, Adel, Weller and Hernández-Lobato, Getting a CLUE: a method for explaining uncertainty
        estimates, ICLR 2021, arXiv 2006.06848.

    Example:
        >>> Clue(pull=0.5).pull
        0.5
    """

    name: ClassVar[str] = "clue"
    version: ClassVar[str] = "2"
    summary: ClassVar[str] = "certainly accepted people in a VAE's latent space (CLUE 2021)"
    knows: frozenset[Knowledge] = frozenset({Knowledge.CLASSIFIER, Knowledge.FLOW, Knowledge.SCM})
    needs: ClassVar[frozenset[Knowledge]] = frozenset({Knowledge.CLASSIFIER})

    def __init__(
        self,
        *,
        pull: float = 1.0,
        iterations: int = 200,
        rate: float = 0.1,
        latent: int = 8,
        hidden: int = 64,
        steps: int = 2000,
        constraints: str = "keep",
    ) -> None:
        options = Options(f"solver {self.name}")
        self.pull, self.rate = options.number("pull", pull, least=0), options.number("rate", rate, above=0)
        self.iterations = options.whole("iterations", iterations, 1, 10**6)
        self.constraints = options.constraints(constraints)
        self.autoencoder_recipe = AutoencoderRecipe(latent, hidden, steps)

    def search(self, ground: Ground) -> Best:
        """Return the accepted iterate that minimises the objective, for each of the people."""
        from recourse_arena_clue.certainty import search

        return search(self, ground)


@hookimpl
def recourse_solvers() -> list[type[Solver]]:
    """Return the solver."""
    return [Clue]
