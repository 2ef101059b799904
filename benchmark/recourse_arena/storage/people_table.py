"""People as tables: from the judge's frame, with the columns that name a cell, as parquet, and read back."""

from __future__ import annotations

__all__ = ["KEYS", "RECORDED", "as_frame", "as_parquet", "labelled", "metric_column", "read_people"]

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from recourse_arena.base.errors import ArenaError
from recourse_arena.judging.records import column_type

_OF_METRICS = "metric_"

_NAMES = ("dataset", "scenario", "solver")

_WORDS = (*_NAMES, "outcome")

KEYS = (*_NAMES, "seed")
"""The columns that name a cell."""

RECORDED = ("outcome", "valid", "plausible", "cost", "weighted_cost", "hard_action", "violations")
"""The columns that metrics of the suite cannot do without."""


_MAY_BE_MISSING = ("plausible_scm", "plausible_heldout", "hard_action")


def metric_column(metric: str) -> str:
    """Return the column that holds what a metric of a plugin averages."""
    return f"{_OF_METRICS}{metric}"


def as_frame(people: pa.Table) -> pd.DataFrame:
    """Return records as a frame, as metrics read them: truth values that may be missing are nullable."""
    missing = {name for name in people.column_names if people[name].null_count}
    frame = people.to_pandas()
    nullable = {
        field.name: "boolean"
        for field in people.schema
        if pa.types.is_boolean(field.type) and field.name in (*_MAY_BE_MISSING, *missing)
    }
    return frame.astype(nullable)


def labelled(cells: Sequence[tuple[Mapping[str, str | int], pa.Table]]) -> pa.Table:
    """Return the rows of all cells under the columns that name their cell; missing where a cell has no such column."""
    if not cells:
        return pa.table({})
    people = pa.concat_tables([table for _, table in cells], promote_options="default").combine_chunks()
    places = np.repeat(np.arange(len(cells), dtype=np.int32), [len(table) for _, table in cells])
    for place, name in enumerate(cells[0][0]):
        values = [label[name] for label, _ in cells]
        if isinstance(values[0], int):
            column = pa.array(np.asarray(values, dtype=np.int64)[places])
        else:
            words = list(dict.fromkeys(values))
            number = {word: code for code, word in enumerate(words)}
            codes = np.asarray([number[value] for value in values], dtype=np.int32)[places]
            column = pa.DictionaryArray.from_arrays(codes, pa.array(words, pa.string()))
        people = people.add_column(place, name, column)
    return people


def as_parquet(people: pa.Table, *, small: bool) -> bytes:
    """Return a table as the bytes of a parquet file, `small` for good or quickly written."""
    sink = pa.BufferOutputStream()
    if not small:
        pq.write_table(people, sink, compression="zstd", use_dictionary=False, write_statistics=False)
        return sink.getvalue().to_pybytes()
    numbers = [field.name for field in people.schema if pa.types.is_floating(field.type)]
    others = [field.name for field in people.schema if field.name not in numbers]
    # Bytes of equal weight lie together: random digits do not spoil the exponents beside them.
    pq.write_table(
        people, sink, compression="zstd", compression_level=12, use_dictionary=others, use_byte_stream_split=numbers
    )
    return sink.getvalue().to_pybytes()


def read_people(
    path: Path,
    wanted: Callable[[str], bool] | None = None,
    *,
    required: Sequence[str] = ("person", *RECORDED),
    coded: bool = False,
) -> pd.DataFrame | None:
    """Return the rows of a `people.parquet`; none if there is no file, or nobody in it.

    Names are words, whatever they look like; truth values and whole numbers may be missing, other numbers are then nan.

    Arguments:
        path: The file.
        wanted: Which columns are read beside those that name a cell and the required ones; default: all.
        required: Columns without which there is nothing to read.
        coded: Whether names of datasets, scenarios and solvers are categories, which take less room in large runs.

    Raises:
        ArenaError: If it cannot be read or lacks a column.
    """
    if not path.exists():
        return None
    try:
        schema = pq.read_schema(path)
        _refuse_other_types(schema)
        file = pq.ParquetFile(path, read_dictionary=[name for name in _WORDS if name in schema.names])
        found = file.schema_arrow.names
        if not file.metadata.num_rows:
            return None
        always = (*KEYS, *required)
        missing = [name for name in always if name not in found]
        if missing:
            raise ArenaError(f"missing columns {', '.join(missing)}; run the suite again")
        chosen = [name for name in found if name in always or wanted is None or wanted(name)]
        people = pd.DataFrame({name: _column(name, file) for name in chosen})  # one after the other: they may be large
    except ArenaError as error:
        raise ArenaError(f"{path}: {error}") from None
    except (OSError, ValueError, pa.ArrowException) as error:
        raise ArenaError(f"cannot read {path}: {error}") from None
    unknown = [name for name in (*KEYS, "person", "outcome") if name in people and people[name].isna().any()]
    if unknown:
        raise ArenaError(f"{path}: column {unknown[0]!r}: expected a value in every row")
    return people if coded else people.astype({name: object for name in _WORDS if name in people})


def _column(name: str, file: pq.ParquetFile) -> pd.Series:
    """Return a column; names are categories of words, whatever they are kept as."""
    values = file.read([name])[name]
    if name in _WORDS:
        if not pa.types.is_dictionary(values.type):
            values = values.cast(pa.string()).dictionary_encode()
        words = values.unify_dictionaries().combine_chunks()
        codes, known = words.indices.fill_null(-1).to_numpy(), words.dictionary.cast(pa.string()).to_pylist()
        return pd.Series(pd.Categorical.from_codes(codes, pd.Index(known, dtype=object)))
    return values.to_pandas(types_mapper=_nullable)


def _refuse_other_types(schema: pa.Schema) -> None:
    """Refuse columns of other kinds of values than records have; of one without values any will do.

    Raises:
        ArenaError: With the first of them.
    """
    if len({*schema.names}) < len(schema.names):
        raise ArenaError("a column is there twice")
    for field in schema:
        expected = pa.string() if field.name in _NAMES else pa.int64() if field.name == "seed" else None
        expected = expected or (pa.float64() if field.name.startswith(_OF_METRICS) else column_type(field.name))
        if expected is not None and not pa.types.is_null(field.type) and _kind(field.type) != _kind(expected):
            both = {_kind(field.type), _kind(expected)}
            if field.name in ("seed", "person") or both != {
                "whole numbers",
                "numbers",
            }:  # a column of whole numbers that may be missing is one of floats
                raise ArenaError(f"column {field.name!r}: expected {_kind(expected)}, got {field.type}")


def _kind(of: pa.DataType) -> str:
    of = of.value_type if pa.types.is_dictionary(of) else of
    kinds = {
        "words": (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view),
        "truth values": (pa.types.is_boolean,),
        "whole numbers": (pa.types.is_integer,),
        "numbers": (pa.types.is_floating,),
    }
    return next((words for words, are in kinds.items() if any(is_one(of) for is_one in are)), "something else")


def _nullable(kind: pa.DataType) -> object:
    if pa.types.is_boolean(kind):
        return pd.BooleanDtype()
    return pd.Int64Dtype() if pa.types.is_integer(kind) else None
