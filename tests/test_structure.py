"""Arrows run down: no floor of the house imports one above it."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HOUSE = ROOT / "benchmark" / "recourse_arena"

# From the ground up; modules of one floor may import each other only within a package.
FLOORS = {
    "version": 0,
    "problem": 0,
    "hookspecs": 0,
    "causal": 1,
    "decision": 1,
    "folders": 1,
    "elicitation": 2,
    "judging": 2,
    "plugins": 2,
    "running": 3,
    "reporting": 4,
    "api": 5,
    "cli": 6,
    "testing": 5,
    "scaffolding": 5,
    "__init__": 9,
}
FOR_PLUGINS = {"__init__"}


def imports(file: Path) -> set[str]:
    """Return the parts of the house that a file imports when it runs, at the top or inside functions."""
    tree = ast.parse(file.read_text())
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    found = set()
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "recourse_arena":
                inside = len(parts) > 1 and parts[1] in FLOORS
                found.add(parts[1] if inside else "__init__")
    return found


def part(file: Path) -> str:
    return file.relative_to(HOUSE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("file", sorted(HOUSE.rglob("*.py")), ids=lambda file: str(file.relative_to(HOUSE)))
def test_no_module_imports_a_floor_above_its_own(file):
    own = part(file)
    above = {
        name
        for name in imports(file)
        if name != own and (FLOORS[name] > FLOORS[own] or (FLOORS[name] == FLOORS[own] and FLOORS[own] > 0))
    }
    assert not above - {"__init__"} or own == "__init__", f"{file.name} imports {sorted(above)}"


def test_the_ground_floor_imports_nothing_of_the_house_but_itself():
    for file in (HOUSE / "problem").glob("*.py"):
        assert imports(file) <= {"problem"}, file.name


@pytest.mark.parametrize(
    "file",
    sorted([*(ROOT / "plugins").rglob("recourse_arena_*/*.py"), *(ROOT / "datasets").rglob("recourse_arena_*/*.py")]),
    ids=lambda file: f"{file.parent.name}/{file.name}",
)
def test_a_built_in_plugin_imports_only_what_a_third_party_may(file):
    assert imports(file) <= FOR_PLUGINS


def test_listing_everything_needs_no_heavy_import():
    code = (
        "import sys; from click.testing import CliRunner; from recourse_arena.cli import main\n"
        "for command in (['--help'], ['list'], ['plugins']):\n"
        "    assert CliRunner().invoke(main, command).exit_code == 0\n"
        "print(sorted({'torch', 'pandas', 'cvxpy', 'zuko', 'scipy', 'numpy'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_reporting_needs_no_torch():
    code = "import sys, recourse_arena.reporting.leaderboard; print('torch' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"


def test_every_public_name_can_be_imported():
    import recourse_arena

    for name in recourse_arena.__all__:
        assert getattr(recourse_arena, name) is not None
