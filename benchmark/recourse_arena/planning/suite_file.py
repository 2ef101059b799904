"""Suites written by users, as TOML files."""

from __future__ import annotations

__all__ = ["find_suite", "read_suite"]

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.names import variant
from recourse_arena.base.toml_file import Names, Positive, Table, WholeNumbers, as_declared, read_toml
from recourse_arena.interfaces.suite import Block, Suite
from recourse_arena.problem.profile import profile
from recourse_arena.problem.scenario import Scenario
from recourse_arena.registry.registry import Registry


class _Block(Table, frozen=True):
    datasets: Names | None = None
    scenarios: Names | None = None
    solvers: Names | None = None
    people: Positive | None = None


class _Suite(_Block, frozen=True):
    name: str | None = None
    summary: str | None = None
    seeds: WholeNumbers = (0,)
    version: str = "1"
    ranked_by: str = ""
    metrics: Names = ()
    changes: Names = ()
    block: list[Any] = []  # noqa: RUF012
    answers: dict[str, Any] = {}  # noqa: RUF012


class _Answers(Table, frozen=True):
    file: str
    scheme: str = "likert"
    profile: str = "constant"
    plausibility: bool = True
    density: str = "flow"
    sparsity: Positive | None = None
    labels: Names | None = None


def read_suite(path: Path, parse: Callable[[str], Scenario] = Scenario.parse) -> Suite:
    """Return the suite of a TOML file.

    Keys: `name`, `summary`, `seeds`, `metrics` (of plugins), `changes` (of decision models), `ranked_by` (the metric
    that ranks, if not the best known attainability), and `datasets`, `scenarios`, `solvers`, `people`, either at the
    top or in several `[[block]]` tables; `[answers.NAME]` with `file`, `scheme` (`likert?levels=7`), `labels` of its
    levels, `profile`, `plausibility`, `density`, `sparsity` makes a scenario of real answers.

    Arguments:
        path: The file.
        parse: Reads the name of a scenario, in which plugins may have words of their own.

    Raises:
        ArenaError: With the file, the line or key, and what was expected.
    """
    said = as_declared(path, read_toml(path, "suite"), _Suite)
    answers = {name: _answers(path, name, table) for name, table in said.answers.items()}
    tables = [as_declared(path, table, _Block, "block") for table in said.block] or [_Block()]
    return Suite(
        name=path.stem if said.name is None else said.name,
        summary=f"suite of {path.name}" if said.summary is None else said.summary,
        blocks=tuple(_block(path, table, said, answers, parse) for table in tables),
        seeds=said.seeds,
        version=said.version,
        ranked_by=said.ranked_by,
        metrics=said.metrics,
        changes=said.changes,
    )


def _block(
    path: Path, table: _Block, suite: _Suite, answers: Mapping[str, Scenario], parse: Callable[[str], Scenario]
) -> Block:
    datasets, solvers = table.datasets or suite.datasets, table.solvers or suite.solvers
    scenarios = table.scenarios or suite.scenarios or tuple(answers)
    for key, entries in (("datasets", datasets), ("scenarios", scenarios), ("solvers", solvers)):
        if not entries:
            raise ArenaError(f"{path}: {key}: expected a list of names, got nothing")
    assert datasets
    assert solvers
    people = suite.people if table.people is None else table.people
    places = tuple(str(path.parent / name) if variant(name)[0].endswith(".toml") else name for name in datasets)
    return Block(places, tuple(answers.get(name) or parse(name) for name in scenarios), solvers, people)


def _answers(path: Path, name: str, table: Any) -> Scenario:
    said = as_declared(path, table, _Answers, f"answers.{name[:80]}")
    if not re.fullmatch(r"[\w .+@!-]{1,100}", name) or name.startswith("."):
        raise ArenaError(f"{path}: answers.{name[:80]!r}: expected a name of letters, digits, spaces and any of _.+@!-")
    file = path.parent / said.file
    if not file.is_file():
        raise ArenaError(f"{path}: answers.{name}: no file {file}")
    return Scenario(
        name,
        scheme=said.scheme,
        profile=profile(said.profile).name,
        plausibility=said.plausibility,
        answers=str(file),
        density=said.density,  # type: ignore[arg-type]
        labels=said.labels or (),
        sparsity=said.sparsity,
    )


def find_suite(suite: str | Path | Suite, registry: Registry) -> Suite:
    """Return a suite by name, or the one in a TOML file."""
    if isinstance(suite, Suite):
        return suite
    if str(suite) in registry.suites:
        return registry.suites[str(suite)]
    if str(suite).endswith(".toml") or Path(suite).is_file():
        return read_suite(Path(suite), registry.scenario)
    error = registry.suites.unknown(str(suite))
    raise ArenaError(f"{error} A suite of your own is the path of a .toml file.")
