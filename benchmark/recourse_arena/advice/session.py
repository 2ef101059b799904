"""One person asks from Python: advice at once, or a conversation in which each answer becomes a constraint."""

from __future__ import annotations

__all__ = ["Session", "recommend", "session"]

import math
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from recourse_arena.advice.advice import Advice
from recourse_arena.advice.content.order import PROFILE, SOLVERS, AdviceOrder, Question, prepared_for
from recourse_arena.advice.desk import Desk, opened
from recourse_arena.base.arguments import as_path, as_several, as_whole_number, as_yes_or_no
from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.base.folders import cache_folder, data_folder
from recourse_arena.base.text_file import write_json
from recourse_arena.elicitation.interviews.interview import Interview
from recourse_arena.elicitation.interviews.person import Person, read_person
from recourse_arena.elicitation.interviews.said import Bounds, Said
from recourse_arena.elicitation.interviews.wishes import Wishes, everything_possible
from recourse_arena.elicitation.interviews.wishes_file import WHOSE, read_wishes, scheme_said
from recourse_arena.execution.engines.progress import Progress
from recourse_arena.execution.run_process import wants_isolation
from recourse_arena.interfaces.dataset import Dataset
from recourse_arena.interfaces.elicitor import Elicitor
from recourse_arena.interfaces.solver import Solver, named_solvers
from recourse_arena.people.features import Feature, FeatureTable, Kind
from recourse_arena.registry.discovery import discover

SCHEME = "likert"
"""How people are asked by default."""


