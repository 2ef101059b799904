"""The rows of an entry: read within limits, and held against what the entry says of its cells, before any is judged."""

from __future__ import annotations

__all__ = ["MOST_BYTES", "MOST_SAID", "check_rows", "read_rows"]

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recourse_arena.base.errors import ArenaError
from recourse_arena.board.entries.shape import CellSaid
from recourse_arena.judging.records import column_type
from recourse_arena.problem.outcome import Outcome
from recourse_arena.storage.people_table import KEYS, RECORDED

MOST_BYTES = 64 * 2**20
"""Bytes that the file of an entry may have: ten times what the largest suite makes."""

MOST_SAID = 16 * 2**20
"""Bytes of what it says beside its rows."""

_MOST_ROWS, _MOST_COLUMNS, _MOST_CELLS, _MOST_UNPACKED = 5_000_000, 2_000, 200_000_000, 2 * 2**30
_MOST_LETTERS = 300
_OF_METRICS = "metric_"


def read_rows(content: bytes, key: bytes, *, rows: bool = True) -> tuple[bytes, pa.Table | None]:
    """Return what an entry says beside its rows, under `key` in its schema, and its rows.

    How much it unpacks to is looked at before any of it is, and each page's checksum before it is read.

    Raises:
        ArenaError: If it is no such file, or larger than it can be in earnest.
    """
    try:
        file = _opened(content)
        _refuse_large(file.metadata)
        schema = file.schema_arrow
        said = (schema.metadata or {}).get(key)
        if said is None:
            raise ArenaError("it is a Parquet file, but none that `recourse-arena submit` wrote")
        if len(said) > MOST_SAID:
            raise ArenaError(f"it says {len(said):,} bytes beside its rows; expected at most {MOST_SAID:,}")
        if not rows:
            return said, None
        _check_columns(schema)
        words = [field.name for field in schema if _kind_of_words(field.type)]
        table = _opened(content, words).read(use_threads=False).replace_schema_metadata(None)
        table.validate(full=True)
        return said, _with_few_words(table.combine_chunks(), schema)
    except ArenaError:
        raise
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError, MemoryError, OverflowError) as error:
        told = " ".join(str(error).split())[:200]
        raise ArenaError(f"it is no Parquet file, or a damaged one ({type(error).__name__}: {told})") from None


def _opened(content: bytes, words: Sequence[str] = ()) -> pq.ParquetFile:
    """Return a file that reads columns of words as codes: each word is held once, however often it is said."""
    return pq.ParquetFile(
        pa.BufferReader(content),
        read_dictionary=list(words),
        thrift_string_size_limit=2 * MOST_SAID,
        thrift_container_size_limit=1_000_000,
        page_checksum_verification=True,
    )


def _kind_of_words(kind: pa.DataType) -> bool:
    return bool(pa.types.is_dictionary(kind) or pa.types.is_large_string(kind) or pa.types.is_string(kind))


