"""`recourse-arena new`: packages that work at once."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from recourse_arena.cli import main
from recourse_arena.scaffolding.package import KINDS

ROOT = Path(__file__).parent.parent.parent


def new(*words):
    return CliRunner().invoke(main, ["new", *map(str, words)])


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A package of each kind."""
    folder = tmp_path_factory.mktemp("packages")
    for kind in KINDS:
        result = new(kind, f"fresh-{kind}", "--into", folder)
        assert result.exit_code == 0, result.output
        assert f"recourse-arena check {folder / f'fresh-{kind}'}" in result.stdout
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_package_keeps_every_law_at_once(made, kind):
    result = CliRunner().invoke(main, ["check", str(made / f"fresh-{kind}")])
    assert result.exit_code == 0, result.stdout
    assert " failed" not in result.stdout


def test_the_tests_of_new_packages_pass(made):
    folders = [made / f"fresh-{kind}" for kind in KINDS]
    sources = " ".join(str(folder / "src") for folder in folders)
    command = [sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", "-p", "no:cacheprovider"]
    options = ["--import-mode=importlib", "-o", f"pythonpath={sources}"]
    shown = subprocess.run([*command, *options, *map(str, folders)], capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stdout
    assert "passed" in shown.stdout


@pytest.mark.parametrize(
    ("tool", "words"),
    [
        ("ruff", ("check",)),
        ("ruff", ("format", "--check")),
        ("mypy", ("--cache-dir", ROOT / ".mypy_cache", "--config-file", ROOT / "pyproject.toml")),
    ],
    ids=["ruff check", "ruff format", "mypy"],
)
def test_new_packages_are_linted_formatted_and_typed(made, tool, words):
    program = shutil.which(tool, path=Path(sys.executable).parent) or shutil.which(tool)
    if program is None:
        pytest.skip(f"{tool} is not installed")
    folders = [made / f"fresh-{kind}" / ("src" if tool == "mypy" else "") for kind in KINDS]
    command = [program, *map(str, (*words, *folders))]
    shown = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert shown.returncode == 0, shown.stdout + shown.stderr


def test_nothing_is_overwritten(made):
    readme = made / "fresh-solver" / "README.md"
    before = readme.read_text()
    result = new("solver", "fresh-solver", "--into", made)
    assert result.exit_code == 2
    assert "is there already" in result.stderr
    assert readme.read_text() == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("solvr", "fine"), "unknown kind of package 'solvr'. Did you mean 'solver'?"),
        (("solver", "Nearest_Accepted"), "Did you mean 'nearest-accepted'?"),
        (("solver", "9lives"), "Did you mean 'lives'?"),
        (("solver", "../escape"), "Did you mean 'escape'?"),
        (("solver", "a" * 61), "up to 60 characters"),
        (("solver", "grid"), "'grid' is plugged in already; try 'my-grid'"),
        (("metric", "cost-mean"), "'cost-mean' is plugged in already"),
        (("solver", "class"), "try 'my-class'"),
        (("solver", "json"), "try 'my-json'"),
        (("solver", "torch"), "try 'my-torch'"),
        (("dataset", "feature-table"), "try 'my-feature-table'"),
    ],
)
def test_a_name_that_cannot_be_one_is_refused_with_a_better_one(tmp_path, words, message):
    result = new(*words, "--into", tmp_path)
    assert result.exit_code == 2
    assert message in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    result = new("solver", "fresh", "--into", tmp_path / "file")
    assert result.exit_code == 2
    assert "cannot write" in result.stderr
