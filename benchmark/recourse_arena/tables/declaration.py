"""What a TOML file says of a table: features, label, rules, causes, split and decision model."""

from __future__ import annotations

__all__ = ["Column", "Declaration", "declared", "read_declaration"]

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.base.names import NAME, is_name, spell
from recourse_arena.base.toml_file import Table, as_declared, read_toml
from recourse_arena.people.features import Direction, Feature, FeatureTable, Kind, Role
from recourse_arena.people.groups import check_protected
from recourse_arena.people.rules import AtMost, Implies, Rule
from recourse_arena.problem.graph import CausalGraph
from recourse_arena.problem.profile import COSTS
from recourse_arena.tables.table_file import FileOfTable, Label, bare, once

_Kind = Literal["continuous", "integer", "binary", "ordinal", "categorical"]
_Role = Literal["immutable", "mutable", "actionable"]
_Direction = Literal["any", "up", "down"]
_Share = Annotated[float, msgspec.Meta(gt=0, lt=1, description="a share above 0 and below 1")]
_Texts = Annotated[tuple[str, ...], msgspec.Meta(description="a list of texts")]
_Bound = Annotated[float, msgspec.Meta(description="a number")]
_LONGEST = 100
"""Letters of a feature's name: it is a column of every file, and stands in tables."""


class Column(Table, frozen=True):
    """One feature or attribute."""

    name: str
    column: str | None = None
    kind: Annotated[_Kind, msgspec.Meta(description="continuous, integer, binary, ordinal or categorical")] = (
        "continuous"
    )
    role: Annotated[_Role, msgspec.Meta(description="immutable, mutable or actionable")] = "mutable"
    direction: Annotated[_Direction, msgspec.Meta(description="any, up or down")] = "any"
    lower: _Bound = -math.inf
    upper: _Bound = math.inf
    levels: _Texts = ()
    names: _Texts = ()
    replace: dict[str, str] = {}  # noqa: RUF012
    sensitive: bool = False
    description: str = ""
    unit: str = ""

    def __repr__(self) -> str:
        # Digests are made of this: not of the unit, which is for people alone.
        said = (f"{name}={getattr(self, name)!r}" for name in self.__struct_fields__ if name != "unit")
        return f"Column({', '.join(said)})"

    @property
    def source(self) -> str:
        """The column it is read from."""
        return self.name if self.column is None else self.column

    def check(self) -> None:
        """Raise what no column can be read by.

        Raises:
            ArenaError: With the key, what was expected and what came.
        """
        if self.name != self.name.strip() or not self.name.isprintable() or len(self.name) > _LONGEST:
            raise ArenaError(
                f"name: expected at most {_LONGEST} letters on one line, without spaces around them, got "
                f"{self.name[:_LONGEST]!r};\n`column` says which column of the table it is"
            )
        if self.unit != self.unit.strip() or not self.unit.isprintable() or len(self.unit) > _LONGEST:
            raise ArenaError(
                f"feature {self.name!r}: unit: expected at most {_LONGEST} letters on one line, without spaces around "
                f"them, got {self.unit[:_LONGEST]!r}"
            )
        for key, texts in (("levels", self.levels), ("names", self.names), ("replace", (*self.replace,))):
            once(f"feature {self.name!r}: {key}", texts)
            bare(f"feature {self.name!r}: {key}", texts)
        bounds = [key for key, bound in (("lower", self.lower), ("upper", self.upper)) if math.isfinite(bound)]
        if math.isnan(self.lower) or self.lower == math.inf:
            raise ArenaError(f"feature {self.name!r}: lower: expected a number, got {self.lower}")
        if math.isnan(self.upper) or self.upper == -math.inf:
            raise ArenaError(f"feature {self.name!r}: upper: expected a number, got {self.upper}")
        if self.levels and bounds:
            raise ArenaError(f"feature {self.name!r}: {bounds[0]}: levels have no bounds; take it out")

    @property
    def feature(self) -> Feature:
        """The feature."""
        if len(self.levels) == 1:
            raise ArenaError(f"feature {self.name!r}: levels: expected two or more, got {self.levels[0]!r} alone")
        if self.names and len(self.names) != len(self.levels):
            raise ArenaError(
                f"feature {self.name!r}: expected a name for each of {len(self.levels)} levels, got {len(self.names)}"
            )
        return Feature(
            self.name,
            Kind(self.kind),
            Role(self.role),
            self.lower,
            self.upper,
            levels=self.names or self.levels,
            sensitive=self.sensitive,
            description=self.description,
            direction=Direction(self.direction),
            unit=self.unit,
        )


