"""Networks of few bits a weight: rounded as they are, or trained to be rounded."""

from __future__ import annotations

__all__ = ["Coded", "Quantized", "coded_network", "learned_steps"]

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.base.progress_hook import ProgressHook, silent
from recourse_arena.base.randomness import generator
from recourse_arena.interfaces.change import FittedDecision, Size
from recourse_arena.models.changes.of_networks import OfNetworks
from recourse_arena.models.changes.settings import at_least_0, number, whole

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from recourse_arena.models.changes.networks import ClippedNetwork, QuantizedRelu
    from recourse_arena.models.changes.training.losses import Views
    from recourse_arena.models.changes.training.student import Loss, Student
    from recourse_arena.models.decision.relu import ReluClassifier
    from recourse_arena.problem.model_protocols import Decisions

_METHODS = ("ptq", "lsq", "pact", "mixed", "cfq", "r-margin", "r-consistency")
_TEACHERS = ("steps", "boundary")
_FULL = 32
_WEIGHT, _GAMMA = 0.5, 0.25
"""What recourse counts in the baselines of CFQ, and the margin that they ask for, as its released code has them."""
_LEAST, _MOST = 2, 8
"""Fewest and most bits that are chosen from."""


class Coded(OfNetworks):
    """A change of ReLU networks that may lead to quantized ones, which are kept by their codes."""

    activations: int = _FULL

    def state(self, fitted: FittedDecision, model: Any) -> Mapping[str, Tensor]:
        """Return codes, steps, biases, bits and clips; weights where they are in full precision."""
        packed: Mapping[str, Tensor] | None = getattr(model, "packed", None)
        return super().state(fitted, model) if packed is None else packed

    def restore(self, fitted: FittedDecision, state: Mapping[str, Tensor]) -> Decisions:
        """Return the network that was kept."""
        if "layers.0.codes" not in state:
            return super().restore(fitted, state)
        from recourse_arena.models.changes.networks import ClippedNetwork, QuantizedRelu

        network = QuantizedRelu(self._network(fitted), {n: t for n, t in state.items() if n != "clips"})
        return ClippedNetwork(network, state["clips"], self.activations) if "clips" in state else network

    def size(self, fitted: FittedDecision, model: Any) -> Size:
        """Return its size, codes as many bits as they have."""
        size: Size | None = getattr(model, "size", None)
        return super().size(fitted, model) if size is None else size


