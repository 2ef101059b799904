"""The records of people as the judge writes them: which columns there are and of which types, in one place."""

from __future__ import annotations

__all__ = ["COLUMNS", "REJUDGED", "as_records", "check_records", "column_type"]

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from recourse_arena.base.errors import ArenaError

COLUMNS: Mapping[str, pa.DataType] = {
    "person": pa.int64(),
    "outcome": pa.large_string(),
    "valid": pa.bool_(),
    "plausible": pa.bool_(),
    "plausible_scm": pa.bool_(),
    "plausible_heldout": pa.bool_(),
    "cost": pa.float32(),
    "weighted_cost": pa.float32(),
    "l2": pa.float32(),
    "actions": pa.int64(),
    "hard_action": pa.bool_(),
    "violations": pa.int64(),
    "logp_factual": pa.float32(),
    "logp_counterfactual": pa.float32(),
    "redrawn": pa.float32(),
}
"""What every record has; a missing value says that it is undefined."""

_NEAR = {"inlier_score": pa.float32(), "neighbour_distance": pa.float32()}
"""What records have beside it where plausibility is judged by neighbours."""

_PROVED = {"lower_bound": pa.float32(), "optimal_cost": pa.float64(), "optimality_gap": pa.float64()}
"""What records have beside it where a solver proves something, or somebody's optimum is certified."""

_TALKED = {
    "accepted": pa.bool_(),
    "possible": pa.bool_(),
    "rounds": pa.int64(),
    "questions": pa.int64(),
    "own_optimum": pa.float32(),
    "regret": pa.float32(),
}
"""What records have beside it where a policy had to find out what people want."""

_OFFERED = {"cluster": pa.int64(), "pick": pa.int64(), "available": pa.int64(), "choices": pa.int64()}
"""What records have beside it where people pick from a menu."""

_PREFIXES = {
    "offer_works_": pa.bool_(),
    "offer_cost_": pa.float32(),
    "group_": pa.large_string(),
    "score_": pa.int8(),
    "mask_": pa.bool_(),
    "value_": pa.float32(),
    "factual_": pa.float32(),
    "after_": pa.float32(),
    "own_lower_": pa.float32(),
    "own_upper_": pa.float32(),
}
"""What records have of each action of a menu, of each sensitive attribute, and of each feature: bounds only where
somebody has bounds of their own. The counterfactual is `after_` where it is there, else `value_` of what is acted upon,
else `factual_`."""

REJUDGED = ("factual_", "after_", "own_lower_", "own_upper_")
"""What only those read who judge a row again; runs of before they were kept have none of it."""


def column_type(name: str) -> pa.DataType | None:
    """Return the type of a column; none if records have no such column.

    Example:
        >>> str(column_type("valid")), str(column_type("mask_income")), column_type("mood")
        ('bool', 'bool', None)
    """
    known = (COLUMNS, _PROVED, _NEAR, _TALKED, _OFFERED)
    found = next((columns[name] for columns in known if name in columns), None)
    return found or next((kind for prefix, kind in _PREFIXES.items() if name.startswith(prefix)), None)


def as_records(columns: Mapping[str, Any]) -> pa.Table:
    """Return columns as a table of records; nan becomes missing.

    Arguments:
        columns: Arrays, tensors or lists by name, a value for each person.

    Raises:
        ArenaError: If one is no column of records, or its values are of another kind.
    """
    arrays = {}
    for name, values in columns.items():
        kind = column_type(name)
        if kind is None:
            raise ArenaError(f"records of people have no column {name!r}")
        numbers = values.numpy() if hasattr(values, "numpy") else values
        try:
            arrays[name] = pa.array(numbers, from_pandas=True).cast(kind)
        except (pa.ArrowException, TypeError, ValueError) as error:
            raise ArenaError(f"records of people: column {name!r}: expected {kind}: {error}") from None
    return pa.table(arrays)


def check_records(schema: pa.Schema) -> None:
    """Raise what keeps a table from being records of people.

    Raises:
        ArenaError: With the first column that is missing or of another type.
    """
    names = list(schema.names)
    needed = [f"factual_{name.removeprefix('mask_')}" for name in names if name.startswith("mask_")]
    for name in (*COLUMNS, *needed, *names):
        kind = column_type(name)
        if names.count(name) != 1 or kind is None or schema.field(name).type != kind:
            raise ArenaError(f"not rows of people: column {name!r} is missing, unknown, there twice or of another type")
