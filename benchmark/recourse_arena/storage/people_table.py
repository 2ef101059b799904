"""People as tables: from the judge's frame, with the columns that name a cell, and as parquet."""

from __future__ import annotations

__all__ = ["as_frame", "as_parquet", "as_table", "labelled"]

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq


def as_table(people: pd.DataFrame) -> pa.Table:
    """Return a frame as a table, missing values as missing."""
    columns = {}
    for name, column in people.items():
        values = column.array
        if isinstance(values, pd.arrays.NumpyExtensionArray):
            columns[str(name)] = _plain(values.to_numpy())
        else:
            columns[str(name)] = pa.array(column, from_pandas=True)
    return pa.table(columns)


def _plain(values: np.ndarray) -> pa.Array:
    return pa.array(values, from_pandas=True)  # NaN is missing, as pandas reads and writes it


def as_frame(people: pa.Table) -> pd.DataFrame:
    """Return a table as the frame that the judge wrote."""
    return people.to_pandas()


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
