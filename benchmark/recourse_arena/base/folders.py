"""Where data and artefacts lie: as given, as the environment says, or in the platform's user folders."""

from __future__ import annotations

__all__ = ["cache_folder", "data_folder"]

import os
from collections.abc import Mapping
from pathlib import Path

from platformdirs import user_cache_path, user_data_path


def data_folder(given: str | Path | None = None, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the data directory: as given, as in `RECOURSE_ARENA_DATA`, or the platform's."""
    return Path(given or environment.get("RECOURSE_ARENA_DATA") or user_data_path("recourse-arena"))


def cache_folder(given: str | Path | None = None, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the artefact cache: as given, as in `RECOURSE_ARENA_CACHE`, or the platform's."""
    return Path(given or environment.get("RECOURSE_ARENA_CACHE") or user_cache_path("recourse-arena"))