class Session:
    """A conversation with one person: each of their answers is a new constraint or weight, which later advice keeps.

    Arguments:
        desk: Who answers.
        features: The features.
        person: Who asks.
        elicitor: Returns the elicitation scheme of a name.
        wishes: What they say they can do; none if they were not asked.
        alternatives: How many alternatives they want at most.
        plausibility: Whether advice is to lead to a person who is as likely as they are.
    """

    def __init__(
        self,
        desk: Desk,
        features: FeatureTable,
        person: Person,
        elicitor: Callable[[str], Elicitor],
        wishes: Wishes | None = None,
        *,
        alternatives: int = 4,
        plausibility: bool = True,
    ) -> None:
        self._desk, self.features, self.person, self._elicitor = desk, features, person, elicitor
        self._alternatives, self._plausibility = alternatives, plausibility
        self.answered = wishes is not None
        self.wishes = everything_possible(features) if wishes is None else wishes
        self.rejected: list[str] = []
        self._advice: Advice | None = None

    @property
    def before(self) -> Advice:
        """What is known of them before they are asked: whether they are refused, their score, their limits."""
        return self._desk.about(dict(self.person.values))

    @property
    def advice(self) -> Advice:
        """What they are advised, keeping to everything that they said so far.

        Raises:
            ArenaError: If they cannot be advised.
        """
        if self._advice is None:
            question = Question(self.person.values, self.wishes, self._plausibility, self._alternatives, self.answered)
            self._advice = self._desk.advise(question)
        return self._advice

    def interview(self, scheme: str = SCHEME) -> Interview:
        """Return an interview about what they can change, within what is feasible for them; see :meth:`answer`.

        Arguments:
            scheme: The elicitation scheme.

        Raises:
            ArenaError: If there is no such scheme.
        """
        return Interview(self.features, self._elicitor(scheme), self.person, self._feasible(), scheme=scheme)

    def answer(self, wishes: Wishes) -> None:
        """Take what they say they can do; the next advice keeps to it."""
        self.wishes, self.answered, self._advice = wishes, True, None

    def reject(self, feature: str, *, above: object = None, below: object = None) -> Advice:
        """Take that they will not change a feature, or not that far, and return new advice.

        Arguments:
            feature: Its name.
            above: They will not go above this value of it.
            below: They will not go below this one.

        Raises:
            ArenaError: If people cannot act on it, or a value is none of it.
        """
        if above is None and below is None:
            return self._changed(f"{feature}: not possible", feature, level=self.wishes.levels + 1)
        known = self._actionable(feature)
        if known.kind is Kind.CATEGORICAL:
            raise ArenaError(f"{feature}: its levels have no order, so nothing is above or below one; reject all of it")
        own, parts, words = self.wishes.said[feature], {}, []
        if above is not None:
            parts["at_most"] = min(own.at_most, self._ends(known, "at_most", above)[1])
            words.append(f"not above {above}")
        if below is not None:
            parts["at_least"] = max(own.at_least, self._ends(known, "at_least", below)[0])
            words.append(f"not below {below}")
        ends = {"at_least": own.at_least, "at_most": own.at_most, **parts}
        if ends["at_least"] > ends["at_most"]:
            raise ArenaError(
                f"{feature}: not below {ends['at_least']:g} and not above {ends['at_most']:g} leaves nothing; "
                f"reject all of it"
            )
        return self._changed(f"{feature}: {', '.join(words)}", feature, **parts)

    def harder(self, feature: str) -> Advice:
        """Take that a feature is harder to change than they said, and return new advice.

        Raises:
            ArenaError: If people cannot act on it, they said that they cannot, or it is the hardest already.
        """
        self._actionable(feature)
        if not self.wishes.ordered:
            raise ArenaError("harder: they said what is possible, not how easily; ask by another scheme, or reject it")
        if not self.wishes.possible(feature):
            raise ArenaError(f"{feature}: you said that it is not possible, so it cannot be harder")
        level = self.wishes.said[feature].level + 1
        if level > self.wishes.levels:
            raise ArenaError(f"{feature}: it counts as the hardest already; reject it if it is not possible")
        return self._changed(f"{feature}: harder", feature, level=level)

    def save(self, path: str | Path) -> None:
        """Write what they said, all rejections included, as answers that give the same advice again."""
        write_json(Path(path), {WHOSE: self.person.mark, **self.wishes.as_json(self.features)})

    def close(self) -> None:
        """Let go of models and solvers."""
        self._desk.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _changed(self, words: str, feature: str, **parts: Any) -> Advice:
        self.wishes = self.wishes.changed(feature, **parts)
        self.rejected.append(words)
        self._advice, self.answered = None, True
        return self.advice

    def _feasible(self) -> dict[str, Bounds]:
        """Return the least and the greatest value that comes into question, as far as they are known."""
        before = self.before
        return {
            name: (_inwards(ends[0], before.step(name), 1), _inwards(ends[1], before.step(name), -1))
            for name, ends in before.limits.items()
            if ends is not None
        }

    def _ends(self, feature: Feature, part: str, given: object) -> Bounds:
        """Return the bounds that one part says, which leave them some value."""
        said = Said(feature, {part: given}, lambda _: feature.name)
        return said.bounds(self.person.values[feature.name], self._feasible().get(feature.name))

    def _actionable(self, name: str) -> Any:
        if name not in self.wishes.said:
            raise unknown("feature that people can act on", name, self.wishes.said)
        return self.features[name]


def recommend(
    dataset: str | Dataset,
    person: str | Path | Mapping[str, Any] | object,
    *,
    answers: str | Path | Mapping[str, Any] | Wishes | None = None,
    solvers: Sequence[str | Solver] | str | Solver = (),
    alternatives: int = 4,
    **options: Any,
) -> Advice:
    """Return advice for one person, who need not be among the people of the dataset.

    Arguments:
        dataset: Its name with options, the path of its TOML file, or an object (:func:`recourse_arena.dataset`).
        person: Their features by name, in original units and by names of levels: a mapping, a row of a frame, or the
            path of a JSON or CSV file.
        answers: What they can change and how easily: a mapping, or the path of a file; by default everything that
            people can act on, all of it as easily.
        solvers: Names of solvers, with options, or solver objects.
        alternatives: How many alternatives to show at most.
        options: As in :func:`session`.

    Raises:
        ArenaError: If something is not what it should be; said before anything is fitted, where that can be.
    """
    with session(
        dataset, person, answers=answers, solvers=solvers, alternatives=alternatives, **options
    ) as conversation:
        return conversation.advice


