"""C-CHVAE: counterfactuals sampled from a conditional variational autoencoder, by decisions alone."""

from __future__ import annotations

__all__ = ["Cchvae"]

from typing import TYPE_CHECKING, ClassVar

from recourse_arena import AutoencoderRecipe, Knowledge, Options, Solver, hookimpl
from recourse_arena_generative import AutoencoderSolver

if TYPE_CHECKING:
    from recourse_arena_generative import Best, Ground


class Cchvae(AutoencoderSolver):
    """C-CHVAE (Pawelczyk, Broelemann and Kasneci, 2020), made individual; it needs nothing but decisions.

    A conditional variational autoencoder of training people is told what a person cannot change. Points are drawn
    from shells around the person in its latent space, each a `step` thicker than the last one, and decoded with
    the person's own values of what they cannot change. Of the first shell that holds an accepted point, the one of
    least weighted cost is recommended.

    What was adapted: what is fixed is each person's own, not the same for everybody, so that the autoencoder is trained
    on random sets of fixed features; decoded numbers are moved into the person's box, and levels outside it are left
    out; points that break a rule between features count as refused. With `constraints=ignore` everybody may change
    whatever anybody may, in the dataset's box, as in the paper; such advice counts as breaking what people said.

    The nearest point is that of least weighted cost, which is a reading: the paper leaves the distance open. Points
    are drawn once for everybody, so that nobody's advice depends on who else asks. Where an action has effects, what
    is asked to be accepted is its counterfactual under the best causal model a solver may see. Plausibility is not
    looked at. Who can act on nothing is `infeasible`; where no shell holds an accepted point, `not_found`.

    Arguments:
        samples: Points per shell.
        step: Thickness of a shell, in standard deviations of the prior.
        shells: Shells at most.
        latent: Latent dimensions.
        hidden: Width of the hidden layers.
        steps: Steps of training.
        constraints: `keep` or `ignore`.

    References:
        Pawelczyk, Broelemann and Kasneci, Learning model-agnostic counterfactual explanations for tabular data, WWW
        2020, arXiv 1910.09398.

    Example:
        >>> Cchvae(samples=50).samples
        50
        >>> Cchvae(constraints="some")
        Traceback (most recent call last):
        ...
        recourse_arena.base.errors.ArenaError: unknown constraints of solver cchvae 'some'. Known: ignore, keep.
    """

    name: ClassVar[str] = "cchvae"
    version: ClassVar[str] = "2"
    summary: ClassVar[str] = "samples of a conditional VAE in growing shells, by decisions alone (C-CHVAE 2020)"
    knows: frozenset[Knowledge] = frozenset({Knowledge.FLOW, Knowledge.SCM})

    def __init__(
        self,
        *,
        samples: int = 300,
        step: float = 0.25,
        shells: int = 40,
        latent: int = 8,
        hidden: int = 64,
        steps: int = 2000,
        constraints: str = "keep",
    ) -> None:
        options = Options(f"solver {self.name}")
        self.samples = options.whole("samples", samples, 1, 10**6)
        self.shells = options.whole("shells", shells, 1, 10**6)
        self.step, self.constraints = options.number("step", step, above=0), options.constraints(constraints)
        self.autoencoder_recipe = AutoencoderRecipe(latent, hidden, steps, conditional=True)

    def search(self, ground: Ground) -> Best:
        """Return the nearest point of each person's first shell that holds an accepted one."""
        from recourse_arena_cchvae.shells import nearest

        return nearest(self, ground)


@hookimpl
def recourse_solvers() -> list[type[Solver]]:
    """Return the solver."""
    return [Cchvae]
