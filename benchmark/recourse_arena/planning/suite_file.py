"""Suites written by users, as TOML files."""

from __future__ import annotations

__all__ = ["read_suite"]

import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.interfaces.suite import Block, Suite
from recourse_arena.problem.profile import profile
from recourse_arena.problem.scenario import Scenario

_LARGEST = 250_000
"""Bytes of a suite file."""

_DOTS = 200
"""Dots in a line of it: a key of very many parts takes the parser hours."""

_BLOCK_KEYS = {"datasets": list, "scenarios": list, "solvers": list, "people": int}
_SUITE_KEYS = {
    "name": str,
    "summary": str,
    "seeds": list,
    "version": str,
    "block": list,
    "answers": dict,
    **_BLOCK_KEYS,
}
_ANSWER_KEYS = {"file": str, "scheme": str, "profile": str, "plausibility": bool, "density": str}


def read_suite(path: Path, parse: Callable[[str], Scenario] = Scenario.parse) -> Suite:
    """Return the suite of a TOML file.

    Keys: `name`, `summary`, `seeds`, and `datasets`, `scenarios`, `solvers`, `people`, either at the top or in
    several `[[block]]` tables; `[answers.NAME]` with `file`, `scheme`, `profile`, `plausibility`, `density` makes a
    scenario of real answers.

    Arguments:
        path: The file.
        parse: Reads the name of a scenario, in which plugins may have words of their own.

    Raises:
        ArenaError: With the file, the line or key, and what was expected.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise ArenaError(f"{path}: expected a suite of at most {_LARGEST} bytes, got {path.stat().st_size}")
        text = path.read_text(encoding="utf-8")
        if any(line.count(".") > _DOTS for line in text.splitlines()):
            raise ArenaError(f"{path}: expected at most {_DOTS} dots in a line")
        document = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise ArenaError(f"cannot read suite {path}: {error}") from None
    except RecursionError:
        raise ArenaError(f"{path}: expected TOML, got brackets within brackets without an end") from None
    except ArenaError:
        raise
    except ValueError as error:  # also a number with more digits than Python converts
        raise ArenaError(f"{path}: expected TOML: {str(error)[:200]}") from None
    _check_keys(path, document, _SUITE_KEYS, "")
    answers = {name: _answers(path, name, table) for name, table in document.get("answers", {}).items()}
    tables = document.get("block", [])
    if not tables:
        tables = [{key: document[key] for key in _BLOCK_KEYS if key in document}]
    blocks = tuple(_block(path, table, document, answers, parse) for table in tables)
    seeds = document.get("seeds", [0])
    if not seeds or not all(type(seed) is int and seed >= 0 for seed in seeds):
        raise ArenaError(f"{path}: seeds: expected whole numbers from 0, got {seeds!r}")
    return Suite(
        name=document.get("name", path.stem),
        summary=document.get("summary", f"suite of {path.name}"),
        blocks=blocks,
        seeds=tuple(seeds),
        version=document.get("version", "1"),
    )


def _check_keys(path: Path, table: Any, known: Mapping[str, type], where: str) -> None:
    if not isinstance(table, dict):
        raise ArenaError(f"{path}: {where.strip(': ')}: expected a table, got {table!r}")
    for key, value in table.items():
        if key not in known:
            raise ArenaError(f"{path}: {where}{unknown('key', key, known)}")
        if type(value) is not known[key]:
            words = {
                list: "a list",
                int: "a whole number",
                str: "a string",
                dict: "a table",
                bool: "true or false",
            }
            raise ArenaError(f"{path}: {where}{key}: expected {words[known[key]]}, got {value!r}")


def _block(
    path: Path,
    table: Any,
    document: Mapping[str, Any],
    answers: Mapping[str, Scenario],
    parse: Callable[[str], Scenario],
) -> Block:
    _check_keys(path, table, _BLOCK_KEYS, "block: ")
    merged = {key: document[key] for key in _BLOCK_KEYS if key in document} | table
    for key in ("datasets", "scenarios", "solvers"):
        entries = merged.get(key, list(answers) if key == "scenarios" else [])
        if not entries or not all(isinstance(entry, str) for entry in entries):
            raise ArenaError(f"{path}: {key}: expected a list of names, got {entries!r}")
        merged[key] = entries
    people = merged.get("people")
    if people is not None and people < 1:
        raise ArenaError(f"{path}: people: expected a number from 1, got {people}")
    scenarios = tuple(answers[name] if name in answers else parse(name) for name in merged["scenarios"])
    return Block(tuple(merged["datasets"]), scenarios, tuple(merged["solvers"]), people)


def _answers(path: Path, name: str, table: Any) -> Scenario:
    _check_keys(path, table, _ANSWER_KEYS, f"answers.{name}: ")
    if "file" not in table:
        raise ArenaError(f"{path}: answers.{name}: expected a key 'file' with the path of a CSV file")
    if not re.fullmatch(r"[\w .+@!-]{1,100}", name) or name.startswith("."):
        raise ArenaError(f"{path}: answers.{name[:80]!r}: expected a name of letters, digits, spaces and any of _.+@!-")
    file = path.parent / table["file"]
    if not file.is_file():
        raise ArenaError(f"{path}: answers.{name}: no file {file}")
    return Scenario(
        name,
        scheme=table.get("scheme", "likert"),
        profile=profile(table.get("profile", "constant")).name,
        plausibility=table.get("plausibility", True),
        answers=str(file),
        density=table.get("density", "flow"),
    )
