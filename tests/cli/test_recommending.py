"""The commands for one person: what is shown, what is kept, what goes wrong."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from recourse_arena.cli import main

TINY = {}


@pytest.fixture
def command(plugged, tmp_path, monkeypatch):
    """Return a run of the command on the tiny dataset, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECOURSE_ARENA_CACHE", str(tmp_path / "cache"))

    def run(*words, said=""):
        return CliRunner().invoke(main, [*map(str, words)], input=said)

    return run
