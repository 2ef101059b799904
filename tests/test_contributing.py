"""CONTRIBUTING describes the house as it stands: rooms in their order, and files that hold what is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from test_structure import HOUSE, ROOMS

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
FILES = {"/".join(("", *file.relative_to(ROOT).parts)) for file in ROOT.glob("[!.]*/**/*") if file.is_file()}


def rows(heading):
    """Return the rows of the table in a section, as (first cell, others)."""
    section = TEXT.split(f"## {heading}\n")[1].split("\n## ")[0]
    return [row.strip("| ").split(" | ", 1) for row in section.splitlines() if row.startswith("| ")][1:]


def named(text):
    return re.findall(r"`([^`\s]+)`", text)


def lies(path):
    """Return the files that a name stands for: a file, or all in a folder, wherever they lie in the house."""
    return [file for file in FILES if file.endswith(f"/{path}") or (path.endswith("/") and f"/{path}" in file)]


def test_the_table_of_rooms_has_every_room_in_its_order():
    listed = [name.removesuffix(".py").rstrip("/") for first, _ in rows("The house") for name in named(first)]
    assert listed == [*dict.fromkeys(room.split(".")[0] for room in ROOMS if room)]
    assert {folder.name for folder in HOUSE.iterdir() if (folder / "__init__.py").is_file()} <= set(listed)


@pytest.mark.parametrize("row", [*rows("The house"), *rows("Where does it go?")], ids=lambda row: row[0])
def test_files_of_a_row_are_there_and_hold_what_it_names(row):
    paths = [name for name in named(row[1]) if name.endswith((".py", "/")) and "NAME" not in name]
    for path in paths:
        assert lies(path), path
    held = "".join((ROOT / file[1:]).read_text() for path in paths for file in lies(path) if file.endswith(".py"))
    for name in named(row[1]):
        if re.fullmatch(r"\w+(\.\w+)*(\(\))?", name) and not name.endswith((".py", ".json", ".toml", ".parquet")):
            word = name.removesuffix("()").split(".")[-1]
            assert not held or re.search(rf"\b{word}\b", held), name


@pytest.mark.parametrize("name", ["base/version.py", "planning/model_keys.py", "tests/base/test_arithmetic.py"])
def test_files_that_are_named_outside_of_tables_are_there(name):
    assert name in TEXT
    assert lies(name)
