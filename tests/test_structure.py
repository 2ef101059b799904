"""The house: a room imports only rooms below it, no circles, plugins come through the door, and no room is too full."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from recourse_arena.old_paths import OLD_PATHS

ROOT = Path(__file__).parent.parent
HOUSE = ROOT / "benchmark" / "recourse_arena"
TESTS = ROOT / "tests"

ROOMS = (
    "base",
    "statistics",
    "people",
    "menus",
    "problem",
    "interfaces",
    "tables",
    "models.optimizers",
    "models.networks",
    "models.causal",
    "models.decision",
    "models.fairness",
    "models.plausibility",
    "models.generative",
    "models.changes.training",
    "models.changes",
    "registry",
    "elicitation.interviews",
    "elicitation",
    "judging",
    "planning",
    "storage",
    "execution.guard",
    "execution.solving",
    "execution.worker",
    "execution.sandbox",
    "execution.engines",
    "execution",
    "tuning",
    "advice.content",
    "advice.analysis",
    "advice.advising",
    "advice",
    "reporting.results",
    "reporting.leaderboard",
    "reporting.lasting",
    "reporting.menus",
    "reporting.menus.paper",
    "reporting.comparison",
    "reporting.paper",
    "reporting.field",
    "reporting.reproduction",
    "reporting.figures.drawing",
    "reporting.figures",
    "reporting.page",
    "reporting",
    "auditing",
    "board.entries",
    "board.rejudging",
    "board.summary",
    "board.page",
    "board",
    "api",
    "old_paths",
    "testing.problems",
    "testing.laws",
    "testing",
    "scaffolding",
    "cli",
    "",
)
"""From the ground up; the last one is the face, `recourse_arena` itself. A new room gets its place here."""

MOST_FILES, MOST_LINES = 12, 400

DOOR = {"recourse_arena", "recourse_arena.testing"}
"""What plugins may import: the public package and the contract checks."""


@cache
def modules() -> dict[str, Path]:
    """Return every module of the house by its dotted name below `recourse_arena`."""
    found = {}
    for file in HOUSE.rglob("*.py"):
        parts = file.relative_to(HOUSE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def imported(file: Path) -> set[str]:
    """Return every dotted name of the house that a file imports: at the top, inside functions, for types only."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are written in full"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        found |= {name for name in names if name.split(".")[0] == "recourse_arena"}
    return found


@cache
def arrows() -> dict[str, set[str]]:
    """Return which modules of the house each of them imports; the face's own table of names counts as well."""
    known = modules()
    found = {}
    for name, file in known.items():
        below = [dotted.split(".")[1:] for dotted in imported(file)]
        targets = {next(".".join(b[:k]) for k in range(len(b), -1, -1) if ".".join(b[:k]) in known) for b in below}
        found[name] = targets - {name}
    return found


def room(module: str) -> str:
    """Return the room of a module: the longest listed one that holds it."""
    held = [name for name in ROOMS if module == name or module.startswith(f"{name}.")]
    return max(held, key=len, default="")


def test_every_module_lies_in_a_listed_room():
    homeless = {name for name in modules() if name and not room(name)}
    assert homeless <= {"models"}  # the package around two rooms holds nothing itself
    assert modules()["models"].read_text().count("\n") == 1


@pytest.mark.parametrize("name", sorted(modules()))
def test_no_import_goes_up(name):
    floor = {room: place for place, room in enumerate(ROOMS)}
    own = room(name)
    up = {target for target in arrows()[name] if room(target) != own and floor[room(target)] > floor[own]}
    assert not up - ({""} if own in ("cli", "scaffolding", "testing") else set()), f"{name} imports {sorted(up)}"


def test_no_imports_go_in_a_circle():
    try:
        TopologicalSorter({name: targets for name, targets in arrows().items() if name}).prepare()
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' -> '.join(error.args[1])}")


@pytest.mark.parametrize(
    "file",
    sorted([*(ROOT / "plugins").rglob("recourse_arena_*/*.py"), *(ROOT / "datasets").rglob("recourse_arena_*/*.py")]),
    ids=lambda file: f"{file.parent.name}/{file.name}",
)
def test_a_built_in_plugin_comes_through_the_door_of_third_parties(file):
    import recourse_arena

    public = {f"recourse_arena.{name}" for name in recourse_arena.__all__}
    assert imported(file) <= public


def test_no_room_is_too_full_and_no_file_too_long():
    roots = [HOUSE, ROOT / "plugins", ROOT / "datasets"]
    files = [file for root in roots for file in root.rglob("*.py")]
    counts: dict[Path, int] = {}
    for file in files:
        if file.name != "__init__.py":
            counts[file.parent] = counts.get(file.parent, 0) + 1
    assert {room: count for room, count in counts.items() if count > MOST_FILES} == {}
    lengths = {file: len(file.read_text().splitlines()) for file in files}
    assert {file: length for file, length in lengths.items() if length > MOST_LINES} == {}


def test_tests_lie_in_the_rooms_that_they_test():
    rooms = {Path(*name.split(".")) for name in ROOMS if name}
    others = {Path(name) for name in ("benchmarks", "datasets", "plugins", "support", "models")}
    places = {file.parent.relative_to(TESTS) for file in TESTS.rglob("*.py")} - {Path()}
    assert places <= rooms | others


def test_no_two_files_of_tests_have_one_name():
    """Pytest imports them by that name alone, and refuses the second."""
    names = [path.name for path in TESTS.rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))


def test_listing_everything_needs_no_heavy_import():
    heavy = "torch pandas cvxpy zuko scipy numpy sklearn onnx onnxruntime pyarrow"
    code = (
        "import sys; from click.testing import CliRunner; from recourse_arena.cli import main\n"
        "for command in (['--help'], ['list'], ['plugins'], ['list', 'solvers', 'grid'], ['list', 'metrics', 'hap'],\n"
        "                ['list', 'suites', 'quick'], ['list', 'scenarios', 'score-hard-2']):\n"
        "    assert CliRunner().invoke(main, command).exit_code == 0\n"
        f"print(sorted({set(heavy.split())} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_reporting_needs_no_torch():
    names = ["reporting.leaderboard.leaderboard", "reporting.comparison.comparison", "reporting.page.page"]
    names += ["board.page.page"]
    code = f"import sys, {', '.join(f'recourse_arena.{name}' for name in names)}; print('torch' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"


def test_every_public_name_can_be_imported():
    import recourse_arena

    for name in recourse_arena.__all__:
        assert getattr(recourse_arena, name) is not None


@pytest.mark.parametrize("module", [name for name, names in OLD_PATHS.items() if names])
def test_modules_that_the_guides_of_version_0_1_named_still_import_with_a_warning(module, monkeypatch):
    import importlib

    import recourse_arena

    monkeypatch.delitem(sys.modules, module, raising=False)
    with pytest.warns(DeprecationWarning, match="write: from recourse_arena import"):
        old = importlib.import_module(module)
    for name in OLD_PATHS[module]:
        assert getattr(old, name) is getattr(recourse_arena, name)


def test_what_was_no_module_before_is_none_now():
    import importlib

    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("recourse_arena.causal.nowhere")