def session(
    dataset: str | Dataset,
    person: str | Path | Mapping[str, Any] | object,
    *,
    answers: str | Path | Mapping[str, Any] | Wishes | None = None,
    solvers: Sequence[str | Solver] | str | Solver = (),
    alternatives: int = 4,
    scheme: str = SCHEME,
    profile: str = PROFILE,
    plausibility: bool = True,
    row: int | None = None,
    seed: int = 0,
    data: str | Path | None = None,
    cache: str | Path | None = None,
    no_plugins: Sequence[str] = (),
    progress: Progress | None = None,
    isolated: bool | None = None,
) -> Session:
    """Return a conversation with one person, to be closed, or used in a `with`.

    Arguments:
        dataset: Its name with options, the path of its TOML file, or an object.
        person: Who asks, as for :func:`recommend`.
        answers: What they can change, as for :func:`recommend`.
        solvers: Names of solvers, with options, or solver objects.
        alternatives: How many alternatives to show at most.
        scheme: The elicitation scheme of the answers, where they do not name it.
        profile: How its levels become weights.
        plausibility: Whether advice is to lead to a person who is as likely as they are.
        row: Which row of a CSV file of several people.
        seed: The seed of people and models.
        data: Data directory; default `RECOURSE_ARENA_DATA`, or the platform's user data folder.
        cache: Artefact cache; default `RECOURSE_ARENA_CACHE`, or the platform's user cache folder.
        no_plugins: Names of plugins to block, `*` for all that are not built in.
        progress: Who hears of each step.
        isolated: Whether models and judge get a process of their own, and each solver another; by default yes, unless
            `RECOURSE_ARENA_ISOLATION` says no.

    Raises:
        ArenaError: If something is not what it should be.
    """
    alternatives, seed = as_whole_number("alternatives", alternatives, least=1), as_whole_number("seed", seed)
    plausibility = as_yes_or_no("plausibility", plausibility)
    blocked, named = as_several("no_plugins", no_plugins), named_solvers(solvers or SOLVERS)
    registry = discover(no_plugins=blocked)
    asked = dataset if isinstance(dataset, Dataset) else _dataset_name(dataset)
    known = registry.dataset(registry.hand_over(asked) if isinstance(asked, Dataset) else registry.named(asked))
    who = person if isinstance(person, Person) else read_person(person, known, row=row)
    wishes = answers if isinstance(answers, Wishes) else None
    if answers is not None and wishes is None:
        scheme = scheme_said(answers) or scheme
        wishes = read_wishes(answers, known.features, registry.elicitor(scheme), who, scheme=scheme)
    scheme = wishes.scheme if wishes else scheme
    order = AdviceOrder(
        asked,
        prepared_for(scheme, profile, ordered=registry.elicitor(scheme).ordered),
        data_folder(as_path("data", data)),
        cache_folder(as_path("cache", cache)),
        solvers=tuple(named),
        objects={key: solver for key, solver in named.items() if isinstance(solver, Solver)},
        no_plugins=blocked,
        seed=seed,
    )
    desk = opened(order, progress or Progress(), isolated=wants_isolation(isolated))
    return Session(
        desk, known.features, who, registry.elicitor, wishes, alternatives=alternatives, plausibility=plausibility
    )


def _dataset_name(dataset: object) -> str:
    if not isinstance(dataset, (str, os.PathLike)):
        raise ArenaError(f"dataset: expected its name, the path of its TOML file or a Dataset, got {dataset!r}"[:200])
    return str(dataset)


def _inwards(end: float, step: float, side: int) -> float:
    """Return the end of a range as it is worth telling: the next step inwards, upwards if `side` is 1."""
    if step <= 0:
        return end
    number = math.ceil(end / step - 1e-9) if side > 0 else math.floor(end / step + 1e-9)
    return float(f"{number * step:.10g}")
