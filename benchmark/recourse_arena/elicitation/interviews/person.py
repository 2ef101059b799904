"""One person as they are, from a file or from Python: original units, names of levels, or cells of the table."""

from __future__ import annotations

__all__ = ["Person", "read_person"]

import hashlib
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recourse_arena.base.arguments import parsed_number
from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.base.table_file import TableFile
from recourse_arena.base.text_file import holds_json, read_json
from recourse_arena.interfaces.dataset import Dataset
from recourse_arena.people.features import Feature

if TYPE_CHECKING:
    from torch import Tensor

_LARGEST = 3.4028234e38
"""Of a number: values are kept in single precision."""

_SHOWN = 12
_YES_OR_NO = (("no", "yes"), ("false", "true"), ("0", "1"))


@dataclass(frozen=True)
class Person:
    """One person, whoever they are: nobody need be among the people of a dataset.

    Arguments:
        values: Their value of each feature, by name in the order of the features; of levels, their codes.
        attributes: Those attributes of the dataset that are known of them.
    """

    values: Mapping[str, float]
    attributes: Mapping[str, float] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        """A short text that tells them from people of other values, and says none of these."""
        said = json.dumps({name: float(x) for name, x in self.values.items()}, sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    def row(self) -> Tensor:
        """Return their features, float `(1, features)`."""
        import torch

        return torch.tensor([list(self.values.values())], dtype=torch.float32)


def read_person(source: object, dataset: Dataset, *, row: int | None = None) -> Person:
    """Return a person.

    Arguments:
        source: The path of a JSON object, `{"age": 35, "housing": "own"}`, or of a CSV file with a header; or a
            mapping or a row of a pandas frame. Features go by their names or by the columns that their table has;
            values are numbers in original units, names of levels, or cells as the table has them. Attributes may be
            left out; columns of the table that are no features, such as the label, may be there.
        dataset: What they are asked for.
        row: Which row of a CSV file, from 0; needed if it has several.

    Raises:
        ArenaError: With the file, its line and the column or key, what was expected and what came.
    """
    if isinstance(source, (str, os.PathLike)):
        where, said = _file(Path(source), row)
    else:
        where, said = "person", _mapping(source)
        if row is not None:
            raise ArenaError(f"row: expected none, as the person is no file; got {row!r}")
    return _person(where, said, dataset)


def _file(path: Path, row: int | None) -> tuple[str, Mapping[str, object]]:
    if row is not None and (type(row) is not int or row < 0):
        raise ArenaError(f"row: expected a whole number from 0, got {row!r}")
    if holds_json(path, "a readable person"):
        said = read_json(path, "a readable person")
        if not isinstance(said, Mapping):
            raise ArenaError(f'{path}: expected one person as an object, as in {{"age": 35}}; got {_shown(said)}')
        if row is not None:
            raise ArenaError(f"{path}: a JSON file holds one person, so there is no row {row} to choose")
        return str(path), said
    table = TableFile.read(path, "people")
    count = len(table.rows)
    if not count:
        raise ArenaError(f"{path}: expected a person below the header, got none")
    if row is None and count > 1:
        raise ArenaError(f"{path}: expected one person, got {count:,}; choose one by its row, 0 to {count - 1:,}")
    if row is not None and row >= count:
        raise ArenaError(f"{path}: there is no row {row}: it has {count:,}, counted from 0")
    chosen = table.rows[row or 0]
    return f"{path}:{chosen.line}", chosen.cells


def _mapping(source: object) -> Mapping[str, object]:
    if hasattr(source, "iloc") and hasattr(source, "columns"):
        raise ArenaError("person: expected one person, got a frame; a row of it is one, as in frame.iloc[0]")
    if isinstance(source, Mapping) or (hasattr(source, "iloc") and hasattr(source, "items")):
        pairs = [(str(key), value) for key, value in source.items()]
        names = [key for key, _ in pairs]
        for name in names:
            if names.count(name) > 1:
                raise ArenaError(f"person: expected each feature once; {name!r} occurs {names.count(name)} times")
        return dict(pairs)
    raise ArenaError(f"person: expected the path of a JSON or CSV file, or a mapping of features, got {_shown(source)}")


def _person(where: str, said: Mapping[str, object], dataset: Dataset) -> Person:
    features = [*dataset.features, *dataset.attributes]
    keys = _keys(where, said, dataset)
    missing = [feature.name for feature in dataset.features if feature.name not in keys]
    if missing:
        several = len(missing) > 1
        raise ArenaError(
            f"{where}: expected each feature; {', '.join(map(repr, missing))} {'are' if several else 'is'} missing"
        )
    values = {
        feature.name: _value(f"{where}: {keys[feature.name]!r}", said[keys[feature.name]], feature, dataset)
        for feature in features
        if feature.name in keys
    }
    kept = dataset.features.names
    return Person({name: values[name] for name in kept}, {name: x for name, x in values.items() if name not in kept})


def _keys(where: str, said: Mapping[str, object], dataset: Dataset) -> dict[str, str]:
    """Return under which key each feature and attribute is said."""
    names = [feature.name for feature in (*dataset.features, *dataset.attributes)]
    headings = dataset.headings()
    keys = {name: name for name in names if name in said}
    for key in said:
        if key in names:
            continue
        if key not in headings:
            raise ArenaError(f"{where}: {unknown('feature', key[:80], [*names, *headings])}")
        for name in headings[key]:
            if name in keys:
                raise ArenaError(f"{where}: {keys[name]!r} and {key!r} both say {name!r}; leave one out")
            keys[name] = key
    return keys


def _value(place: str, given: object, feature: Feature, dataset: Dataset) -> float:
    """Return the value of a feature that was given, or raise what was expected."""
    given = given.item() if hasattr(given, "item") and getattr(given, "ndim", 0) == 0 else given
    known = dataset.aliases(feature)
    text = str(given).strip() if isinstance(given, (str, int, float)) and not isinstance(given, bool) else ""
    if isinstance(given, float) and given.is_integer() and abs(given) < 1e15:
        text = str(int(given))  # as a table writes it
    nothing = given is None or type(given).__name__ in ("NAType", "NaTType") or (isinstance(given, str) and not text)
    if nothing and not (isinstance(given, str) and text in known):
        raise ArenaError(
            f"{place}: expected {_expected(feature)}; got {'an empty cell' if isinstance(given, str) else 'nothing'}"
        )
    if feature.levels:
        return _level(place, given, text, feature, known)
    if isinstance(given, str) and text in known:
        return known[text]
    return _number(place, given, feature, dataset.decimal if isinstance(given, str) else ".")


def _level(place: str, given: object, text: str, feature: Feature, known: Mapping[str, float]) -> float:
    names: dict[str, float] = {**known, **{level: float(code) for code, level in enumerate(feature.levels)}}
    if isinstance(given, bool):
        for pair in _YES_OR_NO:
            found = {name.lower(): code for name, code in names.items()}
            if all(word in found for word in pair):
                return found[pair[given]]
    elif text in names:
        return names[text]
    else:
        alike = {code for name, code in names.items() if name.lower() == text.lower()}
        if len(alike) == 1:
            return alike.pop()
    raise ArenaError(f"{place}: expected {_expected(feature)}; got {_shown(given)}")


def _number(place: str, given: object, feature: Feature, decimal: str) -> float:
    if isinstance(given, bool) and feature.lower == 0 and feature.upper == 1 and feature.whole:
        return float(given)
    try:
        number = parsed_number(given.strip(), decimal) if isinstance(given, str) else float(given)  # type: ignore[arg-type]
    except OverflowError:
        number = math.inf
    except (TypeError, ValueError):
        number = math.nan
    if isinstance(given, bool) or not math.isfinite(number) or abs(number) > _LARGEST:
        raise ArenaError(f"{place}: expected {_expected(feature)}; got {_shown(given)}")
    if feature.whole and number != round(number):
        raise ArenaError(f"{place}: expected a whole number; got {_shown(given)}")
    if not feature.lower <= number <= feature.upper:
        raise ArenaError(f"{place}: expected a value {_bounds(feature)}; got {_shown(given)}")
    return number + 0.0  # no negative zero


def _expected(feature: Feature) -> str:
    if feature.levels:
        more = ", ..." if len(feature.levels) > _SHOWN else ""
        return f"one of the levels {', '.join(map(repr, feature.levels[:_SHOWN]))}{more}"
    kind = "a whole number" if feature.whole else "a number"
    return f"{kind} of {feature.unit}" if feature.unit else kind


def _bounds(feature: Feature) -> str:
    low, high = f"{feature.lower:.10g}", f"{feature.upper:.10g}"
    if math.isfinite(feature.lower) and math.isfinite(feature.upper):
        return f"from {low} to {high}"
    return f"of at least {low}" if math.isfinite(feature.lower) else f"up to {high}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}..."
