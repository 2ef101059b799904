"""The control of lasting advice: logits moved for everybody."""

from __future__ import annotations

__all__ = ["ShiftedBias"]

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.base.progress_hook import ProgressHook, silent
from recourse_arena.base.randomness import generator
from recourse_arena.interfaces.change import FittedDecision
from recourse_arena.models.changes.compression import Distilled, Faithful
from recourse_arena.models.changes.quantized import Coded, Quantized
from recourse_arena.models.changes.settings import at_least_0, number, whole

if TYPE_CHECKING:
    from torch import Tensor

    from recourse_arena.interfaces.change import Change

_LIKE, _OF = ("cfq", "faithful"), ("lsq", "kd")


class ShiftedBias(Coded):
    """Something is added to the logit: the control that accepts more (or fewer) people and changes nothing else.

    A model that accepts more people lets advice last, whatever else happened to it. `by` moves the decision model
    itself. `like` moves another one, trained in few bits, until it refuses as much recourse of validation people as the
    one that is named, so that both let as much advice last: what still differs between them was not bought.

    Arguments:
        by: What is added, in standard deviations of the logit over validation people; half of one by default.
        like: `cfq` or `faithful`: as many validation people's recourse is refused as under this change.
        of: `lsq` or `kd`: whose bias is moved then.
        bits: Bits of a weight of both, from 2 to 16, where `like` is given.
        eta: How much being taught by recourse counts in `cfq`.
    """

    name: ClassVar[str] = "shifted-bias"
    version: ClassVar[str] = "2"
    summary: ClassVar[str] = (
        "the logit moved for everybody, also until as much advice lasts as under CFQ (`?like=cfq`) (control)"
    )

    def __init__(
        self, *, by: float | None = None, like: str = "", of: str = "lsq", bits: int = 4, eta: float = 1.0
    ) -> None:
        if like and like not in _LIKE:
            raise unknown("like of change shifted-bias", str(like), _LIKE)
        if of not in _OF:
            raise unknown("of of change shifted-bias", str(of), _OF)
        if like and by is not None:
            raise ArenaError("change shifted-bias: by and like exclude each other; like finds out how far")
        if not like and (of, bits, eta) != ("lsq", 4, 1.0):
            raise ArenaError("change shifted-bias: of, bits and eta are options beside like=cfq or like=faithful")
        self.by = number(self.name, "by", 0.5 if by is None else by)
        self.like, self.of, self.bits = like, of, whole(self.name, "bits", bits, 2, 16)
        self.eta = at_least_0(self.name, "eta", eta)

    def models(self, fitted: FittedDecision, *, seed: int, report: ProgressHook = silent) -> Mapping[str, Any]:
        """Return the network with another last bias."""
        from recourse_arena.models.changes.networks import moved
        from recourse_arena.models.changes.training.teaching import ends_of_advice

        network = self._network(fitted)
        if not self.like:
            spread = float(network.logit(fitted.validation.x).double().std())
            return {"shifted-bias": moved(network, self.by * spread)}
        kd, lsq = Distilled(bits=self.bits), Quantized(method="lsq", bits=self.bits)
        cfq = Quantized(method="cfq", bits=self.bits, eta=self.eta)
        target, own = cfq if self.like == "cfq" else Faithful(bits=self.bits), kd if self.of == "kd" else lsq
        wanted, model = _only(target, fitted, seed), _only(own, fitted, seed)
        _, ends = ends_of_advice(fitted, network, fitted.validation.x, draws=generator(seed, "changes", self.name))
        if len(ends):
            model = moved(model, _shift(wanted.encoded_logit(ends), model.encoded_logit(ends)))
        return {f"shifted-{self.of}-{self.bits}": model}


def _only(change: Change, fitted: FittedDecision, seed: int) -> Any:
    (model,) = change.models(fitted, seed=seed).values()
    return model


def _shift(wanted: Tensor, mine: Tensor) -> float:
    """Return what has to be added to logits so that as many are below 0 as of those that are wanted, half way."""
    refused, ordered = int((wanted < 0).sum()), mine.double().sort().values
    low = ordered[refused - 1] if refused > 0 else ordered[0] - 1
    high = ordered[refused] if refused < len(ordered) else ordered[-1] + 1
    return -float((low + high) / 2)
