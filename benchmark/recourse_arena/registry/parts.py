"""The parts that every dataset has by default and that a variant asks for: decision model, effects, cost."""

from __future__ import annotations

__all__ = ["PARTS", "decision_of", "decision_words", "parts_of", "with_parts"]

import inspect
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.base.names import spell, variant, written
from recourse_arena.interfaces.change import AskedChange
from recourse_arena.interfaces.decision import Decision
from recourse_arena.interfaces.recipes import DecisionRecipe
from recourse_arena.models.decision.offers import Relu
from recourse_arena.models.decision.options import as_options, asked_for
from recourse_arena.models.fairness.treatment import TREATMENTS, Treated, taken_apart
from recourse_arena.problem.profile import COSTS
from recourse_arena.tables.table_dataset import TableDataset
from recourse_arena.tables.variants import TABLE_OPTIONS

if TYPE_CHECKING:
    from recourse_arena.interfaces.dataset import Dataset


class Offered(Protocol):
    """What is plugged in, as far as it matters here."""

    @property
    def datasets(self) -> Any:
        """Datasets by name."""

    @property
    def decisions(self) -> Any:
        """Decision models by name."""

    @property
    def changes(self) -> Any:
        """Changes of decision models by name."""


PARTS = ("decision", "cost", "effects", "change", "changed", "matched")
"""Options of every dataset; those of a decision model begin with `decision.`, of a change of it with `change.`."""

_CHANGE = ("change", "changed", "matched")

_EFFECTS = ("scm", "flow", "none")


def parts_of(registry: Offered, text: str) -> frozenset[str]:
    """Return which options of a dataset's name are those of every dataset, rather than its own."""
    name, options = variant(text)
    own = inspect.signature(registry.datasets[name]).parameters
    model = str(options.get("decision", ""))
    return frozenset(
        option
        for option in options
        if (option in PARTS or option.startswith(("decision.", "change.")))
        and (option not in own or (option == "decision" and model in registry.decisions))
    )


def with_parts(registry: Offered, text: str) -> Dataset:
    """Return the dataset of a name with options, its own and those of every dataset.

    An option `decision` is the dataset's own where it has one of that name and no decision model is called so. Tables
    have more (:data:`~recourse_arena.tables.variants.TABLE_OPTIONS`), which choose people and features.

    Raises:
        ArenaError: If a name or option is unknown, or a part cannot be had.
    """
    name, options = written(text)
    if name not in registry.datasets:
        raise registry.datasets.unknown(name)
    asked = parts_of(registry, text)
    parts = {option: value for option, value in options.items() if option in asked}
    dataset = _without_parts(
        registry, name, {option: value for option, value in options.items() if option not in asked}
    )
    if any(option.partition(".")[0] == "decision" for option in parts):
        _set(dataset, "decision", _asked_decision(registry, dataset, parts))
    if "cost" in parts:
        if parts["cost"] not in COSTS:
            raise unknown(f"cost of dataset {name!r}", parts["cost"], COSTS)
        _set(dataset, "cost", parts["cost"])
    if "effects" in parts:
        _set(dataset, "effects", _asked_effects(dataset, parts["effects"]))
    if any(option.partition(".")[0] in _CHANGE for option in parts):
        _set(dataset, "change", _asked_change(registry, name, parts))
    if isinstance(dataset, TableDataset) and dataset.apart:
        dataset.validates = decision_of(registry, dataset).validates
    return dataset


def _without_parts(registry: Offered, name: str, options: Mapping[str, str]) -> Dataset:
    """Return the dataset of a name with its own options; those of every table are a table's own."""
    offered = registry.datasets[name]
    own = set(inspect.signature(offered).parameters)
    table = not isinstance(offered, type) or issubclass(offered, TableDataset)
    of_table = {option: options[option] for option in TABLE_OPTIONS if option in options and option not in own}
    mine = {option: value for option, value in options.items() if option not in of_table}
    known = own | set(PARTS) | {"decision.*", "change.*"}
    try:
        dataset: Dataset = registry.datasets.create(spell(name, mine), known | set(TABLE_OPTIONS) if table else known)
    except ArenaError as error:
        near = get_close_matches(mine.get("decision", ""), list(registry.decisions), n=1)
        if not near:
            raise
        raise ArenaError(f"{error}; did you mean the decision model {near[0]!r}?") from error
    if not of_table:
        return dataset
    if not isinstance(dataset, TableDataset):
        raise unknown(f"option of dataset {name!r}", next(iter(of_table)), known)
    return dataset.asked(of_table)


