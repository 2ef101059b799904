"""Changes that train a network on or compress it, with the controls that are trained as long in full precision."""

from __future__ import annotations

__all__ = ["Distilled", "Faithful", "FineTuned", "OfNetworks", "Pruned", "Quantized"]

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.base.progress_hook import ProgressHook, silent
from recourse_arena.base.randomness import generator
from recourse_arena.interfaces.change import Change, FittedDecision, Size
from recourse_arena.models.changes.settings import number, whole

if TYPE_CHECKING:
    from torch import Tensor

    from recourse_arena.models.changes.networks import ClippedNetwork, QuantizedRelu
    from recourse_arena.models.decision.relu import ReluClassifier
    from recourse_arena.problem.model_protocols import Decisions

_METHODS = ("ptq", "lsq", "pact", "cfq")
_TEACHERS = ("steps", "boundary")
_FULL = 32


class OfNetworks(Change):
    """A change of ReLU networks that leads to a network of the same shape, which is kept by its weights."""

    def _network(self, fitted: FittedDecision) -> ReluClassifier:
        from recourse_arena.models.changes.student import network_of

        return network_of(fitted, self.name)

    def state(self, fitted: FittedDecision, model: Any) -> Mapping[str, Tensor]:
        """Return its weights and scale."""
        state: Mapping[str, Tensor] = model.state_dict()
        return state

    def restore(self, fitted: FittedDecision, state: Mapping[str, Tensor]) -> Decisions:
        """Return the network with weights that were kept."""
        import copy

        model = copy.deepcopy(self._network(fitted))
        model.load_state_dict(dict(state))
        return model


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
        from recourse_arena.models.changes.student import Student, on_labels, trained

        network, draws = self._network(fitted), generator(seed, "changes", self.name)
        student, people = Student(network), len(fitted.training)
        trained(student, people, on_labels(fitted, network), epochs=self.epochs, draws=draws, report=report)
        return {self.name: plain(network, student.used(), list(student.biases))}


