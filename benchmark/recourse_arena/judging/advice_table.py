"""Advice as a table: all of a recommendation that is kept, so that it can be judged again without its solver."""

from __future__ import annotations

__all__ = ["as_advice", "as_recommendation", "check_advice", "talked_about", "told_everything"]

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from recourse_arena.base.errors import ArenaError
from recourse_arena.menus.menu import Menu
from recourse_arena.problem.outcome import Outcome
from recourse_arena.problem.recommendation import Recommendation
from recourse_arena.problem.request import Request

_TOLD = "told_"


def as_advice(request: Request, recommendation: Recommendation) -> pa.Table:
    """Return a row per person: `person, outcome, mask_FEATURE, value_FEATURE`, and `lower_bound` if any is proved,
    `pick` if people pick from a menu; the menu is kept beside it.

    Values are kept as they were given, in single or double precision.
    """
    outcomes = pa.array(recommendation.outcomes, pa.string()).dictionary_encode()
    columns = {"person": pa.array(request.person.numpy()), "outcome": outcomes}
    for j, name in enumerate(request.features.names):
        columns[f"mask_{name}"] = pa.array(recommendation.mask[:, j].numpy())
        columns[f"value_{name}"] = pa.array(recommendation.values[:, j].numpy())
    if recommendation.pick is not None:
        columns["pick"] = pa.array(recommendation.pick.numpy())
    if recommendation.lower_bound is not None:
        columns["lower_bound"] = pa.array(recommendation.lower_bound.numpy())
    return pa.table(columns)


def talked_about(
    advice: pa.Table,
    told: Recommendation,
    features: Sequence[str],
    *,
    accepted: Tensor,
    rounds: Tensor,
    questions: Tensor,
) -> pa.Table:
    """Return the advice with which a conversation ended, with how it went.

    Arguments:
        advice: The last advice, as :func:`as_advice` returns it.
        told: What the same solver recommends when it is told everything: `told_outcome`, `told_mask_FEATURE` and
            `told_value_FEATURE`.
        features: The features.
        accepted: Who would do what they were advised last, bool `(people,)`.
        rounds: How often each was advised, `(people,)`.
        questions: How many questions each was asked, `(people,)`.
    """
    columns = {"accepted": accepted, "rounds": rounds, "questions": questions}
    for j, name in enumerate(features):
        columns[f"{_TOLD}mask_{name}"] = told.mask[:, j]
        columns[f"{_TOLD}value_{name}"] = told.values[:, j]
    for name, values in columns.items():
        advice = advice.append_column(name, pa.array(values.numpy()))
    return advice.append_column(f"{_TOLD}outcome", pa.array(told.outcomes, pa.string()).dictionary_encode())


def told_everything(advice: pa.Table, features: Sequence[str]) -> Recommendation:
    """Return what the solver recommends when it is told everything, from the advice of a conversation.

    Raises:
        ArenaError: If it is not there.
    """
    told = {name.removeprefix(_TOLD): advice[name] for name in advice.column_names if name.startswith(_TOLD)}
    return as_recommendation(pa.table(told), features)


def check_advice(schema: pa.Schema) -> None:
    """Raise what keeps a table from being advice.

    Raises:
        ArenaError: With the first column that is missing or of another type.
    """
    masks = [name for name in schema.names if name.startswith("mask_")]
    wanted = {"person": pa.types.is_integer, "outcome": pa.types.is_dictionary}
    wanted |= dict.fromkeys(masks, pa.types.is_boolean)
    if "pick" in schema.names:
        wanted["pick"] = pa.types.is_integer
    if "lower_bound" in schema.names:
        wanted["lower_bound"] = pa.types.is_floating
    wanted |= {f"value_{name.removeprefix('mask_')}": pa.types.is_floating for name in masks}
    names = list(schema.names)
    for name, fits in wanted.items():
        if names.count(name) != 1 or not fits(schema.field(name).type):
            raise ArenaError(f"not advice: column {name!r} is missing or of another type")


def as_recommendation(advice: pa.Table, features: Sequence[str], menu: Menu | None = None) -> Recommendation:
    """Return the recommendation that a table keeps.

    Arguments:
        advice: The table.
        features: Names of the features.
        menu: The menu that people picked from, if they did.

    Raises:
        ArenaError: If it is about other features, or says outcomes that there are not.
    """
    if (menu is None) != ("pick" not in advice.column_names):
        raise ArenaError("advice: a menu and the picks from it come together")
    lacking = [name for name in features if f"mask_{name}" not in advice.column_names]
    if lacking:
        raise ArenaError(f"advice is not about these features: it has no column mask_{lacking[0]}")
    codes = {outcome.value: outcome.code for outcome in Outcome}
    words = advice["outcome"].to_pylist()
    if unknown := [word for word in words if word not in codes]:
        raise ArenaError(f"advice: expected an outcome, got {unknown[0]!r}")
    bound = _tensor(advice, "lower_bound") if "lower_bound" in advice.column_names else None
    return Recommendation(
        torch.stack([_tensor(advice, f"mask_{name}") for name in features], dim=1),
        torch.stack([_tensor(advice, f"value_{name}") for name in features], dim=1),
        torch.tensor([codes[word] for word in words], dtype=torch.int8),
        bound,
        menu,
        _tensor(advice, "pick").long() if menu is not None else None,
    )


def _tensor(advice: pa.Table, name: str) -> Tensor:
    return torch.from_numpy(np.array(advice[name].to_numpy()))
