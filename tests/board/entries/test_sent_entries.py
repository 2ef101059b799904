"""Whatever somebody sends for an entry is one clear error, or does no harm; nothing travels that tells whose it was."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from forgers import KEY
from mutations import mutated, mutations

from recourse_arena import ArenaError
from recourse_arena.board import door
from recourse_arena.board.entries.card import read_card
from recourse_arena.board.entries.entry import read_entry
from recourse_arena.board.entries.probe import probe
from recourse_arena.board.entries.rows import MOST_BYTES
from recourse_arena.board.entries.shape import read_said
from recourse_arena.cli import main

CARD = """
name = "spheres"
authors = ["A. Person", "B. Person"]
paper = "https://example.org/paper"
code = "https://example.org/code"
licence = "MIT"
saw_test_people = false
hardware = "one core"
"""


def outcome(path):
    """Return the message of the one error, or nothing; anything else that is raised is a mistake of ours."""
    try:
        read_entry(path)
        return ""
    except ArenaError as error:
        return str(error)


def test_an_entry_says_where_it_comes_from_and_has_the_rows_of_the_run(honest, home):
    entry = read_entry(honest)
    assert honest.stat().st_size < 100_000
    assert pq.read_table(home / "run" / "people.parquet").equals(entry.people)
    assert entry.name == "suite small"
    assert entry.cards.lacking == ["authors", "paper", "code", "licence", "saw_test_people", "hardware"]
    assert entry.said.solvers["growing-spheres"].distribution == ("recourse-arena", "0.1.0")
    assert entry.said.solvers["top"].distribution is None
    assert {cell.asked for cell in entry.said.cells} == {30}
    assert entry.record["materials"][0]["classifier"] == entry.said.materials[0].classifier != ""


def test_an_entry_is_the_same_file_whenever_it_is_made(honest, home, tmp_path):
    door.submit(home / "run", tmp_path / "again.entry")
    assert (tmp_path / "again.entry").read_bytes() == honest.read_bytes()


def test_nothing_of_the_machine_travels(home, tmp_path):
    info = json.loads((home / "run" / "run.json").read_text())
    info["provenance"]["command"] = ["run", "small", "--out", "/home/ada/secret", "--scheduler", "tcp://adas-box:8786"]
    info["cells"][0]["notes"] = [{"kind": "raised", "text": "no file '/home/ada/x.csv'", "traceback": "/home/ada/y.py"}]
    run = tmp_path / "run"
    run.mkdir()
    for name in ("people.parquet", "summary.csv"):
        (run / name).write_bytes((home / "run" / name).read_bytes())
    (run / "run.json").write_text(json.dumps(info))
    door.submit(run, tmp_path / "e.entry")
    content = (tmp_path / "e.entry").read_bytes()
    entry = read_entry(tmp_path / "e.entry")
    for word in (b"ada", os.uname().nodename.encode(), str(Path.home()).encode() + b"/", str(home).encode()):
        assert word not in content, word
    assert entry.said.provenance.command == ["run", "small", "--out", "PATH", "--scheduler", "ADDRESS"]
    assert entry.said.cells[0].notes[0].text == "no file 'PATH'"


def test_a_run_of_before_the_people_asked_were_recorded_is_read_by_its_plan(home, tmp_path):
    info = json.loads((home / "run" / "run.json").read_text())
    run = tmp_path / "run"
    run.mkdir()
    for name in ("people.parquet", "summary.csv"):
        (run / name).write_bytes((home / "run" / name).read_bytes())
    for cell in info["cells"]:
        del cell["asked"]
    (run / "run.json").write_text(json.dumps(info))
    door.submit(run, tmp_path / "e.entry")
    assert {cell.asked for cell in read_entry(tmp_path / "e.entry").said.cells} == {30}
    info["plan"] = "0" * 24
    (run / "run.json").write_text(json.dumps(info))
    with pytest.raises(ArenaError, match="does not say how many people it asked about"):
        door.submit(run, tmp_path / "e.entry")


def test_runs_that_nobody_else_could_judge_do_not_become_entries(home, tmp_path):
    for old, new, told in (
        ("growing-spheres", "growing-spheres?file=/home/ada/x", "names a file of this machine"),
        ("hard-1", "hard-1!asked-yes-no", "is a conversation"),
    ):
        info = json.loads((home / "run" / "run.json").read_text().replace(f'"{old}"', f'"{new}"'))
        run = tmp_path / old
        run.mkdir()
        for name in ("people.parquet", "summary.csv"):
            (run / name).write_bytes((home / "run" / name).read_bytes())
        (run / "run.json").write_text(json.dumps(info))
        with pytest.raises(ArenaError, match=told):
            door.submit(run, tmp_path / "e.entry")


def test_a_card_says_what_it_lacks_and_its_mistakes_are_told(home, tmp_path):
    card = tmp_path / "card.toml"
    card.write_text(CARD)
    assert read_card(card).lacking == []
    assert door.submit(home / "run", tmp_path / "e.entry", card=card).cards.saw_test_people is False
    card.write_text('name = "x"\n')
    assert read_card(card).lacking == ["authors", "paper", "code", "licence", "saw_test_people", "hardware"]
    for text, told in {
        CARD.replace("licence", "license"): "unknown key 'license'. Did you mean 'licence'",
        CARD.replace("false", '"no"'): "saw_test_people: expected true or false",
        'authors = ["me"]': "expected a key 'name'",
        f'name = "{"x" * 400}"': "name: expected at most 300 characters",
        "name": "expected TOML",
    }.items():
        card.write_text(text)
        with pytest.raises(ArenaError, match=told):
            read_card(card)


def test_every_change_of_what_it_says_is_one_error_or_does_no_harm(forger, tmp_path):
    path, said = tmp_path / "changed.entry", forger.said
    said |= {"cells": said["cells"][:2], "metrics": said["metrics"][:2]}
    said["provenance"]["packages"] = {"torch": "2"}
    for cell in said["cells"]:
        cell["averages"] = {"validity": 1.0, "hap": None}
    few = forger.people.slice(0, 60)
    refused, harmless = 0, []
    for number, (place, value) in enumerate([*mutations(said)][::3]):
        content = json.dumps(mutated(said, place, value)).encode()
        try:
            read_said(content)
            harmless.append(content)
        except ArenaError:
            refused += 1
            if number % 40 == 0:
                pq.write_table(few.replace_schema_metadata({KEY: content}), path)
                assert outcome(path).startswith(f"{path} is no entry: ")
    assert refused > len(harmless) > 0
    for content in harmless[::10]:
        pq.write_table(few.replace_schema_metadata({KEY: content}), path)
        outcome(path)


def test_every_change_of_its_bytes_is_one_error_or_none(honest, tmp_path):
    content, path, draws = honest.read_bytes(), tmp_path / "bytes.entry", random.Random(0)
    refused = 0
    for number in range(300):
        changed = bytearray(content)
        if number % 3 == 0:
            del changed[draws.randrange(len(changed)) :]
        else:
            tail = len(changed) - 26_000 if number % 3 == 1 else 0  # the footer, whose damage reaches furthest
            for _ in range(draws.choice((1, 4))):
                changed[draws.randrange(max(tail, 0), len(changed))] = draws.randrange(256)
        path.write_bytes(changed)
        refused += bool(outcome(path))
    assert refused > 250


def test_a_file_that_ends_whatever_reads_it_is_refused_like_any_other(honest, tmp_path, monkeypatch):
    probe([honest, tmp_path / "nothing"])
    (tmp_path / "sitecustomize.py").write_text(
        "import os\nimport recourse_arena.board.entries.entry as entry\nread = entry.read_entry\n"
        "entry.read_entry = lambda path: os.abort() if path.name == 'bomb' else read(path)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ArenaError, match=r"bomb is no entry: it ends the process that reads it \(code -6\)"):
        probe([honest, tmp_path / "bomb", tmp_path / "nothing"])


def test_what_is_no_plain_file_or_too_large_is_not_opened(tmp_path, honest, monkeypatch):
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "large").open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    (tmp_path / "link").symlink_to(honest)
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("not an entry at all")
    pq.write_table(pa.table({"x": [1]}), tmp_path / "parquet")
    pq.write_table(pa.table({"person": pa.nulls(5_000_001, pa.int64())}), tmp_path / "long")
    wide = {KEY: b'{"a": "' + b"x" * (17 * 2**20) + b'"}'}
    pq.write_table(pa.table({"x": [1]}).replace_schema_metadata(wide), tmp_path / "talkative")
    monkeypatch.setenv("RECOURSE_ARENA_ISOLATION", "no")
    for name, told in {
        "pipe": "not a plain file but a pipe",
        "large": r"has 67,108,865 bytes; expected at most 67,108,864",
        "link": "but a link",
        "folder": "but a folder",
        "empty": "no Parquet file",
        "text": "no Parquet file",
        "parquet": "none that `recourse-arena submit` wrote",
        "long": "5,000,001 rows",
        "talkative": "bytes beside its rows",
        "nothing": "no such file",
    }.items():
        with pytest.raises(ArenaError, match=told):
            read_entry(tmp_path / name)
        done = CliRunner().invoke(main, ["board", "add", str(tmp_path / name), "--board", str(tmp_path / "b")])
        assert done.exit_code == 2
        assert done.output.count("error:") == 1
        assert "Traceback" not in done.output
    assert not (tmp_path / "b").exists()


def test_a_word_of_a_book_is_not_read_for_everybody(forger, tmp_path):
    forger.set(0, outcome="solved" * 60)
    with pytest.raises(ArenaError, match="column 'outcome': a word of 360 letters"):
        read_entry(forger.write(tmp_path / "wordy.entry"))


def test_an_entry_of_a_newer_format_says_so(forger, tmp_path):
    forger.said |= {"format": 2, "something": "new"}
    with pytest.raises(ArenaError, match="format 2, made by a newer version"):
        read_entry(forger.write(tmp_path / "new.entry"))


def test_reading_and_writing_entries_needs_no_torch():
    names = ["entry", "submitting", "board_folder", "card"]
    modules = ", ".join(f"recourse_arena.board.entries.{name}" for name in names)
    code = f"import sys, {modules}; print('torch' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"


@pytest.mark.parametrize("name", ["--index-url=https://elsewhere", "pip @ https://elsewhere", "a b", ""])
def test_a_distribution_is_a_name_and_no_other_word_of_a_command(forger, tmp_path, name):
    forger.said["solvers"]["top"]["distribution"] = [name, "1.0"]
    with pytest.raises(ArenaError, match="distribution"):
        read_entry(forger.write(tmp_path / "sent.entry"))
