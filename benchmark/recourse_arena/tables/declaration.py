"""What a TOML file says of a table: features, label, rules, causes, split and decision model."""

from __future__ import annotations

__all__ = ["Column", "Declaration", "FileOfTable", "Label", "read_declaration"]

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.base.names import NAME, is_name, spell
from recourse_arena.base.toml_file import Names, Table, as_declared, read_toml
from recourse_arena.people.features import Direction, Feature, FeatureTable, Kind, Role
from recourse_arena.people.rules import AtMost, Implies, Rule
from recourse_arena.problem.graph import CausalGraph
from recourse_arena.problem.profile import COSTS

_Kind = Literal["continuous", "integer", "binary", "ordinal", "categorical"]
_Role = Literal["immutable", "mutable", "actionable"]
_Direction = Literal["any", "up", "down"]
_Share = Annotated[float, msgspec.Meta(gt=0, lt=1)]
_Texts = Annotated[tuple[str, ...], msgspec.Meta(description="a list of texts")]


class FileOfTable(Table, frozen=True):
    """Where the table is, and how it is written."""

    file: str | Names = ()
    separator: str = ""
    header: bool = True
    columns: _Texts = ()
    comment: str = ""
    decimal: Annotated[str, msgspec.Meta(max_length=1, min_length=1)] = "."
    missing: _Texts = ("",)
    rows_with_missing: Annotated[Literal["refuse", "drop"], msgspec.Meta(description="refuse or drop")] = "refuse"
    duplicates: Annotated[Literal["refuse", "keep", "drop"], msgspec.Meta(description="refuse, keep or drop")] = (
        "refuse"
    )

    @property
    def files(self) -> tuple[str, ...]:
        """The files, of which the later ones go on where the earlier end."""
        return (self.file,) if isinstance(self.file, str) else tuple(self.file)


class Label(Table, frozen=True):
    """The column of true labels."""

    column: str
    favourable: str | _Texts
    unfavourable: str | _Texts = ()

    @property
    def good(self) -> tuple[str, ...]:
        """Cells that are favourable."""
        return (self.favourable,) if isinstance(self.favourable, str) else tuple(self.favourable)

    @property
    def bad(self) -> tuple[str, ...]:
        """Cells that are not; empty if all others are."""
        return (self.unfavourable,) if isinstance(self.unfavourable, str) else tuple(self.unfavourable)


class Column(Table, frozen=True):
    """One feature or attribute."""

    name: str
    column: str = ""
    kind: Annotated[_Kind, msgspec.Meta(description="continuous, integer, binary, ordinal or categorical")] = (
        "continuous"
    )
    role: Annotated[_Role, msgspec.Meta(description="immutable, mutable or actionable")] = "mutable"
    direction: Annotated[_Direction, msgspec.Meta(description="any, up or down")] = "any"
    lower: float = -math.inf
    upper: float = math.inf
    levels: _Texts = ()
    names: _Texts = ()
    replace: dict[str, str] = {}  # noqa: RUF012
    sensitive: bool = False
    description: str = ""

    @property
    def source(self) -> str:
        """The column it is read from."""
        return self.column or self.name

    @property
    def feature(self) -> Feature:
        """The feature."""
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
        )


class _Rule(Table, frozen=True):
    terms: dict[str, float] = {}  # noqa: RUF012
    limit: float = 0.0
    when: dict[str, str | _Texts] = {}  # noqa: RUF012
    then: dict[str, str | _Texts] = {}  # noqa: RUF012


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
    graph: dict[str, _Texts] = {}  # noqa: RUF012
    split: Any = None
    source: list[Any] = []  # noqa: RUF012
    decision: dict[str, str | int | float | bool] = {}  # noqa: RUF012
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
    table = as_declared(path, said.table or {}, FileOfTable, "table")
    columns, attributes = (
        tuple(as_declared(path, entry, Column, f"{kind} {number}") for number, entry in enumerate(entries, 1))
        for kind, entries in (("feature", said.feature), ("attribute", said.attribute))
    )
    if not columns:
        raise ArenaError("expected at least one [[feature]]")
    split = as_declared(path, said.split or {}, _Split, "split")
    if not math.isclose(split.train + split.validation + split.test, 1.0, abs_tol=1e-6):
        raise ArenaError("split: expected shares of train, validation and test that sum to 1")
    name = said.name or path.stem
    if not is_name(name):
        raise ArenaError(f"name: expected {NAME}; got {name[:80]!r}")
    if any(column.source == label.column for column in columns):
        raise ArenaError(f"the label {label.column!r} is among the features: the decision would be given away")
    plain = FeatureTable(tuple(column.feature for column in columns))
    rules = tuple(_rule(plain, as_declared(path, rule, _Rule, f"rule {i}")) for i, rule in enumerate(said.rule, 1))
    sources = [as_declared(path, entry, _Source, f"source {i}") for i, entry in enumerate(said.source, 1)]
    return Declaration(
        name=name,
        version=said.version,
        summary=said.summary or f"people of {path.name}",
        cost=said.cost,
        table=table,
        label=label,
        columns=columns,
        attributes=attributes,
        features=FeatureTable(plain.features, rules),
        graph=CausalGraph(plain.names, {child: tuple(parents) for child, parents in said.graph.items()}),
        shares=(split.train, split.validation, split.test),
        decision=_decision(path, said.decision),
        sources={source.file: (source.url, source.sha256) for source in sources},
        get=said.get,
        path=path,
    )


def _decision(path: Path, said: Mapping[str, Any]) -> str:
    if not said:
        return ""
    if not isinstance(said.get("model"), str):
        raise ArenaError("decision: expected a key 'model' with the name of a decision model, such as 'forest'")
    options = {name: value for name, value in said.items() if name != "model"}
    if said["model"] == "onnx" and isinstance(options.get("file"), str):
        options["file"] = str((path.parent / options["file"]).resolve())
    return spell(said["model"], options)


def _rule(features: FeatureTable, said: _Rule) -> Rule:
    if said.terms and not (said.when or said.then):
        return AtMost(said.terms, said.limit)
    if said.terms or len(said.when) != 1 or len(said.then) != 1:
        raise ArenaError(
            "rule: expected `terms` and `limit` (a sum of numbers is at most that), or `when` and `then`, each with "
            "one feature and its levels"
        )
    (feature, asks), (other, allowed) = *said.when.items(), *said.then.items()
    words = f"{feature} {_words(asks)} asks for {other} {_words(allowed)}"
    return Implies(feature, _codes(features, feature, asks), other, _codes(features, other, allowed), words)


def _words(levels: str | tuple[str, ...]) -> str:
    return " or ".join([levels] if isinstance(levels, str) else levels)


def _codes(features: FeatureTable, name: str, levels: str | tuple[str, ...]) -> tuple[int, ...]:
    known = features[name].levels
    wanted = [levels] if isinstance(levels, str) else list(levels)
    for level in wanted:
        if level not in known:
            raise unknown(f"level of {name!r} in a rule", level, known)
    return tuple(known.index(level) for level in wanted)
