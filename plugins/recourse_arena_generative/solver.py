"""What solvers have in common that search with an autoencoder."""

from __future__ import annotations

__all__ = ["AutoencoderSolver"]

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from recourse_arena import AutoencoderRecipe, Solver

if TYPE_CHECKING:
    from torch import Tensor

    from recourse_arena import Autoencoder, Problem, Recommendation, Request
    from recourse_arena_generative.answers import Best
    from recourse_arena_generative.ground import Ground


class AutoencoderSolver(Solver):
    """A solver that searches with an autoencoder of training people, which it shares with all that declare the same.

    Where none was made for it, as outside of runs, it fits one itself, and keeps it as its state.
    """

    keeps_rules: ClassVar[bool] = True
    keeps_sparsity: ClassVar[bool] = True
    fit_depends_on: frozenset[str] = frozenset()

    autoencoder_recipe: AutoencoderRecipe
    """How the autoencoder is built and trained."""
    constraints: str = "keep"
    """`keep` or `ignore`: whether what each person said is kept."""
    model: Autoencoder
    """The autoencoder."""

    def fit(self, problem: Problem, *, seed: int) -> None:
        """Take the autoencoder of training people."""
        from recourse_arena import autoencoder

        self.problem, self.seed = problem, seed
        self.model = autoencoder(problem, self.autoencoder_recipe, seed=seed)
        self.prepare()

    def state(self) -> Mapping[str, Tensor]:
        """Return the seed, and the autoencoder if it is its own, as tensors."""
        import torch

        own = {} if self.model is self.problem.autoencoder else self.model.state_dict()
        return {"seed": torch.tensor(self.seed), **{f"model.{name}": tensor for name, tensor in own.items()}}

    def restore(self, problem: Problem, state: Mapping[str, Tensor]) -> None:
        """Take back what was fitted."""
        from recourse_arena import Autoencoder, autoencoder

        self.problem, self.seed = problem, int(state["seed"])
        own = {name.removeprefix("model."): tensor for name, tensor in state.items() if name.startswith("model.")}
        if own:
            self.model = Autoencoder.restored(problem.features, self.autoencoder_recipe, own)
        else:
            self.model = autoencoder(problem, self.autoencoder_recipe, seed=self.seed)
        self.prepare()

    def prepare(self) -> None:
        """Make ready what follows from the autoencoder and the problem; called after `fit` and `restore`."""

    def search(self, ground: Ground) -> Best:
        """Return the best action found for each of the people, all of whom can act on something."""
        raise NotImplementedError

    def recommend(self, request: Request) -> Recommendation:
        """Return the best accepted action found for each person."""
        from recourse_arena_generative.answers import advise

        return advise(self.problem, request, self.model.encoding, self.search, constraints=self.constraints)
