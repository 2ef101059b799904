"""A ReLU network that says yes or no."""

from __future__ import annotations

__all__ = ["ReluClassifier"]

from torch import Tensor, nn, ones, zeros


class ReluClassifier(nn.Module):
    """A ReLU network on standardised features; yes where its logit is at least 0.

    Arguments:
        features: Number of features.
        hidden: Widths of the hidden layers.

    Example:
        >>> ReluClassifier(7, (32, 32)).accepts(zeros(5, 7)).shape
        torch.Size([5])
    """

    mean: Tensor
    sd: Tensor

    def __init__(self, features: int, hidden: tuple[int, ...]) -> None:
        super().__init__()
        self.register_buffer("mean", zeros(features))
        self.register_buffer("sd", ones(features))
        layers: list[nn.Module] = []
        for inputs, outputs in zip((features, *hidden), hidden, strict=False):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Linear((features, *hidden)[-1], 1))

    def logit(self, x: Tensor) -> Tensor:
        """Return the log odds `(...,)` of a positive decision for people `x` `(..., features)`."""
        return self.layers((x - self.mean) / self.sd).squeeze(-1)

    @property
    def affine_maps(self) -> tuple[tuple[Tensor, Tensor], ...]:
        """Weight `(outputs, inputs)` and bias `(outputs,)` of each layer, in double precision.

        The first acts on features in data units, the last gives the logit, and between two stands a ReLU.

        Example:
            >>> [tuple(weight.shape) for weight, bias in ReluClassifier(7, (32, 16)).affine_maps]
            [(32, 7), (16, 32), (1, 16)]
        """
        maps = [(m.weight.detach().double(), m.bias.detach().double()) for m in self.layers if isinstance(m, nn.Linear)]
        weight, bias = maps[0]
        weight = weight / self.sd.double()
        return ((weight, bias - weight @ self.mean.double()), *maps[1:])

    def accepts(self, x: Tensor) -> Tensor:
        """Return who is decided positively, bool `(...,)`."""
        return self.logit(x) >= 0
