"""What a dataset plugin provides."""

from __future__ import annotations

__all__ = ["Dataset"]

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from recourse_arena.base.errors import ArenaError
from recourse_arena.interfaces.change import AskedChange
from recourse_arena.interfaces.decision import Decision
from recourse_arena.interfaces.recipes import DecisionRecipe, FlowRecipe
from recourse_arena.people.features import Feature, FeatureTable, Kind, Role
from recourse_arena.people.groups import check_protected

if TYPE_CHECKING:
    from recourse_arena.people.assignment import Assignment
    from recourse_arena.people.people import Splits
    from recourse_arena.problem.graph import CausalGraph
    from recourse_arena.problem.model_protocols import CausalModel


class Dataset(ABC):
    """A population with features, and what is known of them: labels, perhaps causes, perhaps equations.

    Options of a variant arrive as keyword arguments: `loan?decision=adam` is `Loan(decision="adam")`. Some every
    dataset has, and none need declare: `decision=NAME` with the model's own as `decision.OPTION`, `cost=NAME` and
    `effects=none` (`adult?decision=forest&decision.trees=50&cost=l1`); `change=NAME` with the change's own as
    `change.OPTION`, for what becomes of that decision model (`adult?change=quantized&change.bits=4`).
    """

    name: ClassVar[str]
    """Name without options."""
    version: ClassVar[str]
    """Changes whenever the people or the recipes change."""
    summary: ClassVar[str]
    """One line for people."""

    decision: DecisionRecipe | Decision | str = DecisionRecipe()
    """Its decision model: the recipe of a ReLU network, or any by name with options (`forest?trees=50`)."""
    flow: FlowRecipe = FlowRecipe()
    """How its causal flow is trained."""
    decision_options: ClassVar[frozenset[str]] = frozenset()
    """Options that concern the decision model alone, as `decision` in `loan?decision=adam`: neither features
    nor graph nor the flow's people nor its recipe. Variants that differ in them only share one causal flow."""
    cost: str = "range"
    """Name of the cost of actions (:data:`~recourse_arena.problem.profile.COSTS`)."""
    change: AskedChange | None = None
    """A change of its decision model, whose model decides instead; who asks is whom the one before refuses."""
    effects: str = ""
    """What else moves when somebody acts: by the true `scm`, by a `flow` fitted along its graph, or `none` does. By
    default the first of these that there is."""
    favoured: ClassVar[Mapping[str, tuple[str, str]]] = {}
    """Pairs of features that some population prefers, by the name of its distribution."""
    assignments: ClassVar[Mapping[str, Assignment]] = {}
    """Distributions that give each person one of two such pairs, by name."""
    bounds: str = "refused"
    """Where people may act: within the range of `refused` training people, or within bounds as `declared`, which are
    those of all training people where a feature declares none."""
    decimal: str = "."
    """What stands before decimals in its table, a point or a comma."""
    attributes: FeatureTable = FeatureTable(())
    """Attributes of people that no model and no solver sees; the sensitive ones make groups in the records."""
    protected: Mapping[str, tuple[str, ...]] = {}
    """Sensitive features or attributes that protect people, each with the levels that are *not* protected: those
    against all others (`{"race": ("White",)}`), or none: each level is a group of its own. The first comes first."""

    @property
    @abstractmethod
    def features(self) -> FeatureTable:
        """Its features, in column order."""

    @property
    def graph(self) -> CausalGraph:
        """Its causal graph; by default none is known: nothing is taken to be the cause of anything."""
        from recourse_arena.problem.graph import CausalGraph

        return CausalGraph(self.features.names, {})

    @abstractmethod
    def splits(self, *, seed: int, data: Path) -> Splits:
        """Return its people, drawn or read from the data directory `data`.

        Raises:
            ArenaError: If its file is missing or is not what it should be.
        """

    @property
    def distributions(self) -> tuple[str, ...]:
        """Names of its distributions of preferences."""
        return ("uniform", *self.favoured, *self.assignments)

    def aliases(self, feature: Feature) -> Mapping[str, float]:
        """Return what else may be said for values of a feature or attribute, beside numbers and names of levels.

        That is how a table writes them: whoever describes a person may copy a row of it.
        """
        return {}

    def headings(self) -> Mapping[str, tuple[str, ...]]:
        """Return the columns that its table has under other names: which features and attributes are read from each.

        None are, of a column that is no feature, such as the label: whoever describes a person may leave it there.
        """
        return {}

    def scm(self) -> CausalModel | None:
        """Return the true structural causal model where it is known."""
        return None

    @property
    def effects_known(self) -> str:
        """What effects actions have: `scm`, `flow` or `none`, as asked for, or the first of these that there is."""
        if self.effects:
            return self.effects
        if self.scm() is not None:
            return "scm"
        return "flow" if any(self.graph.parents.values()) else "none"

    def check(self) -> None:
        """Raise what its features, graph and parts contradict one another in.

        Raises:
            ArenaError: If an immutable feature would move because a cause of it is acted upon; a feature without
                order has causes or effects, which a causal flow cannot express; or what is said to protect people does
                not tell them apart.
        """
        try:
            check_protected(self.protected, (*self.features, *self.attributes))
        except ArenaError as error:
            raise ArenaError(f"dataset {self.name}: protected: {error}") from None
        features, graph, effects = self.features, self.graph, self.effects_known
        names = [feature.name for feature in features if feature.role is Role.IMMUTABLE]
        for feature in features if effects != "none" else ():
            if feature.role is not Role.ACTIONABLE:
                continue
            moved = [name for name in names if graph.reach[features.index(feature.name), features.index(name)]]
            if moved:
                raise ArenaError(
                    f"dataset {self.name}: {moved[0]!r} is immutable, but the causal graph lets it follow from "
                    f"{feature.name!r}, which people act upon;\nmake it mutable, or take the arrow out"
                )
        if effects != "scm" and any(graph.parents.values()) and features.mixed:
            named = next(feature.name for feature in features if feature.kind is Kind.CATEGORICAL)
            raise ArenaError(
                f"dataset {self.name}: a causal flow is fitted along its graph, but {named!r} is categorical and its "
                f"codes are no numbers;\nleave the graph out: nothing is taken to follow from anything then"
            )

    def location(self, data: Path) -> Path | None:
        """Return where in the data directory `data` its file lies or belongs; none if it reads no file."""
        return None

    def files(self, data: Path) -> tuple[Path, ...]:
        """Return where all files that it reads lie or belong, in an order that never changes; by default `location`.

        Models are made anew when any of them changes, and all travel to workers on other machines: each lies there
        where the same call says, with the data directory of that machine. One that lies elsewhere than in the data
        directory lies in the same place there.
        """
        place = self.location(data)
        return () if place is None else (place,)

    def fetch(self, data: Path, *, source: Path | None = None, force: bool = False) -> Path:
        """Put its file in its place and return that place.

        Arguments:
            data: The data directory.
            source: A copy the user already has, taken instead of a download.
            force: Whether another file in that place may be replaced.

        Raises:
            ArenaError: If it reads no file, or the file cannot be had or is not what it should be.
        """
        places = ", ".join(map(str, self._needed_files(data)))
        raise ArenaError(f"dataset {self.name} cannot fetch its files; put them at {places}")

    def verify(self, data: Path) -> str:
        """Return what its files hold, in a few lines for people; by default their places, sizes and SHA-256.

        Raises:
            ArenaError: If it reads no file, or a file is missing or is not what it should be.
        """
        places = self._needed_files(data)
        if reason := self.unavailable(data):
            raise ArenaError(reason)
        return "\n".join(f"{place}: {place.stat().st_size:,} bytes, SHA-256 {_sha256(place)}" for place in places)

    def unavailable(self, data: Path) -> str | None:
        """Return why it cannot be used (which files are missing, how to get them), or none if it can."""
        lacking = [place for place in self.files(data) if not place.is_file()]
        if not lacking:
            return None
        found = [f"{place}, found {'a directory' if place.is_dir() else 'none'}" for place in lacking]
        return f"dataset {self.name}: expected its file at {'; at '.join(found)}"

    def fingerprint(self, data: Path) -> str:
        """Return the SHA-256 of the file it reads, or of those of its files in their order; empty if it reads none.

        Raises:
            ArenaError: If a file is missing.
        """
        if reason := self.unavailable(data):
            raise ArenaError(reason)
        found = [_sha256(place) for place in self.files(data)]
        if len(found) < 2:
            return "".join(found)
        return hashlib.sha256("".join(found).encode()).hexdigest()

    def _needed_files(self, data: Path) -> tuple[Path, ...]:
        places = self.files(data)
        if not places:
            raise ArenaError(f"dataset {self.name} needs no file")
        return places


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
