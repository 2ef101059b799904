"""What is proved about one person's recourse."""

from __future__ import annotations

__all__ = ["Certificate", "one_by_one", "recommendation"]

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from recourse_arena import NotApplicable, Outcome, Problem, Recommendation, Request

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Certificate:
    """The best action known, and what is proved.

    Arguments:
        outcome: How it ended.
        mask: Features acted upon, bool `(features,)`; none without an action.
        values: Values to set, `(features,)`.
        cost: Weighted cost of the action; infinite without one.
        lower_bound: Weighted cost that no action undercuts; infinite if none exists, NaN if nothing is proved.
        seconds: Time spent.
        reason: Why it did not end in an action or a proof, if so.

    Example:
        >>> one = torch.ones(1)
        >>> Certificate(Outcome.SOLVED, one > 0, one, cost=0.5, lower_bound=0.4, seconds=1.0).gap
        0.2
    """

    outcome: Outcome
    mask: Tensor
    values: Tensor
    cost: float = math.inf
    lower_bound: float = math.nan
    seconds: float = 0.0
    reason: str = ""

    @property
    def gap(self) -> float:
        """How far the cost may be above the optimum, relative to the cost; NaN if unknown or there is no action."""
        if self.outcome is not Outcome.SOLVED:
            return math.nan
        return round((self.cost - self.lower_bound) / self.cost, 12) if self.cost else 0.0


def one_by_one(
    problem: Problem, request: Request, seconds: float, prove: Callable[[Request, float], Certificate]
) -> list[Certificate]:
    """Return the certificate of each person of a table; trouble with one is an outcome with its reason.

    Arguments:
        problem: The problem.
        request: Who asks.
        seconds: Time for each person.
        prove: Returns the certificate of a request of one, until a time of :func:`time.monotonic`.

    Raises:
        NotApplicable: If plausibility is asked for.
    """
    if request.plausibility:
        raise NotApplicable(
            f"certified cannot write down that a counterfactual is near accepted people, which is what plausible "
            f"means for {problem.dataset}; ask with !no-plausibility"
        )
    found = []
    for i in range(len(request)):
        problem.report(i / len(request))
        one, start = request[i : i + 1], time.monotonic()
        try:
            certificate = prove(one, start + seconds)
        except Exception as error:  # whatever a solver's interface comes up with, the others must not suffer
            reason = f"{type(error).__name__}: {error}"
            certificate = Certificate(Outcome.FAILED, ~one.actionable[0] & False, one.factual[0], reason=reason)
        if certificate.reason and certificate.outcome is not Outcome.SOLVED:
            _log.warning("certified: person %d is %s: %s", one.person[0], certificate.outcome, certificate.reason)
        found.append(replace(certificate, seconds=time.monotonic() - start))
    return found


def recommendation(request: Request, certificates: Sequence[Certificate]) -> Recommendation:
    """Return the recommendation for all people of `request`; bounds of those without an action are NaN."""
    mask, values = torch.zeros_like(request.actionable), request.factual.clone()
    outcome = torch.empty(len(request), dtype=torch.int8)
    bound = torch.full((len(request),), torch.nan, dtype=torch.double)
    for i, one in enumerate(certificates):
        mask[i], values[i], outcome[i] = one.mask, one.values, one.outcome.code
        if math.isfinite(one.lower_bound):
            bound[i] = one.lower_bound
    return Recommendation(mask, values, outcome, bound)