def _with_few_words(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return rows with columns of words of the types of a schema, once nothing in them is long."""
    for place, field in enumerate(schema):
        column = table[field.name]
        if not _kind_of_words(field.type):
            continue
        if pa.types.is_dictionary(column.type):
            longest = max((len(word or "") for word in column.combine_chunks().dictionary.to_pylist()), default=0)
            if longest > _MOST_LETTERS:
                raise ArenaError(
                    f"column {field.name!r}: a word of {longest:,} letters; expected {_MOST_LETTERS} at most"
                )
        if column.type != field.type:
            table = table.set_column(place, field.name, column.cast(field.type))
    return table


def _refuse_large(metadata: Any) -> None:
    rows, columns = metadata.num_rows, metadata.num_columns
    if not 0 <= rows <= _MOST_ROWS or columns > _MOST_COLUMNS or rows * columns > _MOST_CELLS:
        raise ArenaError(
            f"it has {rows:,} rows of {columns:,} columns; expected at most {_MOST_ROWS:,} rows, {_MOST_COLUMNS:,} "
            f"columns and {_MOST_CELLS:,} values"
        )
    unpacked = sum(max(metadata.row_group(i).total_byte_size, 0) for i in range(metadata.num_row_groups))
    if unpacked > _MOST_UNPACKED:
        raise ArenaError(f"it unpacks to {unpacked:,} bytes; expected at most {_MOST_UNPACKED:,}")


def _check_columns(schema: pa.Schema) -> None:
    """Raise what keeps a table from being rows of people under the columns that name their cells."""
    names = list(schema.names)
    if not names:
        return
    for name in (*KEYS, "person", *RECORDED, *names):
        if names.count(name) != 1:
            raise ArenaError(f"column {name!r} is {'missing' if name not in names else 'there twice'}")
        kind = schema.field(name).type
        if name in KEYS[:3]:
            fits = pa.types.is_dictionary(kind) and pa.types.is_string(kind.value_type)
        elif name == KEYS[3]:
            fits = kind == pa.int64()
        elif name.startswith(_OF_METRICS):
            fits = kind == pa.float64()
        else:
            fits = kind == column_type(name)
        if not fits:
            raise ArenaError(f"column {name!r}: unknown, or not of the type that the judge writes ({str(kind)[:80]})")
    features = [name.removeprefix("mask_") for name in names if name.startswith("mask_")]
    for feature in features:
        if f"value_{feature}" not in names:
            raise ArenaError(f"column 'value_{feature}' is missing: without it, nobody can judge the rows again")


def check_rows(people: pa.Table, cells: Sequence[CellSaid]) -> None:
    """Raise what of the rows contradicts what an entry says of its cells: each has its people, each once, in order.

    Raises:
        ArenaError: With cell, person and column.
    """
    solved = [cell for cell in cells if cell.outcome == Outcome.SOLVED]
    if not len(people):
        lacking = [cell for cell in solved if cell.people]
        if lacking:
            raise ArenaError(f"{lacking[0].words}: it says {lacking[0].people} people, and has no rows of them")
        return
    places = _places(people, solved)
    counts = np.bincount(places, minlength=len(solved))
    for cell, count in zip(solved, counts.tolist(), strict=True):
        if cell.people != count:
            raise ArenaError(f"{cell.words}: it says {cell.people} people, and has {count} rows of them")
    if (np.diff(places) < 0).any():
        raise ArenaError("its rows are not in the order of its cells")
    _check_persons(people, places, solved)
    _check_values(people, places, solved)


def _places(people: pa.Table, solved: Sequence[CellSaid]) -> np.ndarray:
    """Return which solved cell each row is of, `(rows,)`."""
    known = {cell.key: place for place, cell in enumerate(solved)}
    codes, words = [], []
    for name in KEYS:
        column = people[name].combine_chunks()
        if column.null_count:
            raise ArenaError(f"column {name!r}: expected a value in every row")
        column = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        codes.append(column.indices.to_numpy(zero_copy_only=False).astype(np.int64))
        words.append(column.dictionary.to_pylist())
    named, inverse = np.unique(np.stack(codes), axis=1, return_inverse=True)
    keys = [tuple(words[k][code] for k, code in enumerate(column)) for column in named.T.tolist()]
    for key in keys:
        if key not in known:
            told = ", ".join(map(str, key[:3]))
            raise ArenaError(f"it has rows of {told}, seed {key[3]}, which is no solved cell of it")
    found: np.ndarray = np.asarray([known[key] for key in keys])[inverse.reshape(-1)]
    return found


def _check_persons(people: pa.Table, places: np.ndarray, solved: Sequence[CellSaid]) -> None:
    if people["person"].null_count:
        raise ArenaError("column 'person': expected a value in every row")
    person = people["person"].to_numpy()
    order = np.lexsort((person, places))
    same = (np.diff(places[order]) == 0) & (np.diff(person[order]) == 0)
    if same.any():
        row = order[1:][same][0]
        raise ArenaError(f"{solved[places[row]].words}: person {person[row]} is there twice")


def _check_values(people: pa.Table, places: np.ndarray, solved: Sequence[CellSaid]) -> None:
    person = people["person"].to_numpy()
    outcomes = pc.is_in(people["outcome"], value_set=pa.array([str(one) for one in Outcome], pa.large_string()))
    wrong = {"outcome": (pc.invert(outcomes), "expected an outcome")}
    for field in people.schema:
        if pa.types.is_floating(field.type):
            told = "it is not a number; what is missing is written as missing"
            wrong[field.name] = (pc.fill_null(pc.is_nan(people[field.name]), False), told)
    for name, (bad, told) in wrong.items():
        rows = np.flatnonzero(bad.to_numpy())
        if len(rows):
            row = rows[0]
            raise ArenaError(f"{solved[places[row]].words}, person {person[row]}: column {name!r}: {told}")
