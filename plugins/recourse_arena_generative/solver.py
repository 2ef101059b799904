"""What solvers have in common that fit an autoencoder before anybody asks."""

from __future__ import annotations

__all__ = ["AutoencoderSolver"]

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from recourse_arena import Solver

if TYPE_CHECKING:
    from torch import Tensor

    from recourse_arena import Problem, Recommendation, Request
    from recourse_arena_generative.answers import Best
    from recourse_arena_generative.coder import Autoencoder
    from recourse_arena_generative.ground import Ground
    from recourse_arena_generative.network import Network


class AutoencoderSolver(Solver):
    """A solver that searches with an autoencoder of training people, fitted once and kept as its state."""

    keeps_rules: ClassVar[bool] = True
    keeps_sparsity: ClassVar[bool] = True
    fit_depends_on: frozenset[str] = frozenset()

    conditional: ClassVar[bool] = False
    """Whether the autoencoder is told what a person cannot change."""
    variational: ClassVar[bool] = True
    """Whether its latents are random in training."""

    network: Network
    """How it is built and trained."""
    constraints: str = "keep"
    """`keep` or `ignore`: whether what each person said is kept."""
    model: Autoencoder
    """What was fitted."""

    def fit(self, problem: Problem, *, seed: int) -> None:
        """Fit the autoencoder to training people."""
        from recourse_arena_generative.fitting import autoencoder

        self.problem, self.seed = problem, seed
        self.model = autoencoder(
            problem,
            self.network,
            seed=seed,
            purpose=self.name,
            conditional=self.conditional,
            variational=self.variational,
        )
        self.prepare()

    def state(self) -> Mapping[str, Tensor]:
        """Return the autoencoder and the seed as tensors."""
        import torch

        return {"seed": torch.tensor(self.seed), **{f"model.{k}": v for k, v in self.model.state_dict().items()}}

    def restore(self, problem: Problem, state: Mapping[str, Tensor]) -> None:
        """Take back what was fitted."""
        from recourse_arena_generative.fitting import restored_autoencoder

        self.problem, self.seed = problem, int(state["seed"])
        kept = {name.removeprefix("model."): tensor for name, tensor in state.items() if name.startswith("model.")}
        self.model = restored_autoencoder(
            problem.features, self.network, kept, conditional=self.conditional, variational=self.variational
        )
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
