"""A dataset that is a table: declared in TOML, with a file beside it or in the data directory, or made of a frame."""

from __future__ import annotations

__all__ = ["TableDataset"]

import hashlib
import math
from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from recourse_arena.base.arguments import parsed_number
from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.base.names import written
from recourse_arena.interfaces.dataset import Dataset
from recourse_arena.interfaces.recipes import DecisionRecipe
from recourse_arena.people.features import FeatureTable
from recourse_arena.people.groups import group_codes
from recourse_arena.tables.declaration import Column, Declaration, read_declaration

if TYPE_CHECKING:
    import numpy as np

    from recourse_arena.people.features import Feature
    from recourse_arena.people.people import Split, Splits
    from recourse_arena.problem.graph import CausalGraph
    from recourse_arena.tables.cells import Cells

_NETWORK = DecisionRecipe(optimizer="adam", epochs=30, standardise_binaries=False)


class TableDataset(Dataset):
    """People of a table that a TOML file declares.

    A built-in one is a subclass that names its TOML file; its table lies in the data directory, or beside the TOML
    file where it is shipped. Anybody's own is `TableDataset.at(path)`, with its table beside the TOML file. Each takes
    the options `split`, `act`, `bounds`, `features` and `rows` in its name (:meth:`asked`).
    """

    toml: ClassVar[Path]
    """The TOML file of a subclass."""
    shipped: ClassVar[bool] = False
    """Whether the table of a subclass lies beside its TOML file, instead of in the data directory."""
    apart: bool = False
    """Whether nobody trains both the decision model and recourse."""
    everybody: bool = False
    """Whether those who trained the decision model ask for recourse, too."""
    validates: bool = True
    """Whether its decision model needs validation people of its own then."""

    def __init__(self) -> None:
        self._own = False
        self._cells: Cells | None = None
        self._set(read_declaration(type(self).toml))

    @classmethod
    def at(cls, path: Path) -> TableDataset:
        """Return the dataset of one's own TOML file.

        Raises:
            ArenaError: With the file and key, what was expected and what came.
        """
        said = read_declaration(path)
        if not said.table.files:
            raise ArenaError(f"{path}: table: expected a key 'file' with the path of the CSV file")
        made = cls.of(said)
        if not made.features.count_actionable:
            raise ArenaError(f'{path}: expected a [[feature]] with `role = "actionable"`; nobody could act on anything')
        model, options = written(said.decision)
        if model == "onnx" and not Path(options["file"]).is_file():
            raise ArenaError(f"{path}: decision: expected an ONNX file at {options['file']}, found none")
        try:
            made.check()
        except ArenaError as error:
            raise ArenaError(f"{path}: {error}") from None
        return made

    @classmethod
    def of(cls, declaration: Declaration, cells: Cells | None = None) -> TableDataset:
        """Return the dataset of a declaration, with its cells if they are not in a file."""
        made = cls.__new__(cls)
        made._own, made._cells = True, cells
        made._set(declaration)
        made.name, made.summary = declaration.name, declaration.summary  # type: ignore[misc]
        made.version = _digest(declaration)  # type: ignore[misc]
        return made

    def asked(self, options: Mapping[str, str]) -> TableDataset:
        """Return the same table as the options of a name ask for it; this one stays as it is.

        Arguments:
            options: As in `adult?act=capital-gain:up,hours-per-week&rows=complete&split=recourse`. See
                :func:`~recourse_arena.tables.variants.asked_of`.

        Raises:
            ArenaError: With the option, what was expected and what came.
        """
        from recourse_arena.tables.variants import asked_of

        declaration = asked_of(self.declaration, options)
        made = copy(self)
        made.__dict__.pop("_read", None)  # what was read of the table as it was
        split = options.get("split")
        made.declaration, made.apart, made.everybody = declaration, split == "recourse", split == "everybody"
        made.bounds = options.get("bounds", made.bounds)
        made.attributes = FeatureTable(tuple(column.feature for column in declaration.attributes))
        made.protected = declaration.protected
        return made

    def _set(self, declaration: Declaration) -> None:
        self.declaration = declaration
        self.protected = declaration.protected
        self.cost = declaration.cost
        self.decimal = declaration.table.decimal
        self.decision = declaration.decision or _NETWORK
        self.attributes = FeatureTable(tuple(column.feature for column in declaration.attributes))

    @property
    def features(self) -> FeatureTable:
        """Its features, with their rules."""
        return self.declaration.features

    @property
    def graph(self) -> CausalGraph:
        """Its causal graph; without an edge where none is declared."""
        return self.declaration.graph

    def aliases(self, feature: Feature) -> Mapping[str, float]:
        """Return the values of the cells that its table has for levels, or that the declaration replaces."""
        column = self._column(feature.name)
        found = {cell: float(code) for code, cell in enumerate(column.levels)}
        for cell, meant in column.replace.items():
            number = (
                found.get(meant, math.nan) if column.levels else parsed_number(meant, self.declaration.table.decimal)
            )
            if math.isfinite(number):
                found[cell] = number
        return found

    def headings(self) -> Mapping[str, tuple[str, ...]]:
        """Return what is read from each column of its table that the declaration names; nothing from the label."""
        said = self.declaration
        found: dict[str, tuple[str, ...]] = dict.fromkeys((said.label.column, *said.table.columns), ())
        for column in (*said.columns, *said.attributes):
            found[column.source] = (*found.get(column.source, ()), column.name)
        return found

    def _column(self, name: str) -> Column:
        columns = {column.name: column for column in (*self.declaration.columns, *self.declaration.attributes)}
        if name not in columns:
            raise unknown("feature or attribute", name, columns)
        return columns[name]

    def splits(self, *, seed: int, data: Path) -> Splits:
        """Return its people: one split, stratified by label, which serves all models and recourse alike.

        With `split=recourse` nobody trains both the decision model and recourse
        (:func:`~recourse_arena.tables.splitting.recourse_splits`); the first protected feature or attribute stratifies.
        With `split=everybody` all people ask, those whom models were fitted to, too: an audit, not a comparison.

        Raises:
            ArenaError: If a file is missing, or a cell is not what it should be.
        """
        import torch

        from recourse_arena.people.people import People, Splits
        from recourse_arena.tables.splitting import recourse_splits, stratified

        x, y, attributes = (torch.from_numpy(part) for part in self._people(data))
        people = People(x, y, attributes if len(self.attributes) else None)
        if self.apart:
            groups = [group_codes(*each, people, self.features, self.attributes) for each in self.protected.items()]
            first = groups[0] if groups else None
            return recourse_splits(people, first, validates=self.validates, seed=seed, name=self.name)
        split: Split = stratified(people, self.declaration.shares, seed=seed, name=self.name)
        return Splits(split, split, replace(split, test=people) if self.everybody else split)

    def read(self, data: Path) -> Cells:
        """Return the cells of its files; a subclass may add columns, and leave out rows, before anything is checked."""
        if self._cells is not None:
            return self._cells
        if reason := self.unavailable(data):
            raise ArenaError(reason)
        from recourse_arena.tables.cells import Cells

        return Cells.read(self._places(data), self.declaration.table)

    def files(self, data: Path) -> tuple[Path, ...]:
        """Return where its table lies, and the TOML file if it is one's own."""
        toml = [self.declaration.path] if self._own and self.declaration.path and self._cells is None else []
        return (*self._places(data), *toml)

    def location(self, data: Path) -> Path | None:
        """Return where its first file lies or belongs."""
        return next(iter(self._places(data)), None)

    def unavailable(self, data: Path) -> str | None:
        """Return which file is missing and how to get it, or none if all are there."""
        try:
            reason = super().unavailable(data)
        except OSError as error:  # of a folder that may not be entered, a name that is too long
            reason = f"dataset {self.name}: expected its file, got {error}"
        if reason is None:
            return None
        if self._own:
            return f"{reason}\nit is named by `file` in [table] of {self.declaration.path}"
        how = self.declaration.get or f"`recourse-arena data fetch {self.name}`, or put a copy of it there"
        return f"{reason}\n{how}"

    def verify(self, data: Path) -> str:
        """Return what its files hold, after every cell has been read."""
        x, y, _ = self._people(data)
        said = [
            f"{place}: {place.stat().st_size:,} bytes, SHA-256 {_sha256(place)}{self._known(place)}"
            for place in self._places(data)
        ]
        return "\n".join([*said, f"{len(x):,} people, {y.mean():.1%} of them with a favourable label"])

    def fetch(self, data: Path, *, source: Path | None = None, force: bool = False) -> Path:
        """Put its file in its place: from its publisher, or a copy of the user's own `source`."""
        from recourse_arena.tables.sources import fetched

        if self._own or self.shipped or not self.declaration.table.files:
            where = "beside it" if self._places(data) else "in memory" if self._cells is not None else "in a package"
            raise ArenaError(f"dataset {self.name} has its table {where}: there is nothing to fetch")
        wanted = [
            (name, place, *self.declaration.sources.get(name, ("", "")))
            for name, place in zip(self.declaration.table.files, self._places(data), strict=True)
        ]
        return fetched(self.name, wanted, source=source, force=force, otherwise=self.declaration.get)

    def fingerprint(self, data: Path) -> str:
        """Return a digest of its cells."""
        if self._cells is None:
            return super().fingerprint(data)
        sha = hashlib.sha256()
        for name, cells in self._cells.columns.items():
            sha.update("\x1f".join([name, *map(str, cells)]).encode())
        return sha.hexdigest()

    def _known(self, place: Path) -> str:
        known = {checksum for _, checksum in self.declaration.sources.values() if checksum}
        if not known:
            return ""
        return ", the published file" if _sha256(place) in known else ", another than the published file"

    def _places(self, data: Path) -> tuple[Path, ...]:
        if self._cells is not None:
            return ()
        path = self.declaration.path
        assert path is not None
        beside = self._own or self.shipped
        return tuple((path.parent if beside else data) / file for file in self.declaration.table.files)

    @cached_property
    def _read(self) -> dict[tuple[str, ...], tuple[np.ndarray, np.ndarray, np.ndarray]]:
        return {}

    def _people(self, data: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return features `(people, features)`, labels `(people,)` and attributes; read once for each place."""
        where = tuple(map(str, self._places(data)))
        if where not in self._read:
            self._read[where] = self._checked(self.read(data))
        return self._read[where]

    def _checked(self, cells: Cells) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        import numpy as np

        said = self.declaration
        label = Column(name=said.label.column, levels=(*said.label.good, *said.label.bad))  # marks that are no lack
        cells = self._complete(self._distinct(cells), (*said.columns, *said.attributes, label))
        x, attributes = (
            np.stack([cells.numbers(c, c.feature, said.table.decimal) for c in columns], 1)
            if columns
            else np.zeros((len(cells), 0), np.float32)
            for columns in (said.columns, said.attributes)
        )
        return x, self._labels(cells), attributes

    def _distinct(self, cells: Cells) -> Cells:
        if self.declaration.table.duplicates == "keep":
            return cells
        repeated = cells.repeated()
        if not repeated.any():
            return cells
        if self.declaration.table.duplicates == "drop":
            return cells[~repeated]
        raise ArenaError(
            f"{cells.places[int(repeated.argmax())]}: the row repeats an earlier one "
            f"({int(repeated.sum()):,} of {len(cells):,} rows do): people who are trained on and tested;\n"
            f'say `duplicates = "drop"` or `duplicates = "keep"` in [table]'
        )

    def _complete(self, cells: Cells, columns: tuple[Column, ...]) -> Cells:
        lacking, column = cells.missing(columns, self.declaration.table.missing)
        if not lacking.any():
            return cells
        if self.declaration.table.rows_with_missing == "drop":
            if lacking.all():
                raise ArenaError(f"{cells.what}: each of {len(cells):,} rows lacks a value of a feature or the label")
            return cells[~lacking]
        raise ArenaError(
            f"{cells.places[int(lacking.argmax())]}: column {column!r}: expected a value; the cell is missing "
            f"({int(lacking.sum()):,} of {len(cells):,} rows lack one);\n"
            f'say `rows_with_missing = "drop"` in [table], or make the mark a level or `replace` it'
        )

    def _labels(self, cells: Cells) -> np.ndarray:
        import numpy as np

        from recourse_arena.tables.cells import among

        label = self.declaration.label
        values = cells.column(label.column)
        good = among(values, label.good)
        bad = among(values, label.bad) if label.bad else ~good
        if not (good | bad).all():
            row = int((~(good | bad)).argmax())
            known = ", ".join(map(repr, (*label.good, *label.bad)))
            raise ArenaError(
                f"{cells.places[row]}: column {label.column!r}: expected one of the labels {known}; got "
                f"{str(values[row])[:80]!r}"
            )
        if good.all() or not good.any():
            found = ", ".join(repr(value[:40]) for value in sorted(set(values.tolist()))[:5])
            what = "favourable" if good.all() else "unfavourable"
            raise ArenaError(
                f"{cells.what}: column {label.column!r}: expected favourable labels "
                f"({', '.join(map(repr, label.good))}) and others; each of {len(values):,} is {what}: {found}"
            )
        return good.astype(np.float32)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _digest(declaration: Declaration) -> str:
    """Return a digest of what is declared, wherever the file lies."""
    parts: Mapping[str, object] = {
        name: getattr(declaration, name)
        for name in declaration.__struct_fields__
        if name not in ("path", "summary", "get", "decision")
        and (name not in ("protected", "sets") or getattr(declaration, name))  # what says nothing changes none
    }
    return f"{declaration.version}+{hashlib.sha256(repr(parts).encode()).hexdigest()[:12]}"
