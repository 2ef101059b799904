"""Menus of a run, as far as its folder keeps them: people are judged by what they were offered."""

from __future__ import annotations

__all__ = ["menus_of"]

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.keys import content_key
from recourse_arena.base.version import PROTOCOL
from recourse_arena.storage.people_table import KEYS
from recourse_arena.storage.run_files import RunFiles

Key = tuple[str, str, str, int]


def menus_of(run: RunFiles, people: pa.Table) -> dict[Key, Mapping[str, Any]]:
    """Return the menu of each cell whose people picked from one, as :meth:`Menu.said` says it.

    They are kept with the advice of the run.

    Raises:
        ArenaError: If the folder has lost one.
    """
    if "pick" not in people.column_names:
        return {}
    picked = people.filter(people["cluster"].is_valid())
    columns = [picked[name].to_pylist() for name in KEYS]
    wanted = dict.fromkeys(zip(*columns, strict=True))
    keys = {cell["key"]: cell for cell in run.info["cells"] if cell.get("key")}
    found: dict[Key, Mapping[str, Any]] = {}
    for advice, menu in _kept_menus(run).items():
        cell = keys.get(content_key(advice=advice, protocol=PROTOCOL))
        if cell is not None and menu is not None:
            found[cell["dataset"], cell["scenario"], cell["solver"], int(cell["seed"])] = menu
    for key in wanted:
        if key not in found:
            raise ArenaError(
                f"{run.path} keeps no menu of {', '.join(map(str, key[:3]))}, seed {key[3]}: it lies in advice/, "
                "without which nobody can judge again what people were offered;\nrun the suite again, and keep the "
                "whole folder"
            )
    return {key: found[key] for key in wanted}


def _kept_menus(run: RunFiles) -> dict[str, Mapping[str, Any] | None]:
    from recourse_arena.storage.kept_results import KeptResults
    from recourse_arena.storage.task_result import AdviceResult

    kept = KeptResults(AdviceResult, run.path / "advice", aside=run.path).everything()
    return {key: result.menu for key, result in kept.items()}