class _Rule(Table, frozen=True):
    terms: dict[str, Any] = {}  # noqa: RUF012
    limit: _Bound = 0.0
    when: dict[str, Any] = {}  # noqa: RUF012
    then: dict[str, Any] = {}  # noqa: RUF012


class _Split(Table, frozen=True):
    train: _Share = 0.6
    validation: _Share = 0.2
    test: _Share = 0.2


class _Source(Table, frozen=True):
    file: str
    url: str = ""
    sha256: str = ""


class _Said(Table, frozen=True):
    label: Any
    name: str = ""
    version: str = "1"
    summary: str = ""
    cost: Annotated[Literal[COSTS], msgspec.Meta(description=f"one of {', '.join(COSTS)}")] = "gower"  # type: ignore[valid-type]
    table: Any = None
    feature: list[Any] = []  # noqa: RUF012
    attribute: list[Any] = []  # noqa: RUF012
    rule: list[Any] = []  # noqa: RUF012
    graph: dict[str, Any] = {}  # noqa: RUF012
    protected: dict[str, Any] = {}  # noqa: RUF012
    sets: dict[str, Any] = {}  # noqa: RUF012
    split: Any = None
    source: list[Any] = []  # noqa: RUF012
    decision: dict[str, Any] = {}  # noqa: RUF012
    get: str = ""


class Declaration(msgspec.Struct, frozen=True, kw_only=True):
    """A table as it is declared.

    Arguments:
        name: The dataset's name.
        version: Its version.
        summary: One line for people.
        cost: Name of the cost of actions.
        table: Where the table is.
        label: The column of labels.
        columns: Its features.
        attributes: What no model and no solver sees.
        features: The features with their rules.
        graph: The causal graph; without an edge where none is declared.
        shares: Shares of training, validation and test people.
        decision: The decision model, by name with options; empty for a network.
        sources: Address and SHA-256 of each file that its publisher lets anybody fetch.
        get: How people get its files, where they cannot be fetched.
        path: The TOML file; none if it was not read from one.
        protected: Levels of each protected feature or attribute that are not protected, as in `Dataset.protected`.
        sets: Names of features, by the name that the options `features` and `act` may call them by.
    """

    name: str
    version: str
    summary: str
    cost: str
    table: FileOfTable
    label: Label
    columns: tuple[Column, ...]
    attributes: tuple[Column, ...]
    features: FeatureTable
    graph: CausalGraph
    shares: tuple[float, float, float]
    decision: str
    sources: Mapping[str, tuple[str, str]]
    get: str = ""
    path: Path | None = None
    protected: Mapping[str, tuple[str, ...]] = {}
    sets: Mapping[str, tuple[str, ...]] = {}


def read_declaration(path: Path) -> Declaration:
    """Return the table that a TOML file declares.

    Raises:
        ArenaError: With the file and key, what was expected and what came.
    """
    said = read_toml(path, "dataset")
    try:
        return declared(path, said)
    except ArenaError as error:
        raise error if str(path) in str(error) else ArenaError(f"{path}: {error}") from None


def declared(path: Path, values: Mapping[str, Any]) -> Declaration:
    """Return a declaration made of the values of a TOML file."""
    said = as_declared(path, dict(values), _Said)
    label = as_declared(path, said.label, Label, "label")
    table = as_declared(path, {} if said.table is None else said.table, FileOfTable, "table")
    label.check()
    table.check()
    columns, attributes = (
        tuple(_column(path, entry, f"{kind} {number}") for number, entry in enumerate(entries, 1))
        for kind, entries in (("feature", said.feature), ("attribute", said.attribute))
    )
    if not columns:
        raise ArenaError("expected at least one [[feature]]")
    once("the names of features and attributes", [column.name for column in (*columns, *attributes)])
    split = as_declared(path, {} if said.split is None else said.split, _Split, "split")
    if not math.isclose(whole := split.train + split.validation + split.test, 1.0, abs_tol=1e-6):
        raise ArenaError(f"split: expected shares of train, validation and test that sum to 1, got {whole:g}")
    name = said.name or path.stem
    if not is_name(name):
        raise ArenaError(f"name: expected {NAME}; got {name[:80]!r}")
    if any(column.source == label.column for column in columns):
        raise ArenaError(f"the label {label.column!r} is among the features: the decision would be given away")
    plain = FeatureTable(tuple(column.feature for column in columns))
    rules = tuple(
        _rule(plain, as_declared(path, rule, _Rule, f"rule {number}"), f"rule {number}")
        for number, rule in enumerate(said.rule, 1)
    )
    sources = [as_declared(path, entry, _Source, f"source {i}") for i, entry in enumerate(said.source, 1)]
    return Declaration(
        name=name,
        version=said.version,
        summary=" ".join(said.summary.split()) or f"people of {path.name}",
        cost=said.cost,
        table=table,
        label=label,
        columns=columns,
        attributes=attributes,
        features=FeatureTable(plain.features, rules),
        graph=CausalGraph(plain.names, {child: _texts(f"graph: {child}", said.graph[child]) for child in said.graph}),
        shares=(split.train, split.validation, split.test),
        decision=_decision(path, said.decision),
        sources={source.file: (source.url, source.sha256) for source in sources},
        get=said.get,
        path=path,
        protected=_protected(said.protected, (*columns, *attributes)),
        sets=_sets(said.sets, columns),
    )


