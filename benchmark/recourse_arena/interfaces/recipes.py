"""How models are wanted: decision model and flow by a dataset, an autoencoder by a solver; plain numbers, no code."""

from __future__ import annotations

__all__ = ["AutoencoderRecipe", "DecisionRecipe", "FlowRecipe"]

from dataclasses import dataclass, replace
from typing import Literal

from recourse_arena.base.arguments import Options


@dataclass(frozen=True)
class DecisionRecipe:
    """Training of the decision model.

    Arguments:
        hidden: Widths of the hidden layers.
        optimizer: `sgd` (CARMA's released recipe) or `adam`.
        learning_rate: Its learning rate.
        epochs: Passes over the training people.
        batch: People per step.
        negative_weight: Weight in the loss of people whose true label is unfavourable (cost-sensitive above 1).
        standardise_binaries: Whether binary features are standardised as numbers are (as ever since the first version),
            instead of being 0 and 1.
    """

    hidden: tuple[int, ...] = (32, 32)
    optimizer: Literal["sgd", "adam"] = "sgd"
    learning_rate: float = 1e-3
    epochs: int = 500
    batch: int = 256
    negative_weight: float = 1.0
    standardise_binaries: bool = True


@dataclass(frozen=True)
class FlowRecipe:
    """Training of the causal flow.

    Arguments:
        transform: Univariate transform: `affine` or `spline` (rational quadratic).
        hidden: Widths of the hidden layers.
        learning_rate: Learning rate at the start (Adam); it falls to 0 along a cosine.
        epochs: Passes over the training people.
        batch: People per step.
    """

    transform: Literal["affine", "spline"] = "affine"
    hidden: tuple[int, ...] = (64, 64)
    learning_rate: float = 5e-3
    epochs: int = 60
    batch: int = 512

    def other(self) -> FlowRecipe:
        """Return the recipe of a flow of another architecture: the judge's held-out one.

        In place of affine maps it has splines, in narrower layers and with half the epochs, since splines take longer;
        in place of splines it has splines in wider layers, since affine maps cost several nats where splines are used.
        On people that neither was fitted to: Loan 11.5 nats (13.6 the flow itself), GiveMeSomeCredit 17.9 (17.6, from
        more than twice as many people).

        Example:
            >>> FlowRecipe().other()
            FlowRecipe(transform='spline', hidden=(48, 48), learning_rate=0.005, epochs=30, batch=512)
        """
        if self.transform == "spline":
            return replace(self, hidden=tuple(3 * width // 2 for width in self.hidden))
        hidden = tuple(max(4, 3 * width // 4) for width in self.hidden)
        return replace(self, transform="spline", hidden=hidden, epochs=max(1, self.epochs // 2))


@dataclass(frozen=True)
class AutoencoderRecipe:
    """An autoencoder of training people that a solver declares, and its training.

    It is fitted before the solver is, once for all solvers that declare the same one, and kept as the flow is.

    Arguments:
        latent: Latent dimensions, 256 at most.
        hidden: Width of the hidden layer of encoder and decoder, 1024 at most.
        steps: Steps of Adam, each on 128 people; of all of them the best on validation people is kept; 100,000 at most.
        rate: Its learning rate at the start; it falls to 0 along a cosine.
        conditional: Whether it is told what a person cannot change.
        variational: Whether its latents are random in training.

    Raises:
        ArenaError: If a number is none, or too large: it is the suite that fits it, whoever asks for it.

    Example:
        >>> AutoencoderRecipe(hidden=0)
        Traceback (most recent call last):
        ...
        recourse_arena.base.errors.ArenaError: autoencoder: hidden must be a whole number from 1 to 1024, got 0
    """

    latent: int = 8
    hidden: int = 64
    steps: int = 2000
    rate: float = 5e-3
    conditional: bool = False
    variational: bool = True

    def __post_init__(self) -> None:
        options = Options("autoencoder")
        options.whole("latent", self.latent, 1, 256)
        options.whole("hidden", self.hidden, 1, 1024)
        options.whole("steps", self.steps, 1, 100_000)
        options.number("rate", self.rate, above=0, most=1)
        options.yes_or_no("conditional", self.conditional)
        options.yes_or_no("variational", self.variational)
