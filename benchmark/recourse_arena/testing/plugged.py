"""Finds the plugin that is to be checked: plugged in, or in a folder, file or module that nobody has installed."""

from __future__ import annotations

__all__ = ["check_plugin"]

import importlib.util
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.base.names import variant
from recourse_arena.interfaces.hookspecs import PROJECT
from recourse_arena.interfaces.plugin_kinds import PLUGIN_KINDS
from recourse_arena.registry.discovery import discover
from recourse_arena.registry.registry import Registry
from recourse_arena.testing.cases import Offer, cases, offers
from recourse_arena.testing.checking import check_laws
from recourse_arena.testing.laws.law import Case, expect
from recourse_arena.testing.report import Report


@dataclass(frozen=True)
class _Plugged:
    """A plugin: why it cannot be plugged in beside all others, if it cannot, and what it offers on its own."""

    error: str
    own: Registry


def check_plugin(text: str, *, expected: Mapping[str, str] | None = None, data: Path | None = None) -> Report:
    """Return how the laws end for a plugin.

    Arguments:
        text: Name of a plugin, or of a solver, dataset, elicitation scheme, metric or suite; else the folder of a
            project with a `pyproject.toml`, the path of a package or of a Python file, or a module. With options behind
            it (`?points=9`), what takes them is tried with them.
        expected: Reasons why laws are broken, by the name of the law, or by `offer:law`.
        data: Data directory; by default that of the environment.

    Raises:
        ArenaError: If there is no such plugin, or an expectation names no law or has no reason.
    """
    known = {entry.name: entry for entry in entry_points(group=PROJECT)}
    if variant(text)[0].endswith(".toml"):
        everything = discover()
        own = offers(everything.named(text), everything)
        found = [case for offer in own for case in cases(offer, registry=everything, data=data)]
        return check_laws(text, found, expected)
    base, _, options = text.partition("?")
    if not _looks_like_a_path(base):
        if text in known:
            return _checked(text, [known[text]], known, expected, data)
        everything = discover()
        if any(base in getattr(everything, where) for where in PLUGIN_KINDS):
            found = [c for offer in offers(text, everything) for c in cases(offer, registry=everything, data=data)]
            return check_laws(text, found, expected)
        if base in known:
            return _checked(base, [known[base]], known, expected, data, options)
        if not Path(base).exists() and not _is_module(base):
            names = {*known, *(name for where in PLUGIN_KINDS for name in getattr(everything, where))}
            raise unknown("plugin, and no folder, file or module,", base, names)
    folders, entries = _at(base)
    with _importable(folders):
        return _checked(base, entries, known, expected, data, options)


def _checked(
    text: str,
    entries: Sequence[EntryPoint],
    known: Mapping[str, EntryPoint],
    expected: Mapping[str, str] | None,
    data: Path | None,
    options: str = "",
) -> Report:
    names = {entry.name for entry in entries}
    everything = discover([*(entry for name, entry in known.items() if name not in names), *entries])
    found = []
    for entry in entries:
        own = discover([entry])
        offered = _with_options(offers(own), options, own)
        record = next(plugin for plugin in (*everything.plugins, *own.plugins) if plugin.name == entry.name)
        plugged = {entry.name: _Plugged(record.error, own)}
        found.append(Case("plugin", entry.name, it_can_be_plugged_in, plugged, required=True))
        if not record.error:
            found += [case for offer in offered for case in cases(offer, registry=everything, data=data)]
    return check_laws(text, found, expected)


def _with_options(offered: Sequence[Offer], options: str, own: Registry) -> Sequence[Offer]:
    """Return what a plugin offers as variants with some options: those offers that take them.

    Raises:
        ArenaError: If none of them does.
    """
    if not options:
        return offered
    found, errors = [], []
    for offer in offered:
        try:
            found += offers(f"{offer.name}?{options}", own)
        except ArenaError as error:
            errors.append(error)
    if errors and not found:
        raise errors[0]
    return found


def it_can_be_plugged_in(plugged: _Plugged) -> None:
    """It can be imported, implements known hooks with their arguments, and offers something nobody else offers."""
    expect(not plugged.error, plugged.error)
    expect(offers(plugged.own), "its hooks return nothing")


def _looks_like_a_path(text: str) -> bool:
    return text.startswith(".") or "/" in text or "\\" in text or text.endswith(".py")


def _is_module(text: str) -> bool:
    try:
        return importlib.util.find_spec(text) is not None
    except (ImportError, ValueError):
        return False


def _at(text: str) -> tuple[list[Path], list[EntryPoint]]:
    """Return the folders from which a plugin is imported, and its entry points."""
    path = Path(text).resolve()
    entry = partial(EntryPoint, group=PROJECT)
    if (path / "pyproject.toml").is_file():
        return [path / "src", path], [entry(name, module) for name, module in _declared(path).items()]
    if (path.suffix == ".py" and path.is_file()) or (path / "__init__.py").is_file():
        return [path.parent], [entry(path.stem, path.stem)]
    if _looks_like_a_path(text) or path.exists():
        raise ArenaError(
            f"{text}: expected a folder with a pyproject.toml, a package (with an __init__.py) or a .py file, "
            f"found {'neither' if path.exists() else 'nothing'}"
        )
    return [], [entry(text, text)]


def _declared(project: Path) -> dict[str, str]:
    file = project / "pyproject.toml"
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ArenaError(f"{file}: cannot be read: {error}") from None
    declared = document.get("project", {}).get("entry-points", {}).get(PROJECT, {})
    if not declared:
        raise ArenaError(f'{file}: expected [project.entry-points.{PROJECT}] with a line such as my-plugin = "module"')
    return {str(name): str(module) for name, module in declared.items()}


@contextmanager
def _importable(folders: Sequence[Path]) -> Iterator[None]:
    """Let modules be imported from some folders."""
    added = [str(folder) for folder in folders if folder.is_dir()]
    sys.path[:0] = added
    try:
        yield
    finally:
        for folder in added:
            sys.path.remove(folder)
