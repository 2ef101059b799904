"""Autoencoders of encoded people: numbers within their range, categories by softmax, whatever is fixed as it is."""

from __future__ import annotations

__all__ = ["Autoencoder"]

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import pairwise

import torch
from torch import Tensor, nn

from recourse_arena.interfaces.recipes import AutoencoderRecipe
from recourse_arena.people.encoding import Encoding
from recourse_arena.people.features import FeatureTable, Kind

_LEAST_SD = -2.3
"""Least log of the noise of a decoded number, about a tenth of a standard deviation: beyond it nothing is gained."""


class Autoencoder(nn.Module):
    """Encoder and decoder of columns `(..., columns)` of an :class:`~recourse_arena.Encoding`, in double precision.

    It is a variational one (Kingma and Welling, arXiv 1312.6114), one that is conditional on what a person cannot
    change (Sohn, Lee and Yan, NeurIPS 2015), or a plain one. Decoded numbers are kept within the range of training
    people, binaries are chances, and the levels of a category have shares that sum to 1.

    A conditional one is told which columns are fixed, and at what: it decodes the others given these. Each person has
    other features that are fixed, so it is trained on random sets of them (as in Ivanov, Figurnov and Vetrov, arXiv
    1806.02382): what nobody can act on is always fixed. That is a reading of C-CHVAE and REVISE, whose immutable
    features are the same for everybody.

    Arguments:
        features: The features.
        recipe: How it is built and trained.
    """

    mean: Tensor
    sd: Tensor
    low: Tensor
    high: Tensor

    def __init__(self, features: FeatureTable, recipe: AutoencoderRecipe) -> None:
        super().__init__()
        self.features, self.recipe = features, recipe
        nothing = torch.zeros(len(features), dtype=torch.double)
        self.register_buffer("mean", nothing)
        self.register_buffer("sd", torch.ones_like(nothing))
        columns = len(self.encoding)
        told = 2 * columns if recipe.conditional else 0
        self.encoder = _layers((columns + told, recipe.hidden, 2 * recipe.latent))
        self.decoder = _layers((recipe.latent + told, recipe.hidden, columns))
        self.log_sd = nn.Parameter(torch.zeros(columns))
        self.register_buffer("low", torch.zeros(columns))
        self.register_buffer("high", torch.zeros(columns))
        self.double()

    @classmethod
    def restored(cls, features: FeatureTable, recipe: AutoencoderRecipe, state: Mapping[str, Tensor]) -> Autoencoder:
        """Return the autoencoder whose `state_dict` was kept."""
        with torch.random.fork_rng(devices=[]):
            model = cls(features, recipe)
        model.load_state_dict(dict(state))
        return model.eval().requires_grad_(False)

    @property
    def encoding(self) -> Encoding:
        """How people look to it."""
        return Encoding(self.features, self.mean, self.sd)

    def set_scale(self, x: Tensor) -> None:
        """Take over scale and range of training people `x` `(people, features)`."""
        encoding = Encoding.fitted(self.features, x.double())
        self.mean.copy_(encoding.mean)
        self.sd.copy_(encoding.sd)
        columns = encoding.encode(x.double())
        self.low.copy_(columns.amin(0))
        self.high.copy_(columns.amax(0))

    def encode(self, columns: Tensor, fixed: Tensor) -> Tensor:
        """Return the latents `(..., latent)` of people `(..., columns)`: their means.

        Arguments:
            columns: The people.
            fixed: Which columns are fixed, bool; looked at by a conditional one only.
        """
        return self._encoded(columns, fixed)[0]

    def decode(self, latent: Tensor, columns: Tensor, fixed: Tensor) -> Tensor:
        """Return the people `(..., columns)` that latents `(..., latent)` stand for, fixed columns as in `columns`."""
        raw = self._decoded(latent, columns, fixed)
        found = torch.where(self._binary, raw.sigmoid(), torch.minimum(torch.maximum(raw, self.low), self.high))
        if len(self._groups[0]):
            shares = self._padded(raw).softmax(-1)
            places, real = self._groups
            found = found.index_copy(-1, places[real], shares[..., real])
        return torch.where(fixed, columns, found)

    def reconstructed(self, columns: Tensor, fixed: Tensor) -> Tensor:
        """Return people `(..., columns)` encoded and decoded."""
        return self.decode(self.encode(columns, fixed), columns, fixed)

    def loss(self, columns: Tensor, fixed: Tensor, noise: Tensor) -> Tensor:
        """Return the negative evidence bound `(people,)` of people `(people, columns)`, without what is fixed.

        The noise of decoded numbers is fitted with the rest (sigma-VAE, Rybkin, Daniilidis and Levine, arXiv
        2006.13202). A plain autoencoder has no divergence and no random latents.

        Arguments:
            columns: The people.
            fixed: Which columns are fixed, bool.
            noise: Standard normal draws `(people, latent)`.
        """
        mean, log_variance = self._encoded(columns, fixed)
        latent = mean + noise * (log_variance / 2).exp() if self.recipe.variational else mean
        raw, log_sd = self._decoded(latent, columns, fixed), self.log_sd.clamp(min=_LEAST_SD)
        off = 0.5 * ((columns - raw) / log_sd.exp()) ** 2 + log_sd
        off = torch.where(self._binary, nn.functional.softplus(raw) - columns * raw, off)
        if len(self._groups[0]):
            places, real = self._groups
            log_shares = self._padded(raw).log_softmax(-1)[..., real]
            off = off.index_copy(-1, places[real], -columns[..., places[real]] * log_shares)
        found = torch.where(fixed, 0.0, off).sum(-1)
        if self.recipe.variational:
            found = found + 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(-1)
        return found

    def _encoded(self, columns: Tensor, fixed: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.encoder(self._told(columns, columns, fixed)).chunk(2, -1)
        return mean, log_variance.clamp(-10, 5)

    def _decoded(self, latent: Tensor, columns: Tensor, fixed: Tensor) -> Tensor:
        return self.decoder(self._told(latent, columns, fixed))

    def _told(self, first: Tensor, columns: Tensor, fixed: Tensor) -> Tensor:
        if not self.recipe.conditional:
            return first
        shape = (*first.shape[:-1], columns.shape[-1])
        fixed = fixed.expand(shape)
        return torch.cat([first, torch.where(fixed, columns, 0.0), fixed.to(first.dtype)], -1)

    def _padded(self, raw: Tensor) -> Tensor:
        """Return raw columns by category `(..., categories, levels)`, the shorter filled up with none."""
        places, real = self._groups
        return torch.where(real, raw[..., places], -1e9)

    @cached_property
    def _binary(self) -> Tensor:
        return torch.tensor([feature.kind is Kind.BINARY for feature in self.features])[self.encoding.owner]

    @cached_property
    def _groups(self) -> tuple[Tensor, Tensor]:
        """Columns of each category, long `(categories, levels)`, the shorter filled up; and which are no filling."""
        owner = self.encoding.owner
        own = [(owner == j).nonzero()[:, 0] for j in self.features.categorical.nonzero()[:, 0].tolist()]
        most = max((len(columns) for columns in own), default=0)
        filled = [torch.cat([columns, columns[:1].expand(most - len(columns))]) for columns in own]
        places = torch.stack(filled) if own else torch.zeros(0, 0, dtype=torch.long)
        counts = torch.tensor([len(columns) for columns in own], dtype=torch.long)
        return places, torch.arange(most) < counts[:, None]


def _layers(widths: Sequence[int]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [nn.Linear(inputs, outputs), nn.ELU()]
    return nn.Sequential(*layers[:-1])