def decision_of(registry: Offered, dataset: Dataset) -> Decision:
    """Return the decision model of a dataset: of its recipe, by its name, or the object it is."""
    asked = dataset.decision
    if isinstance(asked, Decision):
        return asked
    if isinstance(asked, DecisionRecipe):
        return Relu(recipe=asked)
    if not isinstance(asked, str):
        raise ArenaError(
            f"dataset {dataset.name}: decision: expected a DecisionRecipe or a decision model, got {asked!r}"
        )
    return _made(registry, asked, dataset)


def _made(registry: Offered, asked: str, dataset: Dataset) -> Decision:
    """Return a decision model of a name with options, of which those of a treatment are none of its own."""
    name, _ = variant(asked)
    if name not in registry.decisions:
        raise registry.decisions.unknown(name)
    own = inspect.signature(registry.decisions[name]).parameters
    plain, treatment = taken_apart(asked, own)
    kind: Decision = registry.decisions.create(plain, {*own, *TREATMENTS})
    return kind if treatment is None else Treated(kind, treatment, dataset)


def decision_words(dataset: Dataset) -> str:
    """Return what a decision model is called in records: its name with options, a file by its name alone."""
    if dataset.change is not None:
        return f"{_as_it_was(dataset)}, {dataset.change.in_words}"
    return _as_it_was(dataset)


def _as_it_was(dataset: Dataset) -> str:
    asked = dataset.decision
    if isinstance(asked, DecisionRecipe):
        return "relu"
    if not isinstance(asked, str):
        return asked.name
    name, options = written(asked)
    return spell(name, {key: Path(value).name if key == "file" else value for key, value in options.items()})


def _asked_change(registry: Offered, name: str, parts: Mapping[str, str]) -> AskedChange:
    options = {key.partition(".")[2]: value for key, value in parts.items() if key.startswith("change.")}
    if "change" not in parts:
        lonely = next(part for part in parts if part.partition(".")[0] in _CHANGE)
        raise ArenaError(f"dataset {name!r}: {lonely} is about a change of its decision model; add change=NAME")
    asked = spell(parts["change"], options)
    if parts["change"] not in registry.changes:
        raise registry.changes.unknown(parts["change"])
    registry.changes.create(asked)  # wrong options are an error here, where the dataset is named
    matched = parts.get("matched", "false")
    if matched not in ("true", "false"):
        raise ArenaError(f"dataset {name!r}: matched must be true or false, got {matched!r}")
    return AskedChange(asked, parts.get("changed", ""), matched == "true")


def _asked_decision(registry: Offered, dataset: Dataset, parts: Mapping[str, str]) -> DecisionRecipe | str:
    options = {key.partition(".")[2]: value for key, value in parts.items() if key.startswith("decision.")}
    default = dataset.decision
    if "decision" in parts:
        name = parts["decision"]
        if name not in registry.decisions:
            raise registry.decisions.unknown(name)
    else:
        name = "relu" if isinstance(default, DecisionRecipe) else variant(str(default))[0]
    if name == "relu" and isinstance(default, DecisionRecipe):
        treated = {option: options.pop(option) for option in TREATMENTS if option in options}
        recipe = asked_for(default, variant(spell(name, options))[1])
        if not treated:
            return recipe
        options = {**as_options(recipe), **treated}
    if isinstance(default, str) and variant(default)[0] == name:
        options = {**written(default)[1], **options}
    asked = spell(name, options)
    _made(registry, asked, dataset)  # wrong options are an error here, where the dataset is named
    return asked


def _asked_effects(dataset: Dataset, effects: str) -> str:
    if effects not in _EFFECTS:
        raise unknown(f"effects of dataset {dataset.name!r}", effects, _EFFECTS)
    if effects == "scm" and dataset.scm() is None:
        raise ArenaError(f"dataset {dataset.name}: its structural equations are not known; effects are flow or none")
    if effects == "flow" and not any(dataset.graph.parents.values()):
        raise ArenaError(f"dataset {dataset.name}: no causal graph of it is known; effects are none")
    return effects


def _set(dataset: Dataset, part: str, value: Any) -> None:
    object.__setattr__(dataset, part, value)  # frozen dataclasses are datasets, too
