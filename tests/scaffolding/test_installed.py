"""A new package, built and installed with pip into a fresh environment, gets a row on the leaderboard there."""

from __future__ import annotations

import csv
import importlib.util
import os
import shutil
import site
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "benchmark", "plugins", "datasets")
OFFLINE = ("--no-index", "--no-deps", "--no-build-isolation", "--quiet", "--disable-pip-version-check")
SUITE = """
datasets = ["fresh-people"]
solvers = ["fresh-solver"]
scenarios = ["hard-1", "soft-linear"]
people = 20
"""


def command(*words, **options):
    shown = subprocess.run([*map(str, words)], capture_output=True, text=True, check=False, **options)
    assert shown.returncode == 0, shown.stdout[-3000:] + shown.stderr[-3000:]
    return shown.stdout


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """The interpreter of a fresh environment with recourse-arena installed from a wheel; its needs come from ours."""
    for tool in ("pip", "setuptools"):
        if importlib.util.find_spec(tool) is None:
            pytest.skip(f"{tool} is not installed")
    folder = tmp_path_factory.mktemp("environment")
    sources = folder / "sources"
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        sources.mkdir(exist_ok=True)
        copy(ROOT / name, sources / name)
    command(sys.executable, "-m", "venv", "--without-pip", folder / "venv")
    python = folder / "venv" / "bin" / "python"
    (own,) = command(python, "-c", "import site; print(site.getsitepackages()[0])").split()
    # An ordinary line of a .pth file: packages are seen, but not those that are installed as editable there.
    folders = [path for path in (*site.getsitepackages(), *sys.path) if path.endswith("-packages")]
    (Path(own) / "shared.pth").write_text("\n".join(dict.fromkeys(folders)) + "\n")
    install(python, sources)
    where = Path(command(python, "-c", "import recourse_arena; print(recourse_arena.__file__)").strip())
    assert where.is_relative_to(folder), where
    return python


def install(python, project):
    wheels = Path(project).parent / f"wheels-{Path(project).name}"
    command(sys.executable, "-m", "pip", "wheel", *OFFLINE, "--wheel-dir", wheels, project)
    (wheel,) = wheels.glob("*.whl")
    command(sys.executable, "-m", "pip", "--python", python, "install", "--no-index", "--no-deps", "--quiet", wheel)


def test_a_new_package_installed_with_pip_gets_a_row_on_the_leaderboard(python, tmp_path):
    environment = {**os.environ, "RECOURSE_ARENA_CACHE": str(tmp_path / "cache"), "PYTHONWARNINGS": "default"}
    arena = python.parent / "recourse-arena"
    for kind, name in (("solver", "fresh-solver"), ("dataset", "fresh-people"), ("metric", "fresh-metric")):
        command(arena, "new", kind, name, cwd=tmp_path)
        install(python, tmp_path / name)
    listed = command(arena, "plugins")
    assert sum("fresh-" in line and line.split()[-1] == "ok" for line in listed.splitlines()) == 3
    (tmp_path / "suite.toml").write_text(SUITE)
    words = ("run", "suite.toml", "--metric", "fresh_metric", "--out", "results")
    command(arena, *words, cwd=tmp_path, env=environment)
    board = command(arena, "leaderboard", "results", "--format", "csv", cwd=tmp_path)
    assert sum("fresh-solver" in line for line in board.splitlines()) == 2
    with (tmp_path / "results" / "summary.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["outcome"] for row in rows] == ["solved", "solved"]
    assert all(float(row["coverage"]) > 0 and float(row["violations"]) == 0 for row in rows)
    assert all(0 <= float(row["fresh_metric"]) <= 1 for row in rows)
    assert command(arena, "check", "fresh-solver").splitlines()[-2].startswith("fresh-solver: 19 of 25 laws ran")
