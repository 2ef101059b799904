"""How an autoencoder is built and trained: numbers alone, without torch."""

from __future__ import annotations

__all__ = ["Network"]

from dataclasses import dataclass


@dataclass(frozen=True)
class Network:
    """How an autoencoder is built and trained.

    Arguments:
        latent: Latent dimensions.
        hidden: Width of the hidden layer of encoder and decoder.
        steps: Steps of Adam, each on 128 people; of all of them the best on validation people is kept.
        rate: Its learning rate at the start; it falls to 0 along a cosine.
    """

    latent: int = 8
    hidden: int = 64
    steps: int = 2000
    rate: float = 5e-3
