"""What a plugin's source says that it offers, read without importing it."""

from __future__ import annotations

__all__ = ["hooks_in_source"]

import re
from collections.abc import Collection
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import EntryPoint
from importlib.util import find_spec

_STAR = re.compile(r"^\s*from\s+\S+\s+import\s+\(?\s*\*", re.MULTILINE)


def hooks_in_source(entry: EntryPoint, specified: Collection[str]) -> frozenset[str]:
    """Return which `specified` hooks a plugin may implement, at most too many of them.

    They are the ones whose names occur in its source. Where that says nothing (no source, an entry point that is
    not a module, hooks imported with a star, none named at all) it may implement every one, and only importing it
    tells. Nothing is imported here, not even the package around the plugin's module.
    """
    everything = frozenset(specified)
    written = EntryPoint.pattern.match(entry.value)  # what is no module at all is refused when it is imported
    source = _source(written["module"]) if written and not written["attr"] else None
    if source is None or _STAR.search(source):
        return everything
    named = everything & set(re.findall(r"\brecourse_\w+", source))
    return named or everything


def _source(module: str) -> str | None:
    try:
        spec = _spec(module)
        read = getattr(spec.loader, "get_source", None) if spec else None
        return read(module) if read else None
    except (ImportError, SyntaxError, UnicodeDecodeError, ValueError, OSError, AttributeError):
        return None  # importing it says what is wrong


def _spec(module: str) -> ModuleSpec | None:
    """Return where a module lies; `find_spec` alone would import the packages around it."""
    root, *inner = module.split(".")
    spec, name = find_spec(root), root
    for part in inner:
        if spec is None or spec.submodule_search_locations is None:
            return None
        name = f"{name}.{part}"
        spec = PathFinder.find_spec(name, list(spec.submodule_search_locations))
    return spec
