"""Whether advice lasts: counterfactuals that are decided on again by a changed model, and how both models compare."""

from __future__ import annotations

__all__ = ["NEARLY", "check_decides_alike", "compared", "redecided", "spread_of_logits"]

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from recourse_arena.base.errors import ArenaError
from recourse_arena.people.people import People
from recourse_arena.problem.model_protocols import Decisions

NEARLY = 0.9
"""How far on the way to their counterfactual people are whom a lenient model accepts early."""

_ALONE = 48
"""People that a model is asked about one by one, before it is believed."""


def check_decides_alike(what: str, model: Decisions, x: Tensor) -> None:
    """Raise what keeps a model from being asked about people: else what lasts would hang on who else is asked.

    Arguments:
        what: What it is, for messages.
        model: The model.
        x: Some people, `(people, features)`.

    Raises:
        ArenaError: If it does not say yes or no to each, or decides on somebody otherwise alone than among others.
    """
    together = model.accepts(x)
    if not isinstance(together, Tensor) or together.dtype is not torch.bool or together.shape != x.shape[:-1]:
        got = f"{together.dtype} {tuple(together.shape)}" if isinstance(together, Tensor) else type(together).__name__
        raise ArenaError(f"{what}: accepts: expected bool {tuple(x.shape[:-1])}, got {got}")
    alone = torch.cat([model.accepts(one) for one in x[:_ALONE].split(1)]) if len(x) else together
    if not torch.equal(alone, together[:_ALONE]):
        raise ArenaError(
            f"{what}: somebody is decided otherwise alone than among others, so that nobody could say whose advice "
            "lasts; a model must decide on each person by themselves"
        )


def redecided(before: Decisions, after: Decisions, x: Tensor, then: Tensor) -> dict[str, Tensor]:
    """Return what a changed model says of people and of their counterfactuals.

    Arguments:
        before: The model under which advice was given.
        after: The changed model.
        x: Who people are, `(people, features)`.
        then: Who they would be, `(people, features)`.

    Returns:
        Columns of a value for each person: `already`, whether it accepts them as they are, and `accepted`, whether it
        accepts their counterfactual; floats, nan where undefined: `early`, whether it accepts them at nine tenths of
        the way in the encoding, of those whom `before` still refuses there; `logit`, of the counterfactual.
    """
    with torch.no_grad():
        found = {"already": after.accepts(x), "accepted": after.accepts(then)}
        nothing = torch.full((len(x),), torch.nan, dtype=torch.float64)
        found["logit"], found["early"] = _logits(after, then, nothing), nothing
        if all(hasattr(model, "encoded_logit") for model in (before, after)):
            models: Any = before, after
            encoding = models[0].encoding
            start = encoding.encode(x)
            nearly = start + NEARLY * (encoding.encode(then) - start)
            refused = models[0].encoded_logit(nearly) < 0
            early = (models[1].encoded_logit(nearly) >= 0).double()
            found["early"] = torch.where(refused, early, nothing)
    return found


def compared(before: Decisions, after: Decisions, people: People) -> Mapping[str, float]:
    """Return how a model and the changed one compare on people held out from both; nan where undefined.

    Arguments:
        before: The model.
        after: The changed model.
        people: The people, with their true labels.

    Returns:
        `acceptance_before`, `acceptance`, `accuracy_before` and `accuracy` of both; `agreement`, the share of people on
        whom they decide alike; `lost`, the share of those accepted before who are refused now; `gap` and `gap_sd`, mean
        and standard deviation of how much the logit rose; `logit_sd`, that of the logit before.
    """
    x, favourable = people.x, people.y == 1
    with torch.no_grad():
        old, new = before.accepts(x), after.accepts(x)
        nothing = torch.full((len(x),), torch.nan, dtype=torch.float64)
        gap = _logits(after, x, nothing) - _logits(before, x, nothing)
    return {
        "acceptance_before": _mean(old),
        "acceptance": _mean(new),
        "accuracy_before": _mean(old == favourable),
        "accuracy": _mean(new == favourable),
        "agreement": _mean(old == new),
        "lost": _mean(~new[old]),
        "gap": _mean(gap),
        "gap_sd": float(gap.std(correction=0)) if len(gap) else float("nan"),
        "logit_sd": spread_of_logits(before, x),
    }


def spread_of_logits(model: Decisions, x: Tensor) -> float:
    """Return the standard deviation of a model's logit over people; nan where it has none."""
    with torch.no_grad():
        logit = _logits(model, x, torch.full((len(x),), torch.nan, dtype=torch.float64))
    return float(logit.std(correction=0)) if len(x) else float("nan")


def _logits(model: object, x: Tensor, otherwise: Tensor) -> Tensor:
    logit = getattr(model, "logit", None) or getattr(model, "log_odds", None)
    return otherwise if logit is None else logit(x).double()


def _mean(values: Tensor) -> float:
    return float(values.double().mean()) if len(values) else float("nan")