def _protected(said: Mapping[str, Any], columns: Sequence[Column]) -> dict[str, tuple[str, ...]]:
    """Return which levels of which features and attributes are not protected."""
    found = {name: _texts(f"protected: {name}", levels) for name, levels in said.items()}
    try:
        check_protected(found, [column.feature for column in columns])
    except ArenaError as error:
        raise ArenaError(f"protected: {error}") from None
    return found


def _sets(said: Mapping[str, Any], columns: Sequence[Column]) -> dict[str, tuple[str, ...]]:
    """Return named sets of features."""
    names = [column.name for column in columns]
    found = {name: _texts(f"sets: {name}", members) for name, members in said.items()}
    for name, members in found.items():
        if name in names:
            raise ArenaError(f"sets: {name}: expected another name; a feature is called so")
        once(f"sets: {name}", members)
        for member in members:
            if member not in names:
                raise unknown(f"feature in sets: {name}", member, names)
    return found


def _decision(path: Path, said: Mapping[str, Any]) -> str:
    if not said:
        return ""
    if not isinstance(said.get("model"), str) or not said["model"]:
        raise ArenaError("decision: expected a key 'model' with the name of a decision model, such as 'forest'")
    options = {name: value for name, value in said.items() if name != "model"}
    for name, value in options.items():
        if not isinstance(value, (str, int, float)):
            raise ArenaError(f"decision: {name}: expected a text, a number, true or false, got {value!r}")
    if said["model"] == "onnx":
        if not isinstance(options.get("file"), str) or not options["file"] or not options["file"].isprintable():
            raise ArenaError("decision: file: expected the path of an ONNX file, such as 'model.onnx'")
        options["file"] = str((path.parent / options["file"]).resolve())
    return spell(said["model"], options)


def _column(path: Path, entry: Any, where: str) -> Column:
    """Return a feature or an attribute, which can be made."""
    column = as_declared(path, entry, Column, where)
    try:
        column.check()
        _ = column.feature
    except ArenaError as error:
        raise ArenaError(f"{where}: {error}") from None
    return column


def _rule(features: FeatureTable, said: _Rule, where: str) -> Rule:
    for name in (*said.terms, *said.when, *said.then):
        if name not in features.names:
            raise unknown(f"feature in {where}", name, features.names)
    try:
        return _sum_or_levels(features, said)
    except ArenaError as error:
        raise ArenaError(f"{where}: {error}") from None


def _sum_or_levels(features: FeatureTable, said: _Rule) -> Rule:
    if said.terms and not (said.when or said.then):
        for name, factor in said.terms.items():
            if isinstance(factor, bool) or not isinstance(factor, (int, float)):
                raise ArenaError(f"terms: {name}: expected a number, got {factor!r}")
        return AtMost({name: float(factor) for name, factor in said.terms.items()}, said.limit)
    if said.terms or said.limit or len(said.when) != 1 or len(said.then) != 1:
        raise ArenaError(
            "expected `terms` and `limit` (a sum of numbers is at most that), or `when` and `then`, each with one "
            "feature and its levels"
        )
    (feature, asks), (other, allowed) = (
        (name, _texts(name, levels)) for name, levels in (*said.when.items(), *said.then.items())
    )
    words = f"{feature} {' or '.join(asks)} asks for {other} {' or '.join(allowed)}"
    return Implies(feature, _codes(features, feature, asks), other, _codes(features, other, allowed), words)


def _codes(features: FeatureTable, name: str, levels: Sequence[str]) -> tuple[int, ...]:
    known = features[name].levels
    if not known:
        raise ArenaError(f"{name!r} has no levels; a rule about numbers has `terms` and `limit`")
    for level in levels:
        if level not in known:
            raise unknown(f"level of {name!r}", level, known)
    return tuple(known.index(level) for level in levels)


def _texts(where: str, value: Any) -> tuple[str, ...]:
    """Return a text, or a list of texts, as a tuple."""
    texts = value if isinstance(value, list) else [value]
    if not all(isinstance(text, str) for text in texts):
        raise ArenaError(f"{where}: expected a text or a list of texts, got {value!r}")
    return tuple(texts)
