"""The suite's changes of decision models, with the controls that anything they show has to be held against."""

from __future__ import annotations

__all__ = ["Distilled", "FineTuned", "Pruned", "Quantized", "Retrained", "Same", "ShiftedBias", "recourse_changes"]

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from recourse_arena.base.errors import ArenaError, NotApplicable, unknown
from recourse_arena.base.progress_hook import ProgressHook, silent
from recourse_arena.base.randomness import derive_seed, generator
from recourse_arena.interfaces.change import Change, FittedDecision, Size
from recourse_arena.interfaces.hookspecs import hookimpl

if TYPE_CHECKING:
    from torch import Tensor

    from recourse_arena.models.changes.networks import ClippedNetwork, QuantizedRelu
    from recourse_arena.models.decision.relu import ReluClassifier
    from recourse_arena.problem.model_protocols import Decisions, Scores

_METHODS = ("ptq", "lsq", "pact")
_FULL = 32


class Same(Change):
    """Nothing changes: the control in which all advice lasts."""

    name: ClassVar[str] = "same"
    summary: ClassVar[str] = "nothing changes (control)"

    def models(self, fitted: FittedDecision, *, seed: int, report: ProgressHook = silent) -> Mapping[str, Scores]:
        """Return the model."""
        return {"same": fitted.model}

    def size(self, fitted: FittedDecision, model: Scores) -> Size:
        """Return how large the model is by what its kind keeps."""
        return Retrained().size(fitted, model)


class Retrained(Change):
    """The same kind of model is trained again, from other weights and in another order.

    Arguments:
        models: How many times.
        bootstrap: Whether each time on as many training people drawn with replacement.

    Example:
        >>> Retrained(models=2).count
        2
    """

    name: ClassVar[str] = "retrained"
    summary: ClassVar[str] = "trained again with other seeds, or on people drawn again (`?bootstrap=true`)"

    def __init__(self, *, models: int = 5, bootstrap: bool = False) -> None:
        self.count, self.bootstrap = _whole(self.name, "models", models, 1, 1000), bootstrap

    def models(self, fitted: FittedDecision, *, seed: int, report: ProgressHook = silent) -> Mapping[str, Scores]:
        """Return the models.

        Raises:
            NotApplicable: If training does not lead to other models.
        """
        import torch

        found: dict[str, Scores] = {}
        for k in range(self.count):
            people = fitted.training
            if self.bootstrap:
                draws = generator(seed, "changes", "bootstrap", str(k))
                people = people[torch.randint(len(people), (len(people),), generator=draws)]
            found[f"retrained-{k + 1}"] = fitted.decision.fit(
                fitted.features, people, fitted.validation, seed=derive_seed(seed, "changes", "retrained", str(k))
            )
            report((k + 1) / self.count)
        x = fitted.training.x
        before = fitted.model.probability(x)
        if all(torch.equal(model.probability(x), before) for model in found.values()):
            kind = fitted.decision.name
            if self.bootstrap:
                raise NotApplicable(f"change retrained: decision model {kind} does not depend on its training people")
            raise NotApplicable(
                f"change retrained: decision model {kind} does not depend on its seed, and training it again leads to "
                "the same model; retrained?bootstrap=true draws its training people again"
            )
        return found

    def state(self, fitted: FittedDecision, model: Scores) -> Mapping[str, Tensor] | None:
        """Return what its kind of decision model keeps."""
        return fitted.decision.state(model)

    def restore(self, fitted: FittedDecision, state: Mapping[str, Tensor]) -> Scores:
        """Return the model that was kept."""
        return fitted.decision.restore(fitted.features, state)


class _OfNetworks(Change):
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


class ShiftedBias(_OfNetworks):
    """Something is added to the logit: the control that accepts more (or fewer) people and changes nothing else.

    A model that accepts more people lets advice last, whatever else happened to it.

    Arguments:
        by: What is added, in standard deviations of the logit over validation people.
    """

    name: ClassVar[str] = "shifted-bias"
    summary: ClassVar[str] = "the logit moved for everybody (control: lasting advice can be bought by accepting more)"

    def __init__(self, *, by: float = 0.5) -> None:
        self.by = _number(self.name, "by", by)

    def models(
        self, fitted: FittedDecision, *, seed: int, report: ProgressHook = silent
    ) -> Mapping[str, ReluClassifier]:
        """Return the network with another last bias."""
        from recourse_arena.models.changes.networks import moved

        network = self._network(fitted)
        spread = float(network.logit(fitted.validation.x).double().std())
        return {"shifted-bias": moved(network, self.by * spread)}