class Quantized(Coded):
    """Weights of few bits: rounded as they are, or trained to be rounded. Biases and inputs are not rounded.

    `ptq` rounds to the nearest of `2^B - 1` values, uniform and symmetric, a step for each layer.

    `lsq` goes on training with steps that are learnt (arXiv 1902.08153).

    `pact` goes on training as well, with steps that the largest weight of a layer asks for, and has activations of as
    many bits, clipped where is learnt (arXiv 1805.06085); that its weights are rounded so is a reading.

    `mixed` is `lsq` that chooses 2, 3, 4 or 8 bits for each layer, `bits` on average: by Gumbel softmax at a
    temperature that falls from 5 to 0.25, with what the average of the bits that are taken is off the budget, above
    or below, in the loss. After three quarters of the training the most likely choice that keeps the budget stays.

    `cfq` is `lsq` that is taught to accept where recourse of training people ends (arXiv 2605.17160), in `bits` or,
    by `budget`, in bits that are chosen as those of `mixed` are. It can buy lasting advice by accepting more people,
    and is held against `fine-tuned`, `distilled?bits=B` and `shifted-bias?like=cfq`.

    `r-consistency` is `lsq` that keeps the logits where recourse of training people ends, and `r-margin` `lsq` that
    keeps a margin of 0.25 there, of a network that was first tuned for that margin at its own recourse; both count
    0.5. Released code has R-Margin judged against the tuned network; here advice is of the network before.

    Training is as of `fine-tuned`.

    Arguments:
        method: `ptq`, `lsq`, `pact`, `mixed`, `cfq`, `r-margin` or `r-consistency`.
        bits: Bits of a weight, a whole number from 2 to 16; of `mixed` on average, a number from 2 to 8.
        epochs: Passes over the training people, where it is trained.
        activations: Bits of an activation, of `lsq` and `cfq` alone; by default they are not rounded.
        eta: How much being taught by recourse counts, of `cfq` alone as all that follows; 0.25, 0.5, 1 and 2 are the
            paper's.
        condition: Whether only those teach whose recourse the model accepted before, as in its released code, and not
            everybody, as in its text.
        teacher: Recourse of three `steps` of 0.08, as in that code, or of as many as lead over the `boundary`.
        budget: Average bits of a weight, by number of weights, from 2 to 8; 0 for `bits` everywhere.
        bit_cost: How much it counts by how many bits the budget is missed; of `mixed` as well.
        match: How much it counts that recourse under both is alike.
        a1: How much of that counts where it goes.
        a2: How much of that counts what it costs.
        hinge: How much it counts by how much logits lack `gamma` where recourse ends.
        gamma: The margin asked for there.

    Example:
        >>> Quantized(method="lsq", bits=4).bits
        4
    """

    name: ClassVar[str] = "quantized"
    version: ClassVar[str] = "2"
    summary: ClassVar[str] = (
        "weights of few bits, rounded (`ptq`) or trained to be (`lsq`, `pact`, `mixed`, `cfq`, `r-margin`, "
        "`r-consistency`)"
    )

    def __init__(
        self,
        *,
        method: str = "ptq",
        bits: float = 8,
        epochs: int = 20,
        activations: int = _FULL,
        eta: float = 1.0,
        condition: bool = True,
        teacher: str = "steps",
        budget: float = 0.0,
        bit_cost: float = 1.0,
        match: float = 0.0,
        a1: float = 1.0,
        a2: float = 1.0,
        hinge: float = 0.0,
        gamma: float = _GAMMA,
    ) -> None:
        if method not in _METHODS:
            raise unknown("method of change quantized", str(method), _METHODS)
        if teacher not in _TEACHERS:
            raise unknown("teacher of change quantized", str(teacher), _TEACHERS)
        said = {k: v for k, v in locals().items() if k in _OF_CFQ and v != _OF_CFQ[k]}
        self._refuse_of_others(method, said, activations)
        self.method, self.condition, self.teacher = method, condition, teacher
        self.epochs = whole(self.name, "epochs", epochs, 1, 10_000)
        self.activations = activations if activations == _FULL else whole(self.name, "activations", activations, 2, 16)
        if method == "pact":
            self.activations = whole(self.name, "bits", bits, 2, 16)
        weights = {"eta": eta, "bit_cost": bit_cost, "match": match, "a1": a1, "a2": a2, "hinge": hinge}
        self.weight = {option: at_least_0(self.name, option, value) for option, value in weights.items()}
        self.gamma = number(self.name, "gamma", gamma)
        self.bits: int | None = None
        self.budget = bits if method == "mixed" else budget
        if self.budget != 0:
            option = "bits" if method == "mixed" else "budget"
            self.budget = number(self.name, option, self.budget)
            if not _LEAST <= self.budget <= _MOST:
                raise ArenaError(f"change quantized: {option} must be a number from 2 to 8, got {self.budget!r}")
        if self.budget == 0:
            self.bits = whole(self.name, "bits", bits, 2, 16)

    def _refuse_of_others(self, method: str, said: Mapping[str, Any], activations: int) -> None:
        theirs = [option for option in said if method != "cfq" and not (method == "mixed" and option == "bit_cost")]
        if theirs:
            of = "methods cfq and mixed" if theirs == ["bit_cost"] else "method cfq"
            raise ArenaError(f"change quantized: {theirs[0]} is an option of {of}, not of {method}")
        if activations != _FULL and method not in ("lsq", "cfq"):
            raise ArenaError(f"change quantized: activations is an option of methods lsq and cfq, not of {method}")

    def models(
        self, fitted: FittedDecision, *, seed: int, report: ProgressHook = silent
    ) -> Mapping[str, QuantizedRelu | ClippedNetwork]:
        """Return the network of rounded weights."""
        from recourse_arena.models.changes.networks import QuantizedRelu, linear_layers
        from recourse_arena.models.changes.training.quantizers import uniform

        network = self._network(fitted)
        if self.method == "ptq":
            assert self.bits is not None
            layers = linear_layers(network)
            coded = [uniform(layer.weight, self.bits) for layer in layers]
            biases = [layer.bias for layer in layers]
            return {f"ptq-{self.bits}": QuantizedRelu.of(network, coded, biases, [self.bits] * len(layers))}
        said = self.bits if self.bits is not None else f"{self.budget:g}"
        draws = generator(seed, "changes", self.name, self.method, str(said))
        if self.method == "r-margin":
            network = _tuned(fitted, network, self.epochs, draws)
        chosen = "cfq-mixed" if self.bits is None and self.method == "cfq" else self.method
        return {f"{chosen}-{said}": self._trained(fitted, network, self._loss(fitted, network), draws, report)}

    def _loss(self, fitted: FittedDecision, network: ReluClassifier) -> Loss:
        import torch

        from recourse_arena.models.changes.training import losses
        from recourse_arena.models.changes.training.teaching import Unrolled, recourse_points

        loss, teaching = losses.on_labels(fitted, network), self.method in ("cfq", "r-margin", "r-consistency")
        if not teaching:
            return loss
        far: Any = {"steps": 80, "size": 0.04, "stop": True} if self.teacher == "boundary" else {}
        points = recourse_points(fitted, network, **far)
        if self.method == "r-consistency":
            return loss.plus(_WEIGHT, losses.consistent(network, points))
        if self.method == "r-margin":
            return loss.plus(_WEIGHT, _margin(points))
        accepted = network.encoded_logit(points) >= 0
        who = accepted.to(points.dtype) if self.condition else torch.ones(len(points))
        loss = loss.plus(self.weight["eta"], losses.taught(points, who))
        if self.weight["hinge"]:
            loss = loss.plus(self.weight["hinge"], losses.hinged(points, who, self.gamma))
        if not self.weight["match"]:
            return loss
        unrolled, weight = Unrolled(fitted, network), self.weight
        return losses.matching(loss, network, unrolled, weight=weight["match"], a1=weight["a1"], a2=weight["a2"])

    def _trained(
        self, fitted: FittedDecision, network: ReluClassifier, loss: Loss, draws: Generator, report: ProgressHook
    ) -> QuantizedRelu | ClippedNetwork:
        from recourse_arena.models.changes.training.bits import Budget
        from recourse_arena.models.changes.training.quantizers import ChosenBits, Clipped, LargestStep, LearnedStep
        from recourse_arena.models.changes.training.student import Student, passes, trained

        def weigh(weight: Tensor) -> Any:
            if self.bits is None:
                return ChosenBits(weight, draws)
            return LargestStep(self.bits) if self.method == "pact" else LearnedStep(weight, self.bits)

        clipped = {"activate": lambda: Clipped(self.activations)} if self.activations != _FULL else {}
        student: Student = Student(network, weigh, **clipped)
        people, told = len(fitted.training), dict[str, Any]()
        if self.bits is None:
            budget = Budget(student, self.budget, self.weight["bit_cost"])
            loss, told = budget.added_to(loss), {"before": budget.at}
        trained(student, people, loss, updates=passes(self.epochs, people), draws=draws, report=report, **told)
        return coded_network(network, student, self.activations)


