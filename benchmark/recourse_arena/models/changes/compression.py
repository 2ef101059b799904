"""Changes that train a network on, prune or distil it, with the control that is trained as long and nothing else."""

from __future__ import annotations

__all__ = ["Distilled", "Faithful", "FineTuned", "OfNetworks", "Pruned"]

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.progress_hook import ProgressHook, silent
from recourse_arena.base.randomness import generator
from recourse_arena.interfaces.change import FittedDecision, Size
from recourse_arena.models.changes.of_networks import OfNetworks
from recourse_arena.models.changes.quantized import Coded, coded_network, learned_steps
from recourse_arena.models.changes.settings import at_least_0, number, whole

if TYPE_CHECKING:
    from torch import Tensor

    from recourse_arena.models.changes.networks import ClippedNetwork, QuantizedRelu
    from recourse_arena.models.decision.relu import ReluClassifier

_FULL = 32


class FineTuned(OfNetworks):
    """The network goes on training in full precision: the control of whatever is trained in fewer bits.

    Arguments:
        epochs: Passes over the training people.
    """

    name: ClassVar[str] = "fine-tuned"
    summary: ClassVar[str] = "trained on as long as quantized ones are, in full precision (control)"

    def __init__(self, *, epochs: int = 20) -> None:
        self.epochs = whole(self.name, "epochs", epochs, 1, 10_000)

    def models(
        self, fitted: FittedDecision, *, seed: int, report: ProgressHook = silent
    ) -> Mapping[str, ReluClassifier]:
        """Return the network."""
        from recourse_arena.models.changes.networks import plain
        from recourse_arena.models.changes.training.losses import on_labels
        from recourse_arena.models.changes.training.student import Student, passes, trained

        network, draws = self._network(fitted), generator(seed, "changes", self.name)
        student, people = Student(network), len(fitted.training)
        updates = passes(self.epochs, people)
        trained(student, people, on_labels(fitted, network), updates=updates, draws=draws, report=report)
        return {self.name: plain(network, student.used(), list(student.biases))}


