"""The artefact cache from the command line: seen, cleared by name and by age."""

from __future__ import annotations

import os
import time

import pytest
from click.testing import CliRunner

from recourse_arena.cli import main


@pytest.fixture
def command(tmp_path):
    """The command, on a cache of two flows, one of them old, and a solver."""
    import torch

    from recourse_arena.storage.artefact_cache import ArtefactCache

    cache = ArtefactCache(tmp_path / "cache")
    for kind, key in (("flow", "old"), ("flow", "new"), ("solver-icarma", "fit")):
        cache.get(kind, key, lambda: {"w": torch.ones(10)})
    month_ago = time.time() - 30 * 86400
    os.utime(tmp_path / "cache" / "flow" / "old.safetensors", (month_ago, month_ago))
    (tmp_path / "elsewhere").write_text("not ours")
    (tmp_path / "cache" / "flow" / "link.safetensors").symlink_to(tmp_path / "elsewhere")
    return lambda *words: CliRunner().invoke(main, ["cache", "--cache", str(tmp_path / "cache"), *words])


def kept(tmp_path):
    return {path.stem for path in (tmp_path / "cache").rglob("*.safetensors") if not path.is_symlink()}


def test_it_shows_kinds_and_sizes_and_removes_nothing(command, tmp_path):
    shown = command()
    assert shown.exit_code == 0
    assert str(tmp_path / "cache") in shown.stdout
    rows = {line.split()[0]: line.split()[1] for line in shown.stdout.splitlines()[3:]}
    assert rows == {"flow": "2", "solver-icarma": "1", "all": "3"}
    assert kept(tmp_path) == {"old", "new", "fit"}


@pytest.mark.parametrize(
    ("words", "left"),
    [
        (["--name", "solver-*"], {"old", "new"}),
        (["--unused", "7"], {"new", "fit"}),
        (["--name", "flow", "--unused", "7"], {"new", "fit"}),
        ([], set()),
    ],
)
def test_it_clears_by_name_and_age(command, tmp_path, words, left):
    assert command("--clear", *words).exit_code == 0
    assert kept(tmp_path) == left
    assert (tmp_path / "elsewhere").read_text() == "not ours"


def test_an_empty_cache_is_no_mistake(tmp_path):
    shown = CliRunner().invoke(main, ["cache", "--cache", str(tmp_path / "nowhere")])
    assert shown.exit_code == 0
    assert "0 B" in shown.stdout
