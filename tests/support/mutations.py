"""Small changes of a JSON document, as a folder that somebody sends may hold: every path, every other type."""

from __future__ import annotations

import copy

GONE = object()
WRONG = (GONE, None, 7, -3, 10**30, 0.5, True, "word", "{x}", "\ud800", [], {}, [[1]], {"a": {"b": []}})


def paths(value, at=()):
    """Yield the path of everything in a document."""
    if at:
        yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield from paths(part, (*at, key))


def mutated(document, path, value):
    """Return a copy with another value, or none, at a path."""
    changed = copy.deepcopy(document)
    place = changed
    for key in path[:-1]:
        place = place[key]
    if value is GONE:
        del place[path[-1]]
    else:
        place[path[-1]] = copy.deepcopy(value)
    return changed


def mutations(document):
    """Yield every path with every wrong value."""
    for path in paths(document):
        for value in WRONG:
            yield path, value