class Pruned(Coded):
    """The smallest weights of each layer are 0 and stay so while the others go on training, in few bits if asked for.

    Han et al., Learning both weights and connections for efficient neural networks, NeurIPS 2015, arXiv 1506.02626. In
    fewer bits, with steps that are learnt as those of `quantized?method=lsq`.

    Arguments:
        share: Share of the weights of each layer.
        bits: Bits of a weight, from 2 to 16; 32 in full precision.
        epochs: Passes over the training people.
    """

    name: ClassVar[str] = "pruned"
    version: ClassVar[str] = "2"
    summary: ClassVar[str] = "the smallest weights are 0, the others go on training, also in few bits (`?bits=4`)"

    def __init__(self, *, share: float = 0.3, bits: int = _FULL, epochs: int = 20) -> None:
        self.share, self.epochs = number(self.name, "share", share), whole(self.name, "epochs", epochs, 1, 10_000)
        self.bits = bits if bits == _FULL else whole(self.name, "bits", bits, 2, 16)
        if not 0 < self.share < 1:
            raise ArenaError(f"change pruned: share must be a number above 0 and below 1, got {share!r}")

    def models(
        self, fitted: FittedDecision, *, seed: int, report: ProgressHook = silent
    ) -> Mapping[str, ReluClassifier | ClippedNetwork]:
        """Return the network."""
        from recourse_arena.models.changes.networks import plain
        from recourse_arena.models.changes.training.losses import on_labels
        from recourse_arena.models.changes.training.quantizers import Kept, KeptStep
        from recourse_arena.models.changes.training.student import Student, passes, trained

        def weigh(weight: Tensor) -> Any:
            mask = _largest(weight, self.share)
            return Kept(mask) if self.bits == _FULL else KeptStep(weight.detach(), self.bits, mask)

        named = (self.name,) if self.bits == _FULL else (self.name, str(self.bits))
        network, draws = self._network(fitted), generator(seed, "changes", *named)
        student, people = Student(network, weigh), len(fitted.training)
        updates = passes(self.epochs, people)
        trained(student, people, on_labels(fitted, network), updates=updates, draws=draws, report=report)
        if self.bits != _FULL:
            return {f"pruned-{self.bits}": coded_network(network, student)}
        return {self.name: plain(network, student.used(), list(student.biases))}

    def size(self, fitted: FittedDecision, model: Any) -> Size:
        """Return its size: a bit for each weight says whether it is 0, and those that are not are kept in their bits.

        Weights that were rounded to 0 are counted as if they had been pruned.
        """
        from recourse_arena.models.changes.training.student import linear_layers

        layers = linear_layers(model)
        weights, left = sum(m.weight.numel() for m in layers), sum(int((m.weight != 0).sum()) for m in layers)
        biases, scale = sum(m.bias.numel() for m in layers), model.mean.numel() + model.sd.numel()
        bits = weights + left * self.bits + biases * _FULL
        around = scale if self.bits == _FULL else scale + len(layers)
        return Size(bits / (weights + biases), -(-(bits + around * _FULL) // 8))


def _largest(weight: Tensor, share: float) -> Tensor:
    """Return which weights are not among the smallest, 1 or 0 of their shape."""
    import torch

    mask = torch.ones(weight.numel())
    mask[weight.detach().abs().flatten().argsort(stable=True)[: int(share * weight.numel())]] = 0.0
    return mask.reshape(weight.shape)


class Distilled(Coded):
    """The network learns from what it said itself, softened, as much as from labels; in fewer bits if asked for.

    Hinton, Vinyals and Dean, arXiv 1503.02531. In fewer bits, with steps that are learnt as those of `lsq`.

    Arguments:
        bits: Bits of a weight, from 2 to 16; 32 in full precision.
        temperature: What logits are divided by.
        alpha: How much counts what it said itself; the rest counts the labels.
        epochs: Passes over the training people.
    """

    name: ClassVar[str] = "distilled"
    summary: ClassVar[str] = "trained on what it said itself, also in few bits (`?bits=4`)"

    def __init__(self, *, bits: int = _FULL, temperature: float = 2.0, alpha: float = 0.5, epochs: int = 20) -> None:
        self.bits = bits if bits == _FULL else whole(self.name, "bits", bits, 2, 16)
        self.temperature, self.alpha = (
            number(self.name, "temperature", temperature),
            number(self.name, "alpha", alpha),
        )
        if self.temperature <= 0:
            raise ArenaError(f"change distilled: temperature must be a number above 0, got {temperature!r}")
        if not 0 <= self.alpha <= 1:
            raise ArenaError(f"change distilled: alpha must be a number from 0 to 1, got {alpha!r}")
        self.epochs = whole(self.name, "epochs", epochs, 1, 10_000)

    def models(
        self, fitted: FittedDecision, *, seed: int, report: ProgressHook = silent
    ) -> Mapping[str, ReluClassifier | ClippedNetwork]:
        """Return the student."""
        from recourse_arena.models.changes.networks import plain
        from recourse_arena.models.changes.training.losses import distilling
        from recourse_arena.models.changes.training.student import Student, passes, trained

        network, draws = self._network(fitted), generator(seed, "changes", self.name, str(self.bits))
        loss = distilling(fitted, network, temperature=self.temperature, alpha=self.alpha)
        people = len(fitted.training)
        updates = passes(self.epochs, people)
        if self.bits != _FULL:
            rounded = learned_steps(network, fitted, loss, self.bits, updates, draws=draws, report=report)
            return {f"kd-{self.bits}": rounded}
        student = Student(network)
        trained(student, people, loss, updates=updates, draws=draws, report=report)
        return {f"kd-{self.bits}": plain(network, student.used(), list(student.biases))}


class Faithful(Coded):
    """The network in few bits learns its own logits, everywhere and around where recourse of people ends.

    It is what CFQ has to be held against: a student that stays where its teacher was needs little else. People who ask
    end exactly on the boundary, where the least difference decides: so a small margin is asked for there, and the last
    bias is moved until it accepts almost all of the validation people's recourse, as far up or down as that takes.

    Arguments:
        bits: Bits of a weight, from 2 to 16; steps are learnt as those of `quantized?method=lsq`.
        margin: What is asked for where recourse of training people ends, in standard deviations of the logit.
        lasting: Share of validation people's recourse that it accepts.
        updates: Batches of 256 people, and as many ends of recourse, that it is trained on, at a falling rate.
    """

    name: ClassVar[str] = "faithful"
    version: ClassVar[str] = "2"
    summary: ClassVar[str] = "few bits that learn their own logits, also around where recourse of training people ends"

    def __init__(self, *, bits: int = 4, margin: float = 0.08, lasting: float = 0.98, updates: int = 2500) -> None:
        self.bits, self.margin = whole(self.name, "bits", bits, 2, 16), at_least_0(self.name, "margin", margin)
        self.lasting = number(self.name, "lasting", lasting)
        self.updates = whole(self.name, "updates", updates, 1, 1_000_000)
        if not 0 < self.lasting < 1:
            raise ArenaError(f"change faithful: lasting must be a number above 0 and below 1, got {lasting!r}")

    def models(
        self, fitted: FittedDecision, *, seed: int, report: ProgressHook = silent
    ) -> Mapping[str, QuantizedRelu | ClippedNetwork]:
        """Return the student."""
        from recourse_arena.models.changes.networks import moved
        from recourse_arena.models.changes.training.losses import faithful
        from recourse_arena.models.changes.training.teaching import ends_of_advice

        network, draws = self._network(fitted), generator(seed, "changes", self.name, str(self.bits))
        ends = ends_of_advice(fitted, network, fitted.training.x, draws=draws)
        loss = faithful(fitted, network, ends, margin=self.margin, draws=draws)
        model = learned_steps(network, fitted, loss, self.bits, self.updates, draws=draws, falling=True, report=report)
        _, ends_there = ends_of_advice(fitted, network, fitted.validation.x, draws=draws)
        if len(ends_there):
            lowest = model.encoded_logit(ends_there).double().quantile(1 - self.lasting)
            model = moved(model, -float(lowest))
        return {f"faithful-{self.bits}": model}
