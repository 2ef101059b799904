"""Networks whose weights lie in a box, and one that accepts whom all of them accept."""

from __future__ import annotations

__all__ = ["Box", "drawn"]

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.progress_hook import ProgressHook, silent
from recourse_arena.base.randomness import generator
from recourse_arena.interfaces.change import FittedDecision, Size
from recourse_arena.models.changes.compression import OfNetworks
from recourse_arena.models.changes.settings import number, whole

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from recourse_arena.models.decision.relu import ReluClassifier
    from recourse_arena.problem.model_protocols import Decisions


class Box(OfNetworks):
    """Every weight and bias may move by as much: some networks of that box, drawn, and its worst case.

    `corner-K` have every weight at one of its ends, `inside-K` anywhere between them. `worst` accepts whoever every
    network of the box accepts, as far as interval bounds say: its logit is never above that of any of them, and with
    one hidden layer it is their least one. It is a ReLU network itself, whom solvers may be shown.

    Arguments:
        delta: By how much each may move.
        relative: Whether that is meant times the largest weight of its layer.
        bits: Bits of a weight: each moves by at most half a step of `quantized?bits=...`, and no bias does; instead of
            `delta`.
        models: How many networks are drawn, every other one at a corner.

    Example:
        >>> Box(bits=8).bits
        8
    """

    name: ClassVar[str] = "box"
    summary: ClassVar[str] = "every weight may move by so much (`?delta=.01`, `?bits=8`): some networks, and the worst"

    def __init__(self, *, delta: float = 0.01, relative: bool = False, bits: int = 0, models: int = 5) -> None:
        self.delta, self.relative = number(self.name, "delta", delta), relative
        self.bits = bits if type(bits) is int and bits == 0 else whole(self.name, "bits", bits, 2, 16)
        self.count = whole(self.name, "models", models, 0, 1000)
        if self.delta <= 0:
            raise ArenaError(f"change box: delta must be a number above 0, got {delta!r}")
        if bits and (delta, relative) != (0.01, False):
            raise ArenaError("change box: bits say how far weights move; delta and relative do without them")

    def models(
        self, fitted: FittedDecision, *, seed: int, report: ProgressHook = silent
    ) -> Mapping[str, ReluClassifier]:
        """Return the networks."""
        from recourse_arena.models.decision.worst_case import worst_case

        network = self._network(fitted)
        radii = self.radii(network)
        found: dict[str, ReluClassifier] = {}
        for k in range(self.count):
            kind, draws = ("inside", "corner")[k % 2 == 0], generator(seed, "changes", self.name, str(k))
            found[f"{kind}-{k // 2 + 1}"] = drawn(network, radii, draws, corner=kind == "corner")
            report((k + 1) / (self.count + 1))
        return {**found, "worst": worst_case(network, radii)}

    def radii(self, network: ReluClassifier) -> list[tuple[float, float]]:
        """Return by how much weights and biases of each layer of a network may move."""
        from recourse_arena.models.changes.networks import linear_layers

        largest = [float(layer.weight.detach().abs().max()) for layer in linear_layers(network)]
        if self.bits:
            return [(0.5 * most / (2 ** (self.bits - 1) - 1), 0.0) for most in largest]
        return [(by, by) for by in (self.delta * (most if self.relative else 1.0) for most in largest)]

    def restore(self, fitted: FittedDecision, state: Mapping[str, Tensor]) -> Decisions:
        """Return the network that was kept."""
        from recourse_arena.models.decision.worst_case import WorstCase

        network = self._network(fitted)
        if len(state) == len(network.state_dict()):
            return super().restore(fitted, state)
        return WorstCase.of(network.encoding, state)  # it has a layer more

    def size(self, fitted: FittedDecision, model: Any) -> Size:
        """Return the size of a network that was drawn; the worst case is none that anybody keeps."""
        from recourse_arena.models.decision.worst_case import WorstCase

        return Size() if isinstance(model, WorstCase) else super().size(fitted, model)


def drawn(
    network: ReluClassifier, radii: Sequence[tuple[float, float]], draws: Generator, *, corner: bool
) -> ReluClassifier:
    """Return a network of the box around another: each weight and bias at one of its ends, or anywhere between them.

    Arguments:
        network: The network in the middle.
        radii: By how much weights and biases of each affine map may move.
        draws: Where they move.
        corner: Whether to an end.
    """
    import torch

    from recourse_arena.models.changes.networks import linear_layers, plain

    def moved(values: Tensor, radius: float) -> Tensor:
        where = 2 * torch.rand(values.shape, generator=draws, dtype=torch.float64) - 1
        return values.double() + radius * (where.sign() if corner else where)

    pairs = [
        (moved(layer.weight, of_weights), moved(layer.bias, of_biases))
        for layer, (of_weights, of_biases) in zip(linear_layers(network), radii, strict=True)
    ]
    return plain(network, *zip(*pairs, strict=True))