_OF_CFQ = {
    "eta": 1.0, "condition": True, "teacher": "steps", "budget": 0.0, "bit_cost": 1.0, "match": 0.0, "a1": 1.0,
    "a2": 1.0, "hinge": 0.0, "gamma": _GAMMA,
}  # fmt: skip
"""Options of `cfq` with their defaults."""


def _margin(points: Tensor) -> Views:
    """Return what R-Margin asks for: a margin where recourse of all training people ends."""
    import torch

    from recourse_arena.models.changes.training.losses import hinged

    return hinged(points, torch.ones(len(points)), _GAMMA)


def _tuned(fitted: FittedDecision, network: ReluClassifier, epochs: int, draws: Generator) -> ReluClassifier:
    """Return a network that went on training, in full precision, with a margin at its recourse."""
    from recourse_arena.models.changes.networks import plain
    from recourse_arena.models.changes.training.losses import on_labels
    from recourse_arena.models.changes.training.student import Student, passes, trained
    from recourse_arena.models.changes.training.teaching import recourse_points

    loss = on_labels(fitted, network).plus(_WEIGHT, _margin(recourse_points(fitted, network)))
    student, people = Student(network), len(fitted.training)
    trained(student, people, loss, updates=passes(epochs, people), draws=draws)
    return plain(network, student.used(), list(student.biases))


def coded_network(
    network: ReluClassifier, student: Student, activations: int = _FULL
) -> QuantizedRelu | ClippedNetwork:
    """Return the network that a student with quantizers has become."""
    import torch

    from recourse_arena.models.changes.networks import ClippedNetwork, QuantizedRelu

    rounded = QuantizedRelu.of(network, student.coded(), list(student.biases), student.bits())
    if activations == _FULL:
        return rounded
    clips = torch.stack([*student.activate.parameters()]) if len(student.activate) else torch.zeros(0)
    return ClippedNetwork(rounded, clips, activations)


def learned_steps(
    network: ReluClassifier, fitted: FittedDecision, loss: Loss, bits: int, updates: int, **how: Any
) -> QuantizedRelu | ClippedNetwork:
    """Return a network trained with steps that are learnt (LSQ), on some loss; `how` goes to `trained`."""
    from recourse_arena.models.changes.training.quantizers import LearnedStep
    from recourse_arena.models.changes.training.student import Student, trained

    student = Student(network, lambda weight: LearnedStep(weight, bits))
    trained(student, len(fitted.training), loss, updates=updates, **how)
    return coded_network(network, student)