class Pruned(OfNetworks):
    """The smallest weights of each layer are 0 and stay so while the others go on training.

    Han et al., Learning both weights and connections for efficient neural networks, NeurIPS 2015, arXiv 1506.02626.

    Arguments:
        share: Share of the weights of each layer.
        epochs: Passes over the training people.
    """

    name: ClassVar[str] = "pruned"
    summary: ClassVar[str] = "the smallest weights are 0, the others go on training"

    def __init__(self, *, share: float = 0.3, epochs: int = 20) -> None:
        self.share, self.epochs = number(self.name, "share", share), whole(self.name, "epochs", epochs, 1, 10_000)
        if not 0 < self.share < 1:
            raise ArenaError(f"change pruned: share must be a number above 0 and below 1, got {share!r}")

    def models(
        self, fitted: FittedDecision, *, seed: int, report: ProgressHook = silent
    ) -> Mapping[str, ReluClassifier]:
        """Return the network."""
        import torch

        from recourse_arena.models.changes.networks import plain
        from recourse_arena.models.changes.quantizers import Kept
        from recourse_arena.models.changes.student import Student, on_labels, trained

        def kept(weight: Tensor) -> Kept:
            mask = torch.ones(weight.numel())
            mask[weight.detach().abs().flatten().argsort(stable=True)[: int(self.share * weight.numel())]] = 0.0
            return Kept(mask.reshape(weight.shape))

        network, draws = self._network(fitted), generator(seed, "changes", self.name)
        student, people = Student(network, kept), len(fitted.training)
        trained(student, people, on_labels(fitted, network), epochs=self.epochs, draws=draws, report=report)
        return {self.name: plain(network, student.used(), list(student.biases))}

    def size(self, fitted: FittedDecision, model: ReluClassifier) -> Size:
        """Return its size: a bit for each weight says whether it is 0, and those that are not are kept in full."""
        from recourse_arena.models.changes.networks import linear_layers

        layers = linear_layers(model)
        weights, left = sum(m.weight.numel() for m in layers), sum(int((m.weight != 0).sum()) for m in layers)
        biases, scale = sum(m.bias.numel() for m in layers), model.mean.numel() + model.sd.numel()
        bits = weights + (left + biases) * _FULL
        return Size(bits / (weights + biases), -(-(bits + scale * _FULL) // 8))


class _Coded(OfNetworks):
    """A change of ReLU networks that may lead to quantized ones, which are kept by their codes."""

    bits: int

    def state(self, fitted: FittedDecision, model: Any) -> Mapping[str, Tensor]:
        """Return codes, steps, biases and clips; weights where they are in full precision."""
        packed: Mapping[str, Tensor] | None = getattr(model, "packed", None)
        return super().state(fitted, model) if packed is None else packed

    def restore(self, fitted: FittedDecision, state: Mapping[str, Tensor]) -> Decisions:
        """Return the network that was kept."""
        if "layers.0.codes" not in state:
            return super().restore(fitted, state)
        from recourse_arena.models.changes.networks import ClippedNetwork, QuantizedRelu

        network = QuantizedRelu(self._network(fitted), {n: t for n, t in state.items() if n != "clips"}, self.bits)
        return ClippedNetwork(network, state["clips"], self.bits) if "clips" in state else network

    def size(self, fitted: FittedDecision, model: Any) -> Size:
        """Return its size, codes as many bits as they have."""
        size: Size | None = getattr(model, "size", None)
        return super().size(fitted, model) if size is None else size


class Quantized(_Coded):
    """Weights of few bits: rounded as they are, or trained to be rounded.

    `ptq` rounds to the nearest of `2^B - 1` values, uniform and symmetric, a step for each layer. `lsq` goes on
    training with steps that are learnt (arXiv 1902.08153). `pact` goes on training as well, with steps that the largest
    weight of a layer asks for, and has activations of as many bits, clipped where is learnt (arXiv 1805.06085); that
    its weights are rounded so is a reading. `cfq` is `lsq` that is taught to accept where recourse of training people
    ends (arXiv 2605.17160); it can buy lasting advice by accepting more people, and is held against `fine-tuned`,
    `distilled?bits=B` and `shifted-bias`. Biases and inputs are not rounded. Training is as of `fine-tuned`.

    Arguments:
        method: `ptq`, `lsq`, `pact` or `cfq`.
        bits: Bits of a weight, from 2 to 16.
        epochs: Passes over the training people, where it is trained.
        eta: How much being taught by recourse counts; of `cfq` alone, 1 by default.
        condition: Whether only those teach whose recourse the model accepted before, as in its released code, and not
            everybody, as in its text; of `cfq` alone.
        teacher: Recourse of three `steps` of 0.08, as in that code, or of as many as lead over the `boundary`; of `cfq`
            alone.

    Example:
        >>> Quantized(method="lsq", bits=4).bits
        4
    """

    name: ClassVar[str] = "quantized"
    summary: ClassVar[str] = "weights of few bits, rounded (`ptq`) or trained to be (`lsq`, `pact`, `cfq`)"

    def __init__(
        self,
        *,
        method: str = "ptq",
        bits: int = 8,
        epochs: int = 20,
        eta: float = 1.0,
        condition: bool = True,
        teacher: str = "steps",
    ) -> None:
        if method not in _METHODS:
            raise unknown("method of change quantized", str(method), _METHODS)
        self.method, self.bits = method, whole(self.name, "bits", bits, 2, 16)
        if teacher not in _TEACHERS:
            raise unknown("teacher of change quantized", str(teacher), _TEACHERS)
        if method != "cfq" and (eta, condition, teacher) != (1.0, True, "steps"):
            raise ArenaError(f"change quantized: eta, condition and teacher are options of method cfq, not of {method}")
        self.epochs, self.eta = whole(self.name, "epochs", epochs, 1, 10_000), number(self.name, "eta", eta)
        self.condition, self.teacher = condition, teacher
        if self.eta < 0:
            raise ArenaError(f"change quantized: eta must not be negative, got {eta!r}")

    def models(
        self, fitted: FittedDecision, *, seed: int, report: ProgressHook = silent
    ) -> Mapping[str, QuantizedRelu | ClippedNetwork]:
        """Return the network of rounded weights."""
        import torch

        from recourse_arena.models.changes.networks import ClippedNetwork, QuantizedRelu, linear_layers
        from recourse_arena.models.changes.quantizers import Clipped, uniform
        from recourse_arena.models.changes.student import on_labels, taught_by_recourse

        network, name = self._network(fitted), f"{self.method}-{self.bits}"
        if self.method == "ptq":
            layers = linear_layers(network)
            coded = [uniform(layer.weight, self.bits) for layer in layers]
            return {name: QuantizedRelu.of(network, coded, [layer.bias for layer in layers], self.bits)}
        draws, loss = generator(seed, "changes", self.name, self.method, str(self.bits)), on_labels(fitted, network)
        if self.method == "cfq":
            loss = taught_by_recourse(
                loss, network, taught_points(fitted, network, self.teacher), eta=self.eta, condition=self.condition
            )
        if self.method in ("lsq", "cfq"):
            return {name: learned_steps(network, fitted, loss, self.bits, self.epochs, draws, report)}
        from recourse_arena.models.changes.quantizers import LargestStep
        from recourse_arena.models.changes.student import Student, trained

        student = Student(network, lambda weight: LargestStep(self.bits), lambda: Clipped(self.bits))
        trained(student, len(fitted.training), loss, epochs=self.epochs, draws=draws, report=report)
        rounded = QuantizedRelu.of(network, student.coded(), list(student.biases), self.bits)
        clips = torch.stack([*student.activate.parameters()]) if len(student.activate) else torch.zeros(0)
        return {name: ClippedNetwork(rounded, clips, self.bits)}


class Distilled(_Coded):
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
    ) -> Mapping[str, ReluClassifier]:
        """Return the student."""
        from recourse_arena.models.changes.networks import plain
        from recourse_arena.models.changes.student import Student, distilling, trained

        network, draws = self._network(fitted), generator(seed, "changes", self.name, str(self.bits))
        loss = distilling(fitted, network, temperature=self.temperature, alpha=self.alpha)
        if self.bits != _FULL:
            rounded = learned_steps(network, fitted, loss, self.bits, self.epochs, draws, report)
            return {f"kd-{self.bits}": rounded}
        student = Student(network)
        trained(student, len(fitted.training), loss, epochs=self.epochs, draws=draws, report=report)
        return {f"kd-{self.bits}": plain(network, student.used(), list(student.biases))}


class Faithful(_Coded):
    """The network in few bits learns its own logits, everywhere and on both sides of where recourse of people ends.

    It is what CFQ has to be held against: a student that stays where its teacher was needs no terms of its own for
    recourse. Those that are nevertheless there ask for a margin where advice ends, which accepts a few people more.

    Arguments:
        bits: Bits of a weight, from 2 to 16; steps are learnt as those of `quantized?method=lsq`.
        margin: Logit that is asked for where recourse of training people ends, close behind the boundary.
        epochs: Passes over the training people.
    """

    name: ClassVar[str] = "faithful"
    summary: ClassVar[str] = "few bits that learn their own logits, also where recourse of training people ends"

    def __init__(self, *, bits: int = 4, margin: float = 0.25, epochs: int = 20) -> None:
        self.bits, self.margin = whole(self.name, "bits", bits, 2, 16), number(self.name, "margin", margin)
        self.epochs = whole(self.name, "epochs", epochs, 1, 10_000)

    def models(
        self, fitted: FittedDecision, *, seed: int, report: ProgressHook = silent
    ) -> Mapping[str, QuantizedRelu]:
        """Return the student."""
        from recourse_arena.models.changes.student import faithful

        network, draws = self._network(fitted), generator(seed, "changes", self.name, str(self.bits))
        loss = faithful(fitted, network, taught_points(fitted, network, "boundary"), margin=self.margin)
        model = learned_steps(network, fitted, loss, self.bits, self.epochs, draws, report)
        return {f"faithful-{self.bits}": model}


def taught_points(fitted: FittedDecision, network: ReluClassifier, teacher: str) -> Tensor:
    """Return whom recourse makes of training people: after three steps, or close behind the boundary."""
    from recourse_arena.models.changes.teaching import recourse_points

    if teacher == "boundary":
        return recourse_points(fitted, network, steps=80, size=0.04, stop=True)
    return recourse_points(fitted, network)


def learned_steps(
    network: ReluClassifier,
    fitted: FittedDecision,
    loss: Any,
    bits: int,
    epochs: int,
    draws: Any,
    report: ProgressHook,
) -> QuantizedRelu:
    """Return a network trained with steps that are learnt (LSQ), on some loss."""
    from recourse_arena.models.changes.networks import QuantizedRelu
    from recourse_arena.models.changes.quantizers import LearnedStep
    from recourse_arena.models.changes.student import Student, trained

    student = Student(network, lambda weight: LearnedStep(weight, bits))
    trained(student, len(fitted.training), loss, epochs=epochs, draws=draws, report=report)
    return QuantizedRelu.of(network, student.coded(), list(student.biases), bits)
