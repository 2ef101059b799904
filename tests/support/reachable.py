"""Everything that can be reached from an object by following references, as a curious solver would."""

from __future__ import annotations

import gc
from types import FunctionType, ModuleType


def reachable(*roots):
    """Return all objects that some refer to, directly or not; not what all code reaches: modules, classes, globals."""
    found, waiting = {}, list(roots)
    while waiting:
        value = waiting.pop()
        if id(value) in found or isinstance(value, (type, ModuleType)):
            continue
        found[id(value)] = value
        if isinstance(value, FunctionType):
            cells = [cell.cell_contents for cell in value.__closure__ or ()]
            waiting += [*cells, value.__defaults__, value.__kwdefaults__, vars(value)]
        else:
            waiting += gc.get_referents(value)
    return list(found.values())