class FineTuned(_OfNetworks):
    """The network goes on training in full precision: the control of whatever is trained in fewer bits.

    Arguments:
        epochs: Passes over the training people.
    """

    name: ClassVar[str] = "fine-tuned"
    summary: ClassVar[str] = "trained on as long as quantized ones are, in full precision (control)"

    def __init__(self, *, epochs: int = 20) -> None:
        self.epochs = _whole(self.name, "epochs", epochs, 1, 10_000)

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


class Pruned(_OfNetworks):
    """The smallest weights of each layer are 0 and stay so while the others go on training.

    Han et al., Learning both weights and connections for efficient neural networks, NeurIPS 2015, arXiv 1506.02626.

    Arguments:
        share: Share of the weights of each layer.
        epochs: Passes over the training people.
    """

    name: ClassVar[str] = "pruned"
    summary: ClassVar[str] = "the smallest weights are 0, the others go on training"

    def __init__(self, *, share: float = 0.3, epochs: int = 20) -> None:
        self.share, self.epochs = _number(self.name, "share", share), _whole(self.name, "epochs", epochs, 1, 10_000)
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


class _Coded(_OfNetworks):
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
    its weights are rounded so is a reading. Biases and inputs are not rounded. Training is as of `fine-tuned`.

    Arguments:
        method: `ptq`, `lsq` or `pact`.
        bits: Bits of a weight, from 2 to 16.
        epochs: Passes over the training people, where it is trained.

    Example:
        >>> Quantized(method="lsq", bits=4).bits
        4
    """

    name: ClassVar[str] = "quantized"
    summary: ClassVar[str] = "weights of few bits, rounded (`ptq`) or trained to be (`lsq`, `pact`)"

    def __init__(self, *, method: str = "ptq", bits: int = 8, epochs: int = 20) -> None:
        if method not in _METHODS:
            raise unknown("method of change quantized", str(method), _METHODS)
        self.method, self.bits = method, _whole(self.name, "bits", bits, 2, 16)
        self.epochs = _whole(self.name, "epochs", epochs, 1, 10_000)

    def models(
        self, fitted: FittedDecision, *, seed: int, report: ProgressHook = silent
    ) -> Mapping[str, QuantizedRelu | ClippedNetwork]:
        """Return the network of rounded weights."""
        import torch

        from recourse_arena.models.changes.networks import ClippedNetwork, QuantizedRelu, linear_layers
        from recourse_arena.models.changes.quantizers import Clipped, uniform
        from recourse_arena.models.changes.student import on_labels

        network, name = self._network(fitted), f"{self.method}-{self.bits}"
        if self.method == "ptq":
            layers = linear_layers(network)
            coded = [uniform(layer.weight, self.bits) for layer in layers]
            return {name: QuantizedRelu.of(network, coded, [layer.bias for layer in layers], self.bits)}
        draws, loss = generator(seed, "changes", self.name, self.method, str(self.bits)), on_labels(fitted, network)
        if self.method == "lsq":
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
        self.bits = bits if bits == _FULL else _whole(self.name, "bits", bits, 2, 16)
        self.temperature, self.alpha = (
            _number(self.name, "temperature", temperature),
            _number(self.name, "alpha", alpha),
        )
        if self.temperature <= 0:
            raise ArenaError(f"change distilled: temperature must be a number above 0, got {temperature!r}")
        if not 0 <= self.alpha <= 1:
            raise ArenaError(f"change distilled: alpha must be a number from 0 to 1, got {alpha!r}")
        self.epochs = _whole(self.name, "epochs", epochs, 1, 10_000)

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


def _whole(change: str, option: str, value: Any, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise ArenaError(f"change {change}: {option} must be a whole number from {least} to {most}, got {value!r}")
    return value


def _number(change: str, option: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < float("inf"):
        raise ArenaError(f"change {change}: {option} must be a number, got {value!r}")
    return float(value)


@hookimpl
def recourse_changes() -> list[type[Change]]:
    """Return the changes."""
    return [Distilled, FineTuned, Pruned, Quantized, Retrained, Same, ShiftedBias]
