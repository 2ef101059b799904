"""A ReLU network that says yes or no."""

from __future__ import annotations

__all__ = ["ReluClassifier"]

from torch import Tensor, nn, no_grad, ones, zeros
from torch.nn.functional import linear

from recourse_arena.people.encoding import Encoding
from recourse_arena.people.features import Feature, FeatureTable

_CLOSE = 1e-4
"""Logits that are this near to 0, by the size of what went in, are worked out again in double precision."""


class ReluClassifier(nn.Module):
    """A ReLU network on encoded features; yes where its logit, worked out in double precision, is at least 0.

    Arguments:
        features: The features; or their number, where all are numbers.
        hidden: Widths of the hidden layers.

    Example:
        >>> ReluClassifier(7, (32, 32)).accepts(zeros(5, 7)).shape
        torch.Size([5])
    """

    mean: Tensor
    sd: Tensor

    def __init__(self, features: FeatureTable | int, hidden: tuple[int, ...]) -> None:
        super().__init__()
        if isinstance(features, int):
            features = FeatureTable(tuple(Feature(f"x{number}") for number in range(features)))
        self._features = features
        self.register_buffer("mean", zeros(len(features)))
        self.register_buffer("sd", ones(len(features)))
        self._encoding = Encoding(features, self.mean, self.sd)
        layers: list[nn.Module] = []
        columns = len(self.encoding)
        for inputs, outputs in zip((columns, *hidden), hidden, strict=False):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Linear((columns, *hidden)[-1], 1))

    @property
    def encoding(self) -> Encoding:
        """How people look to it."""
        if self._encoding.mean is not self.mean or self._encoding.sd is not self.sd:  # moved to another precision
            self._encoding = Encoding(self._features, self.mean, self.sd)
        return self._encoding

    def set_scale(self, encoding: Encoding) -> None:
        """Take over the scale of an encoding of the same features."""
        self.mean.copy_(encoding.mean)
        self.sd.copy_(encoding.sd)

    def logit(self, x: Tensor) -> Tensor:
        """Return the log odds `(...,)` of a positive decision for people `x` `(..., features)`."""
        return self.encoded_logit(self._encoded(x))

    def encoded_logit(self, z: Tensor) -> Tensor:
        """Return the log odds `(...,)` of encoded columns `(..., columns)`, also between two levels of a category."""
        return self.layers(z).squeeze(-1)

    def probability(self, x: Tensor) -> Tensor:
        """Return the probability `(...,)` of a positive decision."""
        return self.logit(x).sigmoid()

    @property
    def affine_maps(self) -> tuple[tuple[Tensor, Tensor], ...]:
        """Weight `(outputs, inputs)` and bias `(outputs,)` of each layer, in double precision.

        The first acts on features in data units, with a column of 0 or 1 for each level of a category (as in the
        encoding), the last gives the logit, and between two stands a ReLU.

        Example:
            >>> [tuple(weight.shape) for weight, bias in ReluClassifier(7, (32, 16)).affine_maps]
            [(32, 7), (16, 32), (1, 16)]
        """
        maps = [(m.weight.detach().double(), m.bias.detach().double()) for m in self.layers if isinstance(m, nn.Linear)]
        weight, bias = maps[0]
        encoding = self.encoding
        weight = weight / encoding.spread(self.sd).double()
        return ((weight, bias - weight @ encoding.spread(self.mean).double()), *maps[1:])

    def accepts(self, x: Tensor) -> Tensor:
        """Return who is decided positively, bool `(...,)`.

        In single precision the last bits of a logit depend on who else is asked about: whoever is that close to the
        boundary is decided in double precision, so that everybody is decided alone as among others.
        """
        with no_grad():
            z = self._encoded(x)
            logit = self.encoded_logit(z)
            found = logit >= 0
            close = logit.abs() <= _CLOSE * (1 + z.abs().amax(-1)) if z.numel() else found
            if close.any():
                found[close] = self.exact_logit(x[close]) >= 0
        return found

    def exact_logit(self, x: Tensor) -> Tensor:
        """Return the log odds `(...,)` in double precision: of each alone as among others, but for the last bits."""
        z = self._encoded(x.double())
        for layer in self.layers:
            z = linear(z, layer.weight.double(), layer.bias.double()) if isinstance(layer, nn.Linear) else layer(z)
        return z.squeeze(-1)

    def _encoded(self, x: Tensor) -> Tensor:
        return self.encoding.encode(x) if self._features.mixed else (x - self.mean) / self.sd
