"""What a dataset plugin provides."""

from __future__ import annotations

__all__ = ["Dataset"]

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from recourse_arena.base.errors import ArenaError
from recourse_arena.interfaces.recipes import DecisionRecipe, FlowRecipe
from recourse_arena.people.features import FeatureTable

if TYPE_CHECKING:
    from recourse_arena.people.assignment import Assignment
    from recourse_arena.people.people import Splits
    from recourse_arena.problem.graph import CausalGraph
    from recourse_arena.problem.model_protocols import CausalModel


class Dataset(ABC):
    """A population with features, causal graph and recipes for its models.

    Options of a variant arrive as keyword arguments: `loan?decision=adam` is `Loan(decision="adam")`.
    """

    name: ClassVar[str]
    """Name without options."""
    version: ClassVar[str]
    """Changes whenever the people or the recipes change."""
    summary: ClassVar[str]
    """One line for people."""

    decision: DecisionRecipe = DecisionRecipe()
    """How its decision model is trained."""
    flow: FlowRecipe = FlowRecipe()
    """How its causal flow is trained."""
    decision_options: ClassVar[frozenset[str]] = frozenset()
    """Options that concern the decision model alone, as `decision` in `loan?decision=adam`: neither features
    nor graph nor the flow's people nor its recipe. Variants that differ in them only share one causal flow."""
    favoured: ClassVar[Mapping[str, tuple[str, str]]] = {}
    """Pairs of features that some population prefers, by the name of its distribution."""
    assignments: ClassVar[Mapping[str, Assignment]] = {}
    """Distributions that give each person one of two such pairs, by name."""
    attributes: FeatureTable = FeatureTable(())
    """Attributes of people that no model and no solver sees; the sensitive ones make groups in the records."""

    @property
    @abstractmethod
    def features(self) -> FeatureTable:
        """Its features, in column order."""

    @property
    @abstractmethod
    def graph(self) -> CausalGraph:
        """Its causal graph."""

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

    def scm(self) -> CausalModel | None:
        """Return the true structural causal model where it is known."""
        return None

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
